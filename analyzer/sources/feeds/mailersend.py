"""MailerSend: webhooks.

Source: MailerSend developer docs, "Webhooks" (`activity.*`).
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
    "activity.hard_bounced": "bounce",
    "activity.soft_bounced": "bounce",
    "activity.deferred": "delayed",
    "activity.delivered": "delivered",
    "activity.spam_complaint": "complaint",
}


class MailerSend:
    """MailerSend."""

    name = "mailersend"

    def recognises(self, event: JsonObject) -> bool:
        """By a type such as `activity.hard_bounced` over an activity."""
        kind = event.get("type")
        return kind.__class__ is str and kind.startswith("activity.") and event.get("data").__class__ is dict

    def read(self, event: JsonObject) -> Iterator[Told]:
        """One report about one recipient."""
        name, data = fields.text(event.get("type"), 60), fields.table(event.get("data"))
        kind = _KINDS.get(name, "other")
        mail, why = fields.table(data.get("email")), fields.table(data.get("morph"))
        said = fields.line(why.get("reason")) if kind in {"bounce", "delayed"} else ""
        yield told_of_one(
            self.name,
            kind,
            fields.table(mail.get("recipient")).get("email"),
            fields.provider_class(self.name, name.removeprefix("activity.")),
            said,
            at=fields.first(event.get("created_at"), data.get("created_at")),
            subject=mail.get("subject"),
            sender=mail.get("from"),
            sent_at=mail.get("created_at"),
            marks=[
                # The sending API answers with the id of the message, which a log of sends holds.
                ("x-message-id", fields.table(mail.get("message")).get("id")),
                ("tag", mail.get("tags")),
                ("template_id", data.get("template_id")),
            ],
        )
