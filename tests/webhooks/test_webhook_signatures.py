"""Each provider's signature: its own is taken, and whatever was altered, replayed or made by somebody else is not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import webhook_senders as senders
from webhook_senders import PASSWORD, TOPIC, WHSEC, Request, SendGridSender, SnsSender

from analyzer.network.https import FetchError
from analyzer.webhooks import Endpoint
from analyzer.webhooks.fetching import Certificates, is_certificate_address, on_sns
from analyzer.webhooks.providers import scheme_of
from analyzer.webhooks.signatures import Delivery, Scheme

NOW = 1_772_450_000.0
SENDGRID, OTHER_SENDGRID = SendGridSender(), SendGridSender()
SNS = SnsSender(datetime.fromtimestamp(NOW, UTC) - timedelta(days=1))
OTHER_SNS = SnsSender(datetime.fromtimestamp(NOW, UTC) - timedelta(days=1))


def scheme(
    provider: str, auth: str, *secrets: str, fetch: Callable[[str], bytes] | None = None, **more: object
) -> Scheme:
    return scheme_of(Endpoint("/x", provider, auth, secrets, **more), "here", fetch)


SCHEMES: dict[str, Scheme] = {
    "sendgrid": scheme("sendgrid", "signature", SENDGRID.public_key),
    "ses": scheme("ses", "signature", topics=frozenset({TOPIC}), fetch=lambda address: SNS.pem),
    "mailgun": scheme("mailgun", "signature", PASSWORD),
    "resend": scheme("resend", "signature", WHSEC),
    "postmark": scheme("postmark", "basic", PASSWORD, user=senders.USER),
    "sparkpost": scheme("sparkpost", "header", PASSWORD, header="x-messagesystems-webhook-token"),
    "mailjet": scheme("mailjet", "basic", PASSWORD, user=senders.USER),
    "brevo": scheme("brevo", "bearer", PASSWORD),
    "azure": scheme("azure", "query", PASSWORD, parameter="token"),
    "nylas": scheme("nylas", "signature", PASSWORD),
    "emailengine": scheme("emailengine", "signature", PASSWORD),
    "unipile": scheme("unipile", "header", PASSWORD, header="unipile-auth"),
}


def verdict(asked: Scheme, request: Request, now: float = NOW) -> str:
    """As the receiver asks: the head first, then the whole."""
    delivery = Delivery(request.headers, request.query, request.body, request.body)
    return asked.refuses_head(request.headers, request.query) or asked.refuses(delivery, now)


def made(provider: str, *, now: float = NOW, other: bool = False) -> Request:
    """A provider's own request; `other`: with another key."""
    wrong = "another password, as long"
    key = wrong if other else PASSWORD
    if provider == "sendgrid":
        return (OTHER_SENDGRID if other else SENDGRID).request([senders.sendgrid_event(1)], now)
    if provider == "ses":
        return (OTHER_SNS if other else SNS).request(senders.ses_event(1), now)
    if provider == "mailgun":
        return senders.mailgun_request(senders.mailgun_event(1), now, key)
    if provider == "resend":
        coded = "whsec_" + base64.b64encode(wrong.encode()).decode() if other else WHSEC
        return senders.svix_request(senders.resend_event(1), now, coded)
    if provider in ("postmark", "mailjet"):
        return senders.basic_request(senders.postmark_event(1), key)
    if provider == "brevo":
        return senders.bearer_request(senders.brevo_event(1), key)
    if provider == "azure":
        return senders.query_request([], "token", key)
    if provider in ("nylas", "emailengine"):
        return getattr(senders, f"{provider}_request")({"event": 1}, key)
    header = {"sparkpost": "x-messagesystems-webhook-token", "unipile": "unipile-auth"}[provider]
    return senders.header_request([senders.sparkpost_event(1)], header, key)


@pytest.mark.parametrize("provider", SCHEMES)
def test_the_providers_own_request_is_taken(provider: str) -> None:
    assert verdict(SCHEMES[provider], made(provider)) == ""


@pytest.mark.parametrize("provider", SCHEMES)
def test_another_key_is_refused(provider: str) -> None:
    assert verdict(SCHEMES[provider], made(provider, other=True)) in ("signature_wrong", "credentials_wrong")


@pytest.mark.parametrize("provider", SCHEMES)
def test_a_request_without_its_mark_is_refused(provider: str) -> None:
    bare = Request(json.dumps([{"event": "bounce"}]).encode())
    assert verdict(SCHEMES[provider], bare) in ("signature_missing", "credentials_missing")


