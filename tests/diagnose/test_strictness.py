"""Strictness is a belief about industries that the sender's own refusals move, and that nothing less does."""

from __future__ import annotations

from diagnose_builder import OPEN, STRICT, UNCLASSIFIED, Block, campaign

from analyzer.diagnose import diagnose
from analyzer.diagnose.diagnosis import Deliverability

CATERING, FARMING = ("Restaurants", "open"), ("Farming", "open")


def verdict(*blocks: Block) -> Deliverability:
    return diagnose(campaign(*blocks)).deliverability


def spam(count: int) -> dict[str, int]:
    return {"spam_content": count}


def test_an_open_industry_that_refuses_like_a_strict_one_counts_as_one() -> None:
    found = verdict(Block(500), Block(300, industry=FARMING), Block(120, industry=CATERING, bounced=spam(24)))
    assert found.side == "recipient"
    assert "Restaurants (20.0 %) counts as strict here, by your own refusals." in found.why
    assert found.fixes[0].id == "RCPT-STRICT"
    assert found.sender_rate.estimate == 0


def test_a_few_more_refusals_do_not_move_it() -> None:
    found = verdict(Block(500, bounced=spam(8)), Block(120, industry=CATERING, bounced=spam(7)))
    assert "counts as" not in found.why
    assert found.sender_rate.estimate == 15 / 620


def test_one_company_moves_no_industry() -> None:
    found = verdict(
        Block(500), Block(80, industry=CATERING), Block(40, industry=CATERING, domain="chain.example", bounced=spam(40))
    )
    assert "counts as" not in found.why
    assert found.fixes[0].id == "RCPT-DOMAIN-BLOCK"


def test_one_company_and_a_few_others_move_no_industry() -> None:
    found = verdict(
        Block(800),
        Block(100, industry=CATERING, bounced=spam(2)),
        Block(60, industry=CATERING, domain="chain.example", bounced=spam(60)),
    )
    assert "counts as" not in found.why


def test_what_a_campaign_of_its_own_suffers_is_not_its_industrys_doing() -> None:
    found = verdict(Block(500), Block(120, industry=CATERING, campaign="autumn", bounced=spam(24)))
    assert "counts as" not in found.why


def test_most_of_the_open_leads_cannot_be_the_exception() -> None:
    found = verdict(Block(100), Block(600, bounced=spam(60), industry=CATERING))
    assert "counts as" not in found.why
    assert found.side == "sender"


def test_a_strict_industry_that_lets_everything_through_bears_witness_like_an_open_one() -> None:
    found = verdict(
        Block(200), Block(600, industry=STRICT), Block(200, industry=("Insurance", "strict"), bounced=spam(30))
    )
    assert "Banking (0 %) counts as open here" in found.why
    assert found.side == "recipient"


def test_fifty_silent_banks_do_not_make_banking_open() -> None:
    assert "counts as" not in verdict(Block(300, bounced=spam(1)), Block(50, industry=STRICT)).why


def test_unclassified_leads_are_never_moved() -> None:
    found = verdict(Block(500, industry=OPEN), Block(120, industry=UNCLASSIFIED, bounced=spam(24)))
    assert "counts as" not in found.why
