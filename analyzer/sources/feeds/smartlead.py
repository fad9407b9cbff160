"""Smartlead: webhooks. The one sequence platform that hands on the words of the bounce.

Source: Smartlead help centre, "Webhooks" (EMAIL_BOUNCE); older payloads have `time_sent` and `bounce_reply_email`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analyzer.records import Original, Report
from analyzer.sources import fields
from analyzer.sources.feeds import mime
from analyzer.sources.feeds.reader import Told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.records import Kind
    from analyzer.sources.feeds.reader import JsonObject

_OWN = ("to_email", "sl_lead_email", "stats_id", "sl_email_lead_id")
_MARKS = (
    "campaign_id", "campaign_name", "sequence_number", "stats_id", "sl_email_lead_id", "sl_email_lead_map_id",
    "lead_id", "client_id",
)  # fmt: skip


class Smartlead:
    """Smartlead."""

    name = "smartlead"

    def recognises(self, event: JsonObject) -> bool:
        """By the event's type beside one of its own keys."""
        return event.get("event_type").__class__ is str and any(key in event for key in _OWN)

    def read(self, event: JsonObject) -> Iterator[Told]:
        """One report; the bounce's own words go with it as a message."""
        name = fields.text(event.get("event_type"), 60)
        kind: Kind = "bounce" if "BOUNCE" in name.upper() else "other"
        to = fields.recipient(fields.first(event.get("to_email"), event.get("sl_lead_email"), event.get("lead_email")))
        sent = fields.table(event.get("sent_message"))
        came_back = (
            fields.first(event.get("bounce_message"), event.get("bounce_reply_email")) if kind == "bounce" else None
        )
        yield Told(
            Report(
                kind=kind,
                format=self.name,
                failures=(fields.failure(kind, to, fields.provider_class(self.name, name)),),
                received_at=fields.moment(
                    fields.first(
                        event.get("event_timestamp"), fields.table(came_back).get("time"), event.get("time_sent")
                    )
                ),
                subject=fields.line(event.get("subject")),
                original=Original(
                    message_id=fields.message_id(sent.get("message_id")) or fields.message_id(event.get("message_id")),
                    sender=fields.address(event.get("from_email")),
                    recipients=(to,) if to else (),
                    subject=fields.line(event.get("subject")),
                    date=fields.moment(sent.get("time")),
                    headers=fields.marks((name, event.get(name)) for name in _MARKS),
                ),
            ),
            bounce_words(came_back, to) if kind == "bounce" else b"",
        )


def bounce_words(came_back: Any, to: str) -> bytes:
    """The bounce as a message: `{html, text}` or a bare text, which may be HTML too."""
    part = fields.table(came_back)
    body = fields.first_text(part.get("text"), part.get("html"), part.get("body"), came_back)
    return mime.notice(body, to) if body else b""
