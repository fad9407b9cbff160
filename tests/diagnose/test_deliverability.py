"""Whose side refusals are, and which fixes they ask for."""

from __future__ import annotations

import pytest
from diagnose_builder import OPEN, STRICT, UNCLASSIFIED, Block, campaign

from analyzer.diagnose import diagnose
from analyzer.diagnose.diagnosis import Deliverability


def verdict(*blocks: Block, **changes: object) -> Deliverability:
    return diagnose(campaign(*blocks, **changes)).deliverability


@pytest.mark.parametrize(
    ("name", "side", "fixes", "blocks"),
    [
        ("nothing wrong", "none", set(), (Block(600), Block(200, industry=STRICT))),
        (
            "the usual few",
            "none",
            set(),
            (Block(800, bounced={"spam_content": 3}), Block(200, industry=STRICT, bounced={"spam_content": 1})),
        ),
        (
            "strict ones block",
            "recipient",
            {"RCPT-STRICT"},
            (Block(600, bounced={"spam_content": 1}), Block(200, industry=STRICT, bounced={"spam_content": 18})),
        ),
        (
            "strict companies are larger",
            "recipient",
            {"RCPT-STRICT"},
            (
                Block(600, bounced={"spam_content": 1}),
                Block(200, industry=STRICT, bounced={"spam_content": 16}, per_domain=2),
            ),
        ),
        (
            "strict ones say so",
            "recipient",
            {"RCPT-POLICY"},
            (Block(600), Block(200, industry=STRICT, bounced={"policy": 18})),
        ),
        ("closed groups", "recipient", {"RCPT-RESTRICTED"}, (Block(300, bounced={"recipient_restricted": 8}),)),
        (
            "DMARC fails everywhere",
            "sender",
            {"AUTH-DMARC"},
            (Block(600, bounced={"auth_failure": 20}), Block(200, industry=STRICT, bounced={"auth_failure": 7})),
        ),
        (
            "two DMARC failures are proof",
            "sender",
            {"AUTH-DMARC"},
            (Block(900, bounced={"auth_failure": 2}), Block(100, industry=STRICT)),
        ),
        ("one of many is none", "none", {"AUTH-DMARC"}, (Block(2000, bounced={"auth_failure": 1, "spam_content": 4}),)),
        (
            "both",
            "mixed",
            {"AUTH-DMARC", "RCPT-STRICT"},
            (
                Block(600, bounced={"auth_failure": 20}),
                Block(200, industry=STRICT, bounced={"auth_failure": 7, "spam_content": 20}),
            ),
        ),
        (
            "open ones refuse as well",
            "sender",
            {"CONTENT-SPAM"},
            (Block(600, bounced={"spam_content": 24}), Block(200, industry=STRICT, bounced={"spam_content": 8})),
        ),
        (
            "open ones refuse, strict ones more",
            "mixed",
            {"CONTENT-SPAM", "RCPT-STRICT"},
            (Block(600, bounced={"spam_content": 20}), Block(300, industry=STRICT, bounced={"spam_content": 50})),
        ),
        (
            "one bank is not an industry",
            "recipient",
            {"RCPT-DOMAIN-BLOCK"},
            (
                Block(600, bounced={"spam_content": 2}),
                Block(200, industry=STRICT),
                Block(40, industry=STRICT, domain="bank.example", bounced={"spam_content": 40}),
            ),
        ),
        (
            "one open company",
            "recipient",
            {"RCPT-DOMAIN-BLOCK"},
            (Block(900), Block(40, domain="one.example", bounced={"spam_content": 38})),
        ),
        ("our own limit", "sender", {"QUOTA-OUT"}, (Block(600, bounced={"sender_account": 30}),)),
        ("listed", "sender", {"BLOCKLIST"}, (Block(600, bounced={"ip_blocklisted": 12}),)),
        ("complaints", "sender", {"COMPLAINT"}, (Block(900, bounced={"complaint": 5}),)),
        (
            "no industry, unwanted",
            "undetermined",
            {"CONTENT-SPAM"},
            (Block(600, industry=UNCLASSIFIED, bounced={"spam_content": 30}),),
        ),
        (
            "no industry, poor standing",
            "sender",
            {"REP-DOMAIN"},
            (Block(600, industry=UNCLASSIFIED, bounced={"domain_reputation": 30}),),
        ),
        (
            "two banks are not an industry either",
            "none",
            set(),
            (
                Block(800, per_domain=4),
                Block(72, industry=STRICT, per_domain=4),
                Block(8, industry=STRICT, bounced={"spam_content": 8}, per_domain=4),
            ),
        ),
        (
            "four open companies are no coincidence",
            "sender",
            {"CONTENT-SPAM"},
            (Block(600), Block(36, bounced={"spam_content": 36}, per_domain=6)),
        ),
        ("three own rules in a thousand leads", "none", {"RCPT-POLICY"}, (Block(1000, bounced={"policy": 3}),)),
        (
            "two own rules do not explain thirty refusals",
            "undetermined",
            {"CONTENT-SPAM", "RCPT-POLICY"},
            (Block(600, industry=UNCLASSIFIED, bounced={"policy": 2, "spam_content": 30}),),
        ),
        (
            "half of the industries are not given",
            "recipient",
            {"CONTENT-SPAM", "RCPT-STRICT"},
            (
                Block(1500),
                Block(500, industry=STRICT, bounced={"spam_content": 100}),
                Block(1500, industry=UNCLASSIFIED, bounced={"spam_content": 110}),
            ),
        ),
        (
            "industries that are not given refuse more than strict ones",
            "undetermined",
            {"CONTENT-SPAM", "RCPT-STRICT"},
            (
                Block(1500),
                Block(500, industry=STRICT, bounced={"spam_content": 30}),
                Block(1000, industry=UNCLASSIFIED, bounced={"spam_content": 200}),
            ),
        ),
        (
            "few own rules in a large campaign are the usual ones",
            "none",
            {"RCPT-POLICY"},
            (Block(3000, bounced={"policy": 12, "spam_content": 5}), Block(800, industry=STRICT)),
        ),
        (
            "own rules at their usual rate take no part in our fault",
            "sender",
            {"AUTH-DMARC", "RCPT-POLICY"},
            (Block(1000, bounced={"auth_failure": 30, "policy": 6}),),
        ),
        (
            "one company among thirty others that refuse as usual",
            "recipient",
            {"RCPT-DOMAIN-BLOCK"},
            (Block(3000, bounced={"spam_content": 28}), Block(40, domain="one.example", bounced={"spam_content": 40})),
        ),
        (
            "a few rate limits do not explain four hundred refusals",
            "undetermined",
            {"CONTENT-SPAM", "RATE", "RCPT-POLICY"},
            (Block(4000, industry=UNCLASSIFIED, bounced={"spam_content": 400, "rate_limited": 6, "policy": 4}),),
        ),
        ("bounces that say nothing", "undetermined", set(), (Block(600, bounced={"unspecified": 30}),)),
        (
            "a proof among bounces that say nothing",
            "sender",
            {"AUTH-DMARC"},
            (Block(600, bounced={"unspecified": 30, "auth_failure": 12}),),
        ),
        ("full mailboxes and outages", "none", set(), (Block(600, bounced={"mailbox_full": 60}),)),
        ("twelve leads", "undetermined", set(), (Block(12),)),
        ("no lead", "undetermined", set(), ()),
    ],
)
def test_verdicts(name: str, side: str, fixes: set[str], blocks: tuple[Block, ...]) -> None:
    found = verdict(*blocks)
    assert found.side == side, f"{name}: {found.why}"
    assert {fix.id for fix in found.fixes} == fixes, f"{name}: {found.why}"


