"""Words of a drawing stand over its lines, and not over each other."""

from __future__ import annotations

import itertools
import re

import pytest

from analyzer.diagnose.diagnosis import Forecast, Forecasts
from analyzer.report import charts, templating, trend


def test_no_line_runs_through_the_names_of_a_forecast() -> None:
    way = Forecast(2, 0.1, 0.055, 0.0, 0.5, 0.1)
    drawn = str(charts.forecast(Forecasts(way, way, way), 0.05))
    names = [found.start() for found in re.finditer(r'<text class="name over"', drawn)]
    assert len(names) == 3
    assert min(names) > drawn.index('class="limit"')


@pytest.mark.parametrize("rates", [[0.1, 0.0, 0.0], [0.0, 0.3, 0.3], [0.0, 0.0, 0.0, 0.0, 0.3]])
def test_labels_of_weeks_beside_each_other_do_not_run_into_each_other(rates: list[float]) -> None:
    points = [
        trend.Point(f"2026-W{10 + week}", rate, 0.0, 0.4, 1, 100, (0.05, 0.06)) for week, rate in enumerate(rates)
    ]
    drawn = str(trend.panel("Hard bounces", "hard", points))
    places = [float(y) for y in re.findall(r'class="value" x="[^"]*" y="([^"]*)"', drawn)]
    assert len(places) == len(rates)
    assert all(abs(one - other) >= 14.9 for one, other in itertools.pairwise(places))
    assert all(10 <= y <= 216 for y in places)


def test_the_name_of_a_column_has_its_own_line_in_the_grid_of_a_phone() -> None:
    (rule,) = re.findall(r"table\.grid td\[data-label\]::before \{([^}]*)\}", templating.part("page.css"))
    assert "display: block" in rule
