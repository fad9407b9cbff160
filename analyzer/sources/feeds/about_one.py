"""What an event about one recipient tells, out of its values as they stand in it: most events are of that kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analyzer.records import Original, Report
from analyzer.sources import fields
from analyzer.sources.feeds.reader import Told

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analyzer.records import Kind


def told_of_one(
    reader: str,
    kind: Kind,
    to: Any,
    classed: str,
    said: str = "",
    *,
    code: Any = None,
    reply: Any = None,
    mta: Any = None,
    at: Any = None,
    subject: Any = None,
    sender: Any = None,
    message_id: Any = None,
    sent_at: Any = None,
    recipients: Any = None,
    feedback: Any = "",
    dump: bytes = b"",
    marks: Iterable[tuple[str, Any]] = (),
) -> Told:
    """A report about the recipient `to`, and the mail of ours that it is about.

    classed: the provider's class (`fields.provider_class`); said: the words that say why, which for a complaint are
    those of a mailed report. code, reply, mta: the status, the reply code and the host that refused. at: when it
    happened; sent_at: when the mail was sent. recipients: all that it went to, where that is not `to` alone. feedback:
    of a complaint, its kind. dump: the bounce itself. marks: what tells which mail it was, beside its Message-ID.
    """
    about = fields.line(subject)
    # Most events have a few of the values: nothing is looked for in what is not there.
    return Told(
        Report(
            kind=kind,
            format=reader,
            failures=(
                fields.failure(
                    kind,
                    fields.recipient(to),
                    classed,
                    fields.complaint(feedback) if kind == "complaint" else said,
                    code=fields.status(code) if code else "",
                    reply_code=fields.reply(reply) if reply else "",
                    mta=fields.host(mta) if mta else "",
                ),
            ),
            received_at=fields.moment(at),
            subject=about,
            original=Original(
                message_id=fields.message_id(message_id) if message_id else "",
                sender=fields.address(sender),
                recipients=fields.addresses(to if recipients is None else recipients),
                subject=about,
                date=fields.moment(sent_at) if sent_at else "",
                headers=fields.marks(marks),
            ),
        ),
        dump,
    )
