"""Reports whose machine-readable fields (RFC 3464) stand in the text: servers that send no multipart, and relays that
copy a whole bounce into the body of their own notice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzer.parsing import dsn
from analyzer.parsing.copies import own_words
from analyzer.parsing.kinds import is_bounce_like
from analyzer.parsing.marks import TEXT
from analyzer.parsing.message import Message, Part
from analyzer.records import Failure

_FIELDS = re.compile(r"^(?:Original-Envelope-Id|Reporting-MTA|Final-Recipient|Action):", re.MULTILINE | re.IGNORECASE)
_FINAL = re.compile(r"^Final-Recipient:", re.MULTILINE | re.IGNORECASE)
_COPIED = re.compile(r"^(?:From MAILER-DAEMON|Return-Path: *<>)", re.MULTILINE | re.IGNORECASE)


_HAS_FINAL = TEXT.add("^final-recipient:")


class Embedded:
    """Delivery-status fields, or a whole report, in the plain text of a machine's mail."""

    name = "embedded"

    def recognises(self, message: Message) -> bool:
        """A bounce-like mail with the fields at the beginning of lines: a person's quote has marks before them."""
        text = message.plain_text()
        if _HAS_FINAL not in message.marks() or _FINAL.search(text) is None or not is_bounce_like(message):
            return False
        # Behind the copy of our own mail they would be somebody else's fields, quoted in it.
        own = own_words(message)
        return _FINAL.search(own) is not None or _starts_with_copy(text, len(own))

    def failures(self, message: Message) -> Iterator[Failure]:
        """The failed recipients of the fields that stand in the text."""
        text = message.plain_text()
        own = own_words(message)
        copied = _COPIED.search(text)
        if copied and _starts_with_copy(text, len(own)):
            inner = Message(text[copied.start() :].encode("utf-8", "replace"), message.gauge)
            part = dsn.status_part(inner)
            if part is not None:
                yield from _failed(inner, part)
                return
        start = _FIELDS.search(own)
        if start:
            block = own[start.start() :]
            yield from _failed(message, Part(b"\n" + block.encode("utf-8", "replace"), message.gauge))


def _starts_with_copy(text: str, own_length: int) -> bool:
    """Whether the server's own words end where a whole bounce begins: the relay has put its notice round another's."""
    copied = _COPIED.search(text)
    return (
        copied is not None and copied.start() <= own_length and "multipart/report" in text[own_length:][:4000].lower()
    )


def _failed(message: Message, part: Part) -> Iterator[Failure]:
    for failure in dsn.read_failures(message, part)[1]:
        if failure.action == "failed":
            yield failure
