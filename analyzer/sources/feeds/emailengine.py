"""EmailEngine: webhooks of a connected mailbox, for mails that came back and mails that it could not hand over.

Source: EmailEngine docs, "Webhook events" (messageBounce, messageDeliveryError, messageFailed, messageComplaint).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.records import Original, Report
from analyzer.sources import fields
from analyzer.sources.feeds import mime
from analyzer.sources.feeds.reader import Told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.records import Kind
    from analyzer.sources.feeds.reader import JsonObject

_KINDS: dict[str, Kind] = {
    "messageBounce": "bounce",
    "messageFailed": "bounce",
    "messageDeliveryError": "delayed",
    "messageComplaint": "complaint",
    "messageSent": "delivered",
}
#: RFC 3464's actions, of which a report may tell another than a failure.
_ACTIONS: dict[str, Kind] = {
    "delayed": "delayed",
    "delivered": "delivered",
    "relayed": "delivered",
    "expanded": "delivered",
}


class EmailEngine:
    """EmailEngine."""

    name = "emailengine"

    def recognises(self, event: JsonObject) -> bool:
        """By the account and an event in camel case over `data`."""
        return event.get("event").__class__ is str and "account" in event and ("data" in event or "date" in event)

    def read(self, event: JsonObject) -> Iterator[Told]:
        """One report with all recipients the event names."""
        name = fields.text(event.get("event"), 60)
        data = fields.table(event.get("data"))
        answer = fields.table(data.get("response"))
        kind = _KINDS.get(name, "other")
        if name == "messageBounce":
            kind = _ACTIONS.get(fields.text(data.get("action"), 20).lower(), kind)
        elif name == "messageDeliveryError" and not fields.table(data.get("job")).get("nextAttempt"):
            # No further attempt is planned.
            kind = "bounce" if "job" in data else kind
        said = fields.line(
            fields.first(answer.get("message"), data.get("smtpResponse"), data.get("error"), answer.get("source"))
        )
        report = fields.table(data.get("arf"))
        if kind == "complaint":
            said = fields.complaint(report.get("feedbackType"))
        classed = fields.provider_class(self.name, fields.first(answer.get("category"), data.get("errorCode"), name))
        to = fields.first(
            data.get("recipient"),
            report.get("originalRcptTo"),
            fields.table(data.get("envelope")).get("to"),
            fields.table(data.get("headers")).get("to"),
            data.get("to"),
        )
        failures = tuple(
            fields.failure(
                kind,
                fields.recipient(one),
                classed,
                said if kind != "other" else "",
                code=fields.status(answer.get("status")),
                reply_code=fields.reply(data.get("smtpResponseCode")),
                mta=fields.host(data.get("mta")),
            )
            for one in fields.up_to(fields.listed(to))
        ) or (fields.failure(kind, "", classed, said if kind != "other" else ""),)
        body = fields.first_text(data.get("bounceText"), data.get("html"), data.get("text")) if kind == "bounce" else ""
        yield Told(
            Report(
                kind=kind,
                format=self.name,
                failures=failures,
                received_at=fields.moment(fields.first(event.get("date"), data.get("date"))),
                subject=_headers(data).get("subject", "") or fields.line(data.get("subject")),
                original=_original(data, to),
            ),
            mime.notice(body, failures[0].recipient) if body else b"",
        )


def _headers(data: JsonObject) -> dict[str, str]:
    return dict(fields.by_name(fields.names_and_values(fields.first(data.get("messageHeaders"), data.get("headers")))))


def _original(data: JsonObject, to: object) -> Original:
    headers = _headers(data)
    envelope = fields.table(data.get("envelope"))
    return Original(
        message_id=fields.message_id(data.get("messageId"))
        or fields.message_id(headers.get("message-id"))
        or fields.message_id(headers.get("messageid")),
        sender=fields.address(headers.get("from")) or fields.address(envelope.get("from")),
        recipients=fields.addresses(headers.get("to")) or fields.addresses(to),
        subject=headers.get("subject", ""),
        date=headers.get("date", ""),
        headers={
            **fields.telling(headers.items()),
            **fields.marks([("x-ee-queue-id", data.get("queueId")), ("x-ee-bounce", data.get("bounceMessage"))]),
        },
    )
