"""Sixty leads of one company are little more than one observation, in what is learnt and in what is foretold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from diagnose_builder import OPEN, Block, campaign, next_list

from analyzer.diagnose.campaign import assess, diagnose, next_send
from analyzer.diagnose.estimates.likeness import crowds, likeness_of, shared
from analyzer.diagnose.estimates.past import history
from analyzer.diagnose.leads.contacts import contacts
from analyzer.diagnose.thresholds import thresholds

DEAD = "closed.example"


def likeness(sizes: list[int], bounced: list[int]) -> float:
    """That of companies with so many leads and bounces, all of one cell."""
    company = np.repeat(np.arange(len(sizes)), sizes)
    flag = np.concatenate([np.arange(size) < hits for size, hits in zip(sizes, bounced, strict=True)])
    return likeness_of(flag, np.zeros_like(company), np.zeros(1, dtype=np.int64), company)


def test_weights_by_hand() -> None:
    # Three at one company count 1 / (1 + 0.5 × 2) each, one at another 1; of the first cell two of the three bounced.
    cell, company, bounced = np.array([0, 1, 0, 1]), np.array([7, 3, 7, 7]), np.array([True, True, True, False])
    leads, hits = crowds(cell, bounced, company, 3).worth(0.5)
    assert leads == pytest.approx([1.0, 1.5, 0.0])
    assert hits == pytest.approx([1.0, 1.0, 0.0])


def test_what_leads_of_a_list_share_by_hand() -> None:
    # The second and third of company 7 share 0.5 with one and with two before them, counted both ways; where three of
    # company 3 were met before, 1 / (2 + 3) is left.
    company, seen = np.array([7, 3, 7, 7, 3]), np.array([0, 3, 0, 0, 3])
    assert shared(company, seen, 0.5) == pytest.approx([0.0, 0.0, 1.0, 2.0, 0.4])
    assert len(shared(company[:0], seen[:0], 0.5)) == 0


def test_the_likeness_that_is_in_companies_is_found() -> None:
    rng = np.random.default_rng(3)
    for true in (0.02, 0.1, 0.4):
        found = []
        for _ in range(12):
            sizes = rng.integers(2, 12, 300)
            rate = rng.beta(0.08 * (1 / true - 1), 0.92 * (1 / true - 1), 300)
            found.append(likeness(list(sizes), list(rng.binomial(sizes, rate))))
        assert 0.6 * true < np.mean(found) < 1.6 * true


def test_one_dead_company_does_not_make_all_others_alike() -> None:
    small, large = [3] * 200, 60
    alike = likeness([*small, large], [*([1] * 20), *([0] * 180), large])
    assert 0.05 < alike < 0.6
    # Its sixty leads are worth what little more than one is, and the rate is that of the others.
    assert large / (1 + alike * (large - 1)) < 10


def test_where_companies_have_one_lead_each_only_belief_is_left() -> None:
    assert likeness([1] * 50, [1] * 5 + [0] * 45) == pytest.approx(thresholds().forecast.domain_phi, rel=0.25)


def test_leads_of_one_company_alone_are_not_called_alike() -> None:
    assert likeness([1000], [100]) < 0.01


@pytest.mark.parametrize("status", ["verified", "guessed"])
def test_a_dead_company_does_not_spoil_a_list_that_it_is_not_in(status: str) -> None:
    past = (
        Block(800, per_domain=2, bounced={"user_unknown": 6}),
        Block(400, "guessed", per_domain=2, bounced={"user_unknown": 6}),
        Block(60, status, domain=DEAD, bounced={"domain_not_found": 60}),
    )
    ahead = next_list((700, "verified", OPEN), (300, "guessed", OPEN))
    found = diagnose(campaign(*past, next_leads=ahead)).data_quality
    assert found.recommendation == "max_quantity"
    assert found.forecast.best_mix.leads == 1000
    assert found.forecast.max_quantity.p_over_tolerance < 0.1


def test_a_company_that_bounced_as_a_whole_is_left_out_of_a_list_that_it_is_in() -> None:
    """Its own leads' history speaks: not a dead domain by name, and still nearly sure to bounce."""
    past = (
        Block(800, per_domain=2, bounced={"user_unknown": 6}),
        Block(60, domain="gone.example", bounced={"user_unknown": 58}),
    )
    there = pd.DataFrame(
        {"email": [f"x{i}@gone.example" for i in range(150)], "email_status": "verified"}
        | {"industry": OPEN[0], "industry_group": OPEN[1]}
    )
    correlated = campaign(*past, next_leads=pd.concat([next_list((850, "verified", OPEN)), there], ignore_index=True))
    diagnosis, ahead = assess(correlated)
    table = next_send(correlated, diagnosis, ahead).set_index("email")
    assert (table.loc[there["email"], "probability"] > 0.8).all()
    assert diagnosis.data_quality.forecast.max_quantity.rate > 0.12
    # All others are sent to, and as many of its leads at most as the tolerance has room for.
    assert (table.drop(there["email"])["decision"] == "send").all()
    assert (table.loc[there["email"], "decision"] == "send").sum() < 40


def test_a_list_of_few_large_companies_is_less_sure_than_one_of_many() -> None:
    past = [Block(8, domain=f"d{i}.example", bounced={"user_unknown": 8 * (i % 25 == 0)}) for i in range(150)]
    ranges = []
    for size in (1, 40):
        leads = pd.DataFrame(
            {"email": [f"x{i}@n{i // size}.example" for i in range(400)], "email_status": "verified"}
            | {"industry": OPEN[0], "industry_group": OPEN[1]}
        )
        found = diagnose(campaign(*past, next_leads=leads)).data_quality.forecast.max_quantity
        ranges.append(found.high - found.low)
    assert ranges[1] > 1.7 * ranges[0]


def test_people_at_a_free_mail_provider_are_no_company() -> None:
    past = history(contacts(campaign(Block(500, domain="gmail.com", bounced={"user_unknown": 50}))))
    assert past.worth.sum() == 500
    assert past.worth_bounced.sum() == 50
