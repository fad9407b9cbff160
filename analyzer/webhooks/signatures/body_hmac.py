"""HMAC-SHA256 over the body in a header: Nylas and EmailEngine.

Sources: Nylas docs v3, "Verify webhook notifications" (`X-Nylas-Signature`, hex, over the bytes as they were sent,
compressed or not; a GET with `challenge` is answered with its value); EmailEngine docs, "Webhooks"
(`X-EE-Wh-Signature`, base64url, under the service secret). Neither signs a time, so an old request cannot be told
from a new one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.webhooks.signatures.scheme import Delivery, WholeBody, same

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class _BodyHmac(WholeBody):
    """Any of the keys."""

    keys: tuple[bytes, ...]
    header = ""

    def refuses_head(self, headers: Mapping[str, str], query: Mapping[str, str]) -> str:
        """Without its header."""
        return "" if headers.get(self.header) else "signature_missing"

    def refuses(self, delivery: Delivery, now: float) -> str:
        """By signature."""
        if not delivery.headers.get(self.header):
            return "signature_missing"
        given = delivery.headers[self.header].strip().rstrip("=")
        return "" if same(given, map(self._signature, self.keys, [delivery] * len(self.keys))) else "signature_wrong"

    def _signature(self, key: bytes, delivery: Delivery) -> str:
        raise NotImplementedError


class Nylas(_BodyHmac):
    """Nylas v3."""

    __slots__ = ()
    header = "x-nylas-signature"

    def _signature(self, key: bytes, delivery: Delivery) -> str:
        return hmac.digest(key, delivery.wire, hashlib.sha256).hex()


class EmailEngine(_BodyHmac):
    """EmailEngine."""

    __slots__ = ()
    header = "x-ee-wh-signature"

    def _signature(self, key: bytes, delivery: Delivery) -> str:
        return base64.urlsafe_b64encode(hmac.digest(key, delivery.body, hashlib.sha256)).decode().rstrip("=")
