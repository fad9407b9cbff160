"""Twilio SendGrid: the Event Webhook, and the lists of the suppression API.

Sources: Twilio SendGrid docs, "Event Webhook Reference", "Suppressions". Unique arguments stand among the keys.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from analyzer.sources import fields
from analyzer.sources.feeds.about_one import told_of_one

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.records import Kind
    from analyzer.sources.feeds.reader import JsonObject, Told

_KINDS: dict[str, Kind] = {
    "bounce": "bounce",
    "blocked": "bounce",
    "dropped": "bounce",
    "deferred": "delayed",
    "delivered": "delivered",
    "spamreport": "complaint",
}
_OWN = ("sg_event_id", "sg_message_id", "smtp-id", "bounce_classification", "asm_group_id")
#: SendGrid's own keys; every other one was attached by the sender.
_KNOWN = frozenset(
    {
        "email", "timestamp", "event", "smtp-id", "sg_event_id", "sg_message_id", "reason", "status", "response",
        "attempt", "type", "bounce_classification", "ip", "tls", "cert_err", "useragent", "url", "url_offset",
        "sg_content_type",
        "sg_machine_open", "sg_template_id", "sg_template_name", "domain", "from", "subject", "created", "sg_user_id",
        "send_at", "newsletter", "pool", "asm_group_id",
    }
)  # fmt: skip
#: Words of a drop that name a class: a text of a server has a code in it.
_WORDS_ONLY = re.compile(r"[A-Za-z][A-Za-z ()'-]{1,60}")
#: Nothing was sent, because the person had opted out: neither bad data nor a refusal.
_OPTED_OUT = frozenset({"unsubscribed address", "group unsubscribe", "global unsubscribe"})


class SendGrid:
    """Twilio SendGrid."""

    name = "sendgrid"

    def recognises(self, event: JsonObject) -> bool:
        """By its ids beside an event's name; a suppression by its four keys and no other."""
        if "email" not in event:
            return False
        if event.get("event").__class__ is str:
            return any(key in event for key in _OWN)
        return "created" in event and "reason" in event and event.keys() <= {"created", "email", "reason", "status"}

    def read(self, event: JsonObject) -> Iterator[Told]:
        """One report about one recipient."""
        name = fields.text(event.get("event"), 40).lower() if "event" in event else "bounce"
        kind = _KINDS.get(name, "other")
        said = fields.line(event.get("reason")) or fields.line(event.get("response"))
        classed = fields.provider_class(
            self.name,
            fields.text(event.get("type")) or name if name == "bounce" else name,
            event.get("bounce_classification"),
        )
        if name == "dropped" and _WORDS_ONLY.fullmatch(said):
            classed = fields.provider_class(self.name, name, said)
            if said.lower() in _OPTED_OUT:
                kind = "other"
        code = fields.text(event.get("status"))
        # The sending API answers with the front of sg_message_id, so that is what a log of sends holds.
        answered = fields.text(event.get("sg_message_id"), 200).partition(".")[0]
        yield told_of_one(
            self.name,
            kind,
            event.get("email"),
            classed,
            said,
            code=code,
            reply=code,
            at=fields.first(event.get("timestamp"), event.get("created")),
            subject=event.get("subject"),
            sender=event.get("from"),
            message_id=event.get("smtp-id"),
            marks=[
                ("x-message-id", answered),
                *((name, value) for name, value in event.items() if name not in _KNOWN),
            ],
        )
