"""A whole bounce as an attachment of a notice that says nothing: virus scanners and gateways that pass reports on.

Trend Micro's and Mirapoint's gateways, among others. Behind every other reader: a notice that names an address itself
returns our own mail, and were that a bounce too, it would be somebody else's.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.parsing import dsn
from analyzer.parsing.kinds import is_bounce_like
from analyzer.parsing.message import Message
from analyzer.parsing.original import find_original
from analyzer.records import Failure


class WrappedReport:
    """A report (RFC 3462) inside a `message/rfc822` part."""

    name = "wrapped"

    def recognises(self, message: Message) -> bool:
        """A machine's notice with another machine's report in it."""
        return is_bounce_like(message) and _inner(message) is not None

    def failures(self, message: Message) -> Iterator[Failure]:
        """The failed recipients of the report; what it returned is what came back of our mail."""
        inner = _inner(message)
        part = dsn.status_part(inner) if inner is not None else None
        if inner is None or part is None:
            return
        message.original = find_original(inner)
        for failure in dsn.read_failures(inner, part)[1]:
            if failure.action == "failed":
                yield failure


def _inner(message: Message) -> Message | None:
    for part in message.leaves():
        if part.content_type == "message/rfc822" and b"multipart/report" in part.body[:8000].lower():
            inner = Message(part.content(), message.gauge)
            if inner.content_type == "multipart/report" and is_bounce_like(inner):
                return inner
    return None
