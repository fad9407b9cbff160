"""HubSpot: the events of its Email Events API.

Source: HubSpot developer docs, "Email events" (BOUNCE, DROPPED, DEFERRED, SPAMREPORT).
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
    "BOUNCE": "bounce",
    "DROPPED": "bounce",
    "DEFERRED": "delayed",
    "DELIVERED": "delivered",
    "SPAMREPORT": "complaint",
}
#: Nothing was sent, because the person had opted out or gets no such mail: neither bad data nor a refusal.
_OPTED_OUT = frozenset(
    {
        "PREVIOUSLY_UNSUBSCRIBED_MESSAGE", "PREVIOUSLY_UNSUBSCRIBED_PORTAL", "PREVIOUSLY_UNSUBSCRIBED_BUSINESS_UNIT",
        "CAMPAIGN_CANCELLED", "EMAIL_UNCONFIRMED",
    }
)  # fmt: skip


class HubSpot:
    """HubSpot."""

    name = "hubspot"

    def recognises(self, event: JsonObject) -> bool:
        """By the portal and the campaign beside the recipient."""
        return {"portalId", "emailCampaignId", "recipient", "type"} <= event.keys()

    def read(self, event: JsonObject) -> Iterator[Told]:
        """One report about one recipient."""
        name = fields.text(event.get("type"), 40)
        kind = _KINDS.get(name, "other")
        why = fields.text(fields.first(event.get("category"), event.get("dropReason")), 60)
        if why in _OPTED_OUT:
            kind = "other"
        said = fields.line(event.get("response")) or fields.line(event.get("dropMessage"))
        sent = fields.table(event.get("sentBy"))
        yield told_of_one(
            self.name,
            kind,
            event.get("recipient"),
            fields.provider_class(self.name, name, why),
            said if kind in {"bounce", "delayed"} else "",
            code=event.get("status"),
            at=event.get("created"),
            subject=event.get("subject"),
            sender=event.get("from"),
            message_id=event.get("smtpId"),
            sent_at=sent.get("created"),
            marks=[("campaign", event.get("emailCampaignId")), ("x-sent-by", sent.get("id"))],
        )
