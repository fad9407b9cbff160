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


def _steps(*told: tuple[str, int, int]) -> tuple[Step, ...]:
    forecast = Forecast(leads=400, bounces=12, rate=0.03, low=0.01, high=0.059, p_over_tolerance=0.1)
    return tuple(
        Step("wave", "2026-03-02", 900, 400, advice, forecast, 40, 0.1, True, True, 90, 9, True,
             to_verify=leads, to_verify_bounces=bounces)
        for advice, leads, bounces in told
    )  # fmt: skip


def test_what_verifying_again_would_have_avoided_is_told_as_a_bound() -> None:
    steps = _steps(("reverify", 300, 35), ("reverify", 100, 10))
    sums = {"to_verify": 400, "to_verify_bounces": 45}
    shown = " ".join(backtest.sentences(Backtest(0.05, steps, Interval(1.0, 0.3, 1.0), 0.1, 0, 0, 18, 162, **sums)))
    assert 'The advice "verify again" before 2 campaigns named 400 of 800 leads, with 45 of the 80 bounces.' in shown
    assert "would have avoided anything from none to 45 bounces" in shown
    assert "no one out" not in shown
    steps = _steps(("reverify", 300, 35), ("max_quality", 0, 0))
    sums = {"to_verify": 300, "to_verify_bounces": 35}
    lines = backtest.sentences(Backtest(0.05, steps, Interval(1.0, 0.3, 1.0), 0.1, 9, 81, 18, 162, **sums))
    assert any(
        line.startswith("Following the advice to leave guessed addresses out would have avoided 9") for line in lines
    )
    assert any(
        line.startswith('The advice "verify again" before one campaign named 300 of 400 leads') for line in lines
    )
