"""What a bounce says to a person: which addresses its text is about, and what it says of each.

Servers that send no machine-readable part, and many that do, put the deciding reply into prose. The layouts differ,
the grammar does not: a line that begins with an address, and what belongs to it behind (or, rarely, before) it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

from analyzer.parsing.addresses import find_addresses, from_header, is_robot, related, same
from analyzer.parsing.copies import own_words
from analyzer.parsing.diagnostics import host_in
from analyzer.parsing.heads import A_WORD, EXPANDED, SAYS_WHY, Head, blocks, head_in, reasons_above, with_addresses
from analyzer.parsing.message import Message
from analyzer.parsing.quotes import (
    DESCRIPTION,
    DIALOGUE,
    REPLY,
    WORDS,
    Passage,
    clip,
    has_reply,
    is_unfinished,
    passage,
    whole_reply,
)

#: Exim's "A message sent by" with the address below, and its kin.
_SENT_BY = ("sent by", "sent by:", "message from", "message from:")
#: Of a recipient that the next server took: Postfix's report on request (`sendmail -v`), PowerMTA's of several.
_TAKEN = re.compile(
    r"delivery via [^\n]{1,300}?: (?:2\d\d[ -]|delivered to )|(?:relayed|delivered) to (?!.{0,200}(?:fail|error|reject))"
)
_MAY_BE_TAKEN = ("delivery via", "relayed to", "delivered to")
_NOT_FAILED = re.compile(r"addresses had (?:transient non-fatal errors|successful delivery)", re.IGNORECASE)
#: A line that begins a list of those whom the mail has reached.
_REACHED = re.compile(
    r"^(?!.*(?:\bnot\b|n't|\bcannot|fail|unable|undeliver|error|reject|refus)).*"
    r"\b(?:delivered|accepted|relayed)\b[^@]{0,80}:[ \t]*$",
    re.IGNORECASE,
)
#: What stands right before the sender's address, and before one to turn to instead: neither has failed.
_BEFORE_SENDER = re.compile(
    r"(?:\b(?:from|sender|return-path|envelope[- ]from|mail from|sent by|absender|von|expéditeur|remitente|mittente)"
    r"|message[- ]id(?:entifier)?|identificativo(?: del)? messaggio"
    r"|发件人|寄件者|差出人|送信者|보낸 사람)(?:['’]s)?(?: (?:e-?mail )?address)?[\s.]*+(?:[:：=]\s*+)?[\"'<(\[`]*+$"
    r"|[从由從]$",
    re.IGNORECASE,
)
_BEFORE_HELP = re.compile(
    r"\b(?:contact|ask|write to|questions|assistance|get in touch|please use|new (?:e-?mail )?address|changed to|moved to"
    r"|kontaktieren|wenden|schreiben sie|neue (?:e-?mail-?)?adresse|contactez|contacter|contacte|contatt\w{1,6})\b"
    r"[^@.;\n]{0,80}$",
    re.IGNORECASE,
)
#: What stands right before and behind the address of somebody whom the mail has reached, in a sentence.
_BEFORE_REACHED = re.compile(
    r"\b(?:was|were|(?:has|have) been)(?: successfully)? (?:delivered|relayed) to[\s\"'<(\[`]*+$", re.IGNORECASE
)
_BEHIND_REACHED = re.compile(
    r"[\s\"'>)\]`]*+(?:has |have )?(?:already |also )?"
    r"(?:(?:received|accepted|got) (?:it|this|your|the|a copy)\b|(?:was|has been)(?: successfully)? (?:delivered|reached)\b)",
    re.IGNORECASE,
)
#: The first of several lines of a reply, with no code behind it.
_FIRST_LINE = re.compile(r"[45]\d\d-(?!.*\b[45]\d\d[ -])")
#: A reply without a word: OpenSMTPD's "kim@lumen.example: 550".
_BARE_REPLY = re.compile(r"[\s:;(\[]*([45]\d\d(?: [245]\.\d{1,3}\.\d{1,3})?)[\s.)\]]*")
#: Whom to write to where one thinks otherwise: what was said stands above.
_FAREWELL = re.compile(r"(?:please|if you|for (?:further|more)|bitte|veuillez)\b", re.IGNORECASE)

#: Lines of a folded reply, more than any is folded into.
_MOST_FOLDS = 20
_OPEN_REPLY = re.compile(r"[:\]] [45]\d\d(?:[ -][45]\.\d{1,3}\.\d{1,3})?$")
#: Names of those who answer questions, as notices end in.
_DESKS = frozenset({
    "abuse", "admin", "contact", "customercare", "help", "helpdesk", "hilfe", "info", "kontakt", "kundenservice",
    "service", "servicedesk", "soporte", "support", "suporte", "webmaster",
})  # fmt: skip
#: How much before an address, or above it, tells whose it is.
_BEFORE = 120
#: Prose shorter than this needs the words before the address too.
_SHORT = 60


@dataclass(frozen=True, slots=True)
class Statement:
    """What the text says of one address, on one line, and the host that it says refused."""

    address: str
    says: str
    host: str = ""


@dataclass(slots=True)
class _Said:
    """The passages about one address, and the raw blocks they are from."""

    address: str
    passages: list[Passage] = field(default_factory=list)
    blocks: list[str] = field(default_factory=list)
    #: Words stand right at the address, behind a colon or in the indented line below.
    at_once: bool = False
    #: The address stands in the description of our message, and what is said of it anywhere.
    described: bool = False


def statements(
    message: Message,
    ignore: frozenset[str] = frozenset(),
    known: frozenset[str] = frozenset(),
    failed_only: bool = False,
) -> list[Statement]:
    """The addresses that a server's own words are about, each with what is said of it.

    `ignore` are lower-case addresses of ours; where the text only mentions addresses, those among `known` count, the
    recipients of the mail that came back. With `failed_only`, whom the text says the mail has reached, or may still reach, is left out, and so are the sender,
    others of our domain of whom it says nothing, and those to turn to instead.
    """
    lines = _lines(message)
    # Our copy may follow without a word between, with the names of our colleagues.
    ours = _domain(from_header(message.get("to")))
    spared = _spared(lines) if failed_only else frozenset()
    heads: list[Head] = []
    mentions: dict[str, None] = {}
    not_failed: set[str] = set()
    turn_to: set[str] = set()
    most = message.gauge.bounds.recipients_per_report
    for number, line in enumerate(lines):
        if "@" not in line:
            continue
        if len(mentions) > most:
            message.gauge.note("recipients_per_report")
            break
        found = [a for a in find_addresses(line) if not is_robot(a)]
        if not found or _tells_sender(lines, number):
            continue
        head = head_in(lines, number, found[0])
        if head is not None and failed_only and _is_taken(head, lines):
            continue
        if head is not None and heads and _continues(heads[-1], head, lines):
            continue
        if head is not None:
            # A list of addresses in one line has nothing else in it.
            listed = len(found) > 1 and not A_WORD.search(_without(head.rest, found))
            heads.extend([replace(head, address=one, rest="") for one in found] if listed else [head])
        if failed_only:
            silent = head is None or not _explained(lines, head)
            fresh = [a for a in found if a not in mentions]
            turn_to.update(a.lower() for a in fresh if _stands_behind(_BEFORE_HELP, lines, number, a))
            not_failed.update(
                a.lower()
                for a in fresh
                if _stands_behind(_BEFORE_SENDER, lines, number, a)
                or _has_reached(line, a)
                or (silent and related(_domain(a), ours))
            )
        mentions.update(dict.fromkeys(found))
    wanted = [a for a in mentions if a.lower() not in ignore]
    heads = [h for h in heads if h.address.lower() not in ignore] or ([] if wanted else heads)
    not_failed |= turn_to
    if wanted and all(a.lower() in turn_to for a in wanted):
        return []
    if wanted and known and known.isdisjoint(not_failed) and all(a.lower() in not_failed for a in wanted):
        # Our own help desk, in a footer: whom the notice is about, the mail that it returns says.
        return []
    if any(a.lower() not in not_failed for a in wanted):
        heads = [h for h in heads if h.address.lower() not in not_failed]
        wanted = [a for a in wanted if a.lower() not in not_failed]
    if spared:
        heads = [h for h in heads if h.address.lower() not in spared] or heads
    if any(h.describes for h in heads):
        described = {h.address.lower() for h in heads if h.describes}
        # Exchange 5.5 has whom the mail was to on a line of its own, and who failed in an X.400 address below.
        others = [a for a in wanted if a.lower() not in described]
        told = [h for h in heads if not h.describes]
        heads = told if told or others else heads
        wanted = others or wanted
    if heads:
        return [_completed(one, message) for one in _only_host(_routable(_from_heads(lines, heads)), lines)]
    wanted = [a for a in wanted if a.lower() in known] or wanted
    # "W32.Klez.H@mm" is the name of a virus.
    wanted = [a for a in wanted if "." in _domain(a)] or wanted
    return _from_mentions(lines, wanted)


def _is_taken(head: Head, lines: list[str]) -> bool:
    """Whether the line says that the next server took the mail for this address."""
    if not head.rest.startswith(_MAY_BE_TAKEN):
        return False
    below = next((line for line in lines[head.number + 1 : head.number + 2] if line[:1] in {" ", "\t"}), "")
    return _TAKEN.match(head.rest if "@" in below else f"{head.rest} {below.lstrip()}") is not None


def _spared(lines: list[str]) -> frozenset[str]:
    """Whom the text lists as reached, or Sendmail as not failed (yet), beside those who have failed.

    Sendmail has the replies of all in the same transcript.
    """
    found: set[str] = set()
    listing = by_sendmail = False
    for line in lines:
        if "-----" in line:
            listing = by_sendmail = _NOT_FAILED.search(line) is not None
        elif "@" in line:
            found.update(address.lower() for address in find_addresses(line) if listing)
        elif line.strip() and not by_sendmail:
            listing = _REACHED.match(line) is not None
    return frozenset(found)


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()


def _explained(lines: list[str], head: Head) -> bool:
    """Whether words stand behind the address, or indented below."""
    below = lines[head.number + 1] if head.number + 1 < len(lines) else ""
    beside = head.glued and not head.rest
    return A_WORD.search(head.rest) is not None or (
        (beside or below[:1] in {" ", "\t"}) and A_WORD.search(below) is not None
    )


def _stands_behind(words: re.Pattern[str], lines: list[str], number: int, address: str) -> bool:
    """Whether such words stand right before the address, or at the end of the line above it."""
    line = lines[number]
    before = line[: line.index(address)][-_BEFORE:]
    if number and not before.strip(" \t<*"):
        before = f"{lines[number - 1][-_BEFORE:]} {before}"
    return words.search(before) is not None


def _has_reached(line: str, address: str) -> bool:
    """Whether the line says of the address that the mail has reached it."""
    at = line.index(address)
    return bool(
        _BEHIND_REACHED.match(line, at + len(address)) or _BEFORE_REACHED.search(line[max(0, at - _BEFORE) : at])
    )


def _completed(said: Statement, message: Message) -> Statement:
    """With all lines of a reply of which the notice gives the first ("(reason: 552-5.7.0 …)"), where it has them below."""
    if not _FIRST_LINE.match(said.says):
        return said
    return replace(said, says=whole_reply(message.plain_text(), said.says))


def _continues(before: Head, head: Head, lines: list[str]) -> bool:
    """Whether a line only goes on about the address of the one before: Postfix folds a reply where it names it."""
    line = lines[head.number]
    if head.address.lower() != before.address.lower() or head.number - before.number >= _MOST_FOLDS:
        return False
    above = lines[head.number - 1].rstrip()
    if _OPEN_REPLY.search(above) or (has_reply(above) and is_unfinished(above)):
        # Where a gateway or HTML has taken the indent away, the code without words says it.
        return True
    return (
        line[:1] in {" ", "\t"}
        and lines[before.number][:1] not in {" ", "\t"}
        and all(one[:1] in {" ", "\t"} and one.strip() for one in lines[before.number + 1 : head.number])
    )


def _tells_sender(lines: list[str], number: int) -> bool:
    """Whether the line before, or the one above a blank line, says that whose mail it was follows."""
    before = lines[number - 1].rstrip() if number else ""
    if not before and number > 1:
        before = lines[number - 2].rstrip()
    return before.lower().endswith(_SENT_BY)


def _lines(message: Message) -> list[str]:
    """The lines of a server's own words, as many as are read."""
    most = message.gauge.bounds.notice_lines
    words = own_words(message)
    lines = words.split("\n", most)
    if len(lines) > most:
        message.gauge.note("notice_lines")
        lines.pop()
    return with_addresses(lines) if EXPANDED in words else lines


