"""A mail message put together from the pieces in which an API tells it: RFC 5322 lines round bodies that are text.

What comes out is for our own parser: its shape is what counts, and no line of it is made up but where it says so.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from analyzer.sources import fields

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Fields that describe a body as it was on the wire; the body here is another.
_OF_THE_BODY = frozenset({"content-type", "content-transfer-encoding", "content-length", "mime-version"})

#: Elements with which a body is HTML; "<kim@lumen.example>:" is none.
_HTML = re.compile(r"<(?:!doctype html|html|head|body|div|p|br|table|span|pre)\b[^<>]*>", re.IGNORECASE)


def header(lines: Iterable[tuple[str, str]]) -> bytes:
    """Header lines; names that are none and line breaks are left out."""
    found = []
    for name, value in lines:
        key = "".join(letter for letter in name if "!" <= letter <= "~" and letter != ":")
        if key:
            found.append(f"{key}: {fields.line(value)}\n")
    return "".join(found).encode("utf-8", "replace")


def without_body_fields(lines: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The lines that stay true of a body that was decoded."""
    return [(name, value) for name, value in lines if name.lower() not in _OF_THE_BODY]


def message(lines: Iterable[tuple[str, str]], body: str, *, html: bool, returned: bytes = b"") -> bytes:
    """A message of one text, with `returned` (header lines of the mail that came back) as a part of its own."""
    kind = (
        f"Content-Type: text/{'html' if html else 'plain'}; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n".encode()
    )
    head = header(without_body_fields(lines)) + b"MIME-Version: 1.0\n"
    content = body.encode("utf-8", "replace")
    if not returned:
        return head + kind + content
    edge = boundary(content + returned)
    opened = f'Content-Type: multipart/mixed; boundary="{edge}"\n\n'.encode()
    mark = b"--" + edge.encode()
    return (
        head + opened + mark + b"\n" + kind + content + b"\n" + mark + b"\nContent-Type: text/rfc822-headers\n\n"
        + returned + b"\n" + mark + b"--\n"
    )  # fmt: skip


def boundary(content: bytes) -> str:
    """A boundary that does not occur in the content."""
    number = 0
    while f"=_part{number}=".encode() in content:
        number += 1
    return f"=_part{number}="


def notice(body: str, recipient: str) -> bytes:
    """The words of a bounce of which a platform kept nothing else: the recipient and the subject are filled in."""
    lines = [
        ("From", "MAILER-DAEMON"),
        ("Subject", "Undelivered Mail Returned to Sender"),
        *([("X-Failed-Recipients", recipient)] if recipient else []),
    ]
    return message(lines, body, html=bool(_HTML.search(body, 0, 5_000)))
