"""Several values at fault at once: each is named with what the good ones let expect, and no bystander is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from diagnose_builder import STRICT, Block, campaign

from analyzer.diagnose.diagnosis import Driver
from analyzer.diagnose.drivers.counts import Table, expected, tail
from analyzer.diagnose.drivers.drivers import drivers
from analyzer.diagnose.leads.contacts import contacts

INDUSTRIES = [(name, "open") for name in ("Construction", "Restaurants", "Machinery", "Real Estate", "Textiles")]


def found(*blocks: Block) -> list[Driver]:
    return drivers(contacts(campaign(*blocks)))


def named(those: list[Driver]) -> list[tuple[str, str, str]]:
    return sorted((driver.dimension, driver.value, driver.label) for driver in those)


def test_three_bad_industries_of_five_do_not_hide_one_another() -> None:
    """Held against each other they are 1.8 times the rest, at companies that refuse as a whole."""
    bad = [Block(180, industry=each, per_domain=3, bounced={"spam_content": 36}) for each in INDUSTRIES[:3]]
    good = [Block(400, industry=each, per_domain=3, bounced={"spam_content": 6}) for each in INDUSTRIES[3:]]
    those = found(*bad, *good)
    assert named(those) == sorted(("industry", name, "spam") for name, _ in INDUSTRIES[:3])
    for driver in those:
        assert driver.expected == pytest.approx(12 / 800, rel=0.15)
        assert driver.rate == pytest.approx(0.2)


def test_a_thousand_domains_do_not_hide_an_industry() -> None:
    """Each domain of five leads or more is looked at; the industry's chance is one of twelve, not of a thousand."""
    industry = Block(250, industry=INDUSTRIES[0], per_domain=5, bounced={"spam_content": 40})
    rest = [Block(1500, industry=each, per_domain=5, bounced={"spam_content": 25}) for each in INDUSTRIES[1:]]
    assert named(found(industry, *rest)) == [("industry", "Construction", "spam")]


def test_bad_values_of_two_columns_are_both_named() -> None:
    """A mailbox at five times the rate of others, a campaign at four times, and both together at twenty."""
    blocks = [
        Block(n, campaign=where, sender=f"{who}@sender.example", bounced={"spam_content": hits})
        for where, who, n, hits in (
            ("good", "ann", 800, 8),
            ("good", "bad", 400, 20),
            ("poor", "ann", 400, 16),
            ("poor", "bad", 200, 40),
        )
    ]
    those = found(*blocks)
    assert named(those) == [("campaign", "poor", "spam"), ("sender", "bad@sender.example", "spam")]
    # 400 leads at the good mailbox's 1 %, 200 at the bad one's 5 %, and one bounce more believed of the others.
    assert next(each for each in those if each.dimension == "campaign").expected == pytest.approx(14 / 600, rel=0.1)


