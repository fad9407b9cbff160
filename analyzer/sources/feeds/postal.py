"""Postal: webhooks of its own servers.

Source: Postal docs, "Webhooks" (message status events, message bounces).
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
    "MessageSent": "delivered",
    "MessageDelayed": "delayed",
    "MessageDeliveryFailed": "bounce",
    "MessageBounced": "bounce",
}
#: The event of an older webhook has no name.
_STATUSES: dict[str, Kind] = {"HardFail": "bounce", "SoftFail": "delayed", "Sent": "delivered"}


class Postal:
    """Postal."""

    name = "postal"

    def recognises(self, event: JsonObject) -> bool:
        """By a mail with its token and direction, in the payload or (older ones) in the event itself."""
        return _mail(fields.table(event.get("payload")) or event) != {}

    def read(self, event: JsonObject) -> Iterator[Told]:
        """One report about one recipient; of a bounce that came back later, Postal tells no words."""
        told = fields.table(event.get("payload")) or event
        name, mail = fields.text(event.get("event"), 40), _mail(told)
        bounced = fields.table(told.get("bounce"))
        kind = _KINDS.get(name, "bounce" if bounced and not name else "other")
        status = fields.text(told.get("status"), 20)
        if not name:
            kind = _STATUSES.get(status, kind)
        said = fields.line(told.get("output")) or fields.line(told.get("details"))
        yield told_of_one(
            self.name,
            kind,
            mail.get("to"),
            fields.provider_class(self.name, status or name),
            said if kind in {"bounce", "delayed"} else "",
            at=fields.first(told.get("timestamp"), bounced.get("timestamp"), event.get("timestamp")),
            subject=mail.get("subject"),
            sender=mail.get("from"),
            message_id=mail.get("message_id"),
            sent_at=mail.get("timestamp"),
            marks=[("x-postal-token", mail.get("token")), ("tag", mail.get("tag"))],
        )


def _mail(told: JsonObject) -> JsonObject:
    mail = fields.table(fields.first(told.get("original_message"), told.get("message")))
    return mail if {"token", "direction", "message_id"} <= mail.keys() else {}