@pytest.mark.parametrize("provider", ["sendgrid", "ses", "resend", "nylas", "emailengine"])
def test_an_altered_body_is_refused(provider: str) -> None:
    request = made(provider)
    altered = replace(request, body=request.body.replace(b"lead1@", b"lead2@").replace(b'"event": 1', b'"event": 2'))
    assert altered.body != request.body
    assert verdict(SCHEMES[provider], altered) == "signature_wrong"


def test_mailgun_signs_no_body_so_its_token_is_taken_with_one_body_only() -> None:
    asked = scheme("mailgun", "signature", PASSWORD)
    first = senders.mailgun_request(senders.mailgun_event(1), NOW, token="a1" * 25)
    other = senders.mailgun_request(senders.mailgun_event(2), NOW, token="a1" * 25)
    assert [verdict(asked, one) for one in (first, other, first)] == ["", "token_reused", ""]


@pytest.mark.parametrize("provider", ["sendgrid", "ses", "mailgun", "resend"])
def test_an_altered_time_is_refused(provider: str) -> None:
    request = made(provider)
    now, later = str(int(NOW)), str(int(NOW) + 1)
    headers = {name: value.replace(now, later) for name, value in request.headers.items()}
    body = request.body.replace(now.encode(), later.encode())
    body = body.replace(senders.iso(NOW).encode(), senders.iso(NOW + 1).encode())
    altered = replace(request, headers=headers, body=body)
    assert altered != request
    assert verdict(SCHEMES[provider], altered) == "signature_wrong"


@pytest.mark.parametrize(
    ("provider", "window"), [("sendgrid", 86_400), ("ses", 4_200), ("mailgun", 30_000), ("resend", 300)]
)
def test_a_replay_outside_the_window_is_refused(provider: str, window: int) -> None:
    request = made(provider)
    assert verdict(SCHEMES[provider], request, NOW + window - 1) == ""
    assert verdict(SCHEMES[provider], request, NOW + window + 1) == "outside_window"
    assert verdict(SCHEMES[provider], request, NOW - 301) == "outside_window"


@pytest.mark.parametrize("provider", ["sendgrid", "ses", "mailgun", "resend"])
def test_the_window_is_an_option(provider: str) -> None:
    secret = {"sendgrid": (SENDGRID.public_key,), "mailgun": (PASSWORD,), "resend": (WHSEC,)}.get(provider, ())
    asked = scheme(
        provider, "signature", *secret, tolerance_s=60.0, topics=frozenset({TOPIC}), fetch=lambda address: SNS.pem
    )
    assert verdict(asked, made(provider), NOW + 59) == ""
    assert verdict(asked, made(provider), NOW + 61) == "outside_window"


@pytest.mark.parametrize("timestamp", ["", "soon", "nan", "inf", "-1", "1e400", "9" * 400, "1772450000; drop"])
def test_what_is_no_time_is_refused(timestamp: str) -> None:
    request = made("resend")
    headers = {**request.headers, "svix-timestamp": timestamp}
    assert verdict(SCHEMES["resend"], replace(request, headers=headers)) in ("timestamp_wrong", "signature_missing")


@pytest.mark.parametrize("signature", ["", "v1", "v1,", "v2,AAAA", "v1,\u00e9", "\x00", ", " * 500, "AAAA"])
@pytest.mark.parametrize("provider", ["sendgrid", "resend", "nylas", "emailengine"])
def test_what_is_no_signature_is_refused(provider: str, signature: str) -> None:
    request = made(provider)
    headers = {name: signature if "signature" in name else value for name, value in request.headers.items()}
    assert verdict(SCHEMES[provider], replace(request, headers=headers)) in ("signature_wrong", "signature_missing")


def test_two_keys_are_valid_while_one_takes_the_others_place() -> None:
    both = scheme("sendgrid", "signature", OTHER_SENDGRID.public_key, SENDGRID.public_key)
    assert [verdict(both, made("sendgrid", other=one)) for one in (False, True)] == ["", ""]
    both = scheme("brevo", "bearer", "a second token, for a while", PASSWORD)
    assert verdict(both, made("brevo")) == ""


