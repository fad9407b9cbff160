"""Amazon SES notifications that reach a mailbox: SNS sends its JSON as the body of a mail.

Source: Amazon SES Developer Guide, "Amazon SNS notification contents for Amazon SES".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import orjson

from analyzer.bounds import Gauge
from analyzer.parsing.addresses import from_header, is_address
from analyzer.parsing.message import Message, one_line
from analyzer.parsing.original import from_fields
from analyzer.records import Failure, Original

#: Sendmail breaks lines that are too long with "!" and a fresh line that begins with a blank.
_BROKEN_LINE = re.compile(r"!\n ?")
_TYPE = re.compile(r"^\s*(?:smtp|dns|x-\S+)\s*;\s*", re.IGNORECASE)
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_BODIES = ("bounce", "complaint", "deliveryDelay", "delivery", "reject")
_RECIPIENTS = ("bouncedRecipients", "complainedRecipients", "delayedRecipients", "recipients")
_ACTIONS = {"Bounce": "failed", "Complaint": "failed", "DeliveryDelay": "delayed"}


class SnsNotification:
    """A mail of `no-reply@sns.amazonaws.com` with a JSON body."""

    name = "amazonses-sns"

    def recognises(self, message: Message) -> bool:
        """By its sender."""
        return "sns.amazonaws.com" in message.get("from") and notification(message) is not None

    def failures(self, message: Message) -> Iterator[Failure]:
        """The recipients of the notification, whatever happened to them."""
        event = notification(message) or {}
        message.original = _original(event.get("mail"), message.gauge)
        body: dict[str, Any] = next((event[key] for key in _BODIES if isinstance(event.get(key), dict)), {})
        action = _ACTIONS.get(event_type(event), "delivered")
        for row in next((body[key] for key in _RECIPIENTS if isinstance(body.get(key), list)), ()):
            entry: dict[str, Any] = row if isinstance(row, dict) else {"emailAddress": row}
            # "Kim <kim@lumen.example>", where our mail was addressed so.
            address = from_header(_text(entry.get("emailAddress")))
            if is_address(address):
                status = _text(entry.get("status"))
                said = _TYPE.sub("", _text(entry.get("diagnosticCode")))
                if event_type(event) == "Complaint":
                    said = f"feedback report: {_text(body.get('complaintFeedbackType')) or 'abuse'}"
                yield Failure(
                    recipient=address,
                    action=action,
                    status=status if _STATUS.fullmatch(status) else "",
                    remote_mta=_text(body.get("remoteMtaIp")),
                    diagnostic=said or f"{_text(body.get('bounceType'))} {_text(body.get('bounceSubType'))}".strip(),
                )


def _original(mail: object, gauge: Gauge) -> Original:
    """Our message, by its header fields as SES sends them along; SES's own number of it is a mark, no Message-ID."""
    if not isinstance(mail, dict):
        return Original()
    rows, common, to = mail.get("headers"), mail.get("commonHeaders"), mail.get("destination")
    given = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    lines = [f"{_text(row.get('name'))}: {_text(row.get('value'))}" for row in given]
    if isinstance(common, dict):
        lines += [f"Message-ID: {_text(common.get('messageId'))}", f"Subject: {_text(common.get('subject'))}"]
    lines += [f"From: {_text(mail.get('source'))}", f"X-SES-Message-ID: {_text(mail.get('messageId'))}"]
    lines += [f"To: {', '.join(map(_text, to))}"] if isinstance(to, list) else []
    return from_fields("\n".join(lines).encode(), gauge)


def event_type(event: dict[str, Any]) -> str:
    """`Bounce`, `Complaint`, `Delivery`, …: under either of the two names that SES gives it."""
    return _text(event.get("notificationType")) or _text(event.get("eventType"))


def _text(value: object) -> str:
    """A text of the JSON on one line; anything else that stands in its place, however deep, is none."""
    return one_line(value) if isinstance(value, str) else ""


def _json(text: str) -> Any:
    """The JSON of a text; of wrapped lines with the blanks that it had there, of lines cut to one length without."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        lines = text.split("\n")
        return orjson.loads(
            ("" if len({len(line) for line in lines[:-1]}) == 1 and len(lines) > 2 else " ").join(lines)
        )


def notification(message: Message) -> dict[str, Any] | None:
    """The inner SES notification, out of the SNS envelope where there is one."""
    text = _BROKEN_LINE.sub("", message.plain_text().strip())
    start, end = max(text.find("{"), 0), text.rfind("}")
    try:
        outer = _json(text[start : end + 1])
        inner = orjson.loads(outer["Message"]) if isinstance(outer, dict) and "Message" in outer else outer
    except (orjson.JSONDecodeError, TypeError):
        return None
    return inner if isinstance(inner, dict) and event_type(inner) else None
