"""The Gmail API: messages saved as JSON, raw or as a tree of parts; what comes out is a mail message to be parsed.

Source: Gmail API reference, "users.messages" (`raw` is base64url, RFC 4648 section 5; so is every `body.data`).
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode
from typing import TYPE_CHECKING, Any

from analyzer.sources import fields
from analyzer.sources.feeds import mime
from analyzer.sources.feeds.reader import NothingToReadError, Told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.sources.feeds.reader import JsonObject

_ALPHABET = bytes.maketrans(b"+/", b"-_")


class Gmail:
    """A message of the Gmail API."""

    name = "gmail-api"

    def recognises(self, event: JsonObject) -> bool:
        """By the id of its thread."""
        return "threadId" in event and "id" in event

    def read(self, event: JsonObject) -> Iterator[Told]:
        """The message."""
        data = decoded(event.get("raw"))
        if not data:
            data = built(event.get("payload"))
        if not data.strip():
            raise NothingToReadError("holds only the id of a message; fetch it with format=raw")
        yield Told(None, data)


def decoded(value: Any) -> bytes:
    """Base64 of either alphabet, with or without its padding and line breaks; b"" for what is none."""
    if value.__class__ is not str:
        return b""
    data = b"".join(value.encode("ascii", "ignore").split()).translate(_ALPHABET).rstrip(b"=")
    try:
        return urlsafe_b64decode(data + b"=" * (-len(data) % 4))
    except (binascii.Error, ValueError):
        return b""


def built(part: Any, depth: int = 0) -> bytes:
    """A part of the tree with its own header fields, its bodies no longer encoded; b"" for what is no part."""
    part = fields.table(part)
    # Each level is copied into the next. One more than is read of a mail: so what reads it sees that there are more.
    if not part or depth > fields.gauge.get().bounds.mime_depth + 1:
        return b""
    written = fields.names_and_values(part.get("headers"))
    kind = fields.line(part.get("mimeType"), 100).lower() or "text/plain"
    children = [built(child, depth + 1) for child in fields.listed(part.get("parts"))]
    head = mime.header(mime.without_body_fields(written))
    if kind.startswith("multipart/"):
        content = b"".join(children)
        edge = mime.boundary(content)
        mark = b"\n--" + edge.encode()
        body = b"".join(mark + b"\n" + child for child in children) + mark + b"--\n"
        return head + mime.header([("Content-Type", f'{kind}; boundary="{edge}"')]) + b"\n" + body
    body = decoded(fields.table(part.get("body")).get("data"))
    if not body:
        # A returned message or a report is a tree of its own, or an attachment that has to be fetched apart.
        body = b"\n".join(children)
    declared = fields.by_name(written).get("content-type", kind)
    return head + mime.header([("Content-Type", declared), ("Content-Transfer-Encoding", "8bit")]) + b"\n" + body
