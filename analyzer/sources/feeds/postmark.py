"""Postmark: webhooks by their `RecordType`, and the list of the bounces API.

Sources: Postmark docs, "Bounce webhook", "Bounce API" (types and their codes), "Sending email" (X-PM-KeepID).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.sources import fields
from analyzer.sources.feeds.about_one import told_of_one

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.records import Kind
    from analyzer.sources.feeds.reader import JsonObject, Told

#: What Postmark files under bounces and is none; anything else is one.
_BOUNCE_TYPES: dict[str, Kind] = {
    "Transient": "delayed",
    "SpamComplaint": "complaint",
    "AutoResponder": "autoreply",
    "ChallengeVerification": "challenge",
    "Subscribe": "other",
    "Unsubscribe": "other",
    "OpenRelayTest": "other",
    "InboundError": "other",
    # Nothing was sent: our own template, our own wish, or a confirmation that the person never gave.
    "TemplateRenderingFailed": "other",
    "ManuallyDeactivated": "other",
    "Unconfirmed": "other",
}
_RECORDS: dict[str, Kind] = {"SpamComplaint": "complaint", "Delivery": "delivered"}


class Postmark:
    """Postmark by ActiveCampaign."""

    name = "postmark"

    def recognises(self, event: JsonObject) -> bool:
        """By its type of record; a row of the list by a bounce's type and code."""
        if event.get("RecordType").__class__ is str:
            return True
        return "TypeCode" in event and "Type" in event and "Email" in event

    def read(self, event: JsonObject) -> Iterator[Told]:
        """One report about one recipient."""
        record = fields.text(event.get("RecordType"), 60) or "Bounce"
        bounce_type = fields.text(event.get("Type"), 60)
        kind = _BOUNCE_TYPES.get(bounce_type, "bounce") if record == "Bounce" else _RECORDS.get(record, "other")
        said = fields.line(event.get("Details"))
        # The description is one for the whole class, and its examples would pass for a reason. The dump of the bounce
        # is asked where there are no details.
        dump = event.get("Content") if kind == "bounce" and not said else ""
        own = fields.text(event.get("MessageID"), 100)
        yield told_of_one(
            self.name,
            kind,
            fields.first(event.get("Email"), event.get("Recipient")),
            fields.provider_class(self.name, bounce_type or record),
            said,
            at=fields.first(
                event.get("BouncedAt"), event.get("DeliveredAt"), event.get("ReceivedAt"), event.get("ChangedAt")
            ),
            subject=event.get("Subject"),
            sender=event.get("From"),
            # Postmark sends a mail under this id, unless it was told to keep ours.
            message_id=f"<{own}@mtasv.net>" if own and "@" not in own else own,
            dump=dump.encode("utf-8", "replace") if dump.__class__ is str and dump else b"",
            marks=[
                ("x-pm-message-id", own),
                *fields.table(event.get("Metadata")).items(),
                ("tag", event.get("Tag")),
                ("message-stream", event.get("MessageStream")),
            ],
        )
