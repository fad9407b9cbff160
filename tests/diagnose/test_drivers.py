"""What bounces more than its mix explains, and what only seems to."""

from __future__ import annotations

import pytest
from diagnose_builder import STRICT, Block, campaign

from analyzer.diagnose.diagnosis import Driver
from analyzer.diagnose.drivers.drivers import drivers
from analyzer.diagnose.leads.contacts import contacts


def found(*blocks: Block) -> list[Driver]:
    return drivers(contacts(campaign(*blocks)))


def test_a_bad_mailbox_stands_out_with_its_lift() -> None:
    # 40 of 200 against 8 of 800: expected 1 %, smoothed by one lead.
    (driver,) = found(
        Block(200, sender="bob@second.example", bounced={"policy": 40}), Block(800, bounced={"policy": 8})
    )
    assert (driver.dimension, driver.value, driver.label) == ("sender_domain", "second.example", "spam")
    assert (driver.leads, driver.bounces, driver.rate) == (200, 40, 0.2)
    assert driver.expected == pytest.approx(0.01, rel=0.1)
    assert driver.lift == pytest.approx(20, rel=0.1)
    assert driver.q_value < 0.05


def test_a_mailbox_is_named_where_its_domain_has_good_ones() -> None:
    named = found(
        Block(200, sender="bad@sender.example", bounced={"policy": 40}),
        Block(400, sender="ann@sender.example", bounced={"policy": 4}),
        Block(400, sender="joe@other.example", bounced={"policy": 4}),
    )
    assert ("sender", "bad@sender.example") in [(driver.dimension, driver.value) for driver in named]


def test_a_campaign_of_guessed_addresses_is_explained_by_them() -> None:
    named = found(
        Block(300, "guessed", campaign="guesses", bounced={"user_unknown": 30}),
        Block(100, "verified", campaign="guesses", bounced={"user_unknown": 1}),
        Block(100, "guessed", campaign="proven", bounced={"user_unknown": 10}),
        Block(700, "verified", campaign="proven", bounced={"user_unknown": 7}),
    )
    assert [(driver.dimension, driver.value) for driver in named] == [("email_status", "guessed")]


def test_one_company_is_reported_once_and_as_itself() -> None:
    named = found(
        Block(40, industry=STRICT, domain="bank.example", title="CFO", bounced={"policy": 38}),
        Block(60, industry=STRICT, title="CFO"),
        Block(800),
    )
    assert [(driver.dimension, driver.value) for driver in named] == [("recipient_domain", "bank.example")]


@pytest.mark.parametrize("companies", [2, 3])
def test_a_title_is_not_blamed_for_a_few_large_companies(companies: int) -> None:
    """Nearly all of their leads bounced, and of the others with that title as few as of anybody: that is no title."""
    closed = [Block(20, title="CFO", domain=f"big{n}.example", bounced={"user_unknown": 18}) for n in range(companies)]
    named = found(
        *closed, Block(340, title="CFO", bounced={"user_unknown": 7}), Block(1600, bounced={"user_unknown": 32})
    )
    assert "title" not in [driver.dimension for driver in named]


def test_a_title_that_bounces_more_at_many_companies_is_named() -> None:
    bad = [Block(20, title="CFO", domain=f"bad{n}.example", bounced={"user_unknown": 3}) for n in range(15)]
    rest = [Block(20, title="CEO", domain=f"usual{n}.example", bounced={"user_unknown": n % 2}) for n in range(60)]
    named = found(*bad, *rest)
    assert ("title", "CFO") in [(driver.dimension, driver.value) for driver in named]


def test_companies_that_refuse_as_all_do_are_no_finding() -> None:
    """Thirty of 200 companies refuse all their leads: what stands out is the campaign, not each of them."""
    assert not found(Block(150, per_domain=5, bounced={"spam_content": 150}), Block(850, per_domain=5))


def test_free_mail_providers_that_both_refuse_do_not_hide_one_another() -> None:
    """Gmail and Yahoo refuse a part of their users' mail: that says nothing of how alike colleagues are."""
    named = found(
        Block(120, domain="gmail.com", bounced={"auth_failure": 40}),
        Block(80, domain="yahoo.com", bounced={"auth_failure": 25}),
        Block(800, per_domain=4, bounced={"policy": 4}),
    )
    assert [(driver.dimension, driver.value) for driver in named] == [
        ("recipient_domain", "gmail.com"),
        ("recipient_domain", "yahoo.com"),
    ]


def strict_industries(*bounced: int) -> list[Block]:
    """A block of 60 leads at 30 companies for each strict industry, and 900 leads of others."""
    names = ("banking", "insurance", "pharma", "hospitals and health care", "government")
    strict = [
        Block(60, industry=(name, "strict"), per_domain=2, bounced={"recipient_restricted": count})
        for name, count in zip(names, bounced, strict=False)
    ]
    return [*strict, Block(900, per_domain=2, bounced={"policy": 9})]


def test_strict_industries_too_small_to_be_told_one_by_one_are_named_as_a_group() -> None:
    named = found(*strict_industries(5, 5, 5, 5, 5))
    assert [(driver.dimension, driver.value, driver.label) for driver in named] == [
        ("industry_group", "strict", "spam")
    ]
    assert (named[0].leads, named[0].bounces) == (300, 25)


def test_the_group_is_no_second_finding_beside_its_industry() -> None:
    named = found(*strict_industries(24, 3, 3, 3, 3))
    assert [(driver.dimension, driver.value) for driver in named] == [("industry", "banking")]


def test_the_group_is_not_blamed_for_the_mailbox_that_wrote_to_it() -> None:
    names = ("banking", "insurance", "pharma")
    strict = [
        Block(60, industry=(name, "strict"), per_domain=2, sender="bob@second.example", bounced={"policy": 5})
        for name in names
    ]
    others = Block(300, per_domain=2, sender="bob@second.example", bounced={"policy": 25})
    kept = Block(60, industry=("banking", "strict"), per_domain=2, bounced={"policy": 1})
    named = found(*strict, others, kept, Block(900, per_domain=2, bounced={"policy": 9}))
    assert [(driver.dimension, driver.value) for driver in named] == [("sender_domain", "second.example")]


def test_first_steps_are_not_blamed_for_dead_addresses() -> None:
    assert not found(Block(400, step="1", bounced={"user_unknown": 40}), Block(400, step="2"), Block(400, step="3"))


@pytest.mark.parametrize(
    "blocks",
    [
        (Block(1000, bounced={"policy": 100}),),
        (Block(500, bounced={"policy": 10}), Block(500, campaign="b", bounced={"policy": 12})),
        (Block(996), Block(4, campaign="b", bounced={"policy": 4})),
        (Block(980, bounced={"policy": 200}), Block(20, campaign="b")),
        (),
    ],
    ids=["nothing to compare", "chance", "four bounces", "hardly anything else", "no lead"],
)
def test_no_driver(blocks: tuple[Block, ...]) -> None:
    assert found(*blocks) == []
