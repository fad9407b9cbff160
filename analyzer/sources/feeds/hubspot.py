"""HubSpot: the events of its Email Events API.

Source: HubSpot developer docs, "Email events" (BOUNCE, DROPPED, DEFERRED, SPAMREPORT).
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
        if kind == "complaint":
            said = fields.complaint("")
        to, sent = event.get("recipient"), fields.table(event.get("sentBy"))
        yield Told(
            Report(
                kind=kind,
                format=self.name,
                failures=(
                    fields.failure(
                        kind,
                        fields.recipient(to),
                        fields.provider_class(self.name, name, why),
                        said if kind in {"bounce", "delayed", "complaint"} else "",
                        code=fields.status(event.get("status")),
                    ),
                ),
                received_at=fields.moment(event.get("created")),
                subject=fields.line(event.get("subject")),
                original=Original(
                    message_id=fields.message_id(event.get("smtpId")),
                    sender=fields.address(event.get("from")),
                    recipients=fields.addresses(to),
                    subject=fields.line(event.get("subject")),
                    date=fields.moment(sent.get("created")),
                    headers=fields.marks([("campaign", event.get("emailCampaignId")), ("x-sent-by", sent.get("id"))]),
                ),
            )
        )
