"""Nylas: `message.bounced` and `message.bounce_detected` notifications of a connected mailbox.

Source: Nylas docs, "Message notification schemas"; both shapes in use are read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analyzer.records import Original, Report
from analyzer.sources import fields
from analyzer.sources.feeds import mime
from analyzer.sources.feeds.reader import Told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.records import Kind
    from analyzer.sources.feeds.reader import JsonObject


class Nylas:
    """Nylas."""

    name = "nylas"

    def recognises(self, event: JsonObject) -> bool:
        """By a bounce beside the message, bare or as the object of a `message.…` notification."""
        kind = event.get("type")
        if kind.__class__ is str and kind.startswith(("message.", "grant.", "thread.")):
            return "data" in event or "bounce" in event or "message" in event
        return event.get("bounce").__class__ is dict and event.get("message").__class__ is dict

    def read(self, event: JsonObject) -> Iterator[Told]:
        """One report with all recipients of the bounce."""
        name = fields.text(event.get("type"), 60)
        data = fields.table(event.get("data")) or event
        told = fields.table(data.get("object")) or data
        bounce = fields.table(told.get("bounce")) or told
        sent = fields.table(fields.first(told.get("message"), told.get("origin")))
        kind: Kind = "bounce" if "bounce" in name or (not name and bounce) else "other"
        classed = fields.provider_class(self.name, bounce.get("type") if kind == "bounce" else name)
        failures = [self._failure(kind, one, bounce, classed) for one in fields.up_to(_recipients(bounce, sent))]
        yield Told(
            Report(
                kind=kind,
                format=self.name,
                failures=tuple(failures) or (fields.failure(kind, "", classed),),
                received_at=fields.moment(
                    fields.first(bounce.get("bounced_at"), bounce.get("bounce_date"), event.get("time"))
                ),
                subject=fields.line(sent.get("subject")),
                original=_original(sent),
            ),
            _words(bounce, failures[0].recipient if len(failures) == 1 else "") if kind == "bounce" else b"",
        )

    def _failure(self, kind: Kind, one: Any, bounce: JsonObject, classed: str) -> Any:
        row = fields.table(one)
        code = fields.line(bounce.get("code"), 40)
        said = fields.line(
            fields.first(row.get("diagnostic_code"), bounce.get("diagnostic_code"), bounce.get("bounce_reason"))
        )
        number, _, status = code.partition(" ")
        return fields.failure(
            kind,
            fields.recipient(row or one),
            classed,
            said if kind == "bounce" else "",
            code=fields.status(row.get("status")) or fields.status(status) or fields.status(number),
            reply_code=fields.reply(number),
        )


def _recipients(bounce: JsonObject, sent: JsonObject) -> list[Any]:
    for found in (bounce.get("recipients"), bounce.get("bounced_addresses"), sent.get("to")):
        if found:
            return [part for one in fields.listed(found) for part in (_parted(one) if isinstance(one, str) else [one])]
    return []


def _parted(text: str) -> list[str]:
    """The addresses of a text that names several; a comma may stand in a person's name as well."""
    return [part for part in text.split(",") if "@" in part] or [text]


def _words(bounce: JsonObject, to: str) -> bytes:
    """The bounce's body, where the notification carries it."""
    body = fields.first_text(bounce.get("body"), bounce.get("html"), bounce.get("text"))
    return mime.notice(body, to) if body else b""


def _original(sent: JsonObject) -> Original:
    own = fields.text(sent.get("id"), 200)
    written = fields.names_and_values(sent.get("headers"))
    by_name = fields.by_name(written)
    return Original(
        message_id=fields.message_id(fields.first(sent.get("mime_id"), sent.get("message_id")))
        or fields.message_id(by_name.get("message-id")),
        sender=fields.address(sent.get("from")),
        recipients=fields.addresses(sent.get("to")),
        subject=fields.line(sent.get("subject")),
        date=fields.moment(sent.get("date")),
        headers={
            **fields.telling(written),
            **fields.marks([*fields.table(sent.get("metadata")).items(), ("x-nylas-message-id", own)]),
        },
    )
