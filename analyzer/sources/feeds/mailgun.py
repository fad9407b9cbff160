"""Mailgun: webhooks, the Events API and the list of bounces.

Sources: Mailgun docs, "Tracking failures", "Events", "Suppressions". Some codes are Mailgun's own.
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
    "bounced": "bounce",
    "dropped": "bounce",
    "rejected": "bounce",
    "complained": "complaint",
    "delivered": "delivered",
}
_EVENT_KEYS = ("delivery-status", "log-level", "user-variables", "envelope", "recipient-domain", "campaigns")
_OLD_KEYS = ("message-headers", "X-Mailgun-Sid", "token", "domain", "Message-Id")
#: 498 no MX, 499 its own time-out, 605 bounced, 606 opted out, 607 complained before: no server said these.
_OWN_CODES = frozenset({"498", "499", "602", "605", "606", "607"})
#: It gave up, for the cause that it tells beside it.
_GAVE_UP = "602"


class Mailgun:
    """Mailgun by Sinch."""

    name = "mailgun"

    def recognises(self, event: JsonObject) -> bool:
        """The webhook by its `event-data`, an event by keys with hyphens, a suppression by its address and error."""
        if "event-data" in event:
            return event["event-data"].__class__ is dict
        if event.get("event").__class__ is str and "email" not in event:
            return any(key in event for key in _EVENT_KEYS) or (
                "recipient" in event and any(key in event for key in _OLD_KEYS)
            )
        return "address" in event and "error" in event and "code" in event

    def read(self, event: JsonObject) -> Iterator[Told]:
        """One report about one recipient."""
        event = fields.table(event["event-data"]) if "event-data" in event else event
        name = fields.text(event.get("event"), 40).lower() if "event" in event else "bounced"
        outcome = fields.table(event.get("delivery-status"))
        severity = fields.text(event.get("severity"), 40)
        cause = fields.text(event.get("reason"), 60)
        code = fields.text(fields.first(outcome.get("code"), event.get("code")), 20)
        kind = _KINDS.get(name, "other")
        if name == "failed":
            kind = "delayed" if severity == "temporary" else "bounce"
        if cause == "suppress-unsubscribe" or code == "606":
            # Nothing was sent, because the person had opted out: neither bad data nor a refusal.
            kind = "other"
        steps = (severity or name, cause)
        if code in _OWN_CODES - {_GAVE_UP} and not cause.startswith("suppress-"):
            steps = (code, "")
        said = _said(event, outcome, code)
        if kind == "complaint":
            said = fields.complaint("")
        headers = _headers(event)
        yield Told(
            Report(
                kind=kind,
                format=self.name,
                failures=(
                    fields.failure(
                        kind,
                        fields.recipient(fields.first(event.get("recipient"), event.get("address"))),
                        fields.provider_class(self.name, *steps),
                        said,
                        code=fields.status(outcome.get("enhanced-code")),
                        reply_code="" if code in _OWN_CODES else fields.reply(code),
                        mta=fields.host(outcome.get("mx-host")),
                    ),
                ),
                received_at=fields.moment(fields.first(event.get("timestamp"), event.get("created_at"))),
                subject=headers.get("subject", ""),
                original=_original(event, headers),
            )
        )


def _said(event: JsonObject, outcome: JsonObject, code: str) -> str:
    """The reply with the code that Mailgun takes off it; else what Mailgun says itself."""
    rejected = fields.table(event.get("reject"))
    for said in (
        fields.line(outcome.get("message")),
        fields.line(outcome.get("description")),
        fields.line(event.get("error")),
        fields.line(event.get("description")),
        fields.line(rejected.get("reason")),
    ):
        if said:
            known = code in _OWN_CODES or not fields.reply(code) or said.startswith(code)
            return said if known or code[0] not in "45" else f"{code} {said}"
    return ""


def _headers(event: JsonObject) -> dict[str, str]:
    message = fields.table(event.get("message"))
    written = fields.names_and_values(message.get("headers"))
    if not written and event.get("message-headers").__class__ is str:
        written = fields.names_and_values(fields.written_list(event["message-headers"]))
    return dict(fields.by_name(written))


def _original(event: JsonObject, headers: dict[str, str]) -> Original:
    attached = fields.marks(
        [
            *fields.table(event.get("user-variables")).items(),
            ("tag", event.get("tags")),
            ("campaign", [_campaign(one) for one in fields.listed(event.get("campaigns"))]),
            ("tag", event.get("tag")),
        ]
    )
    envelope = fields.table(event.get("envelope"))
    return Original(
        message_id=fields.message_id(headers.get("message-id")) or fields.message_id(event.get("Message-Id")),
        sender=fields.address(headers.get("from")) or fields.address(envelope.get("sender")),
        recipients=fields.addresses(headers.get("to")) or fields.addresses(event.get("recipient")),
        subject=headers.get("subject", ""),
        date=headers.get("date", ""),
        headers={**fields.telling(headers.items()), **attached},
    )


def _campaign(value: object) -> object:
    """A campaign's name, of which the log may hold that or its id."""
    return [one for one in (value.get("name"), value.get("id")) if one] if isinstance(value, dict) else value
