"""MailerQ: the JSON messages of its result queues, one for each mail, with all attempts in `results`.

Source: MailerQ docs, "Results" (from memory: the reply's words are read under `description` and `message`, its status
under `extended` and `status`, and what became of the attempt from `type` or `result`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.sources import fields
from analyzer.sources.feeds.about_one import told_of_one

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.records import Kind
    from analyzer.sources.feeds.reader import JsonObject, Told

_DELIVERED = frozenset({"success", "delivered", "accepted"})


class MailerQ:
    """MailerQ."""

    name = "mailerq"

    def recognises(self, event: JsonObject) -> bool:
        """By the attempts beside a recipient."""
        return "envelope" in event and "recipient" in event and event.get("results").__class__ is list

    def read(self, event: JsonObject) -> Iterator[Told]:
        """One report about the recipient, by the last attempt."""
        tries = [fields.table(one) for one in fields.listed(event.get("results"))]
        last = tries[-1] if tries else {}
        code = fields.reply(last.get("code"))
        ended = fields.text(fields.first(last.get("type"), last.get("result")), 40).lower()
        kind: Kind = "other"
        if ended in _DELIVERED or code.startswith("2"):
            kind = "delivered"
        elif last:
            final = last.get("fatal") is True or (last.get("fatal") is not False and code.startswith("5"))
            kind = "bounce" if final else "delayed"
        yield told_of_one(
            self.name,
            kind,
            event.get("recipient"),
            fields.provider_class(self.name, last.get("state")),
            fields.line(fields.first(last.get("description"), last.get("message"))),
            code=fields.first(last.get("extended"), last.get("status")),
            reply=code,
            mta=last.get("mx"),
            at=fields.first(last.get("time"), last.get("date"), last.get("timestamp")),
            sender=event.get("envelope"),
            message_id=event.get("message-id"),
            marks=[("tag", event.get("tags"))],
        )
