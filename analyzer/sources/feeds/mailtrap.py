"""Mailtrap Email Sending: webhooks.

Source: Mailtrap docs, "Webhooks" (`{"events": [...]}`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.sources import fields
from analyzer.sources.feeds.about_one import told_of_one

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.records import Kind
    from analyzer.sources.feeds.reader import JsonObject, Told

_KINDS: dict[str, Kind] = {
    "bounce": "bounce",
    "reject": "bounce",
    "suspension": "bounce",
    "soft bounce": "delayed",
    "soft_bounce": "delayed",
    "delivery": "delivered",
    "spam_complaint": "complaint",
    "spam": "complaint",
}


class Mailtrap:
    """Mailtrap."""

    name = "mailtrap"

    def recognises(self, event: JsonObject) -> bool:
        """By the stream that the mail went out on."""
        return event.get("event").__class__ is str and "sending_stream" in event and "event_id" in event

    def read(self, event: JsonObject) -> Iterator[Told]:
        """One report about one recipient."""
        name = fields.text(event.get("event"), 40).lower()
        kind = _KINDS.get(name, "other")
        said = fields.line(event.get("response")) or fields.line(event.get("reason"))
        yield told_of_one(
            self.name,
            kind,
            event.get("email"),
            fields.provider_class(self.name, event.get("bounce_category")) or f"{self.name}:{name}",
            said if kind in {"bounce", "delayed"} else "",
            reply=event.get("response_code"),
            at=event.get("timestamp"),
            marks=[
                ("x-message-id", event.get("message_id")),
                ("category", event.get("category")),
                *fields.table(event.get("custom_variables")).items(),
            ],
        )
