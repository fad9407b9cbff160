"""The backtest on a terminal: campaigns of a team differ at the ends of their names."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from analyzer.diagnose.backtest import Backtest, Step
from analyzer.diagnose.diagnosis import Forecast, Interval
from analyzer.report import backtest

NAMES = tuple(f"Outbound EMEA decision makers in software 2026 - wave {number}" for number in (1, 2))


@pytest.mark.parametrize("width", [60, 80, 140])
def test_long_names_of_campaigns_are_whole_and_figures_stay_in_their_columns(width: int) -> None:
    forecast = Forecast(leads=400, bounces=12, rate=0.03, low=0.01, high=0.059, p_over_tolerance=0.1)
    steps = tuple(
        Step(name, "2026-03-02", 900, 400, advice, forecast, 20, 0.05, True, False, 90, 9, False)
        for name, advice in zip(NAMES, ("max_quality", "insufficient_evidence"), strict=True)
    )
    screen = Console(file=io.StringIO(), width=width)
    backtest.show(Backtest(0.05, steps, Interval(1.0, 0.3, 1.0), 0.1, 0, 0, 0, 0), screen)
    lines = screen.file.getvalue().splitlines()
    shown = " ".join(" ".join(lines).split())
    assert all(name in shown for name in NAMES)
    rows = [line for line in lines if "2026-03-02" in line]
    assert shown.count("(400 leads)") == 2
    assert [line.index("10 %") for line in rows] == [rows[0].index("10 %")] * 2
    assert all(len(line.rstrip()) <= 80 for line in rows)
    assert all("3.0 % (1.0–5.9 %)" in line for line in rows)


def test_the_chances_are_held_against_what_came() -> None:
    told = [(0.1, False), (0.8, True), (0.4, False)]
    steps = tuple(
        Step(
            *(f"wave {number}", "2026-03-02", 900, 400, "max_quantity"),
            Forecast(leads=400, bounces=12, rate=0.03, low=0.01, high=0.059, p_over_tolerance=chance),
            *(20, 0.05, True, over, 90, 9, False),
            Forecast(leads=310, bounces=6, rate=0.02, low=0.01, high=0.03, p_over_tolerance=0.0),
            *(0.035, number != 1),
        )
        for number, (chance, over) in enumerate(told)
    )
    sums = {"over_foretold": 1.3, "over_came": 1}
    lines = backtest.sentences(Backtest(0.05, steps, Interval(1.0, 0.3, 1.0), 0.07, 0, 0, 0, 0, **sums))
    assert lines[1].startswith(
        "Above 5 %: 1.3 of 3 campaigns foretold (the chances added up), 1 came; Brier score 0.07"
    )
    assert lines[2].startswith("Without guessed addresses 2 of 3 outcomes fell inside")
