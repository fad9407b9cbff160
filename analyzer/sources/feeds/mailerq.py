"""MailerQ: the JSON messages of its result queues, one for each mail, with all attempts in `results`.

Source: MailerQ docs, "Results" (from memory: the reply's words are read under `description` and `message`, its status
under `extended` and `status`, and what became of the attempt from `type` or `result`).
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
        to = event.get("recipient")
        yield Told(
            Report(
                kind=kind,
                format=self.name,
                failures=(
                    fields.failure(
                        kind,
                        fields.recipient(to),
                        fields.provider_class(self.name, last.get("state")),
                        fields.line(fields.first(last.get("description"), last.get("message"))),
                        code=fields.status(fields.first(last.get("extended"), last.get("status"))),
                        reply_code=code,
                        mta=fields.host(last.get("mx")),
                    ),
                ),
                received_at=fields.moment(fields.first(last.get("time"), last.get("date"), last.get("timestamp"))),
                original=Original(
                    message_id=fields.message_id(event.get("message-id")),
                    sender=fields.address(event.get("envelope")),
                    recipients=fields.addresses(to),
                    headers=fields.marks([("tag", event.get("tags"))]),
                ),
            )
        )
