"""What a bounce says to a person: which addresses its text is about, and what it says of each.

Servers that send no machine-readable part, and many that do, put the deciding reply into prose. The layouts differ,
the grammar does not: a line that begins with an address, and what belongs to it behind (or, rarely, before) it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from analyzer.parsing.addresses import find_addresses, is_robot
from analyzer.parsing.message import one_line

#: Where the copy of our own message begins: nothing behind it is the server's word.
_COPY = re.compile(
    r"""(?imx) ^[ \t>*]*(?:
        -{2,}[ \t]*(?:this[ ]is[ ]a[ ]copy|(?:the[ ])?(?:body|header)s?[ ]of[ ]the|below[ ]this[ ]line|original[ ]message
            |returned[ ]message|forwarded[ ]message|your[ ](?:original[ ])?message|unsent[ ]message|message[ ](?:header|text)
            |message[ ]contents|copy[ ]of|ursprüngliche|kopie|urspr|enclosed|included|undelivered|copie[ ]du|begin[ ]message|mail[ ]header
            |ここから|以下)
      | (?:original[ ]message(?:[ ](?:headers?|follows?|text|body))?|the[ ]original[ ]message[ ](?:headers?[ ])?(?:follows|is)
          |message[ ]header(?:s)?(?:[ ]follow)?|here[ ]is[ ](?:a|the)[ ](?:copy|original)|below[ ]is[ ]a[ ]copy
          |the[ ]following[ ]is[ ]a[ ]copy|ursprüngliche[ ]nachrichten?(?:kopfzeilen|header)?|kopfzeilen[ ]der
          |en-têtes[ ]du[ ]message|encabezados[ ]de[ ]mensaje|intestazioni[ ]messaggio|cabeçalhos|oorspronkelijke[ ]bericht
          |元のメッセージ|元のメール|原始邮件头|原始郵件|原始邮件|исходное[ ]сообщение|заголовки)[^\n]{0,60}$
    )"""
)
_HEADER_BLOCK = re.compile(
    r"(?im)^(?:Return-Path|Received|X-[A-Za-z-]+|DKIM-Signature|Message-ID): .*(?:\n[ \t].*)*\n(?=[A-Za-z-]+:)"
)
#: What may stand before the address on its own line.
_LEAD = re.compile(
    r"""(?ix) ^[ \t>*•·\-–|\[「]*
    (?:(?:\d{1,2}[.)]\s)?(?:(?:final|original|failed|intended)?[ -]?recipients?(?:[ ]address(?:es)?)?|rcpt[ ]to|to|address|for|user
        |could[ ]not[ ]be[ ]delivered[ ]to|unknown[ ]user|unknown[ ]local[ ]user|invalid[ ]recipient|user[ ]unknown|delivery[ ]to|failed[ ]addresses?
        |an|empfänger|destinataire|destinatario|получатель|宛先|受信者|收件人)
    (?:\s+(?:is|was|ist|est))?\s*[:：;=\-]?\s*)? ["'<(\[`]*(?P<address>[^\s<>"'()\[\]]+@[^\s<>"'()\[\]]+)"""
)
_REPLY = re.compile(r"(?<![\d.])[45]\d\d(?:[ -]|$)(?!\d\d\d)|(?<![\d.])[45]\.\d{1,3}\.\d{1,3}(?![\d.])")
_DIALOGUE = re.compile(r"(?m)^[ \t]*<<< *(.*(?:\n[ \t]+\S.*)*)")
_WORDS = re.compile(r"[^\W\d_]{2,}")
_SMTP_REPLY = re.compile(r"(?<![\d.])[45]\d\d[ -]")
#: Words that servers put before the reply which they quote: the last of them before a reply opens it.
_INTRODUCTION = re.compile(
    r"""(?ix) (?: the[ ]error[ ]that[ ]the[ ]other[ ]server[ ]returned[ ]was | the[ ]response(?:[ ]from[ ]the[ ]remote[ ]server)?[ ]was
        | remote[ ]host[ ]said | (?<=\S)[ ]said | remote[ ]server[ ](?:returned|said) | did[ ]not[ ]like[ ]our[ ][A-Z ]{2,20} | server[ ]message
        | error[ ]message(?:[ ]below)? | reported[ ]error | la[ ]réponse[ ]était | die[ ]antwort[ ]lautete? | risposta[ ]era | respuesta[ ]fue | reason
        | ответ[ ]сервера | \bwas | diagnostic[- ]code | the[ ]server[ ]responded )
        [ ]*:?[ ]*["'\[(<]?[ ]*(?:smtp;[ ]*)?(?=\#?[45]\d\d[ :-])"""
)