@pytest.mark.parametrize(("open_hits", "side"), [(12, "sender"), (3, "recipient")])
def test_refusals_for_our_standing_are_ours_though_strict_industries_have_most(open_hits: int, side: str) -> None:
    """Their gateways ask for it: 2 % of open industries do as well, which alone is not beyond doubt; 0.5 % is as usual."""
    found = verdict(
        Block(600, per_domain=4, bounced={"domain_reputation": open_hits}),
        Block(320, industry=STRICT, per_domain=2, bounced={"domain_reputation": 76}),
    )
    assert found.side == side
    assert found.fixes[0].id == ("REP-DOMAIN" if side == "sender" else "RCPT-STRICT")


@pytest.mark.parametrize(("others", "asked"), [(6, {"AUTH-DMARC"}), (40, {"AUTH-DMARC", "CONTENT-SPAM"})])
def test_what_every_campaign_has_asks_for_no_fix_beside_a_proven_fault(others: int, asked: set[str]) -> None:
    """Six of 1,000 called spam are below the usual 1 %, and rewriting the text for them is no work to do now."""
    found = verdict(Block(1000, bounced={"auth_failure": 60, "spam_content": others}))
    assert found.side == "sender"
    assert {fix.id for fix in found.fixes} == asked


def test_rates_are_those_of_open_and_strict_industries() -> None:
    found = verdict(Block(400, bounced={"spam_content": 8}), Block(100, industry=STRICT, bounced={"policy": 10}))
    assert found.sender_rate.estimate == 0.02
    assert found.strict_rate.estimate == 0.1
    assert found.sender_rate.low < 0.02 < found.sender_rate.high
    unknown = verdict(Block(400, industry=UNCLASSIFIED, bounced={"spam_content": 8}))
    assert unknown.sender_rate.estimate is None
    assert unknown.strict_rate.estimate is None


