"""ReachInbox: webhooks. A bounce is a flag and nothing else.

Source: ReachInbox docs, "Webhooks".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.records import Original, Report
from analyzer.sources import fields
from analyzer.sources.feeds.reader import Told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.records import Kind
    from analyzer.sources.feeds.reader import JsonObject

_MARKS = ("campaign_id", "campaign_name", "step_number", "lead_id", "email_id")


class ReachInbox:
    """ReachInbox."""

    name = "reachinbox"

    def recognises(self, event: JsonObject) -> bool:
        """By an event beside the lead's address and the account that wrote."""
        return event.get("event").__class__ is str and "lead_email" in event and "email_account" in event

    def read(self, event: JsonObject) -> Iterator[Told]:
        """One report about one lead."""
        name = fields.text(event.get("event"), 60)
        kind: Kind = "bounce" if "BOUNCE" in name.upper() else "other"
        to = fields.recipient(event.get("lead_email"))
        yield Told(
            Report(
                kind=kind,
                format=self.name,
                failures=(fields.failure(kind, to, fields.provider_class(self.name, name)),),
                received_at=fields.moment(fields.first(event.get("timestamp"), event.get("created_at"))),
                subject=fields.line(fields.first(event.get("email_subject"), event.get("subject"))),
                original=Original(
                    message_id=fields.message_id(event.get("message_id")),
                    sender=fields.address(event.get("email_account")),
                    recipients=(to,) if to else (),
                    headers=fields.marks((name, event.get(name)) for name in (*_MARKS, "message_id")),
                ),
            )
        )
