"""Azure Event Grid, which tells what Azure Communication Services' mail did.

Source: Azure docs, "Webhook event delivery", "Endpoint validation with Event Grid event schema": it signs nothing; a
secret goes in a parameter of the address or in a header (delivery properties). Before the first event it asks for the
code that it sends to be sent back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from analyzer.webhooks.signatures.scheme import Delivery, Reply, Scheme, WholeBody

if TYPE_CHECKING:
    from collections.abc import Mapping

_VALIDATION = "Microsoft.EventGrid.SubscriptionValidationEvent"


@dataclass(frozen=True, slots=True)
class EventGrid(WholeBody):
    """`credentials` decide."""

    credentials: Scheme

    def refuses_head(self, headers: Mapping[str, str], query: Mapping[str, str]) -> str:
        """As the credentials do."""
        return self.credentials.refuses_head(headers, query)

    def refuses(self, delivery: Delivery, now: float) -> str:
        """As the credentials do."""
        return self.credentials.refuses(delivery, now)

    def reply(self, delivery: Delivery, value: Any) -> Reply | None:
        """The code of a validation, sent back."""
        first = value[0] if isinstance(value, list) and value else None
        if not isinstance(first, dict) or first.get("eventType") != _VALIDATION:
            return None
        data = first.get("data")
        code = data.get("validationCode") if isinstance(data, dict) else None
        if not isinstance(code, str):
            return Reply(400, note="Azure Event Grid asked for a validation without a code")
        return Reply(body=orjson.dumps({"validationResponse": code}).decode(), note="Azure Event Grid was answered")
