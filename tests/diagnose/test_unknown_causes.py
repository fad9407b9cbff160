"""Bounces that say nothing of their cause: what is told of the next list counts them, and the safest of it go first."""

from __future__ import annotations

from dataclasses import replace

import pytest
from diagnose_builder import OPEN, STRICT, Block, campaign, next_list

from analyzer.diagnose import diagnose, next_send

#: Nothing says why; most of it is guessed.
SENT = (
    Block(700, bounced={"unspecified": 16}),
    Block(300, "guessed", bounced={"unspecified": 63}),
    Block(200, "catch_all", bounced={"unspecified": 1}),
)
AHEAD = next_list((500, "verified", OPEN), (300, "guessed", OPEN), (150, "catch_all", OPEN))


def test_chances_count_what_gives_no_reason() -> None:
    correlated = campaign(*SENT, next_leads=AHEAD)
    table = next_send(correlated, diagnose(correlated))
    rates = table.groupby("email_status")["probability"].mean()
    assert rates["guessed"] == pytest.approx(0.21, abs=0.04)
    assert rates["verified"] == pytest.approx(0.023, abs=0.01)
    assert table["reason"].str.contains("counting bounces that say nothing of their cause").all()
    decided = table.groupby("email_status")["decision"].agg(lambda each: (each == "send").mean())
    assert decided["catch_all"] == decided["verified"] == 1.0
    assert decided["guessed"] < 0.5


def test_a_smaller_and_safer_set_is_no_riskier_than_what_holds_it() -> None:
    forecast = diagnose(campaign(*SENT, next_leads=AHEAD)).data_quality.forecast
    mix, quality = forecast.best_mix, forecast.max_quality
    assert mix.rate is None and quality.high is not None and mix.high is not None
    assert mix.leads >= quality.leads
    assert mix.high >= quality.high


def test_the_text_says_that_only_told_causes_are_compared() -> None:
    why = diagnose(campaign(*SENT, next_leads=AHEAD)).data_quality.why
    assert why.startswith("80 of 1,200 leads (6.7 %) bounced and nothing says why"), why
    # No bounce says why, so there is no rate of bad addresses to compare.
    assert "bounced at 0 %" not in why
    some = diagnose(campaign(Block(50, bounced={"user_unknown": 1}), *SENT, next_leads=AHEAD)).data_quality.why
    assert some.startswith("As far as bounces say why: guessed addresses bounced at 0 % (0 of 300)")
    assert "too little to compare" not in some


def test_where_no_mix_holds_verified_leads_that_should_even_so_are_sent_to() -> None:
    """Every mark without a reason counted as a bad address: 3.5 % of verified ones in open industries, 10 % in strict."""
    correlated = campaign(
        Block(850, bounced={"unspecified": 30}),
        Block(350, industry=STRICT, bounced={"unspecified": 35}),
        Block(600, "guessed", bounced={"unspecified": 120}),
        next_leads=next_list((300, "verified", OPEN), (300, "verified", STRICT), (500, "guessed", OPEN)),
    )
    diagnosis = diagnose(correlated)
    assert diagnosis.data_quality.forecast.max_quantity.rate is None
    assert not diagnosis.data_quality.forecast.best_mix.leads
    table = next_send(correlated, diagnosis)
    sent = table[table["decision"] == "send"]
    assert len(sent) == 300
    assert set(sent["email_status"]) == {"verified"}
    assert sent["probability"].max() <= 0.05
    assert "sends to 300 of 1,100 leads, verified ones that are each expected within 5 %" in diagnosis.data_quality.why
    assert "even if every bounce without a reason was a bad address" in diagnosis.data_quality.why


def test_the_best_mix_holds_whatever_the_silent_bounces_were_where_the_advice_is_the_same_either_way() -> None:
    """Half of the bounces come without a word, mostly of guessed addresses: max quality in any case."""
    known = (Block(1300, bounced={"user_unknown": 13}), Block(700, "guessed", bounced={"user_unknown": 90}))
    ahead = next_list((1300, "verified", OPEN), (700, "guessed", OPEN))
    silent = (Block(90, "guessed", bounced={"unspecified": 90}), Block(10, bounced={"unspecified": 10}))
    told = diagnose(campaign(*known, *silent, next_leads=ahead)).data_quality
    every = diagnose(
        campaign(*known, *(replace(block, bounced={"user_unknown": block.n}) for block in silent), next_leads=ahead)
    )
    assert told.recommendation == every.data_quality.recommendation == "max_quality"
    assert told.forecast.best_mix.leads <= every.data_quality.forecast.best_mix.leads
    assert "100 of the 203 leads that bounced say nothing of the cause" in told.why
    without = diagnose(campaign(*known, next_leads=ahead)).data_quality
    assert without.forecast.best_mix.leads > told.forecast.best_mix.leads
    assert "say nothing of the cause" not in without.why
