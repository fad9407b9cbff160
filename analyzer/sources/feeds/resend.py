"""Resend: webhooks. Its bounces are those of Amazon SES, with SES's prose for a text and seldom a server's reply.

Source: Resend docs, "Event types", "Email bounces".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from analyzer.records import Original, Report
from analyzer.sources import fields
from analyzer.sources.feeds.reader import Told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.records import Kind
    from analyzer.sources.feeds.reader import JsonObject

_KINDS: dict[str, Kind] = {
    "email.bounced": "bounce",
    "email.suppressed": "bounce",
    "email.failed": "bounce",
    "email.delivery_delayed": "delayed",
    "email.delivered": "delivered",
    "email.complained": "complaint",
}


_NAME = re.compile(r"[a-z]+(?:_[a-z]+)*")


class Resend:
    """Resend."""

    name = "resend"

    def recognises(self, event: JsonObject) -> bool:
        """By a type such as `email.bounced` over `data`."""
        kind = event.get("type")
        if kind.__class__ is not str or event.get("data").__class__ is not dict:
            return False
        return kind.startswith("email.") or (kind.startswith(("contact.", "domain.")) and "created_at" in event)

    def read(self, event: JsonObject) -> Iterator[Told]:
        """One report about the recipient; of several in `to` the event does not say which it is about."""
        name = fields.text(event.get("type"), 60)
        data = fields.table(event.get("data"))
        kind = _KINDS.get(name, "other")
        short = name.removeprefix("email.")
        detail = fields.table(data.get({"bounced": "bounce"}.get(short, short)))
        replies = [fields.line(one) for one in fields.listed(detail.get("diagnosticCode"))]
        said = next(filter(None, replies), "") or fields.line(fields.first(detail.get("message"), detail.get("reason")))
        classed = fields.provider_class(self.name, detail.get("type"), detail.get("subType"))
        if short in {"failed", "suppressed"}:
            classed = fields.provider_class(self.name, short, fields.first(detail.get("reason"), detail.get("type")))
            if _NAME.fullmatch(said):
                # The name of a class, which only looks like words.
                said = ""
        if kind == "complaint":
            said = fields.complaint("")
        to = fields.named_in(data.get("to"), said)
        yield Told(
            Report(
                kind=kind,
                format=self.name,
                failures=tuple(
                    fields.failure(kind, one, classed or fields.provider_class(self.name, short), said) for one in to
                ),
                received_at=fields.moment(fields.first(event.get("created_at"), data.get("created_at"))),
                subject=fields.line(data.get("subject")),
                original=_original(data),
            )
        )


def _original(data: JsonObject) -> Original:
    written = fields.names_and_values(data.get("headers"))
    by_name = fields.by_name(written)
    tags = data.get("tags")
    return Original(
        message_id=fields.message_id(data.get("message_id")) or fields.message_id(by_name.get("message-id")),
        sender=fields.address(data.get("from")),
        recipients=fields.addresses(data.get("to")),
        subject=fields.line(data.get("subject")),
        headers={
            **fields.telling(written),
            **fields.marks(
                [
                    *(tags.items() if isinstance(tags, dict) else [("tag", tags)]),
                    ("broadcast_id", data.get("broadcast_id")),
                    ("x-email-id", data.get("email_id")),
                    ("template_id", data.get("template_id")),
                ]
            ),
        },
    )
