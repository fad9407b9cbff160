"""Zoho ZeptoMail: webhooks.

Source: Zoho ZeptoMail help, "Webhooks" (hard bounce, soft bounce, feedback loop).
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
        if kind == "complaint":
            said = fields.complaint("")
        everyone = [fields.table(one).get("email_address") or one for one in fields.listed(about.get("to"))]
        to = fields.first(detail.get("bounced_recipient"), everyone if len(everyone) == 1 else None)
        return Told(
            Report(
                kind=kind,
                format=self.name,
                failures=(
                    fields.failure(
                        kind,
                        fields.recipient(to),
                        fields.provider_class(self.name, name, detail.get("reason")),
                        said.removeprefix("smtp;") if kind != "other" else "",
                    ),
                ),
                received_at=fields.moment(fields.first(detail.get("time"), about.get("processed_time"))),
                subject=fields.line(about.get("subject")),
                original=Original(
                    sender=fields.address(about.get("from")),
                    recipients=fields.addresses(everyone),
                    subject=fields.line(about.get("subject")),
                    date=fields.moment(about.get("processed_time")),
                    headers=fields.marks(
                        [
                            ("x-client-reference", about.get("client_reference")),
                            ("x-email-reference", about.get("email_reference")),
                            ("tag", about.get("tag")),
                        ]
                    ),
                ),
            )
        )
