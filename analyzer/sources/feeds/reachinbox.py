"""ReachInbox: webhooks. A bounce is a flag and nothing else.

Source: ReachInbox docs, "Webhooks".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.sources import fields
from analyzer.sources.feeds.about_one import told_of_one

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.records import Kind
    from analyzer.sources.feeds.reader import JsonObject, Told

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
        yield told_of_one(
            self.name,
            kind,
            event.get("lead_email"),
            fields.provider_class(self.name, name),
            at=fields.first(event.get("timestamp"), event.get("created_at")),
            subject=fields.first(event.get("email_subject"), event.get("subject")),
            sender=event.get("email_account"),
            message_id=event.get("message_id"),
            marks=((name, event.get(name)) for name in (*_MARKS, "message_id")),
        )