def test_no_dns_change_for_a_recipients_rule() -> None:
    found = verdict(Block(600), Block(200, industry=STRICT, bounced={"policy": 20, "recipient_restricted": 5}))
    assert found.side == "recipient"
    assert {fix.side for fix in found.fixes} == {"recipient"}


def test_strict_texts_that_blame_our_standing_are_weighed_by_open_industries() -> None:
    """Only banks call our standing poor, and 800 others do not: theirs, and no reputation fix."""
    found = verdict(Block(800), Block(200, industry=STRICT, bounced={"domain_reputation": 20}))
    assert found.side == "recipient"
    assert [fix.id for fix in found.fixes] == ["RCPT-STRICT"]


def test_one_company_makes_no_fix_about_all_strict_industries() -> None:
    """Several banks name a rule of their own, one says nothing: that one is a company to leave alone."""
    banks = [Block(10, industry=STRICT, domain=f"bank{i}.example", bounced={"policy": 8}) for i in range(5)]
    silent = Block(12, industry=STRICT, domain="silent.example", bounced={"spam_content": 11})
    found = verdict(Block(800), *banks, silent)
    fixes = {fix.id: (fix.bounces, fix.domains) for fix in found.fixes}
    assert fixes == {"RCPT-POLICY": (40, 5), "RCPT-DOMAIN-BLOCK": (11, 1)}
    more = [Block(12, industry=STRICT, domain=f"silent{i}.example", bounced={"spam_content": 11}) for i in range(3)]
    assert {"RCPT-POLICY", "RCPT-STRICT"} == {fix.id for fix in verdict(Block(800), *banks, *more).fixes}


def test_one_company_makes_none_where_open_industries_refuse_as_well() -> None:
    ours = Block(1000, bounced={"domain_reputation": 60, "spam_content": 60}, per_domain=3)
    banks = [Block(10, industry=STRICT, domain=f"bank{i}.example", bounced={"policy": 4}) for i in range(4)]
    silent = Block(60, industry=STRICT, domain="silent.example", bounced={"spam_content": 28})
    found = {fix.id: (fix.bounces, fix.domains) for fix in verdict(ours, *banks, silent).fixes}
    assert found["RCPT-DOMAIN-BLOCK"] == (28, 1)
    assert "RCPT-STRICT" not in found


