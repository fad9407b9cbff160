"""A refusal that gives no reason is no proof of the receiver's own rule: where it comes from tells whose it is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from diagnose_builder import OPEN, STRICT, Block, campaign

from analyzer.classify import classify
from analyzer.diagnose import diagnose
from analyzer.diagnose.diagnosis import Deliverability
from analyzer.records import Verdict

VAGUE = ("550 5.7.1 Message rejected", "554 5.7.1 Message blocked", "554 Transaction failed: message refused")
OWN = "550 5.7.1 Blocked by the company's rule for outside mail"


def told(text: str, *, open_hits: int, strict_hits: int) -> Deliverability:
    return diagnose(
        campaign(
            Block(600, industry=OPEN, bounced={"policy": open_hits}, text=text),
            Block(400, industry=STRICT, bounced={"policy": strict_hits}, text=text),
        )
    ).deliverability


@pytest.mark.parametrize("text", VAGUE)
def test_refused_by_open_industries_too_it_is_our_side(text: str) -> None:
    found = told(text, open_hits=36, strict_hits=26)
    assert found.side == "sender"
    assert [fix.id for fix in found.fixes] == ["UNNAMED"]
    assert "say that it is the receiver's own rule" not in found.why


@pytest.mark.parametrize("text", VAGUE)
def test_refused_by_strict_industries_alone_it_is_theirs(text: str) -> None:
    found = told(text, open_hits=1, strict_hits=48)
    assert found.side == "recipient"
    assert found.fixes[0].side == "recipient"


def test_words_that_name_the_receivers_rule_stay_proof() -> None:
    found = told(OWN, open_hits=36, strict_hits=26)
    assert found.side == "recipient"
    assert found.fixes[0].id == "RCPT-POLICY"


def test_what_decided_on_a_bounce_is_taken_from_it() -> None:
    """Its status and host may have told more than its words alone."""
    correlated = campaign(Block(600, bounced={"policy": 36}, text=VAGUE[0]), Block(400, industry=STRICT))
    correlated.bounces["record_id"] = [f"r{number}" for number in range(len(correlated.bounces))]
    hit = correlated.sends["label"] != ""
    correlated.sends.loc[hit, "record_id"] = correlated.bounces["record_id"].to_list()
    correlated.bounces["decided_by"] = "rule:mimecast/security-policy"
    assert diagnose(correlated).deliverability.side == "recipient"


def test_a_few_companies_that_refuse_as_a_whole_are_no_fault_of_ours() -> None:
    closed = [Block(60, domain=f"closed{n}.example", bounced={"policy": 58}, text=VAGUE[0]) for n in range(3)]
    found = diagnose(campaign(*closed, Block(2000, bounced={"policy": 3}, text=VAGUE[0]))).deliverability
    assert found.side == "recipient"
    assert found.fixes[0].id == "RCPT-DOMAIN-BLOCK"
    assert found.fixes[0].domains == 3


@pytest.mark.parametrize("size", [12, 40])
@pytest.mark.parametrize("many", [3, 4])
@pytest.mark.parametrize("scattered", [0, 1])
def test_a_few_of_450_companies_that_refuse_as_a_whole_are_theirs(size: int, many: int, scattered: int) -> None:
    """Of several open industries, with vague words: what three refuse is 2 % of all leads and more."""
    industries = (OPEN, ("Construction", "open"), ("Retail", "open"))
    closed = [
        Block(size, industry=industries[n % 3], domain=f"closed{n}.example", bounced={"policy": size}, text=VAGUE[0])
        for n in range(many)
    ]
    others = [
        Block(450, industry=industry, per_domain=4, bounced={"policy": scattered}, text=VAGUE[0])
        for industry in (*industries, STRICT)
    ]
    found = diagnose(campaign(*closed, *others)).deliverability
    assert found.side == "recipient"
    assert (found.fixes[0].id, found.fixes[0].domains) == ("RCPT-DOMAIN-BLOCK", many)


def test_a_few_companies_of_one_open_industry_do_not_make_it_strict() -> None:
    closed = [Block(40, domain=f"closed{n}.example", bounced={"policy": 40}, text=VAGUE[0]) for n in range(3)]
    others = [Block(470, industry=each, per_domain=4) for each in (OPEN, ("Construction", "open"), STRICT)]
    found = diagnose(campaign(*closed, *others)).deliverability
    assert found.side == "recipient"
    assert found.fixes[0].id == "RCPT-DOMAIN-BLOCK"
    assert "counts as strict" not in found.why


def test_a_rule_of_ones_own_is_asked_what_a_log_means() -> None:
    """A text that the shipped rules call vague, and the user's own rule calls the receiver's: no bounce was read."""
    blocks = (Block(600, bounced={"policy": 36}, text=VAGUE[0]), Block(400, industry=STRICT))
    correlated = campaign(*blocks)
    correlated.sends["record_id"] = ""
    assert diagnose(replace(correlated, judge=classify)).deliverability.side == "sender"

    def own(text: str, **_: str) -> Verdict:
        return replace(classify(text), decided_by="rule:own/closed")

    assert diagnose(replace(correlated, judge=own)).deliverability.side == "recipient"


def test_where_others_refuse_too_such_companies_are_only_large_ones() -> None:
    closed = [Block(60, domain=f"closed{n}.example", bounced={"policy": 58}, text=VAGUE[0]) for n in range(3)]
    found = diagnose(campaign(*closed, Block(2000, bounced={"policy": 120}, text=VAGUE[0]))).deliverability
    assert found.side == "sender"
