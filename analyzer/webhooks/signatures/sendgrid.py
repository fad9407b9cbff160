"""Twilio SendGrid's Signed Event Webhook.

Source: Twilio SendGrid docs, "Getting started with the Event Webhook security features": ECDSA (P-256, SHA-256) over
the timestamp header and the raw body, DER in base64; the public key is base64 of its SubjectPublicKeyInfo.
SendGrid tries a delivery again for 24 hours, and nothing says that it signs anew, so the window is no shorter.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from analyzer.webhooks.signatures.scheme import Delivery, WholeBody, outside

if TYPE_CHECKING:
    from collections.abc import Mapping

SIGNATURE = "x-twilio-email-event-webhook-signature"
TIMESTAMP = "x-twilio-email-event-webhook-timestamp"


def key_of(text: str) -> ec.EllipticCurvePublicKey:
    """The public key as SendGrid shows it; ValueError where it is none."""
    lines = "".join(line for line in text.split("\n") if "-----" not in line)
    try:
        key = load_der_public_key(base64.b64decode("".join(lines.split()), validate=True))
    except binascii.Error as error:
        raise ValueError(str(error)) from None
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise ValueError("it is no key for ECDSA")
    return key


@dataclass(frozen=True, slots=True)
class SendGrid(WholeBody):
    """Any of the keys."""

    keys: tuple[ec.EllipticCurvePublicKey, ...]
    tolerance_s: float = 86_400.0

    def refuses_head(self, headers: Mapping[str, str], query: Mapping[str, str]) -> str:
        """Without its two headers."""
        return "" if headers.get(SIGNATURE) and headers.get(TIMESTAMP) else "signature_missing"

    def refuses(self, delivery: Delivery, now: float) -> str:
        """By time, then by signature."""
        signature, timestamp = delivery.headers.get(SIGNATURE, ""), delivery.headers.get(TIMESTAMP, "")
        if not signature or not timestamp:
            return "signature_missing"
        if why := outside(timestamp, now, self.tolerance_s):
            return why
        try:
            coded = base64.b64decode(signature, validate=True)
        except (binascii.Error, ValueError):
            return "signature_wrong"
        for key in self.keys:
            try:
                key.verify(coded, timestamp.encode("utf-8", "replace") + delivery.body, ec.ECDSA(hashes.SHA256()))
            except InvalidSignature:
                continue
            return ""
        return "signature_wrong"
