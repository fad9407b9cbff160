"""Microsoft Graph: messages saved as JSON; what comes out is a mail message to be parsed.

Source: Microsoft Graph reference, "message resource type". Its MIME form (`/messages/{id}/$value`) is a plain mail.
Item class `REPORT.IPM.Note.NDR` is that of a non-delivery report ([MS-OXCMAIL] 2.1.3.8).
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

from analyzer.sources import fields
from analyzer.sources.feeds import mime
from analyzer.sources.feeds.gmail import decoded
from analyzer.sources.feeds.reader import NothingToReadError, Told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.sources.feeds.reader import JsonObject

_OWN = ("internetMessageId", "conversationId", "receivedDateTime", "internetMessageHeaders", "toRecipients")
_TAG = re.compile(r"<[^<>]*>")
_NOT_DELIVERED = "REPORT.IPM.NOTE.NDR"


class Graph:
    """A message of Microsoft Graph."""

    name = "microsoft-graph"

    def recognises(self, event: JsonObject) -> bool:
        """By a subject or a body beside one of its own keys."""
        return ("subject" in event or "body" in event or "bodyPreview" in event) and any(key in event for key in _OWN)

    def read(self, event: JsonObject) -> Iterator[Told]:
        """The message, with what came back of ours as a part where it was expanded."""
        body = fields.table(event.get("body"))
        content = body.get("content")
        if content.__class__ is not str or not content:
            content = event.get("bodyPreview")
        returned = _returned(event) or _copied(content)
        if (content.__class__ is not str or not content) and not returned:
            raise NothingToReadError("is a message without its body; fetch it with $value, or select its body")
        is_html = fields.text(body.get("contentType"), 20).lower() == "html"
        content = content if content.__class__ is str else ""
        yield Told(None, mime.message(_lines(event), content, html=is_html, returned=returned))


def _lines(event: JsonObject) -> list[tuple[str, str]]:
    """The header fields as they were on the wire; those that are missing there from the message's own values."""
    lines = fields.names_and_values(event.get("internetMessageHeaders"))
    there = {name.lower() for name, _ in lines}
    if _is_report(event):
        lines.append(("X-MS-Exchange-Message-Is-Ndr", "1"))
    values = (
        ("From", _named(fields.first(event.get("from"), event.get("sender")))),
        (
            "To",
            ", ".join(filter(None, (_named(one) for one in fields.listed(event.get("toRecipients"))))),
        ),
        ("Subject", fields.line(event.get("subject"))),
        ("Date", _date(fields.first(event.get("receivedDateTime"), event.get("sentDateTime")))),
        ("Message-ID", fields.message_id(event.get("internetMessageId"))),
    )
    return lines + [(name, value) for name, value in values if value and name.lower() not in there]


def _copied(content: Any) -> bytes:
    """The header lines of our mail as Exchange copies them into the report, where line breaks mean what they do."""
    if content.__class__ is not str:
        return b""
    lower = content.lower()
    start = lower.rfind("<pre")
    start = lower.find(">", start) + 1 if start >= 0 else 0
    end = lower.find("</pre", start) if start else -1
    if end < 0 or "message-id:" not in lower[start:end]:
        return b""
    copied = html.unescape(_TAG.sub("", content[start:end])).replace("\r", "").strip("\n")
    return copied.partition("\n\n")[0].encode("utf-8", "replace") + b"\n"


def _named(value: Any) -> str:
    found = fields.table(fields.table(value).get("emailAddress"))
    address = fields.recipient(found.get("address"))
    name = fields.line(found.get("name"), 200).replace('"', "")
    return f'"{name}" <{address}>' if address and name and name != address else address


def _date(value: Any) -> str:
    """A time of the API as RFC 5322 writes it."""
    from datetime import datetime
    from email.utils import format_datetime

    found = fields.moment(value)
    return format_datetime(datetime.fromisoformat(found)) if found else ""


def _is_report(event: JsonObject) -> bool:
    """By the item's class, which is an extended property and has to be asked for."""
    return any(
        fields.text(fields.table(one).get("value"), 60).upper() == _NOT_DELIVERED
        for one in fields.listed(event.get("singleValueExtendedProperties"))
    )


def _returned(event: JsonObject) -> bytes:
    """The header lines of the mail that came back: an attached item, or an attached message file."""
    for one in fields.listed(event.get("attachments")):
        attached = fields.table(one)
        item = fields.table(attached.get("item"))
        if item:
            return mime.header(_lines(item))
        if "message/rfc822" in fields.text(attached.get("contentType"), 60).lower():
            data = decoded(attached.get("contentBytes")).replace(b"\r\n", b"\n").lstrip(b"\n")
            if data:
                return data.partition(b"\n\n")[0] + b"\n"
    return b""
