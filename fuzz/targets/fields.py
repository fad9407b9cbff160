"""The pieces of a message: fields of a report, addresses, dates, charsets, encodings, markup, replies."""

from __future__ import annotations

import re
from functools import cache

from analyzer.addresses import read_address
from analyzer.parsing import dsn
from analyzer.parsing.addresses import find_addresses, from_field, from_header, is_address
from analyzer.parsing.dates import to_utc
from analyzer.parsing.decoding import decode_text, decode_transfer, decode_words, html_to_text
from analyzer.parsing.diagnostics import host_in
from analyzer.parsing.message import Message
from analyzer.replies import read as read_reply
from fuzz.mutation import CHARSETS, ENCODINGS
from fuzz.rows import hold
from fuzz.seeds import texts
from fuzz.seeds.mail import statuses
from fuzz.target import Target

_UTC = re.compile(r"|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def _text(data: bytes) -> str:
    """The bytes as a text may be: UTF-8, with what is none of it."""
    return data.decode("utf-8", "replace")


def _hold_unicode(text: str) -> None:
    text.encode("utf-8")


def delivery_status(data: bytes) -> None:
    """RFC 3464 fields: groups of names in lower case, and failures with addresses of a possible length."""
    head = b"Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n"
    message = Message(head + data)
    part = dsn.status_part(message)
    if part is not None:
        per_message, recipients = dsn.groups(part.content(), message.gauge)
        for group in (per_message, *recipients):
            for name, value in group.items():
                hold(name == name.lower(), "a field's name is in lower case", name)
                hold("\n" not in value, "a field is unfolded", value)
        for failure in dsn.read_failures(message, part)[1]:
            hold(0 < len(failure.recipient) <= 320, "a failure names a possible recipient", failure.recipient)


def addresses(data: bytes) -> None:
    """Addresses in fields, headers, prose and cells."""
    text = _text(data)
    for address in find_addresses(text):
        hold(is_address(address), "what is found is an address", address)
        hold("\n" not in address and len(address) <= 320, "an address is one line of a possible length", address)
    for found in (from_field(text), from_header(text)):
        hold(isinstance(found, str), "a field gives a text", found)
    for line in text.split("\n")[:20]:
        read = read_address(line)
        hold(read == read_address(line), "the same text gives the same address", line)


def dates(data: bytes) -> None:
    """RFC 5322 dates, and what else a date header holds."""
    for line in _text(data).split("\n"):
        found = to_utc(line)
        hold(_UTC.fullmatch(found) is not None, "a time is ISO 8601 in UTC, or nothing", found)


def charsets(data: bytes) -> None:
    """Text in any charset, its name on the first line: always text, never longer than its bytes allow."""
    name, _, body = data.partition(b"\n")
    for charset in (_text(name), ""):
        text = decode_text(body, charset)
        _hold_unicode(text)
        hold(len(text) <= 2 * len(body) + 4, "a text is not longer than its bytes allow", len(text), len(body))
    for encoding in ENCODINGS:
        plain = decode_transfer(body, encoding.decode("latin-1"))
        hold(len(plain) <= len(body) + 4, "undoing an encoding makes nothing longer", len(plain), len(body))
    _hold_unicode(decode_words(_text(data)))


def markup(data: bytes) -> None:
    """HTML to text: no tag left that was closed, nothing that cannot be written."""
    text = html_to_text(_text(data))
    _hold_unicode(text)
    hold(len(text) <= len(data) * 2 + 4, "text is not longer than its markup", len(text), len(data))


def replies(data: bytes) -> None:
    """An SMTP reply in any wrapping."""
    text = _text(data)
    found = read_reply(text)
    hold(found.whole.line == " ".join(found.whole.line.split()), "a reply is one line", found.whole.line)
    for part in (found.whole, found.inner or found.whole):
        hold(part.reply == "" or (len(part.reply) == 3 and part.reply.isdigit()), "a reply code has 3 digits", part)
    hold(host_in(text) == host_in(text).strip(), "a host has no blanks around it", text)


@cache
def _charset_seeds() -> list[bytes]:
    return [charset + b"\n" + text for charset in CHARSETS for text in texts.ENCODED[:3]]


TARGETS = (
    Target("delivery-status", delivery_status, statuses),
    Target("addresses", addresses, lambda: list(texts.ADDRESSES)),
    Target("dates", dates, lambda: list(texts.DATES)),
    Target("charsets", charsets, _charset_seeds),
    Target("markup", markup, lambda: list(texts.MARKUP)),
    Target("replies", replies, texts.replies),
)
