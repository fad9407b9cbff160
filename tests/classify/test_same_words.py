"""The same words mean the same: at every receiver, beside every name of one, beside links and other asides."""

from __future__ import annotations

from itertools import product

import pytest

from analyzer import knowledge
from analyzer.classify import classify

#: Replies as every sort of server gives them, and what each means.
PLAIN = [
    ("user_unknown", "550 5.1.1 <jane@acme.example>: Recipient address rejected: User unknown"),
    ("user_unknown", "550 5.1.1 No such user here"),
    ("user_unknown", "550 Unknown user"),
    ("user_unknown", "550 Invalid recipient <jane@acme.example>"),
    ("mailbox_disabled", "550 5.2.1 The mailbox has been disabled"),
    ("mailbox_full", "552 5.2.2 Mailbox is full"),
    ("mailbox_full", "452 4.2.2 User is over quota"),
    ("message_too_large", "552 5.3.4 Message size exceeds maximum allowed size"),
    ("relay_denied", "554 5.7.1 <jane@acme.example>: Relay access denied"),
    ("server_error", "451 4.3.0 Temporary lookup failure"),
    ("mail_loop", "554 5.4.6 Too many hops"),
    ("domain_not_found", "550 5.1.2 Recipient domain does not exist"),
    ("auth_failure", "550 5.7.1 SPF check failed for sender.example"),
    ("auth_failure", "550 5.7.1 DKIM signature verification failed"),
    ("domain_blocklisted", "550 5.7.1 Your domain sender.example is blacklisted"),
    ("domain_reputation", "550 5.7.1 Your domain sender.example has a poor reputation"),
    ("ip_reputation", "554 5.7.1 Your IP 192.0.2.25 has a poor reputation"),
    ("sender_rejected", "550 5.7.1 Sender address <sales@sender.example> rejected"),
    ("ptr_missing", "554 5.7.1 Client host rejected: cannot find your reverse hostname, [192.0.2.25]"),
    ("rate_limited", "450 4.7.1 Rate limit exceeded"),
    ("greylisted", "451 4.7.1 Greylisted, please try again later"),
    ("spam_content", "550 5.7.1 Message rejected as spam"),
    ("url_blocklisted", "554 5.7.1 Message contains a URL listed in SURBL"),
    ("virus", "554 5.7.1 Message contains a virus"),
    ("policy", "550 5.7.1 Message rejected due to local policy"),
    ("recipient_restricted", "550 5.7.1 This mailbox only accepts mail from internal senders"),
    ("tls_required", "530 5.7.0 Must issue a STARTTLS command first"),
    ("protocol_error", "550 5.6.0 Message is missing the From header"),
]
PROVIDERS = [
    row
    for row in knowledge.load_toml(knowledge.data_folder("rules") / "providers.toml")["provider"]
    if row.get("hosts")
]
ASIDES = [
    " See https://postmaster.acme.example/help/spam.html",
    "; https://acme.example/blocklist?ip=192.0.2.25",
    " (http://antispam.acme.example/)",
    "; https://support.acme.example/dmarc-spf-dkim",
    " https://acme.example/errors#rate-limit",
    "; www.acme.example/virus",
    " - https://acme.example/rbl/reputation",
    " (spf=none, dkim=pass, dmarc=none)",
    ". For spam reports write to abuse@acme.example",
    ". If you believe that this is not spam, contact postmaster@acme.example",
]


@pytest.mark.parametrize(("reason", "reply"), PLAIN)
def test_a_plain_reply_means_the_same_at_every_receiver(reason: str, reply: str) -> None:
    wrong = {
        row["name"]: found.decided_by
        for row in PROVIDERS
        if (found := classify(reply, host=f"mx7.{row['hosts'][0]}")).reason != reason
    }
    assert wrong == {}


@pytest.mark.parametrize(("reason", "reply"), PLAIN)
def test_a_plain_reply_means_the_same_beside_the_name_of_every_receiver(reason: str, reply: str) -> None:
    wrong = {}
    for row, form in product(PROVIDERS, ("{reply} ({name})", "{name}: {reply}", "{reply} - see https://help.{host}/")):
        text = form.format(reply=reply, name=row["title"].split(" (")[0], host=row["hosts"][0])
        found = classify(text)
        if found.reason != reason:
            wrong[text] = found.decided_by
    assert wrong == {}


@pytest.mark.parametrize(("reason", "reply"), PLAIN)
@pytest.mark.parametrize("aside", ASIDES)
def test_an_aside_decides_nothing_where_the_reply_says_why(reason: str, reply: str, aside: str) -> None:
    assert classify(reply + aside).reason == reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("554 5.7.1 Refused, see https://acme.example/blocklist?ip=192.0.2.25", "ip_blocklisted"),
        ("554 5.7.1 Service unavailable; see https://acme.example/blacklist/", "ip_blocklisted"),
        ("550 5.7.1 Recipient address rejected: Please see http://www.openspf.net/Why?id=x", "auth_failure"),
        ("550 5.7.1 rejected: spf=none, dkim=none", "auth_failure"),
        ("550 5.7.1 Refused; spf=softfail", "auth_failure"),
    ],
)
def test_an_aside_decides_where_the_reply_says_little(text: str, reason: str) -> None:
    assert classify(text).reason == reason