def test_nylas_signs_what_it_sends_and_the_others_what_it_holds() -> None:
    packed = senders.nylas_request({"event": 1}).packed()
    headers = {"x-nylas-signature": hmac.new(PASSWORD.encode(), packed.body, hashlib.sha256).hexdigest()}
    assert SCHEMES["nylas"].refuses(Delivery(headers, {}, b'{"event": 1}', packed.body), NOW) == ""
    plain = made("resend")
    assert SCHEMES["resend"].refuses(Delivery(plain.headers, {}, plain.body, plain.packed().body), NOW) == ""


def test_standard_webhooks_headers_do_as_well() -> None:
    assert verdict(SCHEMES["resend"], senders.svix_request(senders.resend_event(1), NOW, prefix="webhook")) == ""


@pytest.mark.parametrize(
    "value", ["", "Basic", "Basic !", "Basic Og==", "Bearer " + PASSWORD, "Basic " + "A" * 9000, "basic \u00e9"]
)
def test_credentials_of_any_other_shape_are_refused(value: str) -> None:
    request = Request(b"{}", {"authorization": value})
    assert verdict(SCHEMES["postmark"], request) in ("credentials_missing", "credentials_wrong")


# --- Amazon SNS ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("subject", [{}, {"Subject": "Amazon SES Email Event Notification"}])
def test_both_versions_of_snss_signature(version: str, subject: dict[str, str]) -> None:
    assert verdict(SCHEMES["ses"], SNS.request(senders.ses_event(1), NOW, version=version, **subject)) == ""


def test_an_unknown_version_is_refused() -> None:
    body = json.loads(SNS.request(senders.ses_event(1), NOW).body) | {"SignatureVersion": "3"}
    assert verdict(SCHEMES["ses"], Request(json.dumps(body).encode())) == "signature_wrong"


def test_a_subject_that_was_added_is_refused() -> None:
    body = json.loads(SNS.request(senders.ses_event(1), NOW).body) | {"Subject": "added"}
    assert verdict(SCHEMES["ses"], Request(json.dumps(body).encode())) == "signature_wrong"


def test_a_topic_of_somebody_else_is_refused_however_well_it_is_signed() -> None:
    theirs = SNS.request(senders.ses_event(1), NOW, TopicArn="arn:aws:sns:eu-west-1:666666666666:ses-bounces")
    assert verdict(SCHEMES["ses"], theirs) == "topic_not_allowed"


@pytest.mark.parametrize(
    "address",
    [
        "http://sns.eu-west-1.amazonaws.com/x.pem",
        "https://sns.eu-west-1.amazonaws.com.evil.example/x.pem",
        "https://evil.example/sns.eu-west-1.amazonaws.com/x.pem",
        "https://sns.eu-west-1.amazonaws.com@evil.example/x.pem",
        "https://evil.example#@sns.eu-west-1.amazonaws.com/x.pem",
        "https://evil.example\\@sns.eu-west-1.amazonaws.com/x.pem",
        "https://sns.eu-west-1.amazonaws.com:8443/x.pem",
        "https://sns.eu-west-1.amazonaws.com:99999/x.pem",
        "https://sns.eu-west-1.amazonaws.com/x.pem?redirect=evil",
        "https://sns.eu-west-1.amazonaws.com/x.pem#y",
        "https://sns.eu-west-1.amazonaws.com/../x.pem",
        "https://sns.eu-west-1.amazonaws.com/a/x.pem",
        "https://sns.eu-west-1.amazonaws.com/x.crt",
        "https://sns.evil.eu-west-1.amazonaws.com/x.pem",
        "https://s3.eu-west-1.amazonaws.com/x.pem",
        "https://sns.eu-west-1.amazonaws.com.\tcn/x.pem",
        "https://sns.eu-west-1.amazonaws.com./x.pem",
        "https://sns.eu-west-1.amazonaws.org/x.pem",
        "https://[::1]/x.pem",
        "https://[::1/x.pem",
        "file:///etc/x.pem",
        "",
    ],
)
def test_a_certificate_from_any_other_place_is_not_even_fetched(address: str) -> None:
    fetched: list[str] = []

    def fetch(where: str) -> bytes:
        fetched.append(where)
        return OTHER_SNS.pem

    asked = scheme("ses", "signature", topics=frozenset({TOPIC}), fetch=fetch)
    assert verdict(asked, OTHER_SNS.request(senders.ses_event(1), NOW, SigningCertURL=address)) == "certificate_address"
    assert fetched == []


