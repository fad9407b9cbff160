"""Where a notice ends and the copy of our own message begins: nothing behind that is the server's word.

Every server announces the copy in a sentence of its own, and the older ones put the bare header block there.
"""

from __future__ import annotations

import re

#: Where the copy of our own message begins: nothing behind it is the server's word.
_COPY = re.compile(
    r"""(?imx) ^[ \t>*]*(?:
        -{2,}[ \t]*(?:this[ ]is[ ]a[ ]copy|(?:the[ ])?(?:body|header)s?[ ]of[ ]the|below[ ]this[ ]line|original[ ]message
            |returned[ ]message|forwarded[ ]message|your[ ](?:original[ ])?message|unsent[ ]message|message[ ](?:header|text)
            |message[ ]contents|copy[ ]of|ursprüngliche|kopie|urspr|enclosed|included|undelivered|copie[ ]du|begin[ ]message|mail[ ]header
            |ここから|以下)
      | original[ ]message(?:[ ](?:headers?|follows?|text|body))?[ .:-]*$
      | (?:(?:included|attached)[ ]is[ ]a[ ]copy|possibly[ ]truncated[ ]original|the[ ]original[ ]message[ ](?:headers?[ ])?(?:follows|is)
          |message[ ]header(?:s)?(?:[ ]follow)?|here[ ]is[ ](?:a|the)[ ](?:copy|original)|below[ ]is[ ]a[ ]copy
          |the[ ]following[ ]is[ ]a[ ]copy|ursprüngliche[ ]nachrichten?(?:kopfzeilen|header)?|kopfzeilen[ ]der
          |en-têtes[ ]du[ ]message|encabezados[ ]de[ ]mensaje|intestazioni[ ]messaggio|cabeçalhos|oorspronkelijke[ ]bericht
          |元の(?:[ ]?メッセージ|メール)|原始邮件|原始郵件|исходн(?:ое[ ]сообщение|ые[ ]заголовки)|заголовки
          |encabezados[ ]del?[ ]mensajes?|intestazioni|oryginalne[ ]nagłówki|원본[ ]메시지|özgün[ ]ileti
          |\(the[ ]denied[ ]message[ ]is)[^\n]{0,60}$
    )"""
)
_HEADER_BLOCK = re.compile(
    r"(?im)^(?:Return-Path|Received|X-[A-Za-z-]+|DKIM-Signature|Message-ID): ?\S.*(?:\n[ \t].*)*\n(?=[A-Za-z-]+:)"
)


def own_words(text: str) -> str:
    """The text up to the copy of the returned message."""
    ends = [m.start() for m in (_COPY.search(text), _HEADER_BLOCK.search(text)) if m and m.start() > 0]
    return text[: min(ends)] if ends else text
