"""What a bounce says to a person: which addresses its text is about, and what it says of each.

Servers that send no machine-readable part, and many that do, put the deciding reply into prose. The layouts differ,
the grammar does not: a line that begins with an address, and what belongs to it behind (or, rarely, before) it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import takewhile

from analyzer.parsing.addresses import find_addresses, from_header, is_robot
from analyzer.parsing.copies import own_words
from analyzer.parsing.diagnostics import host_in
from analyzer.parsing.message import Message
from analyzer.parsing.quotes import (
    DESCRIPTION,
    DIALOGUE,
    REPLY,
    RULE,
    WORDS,
    Passage,
    clip,
    has_reply,
    passage,
    whole_reply,
)

#: What may stand before the address on its own line; the words are sentences that end in it.
_LABELS = (
    r"(?:final|original|failed|intended)?[ -]?recipients?(?: address(?:es)?)?",
    r"rcpt to",
    r"to",
    r"(?:original )?address",
    r"for",
    r"user",
    r"could not be delivered to",
    r"(?:i was |we were )?(?:unable|failed) to deliver (?:(?:your |the )?message )?to",
    r"unknown (?:local )?user",
    r"invalid recipient",
    r"user unknown",
    r"delivery to",
    r"undeliverable to",
    r"failed address(?:es)?",
    r"an",
    r"empfänger",
    r"destinataire",
    r"destinatario",
    r"destinatário",
    r"получатель",
    r"宛先",
    r"受信者",
    r"收件人",
    r"받는 사람",
)
#: "Tony@", "andrea@" and "user7@" begin as labels do; Japanese, Chinese and Korean ones need no blank behind them.
_LABEL_ENDS = r"(?:(?<=[^\x00-\x7f])|(?![A-Za-z0-9_.+%]|-\w))"
_LEAD = re.compile(
    rf"[ \t>*•·\-–|\[「]*+"
    rf"(?:(?:\d{{1,2}}[.)]\s)?(?P<label>{'|'.join(_LABELS)}){_LABEL_ENDS}(?:\s+(?:is|was|ist|est))?(?:\s*[:：;=\-])?\s*)?"
    r"(?P<code>[45]\d\d[ -](?:[45]\.\d{1,3}\.\d{1,3} )?)?"
    r"(?:<(?=\")|[\"'<(\[`]*+)"
    r"(?P<address>(?:\"[^\"\n@]{1,64}\"|[^\s<>\"'()\[\]]+(?:'[^\s<>\"'()\[\]@]+)*)@[^\s<>\"'()\[\]]+)",
    re.IGNORECASE,
)
#: A line whose only address ends a sentence of no table: "User mailbox exceeds allowed size: kim@lumen.example".
_SENTENCE_BEFORE = re.compile(
    r"[ \t>*•·-]*+(?P<why>[^\W\d_][^@:：\n]{2,80}):[ \t]*+[\"'<(\[]*+(?P<address>[^\s<>\"'()\[\]@]+@[^\s<>\"'()\[\]@]++)[ \t\"'>)\].]*+$"
)
#: Exim's "A message sent by" with the address below, and its kin.
_SENT_BY = ("sent by", "sent by:", "message from", "message from:")
_HEARD = re.compile(r"^[ \t]*<<<")
#: What stands in a transcript beside a local mailer's own words.
_TRANSCRIPT = re.compile(r"^[ \t]*(?:<<<|>>>|\.\.\. while talking|while talking|-{2,}|[45]\d\d[ -])", re.IGNORECASE)
_TALKING = re.compile(r"^[ \t.]*while talking to", re.IGNORECASE)
_SESSION_BEGINS = re.compile(r"^[ \t]*-{3,} Transcript of session", re.IGNORECASE)
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
_WORDS = re.compile(r"[^\W\d_]{2,}")
#: A reply without a word: OpenSMTPD's "kim@lumen.example: 550".
_BARE_REPLY = re.compile(r"[\s:;(\[]*([45]\d\d(?: [245]\.\d{1,3}\.\d{1,3})?)[\s.)\]]*")
_WHY = re.compile(
    r"unknown|invalid|could not|unable to|not found|not \w*reach|fail|exceed|full|unbekannt|inconnu|desconocid",
    re.IGNORECASE,
)
#: Whom to write to where one thinks otherwise: what was said stands above.
_FAREWELL = re.compile(r"(?:please|if you|for (?:further|more)|bitte|veuillez)\b", re.IGNORECASE)
#: Exchange 2003: when it failed, and under which number.
_EXCHANGE_NOISE = re.compile(
    r"^on (?:\w{3}, \d[^\n]{10,30}|\d{1,2}/\d{1,2}/\d{2,4}[^\n]{0,15})$|The MTS-ID of the original message is:[^\n]*(?:\n\s*;[^\n]*)?",
    re.MULTILINE,
)

#: Lines of a folded reply, more than any is folded into.
_MOST_FOLDS = 20
_OPEN_REPLY = re.compile(r"[:\]] [45]\d\d(?:[ -][45]\.\d{1,3}\.\d{1,3})?$")
#: A line with the codes alone, "Status code: 550 5.1.10": the words come later.
_SUMMARY = re.compile(r"\s*[^\d\n@:：]{2,40}[:：]\s*[45]\d\d(?: [245]\.\d{1,3}\.\d{1,3})?\s*")
#: Names of those who answer questions, as notices end in.
_DESKS = frozenset({
    "abuse", "admin", "contact", "customercare", "help", "helpdesk", "hilfe", "info", "kontakt", "kundenservice",
    "service", "servicedesk", "soporte", "support", "suporte", "webmaster",
})  # fmt: skip
#: Lines of a session with one host that are searched for its name.
_MOST_OF_SESSION = 200
#: Courier's rule below the last recipient, across the page: what follows is about all mail.
_END_OF_LIST = "-" * 60
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
class _Head:
    """A line that begins with an address: `rest` is what stands behind it there."""

    number: int
    address: str
    rest: str
    #: The line is a reply of its own, as Sendmail writes one below the other side's.
    coded: bool
    #: The line describes our message.
    describes: bool
    #: A colon right behind the address introduces what is said of it.
    glued: bool = False


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
    heads: list[_Head] = []
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
        head = _head(lines, number, found[0])
        if head is not None and failed_only and _is_taken(head, lines):
            continue
        if head is not None and heads and _continues(heads[-1], head, lines):
            continue
        if head is not None:
            # A list of addresses in one line has nothing else in it.
            listed = len(found) > 1 and not _WORDS.search(_without(head.rest, found))
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
                or (silent and _related(_domain(a), ours))
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
    return _from_mentions(lines, wanted)


def _is_taken(head: _Head, lines: list[str]) -> bool:
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


def _explained(lines: list[str], head: _Head) -> bool:
    """Whether words stand behind the address, or indented below."""
    below = lines[head.number + 1] if head.number + 1 < len(lines) else ""
    beside = head.glued and not head.rest
    return _WORDS.search(head.rest) is not None or (
        (beside or below[:1] in {" ", "\t"}) and _WORDS.search(below) is not None
    )


def _related(one: str, other: str) -> bool:
    """Whether the domains are the same, or one is above the other, as bounces' domain is often below our own."""
    return bool(one and other) and (f".{one}".endswith(f".{other}") or f".{other}".endswith(f".{one}"))


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


