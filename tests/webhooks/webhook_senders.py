"""Providers as senders: their events, invented, signed with real keys as each of them signs."""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

PASSWORD = "a-password-of-some-length"
USER = "hooks"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:ses-bounces"
CERTIFICATE_URL = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"
WHSEC = "whsec_" + base64.b64encode(b"a key of thirty-two bytes, made ").decode()


@dataclass(frozen=True)
class Request:
    """One request of a provider: what goes over the wire."""

    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)

    def packed(self) -> Request:
        """The same with a gzip body."""
        return replace(self, body=gzip.compress(self.body), headers={**self.headers, "content-encoding": "gzip"})


def coded(value: Any) -> bytes:
    return json.dumps(value).encode()


def iso(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


# --- events ------------------------------------------------------------------------------------------------------------


def sendgrid_event(number: int, now: float = 1_772_442_681) -> dict[str, Any]:
    return {
        "email": f"lead{number}@corp{number % 40}.example",
        "timestamp": int(now),
        "event": "bounce",
        "smtp-id": f"<m{number}@out.example>",
        "sg_event_id": f"ev{number}",
        "sg_message_id": f"sg{number}.filter",
        "reason": "550 5.1.1 The email account that you tried to reach does not exist",
        "status": "5.1.1",
        "type": "bounce",
    }


def ses_event(number: int) -> dict[str, Any]:
    to = f"lead{number}@corp{number % 40}.example"
    return {
        "notificationType": "Bounce",
        "bounce": {
            "bounceType": "Permanent",
            "bounceSubType": "General",
            "bouncedRecipients": [
                {"emailAddress": to, "action": "failed", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 no user"}
            ],
            "timestamp": "2026-03-02T09:11:21.000Z",
            "feedbackId": f"f{number}",
        },
        "mail": {
            "timestamp": "2026-03-02T09:11:19.000Z",
            "messageId": f"0100-{number}",
            "source": "a@out.example",
            "destination": [to],
        },
    }


def mailgun_event(number: int) -> dict[str, Any]:
    return {
        "event": "failed",
        "severity": "permanent",
        "reason": "bounce",
        "id": f"mg{number}",
        "recipient": f"lead{number}@corp{number % 40}.example",
        "timestamp": 1772442681.38,
        "log-level": "error",
        "message": {"headers": {"message-id": f"m{number}@out.example"}},
        "delivery-status": {"code": 550, "message": "5.1.1 The email account does not exist."},
    }


def postmark_event(number: int) -> dict[str, Any]:
    return {
        "RecordType": "Bounce",
        "ID": number,
        "Type": "HardBounce",
        "TypeCode": 1,
        "MessageID": f"pm-{number}",
        "Details": "smtp;550 5.1.1 user unknown",
        "Email": f"lead{number}@corp{number % 40}.example",
        "BouncedAt": "2026-03-02T09:11:21Z",
    }


def resend_event(number: int) -> dict[str, Any]:
    return {
        "type": "email.bounced",
        "created_at": "2026-03-02T09:11:21.101Z",
        "data": {
            "email_id": f"re-{number}",
            "from": "Ava <ava@out.example>",
            "to": [f"lead{number}@corp{number % 40}.example"],
            "subject": "quick question",
            "bounce": {"type": "Permanent", "subType": "General", "message": "550 5.1.1 user unknown"},
        },
    }


def sparkpost_event(number: int) -> dict[str, Any]:
    return {
        "msys": {
            "message_event": {
                "type": "bounce",
                "bounce_class": "10",
                "error_code": "550",
                "raw_reason": "550 5.1.1 user unknown",
                "rcpt_to": f"lead{number}@corp{number % 40}.example",
                "event_id": f"sp{number}",
                "timestamp": "1772442681",
            }
        }
    }


def mailjet_event(number: int) -> dict[str, Any]:
    return {
        "event": "bounce",
        "time": 1772442681,
        "MessageID": 19421777835146490 + number,
        "email": f"lead{number}@corp{number % 40}.example",
        "hard_bounce": True,
        "error_related_to": "recipient",
        "error": "user unknown",
        "comment": "550 5.1.1 user unknown",
    }


def brevo_event(number: int) -> dict[str, Any]:
    return {
        "event": "hard_bounce",
        "email": f"lead{number}@corp{number % 40}.example",
        "ts_epoch": 1772442681000,
        "message-id": f"<m{number}@smtp-relay.mailin.fr>",
        "reason": "550 5.1.1 user unknown",
    }


# --- signatures ----------------------------------------------------------------------------------------------------------


class SendGridSender:
    """A P-256 key, as SendGrid makes one for each webhook."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        spki = self.key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self.public_key = base64.b64encode(spki).decode()

    def request(self, events: Any, now: float) -> Request:
        body, timestamp = coded(events), str(int(now))
        signature = base64.b64encode(self.key.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))).decode()
        return Request(
            body,
            {
                "x-twilio-email-event-webhook-signature": signature,
                "x-twilio-email-event-webhook-timestamp": timestamp,
            },
        )


class SnsSender:
    """A certificate of a local authority, in the place of Amazon's."""

    def __init__(self, valid_from: datetime | None = None) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        authority = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "A local authority")])
        begin = valid_from or datetime.now(UTC) - timedelta(days=1)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(issuer)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(begin + timedelta(days=30))
            .sign(authority, hashes.SHA256())
        )
        self.pem = certificate.public_bytes(serialization.Encoding.PEM)

    def request(self, event: Any, now: float, *, version: str = "2", **changed: str) -> Request:
        message = {
            "Type": "Notification",
            "MessageId": "1d98076a-0000",
            "TopicArn": TOPIC,
            "Message": event if isinstance(event, str) else json.dumps(event),
            "Timestamp": iso(now),
            "SigningCertURL": CERTIFICATE_URL,
            "UnsubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe",
            **changed,
        }
        return Request(coded(self.signed(message, version)), {"x-amz-sns-message-type": message["Type"]})

    def confirmation(self, now: float, **changed: str) -> Request:
        topic = changed.get("TopicArn", TOPIC)
        address = f"https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={topic}&Token=t0"
        kind = {"Type": "SubscriptionConfirmation", "SubscribeURL": address, "Token": "t0"}
        return self.request("You have chosen to subscribe", now, **{**kind, **changed})

    def signed(self, message: dict[str, str], version: str) -> dict[str, str]:
        names = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
        if message["Type"] == "Notification":
            names = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
        text = "".join(f"{name}\n{message[name]}\n" for name in names if name in message).encode()
        algorithm = hashes.SHA1() if version == "1" else hashes.SHA256()
        signature = base64.b64encode(self.key.sign(text, padding.PKCS1v15(), algorithm)).decode()
        return {**message, "SignatureVersion": version, "Signature": signature}