def test_strict_industries_are_tested_without_the_companies_that_block_us() -> None:
    """Two companies are told by themselves; that another refuses a lead shows nothing about strict industries."""
    two = [Block(15, industry=STRICT, domain=f"big{i}.example", bounced={"policy": 14}) for i in range(2)]
    few = [Block(40, industry=STRICT, domain=f"bank{i}.example", bounced={"policy": int(i < 1)}) for i in range(8)]
    why = verdict(Block(2000, per_domain=4), *two, *few).why
    assert "2 companies blocking us, not a pattern" in why
    assert "beyond doubt" not in why
    assert "more than chance explains" not in why


def test_a_company_that_refuses_as_a_whole_is_one_beside_many_refusals_for_our_standing() -> None:
    limited = Block(1000, bounced={"rate_limited": 100}, per_domain=3)
    found = verdict(limited, Block(10, industry=STRICT, domain="bank.example", bounced={"policy": 10}))
    assert [fix.id for fix in found.fixes] == ["RATE", "RCPT-DOMAIN-BLOCK"]


def test_fixes_have_the_share_that_they_explain() -> None:
    found = verdict(
        Block(600, bounced={"auth_failure": 3, "domain_reputation": 15, "spam_content": 30}),
        Block(200, industry=STRICT),
    )
    assert [(fix.id, fix.priority) for fix in found.fixes] == [
        ("CONTENT-SPAM", 1),
        ("REP-DOMAIN", 2),
        ("AUTH-DMARC", 3),
    ]
    assert [fix.share for fix in found.fixes] == [pytest.approx(n / 48) for n in (30, 15, 3)]
    assert found.fixes[2].domains == 3


@pytest.mark.parametrize(
    ("side", "order", "blocks"),
    [
        # By what they explain, times how sure each is: 20 × 0.95 before 30 × 0.6, and 15 × 0.95 behind it.
        ("sender", ["AUTH-DMARC", "CONTENT-SPAM"], (Block(600, bounced={"spam_content": 30, "auth_failure": 20}),)),
        ("sender", ["CONTENT-SPAM", "AUTH-DMARC"], (Block(600, bounced={"spam_content": 30, "auth_failure": 15}),)),
        # One own rule is listed, and does not stand before what explains thirty.
        ("sender", ["CONTENT-SPAM", "RCPT-POLICY"], (Block(600, bounced={"spam_content": 30, "policy": 1}),)),
        # One reply proves its cause; thirty others have another.
        ("sender", ["CONTENT-SPAM", "AUTH-DMARC"], (Block(600, bounced={"spam_content": 30, "auth_failure": 1}),)),
        # Six listings of 154 refusals.
        (
            "sender",
            ["CONTENT-SPAM", "BLOCKLIST"],
            (Block(1000, bounced={"spam_content": 148, "ip_blocklisted": 6}),),
        ),
        # Whoever's it is: ten own rules explain more than a proof of three.
        ("sender", ["RCPT-POLICY", "AUTH-DMARC"], (Block(1000, bounced={"policy": 10, "auth_failure": 3}),)),
        (
            "mixed",
            ["RCPT-POLICY", "AUTH-DMARC"],
            (Block(600, bounced={"auth_failure": 15}), Block(200, industry=STRICT, bounced={"policy": 40})),
        ),
        # 36 × 0.95 before 40 × 0.85.
        (
            "mixed",
            ["AUTH-DMARC", "RCPT-POLICY"],
            (Block(600, bounced={"auth_failure": 36}), Block(200, industry=STRICT, bounced={"policy": 40})),
        ),
        # Theirs in the main: first what explains it.
        (
            "recipient",
            ["RCPT-POLICY", "AUTH-DMARC"],
            (Block(600, bounced={"auth_failure": 2}), Block(200, industry=STRICT, bounced={"policy": 60})),
        ),
    ],
)
def test_the_first_fix_is_the_one_to_begin_with(side: str, order: list[str], blocks: tuple[Block, ...]) -> None:
    found = verdict(*blocks)
    assert (found.side, [fix.id for fix in found.fixes]) == (side, order)


