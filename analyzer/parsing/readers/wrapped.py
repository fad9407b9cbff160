"""Whole bounces and lists' refusals as attachments: of a notice that says nothing, as virus scanners and gateways pass
them on, in digests of reports (RFC 2046 5.1.5), and of a mail with which a colleague or a mailbox's rule sends them on.

Trend Micro's and Mirapoint's gateways, among others. Behind every other reader: a notice that names an address itself
returns our own mail, and were that a bounce too, it would be somebody else's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzer.parsing import dsn
from analyzer.parsing.addresses import from_header, related
from analyzer.parsing.inline import inline_mail
from analyzer.parsing.kinds import (
    from_reporter,
    is_bounce_like,
    is_delay,
    is_forward,
    is_from_a_list,
    is_mail_systems,
    is_passed_on_to_us,
    is_success,
)
from analyzer.parsing.message import Message, Part
from analyzer.parsing.original import find_original
from analyzer.parsing.readers.exim import Exim
from analyzer.parsing.readers.lists import MailingList
from analyzer.parsing.readers.notice import Notice
from analyzer.records import Failure, Original

#: How programs that do not know a mail's file label it, and its name.
_FILE_TYPES = frozenset({"application/octet-stream", "application/eml", "application/x-eml", "text/x-eml"})
_EML = re.compile(r"\.eml[\"';\s]*$", re.IGNORECASE | re.MULTILINE)
#: How a bounce that is no report is read.
_PROSE = (Exim(), MailingList(), Notice())


class WrappedReport:
    """Bounces inside `message/rfc822` parts."""

    name = "wrapped"

    def recognises(self, message: Message) -> bool:
        """A machine's notice with another machine's bounce in it."""
        if not (is_bounce_like(message) or from_reporter(message)):
            return False
        # A list's digest, from the null sender though it may be, holds what others wrote to the list.
        digest = is_from_a_list(message) and any(part.content_type == "multipart/digest" for part in message.walk())
        return not digest and next(_inner(message), None) is not None

    def failures(self, message: Message) -> Iterator[Failure]:
        """The failed recipients of the bounces; what the first of them returned is what came back of our mail."""
        yield from _of_all(list(_inner(message)), message)


class ForwardedBounces:
    """Several bounces attached to a mail that passes them on; of a single one `passed_on` has it instead."""

    name = "forwarded"

    def recognises(self, message: Message) -> bool:
        """Bounces that had come to the one who sends them on: a stranger's are about a stranger's mail."""
        return bool(_passed_on(message))

    def failures(self, message: Message) -> Iterator[Failure]:
        """The failed recipients of all of them."""
        yield from _of_all(_passed_on(message), message)


def passed_on(message: Message) -> Message | None:
    """The one bounce that somebody of our company, or a rule of a mailbox, has sent on whole; None where none is."""
    found = _passed_on(message)
    return found[0] if len(found) == 1 else None


def _passed_on(message: Message) -> list[Message]:
    if message.content_type == "multipart/report":
        return []
    attached = any(map(_is_mail, message.leaves()))
    if not (attached or is_forward(message)) or not is_passed_on_to_us(message):
        return []
    forwarder = _domain(message.sender())
    found = list(_inner(message)) if attached else _inline(message)
    return [inner for inner in found if related(_domain(from_header(inner.get("to"))), forwarder)]


def _inline(message: Message) -> list[Message]:
    """The notice of a mail server that the text itself holds."""
    inner = inline_mail(message)
    told = inner is not None and is_mail_systems(inner) and (is_bounce_like(inner) or is_delay(inner))
    return [inner] if inner is not None and told else []


def _is_mail(part: Part) -> bool:
    """Whether the part is a whole mail; some programs know it by the name of its file alone."""
    if part.content_type == "message/rfc822":
        return True
    if part.content_type not in _FILE_TYPES:
        return False
    return _EML.search(f"{part.parameters.get('name', '')}\n{part.words('content-disposition')}") is not None


def _of_all(bounces: list[Message], message: Message) -> Iterator[Failure]:
    """The failed recipients of all bounces; `message.original` is then the mail of ours that all of them return."""
    originals = []
    for inner in bounces:
        failures = list(_failures(inner))
        if failures:
            originals.append(find_original(inner))
        yield from failures
    if originals:
        # Where each returns another mail, no Message-ID stands for all rows.
        same_mail = all(one.message_id == originals[0].message_id for one in originals)
        message.original = originals[0] if same_mail else Original(sender=originals[0].sender)


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()


#: A gateway's notice in a gateway's notice, and no more.
_MOST_WRAPPED = 3


def _inner(message: Message, depth: int = 1) -> Iterator[Message]:
    for part in message.leaves():
        if _is_mail(part):
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
