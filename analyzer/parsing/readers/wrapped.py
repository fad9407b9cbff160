"""Whole bounces and lists' refusals as attachments of a notice that says nothing: virus scanners and gateways that pass
them on, and digests of reports (RFC 2046 5.1.5).

Trend Micro's and Mirapoint's gateways, among others. Behind every other reader: a notice that names an address itself
returns our own mail, and were that a bounce too, it would be somebody else's.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.parsing import dsn
from analyzer.parsing.kinds import from_reporter, is_bounce_like, is_delay, is_success
from analyzer.parsing.message import Message
from analyzer.parsing.original import find_original
from analyzer.parsing.readers.exim import Exim
from analyzer.parsing.readers.lists import MailingList
from analyzer.parsing.readers.notice import Notice
from analyzer.records import Failure

#: How a bounce that is no report is read.
_PROSE = (Exim(), MailingList(), Notice())


class WrappedReport:
    """Bounces inside `message/rfc822` parts."""

    name = "wrapped"

    def recognises(self, message: Message) -> bool:
        """A machine's notice with another machine's bounce in it."""
        return (is_bounce_like(message) or from_reporter(message)) and next(_inner(message), None) is not None

    def failures(self, message: Message) -> Iterator[Failure]:
        """The failed recipients of the bounces; what the first of them returned is what came back of our mail."""
        first = True
        for inner in _inner(message):
            for failure in _failures(inner):
                if first:
                    message.original, first = find_original(inner), False
                yield failure


#: A gateway's notice in a gateway's notice, and no more.
_MOST_WRAPPED = 3


def _inner(message: Message, depth: int = 1) -> Iterator[Message]:
    for part in message.leaves():
        if part.content_type == "message/rfc822":
            inner = Message(part.content(), message.gauge)
            # A report is one by its own part, whatever its subject and its text say.
            reports = inner.content_type == "multipart/report" and dsn.status_part(inner) is not None
            of_server = from_reporter(inner) and is_bounce_like(inner)
            if reports or of_server or MailingList().recognises(inner):
                yield inner
            elif depth < _MOST_WRAPPED and from_reporter(inner):
                yield from _inner(inner, depth + 1)


def _failures(inner: Message) -> Iterator[Failure]:
    part = dsn.status_part(inner)
    reported = dsn.read_failures(inner, part)[1] if part is not None else []
    if reported:
        yield from (failure for failure in reported if failure.action == "failed")
    elif not is_delay(inner) and not is_success(inner):
        reader = next((one for one in _PROSE if one.recognises(inner)), None)
        yield from reader.failures(inner) if reader is not None else ()
