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
    assert [line.index("400") for line in rows] == [rows[0].index("400")] * 2
    assert all("3.0 % (1.0–5.9 %)" in line for line in rows)
