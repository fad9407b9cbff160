"""One act is one fix, and the figures printed are those that were compared."""

from __future__ import annotations

import pytest
from diagnose_builder import STRICT, Block, campaign

from analyzer.correlate import Correlated
from analyzer.diagnose import diagnose
from analyzer.diagnose.diagnosis import Deliverability

LINKS = "550 5.7.1 refused because of the nature of the content or the links in the message"


def verdict(*blocks: Block) -> Deliverability:
    return diagnose(campaign(*blocks)).deliverability


def listed(correlated: Correlated, *names: str) -> Correlated:
    """The campaign with these block lists named in its refusals, one after the other."""
    correlated.bounces["blocklist"] = [names[i % len(names)] for i in range(len(correlated.bounces))]
    return correlated


def test_a_link_on_three_lists_is_one_fix_with_the_way_off_each():
    correlated = listed(campaign(Block(600, bounced={"url_blocklisted": 30})), "SURBL", "URIBL", "Spamhaus DBL")
    (fix,) = diagnose(correlated).deliverability.fixes
    assert (fix.id, fix.bounces) == ("BLOCKLIST-URL", 30)
    assert [step.split(":")[0] for step in fix.steps[-3:]] == ["SURBL", "Spamhaus DBL", "URIBL"]


def test_refusals_for_the_links_are_mended_with_the_listed_link():
    found = verdict(Block(300, bounced={"url_blocklisted": 20}), Block(300, bounced={"spam_content": 40}, text=LINKS))
    assert [(fix.id, fix.bounces, fix.reasons) for fix in found.fixes] == [
        ("BLOCKLIST-URL", 60, ["spam_content", "url_blocklisted"])
    ]
    alone = verdict(Block(300), Block(300, bounced={"spam_content": 40}, text=LINKS))
    assert [fix.id for fix in alone.fixes] == ["CONTENT-LINK"]


NAMES = {
    "AUTH": "550 5.7.26 This mail is unauthenticated: neither SPF nor DKIM passed",
    "AUTH-SPF": "550 5.7.23 rejected because of Sender Policy Framework violation",
    "AUTH-DKIM": "550 5.7.30 DKIM check for example.com did not pass",
    "AUTH-DMARC": "550 5.7.509 Access denied, does not pass DMARC verification",
    "AUTH-MSBULK": "550 5.7.515 Access denied, required authentication level not met: Spf= Fail, DMARC= Fail",
    "all three": "550 5.7.515 Access denied, required authentication level not met: Spf= Fail, Dkim= Fail, DMARC= Fail",
}


@pytest.mark.parametrize(
    ("told", "fix"),
    [
        ({"AUTH": 9, "AUTH-SPF": 10, "AUTH-DMARC": 8, "AUTH-MSBULK": 6}, "AUTH"),
        ({"AUTH": 12, "AUTH-SPF": 7, "AUTH-DMARC": 13, "AUTH-MSBULK": 6}, "AUTH"),
        ({"AUTH-SPF": 10, "AUTH-DKIM": 9}, "AUTH"),
        ({"AUTH-DMARC": 20, "AUTH-MSBULK": 12}, "AUTH"),
        # Only one check fails: DMARC and Outlook's level fail with it.
        ({"AUTH-SPF": 10, "AUTH-DMARC": 14, "AUTH-MSBULK": 9}, "AUTH-SPF"),
        ({"AUTH-DKIM": 6, "AUTH-DMARC": 30}, "AUTH-DKIM"),
        # A forwarder breaks a signature now and then.
        ({"AUTH-SPF": 40, "AUTH-DKIM": 2}, "AUTH-SPF"),
        ({"AUTH-DMARC": 40, "AUTH-SPF": 2, "AUTH-DKIM": 2}, "AUTH-DMARC"),
        # Mending SPF alone would leave what Outlook says of DKIM.
        ({"AUTH-SPF": 25, "AUTH-DKIM": 3, "AUTH-DMARC": 6, "all three": 8}, "AUTH"),
        ({"AUTH-SPF": 40, "all three": 2}, "AUTH-SPF"),
        ({"all three": 20}, "AUTH-MSBULK"),
    ],
)
def test_a_fault_of_authentication_is_one_fix_however_receivers_word_it(told, fix):
    found = verdict(Block(600), *(Block(n, bounced={"auth_failure": n}, text=NAMES[name]) for name, n in told.items()))
    assert [(one.id, one.bounces, one.share) for one in found.fixes] == [(fix, sum(told.values()), 1)]


