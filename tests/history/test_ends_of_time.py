"""Weeks and spans that no calendar has are refused in a line."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.errors import AnalyzerError
from analyzer.history import Workspace
from analyzer.history.iso_weeks import weeks_until, zone_of


@pytest.mark.parametrize("label", ["0001-W01", "9999-W52"])
def test_a_week_at_either_end_of_all_time_is_refused(label: str) -> None:
    with pytest.raises(AnalyzerError, match=label):
        weeks_until(label, 26, zone_of("Europe/Berlin"))


@pytest.mark.parametrize("days", [0, -1, 1_000_000, 10**12])
def test_a_span_that_no_calendar_has_is_refused(tmp_path: Path, days: int) -> None:
    with pytest.raises(AnalyzerError, match="no number of days"):
        Workspace(tmp_path / "space").retain(days)


def test_a_century_is_a_span(tmp_path: Path) -> None:
    assert Workspace(tmp_path / "space").retain(36_500) == 0