def _continues(before: _Head, head: _Head, lines: list[str]) -> bool:
    """Whether a line only goes on about the address of the one before: Postfix folds a reply where it names it."""
    line = lines[head.number]
    if head.address.lower() != before.address.lower() or head.number - before.number >= _MOST_FOLDS:
        return False
    if _OPEN_REPLY.search(lines[head.number - 1].rstrip()):
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
    lines = own_words(message).split("\n", most)
    if len(lines) > most:
        message.gauge.note("notice_lines")
        lines.pop()
    return lines


def _without(text: str, addresses: list[str]) -> str:
    for address in addresses:
        text = text.replace(address, " ")
    return text


def _head(lines: list[str], number: int, address: str) -> _Head | None:
    line = lines[number]
    lead = _LEAD.match(line)
    if lead is None or address not in lead.group("address"):
        told = _SENTENCE_BEFORE.match(line)
        if told is None or address not in told["address"] or not _WHY.search(told["why"]) or DESCRIPTION.match(line):
            return None
        return _Head(number, address, line.strip(), False, False)
    if lead.group("code"):
        return _Head(number, address, line, True, False)
    rest = line[lead.end("address") :].lstrip("\"'>)]」: \t")
    if "@" in rest and rest.startswith((address, f"<{address}", f"<mailto:{address}")):
        # "kim@lumen.example <kim@lumen.example>": a name that is the address itself.
        rest = rest[rest.index(address) + len(address) :].lstrip("\"'>)]: \t")
    # "Unknown user: a@b" says why in front of the address.
    before = line[: lead.start("address")].strip(" \t<>*:\"'[(")
    if (not _WORDS.search(rest) or rest.startswith("(")) and _WHY.search(before):
        rest = f"{before} {rest}"
    label = (lead.group("label") or "").lower()
    beside = lines[number - 1 : number] + lines[number + 1 : number + 2]
    glued = line[line.index(address) + len(address) :].lstrip("\"'>)]」").startswith(":")
    return _Head(number, address, rest, False, label == "to" and any(map(DESCRIPTION.match, beside)), glued)


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


