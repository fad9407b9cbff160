"""Amazon SES: notifications and published events. The envelopes round them are opened in `envelopes`.

Sources: Amazon SES Developer Guide, "Amazon SNS notification contents for Amazon SES" and "Contents of event data that
Amazon SES publishes". SES names the event in `notificationType` or `eventType`, and may add types and fields.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from analyzer.records import Original, Report
from analyzer.sources import fields
from analyzer.sources.feeds.reader import Told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.records import Failure, Kind
    from analyzer.sources.feeds.reader import JsonObject

#: For each event: its kind, the key of its own part, the key of the recipients in it.
_EVENTS: dict[str, tuple[Kind, str, str]] = {
    "Bounce": ("bounce", "bounce", "bouncedRecipients"),
    "Complaint": ("complaint", "complaint", "complainedRecipients"),
    "DeliveryDelay": ("delayed", "deliveryDelay", "delayedRecipients"),
    "Delivery": ("delivered", "delivery", "recipients"),
    # SES found a virus in our mail and did not send it.
    "Reject": ("bounce", "reject", ""),
}
_PARTS = (
    "bounce",
    "complaint",
    "deliveryDelay",
    "delivery",
    "reject",
    "send",
    "open",
    "click",
    "failure",
    "subscription",
)
_SNS_CHATTER = frozenset({"SubscriptionConfirmation", "UnsubscribeConfirmation"})
#: What SES sends to a topic that is set up for its events.
_SET_UP = "Successfully validated SNS topic for Amazon SES"
_REGION = re.compile(r"arn:aws[\w-]*:(?:ses|sns):([a-z0-9-]+):|\.smtp-out\.([a-z]+-[a-z-]+-\d)\.amazonses\.com")


class Ses:
    """Amazon Simple Email Service."""

    name = "ses"

    def recognises(self, event: JsonObject) -> bool:
        """By the name of the event's type beside the mail that it is about."""
        if "notificationType" in event or "eventType" in event:
            return _type(event) != "" and ("mail" in event or any(part in event for part in _PARTS))
        return "TopicArn" in event and (
            fields.text(event.get("Type"), 60) in _SNS_CHATTER
            or fields.text(event.get("Message"), 200).startswith(_SET_UP)
        )

    def read(self, event: JsonObject) -> Iterator[Told]:
        """One report with all recipients of the event."""
        name = _type(event)
        kind, key, list_key = _EVENTS.get(name, ("other", name[:1].lower() + name[1:], ""))
        part, mail = fields.table(event.get(key)), fields.table(event.get("mail"))
        classed = _class(name, part) or fields.provider_class(self.name, event.get("Type"))
        if kind == "complaint":
            if fields.text(part.get("complaintSubType")) == "OnAccountSuppressionList":
                # Nobody complained now: SES did not send, because the address had complained before.
                kind = "bounce"
            elif fields.text(part.get("complaintFeedbackType")) == "not-spam":
                kind = "other"
        if fields.text(part.get("bounceSubType")) == "UnsubscribedRecipient":
            # Nothing was sent, because the person had opted out: neither bad data nor a refusal.
            kind = "other"
        entries = fields.listed(part.get(list_key)) if list_key else []
        original = _original(event, mail, part)
        failures = [_failure(kind, name, entry, part, classed) for entry in entries or _destination(mail)]
        yield Told(
            Report(
                kind=kind,
                format=self.name,
                failures=tuple(failures) or (fields.failure(kind, "", classed),),
                received_at=fields.moment(part.get("timestamp"))
                or fields.moment(fields.first(mail.get("timestamp"), event.get("Timestamp"))),
                subject=original.subject,
                reporting_mta=fields.host(part.get("reportingMTA")),
                original=original,
            )
        )


def _type(event: JsonObject) -> str:
    return fields.text(event.get("notificationType")) or fields.text(event.get("eventType"))


def _class(name: str, part: JsonObject) -> str:
    if name == "Bounce":
        return fields.provider_class("ses", fields.text(part.get("bounceType")) or name, part.get("bounceSubType"))
    detail = {
        "Complaint": fields.first(part.get("complaintSubType"), part.get("complaintFeedbackType")),
        "DeliveryDelay": part.get("delayType"),
        "Reject": part.get("reason"),
    }
    return fields.provider_class("ses", name, detail.get(name))


def _destination(mail: JsonObject) -> list[Any]:
    return fields.up_to(fields.listed(mail.get("destination")))


def _failure(kind: Kind, name: str, entry: Any, part: JsonObject, classed: str) -> Failure:
    row = entry if isinstance(entry, dict) else {"emailAddress": entry}
    said = fields.line(row.get("diagnosticCode"))
    if kind == "complaint":
        said = fields.complaint(part.get("complaintFeedbackType"))
    elif name == "Delivery":
        said = fields.line(part.get("smtpResponse"))
    elif name == "Reject":
        said = fields.line(part.get("reason"))
    return fields.failure(
        kind,
        fields.recipient(row.get("emailAddress")),
        classed,
        said,
        code=fields.status(row.get("status")),
        mta=fields.host(part.get("remoteMtaIp")),
    )


def _original(event: JsonObject, mail: JsonObject, part: JsonObject) -> Original:
    written = fields.names_and_values(mail.get("headers"))
    by_name = fields.by_name(written)
    common = fields.table(mail.get("commonHeaders"))
    own = fields.text(mail.get("messageId"), 200)
    assigned = f"<{own}@{_host(event, mail, part)}>" if own and "@" not in own else fields.message_id(own)
    # SES sends a mail under an id of its own, and a bounce that it forwards to a mailbox shows that one; the id that we
    # gave is told beside it, and a campaign log may hold either.
    given = fields.message_id(by_name.get("message-id")) or fields.message_id(common.get("messageId"))
    headers = fields.telling(written)
    headers.update(
        fields.marks(
            (name, value) for name, value in fields.table(mail.get("tags")).items() if not name.startswith("ses:")
        )
    )
    if own:
        headers["x-ses-message-id"] = own
    if given and assigned and given.lower() != assigned.lower():
        headers["x-ses-assigned-message-id"] = assigned
    return Original(
        message_id=given or assigned,
        sender=fields.address(common.get("from"))
        or fields.address(by_name.get("from"))
        or fields.address(mail.get("source")),
        recipients=fields.addresses(_destination(mail)),
        subject=fields.line(common.get("subject")) or by_name.get("subject", ""),
        date=fields.line(common.get("date")) or by_name.get("date", ""),
        headers=headers,
    )


def _host(event: JsonObject, mail: JsonObject, part: JsonObject) -> str:
    """The domain of SES's own Message-IDs: that of the first region is `email`, the others are named."""
    for place in (mail.get("sourceArn"), part.get("reportingMTA"), event.get("TopicArn")):
        if found := _REGION.search(fields.text(place, 300)):
            region = found[1] or found[2]
            return "email.amazonses.com" if region == "us-east-1" else f"{region}.amazonses.com"
    return "email.amazonses.com"
