"""Where a notice ends and the copy of our own message begins: nothing behind that is the server's word.

Every server announces the copy in a sentence of its own, and the older ones put the bare header block there.
"""

from __future__ import annotations

import re
from typing import Any

import re2

from analyzer.parsing.marks import TEXT, options
from analyzer.parsing.message import Message

#: What follows the dashes of a separator.
_BEHIND_DASHES = (
    r"this is a copy", r"(?:the )?(?:body|header)s? of the", r"below this line", r"original message",
    r"returned message", r"forwarded message", r"your (?:original )?message", r"unsent message",
    r"message (?:header|text)", r"message contents", r"copy of", r"ursprüngliche", r"kopie", r"urspr", r"enclosed",
    r"included", r"undelivered", r"copie du", r"begin message", r"mail header", r"the following is a copy",
    r"ここから", r"以下",
)  # fmt: skip
#: A line that begins so announces the copy, whatever else it says.
_SENTENCES = (
    r"(?:included|attached) is a copy", r"possibly truncated original",
    r"the original message (?:headers? )?(?:follows|is)", r"message headers?(?: follow)?",
    r"here is (?:a|the) (?:copy|original)", r"below is a copy", r"the following is a copy",
    r"\(the denied message is", r"the message follows",
    # German, French, Spanish, Italian, Portuguese, Dutch, Polish
    r"ursprüngliche nachrichten?(?:kopfzeilen|header)?", r"kopfzeilen der", r"en-têtes (?:du|de) message",
    r"encabezados del? mensajes?", r"intestazioni", r"cabeçalhos", r"oorspronkelijke bericht", r"oryginalne nagłówki",
    # Russian, Turkish, Japanese, Chinese, Korean
    r"исходн(?:ое сообщение|ые заголовки)", r"заголовки", r"özgün ileti", r"元の ?(?:メッセージ|メール)", r"原始邮件",
    r"原始郵件", r"원본 메시지",
)  # fmt: skip
_COPY = re2.compile(
    rf"(?mi)^[ \t>*|]*(?:-{{2,}}[ \t]*(?:{'|'.join(_BEHIND_DASHES)})"
    r"|original message(?: (?:headers?|follows?|text|body))?[ .:-]*$"
    # Of a mail returned by uuencode
    r"|begin [0-7]{3,4} [^\n]{1,80}$"
    rf"|(?:{'|'.join(_SENTENCES)})[^\n]{{0,60}}$)",
    options(),
)
#: Microsoft 365's heading of the few lines that only say which mail it was: its words on the failure follow.
_DETAILS = re.compile(r"details|сведения|подробност|詳細|详细|세부|ayrıntı", re.IGNORECASE)
# The line break in front is what `re` looks for quickly.
_HEADER_BLOCK = re.compile(
    r"\n(?:Return-Path|Received|DKIM-Signature|Message-ID"
    # Not what servers add to the fields of a delivery report.
    r"|X-(?!Postfix-|PowerMTA-|Original-Message-ID|Display-Name|Actual-|Supplementary)[A-Za-z-]+"
    # Nor what begins with the identifier of our mail and goes on with whom it was to and what was said of them.
    r"): ?\S.*(?:\n[ \t].*)*\n(?!(?:Recipients?|Errors?|Reason|Status|Diagnostic|Response|Result|Server|Host)[ \t]*:)"
    r"(?=[A-Za-z-]+:)",
    re.IGNORECASE,
)


