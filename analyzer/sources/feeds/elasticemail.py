"""Elastic Email: web notifications, and the events of its API.

Sources: Elastic Email docs, "HTTP web notifications", "Events API v4", "Bounce error categories".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from analyzer.sources import fields
from analyzer.sources.feeds.about_one import told_of_one

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.records import Kind
    from analyzer.sources.feeds.reader import JsonObject, Told

_KINDS: dict[str, Kind] = {
    "error": "bounce",
    "bounce": "bounce",
    "failedattempt": "delayed",
    "sent": "delivered",
    "abusereport": "complaint",
    "complaint": "complaint",
}
#: The notification writes times as en-US does.
_OF_THE_US = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}) (\d{1,2}):(\d\d):(\d\d) ([AP])M")
#: Nothing was sent, because somebody had asked for that.
_NOT_TRIED = frozenset({"ManualCancel"})


class ElasticEmail:
    """Elastic Email."""

    name = "elasticemail"

    def recognises(self, event: JsonObject) -> bool:
        """By the ids of a mail and of its transaction, in the notification's spelling or in that of the API."""
        return {"transaction", "messageid", "status"} <= event.keys() or {"TransactionID", "MsgID", "EventType"} <= (
            event.keys()
        )

    def read(self, event: JsonObject) -> Iterator[Told]:
        """One report about one recipient."""
        name = fields.text(fields.first(event.get("EventType"), event.get("status")), 40).lower()
        category = fields.text(fields.first(event.get("MessageCategory"), event.get("category")), 60)
        kind = _KINDS.get(name, "other")
        if kind == "bounce" and category in _NOT_TRIED:
            kind = "other"
        said = fields.line(fields.first(event.get("Message"), event.get("message")))
        classed = fields.provider_class(self.name, category) if kind == "bounce" else ""
        yield told_of_one(
            self.name,
            kind,
            fields.first(event.get("To"), event.get("to")),
            classed or fields.provider_class(self.name, name),
            said if kind in {"bounce", "delayed"} else "",
            at=_time(fields.first(event.get("EventDate"), event.get("date"))),
            subject=fields.first(event.get("Subject"), event.get("subject")),
            sender=fields.first(event.get("FromEmail"), event.get("from")),
            marks=[
                ("x-msg-id", fields.first(event.get("MsgID"), event.get("messageid"))),
                ("x-transaction-id", fields.first(event.get("TransactionID"), event.get("transaction"))),
                ("channel", fields.first(event.get("ChannelName"), event.get("channel"))),
                ("postback", event.get("postback")),
            ],
        )


def _time(value: Any) -> Any:
    """A time that the notification writes, in ISO 8601; any other as it is."""
    found = _OF_THE_US.fullmatch(fields.text(value, 40))
    if found is None:
        return value
    month, day, year, hour, minute, second = map(int, found.groups()[:6])
    hour = hour % 12 + (12 if found[7] == "P" else 0)
    return f"{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
