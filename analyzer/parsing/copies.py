"""Where a notice ends and the copy of our own message begins: nothing behind that is the server's word.

Every server announces the copy in a sentence of its own, and the older ones put the bare header block there.
"""

from __future__ import annotations

import re

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
    r"\(the denied message is",
    # German, French, Spanish, Italian, Portuguese, Dutch, Polish
    r"ursprüngliche nachrichten?(?:kopfzeilen|header)?", r"kopfzeilen der", r"en-têtes (?:du|de) message",
    r"encabezados del? mensajes?", r"intestazioni", r"cabeçalhos", r"oorspronkelijke bericht", r"oryginalne nagłówki",
    # Russian, Turkish, Japanese, Chinese, Korean
    r"исходн(?:ое сообщение|ые заголовки)", r"заголовки", r"özgün ileti", r"元の ?(?:メッセージ|メール)", r"原始邮件",
    r"原始郵件", r"원본 메시지",
)  # fmt: skip
_COPY = re.compile(
    rf"^[ \t>*]*(?:-{{2,}}[ \t]*(?:{'|'.join(_BEHIND_DASHES)})"
    r"|original message(?: (?:headers?|follows?|text|body))?[ .:-]*$"
    rf"|(?:{'|'.join(_SENTENCES)})[^\n]{{0,60}}$)",
    re.IGNORECASE | re.MULTILINE,
)
_HEADER_BLOCK = re.compile(
    r"^(?:Return-Path|Received|X-[A-Za-z-]+|DKIM-Signature|Message-ID): ?\S.*(?:\n[ \t].*)*\n(?=[A-Za-z-]+:)",
    re.IGNORECASE | re.MULTILINE,
)


def own_words(text: str) -> str:
    """The text up to the copy of the returned message."""
    ends = [m.start() for m in (_COPY.search(text), _HEADER_BLOCK.search(text)) if m and m.start() > 0]
    return text[: min(ends)] if ends else text
