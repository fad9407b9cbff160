"""Rates count leads, not mails, and carry Wilson's interval."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from diagnose_builder import OPEN, STRICT, Block, campaign

from analyzer.diagnose.estimates.rates import breakdown, clustered_rate, design_effect, left_out, rate, totals
from analyzer.diagnose.leads.contacts import contacts
from analyzer.diagnose.thresholds import thresholds


@pytest.mark.parametrize(
    ("count", "leads", "low", "high"),
    [
        # By hand, z = 1.96: centre (p + z²/2n) / (1 + z²/n), half-width z √(p(1-p)/n + z²/4n²) / (1 + z²/n).
        # 5 of 100: centre 0.06921 / 1.038415 = 0.06665, half-width 1.96 √(0.000475 + 0.000096) / 1.038415 = 0.04511.
        (5, 100, 0.0215, 0.1118),
        # 0 of 30: upper bound z² / (n + z²) = 3.8415 / 33.8415.
        (0, 30, 0.0, 0.1135),
        (30, 30, 0.8865, 1.0),
    ],
)
def test_wilson_by_hand(count: int, leads: int, low: float, high: float) -> None:
    found = rate(count, leads)
    assert found.rate == count / leads
    assert (found.low, found.high) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))


def test_no_leads_no_rate() -> None:
    found = rate(0, 0)
    assert (found.rate, found.low, found.high) == (None, None, None)


def test_a_lead_counts_once_however_often_it_was_written_to() -> None:
    once = campaign(Block(10, bounced={"user_unknown": 2}))
    again = once.sends.assign(
        step="2", label="", fault="", reason="", record_id="", recipient=once.sends["recipient"].str.upper()
    )
    twice = campaign(Block(10, bounced={"user_unknown": 2}))
    object.__setattr__(twice, "sends", pd.concat([once.sends, again], ignore_index=True))
    counted = contacts(twice)
    figures = totals(counted)
    assert (figures.leads_contacted, figures.emails_sent) == (10, 20)
    assert (figures.hard.count, figures.hard.leads, figures.address.count) == (2, 10, 2)
    steps = {row.value: (row.leads, row.hard) for row in breakdown(counted)["step"]}
    assert steps == {"1": (10, 2), "2": (10, 0)}


def test_labels_and_faults_are_counted_apart() -> None:
    reasons = {"user_unknown": 3, "mailbox_full": 2, "policy": 4, "unspecified": 1}
    figures = totals(contacts(campaign(Block(50, bounced=reasons))))
    assert [figures.hard.count, figures.address.count, figures.spam.count, figures.unknown.count] == [5, 3, 4, 1]
    assert figures.at_most is not None
    assert (figures.at_most.hard, figures.at_most.spam) == (rate(6, 50), rate(5, 50))


def test_a_lead_of_two_labels_counts_once_in_what_a_rate_is_at_most() -> None:
    twice = campaign(Block(10, bounced={"user_unknown": 2}), Block(10, bounced={"unspecified": 3}, step="2"))
    sends = twice.sends.assign(lead=[*range(10), *range(10)])
    figures = totals(contacts(replace(twice, sends=sends)))
    assert figures.at_most is not None
    assert (figures.hard.count, figures.unknown.count, figures.at_most.hard.count) == (2, 3, 3)
    assert figures.at_most.spam.count == 3


def test_breakdown_has_every_dimension_and_sorts_domains_by_bounces() -> None:
    counted = contacts(
        campaign(
            Block(30, industry=STRICT, domain="big.example"),
            Block(5, bounced={"policy": 3}, domain="blocking.example", step="10"),
            Block(5, "guessed", OPEN, {"user_unknown": 1}, step="9"),
        )
    )
    found = breakdown(counted)
    assert list(found) == [
        *("email_status", "industry", "industry_group", "provider", "sender"),
        *("sender_domain", "campaign", "step", "recipient_domain", "week"),
    ]
    assert [row.value for row in found["recipient_domain"]][:3] == ["blocking.example", "d2-0.example", "big.example"]
    assert [row.value for row in found["step"]] == ["1", "9", "10"]
    assert [(row.value, row.leads, row.hard, row.spam) for row in found["email_status"]] == [
        ("guessed", 5, 1, 0),
        ("verified", 35, 0, 3),
    ]
    assert [row.value for row in found["week"]] == ["2026-W10"]


def test_a_dimension_that_is_not_there_has_no_rows() -> None:
    correlated = campaign(Block(5))
    object.__setattr__(correlated, "sends", correlated.sends.drop(columns=["campaign"]).assign(provider=""))
    found = breakdown(contacts(correlated))
    assert found["campaign"] == []
    assert found["provider"] == []


def test_leads_of_one_domain_are_one_observation() -> None:
    # 10 domains of 10 leads; one domain refuses all. p = 0.1, cluster residuals: 9 once, -1 nine times;
    # (81 + 9) × 10/9 / (100 × 0.09) = 11.1: a hundred leads that count as nine.
    flag = np.arange(100) < 10
    domain = np.arange(100) // 10
    assert design_effect(flag, domain) == pytest.approx(100 / 9)
    wide, narrow = clustered_rate(flag, domain), clustered_rate(flag, np.arange(100))
    assert wide.estimate == narrow.estimate == 0.1
    assert wide.high > 0.35 > narrow.high > 0.17


def test_a_lead_belongs_to_its_first_mail_whatever_the_logs_order() -> None:
    later = campaign(Block(3, campaign="later", sent_at="2026-04-01T09:00:00Z"))
    earlier = later.sends.assign(campaign="earlier", sent_at=pd.Timestamp("2026-03-01", tz="UTC"))
    unknown = later.sends.assign(campaign="undated", sent_at=pd.NaT)
    object.__setattr__(later, "sends", pd.concat([unknown, later.sends, earlier], ignore_index=True))
    assert contacts(later).leads["campaign"].tolist() == ["earlier"] * 3


def test_values_of_thousands_of_digits_are_rows_like_others() -> None:
    made = campaign(Block(12, bounced={"user_unknown": 2}))
    steps = ["1" * 5000, "10", "9", "\u0661"] * 3
    rows = breakdown(contacts(replace(made, sends=made.sends.assign(step=steps))))["step"]
    assert [row.value for row in rows] == ["1" * 5000, "\u0661", "9", "10"]


def test_of_too_many_values_those_with_most_bounces_are_kept_and_the_others_counted() -> None:
    made = campaign(Block(1500), Block(10, bounced={"user_unknown": 10}))
    names = [f"c{number}" for number in range(len(made.sends))]
    counted = contacts(replace(made, sends=made.sends.assign(campaign=names)))
    rows = breakdown(counted)
    assert len(rows["campaign"]) == thresholds().breakdown.values
    assert sum(row.hard for row in rows["campaign"]) == 10
    beyond = 1510 - thresholds().breakdown.values
    assert left_out(counted, rows) == {"campaign": beyond, "recipient_domain": beyond}