#: What gateways put below every mail that leaves a company, its bounces too: legal notices, and that it was scanned.
_FOOTER = re.compile(
    r"^(?:[ \t]{0,8}[-_=*]{5,100}[ \t]{0,8}\n{1,2})?[^\w\n]{0,40}"
    r"(?:this|the (?:information|contents?)|diese|ce|este|questo)\b[^\n]{0,100}"
    r"\b(?:(?:confidential|privileged|vertraulich|confidentiel|confidencial|riservat)"
    r"(?![^\n]{0,300}(?:reject|refus|blocked|stopped|undeliver|bloqu|abgelehnt|zugestellt|remis\b))"
    r"|(?:scanned|swept|checked)\b(?![^\n]{0,300}(?:found|infected|detected|contain(?:s|ed)|reject|refus)))",
    re.IGNORECASE | re.MULTILINE,
)
#: What a mail system puts above every mail from outside, the notices of other servers too: a paragraph that warns.
_WARNING = re.compile(
    r"\b(?:caution|warning|attention|beware|achtung|vorsicht|warnung|prudence|attenzione|atención|precaución|atenção|"
    r"waarschuwing|let op|uwaga|do not click|think before you click|"
    r"this (?:e-?mail|message) (?:originated|was sent|came))\b",
    re.IGNORECASE,
)
_FROM_OUTSIDE = re.compile(
    r"\b(?:outside|external|au(?:ß|ss)erhalb|extern(?:e[nrs]?|o)?|extérieure?|fuera|fora|estern[oa]|buiten|spoza|zewnętrzn)",
    re.IGNORECASE,
)
_FIRST_CONTACT = re.compile(r"\byou don.t often (?:get|receive) e-?mail from\b", re.IGNORECASE)
_LONGEST_BANNER = 800
#: A paragraph that tells of a failure is the notice itself, whatever it says of outside senders.
_TELLS = re.compile(
    r"reject|refus|deliver|fail|bounc|block|not (?:allow|accept|permit)|abgelehnt|zugestellt|remis\b|entreg|consegn"
    r"|bezorg|\b[45]\d\d\b",
    re.IGNORECASE,
)
#: How a notice goes on behind what it shows of the header, before it names anybody (PMDF, amavis).
_GOES_ON = re.compile(
    r"\b(?:not|cannot) (?:be(?:en)? )?(?:deliver|relay)|undeliverable|following (?:recipient|address)", re.IGNORECASE
)
#: A reply, and no house number in the address of a company.
_REPLY = re.compile(r"(?:^|[:;(>])[ \t]*[45]\d\d[ -]|\b[45]\.\d{1,3}\.\d{1,3}\b", re.MULTILINE)
#: A notice is above its footer; what stands at the very top is a banner above a notice.
_SHORTEST_NOTICE = 80

_HOLDS_COPY = TEXT.add(_COPY.pattern)
_MAY_HOLD_FOOTER = TEXT.add(
    r"confidential|privileged|vertraulich|confidencial|riservat|\b(?:scanned|swept|checked) (?:for|by|and)\b"
)
_MAY_HOLD_BANNER = TEXT.add(
    r"outside|external|außerhalb|ausserhalb|\bextern|extérieur|\bfuera\b|\bfora\b|\bestern[oa]\b|\bbuiten\b|\bspoza\b|"
    r"zewnętrzn|don.t often (?:get|receive)"
)
_MAY_HOLD_HEADERS = TEXT.add(r"^(?:return-path|received|x-[a-z-]+|dkim-signature|message-id):")


def own_words(message: Message) -> str:
    """The message's plain text up to the copy of the returned message, below a banner of our own mail system."""
    if message.own is None:
        words = _up_to_copy(message.plain_text(), message.marks())
        message.own = _below_banner(words) if _MAY_HOLD_BANNER in message.marks() else words
    return message.own


def _below_banner(text: str) -> str:
    """The words without the warning that a mail system puts above mails from outside."""
    banner, blank_line, below = text.lstrip().partition("\n\n")
    if not blank_line or len(banner) > _LONGEST_BANNER or _TELLS.search(banner):
        return text
    warns = _WARNING.search(banner) and _FROM_OUTSIDE.search(banner)
    return below if warns or _FIRST_CONTACT.search(banner) else text


def _up_to_copy(text: str, marks: frozenset[int]) -> str:
    copy = _announced_copy(text) if _HOLDS_COPY in marks else None
    headers = _header_block(text) if _MAY_HOLD_HEADERS in marks else None
    ends = [m.start() for m in (copy, headers) if m and m.start() > 0]
    footer = _FOOTER.search(text, _SHORTEST_NOTICE) if _MAY_HOLD_FOOTER in marks else None
    end = min(ends, default=len(text))
    if footer and footer.start() < end and not _is_banner(text[: footer.start()], text[footer.end() : end]):
        end = footer.start()
    return text[:end]


def _announced_copy(text: str) -> Any:
    """The match of the first line that announces the copy; None where there is none."""
    return next((found for found in _COPY.finditer(text) if not _DETAILS.search(found[0])), None)


def _header_block(text: str) -> re.Match[str] | None:
    """The header block that is the copy's; one above the notice's own sentence only shows which mail it is about."""
    lines = f"\n{text}"
    block = _HEADER_BLOCK.search(lines)
    if block is None or "@" in lines[: block.start()]:
        return block
    end = lines.find("\n\n", block.end())
    sentence, _, rest = lines[end : end + _LONGEST_BANNER].strip().partition("\n\n")
    if end >= 0 and _GOES_ON.search(sentence) and "@" in sentence + rest:
        return _HEADER_BLOCK.search(lines, end)
    return block


def _is_banner(above: str, below: str) -> bool:
    """Whether a notice's first address, or its only reply, is not above this line but below it."""
    return ("@" in below and "@" not in above) or (bool(_REPLY.search(below)) and not _REPLY.search(above))
