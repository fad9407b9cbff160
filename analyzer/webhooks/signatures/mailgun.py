"""Mailgun's webhook signature.

Source: Mailgun docs, "Securing webhooks": HMAC-SHA256, in hex, over timestamp and token, which stand with it in the
body's `signature`, under the account's webhook signing key. The events themselves are not signed. So whoever saw one
request could send others under its token: a token is taken with the body that it came with first, and no other.
Mailgun tries again for 8 hours, and nothing says that it signs anew, so the window is no shorter.
"""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analyzer.webhooks.decoding import decoded
from analyzer.webhooks.signatures.scheme import Delivery, WholeBody, outside, same

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Tokens that are remembered; at ten webhooks a second those of the last five hours.
_REMEMBERED = 200_000


class Tokens:
    """Which body each of the latest tokens came with. Safe from several threads."""

    def __init__(self, most: int = _REMEMBERED) -> None:
        self._most = most
        self._seen: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def reused(self, token: str, body: bytes) -> bool:
        """Whether the token came with another body before; else it is remembered with this one."""
        digest = hashlib.blake2b(body, digest_size=16).digest()
        with self._lock:
            first = self._seen.setdefault(token, digest)
            if len(self._seen) > self._most:
                self._seen.popitem(last=False)
        return first != digest


@dataclass(frozen=True, slots=True)
class Mailgun(WholeBody):
    """Any of the keys."""

    keys: tuple[bytes, ...]
    tolerance_s: float = 30_000.0
    tokens: Tokens = field(default_factory=Tokens, compare=False)

    def refuses_head(self, headers: Mapping[str, str], query: Mapping[str, str]) -> str:
        """Nothing: all that is signed stands in the body."""
        return ""

    def refuses(self, delivery: Delivery, now: float) -> str:
        """By signature, time and token."""
        try:
            value = decoded(delivery.body)
        except ValueError:
            return "not_json"
        signed = value.get("signature") if isinstance(value, dict) else None
        if not isinstance(signed, dict):
            return "signature_missing"
        timestamp, token, given = (signed.get(name) for name in ("timestamp", "token", "signature"))
        if not (isinstance(timestamp, (str, int)) and isinstance(token, str) and isinstance(given, str) and token):
            return "signature_missing"
        if why := outside(str(timestamp), now, self.tolerance_s):
            return why
        text = f"{timestamp}{token}".encode("utf-8", "replace")
        if not same(given.lower(), [hmac.digest(key, text, hashlib.sha256).hex() for key in self.keys]):
            return "signature_wrong"
        # What is signed runs into each other: time 17 and token 5x read the same as time 175 and token x.
        return "token_reused" if self.tokens.reused(f"{timestamp}{token}", delivery.body) else ""