def _without(text: str, addresses: list[str]) -> str:
    for address in addresses:
        text = text.replace(address, " ")
    return text


def _from_mentions(lines: list[str], addresses: list[str]) -> list[Statement]:
    if not addresses:
        return []
    apart = _told_apart(lines, addresses) if len(addresses) > 1 else []
    if apart:
        return apart
    says = passage(lines)
    host = host_in(clip("\n".join(lines)))
    return [Statement(address, says.words, host) for address in addresses]


def _told_apart(lines: list[str], addresses: list[str]) -> list[Statement]:
    """Of several addresses in sentences each with the reply in its own lines; nothing unless all have one."""
    wanted = dict.fromkeys(addresses, -1)
    for number, line in enumerate(lines):
        for address in find_addresses(line) if "@" in line else ():
            if wanted.get(address, 0) < 0:
                wanted[address] = number
    starts = [*wanted.values(), len(lines)]
    found: list[Statement] = []
    for address, start, end in zip(wanted, starts, starts[1:], strict=False):
        stretch = lines[start:end] if start >= 0 else []
        says = passage(stretch)
        if says.worth < REPLY:
            return []
        found.append(Statement(address, says.words, host_in(clip("\n".join(stretch)))))
    return found


class _Before:
    """What stands above the first address: it may belong to every one below, and is read once for all of them."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines

    @cached_property
    def passage(self) -> Passage:
        """Its deciding words."""
        return passage(self._lines)

    @cached_property
    def told(self) -> str:
        """All of it but the lines that describe our message, as far as any diagnostic goes."""
        return clip(" ".join(line for line in self._lines if not DESCRIPTION.match(line)))

    @cached_property
    def host(self) -> str:
        """The host that it says refused."""
        return host_in(clip("\n".join(self._lines)))


def _from_heads(lines: list[str], heads: list[Head]) -> list[Statement]:
    said: dict[str, _Said] = {}
    waiting: dict[str, None] = {}
    in_session = frozenset(head.address.lower() for head in heads if head.coded)
    above = reasons_above(lines, heads)
    for head, block in zip(heads, above or blocks(lines, heads, in_session), strict=True):
        key = head.address.lower()
        one_said = said.setdefault(key, _Said(head.address, described=head.describes))
        one_said.at_once = one_said.at_once or bool(above) or _explains_at_once(head, block)
        if head.coded or key not in in_session:
            waiting.setdefault(key)
        if any(map(A_WORD.search, block)):
            # A list of addresses with one explanation behind it: it belongs to all of them.
            words = passage(block)
            whole = clip("\n".join(block))
            for one in {**waiting, key: None} if words.words else ():
                said[one].passages.append(words)
                said[one].blocks.append(whole)
            if words.words:
                waiting.clear()
        elif bare := _BARE_REPLY.fullmatch("\n".join(block)):
            said[key].passages.append(Passage(bare[1], REPLY))
            waiting.clear()
    before = _Before([] if above else lines[: heads[0].number])
    return [_statement(one, before) for key, one in said.items() if key not in waiting or not _is_signed_by(one, said)]


def _is_signed_by(one: _Said, said: dict[str, _Said]) -> bool:
    """Whether this is the help desk below a notice that gives the reply of another: nothing is said of it."""
    return (
        not one.passages
        and one.address.partition("@")[0].lower() in _DESKS
        and any(passage.worth >= REPLY for other in said.values() for passage in other.passages)
    )


def _explains_at_once(head: Head, block: list[str]) -> bool:
    """Whether the address is explained where it stands: "kim@lumen.example: Envelope expired", or Exim's line below."""
    if head.rest:
        return head.glued and A_WORD.search(head.rest) is not None
    below = block[1] if len(block) > 1 else ""
    return below[:1] in {" ", "\t"} and A_WORD.search(below) is not None and not DESCRIPTION.match(below)