def test_bounces_that_say_nothing_are_named_in_the_reasons() -> None:
    assert "30 bounces (5.0 % of the leads) say nothing" in verdict(Block(600, bounced={"unspecified": 30})).why


@pytest.mark.parametrize(
    ("text", "first"),
    [
        # Names two causes: the fix that holds both, once.
        ("550 5.7.26 This mail is unauthenticated: authenticate with SPF or DKIM. SPF and DKIM did not pass", "AUTH"),
        ("550 5.7.26 Unauthenticated email from sender.example is not accepted", "AUTH"),
        # DMARC is what the receiver acted on; SPF and DKIM are why it failed.
        ("550 5.7.26 Rejected under the DMARC policy: SPF did not pass, DKIM not aligned", "AUTH-DMARC"),
        ("550 5.7.515 Access denied, required authentication level: Spf= Fail, Dkim= Fail, DMARC= Pass", "AUTH-MSBULK"),
        ("550 5.7.27 SPF check did not pass", "AUTH-SPF"),
    ],
)
def test_each_refusal_counts_for_its_most_specific_fix_alone(text: str, first: str) -> None:
    found = verdict(Block(300, bounced={"auth_failure": 6}, text=text))
    assert {fix.id: (fix.bounces, fix.share) for fix in found.fixes} == {first: (6, 1.0)}


@pytest.mark.parametrize(
    ("reason", "text", "fix"),
    [
        (
            "sender_rejected",
            "550 Rejected by header based manually Blocked Senders: ann@x.example",
            "RCPT-BLOCKED-SENDER",
        ),
        ("ip_blocklisted", "554 5.7.1 Client host blocked using zen.example.net; Error: open resolver", "RCPT-DNSBL"),
    ],
)
def test_words_that_are_the_recipients_own_doing_are_no_fault_of_ours(reason: str, text: str, fix: str) -> None:
    found = verdict(Block(600, bounced={reason: 20}, text=text))
    assert found.side == "recipient"
    assert [one.id for one in found.fixes] == [fix]
    assert "No refusal says what is wrong with our sending" in found.why


def test_the_shares_of_all_fixes_add_up_to_no_more_than_everything() -> None:
    found = verdict(
        Block(600, bounced={"auth_failure": 9, "spam_content": 40, "policy": 4}),
        Block(200, industry=STRICT, bounced={"auth_failure": 7, "spam_content": 60, "recipient_restricted": 3}),
        Block(40, industry=STRICT, domain="bank.example", bounced={"spam_content": 20, "policy": 18}),
    )
    assert found.side == "mixed"
    assert 0.95 < sum(fix.share for fix in found.fixes) <= 1 + 1e-9


def test_one_company_that_blocks_by_its_own_rule_is_one_fix() -> None:
    found = verdict(Block(600), Block(40, industry=STRICT, domain="bank.example", bounced={"policy": 40}))
    assert [(fix.id, fix.bounces, fix.domains) for fix in found.fixes] == [("RCPT-DOMAIN-BLOCK", 40, 1)]


def test_evidence_is_distinct_and_without_names() -> None:
    blocks = [
        Block(50, bounced={"auth_failure": 5}, text=f"550 5.7.26 {words} for jane.doe@victim.example (id 8a7f{i}c)")
        for i, words in enumerate(["DMARC failed", "DMARC failed", "DMARC policy says no", "Not aligned"])
    ]
    (fix,) = verdict(*blocks).fixes
    assert len(fix.evidence) == 3
    assert fix.evidence[0].startswith("550 5.7.26 DMARC failed for ***@victim.example")
    assert not any("jane" in line for line in fix.evidence)


def test_replies_that_differ_by_the_server_that_wrote_them_are_one_example() -> None:
    blocks = [
        Block(50, bounced={"auth_failure": 5}, text=f"550 5.7.515 Access denied [{key}.eop-EUR02.example]")
        for key in ("TFRRNAY5NX275", "HFLRVM6JSB801", "4HQULZLDOI587")
    ]
    (fix,) = verdict(*blocks).fixes
    assert len(fix.evidence) == 1


