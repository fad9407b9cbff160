"""The providers whose webhooks can be received, and the scheme that goes with each endpoint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analyzer.errors import UnreadableInputError

if TYPE_CHECKING:
    from analyzer.network.https import Fetch
    from analyzer.webhooks.endpoint import Endpoint
    from analyzer.webhooks.signatures import Scheme

_HEADS = ("basic", "bearer", "header", "query")
#: Shorter ones can be guessed in the time that a rate limit leaves.
_LEAST_SECRET = 12
_NOTICE = (
    "sends a notice without the message, so there is nothing to read here; follow the mailbox with imaps:// instead"
)


@dataclass(frozen=True, slots=True)
class Provider:
    """`auth`: the ways in which it can show who it is, the one to take unless told first. `header`: its usual name.

    `not_here`: why it cannot be received at all.
    """

    auth: tuple[str, ...]
    header: str = "x-webhook-token"
    public_key: bool = False
    not_here: str = ""


PROVIDERS: dict[str, Provider] = {
    "ses": Provider(("signature", "basic")),
    "sendgrid": Provider(("signature",), public_key=True),
    "mailgun": Provider(("signature",)),
    "postmark": Provider(("basic", "header")),
    "resend": Provider(("signature",)),
    "sparkpost": Provider(("basic", "bearer", "header"), header="x-messagesystems-webhook-token"),
    "mailjet": Provider(("basic", "query")),
    "brevo": Provider(("bearer", "basic", "header")),
    "azure": Provider(("query", "header")),
    "nylas": Provider(("signature",)),
    "emailengine": Provider(("signature", *_HEADS)),
    "unipile": Provider(("header",), header="unipile-auth"),
    "smartlead": Provider(_HEADS[::-1]),
    "instantly": Provider(("header", "query", "basic", "bearer")),
    "reachinbox": Provider(_HEADS[::-1]),
    # Whatever is relayed by Svix or speaks Standard Webhooks, and whatever else a known reader reads.
    "svix": Provider(("signature",)),
    "other": Provider(_HEADS),
    "gmail": Provider((), not_here=_NOTICE),
    "graph": Provider((), not_here=_NOTICE),
}


def scheme_of(endpoint: Endpoint, where: str, fetch: Fetch | None = None) -> Scheme:
    """What checks the endpoint's requests; `UnreadableInputError` where its keys or secrets do not do.

    fetch: gets SNS certificates (HTTPS by default).
    """
    from analyzer.webhooks.signatures import credentials
    from analyzer.webhooks.signatures.azure import EventGrid

    if endpoint.provider == "ses":
        return _sns(endpoint, where, fetch)
    if endpoint.auth == "none":
        return credentials.Nothing()
    if not endpoint.secrets:
        key = "public_key" if PROVIDERS[endpoint.provider].public_key else "secret_env or secret_file"
        raise UnreadableInputError(where, f"{endpoint.provider} needs a secret and none is named", f"add {key}")
    if not PROVIDERS[endpoint.provider].public_key:
        _check_length(endpoint, where)
    if endpoint.auth == "signature":
        return _signature(endpoint, where)
    scheme = _credentials(endpoint, where)
    return EventGrid(scheme) if endpoint.provider == "azure" else scheme


def _check_length(endpoint: Endpoint, where: str) -> None:
    if any(len(secret.removeprefix("whsec_")) < _LEAST_SECRET for secret in endpoint.secrets):
        problem = f"its secret has fewer than {_LEAST_SECRET} characters, which can be guessed"
        own = endpoint.auth == "signature" and endpoint.provider != "emailengine"
        remedy = "copy the whole of it as the provider shows it" if own else "make a new one: openssl rand -hex 16"
        raise UnreadableInputError(where, problem, remedy)


def _credentials(endpoint: Endpoint, where: str) -> Scheme:
    from analyzer.webhooks.signatures.credentials import Basic, Bearer, Header, Parameter

    if endpoint.auth == "basic":
        if not endpoint.user or ":" in endpoint.user:
            raise UnreadableInputError(where, "basic auth needs a user, without a colon", 'add user = "…"')
        return Basic(endpoint.user, endpoint.secrets)
    if endpoint.auth == "bearer":
        return Bearer(endpoint.secrets)
    if endpoint.auth == "header":
        return Header(endpoint.header, endpoint.secrets)
    return Parameter(endpoint.parameter, endpoint.secrets)


def _signature(endpoint: Endpoint, where: str) -> Scheme:
    from analyzer.webhooks.signatures import sendgrid, svix
    from analyzer.webhooks.signatures.body_hmac import EmailEngine, Nylas
    from analyzer.webhooks.signatures.mailgun import Mailgun

    tolerance: dict[str, Any] = {} if endpoint.tolerance_s is None else {"tolerance_s": endpoint.tolerance_s}
    coded = tuple(secret.encode() for secret in endpoint.secrets)
    if endpoint.provider in ("nylas", "emailengine"):
        if tolerance:
            raise UnreadableInputError(where, f"{endpoint.provider} signs no time", "take tolerance_seconds out")
        return Nylas(coded) if endpoint.provider == "nylas" else EmailEngine(coded)
    if endpoint.provider == "mailgun":
        return Mailgun(coded, **tolerance)
    kind, key_of = ("public_key", sendgrid.key_of) if endpoint.provider == "sendgrid" else ("secret", svix.key_of)
    try:
        keys = tuple(key_of(secret) for secret in endpoint.secrets)
    except ValueError as error:
        example = "MFkwEwYHKoZIzj0…" if kind == "public_key" else "whsec_…"
        problem = f"its {kind} is none: {error}"
        raise UnreadableInputError(where, problem, f"copy it as the provider shows it, {example}") from None
    return (sendgrid.SendGrid if kind == "public_key" else svix.Svix)(keys, **tolerance)  # type: ignore[arg-type]


def _sns(endpoint: Endpoint, where: str, fetch: Fetch | None) -> Scheme:
    from analyzer.network.https import HttpsFetch
    from analyzer.webhooks.fetching import Certificates
    from analyzer.webhooks.signatures.credentials import Basic, Nothing
    from analyzer.webhooks.signatures.sns import Sns

    if endpoint.auth == "none":
        return Nothing()
    wrong = [topic for topic in endpoint.topics if not topic.startswith("arn:aws") or ":sns:" not in topic]
    if wrong or not endpoint.topics:
        problem = f"{wrong[0]!r} is no topic's ARN" if wrong else "names no topic, and anybody can have SNS send to us"
        remedy = 'add topics = ["arn:aws:sns:eu-west-1:123456789012:ses-bounces"]'
        raise UnreadableInputError(where, problem, remedy)
    basic = None
    if endpoint.auth == "basic":
        if not endpoint.secrets:
            raise UnreadableInputError(where, "basic auth needs a secret", "add secret_env or secret_file")
        _check_length(endpoint, where)
        found = _credentials(endpoint, where)
        basic = found if isinstance(found, Basic) else None
    get = fetch or HttpsFetch()
    tolerance: dict[str, Any] = {} if endpoint.tolerance_s is None else {"tolerance_s": endpoint.tolerance_s}
    return Sns(endpoint.topics, Certificates(get), get, basic=basic, **tolerance)