def _statement(said: _Said, before: _Before) -> Statement:
    """Of all that is said of one address, what is worth most; the last reply of equals, the longest of mere words."""
    best = Passage("", -1)
    for one in said.passages:
        longer = one.worth == WORDS and len(one.words) <= len(best.words)
        if one.worth > best.worth or (one.worth == best.worth and one.worth != DIALOGUE and not longer):
            best = one
    words = best.words
    if best.worth < REPLY:
        if before.passage.worth >= REPLY:
            words = before.passage.words
        elif (
            best.worth <= WORDS
            and not (said.at_once and words and not _FAREWELL.match(words))
            and (len(words) < _SHORT or said.described or _FAREWELL.match(words))
            and not SAYS_WHY.search(words)
        ):
            # Prose without a reply may stand on either side of the address.
            words = clip(f"{before.told} {words}")
    # What ends one passage and what begins the next are no sentence: "Generating server: …", "Remote Server returned".
    host = host_in(clip("\n|\n".join(said.blocks)))
    if not host and (best.worth == DIALOGUE or words is not best.words):
        host = before.host
    return Statement(said.address, words, host)


def _routable(found: list[Statement]) -> list[Statement]:
    """Without the names that a server uses inside ("kim@ims-daemon"), where the text gives real ones too."""
    return [one for one in found if "." in one.address.rpartition("@")[2]] or found


