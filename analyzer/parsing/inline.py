"""A mail that is passed on within the text of another: the few fields that mail programs copy, and its words below.

Outlook, Gmail, Apple Mail and Thunderbird write such a block, each in the language and the order of its own.
"""

from __future__ import annotations

import re

from analyzer.parsing.addresses import find_addresses
from analyzer.parsing.message import Message

_LABELS = {
    "from": "from von de da van od fra från от 发件人 寄件者 差出人 送信者",
    "to": "to an à a para per naar aan do til till komu кому 收件人 收件者 宛先 送信先",
    "subject": "subject betreff objet asunto assunto oggetto onderwerp temat předmět emne ämne тема 主题 主旨 件名",
}
_FIELD_OF = {label: field for field, labels in _LABELS.items() for label in labels.split()}
_FIELD_OF |= {"보낸 사람": "from", "받는 사람": "to", "제목": "subject"}
_LABELLED = re.compile(r"[*_ \t]{0,4}([^\W\d_][^:：\n]{0,24}?)[*_ \t]{0,4}[:：][*_ \t]{0,4}(\S.*)$")
_NEEDED = frozenset(_LABELS)
#: Every line of it is quoted: Apple Mail's, and many a program's.
_QUOTED = re.compile(r"^> ?", re.MULTILINE)
#: Lines in which such a block begins, and how many it has at most.
_SEARCHED, _MOST = 200, 12
_MAILTO = re.compile(r"\[mailto:([^\]\s]{1,320})\]", re.IGNORECASE)


def inline_mail(message: Message) -> Message | None:
    """The mail that the text copies below its fields, as a mail of its own; None where there is no such block.

    Where the program shows whom it was to by name alone, that is who passes it on.
    """
    text = message.plain_text()
    if text.count("\n>") > text.count("\n") // 2:
        text = _QUOTED.sub("", text)
    lines = text.split("\n")
    for number in range(min(len(lines), _SEARCHED)):
        fields, end = _block(lines, number)
        if not fields.keys() >= _NEEDED:
            continue
        to = next(iter(find_addresses(fields["to"])), "") or message.sender()
        sender = _MAILTO.sub(r"<\1>", fields["from"])
        head = f"From: {sender}\nTo: {to}\nSubject: {fields['subject']}\n"
        head += f"Date: {message.get('date')}\nContent-Type: text/plain; charset=utf-8\n"
        body = "\n".join(lines[end:])
        return Message(f"{head}Content-Transfer-Encoding: 8bit\n\n{body}".encode("utf-8", "replace"), message.gauge)
    return None


def _block(lines: list[str], start: int) -> tuple[dict[str, str], int]:
    """The fields of the block that begins in this line, and the line behind it; none where none begins."""
    fields: dict[str, str] = {}
    number = start
    for line in lines[start : start + _MOST]:
        labelled = _LABELLED.match(line)
        if labelled is None:
            break
        field = _FIELD_OF.get(labelled[1].lower())
        if field is not None:
            fields.setdefault(field, labelled[2].strip())
        number += 1
    return fields, number