def test_each_named_list_has_its_own_procedure() -> None:
    correlated = campaign(Block(300, bounced={"ip_blocklisted": 6}))
    correlated.bounces["blocklist"] = ["Spamhaus CSS"] * 4 + ["Some List"] * 2
    found = diagnose(correlated).deliverability.fixes
    assert [(fix.id, fix.bounces) for fix in found] == [("BLOCKLIST-SPAMHAUS-CSS", 4), ("BLOCKLIST-SOME-LIST", 2)]
    assert any("Spamhaus CSS" in step for step in found[0].steps)


@pytest.mark.parametrize(
    ("named", "asked"),
    [
        # ZEN is the operator's own list of all its address lists.
        (["Spamhaus"] * 4 + ["Spamhaus ZEN"] * 2, [("BLOCKLIST-SPAMHAUS-ZEN", 6)]),
        (["Spamhaus"] * 3 + ["Spamhaus ZEN"] * 2 + ["Spamhaus CSS"], [("BLOCKLIST-SPAMHAUS-CSS", 6)]),
        # Two parts are two procedures; what names only the whole goes with the one more often named.
        (
            ["Spamhaus CSS"] * 3 + ["Spamhaus ZEN"] + ["Spamhaus SBL"] * 2,
            [("BLOCKLIST-SPAMHAUS-CSS", 4), ("BLOCKLIST-SPAMHAUS-SBL", 2)],
        ),
        (["Spamhaus"] * 4 + ["SpamCop"] * 2, [("BLOCKLIST-SPAMHAUS", 4), ("BLOCKLIST-SPAMCOP", 2)]),
    ],
)
def test_one_listing_is_one_fix_whatever_the_receivers_call_it(named: list[str], asked: list[tuple[str, int]]) -> None:
    correlated = campaign(Block(300, bounced={"ip_blocklisted": 6}))
    correlated.bounces["blocklist"] = named
    found = diagnose(correlated).deliverability.fixes
    assert [(fix.id, fix.bounces) for fix in found] == asked


def test_a_difference_that_named_refusals_make_is_not_put_down_to_chance() -> None:
    """A sending domain without SPF that writes mostly to strict companies."""
    why = verdict(
        Block(600, bounced={"auth_failure": 12}),
        Block(300, industry=STRICT, bounced={"auth_failure": 100}),
    ).why
    assert "the refusals that name a cause on our side make the difference, not strictness" in why
    assert "chance can explain" not in why


def test_a_difference_that_one_company_makes_is_said_to_be_its_own() -> None:
    why = verdict(
        Block(600, bounced={"policy": 1}),
        Block(200, industry=STRICT),
        Block(80, industry=STRICT, domain="bank.example", bounced={"policy": 80}),
    ).why
    assert "bank.example makes the difference, not strictness" in why
    assert "chance can explain" not in why


def test_a_complaint_is_no_refusal() -> None:
    why = verdict(Block(600, bounced={"complaint": 12})).why
    assert why.startswith("12 of 600 leads (2.0 %) complained of spam, at 12 domains.")
    assert "recipients marked the mail as spam (12 complaints at 12 domains)" in why
    both = verdict(Block(600, bounced={"complaint": 12, "auth_failure": 3})).why
    assert both.startswith("15 of 600 leads (2.5 %) were refused as spam, or complained, at 15 domains.")
    assert verdict(Block(600, bounced={"policy": 1})).why.startswith("1 of 600 leads (0.2 %) was refused as spam")


def test_why_names_both_sides_in_plain_words() -> None:
    why = verdict(
        Block(600, bounced={"auth_failure": 20}),
        Block(200, industry=STRICT, bounced={"auth_failure": 7, "spam_content": 20}),
    ).why
    for words in (
        "47 of 800 leads (5.9 %)",
        "SPF, DKIM or DMARC failed (27 refusals at 27 domains)",
        "Without what names a cause on our side, open industries refuse 0 %",
        "strict ones 10.0 %",
        "Both sides",
    ):
        assert words in why
    for jargon in ("permutation", "cluster", "p-value", "deff", "stratum"):
        assert jargon not in why


