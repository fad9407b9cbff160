"""What every notice is made of: the case it tells of, the headers of its arrival, and MIME parts in writing."""

from __future__ import annotations

import base64
import quopri
import textwrap
from dataclasses import dataclass
from email.header import Header
from email.utils import format_datetime
from typing import TYPE_CHECKING

from maker import original

if TYPE_CHECKING:
    from datetime import datetime

    from maker.campaign import Send
    from maker.chance import Chance
    from maker.replies import Reply


@dataclass(frozen=True)
class Case:
    """One failure to be reported. `returned` is what comes back of our mail: `full`, `headers`, `reduced`, `none`."""

    send: Send
    reply: Reply
    at: datetime
    returned: str
    chance: Chance
    #: The address that failed where a forward had turned ours into another.
    forwarded_to: str = ""
    #: A relay's Message-ID in place of ours.
    replaced_id: str = ""

    @property
    def recipient(self) -> str:
        return self.forwarded_to or self.send.lead.email

    @property
    def mailbox(self) -> str:
        return self.send.sender.address

    @property
    def home(self) -> str:
        """Our domain."""
        return self.send.sender.domain

    @property
    def to(self) -> str:
        """Where the notice is delivered; a relay with return paths of its own sends it to the plain mailbox."""
        return self.mailbox if self.replaced_id else original.bounce_address(self.send)

    @property
    def mx(self) -> str:
        return self.send.lead.company.mx

    @property
    def ours(self) -> original.Headers:
        """The returned headers of our mail; reduced ones lack the Message-ID."""
        rows = original.headers(self.send, self.replaced_id)
        if self.returned == "reduced":
            return [row for row in rows if row[0] in ("From", "To", "Subject", "X-Lead-Id", "X-Campaign")]
        return [] if self.returned == "none" else rows

    @property
    def copy(self) -> str:
        """The returned copy of our mail: headers, and the body where it comes back full."""
        text = original.text(self.ours)
        return f"{text}\n{original.body(self.send)}" if self.returned == "full" else text

    @property
    def subject(self) -> str:
        """The subject of our mail."""
        return original.subject(self.send)

    @property
    def sent(self) -> str:
        return format_datetime(self.send.sent_at)

    @property
    def date(self) -> str:
        return format_datetime(self.at)


def arrival(case: Case, *, host: str, sender: str, subject: str, more: str = "", message_id: str = "") -> str:
    """The top of a notice as our mail store holds it; `more` are header lines that end it."""
    queue = case.chance.letters(11)
    return (
        "Return-Path: <>\n"
        f"Delivered-To: {case.to}\n"
        f"Received: from {host} ({host} [192.0.2.{case.chance.whole(3, 250)}])\n"
        f"\tby mx.{case.home} with ESMTPS id {queue}\n"
        f"\tfor <{case.to}>; {case.date}\n"
        f"Date: {case.date}\n"
        f"From: {sender}\n"
        f"To: {case.to}\n"
        f"Subject: {encoded(subject)}\n"
        f"Message-ID: {message_id or f'<{case.chance.hexes(16)}@{host}>'}\n"
        f"{more}"
    )


def parted(kind: str, boundary: str, *parts: str) -> str:
    """Content-Type header, blank line and body of a multipart; each part is headers, blank line, body."""
    body = "".join(f"--{boundary}\n{part.rstrip(chr(10))}\n\n" for part in parts)
    return f'MIME-Version: 1.0\nContent-Type: {kind};\n\tboundary="{boundary}"\n\n{body}--{boundary}--\n'


def nested(kind: str, boundary: str, *parts: str) -> str:
    """A multipart as a part of another."""
    return parted(kind, boundary, *parts).removeprefix("MIME-Version: 1.0\n")


def part(content_type: str, body: str, more: str = "") -> str:
    """One part with its headers."""
    return f"Content-Type: {content_type}\n{more}\n{body}"


def quoted(content_type: str, body: str, charset: str = "utf-8") -> str:
    """A text part in quoted-printable."""
    data = quopri.encodestring(body.encode(charset)).decode("ascii")
    return part(f'{content_type}; charset="{charset}"', data, "Content-Transfer-Encoding: quoted-printable\n")


def base64_text(content_type: str, body: str, charset: str = "utf-8") -> str:
    """A text part in base64."""
    data = base64.encodebytes(body.encode(charset)).decode("ascii")
    return part(f'{content_type}; charset="{charset}"', data, "Content-Transfer-Encoding: base64\n")


def returned_part(case: Case) -> tuple[str, ...]:
    """The last part of a report, as a tuple of none or one."""
    if case.returned == "none":
        return ()
    kind = "message/rfc822" if case.returned == "full" else "text/rfc822-headers"
    return (part(kind, case.copy, "Content-Description: Undelivered Message\n"),)


def folded(name: str, value: str, width: int = 76, indent: str = "    ") -> str:
    """A header field folded at blanks."""
    rows = textwrap.wrap(
        f"{name}: {value}", width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
    return "\n".join(rows) + "\n"


def encoded(text: str, charset: str = "utf-8") -> str:
    """A header's text, as an encoded word where it is not ASCII."""
    return text if text.isascii() else Header(text, charset).encode()
