"""Mailjet: the Event API, as single events or grouped.

Source: Mailjet docs, "Event API" (payloads and the table of errors).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.sources import fields
from analyzer.sources.feeds.about_one import told_of_one

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.records import Kind
    from analyzer.sources.feeds.reader import JsonObject, Told

_KINDS: dict[str, Kind] = {"bounce": "bounce", "blocked": "bounce", "spam": "complaint", "sent": "delivered"}
_OWN = ("MessageID", "Message_GUID", "mj_campaign_id", "mj_contact_id", "customcampaign", "CustomID")
_DUPLICATE = "duplicate in campaign"


class Mailjet:
    """Mailjet by Sinch."""

    name = "mailjet"

    def recognises(self, event: JsonObject) -> bool:
        """By an event beside one of its ids."""
        return event.get("event").__class__ is str and "email" in event and any(key in event for key in _OWN)

    def read(self, event: JsonObject) -> Iterator[Told]:
        """One report about one recipient."""
        name = fields.text(event.get("event"), 40).lower()
        kind = _KINDS.get(name, "other")
        error = fields.line(event.get("error"), 100)
        if error.lower() == _DUPLICATE:
            # An earlier mail of the same campaign had gone to the person: this one was not needed.
            kind = "other"
        said = fields.line(event.get("comment")) or error
        classed = fields.provider_class(self.name, event.get("error_related_to"), error)
        yield told_of_one(
            self.name,
            kind,
            event.get("email"),
            classed or fields.provider_class(self.name, name),
            fields.line(event.get("smtp_reply")) if kind == "delivered" else said,
            at=event.get("time"),
            marks=[
                ("x-mj-message-id", event.get("MessageID")),
                ("x-mj-message-guid", event.get("Message_GUID")),
                ("customcampaign", event.get("customcampaign")),
                ("x-mj-customid", event.get("CustomID")),
                ("payload", event.get("Payload")),
                ("mj_campaign_id", event.get("mj_campaign_id")),
                ("mj_contact_id", event.get("mj_contact_id")),
            ],
        )
