"""Misspelt domains of a past list say nothing of the next list's leads whose domains are right."""

from __future__ import annotations

import pandas as pd
import pytest
from diagnose_builder import OPEN, Block, campaign, next_list

from analyzer.correlate import Correlated
from analyzer.diagnose import diagnose, next_send
from analyzer.diagnose.leads.contacts import contacts
from analyzer.diagnose.leads.slips import at_slips, chance_at_slips

BAD = {"domain_not_found": 30}


def _next(*emails: str) -> pd.DataFrame:
    ahead = next_list((500, "verified", OPEN))
    ahead.loc[: len(emails) - 1, "email"] = list(emails)
    return ahead


def _log(slips: Block | None, *, ahead: pd.DataFrame | None = None) -> Correlated:
    honest = Block(970, bounced={"user_unknown": 10})
    return campaign(honest, *([slips] if slips else []), next_leads=_next() if ahead is None else ahead)


def test_a_list_without_misspelt_domains_is_forecast_as_if_they_had_never_been_there() -> None:
    with_slips, without = (
        diagnose(_log(slips)).data_quality.forecast.max_quantity
        for slips in (Block(30, domain="gmial.com", bounced=BAD), None)
    )
    assert with_slips.rate == pytest.approx(without.rate, abs=0.0005)
    assert with_slips.p_over_tolerance == pytest.approx(without.p_over_tolerance, abs=0.02)


def test_a_domain_that_is_no_known_misspelling_counts_like_any_other() -> None:
    dead = diagnose(_log(Block(30, domain="acme-tools.example", bounced=BAD))).data_quality.forecast.max_quantity
    without = diagnose(_log(None)).data_quality.forecast.max_quantity
    assert dead.rate is not None and without.rate is not None
    assert dead.rate > without.rate + 0.0005


def test_misspelt_leads_of_the_next_list_have_the_chance_that_such_leads_had() -> None:
    log = _log(
        Block(30, domain="gmial.com", bounced={"user_unknown": 24}),
        ahead=_next("a@gmal.com", "b@gmial.com", "c@gmail.com"),
    )
    seen = contacts(log)
    assert (int(at_slips(seen).sum()), chance_at_slips(seen)) == (30, 25 / 32)
    rows = next_send(log, diagnose(log)).set_index("email")
    assert rows.loc[["a@gmal.com", "b@gmial.com"], "probability"].tolist() == pytest.approx([25 / 32] * 2, abs=0.001)
    assert rows.loc["c@gmail.com", "probability"] < 0.05


def test_where_no_misspelt_lead_bounced_all_count() -> None:
    seen = contacts(_log(Block(3, domain="gmial.com")))
    assert not at_slips(seen).any()
    assert chance_at_slips(seen) is None


def test_without_a_next_list_the_misspelt_leads_are_expected_again() -> None:
    slips = Block(30, domain="gmial.com", bounced=BAD)
    honest = Block(970, bounced={"user_unknown": 10})
    rate = diagnose(campaign(honest, slips)).data_quality.forecast.max_quantity.rate
    # 40 of 1,000 bounced, and a list like this one has the same misspelt leads.
    assert rate == pytest.approx(0.04, abs=0.012)


def test_where_all_leads_are_misspelt_they_are_all_there_is() -> None:
    log = campaign(Block(30, domain="gmial.com", bounced=BAD), next_leads=_next())
    assert not at_slips(contacts(log)).any()
    assert (diagnose(log).data_quality.forecast.max_quantity.rate or 0.0) > 0.1


def test_the_reasoning_counts_every_bounce() -> None:
    few = campaign(
        Block(40, bounced={"user_unknown": 2}), Block(3, domain="gmial.com", bounced={"domain_not_found": 3})
    )
    assert "43 leads with 5 address-fault bounces are too few" in diagnose(few).data_quality.why
