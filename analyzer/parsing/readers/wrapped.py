"""Whole bounces as attachments of a notice that says nothing: virus scanners and gateways that pass reports on, and
digests of them (RFC 2046 5.1.5).

Trend Micro's and Mirapoint's gateways, among others. Behind every other reader: a notice that names an address itself
returns our own mail, and were that a bounce too, it would be somebody else's.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.parsing import dsn
from analyzer.parsing.kinds import from_reporter, is_bounce_like
from analyzer.parsing.message import Message
from analyzer.parsing.original import find_original
from analyzer.records import Failure


class WrappedReport:
    """Reports (RFC 3462) inside `message/rfc822` parts."""

    name = "wrapped"

    def recognises(self, message: Message) -> bool:
        """A machine's notice with another machine's report in it."""
        passes_on = is_bounce_like(message) or (message.content_type == "multipart/digest" and from_reporter(message))
        return passes_on and next(_inner(message), None) is not None

    def failures(self, message: Message) -> Iterator[Failure]:
        """The failed recipients of the reports; what the first of them returned is what came back of our mail."""
        first = True
        for inner in _inner(message):
            part = dsn.status_part(inner)
            if part is None:
                continue
            if first:
                message.original, first = find_original(inner), False
            for failure in dsn.read_failures(inner, part)[1]:
                if failure.action == "failed":
                    yield failure


def _inner(message: Message) -> Iterator[Message]:
    for part in message.leaves():
        if part.content_type == "message/rfc822" and b"multipart/report" in part.body[:8000].lower():
            inner = Message(part.content(), message.gauge)
            if inner.content_type == "multipart/report" and is_bounce_like(inner):
                yield inner
