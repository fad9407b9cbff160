"""MailerSend: webhooks.

Source: MailerSend developer docs, "Webhooks" (`activity.*`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.records import Original, Report
from analyzer.sources import fields
from analyzer.sources.feeds.reader import Told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.records import Kind
    from analyzer.sources.feeds.reader import JsonObject

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
        to = fields.table(mail.get("recipient")).get("email")
        said = fields.line(why.get("reason")) if kind in {"bounce", "delayed"} else ""
        if kind == "complaint":
            said = fields.complaint("")
        yield Told(
            Report(
                kind=kind,
                format=self.name,
                failures=(
                    fields.failure(
                        kind,
                        fields.recipient(to),
                        fields.provider_class(self.name, name.removeprefix("activity.")),
                        said,
                    ),
                ),
                received_at=fields.moment(fields.first(event.get("created_at"), data.get("created_at"))),
                subject=fields.line(mail.get("subject")),
                original=Original(
                    sender=fields.address(mail.get("from")),
                    recipients=fields.addresses(to),
                    subject=fields.line(mail.get("subject")),
                    date=fields.moment(mail.get("created_at")),
                    headers=fields.marks(
                        [
                            # The sending API answers with the id of the message, which a log of sends holds.
                            ("x-message-id", fields.table(mail.get("message")).get("id")),
                            ("tag", mail.get("tags")),
                            ("template_id", data.get("template_id")),
                        ]
                    ),
                ),
            )
        )