@pytest.mark.parametrize("host", ["sns.us-east-1.amazonaws.com", "sns.cn-north-1.amazonaws.com.cn"])
def test_certificates_of_every_region_are_allowed(host: str) -> None:
    assert is_certificate_address(f"https://{host}/SimpleNotificationService-9c6465fa.pem")
    assert on_sns(f"https://{host}:443/?Action=ConfirmSubscription")


def test_a_certificate_is_fetched_once_and_one_that_is_away_not_at_once_again() -> None:
    clock, fetched = [0.0], []

    def fetch(address: str) -> bytes:
        fetched.append(address)
        if len(fetched) == 1:
            raise FetchError("away")
        return SNS.pem

    kept = Certificates(fetch, lambda: clock[0])
    assert kept.at("a") is None
    assert kept.at("a") is None
    clock[0] = 61.0
    assert kept.at("a") is not None
    assert kept.at("a") is not None
    assert fetched == ["a", "a"]


def test_a_stranger_who_names_certificates_that_are_nowhere_does_not_cost_the_one_that_is_there() -> None:
    fetched: list[str] = []

    def fetch(address: str) -> bytes:
        fetched.append(address)
        if address == "ours":
            return SNS.pem
        raise FetchError("away")

    kept = Certificates(fetch, lambda: 0.0)
    assert kept.at("ours") is not None
    assert [kept.at(str(number)) for number in range(100)] == [None] * 100
    assert kept.at("ours") is not None
    assert len(fetched) == 6


def test_a_certificate_that_is_there_is_had_while_another_is_fetched() -> None:
    going, done = threading.Event(), threading.Event()

    def fetch(address: str) -> bytes:
        if address == "slow":
            going.set()
            done.wait(20)
        return SNS.pem

    kept = Certificates(fetch)
    assert kept.at("ours") is not None
    slow = threading.Thread(target=kept.at, args=("slow",))
    slow.start()
    going.wait(20)
    assert kept.at("ours") is not None
    done.set()
    slow.join()


def test_a_token_of_other_letters_is_taken_as_its_bytes_come() -> None:
    token = "pässwort-sehr-lang"
    checked = scheme("brevo", "bearer", token)
    came = f"Bearer {token}".encode().decode("latin-1")
    assert verdict(checked, Request(b"{}", {"authorization": came})) == ""
    assert verdict(checked, Request(b"{}", {"authorization": came + "x"})) == "credentials_wrong"


def test_a_certificate_that_cannot_be_had_asks_sns_to_come_again() -> None:
    def fetch(address: str) -> bytes:
        raise FetchError("away")

    asked = scheme("ses", "signature", topics=frozenset({TOPIC}), fetch=fetch)
    assert verdict(asked, made("ses")) == "certificate_unavailable"


@pytest.mark.parametrize("days", [-60, 60])
def test_a_certificate_outside_its_dates_is_refused(days: int) -> None:
    sender = SnsSender(datetime.fromtimestamp(NOW, UTC) + timedelta(days=days))
    asked = scheme("ses", "signature", topics=frozenset({TOPIC}), fetch=lambda address: sender.pem)
    assert verdict(asked, sender.request(senders.ses_event(1), NOW)) == "certificate_invalid"


def replied(request: Request, fetched: list[str], fails: bool = False) -> tuple[int, str]:
    def fetch(address: str) -> bytes:
        fetched.append(address)
        if fails and "Action" in address:
            raise FetchError("away")
        return SNS.pem

    asked = scheme("ses", "signature", topics=frozenset({TOPIC}), fetch=fetch)
    assert verdict(asked, request) == ""
    reply = asked.reply(Delivery(request.headers, {}, request.body, request.body), json.loads(request.body))
    assert reply is not None
    return reply.status, reply.note


def test_a_subscription_to_our_topic_is_confirmed() -> None:
    fetched: list[str] = []
    status, note = replied(SNS.confirmation(NOW), fetched)
    assert (status, note) == (200, f"the subscription to {TOPIC} is confirmed")
    assert fetched[-1].startswith("https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription")


def test_a_subscription_that_cannot_be_confirmed_now_asks_sns_to_come_again() -> None:
    assert replied(SNS.confirmation(NOW), [], fails=True)[0] == 503


