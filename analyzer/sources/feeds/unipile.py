"""Unipile: the bounce of a connected mailbox.

Source: Unipile docs, "Email webhooks".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.records import Original, Report
from analyzer.sources import fields
from analyzer.sources.feeds.reader import Told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.sources.feeds.reader import JsonObject


class Unipile:
    """Unipile."""

    name = "unipile"

    def recognises(self, event: JsonObject) -> bool:
        """By the reason, its type and its code over the mail that came back."""
        return "reason" in event and "type" in event and "code" in event and event.get("email").__class__ is dict

    def read(self, event: JsonObject) -> Iterator[Told]:
        """One report about the recipient; of several the event does not say which it is about."""
        mail = fields.table(event.get("email"))
        to = fields.first(event.get("recipient"), mail.get("to"), mail.get("to_attendees"))
        classed = fields.provider_class(self.name, event.get("type"))
        code = fields.reply(event.get("code"))
        said = fields.line(event.get("reason"))
        yield Told(
            Report(
                kind="bounce",
                format=self.name,
                failures=tuple(
                    fields.failure("bounce", one, classed, said, reply_code=code) for one in fields.named_in(to, said)
                ),
                received_at=fields.moment(event.get("date")),
                subject=fields.line(mail.get("subject")),
                original=Original(
                    message_id=fields.message_id(mail.get("message_id")),
                    sender=fields.address(fields.first(mail.get("from"), mail.get("from_attendee"))),
                    recipients=fields.addresses(to),
                    subject=fields.line(mail.get("subject")),
                    headers=fields.marks(
                        [
                            ("x-unipile-email-id", fields.first(mail.get("email_id"), mail.get("id"))),
                            ("x-unipile-tracking-id", mail.get("tracking_id")),
                        ]
                    ),
                ),
            )
        )
