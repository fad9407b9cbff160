"""Svix, which signs Resend's webhooks, and the Standard Webhooks that came of it.

Source: Svix docs, "Verifying webhooks manually"; standardwebhooks.com, specification: HMAC-SHA256 over
`id.timestamp.body` under the base64 part of `whsec_…`, several signatures `v1,BASE64` parted by blanks. Each attempt is
stamped anew, so five minutes are enough.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.webhooks.signatures.scheme import Delivery, WholeBody, outside, same

if TYPE_CHECKING:
    from collections.abc import Mapping

_PREFIXES = ("svix-", "webhook-")
#: More signatures than a rotation of keys could need.
_MOST = 10


def key_of(secret: str) -> bytes:
    """The key in `whsec_BASE64`; ValueError where it is none."""
    try:
        key = base64.b64decode(secret.strip().removeprefix("whsec_"), validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None
    if not key:
        raise ValueError("it is empty")
    return key


@dataclass(frozen=True, slots=True)
class Svix(WholeBody):
    """Any of the keys."""

    keys: tuple[bytes, ...]
    tolerance_s: float = 300.0

    def refuses_head(self, headers: Mapping[str, str], query: Mapping[str, str]) -> str:
        """Without its three headers."""
        return "" if _signed(headers) else "signature_missing"

    def refuses(self, delivery: Delivery, now: float) -> str:
        """By time, then by signature."""
        signed = _signed(delivery.headers)
        if signed is None:
            return "signature_missing"
        number, timestamp, signatures = signed
        if why := outside(timestamp, now, self.tolerance_s):
            return why
        text = f"{number}.{timestamp}.".encode("utf-8", "replace") + delivery.body
        expected = ["v1," + base64.b64encode(hmac.digest(key, text, hashlib.sha256)).decode() for key in self.keys]
        # Every one is compared: which of them is right is nobody's business.
        right = [same(one, expected) for one in signatures.split(" ")[:_MOST]]
        return "" if any(right) else "signature_wrong"


def _signed(headers: Mapping[str, str]) -> tuple[str, str, str] | None:
    for prefix in _PREFIXES:
        found = tuple(headers.get(prefix + name, "") for name in ("id", "timestamp", "signature"))
        if all(found):
            return found[0], found[1], found[2]
    return None