_WHY = re.compile(r"(?i)unknown|invalid|could not|not found|fail|unbekannt|inconnu|full")

_MOST_LINES = 400
_MOST_CHARACTERS = 2000


@dataclass(frozen=True, slots=True)
class Statement:
    """What the text says of one address, on one line."""

    address: str
    says: str


def own_words(text: str) -> str:
    """The text up to the copy of the returned message."""
    ends = [m.start() for m in (_COPY.search(text), _HEADER_BLOCK.search(text)) if m and m.start() > 0]
    return text[: min(ends)] if ends else text


def statements(text: str, ignore: frozenset[str] = frozenset()) -> list[Statement]:
    """The addresses that the text is about, each with what is said of it; `ignore` are lower-case addresses of ours."""
    lines = own_words(text).split("\n")[:_MOST_LINES]
    heads: list[tuple[int, str, str]] = []
    mentions: list[tuple[int, str]] = []
    for number, line in enumerate(lines):
        if "@" not in line:
            continue
        lead = _LEAD.match(line)
        found = [a for a in find_addresses(line) if not is_robot(a)]
        if not found:
            continue
        if lead and found[0] in lead.group("address"):
            rest = line[lead.end("address") :].lstrip("\"'>)]」: \t")
            # "Unknown user: a@b" says why in front of the address.
            before = line[: lead.start("address")].strip(" \t<>*:\"'[(")
            heads.append(
                (number, found[0], rest if _WORDS.search(rest) or not _WHY.search(before) else f"{before} {rest}")
            )
        mentions.extend((number, address) for address in found)
    heads = [h for h in heads if h[1].lower() not in ignore] or heads
    if heads:
        return _from_heads(lines, heads)
    wanted = [m for m in mentions if m[1].lower() not in ignore]
    everything = _clip(" ".join(lines))
    return [Statement(address, everything) for address in dict.fromkeys(address for _, address in wanted)]


def _from_heads(lines: list[str], heads: list[tuple[int, str, str]]) -> list[Statement]:
    said: dict[str, list[str]] = {}
    spelling: dict[str, str] = {}
    waiting: list[str] = []
    for index, (number, address, rest) in enumerate(heads):
        until = heads[index + 1][0] if index + 1 < len(heads) else len(lines)
        block = _paragraphs([rest, *lines[number + 1 : until]])
        key = address.lower()
        spelling.setdefault(key, address)
        waiting.append(key)
        if _WORDS.search(block):
            # A list of addresses with one explanation behind it: it belongs to all of them.
            for one in dict.fromkeys(waiting):
                said.setdefault(one, []).append(block)
            waiting = []
    before = _clip(" ".join(lines[: heads[0][0]]))
    return [Statement(spelling[key], _explanation(said.get(key, []), before)) for key in spelling]


def _paragraphs(lines: list[str]) -> str:
    """The block that belongs to a head line: its first paragraph, and further ones while no reply has been seen."""
    taken: list[str] = []
    for line in lines:
        if not line.strip() and taken and _REPLY.search(" ".join(taken)):
            break
        taken.append(line)
    return "\n".join(taken)


def _explanation(blocks: list[str], before: str) -> str:
    """Of all that is said of one address, the passage with the most of a reply in it, the last of equals."""
    text, best = "", -1
    for block in blocks:
        dialogue = " ".join(_DIALOGUE.findall(block))
        candidate = deciding_words(_clip(dialogue or block))
        weight = 2 if _SMTP_REPLY.search(candidate) else 1 if _REPLY.search(candidate) else 0
        if weight > best or (weight and weight == best):
            text, best = candidate, weight
    if not text:
        return deciding_words(before)
    # Prose without a reply may stand on either side of the address.
    return text if best or len(text) >= 60 else _clip(f"{before} {text}")


def deciding_words(text: str) -> str:
    """The quoted reply where the text introduces one, else the text as it is."""
    starts = [introduction.end() for introduction in _INTRODUCTION.finditer(text)]
    return text[starts[-1] :].rstrip("'\"] ") if starts else text


def _clip(text: str) -> str:
    return one_line(text)[:_MOST_CHARACTERS]


def about(address: str, text: str) -> str:
    """What the text says of this one address; of all it says, the reply in it, where it does not name the address."""
    found = statements(text)
    for statement in found:
        if statement.address.lower() == address.lower():
            return statement.says
    words = own_words(text)
    return deciding_words(_clip(" ".join(_DIALOGUE.findall(words)) or words))


def has_reply(text: str) -> bool:
    """Whether an SMTP reply or an enhanced status code stands in the text."""
    return bool(_REPLY.search(text))
