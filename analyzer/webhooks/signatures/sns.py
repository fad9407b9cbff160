"""Amazon SNS, through which SES tells its events.

Source: Amazon SNS Developer Guide, "Verifying the signatures of Amazon SNS messages", "Amazon SNS message and JSON
formats", "Message delivery retries" (again for up to an hour, never after a 4xx but 429), "Raw message delivery".
Version 1 signs with SHA-1, version 2 with SHA-256. Anybody with an account can have SNS sign and send a message, so
the signature alone says nothing: the topic must be one of ours.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from analyzer.network.https import FetchError
from analyzer.webhooks.decoding import coded, decoded
from analyzer.webhooks.fetching import Certificates, is_certificate_address, on_sns
from analyzer.webhooks.signatures.credentials import Basic
from analyzer.webhooks.signatures.scheme import AHEAD_S, Delivery, Reply, WholeBody

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analyzer.network.https import Fetch

#: What is signed of each type, in this order; a subject only where there is one.
_SIGNED: dict[str, tuple[str, ...]] = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
_HASHES: dict[str, hashes.HashAlgorithm] = {"1": hashes.SHA1(), "2": hashes.SHA256()}  # noqa: S303
#: What SES publishes when a topic is given to it.
_TESTS = ("Successfully validated SNS topic", "AmazonSNSDeliveryTest")


@dataclass(frozen=True, slots=True)
class Sns(WholeBody):
    """The topics, by ARN. `basic`: the credentials for raw delivery, which is not signed; None refuses it."""

    topics: frozenset[str]
    certificates: Certificates
    fetch: Fetch
    tolerance_s: float = 4_200.0
    basic: Basic | None = None

    def refuses_head(self, headers: Mapping[str, str], query: Mapping[str, str]) -> str:
        """Credentials where the topic delivers raw; all else stands in the body."""
        return self.basic.refuses_head(headers, query) if self.basic else ""

    def refuses(self, delivery: Delivery, now: float) -> str:
        """By topic, time, the certificate's address and dates, and signature."""
        if self.basic and (why := self.basic.refuses(delivery, now)):
            return why
        try:
            value = decoded(delivery.body)
        except ValueError:
            return "not_json"
        if not isinstance(value, dict) or "Signature" not in value:
            return self._refuses_raw(delivery)
        said = {key: one for key, one in value.items() if isinstance(one, str)}
        names = _SIGNED.get(said.get("Type", ""), ())
        if not names or any(name not in said for name in names if name != "Subject"):
            return "signature_missing"
        if said["TopicArn"] not in self.topics:
            return "topic_not_allowed"
        if why := _outside(said["Timestamp"], now, self.tolerance_s):
            return why
        address = said.get("SigningCertURL", said.get("SigningCertUrl", ""))
        if not is_certificate_address(address):
            return "certificate_address"
        return self._refuses_signature(said, names, address, now)

    def reply(self, delivery: Delivery, value: Any) -> Reply | None:
        """Confirms a subscription to one of the topics; takes note of its end, and of SES's test."""
        if not isinstance(value, dict) or "TopicArn" not in value:
            return None
        kind, topic = value.get("Type"), value.get("TopicArn")
        if kind == "SubscriptionConfirmation":
            return self._confirmed(str(value.get("SubscribeURL", "")), str(topic))
        if kind == "UnsubscribeConfirmation":
            return Reply(note=f"the subscription to {topic} was ended; nothing more will come from it")
        if str(value.get("Message", "")).startswith(_TESTS):
            return Reply(note=f"a test came from {topic}")
        return None

    def signed(self, delivery: Delivery, value: Any) -> bytes:
        """The signed fields alone: whoever saw a message could add others to it, an event of any kind among them."""
        if not isinstance(value, dict) or "Signature" not in value:
            return delivery.body
        return coded({name: value[name] for name in _SIGNED["Notification"] if isinstance(value.get(name), str)})

    def _refuses_raw(self, delivery: Delivery) -> str:
        if self.basic is None:
            return "signature_missing"
        return "" if delivery.headers.get("x-amz-sns-topic-arn", "") in self.topics else "topic_not_allowed"

    def _refuses_signature(self, said: dict[str, str], names: tuple[str, ...], address: str, now: float) -> str:
        algorithm = _HASHES.get(said.get("SignatureVersion", ""))
        try:
            signature = base64.b64decode(said.get("Signature", ""), validate=True)
        except (binascii.Error, ValueError):
            return "signature_wrong"
        if algorithm is None or not signature:
            return "signature_wrong"
        certificate = self.certificates.at(address)
        if certificate is None:
            return "certificate_unavailable"
        moment = datetime.fromtimestamp(now, UTC)
        key = certificate.public_key()
        if not (
            isinstance(key, rsa.RSAPublicKey)
            and certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc
        ):
            return "certificate_invalid"
        text = "".join(f"{name}\n{said[name]}\n" for name in names if name in said)
        try:
            key.verify(signature, text.encode("utf-8", "replace"), padding.PKCS1v15(), algorithm)
        except InvalidSignature:
            return "signature_wrong"
        return ""

    def _confirmed(self, address: str, topic: str) -> Reply:
        asked = parse_qs(urlsplit(address).query) if on_sns(address) else {}
        if asked.get("Action") != ["ConfirmSubscription"] or asked.get("TopicArn") != [topic]:
            return Reply(403, note=f"the address that would confirm {topic} is none of Amazon SNS; it was not followed")
        try:
            self.fetch(address)
        except FetchError as error:
            # SNS asks again after a 5xx.
            return Reply(503, note=f"the subscription to {topic} could not be confirmed: {error}")
        return Reply(note=f"the subscription to {topic} is confirmed")


def _outside(timestamp: str, now: float, tolerance_s: float) -> str:
    try:
        moment = datetime.fromisoformat(timestamp[:40])
        age = now - (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return "timestamp_wrong"
    return "" if -min(AHEAD_S, tolerance_s) <= age <= tolerance_s else "outside_window"
