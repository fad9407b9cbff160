"""Outreach: webhooks about a mailing, and the mailings of its API (JSON:API).

A mailing names its prospect by an id alone, and now and then its address beside it (`toRecipients`, unconfirmed): its
Message-ID tells which mail it was.

Source: Outreach developer docs, "Mailing", "Webhooks".
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


class Outreach:
    """Outreach."""

    name = "outreach"

    def recognises(self, event: JsonObject) -> bool:
        """By the resource's type, bare or as a webhook's `data`."""
        mailing = _mailing(event)
        return mailing.get("type") == "mailing" and mailing.get("attributes").__class__ is dict

    def read(self, event: JsonObject) -> Iterator[Told]:
        """One report about the mailing."""
        mailing = _mailing(event)
        told = fields.table(mailing.get("attributes"))
        happened = fields.text(fields.table(event.get("meta")).get("eventName"), 60)
        bounced = fields.first(told.get("bouncedAt"))
        kind: Kind = "bounce" if bounced or told.get("state") == "bounced" or happened == "mailing.bounced" else "other"
        if kind == "other" and told.get("markedAsSpamAt"):
            kind = "complaint"
        said = fields.line(told.get("errorReason")) if kind == "bounce" else ""
        related = fields.table(mailing.get("relationships"))
        ids = [(name, _id(related.get(name))) for name in ("prospect", "sequence", "sequenceStep", "mailbox")]
        yield Told(
            Report(
                kind=kind,
                format=self.name,
                failures=(
                    fields.failure(
                        kind,
                        fields.recipient(told.get("toRecipients")),
                        fields.provider_class(self.name, told.get("state")),
                        fields.complaint("") if kind == "complaint" else said,
                    ),
                ),
                received_at=fields.moment(
                    fields.first(bounced, told.get("markedAsSpamAt"), told.get("stateChangedAt"), told.get("updatedAt"))
                ),
                subject=fields.line(told.get("subject")),
                original=Original(
                    message_id=fields.message_id(told.get("messageId")),
                    sender=fields.address(told.get("mailboxAddress")),
                    subject=fields.line(told.get("subject")),
                    date=fields.moment(told.get("deliveredAt")),
                    headers=fields.marks([*ids, ("x-outreach-mailing", mailing.get("id"))]),
                ),
            )
        )


def _mailing(event: JsonObject) -> JsonObject:
    data = event.get("data")
    return data if data.__class__ is dict and "attributes" in data else event


def _id(related: object) -> object:
    return fields.table(fields.table(related).get("data")).get("id")