def _only_host(found: list[Statement], lines: list[str]) -> list[Statement]:
    """The only address with the host that the text names anywhere, where its own passage names none."""
    if len(found) != 1 or found[0].host or not has_reply(found[0].says):
        return found
    return [Statement(found[0].address, found[0].says, host_in(clip("\n".join(lines))))]


#: A recipient, and behind it or on a line below whom the server had it from: an alias, a list, somebody who forwards.
_EXPANSION = re.compile(
    r"([^\s<>()@]{1,128}@[^\s<>()@]{1,255}?)>?:?\s+(?:\(reason: [^\n]{0,500}\)\s+)?"
    r"\((?:(?:ultimately )?generated|expanded) from:? <?([^\s<>()@]{1,128}@[^\s<>()@]{1,255})>?\)"
)
_EXPANSION_MARKS = (b"generated from ", b"expanded from")


def written_to(address: str, message: Message) -> str:
    """The address that the mail was written to, where the text says that this one came of it; else ""."""
    if not _may_expand(message.body):
        return ""
    original = _expansions(own_words(message)).get(address.lower(), "")
    return "" if same(original, address) else original


# A report may list thousands of recipients: it is looked through and read once for all of them.
@lru_cache(maxsize=1)
def _may_expand(body: bytes) -> bool:
    return any(mark in body for mark in _EXPANSION_MARKS)


@lru_cache(maxsize=1)
def _expansions(words: str) -> dict[str, str]:
    return {address.lower(): original for address, original in reversed(_EXPANSION.findall(words))}


def about(address: str, message: Message) -> Statement:
    """What the text says of this one address; of all it says, the reply in it, where it does not name the address."""
    if message.said is None:
        # A report may list thousands of recipients: the text is read once for all of them.
        message.said = {one.address.lower(): (one.says, one.host) for one in statements(message)}
    said = message.said.get(address.lower())
    if said is None:
        if "" not in message.said:
            lines = _lines(message)
            message.said[""] = (passage(lines).words, host_in(clip("\n".join(lines))))
        said = message.said[""]
    return Statement(address, *said)