@pytest.mark.parametrize(
    "address",
    [
        f"https://evil.example/?Action=ConfirmSubscription&TopicArn={TOPIC}",
        f"https://sns.eu-west-1.amazonaws.com/?Action=DeleteTopic&TopicArn={TOPIC}",
        "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=arn:aws:sns:eu-west-1:6:other",
        f"https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Action=DeleteTopic&TopicArn={TOPIC}",
    ],
)
def test_no_other_address_is_followed_to_confirm(address: str) -> None:
    fetched: list[str] = []
    assert replied(SNS.confirmation(NOW, SubscribeURL=address), fetched)[0] == 403
    assert address not in fetched


def test_a_subscription_to_any_other_topic_is_refused_before() -> None:
    theirs = SNS.confirmation(NOW, TopicArn="arn:aws:sns:eu-west-1:666666666666:x")
    assert verdict(SCHEMES["ses"], theirs) == "topic_not_allowed"


def test_the_end_of_a_subscription_and_sess_test_are_told_and_no_more() -> None:
    ended = SNS.confirmation(NOW, Type="UnsubscribeConfirmation")
    assert "was ended" in replied(ended, [])[1]
    test = SNS.request("Successfully validated SNS topic for Amazon SES event publishing.", NOW)
    assert "a test came" in replied(test, [])[1]


def test_raw_delivery_needs_credentials_and_its_topic() -> None:
    asked = scheme("ses", "basic", PASSWORD, user=senders.USER, topics=frozenset({TOPIC}), fetch=lambda _: SNS.pem)
    plain = senders.basic_request(senders.ses_event(1))
    topic = replace(plain, headers={**plain.headers, "x-amz-sns-topic-arn": TOPIC})
    assert verdict(asked, topic) == ""
    assert verdict(asked, plain) == "topic_not_allowed"
    assert verdict(asked, replace(topic, headers={"x-amz-sns-topic-arn": TOPIC})) == "credentials_missing"
    assert verdict(SCHEMES["ses"], topic) == "signature_missing"


def test_certificates_come_over_https_of_the_right_host_without_redirects(tmp_path: Path) -> None:
    import ssl
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    from analyzer.network.https import HttpsFetch

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "local")])
    moment = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(moment - timedelta(days=1))
        .not_valid_after(moment + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("sns.eu-west-1.amazonaws.com")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    chain = tmp_path / "server.pem"
    chain.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302 if "moved" in self.path else 200)
            self.send_header("Location", "https://evil.example/x.pem")
            self.end_headers()
            self.wfile.write(b"x" * 70_000 if "long" in self.path else SNS.pem)

        def log_message(self, *said: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answers)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        trusting = ssl.create_default_context(cadata=certificate.public_bytes(serialization.Encoding.PEM).decode())
        fetch = HttpsFetch(trusting, ("127.0.0.1", server.server_port))
        assert fetch("https://sns.eu-west-1.amazonaws.com/x.pem") == SNS.pem
        for wrong in (
            "eu-west-1.amazonaws.com/moved.pem",
            "eu-west-1.amazonaws.com/long.pem",
            "us-east-1.amazonaws.com/x",
        ):
            with pytest.raises(FetchError):
                fetch(f"https://sns.{wrong}")
        with pytest.raises(FetchError):
            HttpsFetch(None, ("127.0.0.1", server.server_port))("https://sns.eu-west-1.amazonaws.com/x.pem")
    finally:
        server.shutdown()
        server.server_close()


def test_azures_question_for_its_code_is_answered() -> None:
    value = [{"eventType": "Microsoft.EventGrid.SubscriptionValidationEvent", "data": {"validationCode": "512d38b6"}}]
    request = senders.query_request(value)
    assert verdict(SCHEMES["azure"], request) == ""
    reply = SCHEMES["azure"].reply(Delivery({}, {}, request.body, request.body), value)
    assert reply is not None
    assert json.loads(reply.body) == {"validationResponse": "512d38b6"}


@pytest.mark.parametrize("provider", SCHEMES)
def test_no_bytes_at_all_make_a_check_fail_with_an_error(provider: str) -> None:
    request = made(provider)
    shapes = [b"", b"null", b"[]", b"{}", b"\xff\xfe", b"[" * 3000, b'{"signature":{"timestamp":1,"token":2}}']
    shapes += [b'{"signature":[]}', b'{"Signature":1}', b'{"Signature":"","Type":"Notification"}', os.urandom(300)]
    for body in shapes:
        assert isinstance(verdict(SCHEMES[provider], replace(request, body=body), time.time()), str)
