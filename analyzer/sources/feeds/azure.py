"""Azure Communication Services: delivery reports by Event Grid, in its own schema or as CloudEvents.

Source: Microsoft Learn, "Azure Communication Services - Email events".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.sources import fields
from analyzer.sources.feeds.about_one import told_of_one

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.records import Kind
    from analyzer.sources.feeds.reader import JsonObject, Told

_REPORT = "EmailDeliveryReportReceived"
_KINDS: dict[str, Kind] = {
    "bounced": "bounce",
    "failed": "bounce",
    "filteredspam": "bounce",
    "quarantined": "bounce",
    "suppressed": "bounce",
    "delivered": "delivered",
    "expanded": "delivered",
}


class Azure:
    """Azure Communication Services Email, of the events that Event Grid delivers."""

    name = "azure"

    def recognises(self, event: JsonObject) -> bool:
        """By the event's type: Communication Services' own, or Event Grid's question to a new subscriber."""
        return _type(event).startswith(("Microsoft.Communication.", "Microsoft.EventGrid."))

    def read(self, event: JsonObject) -> Iterator[Told]:
        """One report about one recipient."""
        name = _type(event).rpartition(".")[2]
        data = fields.table(event.get("data"))
        outcome = fields.text(data.get("status"), 40)
        kind = _KINDS.get(outcome.lower(), "other") if name == _REPORT else "other"
        details = fields.table(data.get("deliveryStatusDetails"))
        yield told_of_one(
            self.name,
            kind,
            data.get("recipient"),
            fields.provider_class(self.name, outcome if name == _REPORT else name),
            fields.line(details.get("statusMessage")),
            mta=details.get("recipientMailServerHostName"),
            at=fields.first(
                data.get("deliveryAttemptTimeStamp"),
                data.get("deliveryAttemptTimestamp"),
                event.get("eventTime"),
                event.get("time"),
            ),
            sender=data.get("sender"),
            message_id=data.get("internetMessageId"),
            marks=[("x-acs-message-id", data.get("messageId"))],
        )


def _type(event: JsonObject) -> str:
    """Event Grid's name for the type, or CloudEvents'."""
    found = event.get("eventType") or event.get("type")
    return found if found.__class__ is str else ""