def mailgun_request(event: Any, now: float, key: str = PASSWORD, token: str = "0af7" * 12) -> Request:
    timestamp = str(int(now))
    signature = hmac.new(key.encode(), f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()
    signed = {"timestamp": timestamp, "token": token, "signature": signature}
    return Request(coded({"signature": signed, "event-data": event}))


def svix_request(event: Any, now: float, key: str = WHSEC, prefix: str = "svix") -> Request:
    body, number, timestamp = coded(event), "msg_2a", str(int(now))
    secret = base64.b64decode(key.removeprefix("whsec_"))
    digest = hmac.new(secret, f"{number}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    signature = "v1," + base64.b64encode(digest).decode()
    names = {"id": number, "timestamp": timestamp, "signature": f"v1,bm90IHRoaXM= {signature}"}
    return Request(body, {f"{prefix}-{name}": value for name, value in names.items()})


def basic_request(event: Any, password: str = PASSWORD, user: str = USER) -> Request:
    pair = base64.b64encode(f"{user}:{password}".encode()).decode()
    return Request(coded(event), {"authorization": f"Basic {pair}"})


def bearer_request(event: Any, token: str = PASSWORD) -> Request:
    return Request(coded(event), {"authorization": f"Bearer {token}"})


def header_request(event: Any, name: str, secret: str = PASSWORD) -> Request:
    return Request(coded(event), {name: secret})


def query_request(event: Any, name: str = "token", secret: str = PASSWORD) -> Request:
    return Request(coded(event), {}, {name: secret})


def nylas_request(event: Any, key: str = PASSWORD) -> Request:
    body = coded(event)
    return Request(body, {"x-nylas-signature": hmac.new(key.encode(), body, hashlib.sha256).hexdigest()})


def emailengine_request(event: Any, key: str = PASSWORD) -> Request:
    body = coded(event)
    digest = hmac.new(key.encode(), body, hashlib.sha256).digest()
    return Request(body, {"x-ee-wh-signature": base64.urlsafe_b64encode(digest).decode()})
