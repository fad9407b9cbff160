"""Lines of a notice that begin with an address, and the lines that belong to each: behind it, or above.

The grammar that servers share: an address, then what happened to it; in a session of Sendmail's the reply stands above.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile

from analyzer.parsing.quotes import DESCRIPTION, RULE, has_reply

#: A word, of which codes and addresses have none.
A_WORD = re.compile(r"[^\W\d_]{2,}")
#: Words of a reason, not merely about one.
SAYS_WHY = re.compile(
    r"unknown|invalid|could not|unable to|not found|not \w*reach|fail|exceed|full|unbekannt|inconnu|desconocid",
    re.IGNORECASE,
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
    r"[ \t>*•·-]*+(?P<why>[^\W\d_][^@:：\n]{2,80}):[ \t]*+[\"'<(\[]*+"
    r"(?P<address>[^\s<>\"'()\[\]@]+@[^\s<>\"'()\[\]@]++)[ \t\"'>)\].]*+$"
)
_HEARD = re.compile(r"^[ \t]*<<<")
#: What stands in a transcript beside a local mailer's own words.
_TRANSCRIPT = re.compile(r"^[ \t]*(?:<<<|>>>|\.\.\. while talking|while talking|-{2,}|[45]\d\d[ -])", re.IGNORECASE)
_TALKING = re.compile(r"^[ \t.]*while talking to", re.IGNORECASE)
_SESSION_BEGINS = re.compile(r"^[ \t]*-{3,} Transcript of session", re.IGNORECASE)
#: Exchange 2003: when it failed, and under which number.
_EXCHANGE_NOISE = re.compile(
    r"^on (?:\w{3}, \d[^\n]{10,30}|\d{1,2}/\d{1,2}/\d{2,4}[^\n]{0,15})$"
    r"|The MTS-ID of the original message is:[^\n]*(?:\n\s*;[^\n]*)?",
    re.MULTILINE,
)
#: A line with the codes alone, "Status code: 550 5.1.10": the words come later.
_SUMMARY = re.compile(r"\s*[^\d\n@:：]{2,40}[:：]\s*[45]\d\d(?: [245]\.\d{1,3}\.\d{1,3})?\s*")
#: Lines of a session with one host that are searched for its name.
_MOST_OF_SESSION = 200
#: Courier's rule below the last recipient, across the page: what follows is about all mail.
_END_OF_LIST = "-" * 60


#: Sendmail's, below a recipient that is a local name or a program: the address that it stands for.
_EXPANDED = re.compile(r"^[ \t]+\(expanded from: <?([^\s<>()@]+@[^\s<>()@]+)>?\)[ \t]*$")
EXPANDED = "(expanded from: "
#: A line of Sendmail's transcript about a recipient.
_ABOUT_ONE = re.compile(r"^([45]\d\d[ -](?:[45]\.\d{1,3}\.\d{1,3} )?)<?(.{1,255}?)>?(\.\.\. .*)$")


@dataclass(slots=True)
class Head:
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


def with_addresses(lines: list[str]) -> list[str]:
    """The lines with the address in place of each local name and program that Sendmail has expanded one to."""
    addresses: dict[str, str] = {}
    changed = lines.copy()
    for number, line in enumerate(lines):
        expanded = _EXPANDED.match(line)
        if expanded is None:
            continue
        above = number - 1
        while above > 0 and lines[above][:1] in {" ", "\t"}:
            above -= 1
        name = lines[above].strip(" \t<>") if above >= 0 else ""
        if name and "@" not in name:
            addresses.setdefault(name, expanded[1])
            changed[above], changed[number] = f"<{expanded[1]}>", ""
    for number, line in enumerate(lines):
        told = _ABOUT_ONE.match(line)
        if told and told[2] in addresses:
            program = f"... {told[2]}" if told[2][0] in '|"' else ""
            changed[number] = f"{told[1]}<{addresses[told[2]]}>{program}{told[3]}"
    return changed


def head_in(lines: list[str], number: int, address: str) -> Head | None:
    """The head that a line is, by the first address in it; None where it stands inside a sentence."""
    line = lines[number]
    lead = _LEAD.match(line)
    if lead is None or address not in lead.group("address"):
        told = _SENTENCE_BEFORE.match(line)
        if (
            told is None
            or address not in told["address"]
            or not SAYS_WHY.search(told["why"])
            or DESCRIPTION.match(line)
        ):
            return None
        return Head(number, address, line.strip(), False, False)
    if lead.group("code"):
        return Head(number, address, line, True, False)
    rest = line[lead.end("address") :].lstrip("\"'>)]」: \t")
    if "@" in rest and rest.startswith((address, f"<{address}", f"<mailto:{address}")):
        # "kim@lumen.example <kim@lumen.example>": a name that is the address itself.
        rest = rest[rest.index(address) + len(address) :].lstrip("\"'>)]: \t")
    # "Unknown user: a@b" says why in front of the address.
    before = line[: lead.start("address")].strip(" \t<>*:\"'[(")
    if (not A_WORD.search(rest) or rest.startswith("(")) and SAYS_WHY.search(before):
        rest = f"{before} {rest}"
    label = (lead.group("label") or "").lower()
    beside = lines[number - 1 : number] + lines[number + 1 : number + 2]
    glued = line[line.index(address) + len(address) :].lstrip("\"'>)]」").startswith(":")
    return Head(number, address, rest, False, label == "to" and any(map(DESCRIPTION.match, beside)), glued)


def blocks(lines: list[str], heads: list[Head], in_session: frozenset[str]) -> Iterator[list[str]]:
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


def reasons_above(lines: list[str], heads: list[Head]) -> list[list[str]]:
    """The lines right above each of several addresses, where all have words there and none behind (Notes)."""
    found: list[list[str]] = []
    done = 0
    for index, head in enumerate(heads):
        start = head.number
        while start > done and lines[start - 1].strip():
            start -= 1
        block = lines[start : head.number]
        if not block and found and start == done:
            # A second address below the same words.
            block = found[-1]
        until = heads[index + 1].number if index + 1 < len(heads) else len(lines)
        rest = lines[head.number + 1 : until]
        below = rest[: next((n for n, line in enumerate(rest) if not line.strip()), len(rest))]
        last = index + 1 == len(heads)
        if (
            head.coded
            or A_WORD.search(head.rest)
            or not any(map(A_WORD.search, block))
            or any(A_WORD.search(line) and not RULE.match(line) for line in (rest if last else below))
        ):
            return []
        found.append(block)
        done = head.number + 1
    return found if len(found) > 1 else []


def _coded_block(lines: list[str], head: Head) -> list[str]:
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