def test_a_campaign_that_a_bad_mailbox_wrote_most_of_is_no_finding() -> None:
    bad = [Block(360, campaign="north", sender="bad@a.example", bounced={"spam_content": 54})]
    bad += [Block(40, campaign="south", sender="bad@a.example", bounced={"spam_content": 6})]
    good = [
        Block(n, campaign=where, sender=f"{who}@a.example", bounced={"spam_content": n // 100})
        for where, n in (("north", 100), ("south", 400))
        for who in ("ann", "joe")
    ]
    assert named(found(*bad, *good)) == [("sender", "bad@a.example", "spam")]


def test_a_bad_domains_mailboxes_are_one_finding_and_a_good_domains_bad_mailbox_is_its_own() -> None:
    domain = [Block(200, sender=f"{who}@bad.example", bounced={"spam_content": 24}) for who in ("a", "b", "c")]
    mailbox = [Block(200, sender="worse@good.example", bounced={"spam_content": 24})]
    rest = [Block(400, sender=f"{who}@good.example", bounced={"spam_content": 4}) for who in ("d", "e")]
    assert named(found(*domain, *mailbox, *rest)) == [
        ("sender", "worse@good.example", "spam"),
        ("sender_domain", "bad.example", "spam"),
    ]


@pytest.mark.parametrize("others", [0, 40], ids=["all of its leads", "most of its leads"])
def test_guessed_addresses_are_not_blamed_for_refusals_of_the_mailbox_that_wrote_to_them(others: int) -> None:
    """All that it wrote to were guessed, and hardly any others were."""
    those = found(
        Block(300, "guessed", sender="bad@a.example", bounced={"spam_content": 45}),
        Block(1 + others, "verified", sender="bad@a.example", bounced={"spam_content": others // 7}),
        Block(1 + others, "guessed", sender="ann@a.example"),
        Block(900, "verified", sender="ann@a.example", bounced={"spam_content": 9}),
    )
    assert named(those) == [("sender", "bad@a.example", "spam")]


def test_a_bad_source_of_guessed_addresses_is_no_spam_finding() -> None:
    those = found(
        Block(400, "guessed", bounced={"user_unknown": 60, "spam_content": 8}),
        Block(800, "verified", bounced={"user_unknown": 8, "spam_content": 16}),
    )
    assert named(those) == [("email_status", "guessed", "hard")]


@pytest.mark.parametrize("seed", range(3))
def test_clustered_chance_names_nobody(seed: int) -> None:
    """Companies that refuse as a whole, statuses and senders that go with the industry: nothing is to be named."""
    rng = np.random.default_rng(seed)
    blocks = []
    for number, industry in enumerate([*INDUSTRIES, STRICT]):
        for company in range(70):
            size = int(rng.integers(1, 7))
            refuses = rng.random() < 0.03
            status = "guessed" if rng.random() < number / 6 else "verified"
            blocks.append(
                Block(
                    size,
                    status,
                    industry,
                    {"spam_content": size} if refuses else None,
                    domain=f"c{number}-{company}.example",
                    campaign=f"of {min(number, int(rng.integers(0, 6)))}",
                    sender=f"m{int(rng.integers(0, 5))}@s{number % 3}.example",
                )
            )
    assert found(*blocks) == []


def test_a_tail_far_out_is_summed_and_not_subtracted() -> None:
    # 100 of 1,000 at 1 % without correlation: 1 minus the lower tail would be 0.
    chance = tail(np.array([100, 10]), np.array([1000, 1000]), np.array([10.0, 10.0]), np.array([1e-6, 1e-6]))
    assert 0 < chance[0] < 1e-50
    assert chance[1] == pytest.approx(0.5427, abs=0.002)


def test_a_step_may_be_called_anything() -> None:
    steps = ("Step \u00b2", "Step \u2460", "3", "1" * 5000)
    assert found(*(Block(100, step=step, bounced={"spam_content": 6}) for step in steps)) == []


def test_what_is_expected_of_a_value_does_not_hang_on_its_being_set_aside() -> None:
    """Five of 240 beside one of 960, in four cells: one bounce more is believed of the others, 2 of 960, either way."""
    counted = Table(
        np.repeat([0, 1], 4), np.tile(range(4), 2), np.repeat([60, 240], 4), np.array([2.0, 3, 0, 0, 0, 0, 0, 1])
    )
    signs = np.zeros(4, dtype=np.int64)
    usual, doubt = expected(counted, np.array([False, False]), signs)
    # 6 of 1,200 are usual; in each of four cells 50 leads more with a quarter of a bounce.
    assert usual[0] == pytest.approx(60 * (3 * 0.25 + 1.25) / 290)
    for aside in ([True, False], [False, True]):
        again, doubted = expected(counted, np.array(aside), signs)
        assert (again[aside.index(True)], doubted[aside.index(True)]) == pytest.approx(
            (usual[aside.index(True)], doubt[aside.index(True)])
        )


def test_a_template_is_named_beside_a_mailbox_whose_domain_is_in_question_too() -> None:
    """The mailbox makes its whole domain look bad; what is measured within the mailbox is measured by all its leads."""
    correlated = campaign(
        *(
            Block(n, sender=who, title=title, bounced={"spam_content": hits})
            for who, title, n, hits in (
                ("ann@good.example", "CEO", 800, 8),
                ("ann@good.example", "CTO", 400, 24),
                ("bad@poor.example", "CEO", 260, 21),
                ("bad@poor.example", "CTO", 130, 45),
                ("joe@poor.example", "CEO", 260, 3),
                ("joe@poor.example", "CTO", 130, 8),
            )
        )
    )
    assert named(drivers(contacts(correlated))) == [("sender", "bad@poor.example", "spam"), ("title", "CTO", "spam")]


def test_the_days_that_a_bad_step_falls_on_are_no_finding() -> None:
    """Step 2 goes out four days after the first mail and step 3 eight, and only the text of step 2 is refused."""
    made = campaign(*[Block(500, sent_at=f"2026-03-{day:02}T09:00:00Z") for day in (2, 3, 4)])
    second, third = (
        made.sends.assign(step=step, sent_at=made.sends["sent_at"] + pd.Timedelta(days=days))
        for step, days in (("2", 4), ("3", 8))
    )
    for column, value in (("label", "spam"), ("fault", "content"), ("reason", "spam_content")):
        second.loc[second.index[::10], column] = value
    sends = pd.concat([made.sends, second, third.drop(third.index[::10])], ignore_index=True)
    assert named(drivers(contacts(replace(made, sends=sends)))) == [("step", "2", "spam")]


@pytest.mark.parametrize(
    ("refused", "days"),
    [
        # Every Friday.
        (lambda day: day % 7 == 4, ["Friday"]),
        # From the second Friday on, and until the first Tuesday: every day is refused alike while the fault is there.
        (lambda day: day >= 11, []),
        (lambda day: day <= 1, []),
        # On one Friday.
        (lambda day: day == 11, []),
    ],
)
def test_a_fault_that_begins_or_ends_on_a_friday_makes_no_weekday(refused: Callable[[int], bool], days: list[str]):
    blocks = [
        Block(60, bounced={"auth_failure": 24} if refused(day) else None, sent_at=f"2026-03-{day + 2:02d}T09:00:00Z")
        for day in range(21)
    ]
    assert [one.value for one in found(*blocks) if one.dimension == "weekday"] == days


def test_two_bad_days_of_one_week_are_no_weekdays() -> None:
    """The usual few of other weeks make no Friday of it: they are no more than on their other days."""
    usual = {"spam_content": 3}
    blocks = [
        Block(
            60, bounced={"sender_account": 30} if day in (10, 11) else usual, sent_at=f"2026-03-{day + 2:02d}T09:00:00Z"
        )
        for day in range(21)
    ]
    assert [one.value for one in found(*blocks) if one.dimension == "weekday"] == []


@pytest.mark.parametrize(("refused", "hours"), [(lambda day: day == 10, []), (lambda day: day % 4 == 1, ["16–19 UTC"])])
def test_an_hour_is_named_where_more_than_one_week_shows_it(refused: Callable[[int], bool], hours: list[str]) -> None:
    blocks = [
        Block(
            60,
            bounced={"rate_limited": 24 if hour == 16 and refused(day) else 2},
            sent_at=f"2026-03-{day + 2:02d}T{hour:02d}:30:00Z",
        )
        for day in range(21)
        for hour in (9, 16)
    ]
    assert [one.value for one in found(*blocks) if one.dimension == "hour"] == hours