def test_lists_of_addresses_are_left_one_by_one():
    found = diagnose(
        listed(campaign(Block(600, bounced={"ip_blocklisted": 30})), "Microsoft", "Barracuda")
    ).deliverability
    assert [fix.title for fix in found.fixes] == [
        "Get off the Barracuda block list",
        "Get off the Microsoft block list",
    ]


def test_rates_are_printed_as_they_are_compared():
    found = verdict(
        Block(600, bounced={"sender_account": 60, "spam_content": 1}),
        Block(200, industry=STRICT, bounced={"sender_account": 20, "policy": 14}),
    )
    assert "Without what names a cause on our side, open industries refuse 0.2 %" in found.why
    assert "strict ones 7.0 %" in found.why
    assert "more than chance explains" in found.why


@pytest.mark.parametrize(("rate_limited", "ids"), [(14, {"RATE", "RCPT-RESTRICTED"}), (3, {"RCPT-RESTRICTED"})])
def test_where_lesser_fixes_are_listed_the_one_of_most_refusals_is_too(rate_limited, ids):
    found = verdict(Block(1500, bounced={"rate_limited": rate_limited, "recipient_restricted": 3}))
    assert found.side == "none"
    assert {fix.id for fix in found.fixes} == ids


def test_strict_industries_behind_one_filter_are_told_with_the_filter():
    strict = Block(200, industry=STRICT, bounced={"spam_content": 18}, provider="proofpoint")
    found = verdict(Block(600, bounced={"spam_content": 1}), strict)
    assert "though all 18 that name no cause there are refused by proofpoint" in found.why
    spread = [
        Block(100, industry=STRICT, bounced={"spam_content": 9}, provider=one) for one in ("proofpoint", "mimecast")
    ]
    assert "are refused by" not in verdict(Block(600, bounced={"spam_content": 1}), *spread).why


def test_the_list_that_only_a_log_tells_of_is_named_as_well():
    text = "554 5.7.1 Service unavailable; Client host [192.0.2.9] blocked using zen.spamhaus.org"
    (fix,) = verdict(Block(600, bounced={"ip_blocklisted": 30}, text=text)).fixes
    assert fix.title == "Get off the Spamhaus ZEN block list"


def two_domains(one: dict[str, int], other: dict[str, int]) -> Deliverability:
    senders = (("ann@sender.example", one), ("bob@second.example", other))
    return verdict(
        *(Block(300, sender=sender) for sender, _ in senders),
        *(
            Block(n, sender=sender, bounced={"auth_failure": n}, text=NAMES[name])
            for sender, told in senders
            for name, n in told.items()
        ),
    )


def test_two_domains_with_a_fault_each_have_a_fix_each():
    found = two_domains({"AUTH-SPF": 30, "AUTH-DMARC": 12}, {"AUTH-DKIM": 14, "AUTH-DMARC": 6})
    assert [(fix.id, fix.bounces, fix.senders) for fix in found.fixes] == [
        ("AUTH-SPF", 42, ["sender.example"]),
        ("AUTH-DKIM", 20, ["second.example"]),
    ]
    assert [[part.value for part in fix.only] for fix in found.fixes] == [["sender.example"], ["second.example"]]


@pytest.mark.parametrize(
    ("one", "other", "fix"),
    [
        # Which receiver says what is chance: of one cause, or of what may be one.
        ({"AUTH-SPF": 30}, {"AUTH-SPF": 8, "AUTH-DMARC": 9}, "AUTH-SPF"),
        ({"AUTH-SPF": 30}, {"AUTH-DMARC": 20}, "AUTH-SPF"),
        ({"AUTH-SPF": 30}, {"AUTH": 20}, "AUTH"),
        # Too few to say what a domain's own fault is.
        ({"AUTH-SPF": 30}, {"AUTH-DKIM": 3}, "AUTH-SPF"),
    ],
)
def test_two_domains_with_one_fault_have_one_fix(one, other, fix):
    (only,) = two_domains(one, other).fixes
    assert (only.id, only.bounces) == (fix, sum(one.values()) + sum(other.values()))
    assert set(only.senders) == {"sender.example", "second.example"}
