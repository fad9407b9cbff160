"""Zoho ZeptoMail: webhooks.

Source: Zoho ZeptoMail help, "Webhooks" (hard bounce, soft bounce, feedback loop).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.sources import fields
from analyzer.sources.feeds.about_one import told_of_one

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.records import Kind
    from analyzer.sources.feeds.reader import JsonObject, Told

_KINDS: dict[str, Kind] = {"hardbounce": "bounce", "softbounce": "bounce", "feedback_loop": "complaint"}


class ZeptoMail:
    """Zoho ZeptoMail."""

    name = "zeptomail"

    def recognises(self, event: JsonObject) -> bool:
        """By the names of its two lists."""
        return "event_name" in event and event.get("event_message").__class__ is list

    def read(self, event: JsonObject) -> Iterator[Told]:
        """A report for each recipient that bounced, of each mail."""
        for mail in fields.up_to(fields.listed(event.get("event_message"))):
            about = fields.table(fields.table(mail).get("email_info"))
            for happening in fields.listed(fields.table(mail).get("event_data")):
                name = fields.text(fields.table(happening).get("object"), 40).lower()
                for detail in fields.up_to(fields.listed(fields.table(happening).get("details"))):
                    yield self._told(name, about, fields.table(detail))

    def _told(self, name: str, about: JsonObject, detail: JsonObject) -> Told:
        kind = _KINDS.get(name, "other")
        said = fields.line(detail.get("diagnostic_message")) or fields.line(detail.get("reason"))
        everyone = [fields.table(one).get("email_address") or one for one in fields.listed(about.get("to"))]
        to = fields.first(detail.get("bounced_recipient"), everyone if len(everyone) == 1 else None)
        return told_of_one(
            self.name,
            kind,
            to,
            fields.provider_class(self.name, name, detail.get("reason")),
            said.removeprefix("smtp;") if kind != "other" else "",
            at=fields.first(detail.get("time"), about.get("processed_time")),
            subject=about.get("subject"),
            sender=about.get("from"),
            sent_at=about.get("processed_time"),
            recipients=everyone,
            marks=[
                ("x-client-reference", about.get("client_reference")),
                ("x-email-reference", about.get("email_reference")),
                ("tag", about.get("tag")),
            ],
        )
