"""Mailchimp Transactional (Mandrill): message events of its webhooks.

Source: Mailchimp Transactional docs, "Webhook format" and "Message events".
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
    "hard_bounce": "bounce",
    "soft_bounce": "bounce",
    "reject": "bounce",
    "deferral": "delayed",
    "delivered": "delivered",
    "spam": "complaint",
}
#: Nothing was sent, for what our own account or the person had asked for: neither bad data nor a refusal.
_NOT_TRIED = frozenset({"unsub", "custom", "test", "rule"})


class Mandrill:
    """Mailchimp Transactional, that was Mandrill."""

    name = "mandrill"

    def recognises(self, event: JsonObject) -> bool:
        """By the message inside, with its own spelling of an id."""
        message = event.get("msg")
        return event.get("event").__class__ is str and message.__class__ is dict and "_id" in {*event, *message}

    def read(self, event: JsonObject) -> Iterator[Told]:
        """One report about one recipient."""
        name, message = fields.text(event.get("event"), 40).lower(), fields.table(event.get("msg"))
        kind = _KINDS.get(name, "other")
        tries = [fields.table(one) for one in fields.listed(message.get("smtp_events"))]
        if kind == "bounce":
            # A mail that bounced later was taken first, and that answer says nothing of why.
            tries = [one for one in tries if fields.text(one.get("type"), 40) != "sent"]
        last = tries[-1] if tries else {}
        said = fields.line(message.get("diag")) or fields.line(last.get("diag"))
        classed = fields.provider_class(self.name, message.get("bounce_description"))
        if name == "reject":
            why = message.get("reject")
            why = fields.line(fields.table(why).get("reason") or why, 80).lower()
            classed = fields.provider_class(self.name, name, why)
            if why in _NOT_TRIED:
                kind = "other"
        yield told_of_one(
            self.name,
            kind,
            message.get("email"),
            classed or fields.provider_class(self.name, name),
            said.removeprefix("smtp;"),
            at=fields.first(event.get("ts"), message.get("ts")),
            subject=message.get("subject"),
            sender=message.get("sender"),
            marks=[
                ("tag", message.get("tags")),
                ("metadata", message.get("metadata")),
                ("x-mandrill-id", message.get("_id") or event.get("_id")),
            ],
        )
