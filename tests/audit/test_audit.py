"""The audit against a real DNS server on loopback: each thing a sender domain can publish, and what bounces make of it."""

from __future__ import annotations

import base64
import json
import shutil
import socket
import ssl
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from servers.programs import finish
from servers.scripted import server_tls

from analyzer.api import run_audit
from analyzer.audit import audit, mta_sts
from analyzer.cli import main
from analyzer.errors import AnalyzerError
from analyzer.network.https import HttpsFetch
from analyzer.report.audit import show

ADDRESS = "192.0.2.25"


def _key(bits: int) -> str:
    public = generate_private_key(65537, bits).public_key()
    return base64.b64encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def _txt(name: str, text: str) -> str:
    """A TXT record for dnsmasq, in strings of at most 255 bytes."""
    parts = [text[start : start + 200] for start in range(0, len(text), 200)]
    return f"txt-record={name}," + ",".join(f'"{part}"' for part in parts)


ZONE = [
    # Everything as it should be.
    _txt("good.example", "v=spf1 ip4:192.0.2.0/24 include:spf.relay.example -all"),
    _txt("spf.relay.example", "v=spf1 ip4:198.51.100.0/24 -all"),
    _txt("s1._domainkey.good.example", f"v=DKIM1; k=rsa; p={_key(2048)}"),
    _txt("_dmarc.good.example", "v=DMARC1; p=reject; rua=mailto:dmarc@good.example"),
    "mx-host=good.example,mx.good.example,10",
    "host-record=mx.good.example,192.0.2.25",
    _txt("_mta-sts.sts.example", "v=STSv1; id=20260101"),
    "mx-host=sts.example,mx.good.example,10",
    "host-record=mta-sts.sts.example,127.0.0.1",
    _txt("_mta-sts.half.example", "v=STSv1; id=1;"),
    _txt("_mta-sts.two.example", "v=STSv1; id=1;"),
    _txt("_mta-sts.twice.example", "v=STSv1; id=1;"),
    _txt("_mta-sts.twice.example", "v=STSv1; id=2;"),
    _txt("_mta-sts.bad.example", "v=STSv1; id=not-an-id;"),
    _txt("_mta-sts.waiting.example", "v=STSv1; id=1;"),
    "host-record=good.example,192.0.2.80",
    "ptr-record=25.2.0.192.in-addr.arpa,mx.good.example",
    # Each thing wrong in its way.
    _txt("two.example", "v=spf1 -all"),
    _txt("two.example", "v=spf1 include:spf.relay.example ~all"),
    "host-record=two.example,192.0.2.81",
    _txt("open.example", "v=spf1 +all"),
    "host-record=open.example,192.0.2.82",
    _txt("deep.example", "v=spf1 " + " ".join(f"include:s{n}.deep.example" for n in range(12)) + " ~all"),
    *(_txt(f"s{n}.deep.example", "v=spf1 ip4:203.0.113.1 -all") for n in range(12)),
    "host-record=deep.example,192.0.2.83",
    _txt("short._domainkey.keys.example", f"v=DKIM1; p={_key(1024)}"),
    _txt("revoked._domainkey.keys.example", "v=DKIM1; p="),
    _txt("broken._domainkey.keys.example", "v=DKIM1; p=AAAA"),
    _txt("_dmarc.twice.example", "v=DMARC1; p=none"),
    _txt("_dmarc.twice.example", "v=DMARC1; p=reject"),
    _txt("_dmarc.bad.example", "v=DMARC1; p=maybe"),
    _txt("_dmarc.parent.example", "v=DMARC1; p=quarantine"),
    "host-record=mail.parent.example,192.0.2.85",
    "mx-host=null.example,.,0",
    "ptr-record=26.2.0.192.in-addr.arpa,elsewhere.good.example",
    "host-record=elsewhere.good.example,192.0.2.99",
    # +all somewhere behind, as an inclusion and as a redirection.
    _txt("includes.example", "v=spf1 include:open.example -all"),
    _txt("redirects.example", "v=spf1 redirect=between.example"),
    _txt("between.example", "v=spf1 redirect=open.example"),
    _txt("excludes.example", "v=spf1 -include:open.example ip4:192.0.2.1 -all"),
    # What is no fault of DMARC: other records beside it, a record without p, the organisation's policy for others.
    _txt("_dmarc.beside.example", "v=DMARC1; p=reject"),
    _txt("_dmarc.beside.example", "verification=1"),
    _txt("_dmarc.mail.beside.example", "verification=2"),
    _txt("_dmarc.without.example", "v=DMARC1; rua=mailto:dmarc@good.example"),
    _txt("_dmarc.org.example", "v=DMARC1; p=reject; sp=none"),
    # Keys that nobody can check a signature with, and one that somebody can.
    _txt("short25519._domainkey.keys.example", "v=DKIM1; k=ed25519; p=AAAA"),
    _txt("foreign25519._domainkey.keys.example", "v=DKIM1; k=ed25519; p=ключ"),
    _txt("good25519._domainkey.keys.example", "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="),
    _txt("strange._domainkey.keys.example", f"v=DKIM1; k=foo; p={_key(1024)}"),
    _txt("later._domainkey.keys.example", f"v=DKIM2; p={_key(1024)}"),
    _txt("several._domainkey.keys.example", f"v=DKIM1; p={_key(1024)}"),
    _txt("several._domainkey.keys.example", "v=DKIM1; p="),
    _txt("beside._domainkey.keys.example", "verification=1"),
    _txt("beside._domainkey.keys.example", f"v=DKIM1; p={_key(1024)}"),
    "mx-host=dead.example,mx.dead.example,10",
    "mx-host=dead.example,mx2.dead.example,20",
    "mx-host=half.example,mx.half.example,10",
    "mx-host=half.example,mx.good.example,20",
    "host-record=six.good.example,2001:db8::25",
    "ptr-record=5.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa,six.good.example",
    # What names nobody who may send: nothing at all, nothing before -all, nothing that an inclusion lets in.
    *(
        _txt(f"{name}.nobody.example", record)
        for name, record in [
            ("bare", "v=spf1"),
            ("shut", "v=spf1 -all"),
            ("late", "v=spf1 -all ip4:192.0.2.1"),
            ("neutral", "v=spf1 ?all"),
            ("behind", "v=spf1 include:shut.nobody.example -all"),
            ("handed", "v=spf1 redirect=shut.nobody.example"),
            ("macro", "v=spf1 exists:%{i}.spf.%{d} -all"),
            ("on", "v=spf1 redirect=gone.example"),
        ]
    ),
    # What looks like a record, and is none to receivers.
    _txt("spf.alike.example", "v=spf1ip4:192.0.2.1 -all"),
    _txt("_dmarc.small.alike.example", "v=dmarc1; p=reject"),
    _txt("_dmarc.unended.alike.example", "v=DMARC1 p=reject"),
    _txt("_dmarc.turned.alike.example", "p=reject; v=DMARC1"),
    # Wrong in a part that receivers pass over, and in one that they do not.
    _txt("_dmarc.report.example", "v=DMARC1; p=reject; rua=dmarc@report.example; adkim=z"),
    _txt("_dmarc.twice-p.example", "v=DMARC1; p=none; p=reject"),
    # Keys for something else, and one that is being tried out.
    _txt("sha1._domainkey.keys.example", f"v=DKIM1; h=sha1; p={_key(2048)}"),
    _txt("web._domainkey.keys.example", f"v=DKIM1; s=web; p={_key(2048)}"),
    _txt("every._domainkey.keys.example", f"v=DKIM1; s=*; h=sha1:sha256; p={_key(2048)}"),
    _txt("tried._domainkey.keys.example", f"v=DKIM1; t=s:y; p={_key(2048)}"),
    # Mail servers that nobody reaches, and one under another name.
    "mx-host=number.example,192.0.2.7,10",
    "mx-host=itself.example,mx.itself.example,10",
    "host-record=mx.itself.example,127.0.0.1",
    "mx-host=unknown.example,mx.silent.example,10",
    "mx-host=alias.example,alias.good.example,10",
    "cname=alias.good.example,mx.good.example",
    # Who may send by each mechanism; what stands behind a macro, `exists` or `ptr` cannot be told.
    *(
        _txt(f"{name}.sends.example", record)
        for name, record in [
            ("own", "v=spf1 a:mx.good.example/28 -all"),
            ("mx", "v=spf1 mx:good.example ~all"),
            ("six", "v=spf1 ip6:2001:db8::/64 -all"),
            ("handed", "v=spf1 redirect=good.example"),
            ("not", "v=spf1 -ip4:192.0.2.25 ip4:192.0.2.0/24 ?all"),
            ("macro", "v=spf1 include:%{d}.spf.example ip4:203.0.113.1 -all"),
            ("exists", "v=spf1 exists:%{i}.spf.example ip4:203.0.113.1 -all"),
            ("modified", "v=spf1 exp=why.example x-key=1 ip4:192.0.2.25 -all"),
        ]
    ),
    # Leads to a domain whose servers do not answer.
    _txt("waiting.example", "v=spf1 include:spf.silent.example -all"),
]