def test_what_filters_say_of_the_mail_is_told_before_the_fix_for_it() -> None:
    found = verdict(Block(212, bounced={"spam_content": 8}))
    assert found.fixes[0].id == "CONTENT-SPAM"
    assert "8 refusals at 8 domains speak of what the mail holds." in found.why
    assert "No refusal says" not in found.why


def test_a_forwarded_lead_in_two_industries_breaks_nothing() -> None:
    found = verdict(
        Block(30, industry=STRICT, domain="both.example"),
        Block(20, industry=OPEN, domain="both.example", bounced={"policy": 1}),
        Block(300),
    )
    assert found.side == "none"


def test_a_company_that_greylists_does_not_block() -> None:
    found = verdict(Block(500), Block(12, domain="slow.example", bounced={"greylisted": 12}))
    assert [fix.id for fix in found.fixes] != ["RCPT-DOMAIN-BLOCK"]
    assert found.side != "recipient"


def test_a_large_company_among_many_that_refuse_is_no_finding_of_its_own() -> None:
    found = verdict(
        Block(400, bounced={"spam_content": 16}), Block(9, domain="large.example", bounced={"spam_content": 9})
    )
    assert (found.side, [(fix.id, fix.bounces) for fix in found.fixes]) == ("sender", [("CONTENT-SPAM", 25)])


def test_a_large_company_that_names_its_own_rule_is_one_even_then() -> None:
    found = verdict(Block(400, bounced={"spam_content": 16}), Block(9, domain="large.example", bounced={"policy": 9}))
    assert found.side == "mixed"
    assert ("RCPT-DOMAIN-BLOCK", 9) in [(fix.id, fix.bounces) for fix in found.fixes]


def test_industries_are_compared_without_the_company_that_blocks_us_as_a_whole() -> None:
    """A customer in an open industry that refuses everything does not hide that banks refuse more than the rest."""
    why = verdict(
        Block(600),
        Block(60, domain="big-customer.example", bounced={"policy": 60}),
        Block(100, industry=STRICT, bounced={"policy": 20}),
    ).why
    assert "big-customer.example alone gives 60 of them" in why
    assert "Without that company, open industries refuse 0 % " in why
    assert "strict ones 20.0 % " in why


@pytest.mark.parametrize(
    "text",
    [
        "450 4.1.8 <ann@sender.example>: Sender address rejected: Domain not found",
        "550 5.7.1 The sender domain sender.example has no MX record",
        "550 5.1.0 <ann@sender.example>: Sender address rejected: User unknown in relay recipient table",
    ],
)
def test_a_sender_that_is_not_found_is_a_fault_that_the_replies_name(text: str) -> None:
    """It is no reputation: the reasons say what the fix says, and what is left is judged without it."""
    found = verdict(
        Block(600, bounced={"sender_rejected": 60}, text=text),
        Block(200, industry=STRICT, bounced={"sender_rejected": 20}, text=text),
        Block(100, industry=STRICT, bounced={"spam_content": 20}),
    )
    assert found.side == "mixed"
    assert [fix.id for fix in found.fixes] == ["SENDER-DNS", "RCPT-STRICT"]
    named = "What they name on our side: the sender's address or its domain is not found (80 refusals at 80 domains)."
    assert named in found.why
    assert "reputation" not in found.why


@pytest.mark.parametrize(("hits", "side"), [(4, "none"), (40, "sender")])
def test_a_few_lookups_of_the_sender_that_fail_are_no_fault_of_ours(hits: int, side: str) -> None:
    text = "450 4.1.8 <ann@sender.example>: Sender address rejected: Domain not found"
    assert verdict(Block(3000, bounced={"sender_rejected": hits}, text=text)).side == side


def test_a_sender_who_is_refused_for_no_named_cause_is_a_matter_of_standing() -> None:
    found = verdict(Block(600, bounced={"sender_rejected": 40}, text="550 5.7.1 Sender blocked"))
    assert "40 refusals at 40 domains speak of the sender's reputation" in found.why


