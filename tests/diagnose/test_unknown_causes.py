"""Bounces that say nothing of their cause: what is told of the next list counts them, and the safest of it go first."""

from __future__ import annotations

import pytest
from diagnose_builder import OPEN, Block, campaign, next_list

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
    assert why.startswith("As far as bounces say why: guessed addresses bounced at 0 % (0 of 300)")
    assert "too little to compare" not in why
