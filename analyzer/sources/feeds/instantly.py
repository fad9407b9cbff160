"""Instantly: webhooks. A bounce is a flag and nothing else.

Source: Instantly developer docs, "Webhook events".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.sources import fields
from analyzer.sources.feeds.about_one import told_of_one

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.records import Kind
    from analyzer.sources.feeds.reader import JsonObject, Told

_MARKS = ("campaign_id", "campaign_name", "campaign", "step", "variant", "email_id", "lead_id", "workspace")


class Instantly:
    """Instantly."""

    name = "instantly"

    def recognises(self, event: JsonObject) -> bool:
        """By the event's type beside the lead's address and the workspace, campaign or account."""
        return (
            event.get("event_type").__class__ is str
            and ("lead_email" in event or "email_account" in event)
            and ("workspace" in event or "campaign_id" in event or "campaign_name" in event)
            and "to_email" not in event
            and "stats_id" not in event
        )

    def read(self, event: JsonObject) -> Iterator[Told]:
        """One report about one lead."""
        name = fields.text(event.get("event_type"), 60)
        # A reason is not documented; should one come, it is the text.
        said = fields.line(fields.first(event.get("bounce_reason"), event.get("error_message")))
        kind: Kind = "bounce" if "bounce" in name.lower() else "other"
        if "auto_reply" in name.lower():
            kind = "autoreply"
        yield told_of_one(
            self.name,
            kind,
            fields.first(event.get("lead_email"), event.get("email")),
            fields.provider_class(self.name, name),
            said if kind == "bounce" else "",
            at=event.get("timestamp"),
            subject=fields.first(event.get("email_subject"), event.get("subject")),
            sender=event.get("email_account"),
            message_id=fields.first(event.get("message_id"), event.get("email_id")),
            marks=((name, event.get(name)) for name in _MARKS),
        )
