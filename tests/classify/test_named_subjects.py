"""Among neighbouring reasons, who the sentence names and which cause it gives decide, whatever words stand around."""

from __future__ import annotations

from itertools import product

import pytest

from analyzer.classify import classify

HOSTS = ["192.0.2.25", "your IP address 192.0.2.25", "your mail server", "client host [192.0.2.25]", "the sending host"]
DOMAINS = ["sales.example", "your domain", "the sender domain", "the sending domain sales.example"]
ADDRESSES = ["ann@sales.example", "the sender <ann@sales.example>", "the sender address"]
LISTED = ["{who} is blacklisted", "{who} is on our blacklist", "Rejected: {who} is in our block list"]
REPUTED = [
    "{who} has a poor reputation",
    "the reputation of {who} is too low",
    "Refused for the bad reputation of {who}",
]
TURNED_AWAY = ["we do not accept mail from {who}", "Mail from {who} is rejected"]

NAMED = [
    ("ip_blocklisted", HOSTS, LISTED),
    ("domain_blocklisted", DOMAINS, LISTED),
    ("sender_rejected", ADDRESSES, LISTED),
    ("ip_reputation", HOSTS, REPUTED),
    ("domain_reputation", DOMAINS, REPUTED),
    ("ip_blocklisted", HOSTS, TURNED_AWAY),
    ("sender_rejected", ADDRESSES + DOMAINS, TURNED_AWAY),
    ("rate_limited", HOSTS + DOMAINS + ADDRESSES, ["too many messages from {who}", "rate limit exceeded for {who}"]),
]
CAUSES = {
    "auth_failure": ["a failed DKIM check", "the DMARC policy of sales.example"],
    "ip_blocklisted": ["an RBL listing", "your IP being blacklisted"],
    "domain_blocklisted": ["a blacklisted sender domain"],
    "ip_reputation": ["low IP reputation", "poor sender reputation"],
    "domain_reputation": ["low domain reputation"],
    "sender_rejected": ["an unknown sender address", "a sender address that does not exist"],
    "ptr_missing": ["missing reverse DNS"],
    "tls_required": ["missing TLS"],
    "rate_limited": ["exceeding the rate limit"],
    "greylisted": ["greylisting"],
    "protocol_error": ["a missing From header", "bare line feeds"],
    "spam_content": ["its content", "a high spam score"],
    "url_blocklisted": ["a link on a blocklist", "a malicious link"],
    "virus": ["an infected attachment"],
    "policy": ["company policy", "administrative reasons"],
    "recipient_restricted": ["the recipient accepting internal mail only"],
    "message_too_large": ["its size"],
    "mailbox_full": ["a full mailbox"],
    "user_unknown": ["an unknown recipient"],
}


@pytest.mark.parametrize(("reason", "subjects", "sentences"), NAMED)
def test_who_is_named_decides(reason: str, subjects: list[str], sentences: list[str]) -> None:
    wrong = {}
    for who, sentence in product(subjects, sentences):
        text = f"550 5.7.1 {sentence.format(who=who)}"
        if (found := classify(text)).reason != reason:
            wrong[text] = (found.reason, found.decided_by)
    assert wrong == {}


@pytest.mark.parametrize("reason", CAUSES)
def test_the_cause_decides_behind_any_refusal(reason: str) -> None:
    wrong = {}
    for what, refused, cause in product(
        ("Your message", "This email"),
        ("was rejected due to {}", "has been blocked because of {}", "not accepted: {}", "was denied. Reason: {}"),
        CAUSES[reason],
    ):
        text = f"554 {what} {refused.format(cause)}"
        if (found := classify(text)).reason != reason:
            wrong[text] = (found.reason, found.decided_by)
    assert wrong == {}