def _from_heads(lines: list[str], heads: list[_Head]) -> list[Statement]:
    said: dict[str, _Said] = {}
    waiting: dict[str, None] = {}
    in_session = frozenset(head.address.lower() for head in heads if head.coded)
    above = _reasons_above(lines, heads)
    for head, block in zip(heads, above or _blocks(lines, heads, in_session), strict=True):
        key = head.address.lower()
        one_said = said.setdefault(key, _Said(head.address, described=head.describes))
        one_said.at_once = one_said.at_once or bool(above) or _explains_at_once(head, block)
        if head.coded or key not in in_session:
            waiting.setdefault(key)
        if any(map(_WORDS.search, block)):
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


def _blocks(lines: list[str], heads: list[_Head], in_session: frozenset[str]) -> Iterator[list[str]]:
    """The lines that belong to each head: those behind it, up to the next; `in_session` are those of coded heads."""
    for index, head in enumerate(heads):
        if head.coded:
            yield _coded_block(lines, head)
            continue
        until = heads[index + 1].number if index + 1 < len(heads) else len(lines)
        behind = lines[head.number + 1 : until]
        if head.address.lower() in in_session:
            # What the other side said of this one stands there; the lines before are about others.
            behind = list(takewhile(lambda line: not _SESSION_BEGINS.match(line), behind))
        yield _block([head.rest, *behind])


def _reasons_above(lines: list[str], heads: list[_Head]) -> list[list[str]]:
    """The lines right above each of several addresses, where all have words there and none behind (Notes)."""
    blocks: list[list[str]] = []
    done = 0
    for index, head in enumerate(heads):
        start = head.number
        while start > done and lines[start - 1].strip():
            start -= 1
        block = lines[start : head.number]
        if not block and blocks and start == done:
            # A second address below the same words.
            block = blocks[-1]
        until = heads[index + 1].number if index + 1 < len(heads) else len(lines)
        rest = lines[head.number + 1 : until]
        below = rest[: next((n for n, line in enumerate(rest) if not line.strip()), len(rest))]
        last = index + 1 == len(heads)
        if (
            head.coded
            or _WORDS.search(head.rest)
            or not any(map(_WORDS.search, block))
            or any(_WORDS.search(line) and not RULE.match(line) for line in (rest if last else below))
        ):
            return []
        blocks.append(block)
        done = head.number + 1
    return blocks if len(blocks) > 1 else []


def _explains_at_once(head: _Head, block: list[str]) -> bool:
    """Whether the address is explained where it stands: "kim@lumen.example: Envelope expired", or Exim's line below."""
    if head.rest:
        return head.glued and _WORDS.search(head.rest) is not None
    below = block[1] if len(block) > 1 else ""
    return below[:1] in {" ", "\t"} and _WORDS.search(below) is not None and not DESCRIPTION.match(below)


def _coded_block(lines: list[str], head: _Head) -> list[str]:
    """Sendmail's own line about an address, with what the other side had said right above it."""
    start = head.number
    while start > 0 and _HEARD.match(lines[start - 1]):
        start -= 1
    end = head.number + 1
    while end < len(lines) and lines[end].strip() and (lines[end][:1] in {" ", "\t"} or lines[end - 1].endswith(":")):
        end += 1
    if start < head.number:
        talking = next(
            (line for line in reversed(lines[max(0, start - _MOST_OF_SESSION) : start]) if _TALKING.match(line)), ""
        )
        return [talking, *lines[start : head.number]]
    # A mailer of that host itself speaks in the lines right above.
    while start > 0 and lines[start - 1].strip() and not _TRANSCRIPT.match(lines[start - 1]):
        start -= 1
    return lines[start:end]


def _block(lines: list[str]) -> list[str]:
    """The lines that belong to a head: its first paragraph, and further ones while no reply has been seen."""
    taken: list[str] = []
    checked = 0
    for line in lines:
        if line.startswith(_END_OF_LIST):
            break
        if not line.strip():
            paragraph = "\n".join(taken[checked:])
            if has_reply(paragraph) and not _SUMMARY.fullmatch(paragraph):
                break
            checked = len(taken)
        taken.append(line)
    whole = "\n".join(taken)
    return _EXCHANGE_NOISE.sub("", whole).split("\n") if "on " in whole or "MTS-ID" in whole else taken


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
            and not _WHY.search(words)
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
