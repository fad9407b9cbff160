"""lemlist: webhooks and the activities of its API. They tell that a mail bounced, and not why.

Source: lemlist developer docs, "Activities", "Webhooks" (`emailsBounced`, `emailsFailed`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.sources import fields
from analyzer.sources.feeds.about_one import told_of_one

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.records import Kind
    from analyzer.sources.feeds.reader import JsonObject, Told

_MARKS = ("campaignId", "campaignName", "leadId", "sequenceId", "sequenceStep", "emailTemplateId")


class Lemlist:
    """lemlist."""

    name = "lemlist"

    def recognises(self, event: JsonObject) -> bool:
        """By an activity's type beside its campaign's and its lead's own ids."""
        return event.get("type").__class__ is str and "campaignId" in event and "leadEmail" in event

    def read(self, event: JsonObject) -> Iterator[Told]:
        """One report about the lead."""
        name = fields.text(event.get("type"), 60)
        kind: Kind = "bounce" if name == "emailsBounced" else "delivered" if name == "emailsSent" else "other"
        yield told_of_one(
            self.name,
            kind,
            event.get("leadEmail"),
            fields.provider_class(self.name, name),
            fields.line(event.get("errorMessage")) if kind == "bounce" else "",
            at=event.get("createdAt"),
            subject=event.get("subject"),
            sender=event.get("sendUserEmail"),
            message_id=event.get("messageId"),
            marks=((name, event.get(name)) for name in _MARKS),
        )
