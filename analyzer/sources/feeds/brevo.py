"""Brevo, once Sendinblue: webhooks of transactional and marketing mail, and the events of its statistics API.

Source: Brevo API docs, "Transactional webhooks", "Marketing webhooks", "Get all your transactional email activity".
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

#: By the name without its underscores and in the singular: webhooks write `hard_bounce`, the API `hardBounces`.
_KINDS: dict[str, Kind] = {
    "bounce": "bounce",
    "hardbounce": "bounce",
    "softbounce": "bounce",
    "blocked": "bounce",
    "invalid": "bounce",
    "invalidemail": "bounce",
    "error": "bounce",
    "deferred": "delayed",
    "delivered": "delivered",
    "spam": "complaint",
    "complaint": "complaint",
}
_OWN = (
    "message-id", "messageId", "ts_epoch", "ts_event", "sending_ip", "template_id", "X-Mailin-custom", "camp_id",
    "campaign name", "segment_ids",
)  # fmt: skip
#: What Brevo's own programs put before a server's words.
_PREFIX = re.compile(r"\b(?:(?:undefined\b|[A-Z]\w{0,60}Error\b(?:\s*:)?|Error:)\s*)+")
_CUSTOM = re.compile(r"([^:|]{1,100}):([^|]{1,500})")


class Brevo:
    """Brevo."""

    name = "brevo"

    def recognises(self, event: JsonObject) -> bool:
        """By an event beside one of its own keys."""
        return event.get("event").__class__ is str and "email" in event and any(key in event for key in _OWN)

    def read(self, event: JsonObject) -> Iterator[Told]:
        """One report about one recipient."""
        name = fields.text(event.get("event"), 40)
        key = name.lower().replace("_", "").replace(" ", "")
        kind = _KINDS.get(key) or _KINDS.get(key.removesuffix("s"), "other")
        given = fields.table(event.get("headers"))
        yield told_of_one(
            self.name,
            kind,
            event.get("email"),
            fields.provider_class(self.name, _snake(name)),
            _PREFIX.sub("", fields.line(event.get("reason")), count=1),
            # `date` is in the zone of the account, which nothing names: the last resort.
            at=next(filter(fields.moment, map(event.get, ("ts_epoch", "ts_event", "ts", "date_event", "date"))), None),
            subject=event.get("subject"),
            sender=fields.first(event.get("sender_email"), event.get("from")),
            message_id=fields.first(event.get("message-id"), event.get("messageId")),
            marks=[
                *_custom(fields.first(event.get("X-Mailin-custom"), given.get("X-Mailin-custom"))),
                ("tag", event.get("tags") if event.get("tags").__class__ is list else None),
                ("tag", fields.first(event.get("tag"), event.get("tags"))),
                ("campaign", event.get("campaign name")),
                ("camp_id", event.get("camp_id")),
                ("template_id", event.get("template_id")),
                ("contact_id", event.get("contact_id")),
            ],
        )


def _snake(name: str) -> str:
    """One spelling for one event: `hardBounces` as `hard_bounce`."""
    snake = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
    return snake.removesuffix("s") if snake.endswith(("bounces", "requests")) else snake


def _custom(value: object) -> Iterator[tuple[str, object]]:
    """The sender's own header: the whole, and the pairs of `lead:42|step:2`, which is how Brevo advises to fill it."""
    said = fields.text(value)
    if said:
        yield "x-mailin-custom", said
        if said[0] != "{":
            yield from ((found[1].strip(), found[2].strip()) for found in _CUSTOM.finditer(said))