@pytest.mark.parametrize(
    ("hits", "side", "says"),
    [
        # 1.5 %, which chance may make of 1 %; most say whose rule it is, at six companies.
        ({"policy": 18, "spam_content": 12}, "recipient", "It is the receivers' choice"),
        # Most say nothing.
        ({"policy": 10, "spam_content": 20}, "none", "That 1.5 % in all is more than the usual 1 % is not shown"),
        # A handful says so, and may have come together by chance.
        ({"policy": 8, "recipient_restricted": 1}, "none", "Below 1 % in all, that is usual"),
        ({"policy": 20}, "none", "About 1 % in all, that is usual"),
    ],
)
def test_what_the_replies_say_decides_where_chance_may_make_it_of_the_usual_few(
    hits: dict[str, int], side: str, says: str
) -> None:
    found = verdict(Block(1700, per_domain=5, bounced=hits), Block(300, industry=STRICT, per_domain=5))
    assert found.side == side
    assert says in found.why


def test_a_handful_that_say_so_of_few_leads_are_the_usual_few() -> None:
    assert verdict(Block(600, bounced={"policy": 5, "spam_content": 3})).side == "none"


@pytest.mark.parametrize(
    ("strict_leads", "side", "says"),
    [
        (300, "recipient", "In all that is the usual 1 %, but in strict industries it is beyond doubt more."),
        (900, "none", "and whether strict industries refuse more than 1 % is not beyond doubt: nothing needs fixing"),
    ],
)
def test_a_usual_rate_in_all_tells_why_strict_industries_count_or_do_not(
    strict_leads: int, side: str, says: str
) -> None:
    found = verdict(Block(1800), Block(strict_leads, industry=STRICT, bounced={"spam_content": 12}))
    assert found.side == side
    assert says in found.why


def test_a_company_that_gives_most_refusals_is_one_beside_strict_ones_that_refuse_as_a_whole() -> None:
    found = verdict(
        Block(1200),
        Block(140, domain="big-customer.example", bounced={"policy": 136}),
        *(Block(6, industry=STRICT, domain=f"bank{n}.example", bounced={"policy": 6}) for n in range(3)),
        Block(120, industry=STRICT),
    )
    assert "big-customer.example alone gives 136 of them" in found.why
    assert found.fixes[0].id == "RCPT-DOMAIN-BLOCK"
    assert found.fixes[0].bounces == 136


@pytest.mark.parametrize(
    ("came_back", "sent_at", "told"),
    [
        ("2026-03-03T10:00:00Z", "2026-03-03T09:00:00Z", {"RETRY"}),
        ("2026-03-08T10:00:00Z", "2026-03-03T09:00:00Z", {"RETRY-TRIED"}),
        ("2026-03-04T08:00:00Z", "2026-03-03T00:00:00Z", {"RETRY"}),  # of a log of days: at some hour of the 3rd
        ("", "2026-03-03T09:00:00Z", {"RETRY"}),
    ],
)
def test_a_server_that_tried_for_days_is_not_told_to_try_again(came_back: str, sent_at: str, told: set[str]) -> None:
    found = campaign(
        Block(300, bounced={"greylisted": 30}, text="451 4.7.1 Greylisted, try again later", sent_at=sent_at)
    )
    found.bounces["received_at"] = came_back
    advice = diagnose(found).deliverability
    assert {fix.id for fix in advice.fixes} == told
    assert sum(fix.bounces for fix in advice.fixes) == 30


def test_greylisting_that_was_tried_once_and_for_days_are_two_matters() -> None:
    found = campaign(Block(300, bounced={"greylisted": 30}, text="451 4.7.1 Greylisted, try again later"))
    found.bounces.loc[:9, "received_at"] = "2026-03-07T09:00:00Z"
    fixes = diagnose(found).deliverability.fixes
    assert [(fix.id, fix.bounces) for fix in fixes] == [("RETRY", 20), ("RETRY-TRIED", 10)]
