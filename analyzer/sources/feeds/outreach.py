"""Outreach: webhooks about a mailing, and the mailings of its API (JSON:API).

A mailing names its prospect by an id alone, and now and then its address beside it (`toRecipients`, unconfirmed): its
Message-ID tells which mail it was.

Source: Outreach developer docs, "Mailing", "Webhooks".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.sources import fields
from analyzer.sources.feeds.about_one import told_of_one

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.records import Kind
    from analyzer.sources.feeds.reader import JsonObject, Told


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
        yield told_of_one(
            self.name,
            kind,
            told.get("toRecipients"),
            fields.provider_class(self.name, told.get("state")),
            said,
            at=fields.first(bounced, told.get("markedAsSpamAt"), told.get("stateChangedAt"), told.get("updatedAt")),
            subject=told.get("subject"),
            sender=told.get("mailboxAddress"),
            message_id=told.get("messageId"),
            sent_at=told.get("deliveredAt"),
            recipients=(),
            marks=[*ids, ("x-outreach-mailing", mailing.get("id"))],
        )


def _mailing(event: JsonObject) -> JsonObject:
    data = event.get("data")
    return data if data.__class__ is dict and "attributes" in data else event


def _id(related: object) -> object:
    return fields.table(fields.table(related).get("data")).get("id")
