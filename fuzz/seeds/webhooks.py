"""Genuine requests of every provider, signed with keys of our own, and files of endpoints."""

# ruff: noqa: E501
from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from analyzer.webhooks import Endpoint
from analyzer.webhooks.providers import scheme_of
from analyzer.webhooks.signatures import Scheme

NOW = 1_772_450_000.0
SECRET = "a-password-of-some-length"  # noqa: S105  (of the tests' own senders)
QUERY = {"token": SECRET}
ENVIRONMENT = {"HOOK_SECRET": SECRET}
_SENDERS = Path(__file__).resolve().parent.parent.parent / "tests" / "webhooks"

CONFIGURATIONS = (
    b'[endpoint."/mailgun/eu"]\nprovider = "mailgun"\nsecret_env = "HOOK_SECRET"\ntolerance_seconds = 300\n',
    b'[limits]\nbody_bytes = 1000000\nrequests_per_second = 2.5\nnesting = 50\n[receiver]\nconnections = 10\nlag_seconds = 60\n'
    b'[endpoint."/postmark"]\nprovider = "postmark"\nauth = "basic"\nuser = "hooks"\nsecret_env = ["HOOK_SECRET", "HOOK_SECRET"]\n'
    b'limits = { burst = 3 }\n[endpoint."/azure"]\nprovider = "azure"\nauth = "query"\nparameter = "token"\nsecret_env = "HOOK_SECRET"\n',
    b'[endpoint."/ses"]\nprovider = "ses"\ntopics = "arn:aws:sns:eu-west-1:123456789012:ses-bounces"\n[endpoint."/open"]\nprovider = "other"\nauth = "none"\n',
    b'[endpoint."/x"]\nprovider = "unipile"\nheader = "unipile-auth"\nsecret_file = "/etc/hostname"\n',
)  # fmt: skip


@cache
def _senders() -> Any:
    """The tests' own senders, which sign as each provider does."""
    sys.path.append(str(_SENDERS))
    try:
        import webhook_senders
    finally:
        sys.path.remove(str(_SENDERS))
    return webhook_senders


@cache
def _keys() -> tuple[Any, Any]:
    senders = _senders()
    return senders.SendGridSender(), senders.SnsSender(datetime.fromtimestamp(NOW, UTC) - timedelta(days=1))


@cache
def schemes() -> dict[str, Scheme]:
    """What checks each provider's requests."""
    sendgrid, sns = _keys()
    senders = _senders()

    def scheme(provider: str, auth: str, *secrets: str, **more: Any) -> Scheme:
        fetch = more.pop("fetch", None)
        return scheme_of(Endpoint("/x", provider, auth, secrets, **more), "here", fetch)

    return {
        "sendgrid": scheme("sendgrid", "signature", sendgrid.public_key),
        "ses": scheme("ses", "signature", topics=frozenset({senders.TOPIC}), fetch=lambda address: sns.pem),
        "mailgun": scheme("mailgun", "signature", SECRET),
        "resend": scheme("resend", "signature", senders.WHSEC),
        "postmark": scheme("postmark", "basic", SECRET, user=senders.USER),
        "brevo": scheme("brevo", "bearer", SECRET),
        "sparkpost": scheme("sparkpost", "header", SECRET, header="x-messagesystems-webhook-token"),
        "azure": scheme("azure", "query", SECRET, parameter="token"),
        "nylas": scheme("nylas", "signature", SECRET),
        "emailengine": scheme("emailengine", "signature", SECRET),
    }


@cache
def _genuine() -> dict[str, Any]:
    senders = _senders()
    sendgrid, sns = _keys()
    return {
        "sendgrid": sendgrid.request([senders.sendgrid_event(1)], NOW),
        "ses": sns.request(senders.ses_event(1), NOW),
        "mailgun": senders.mailgun_request(senders.mailgun_event(1), NOW),
        "resend": senders.svix_request(senders.resend_event(1), NOW),
        "postmark": senders.basic_request(senders.postmark_event(1)),
        "brevo": senders.bearer_request(senders.brevo_event(1)),
        "sparkpost": senders.header_request([senders.sparkpost_event(1)], "x-messagesystems-webhook-token"),
        "azure": senders.query_request({"eventType": "x"}),
        "nylas": senders.nylas_request({"type": "message.bounce_detected"}),
        "emailengine": senders.emailengine_request({"event": "messageBounce"}),
    }


@cache
def signed_bodies() -> dict[str, frozenset[bytes]]:
    """What each provider signed here."""
    return {provider: frozenset({request.body}) for provider, request in _genuine().items()}


@cache
def requests() -> list[bytes]:
    """Each as text: the provider, its headers, an empty line, the body."""
    found = []
    for provider, request in _genuine().items():
        headers = {**request.headers, **({"x-query": "1"} if request.query else {})}
        head = "".join(f"{name}: {value}\n" for name, value in headers.items())
        found.append(f"{provider}\n{head}\n".encode() + request.body)
    return found


def parsed(data: bytes) -> tuple[str, dict[str, str], bytes]:
    """(provider, headers by lower-case name, body) of such a text; of one without a provider, the first."""
    head, _, body = data.partition(b"\n\n")
    first, *lines = head.decode("latin-1").split("\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return (first if first in schemes() else "sendgrid"), headers, body