@pytest.fixture(scope="session")
def silent():
    """The address of a resolver that takes every question and answers none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taking:
        taking.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{taking.getsockname()[1]}"


@pytest.fixture(scope="session")
def resolver(tmp_path_factory: pytest.TempPathFactory, silent: str):
    """dnsmasq, the only authority there is: what is not in ZONE does not exist, and silent.example never answers."""
    program = shutil.which("dnsmasq") or "/usr/sbin/dnsmasq"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = tmp_path_factory.mktemp("dns") / "dnsmasq.conf"
    config.write_text(
        "\n".join(
            [
                *("no-resolv", "no-hosts", "local=/example/", "local=/arpa/", "edns-packet-max=4096"),
                f"server=/silent.example/mta-sts.waiting.example/{silent.replace(':', '#')}",
                *ZONE,
            ]
        )
    )
    server = subprocess.Popen(
        [
            *(program, "--keep-in-foreground", f"--port={port}", "--listen-address=127.0.0.1", "--bind-interfaces"),
            *(f"--conf-file={config}", "--user=", "--pid-file="),
        ],
        stderr=subprocess.PIPE,
    )
    address = f"127.0.0.1:{port}"
    deadline = time.monotonic() + 10
    try:
        while audit(["good.example"], resolver=address, timeout=1).offline:
            assert server.poll() is None, server.stderr.read().decode() if server.stderr else ""
            assert time.monotonic() < deadline, "dnsmasq does not answer"
        yield address
    finally:
        server.terminate()
        finish(server)


def bounce(text: str, *, reason: str = "auth_failure", signed: str = "", unsubscribe: str = "", **more) -> dict:
    headers = {"x-campaign": "q1"}
    if signed:
        selector, _, domain = signed.partition("@")
        headers["dkim-signature"] = f"v=1; a=rsa-sha256; d={domain}; s={selector}; h=from:to; bh=abc=; b=def="
    if unsubscribe:
        headers["list-unsubscribe"] = unsubscribe
        headers["list-unsubscribe-post"] = "List-Unsubscribe=One-Click"
    row = {"sender": "ava@good.example", "reason": reason, "diagnostic": text, "delivered_to": "ava@good.example"}
    return {**row, "original_headers": json.dumps(headers), **more}


GOOD_POLICY = "version: STSv1\nmode: enforce\nmx: *.good.example\nmax_age: 86400\n"


def _checks(domain, resolver, bounces=(), **more):
    found = audit([domain], bounces, resolver=resolver, timeout=2, **more)
    return {check.subject: check for check in found.domains[0].checks}


def test_a_domain_in_order(resolver):
    bounces = [
        bounce(
            "550 5.7.26 DMARC",
            signed="s1@good.example",
            unsubscribe="<https://good.example/u/1>",
            reporting_mta="mx.good.example",
        )
    ]
    checks = _checks("good.example", resolver, bounces, addresses=[ADDRESS])
    assert {subject: check.state for subject, check in checks.items()} == dict.fromkeys(checks, "ok")
    assert "1 of 10" in checks["spf"].says
    assert "2048 bits" in checks["dkim"].says
    assert "p=reject" in checks["dmarc"].says
    assert checks["mx"].value == "10 mx.good.example"


@pytest.mark.parametrize(
    ("domain", "subject", "state", "words"),
    [
        ("two.example", "spf", "fault", "2 SPF records"),
        ("open.example", "spf", "fault", "everyone may send"),
        ("deep.example", "spf", "fault", "12 DNS look-ups"),
        ("keys.example", "spf", "absent", "no SPF record"),
        ("twice.example", "dmarc", "fault", "2 records"),
        ("bad.example", "dmarc", "fault", "maybe"),
        ("two.example", "dmarc", "absent", "no DMARC record"),
        ("mail.parent.example", "dmarc", "ok", "of parent.example is p=quarantine"),
        ("null.example", "mx", "fault", "null MX"),
        ("nowhere.example", "mx", "absent", "neither an MX record nor an address"),
        ("two.example", "mx", "ok", "its own address"),
        ("includes.example", "spf", "fault", "leads to open.example"),
        ("redirects.example", "spf", "fault", "leads to open.example"),
        ("excludes.example", "spf", "ok", "One record"),
        ("beside.example", "dmarc", "ok", "p=reject"),
        ("mail.beside.example", "dmarc", "ok", "of beside.example is p=reject"),
        ("without.example", "dmarc", "ok", "is p=none"),
        ("mail.org.example", "dmarc", "ok", "of org.example for the domains below it is sp=none"),
        ("dead.example", "mx", "fault", "has an address"),
        ("half.example", "mx", "ok", "mx.half.example, mx.good.example"),
        *(
            (f"{name}.nobody.example", "spf", "fault", "names nobody who may send")
            for name in ("bare", "shut", "late", "neutral", "behind", "handed")
        ),
        ("macro.nobody.example", "spf", "ok", "One record"),
        ("on.nobody.example", "spf", "fault", "redirects to gone.example, which publishes no SPF record"),
        ("spf.alike.example", "spf", "absent", "no SPF record"),
        ("small.alike.example", "dmarc", "fault", "does not begin with “v=DMARC1;”: v=dmarc1; p=reject"),
        ("unended.alike.example", "dmarc", "fault", "does not begin with “v=DMARC1;”: v=DMARC1 p=reject"),
        ("turned.alike.example", "dmarc", "fault", "does not begin with “v=DMARC1;”: p=reject; v=DMARC1"),
        ("report.example", "dmarc", "ok", "p=reject"),
        ("twice-p.example", "dmarc", "fault", "Duplicate p"),
        ("number.example", "mx", "fault", "takes the name of a host, and not 192.0.2.7"),
        ("itself.example", "mx", "fault", "only 127.0.0.1"),
        ("unknown.example", "mx", "unanswered", "mx.silent.example"),
        ("alias.example", "mx", "ok", "alias.good.example"),
    ],
)
def test_what_a_domain_publishes(resolver, domain, subject, state, words):
    check = _checks(domain, resolver)[subject]
    assert (check.state, words in check.says) == (state, True), check


@pytest.mark.parametrize(
    ("domain", "subject", "words"),
    [
        ("spf.alike.example", "spf", "v=spf1ip4:192.0.2.1 -all"),
        ("report.example", "dmarc", "pass over a part of it that is wrong"),
        ("alias.example", "mx", "is an alias (CNAME)"),
    ],
)
def test_what_a_domain_publishes_and_is_worth_a_note(resolver, domain, subject, words):
    assert any(words in note for note in _checks(domain, resolver)[subject].notes)


@pytest.mark.parametrize(
    ("selectors", "state", "words"),
    [
        (["short"], "ok", "2048 are advised"),
        (["revoked"], "fault", "revoked"),
        (["broken"], "fault", "damaged"),
        (["nothing"], "absent", "no key at nothing._domainkey.keys.example"),
        (["short", "nothing"], "absent", "no key at nothing"),
        ([], "unanswered", "no selector is known"),
        (["short25519"], "fault", "damaged"),
        (["good25519"], "ok", "Ed25519"),
        (["foreign25519"], "fault", "damaged"),
        (["strange"], "fault", "kind foo"),
        (["later"], "fault", "no DKIM key"),
        (["several"], "fault", "2 keys"),
        (["beside"], "ok", "2048 are advised"),
        (["sha1"], "fault", "no signature with SHA-256 (h=sha1)"),
        (["web"], "fault", "not for mail (s=web)"),
        (["every"], "ok", "every._domainkey.keys.example: an RSA key of 2048 bits."),
        (["tried"], "ok", "only being tried out (t=y)"),
    ],
)
def test_dkim_keys(resolver, selectors, state, words):
    check = _checks("keys.example", resolver, selectors=selectors)["dkim"]
    assert (check.state, words in check.says) == (state, True), check


@pytest.mark.parametrize(
    ("address", "state", "words"),
    [
        ("192.0.2.25", "ok", "mx.good.example, and back"),
        ("192.0.2.26", "fault", "does not lead back"),
        ("192.0.2.27", "fault", "no PTR record"),
        ("2001:DB8:0:0::25", "ok", "six.good.example, and back"),
    ],
)
def test_reverse_names(resolver, address, state, words):
    check = _checks("good.example", resolver, addresses=[address])["ptr"]
    assert (check.state, words in check.says) == (state, True), check


def test_the_sending_address_is_read_from_the_refusals(resolver):
    text = (
        "550 5.7.25 The IP address sending this message [192.0.2.27] has no PTR record; see https://example.com/1.2.3"
    )
    check = _checks("good.example", resolver, [bounce(text, reason="ptr_missing")])["ptr"]
    assert (check.state, "192.0.2.27" in check.says) == ("fault", True)


@pytest.mark.parametrize(
    ("domain", "address", "state", "words"),
    [
        ("good.example", "192.0.2.25", "ok", "it lets 192.0.2.25 send"),
        ("good.example", "198.51.100.9", "ok", "it lets 198.51.100.9 send"),
        ("good.example", "203.0.113.9", "fault", "does not let 203.0.113.9 send, from which mail is sent"),
        ("good.example", "2001:db8::25", "fault", "does not let 2001:db8::25 send"),
        ("own.sends.example", "192.0.2.30", "ok", "it lets"),
        ("own.sends.example", "192.0.2.99", "fault", "does not let"),
        ("mx.sends.example", "192.0.2.25", "ok", "it lets"),
        ("mx.sends.example", "192.0.2.26", "fault", "does not let"),
        ("six.sends.example", "2001:db8::25", "ok", "it lets"),
        ("handed.sends.example", "192.0.2.25", "ok", "it lets"),
        ("handed.sends.example", "203.0.113.9", "fault", "does not let"),
        ("not.sends.example", "192.0.2.25", "fault", "does not let"),
        ("not.sends.example", "192.0.2.26", "ok", "it lets"),
        ("macro.sends.example", "192.0.2.25", "ok", "look-ups."),
        ("exists.sends.example", "192.0.2.25", "ok", "look-ups."),
        ("modified.sends.example", "192.0.2.25", "ok", "it lets"),
    ],
)
def test_who_may_send_by_spf(resolver, domain, address, state, words):
    check = _checks(domain, resolver, addresses=[address])["spf"]
    assert (check.state, words in check.says) == (state, True), check


def test_spf_is_held_against_the_address_that_refusals_name(resolver):
    text = "550 5.7.26 SPF [good.example] with ip: [{}] = did not pass"
    bounces = [bounce(text.format("203.0.113.9"))] * 3 + [bounce(text.format("203.0.113.10"))]
    found = audit(["good.example"], bounces, resolver=resolver, timeout=2).domains[0]
    checks = {check.subject: check for check in found.checks}
    assert (checks["spf"].state, "203.0.113.9" in checks["spf"].says) == ("fault", True)
    assert "203.0.113.10" in checks["spf"].notes[0]
    assert {fix.id: fix.verdict for fix in found.fixes}["AUTH-SPF"] == "confirmed"


def test_spf_of_a_platforms_return_path_is_not_asked_of_the_from_domain(resolver):
    text = "550 5.7.26 SPF [bounces.platform.example] with ip: [203.0.113.9] = did not pass"
    check = _checks("good.example", resolver, [bounce(text, delivered_to="b-1@bounces.platform.example")])["spf"]
    assert check.state == "ok"


@pytest.mark.parametrize(
    ("domain", "signed", "state"),
    [
        # The envelope is ours: SPF counts, and passes.
        ("good.example", "k1@platform.example", "ok"),
        ("deep.example", "k1@platform.example", "fault"),
        ("deep.example", "", "fault"),
        # Ours, with and without a key.
        ("deep.example", "s1@deep.example", "fault"),
        ("good.example", "s9@good.example", "ok"),
    ],
)
def test_dmarc_passes_only_by_what_is_aligned_and_passes(resolver, domain, signed, state):
    mail = {"sender": f"ava@{domain}", "delivered_to": f"ava@{domain}"}
    bounces = [bounce("550 5.7.509 does not pass DMARC verification", signed=signed, **mail)]
    found = audit([domain], bounces, resolver=resolver, timeout=2).domains[0]
    assert {check.subject: check.state for check in found.checks}["alignment"] == state
    confirmed = {fix.id: fix.verdict for fix in found.fixes}["AUTH-DMARC"] == "confirmed"
    # A domain without a DMARC record confirms it, whatever is aligned.
    assert confirmed is (domain == "deep.example")


@pytest.mark.parametrize(
    ("row", "state", "words"),
    [
        ({"diagnostic": "504 5.5.2 <localhost>: Helo command rejected"}, "fault", "localhost is no full name"),
        ({"diagnostic": "550 5.7.1 HELO name [192.0.2.25] refused"}, "fault", "[192.0.2.25] is no full name"),
        ({"diagnostic": "550 bad HELO nowhere.good.example"}, "fault", "nowhere.good.example leads to no address"),
        ({"reporting_mta": "mx.good.example"}, "ok", "mx.good.example leads to 192.0.2.25"),
        ({"reporting_mta": "mx.silent.example", "sender": "a@silent.example"}, "unanswered", "mx.silent.example"),
        # The server of somebody else says nothing of ours.
        ({"reporting_mta": "mx.parent.example"}, "unanswered", "Not testable"),
    ],
)
def test_what_our_server_greets_with(resolver, row, state, words):
    mail = bounce(row.pop("diagnostic", "550 no"), reason="protocol_error", **row)
    domain = mail["sender"].rpartition("@")[2]
    check = _checks(domain, resolver, [mail], patience=2)["helo"]
    assert (check.state, words in check.says) == (state, True), check


def test_every_fix_that_the_bounces_ask_for_is_told(resolver):
    bounces = [
        bounce("554 blocked using zen.spamhaus.org", reason="ip_blocklisted", blocklist="Spamhaus ZEN"),
        bounce("550 5.7.133 sender not authenticated for group", reason="recipient_restricted"),
        bounce("504 <localhost>: Helo command rejected", reason="protocol_error"),
    ]
    found = {fix.id: fix for fix in audit(["good.example"], bounces, resolver=resolver).domains[0].fixes}
    verdicts = {name: fix.verdict for name, fix in found.items()}
    assert verdicts == {"BLOCKLIST": "not_testable", "RCPT-RESTRICTED": "not_testable", "HELO": "confirmed"}
    assert "Spamhaus ZEN" in found["BLOCKLIST"].why
    assert "recipients' own rule" in found["RCPT-RESTRICTED"].why


def test_notes_do_not_run_into_what_stands_before_them(resolver, capsys):
    show(audit(["without.example"], resolver=resolver))
    said = " ".join(capsys.readouterr().out.split())
    assert "is p=none. " in said


def test_signed_by_somebody_else(resolver):
    bounces = [bounce("550 5.7.26 DMARC", signed="k1@platform.example", delivered_to="b-1@bounces.platform.example")]
    check = _checks("good.example", resolver, bounces)["alignment"]
    assert (check.state, "platform.example" in check.says) == ("fault", True)


@pytest.mark.parametrize(
    ("bounces", "fix", "verdict"),
    [
        ([bounce("550 5.7.27 SPF check did not pass", sender="ava@two.example")], "AUTH-SPF", "confirmed"),
        ([bounce("550 5.7.27 SPF check did not pass", sender="ava@shut.nobody.example")], "AUTH-SPF", "confirmed"),
        ([bounce("550 5.7.27 SPF check did not pass")], "AUTH-SPF", "contradicted"),
        ([bounce("550 5.7.30 DKIM check did not pass")], "AUTH-DKIM", "not_testable"),
        ([bounce("550 5.7.30 DKIM check did not pass", signed="s9@good.example")], "AUTH-DKIM", "confirmed"),
        ([bounce("550 5.7.1 very low reputation of the sending domain", reason="domain_reputation")], "REP-DOMAIN", "not_testable"),
    ],
)  # fmt: skip
def test_fixes_held_against_what_is_published(resolver, bounces, fix, verdict):
    found = audit([bounces[0]["sender"].partition("@")[2]], bounces, resolver=resolver, timeout=2)
    fixes = {each.id: each for each in found.domains[0].fixes}
    assert fixes[fix].verdict == verdict, fixes
    assert fixes[fix].bounces == 1


def test_bounces_of_other_domains_are_not_blamed_on_this_one(resolver):
    found = audit(["good.example"], [bounce("550 SPF fail", sender="b@two.example")], resolver=resolver)
    assert found.domains[0].fixes == ()
    assert any("two.example" in warning for warning in found.warnings)


def test_without_a_network_nothing_is_called_wrong():
    bounces = [bounce("550 5.7.26 DMARC", signed="k1@platform.example", delivered_to="b@platform.example")]
    found = audit(["good.example"], bounces, resolver="127.0.0.1:9", timeout=0.3)
    states = {check.subject: check.state for check in found.domains[0].checks}
    assert found.offline
    assert {states[name] for name in ("spf", "dkim", "dmarc", "mx", "mta_sts")} == {"unanswered"}
    assert states["alignment"] == "fault"
    assert any("Nothing could be looked up" in warning for warning in found.warnings)


def test_a_resolver_that_never_answers_is_waited_for_only_so_long(silent):
    """The bound is for the whole run, and each check says what it did not ask."""
    started = time.monotonic()
    found = audit(["good.example", "two.example"], resolver=silent, timeout=0.4, patience=1.0, addresses=[ADDRESS])
    # Two look-ups at most are under way when it ends; the rest is what it takes to load what judges the records.
    assert time.monotonic() - started < 10
    first, second = ({check.subject: check for check in domain.checks} for domain in found.domains)
    asked = ("spf", "dkim", "dmarc", "mx", "ptr", "mta_sts")
    assert {check.state for checks in (first, second) for check in (checks[name] for name in asked)} == {"unanswered"}
    assert first["spf"].says == f"No answer from {silent} about good.example."
    assert first["mta_sts"].says == (
        f"Not asked: _mta-sts.good.example (TXT), for {silent} had kept us waiting for 1 s."
    )
    assert all(second[name].says.startswith("Not asked: ") for name in asked)
    assert found.offline


def test_what_an_spf_record_leads_to_and_nobody_answers_is_no_fault(resolver):
    check = _checks("waiting.example", resolver, patience=2)["spf"]
    assert (check.state, check.value) == ("unanswered", "v=spf1 include:spf.silent.example -all"), check
    assert check.says == "There is a record, and nobody answers about what it leads to: spf.silent.example."


@pytest.mark.parametrize(
    "text",
    ["nodots", "", "two words.example", "a..example", "x" * 64 + ".example", "192.0.2.1", "a." * 130 + "example"],
)
def test_what_is_no_domain(text):
    with pytest.raises(AnalyzerError, match="is no domain"):
        audit([text], resolver="127.0.0.1:9", timeout=0.1)


@pytest.mark.parametrize("text", ["mx.good.example", "192.0.2", "192.0.2.300", ""])
def test_what_is_no_sending_address(text):
    with pytest.raises(AnalyzerError, match="is no IP address"):
        audit(["good.example"], addresses=[text], resolver="127.0.0.1:9", timeout=0.1)


@pytest.mark.parametrize("text", ["dns.example", "127.0.0.1:port", "127.0.0.1:0", "[::1]:99999"])
def test_what_is_no_resolver(text):
    with pytest.raises(AnalyzerError, match="--resolver"):
        audit(["good.example"], resolver=text, timeout=0.1)


def test_an_address_a_page_and_a_name_of_any_script_name_the_domain(resolver):
    given = ["Ava@GOOD.example.", "https://two.example:8443/contact", "münchen.example"]
    assert [each.domain for each in audit(given, resolver=resolver).domains] == [
        "good.example",
        "two.example",
        "xn--mnchen-3ya.example",
    ]


def test_nothing_is_called_in_order_where_nothing_could_be_looked_up(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["bounce-analyzer", "audit", "good.example", "--resolver", "127.0.0.1:9"])
    with pytest.raises(SystemExit) as done:
        main()
    assert done.value.code == 0
    assert "good.example: no check could be made\n" in capsys.readouterr().out


def test_the_command(resolver, tmp_path, monkeypatch, capsys):
    rows = tmp_path / "bounces.csv"
    columns = "recipient,label,fault,reason,sender,diagnostic,kind"
    rows.write_text(
        f"{columns}\nbob@corp.example,spam,sender,auth_failure,ava@two.example,550 5.7.27 SPF fail,bounce\n"
    )

    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["bounce-analyzer", "audit", *arguments, "--resolver", resolver])
        with pytest.raises(SystemExit) as done:
            main()
        return int(done.value.code or 0), capsys.readouterr().out

    code, shown = run("two.example", "--bounces", str(rows))
    assert (code, "AUTH-SPF (1 bounce)" in shown, "confirmed" in shown) == (0, True, True)
    code, shown = run("two.example", "--fail-on", "fault", "--json")
    assert code == 1
    assert json.loads(shown)["domains"][0]["checks"][0]["state"] == "fault"
    assert run("good.example", "--fail-on", "fault", "--ip", ADDRESS)[0] == 0


def test_the_library_reads_bounce_sources(resolver, tmp_path):
    with pytest.raises(AnalyzerError, match=r"missing\.mbox"):
        run_audit(["good.example"], bounces=str(tmp_path / "missing.mbox"), resolver=resolver)


def test_selectors_and_headers_come_out_of_the_returned_mail(resolver, tmp_path):
    returned = (
        "Message-ID: <1@good.example>\nFrom: ava@good.example\nTo: jo@corp.example\n"
        "DKIM-Signature: v=1; a=rsa-sha256;\n d=good.example; s=s1; h=from:to; bh=abc; b=def\n"
        "List-Unsubscribe: <https://good.example/u/1>\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\n"
    )
    message = tmp_path / "bounce.eml"
    message.write_text(
        "From: MAILER-DAEMON@mx.example\nTo: ava@good.example\nSubject: Undelivered Mail Returned to Sender\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
        "Final-Recipient: rfc822; jo@corp.example\nAction: failed\nStatus: 5.7.30\n"
        "Diagnostic-Code: smtp; 550 5.7.30 DKIM check for good.example did not pass\n\n"
        f"--b\nContent-Type: text/rfc822-headers\n\n{returned}--b--\n"
    )
    (found,) = run_audit(["good.example"], bounces=str(message), resolver=resolver, timeout=2).domains
    checks = {check.subject: check for check in found.checks}
    assert checks["dkim"].value == "s1._domainkey.good.example"
    assert (checks["alignment"].state, checks["unsubscribe"].state) == ("ok", "ok")
    assert [(fix.id, fix.verdict) for fix in found.fixes] == [("AUTH-DKIM", "contradicted")]


@pytest.fixture(scope="session")
def policies(tmp_path_factory):
    """An HTTPS server for mta-sts.sts.example, as something that fetches from it."""
    folder = tmp_path_factory.mktemp("policies")

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/.well-known/mta-sts.txt" else 404)
            self.send_header("Content-Type", "text/plain")
            self.end_headers()
            self.wfile.write(GOOD_POLICY.encode())

        def log_message(self, *said: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        server.socket = server_tls(folder, "mta-sts.sts.example").wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        trusting = ssl.create_default_context(cafile=str(folder / "certificate.pem"))
        yield HttpsFetch(trusting, ("127.0.0.1", server.server_port))
        server.shutdown()


def test_the_policy_of_mta_sts_comes_over_https(resolver, policies):
    check = _checks("sts.example", resolver, fetch=policies)["mta_sts"]
    assert (check.state, check.says) == ("ok", "Announced; a policy in mode enforce, which the mail servers meet.")
    # The certificate is for another name.
    check = _checks("half.example", resolver, fetch=policies)["mta_sts"]
    assert (check.state, "certificate" in check.says) == ("fault", True), check


@pytest.mark.parametrize(
    ("domain", "policy", "state", "words"),
    [
        ("sts.example", "version: STSv1\nmode: enforce\nmx: *.other.example\nmax_age: 1\n", "fault", "replies are not"),
        ("sts.example", "version: STSv1\nmode: testing\nmx: mx.other.example\nmax_age: 1\n", "ok", "not mx.good.example"),
        ("sts.example", "version: STSv1\nmode: none\nmax_age: 1\n", "ok", "mode none."),
        ("sts.example", "version: STSv1\nmode: enforce\nmax_age: 1\n", "fault", "at least one mx"),
        ("sts.example", "<html>Not found</html>", "fault", "Line 1"),
        ("half.example", GOOD_POLICY, "ok", "and not mx.half.example"),
        # Without MX its own address takes the mail (RFC 5321 section 5.1).
        ("two.example", "version: STSv1\nmode: enforce\nmx: two.example\nmax_age: 1\n", "ok", "servers meet"),
        ("two.example", GOOD_POLICY, "fault", "not two.example"),
        ("twice.example", GOOD_POLICY, "fault", "2 records"),
        ("bad.example", GOOD_POLICY, "fault", "id value"),
        ("deep.example", GOOD_POLICY, "ok", "Not announced"),
    ],
)  # fmt: skip
def test_what_a_policy_of_mta_sts_says(resolver, domain, policy, state, words):
    check = _checks(domain, resolver, fetch=lambda _: policy.encode())["mta_sts"]
    assert (check.state, words in check.says) == (state, True), check


@pytest.mark.parametrize(
    ("domain", "state", "words"),
    [
        # Somebody's own network is not asked, whoever points a name there.
        ("sts.example", "fault", "no public address, but 127.0.0.1"),
        ("half.example", "fault", "mta-sts.half.example has no address"),
        ("waiting.example", "unanswered", "mta-sts.waiting.example"),
    ],
)
def test_where_a_policy_is_fetched_from(resolver, domain, state, words):
    check = _checks(domain, resolver, patience=2)["mta_sts"]
    assert (check.state, words in check.says) == (state, True), check


@pytest.mark.parametrize(
    ("pattern", "host", "fits"),
    [
        ("mx.example.net", "MX.example.net.", True),
        ("*.example.net", "mx.example.net", True),
        ("*.example.net", "a.mx.example.net", False),
        ("*.example.net", "example.net", False),
        ("mx.example.net", "mx2.example.net", False),
    ],
)
def test_a_wildcard_of_mta_sts_stands_for_one_label(pattern, host, fits):
    assert mta_sts.covers(pattern, host) is fits
