"""SMTP2GO: webhooks.

Source: SMTP2GO developer docs, "Webhooks" (JSON output).
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
    "delivered": "delivered",
    "spam": "complaint",
}


class Smtp2Go:
    """SMTP2GO."""

    name = "smtp2go"

    def recognises(self, event: JsonObject) -> bool:
        """By its id of a mail beside the recipient, which it calls `rcpt`."""
        return (
            event.get("event").__class__ is str and "email_id" in event and ("rcpt" in event or "recipients" in event)
        )

    def read(self, event: JsonObject) -> Iterator[Told]:
        """One report about one recipient; `bounce` is hard or soft, and `context` the command that was answered."""
        name = fields.text(event.get("event"), 40).lower()
        kind = _KINDS.get(name, "other")
        said = fields.line(event.get("message")) or fields.line(event.get("context"))
        yield told_of_one(
            self.name,
            kind,
            fields.first(event.get("rcpt"), event.get("recipients")),
            fields.provider_class(self.name, name, event.get("bounce")),
            said if kind in {"bounce", "delayed"} else "",
            mta=event.get("host"),
            at=event.get("time"),
            subject=event.get("subject"),
            sender=fields.first(event.get("from_address"), event.get("from"), event.get("sender")),
            message_id=fields.first(event.get("message-id"), event.get("Message-Id")),
            sent_at=event.get("sendtime"),
            # Headers that the webhook was asked to tell stand among the keys.
            marks=[
                ("x-smtp2go-email-id", event.get("email_id")),
                *((name, said) for name, said in event.items() if name[:2].lower() == "x-"),
            ],
        )
