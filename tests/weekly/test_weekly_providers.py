"""Providers that are known from bounces alone have rates that are too high: no line is held against those."""

from __future__ import annotations

from pathlib import Path

import pytest
from weekly_story import MAILS, history, weeks, workspace

from analyzer.api import run_weekly
from analyzer.report.weekly.page import html as weekly_page


def spaced(place: Path, domain: str) -> Path:
    """One week in which a tenth bounces, each lead at `domain` with the number of its mail."""
    sends, bounces = history(weeks("2026-W10", 1), quiet={"user_unknown": (20,)})
    other = {row.recipient: f"lead{n}@{domain.format(n)}" for n, row in enumerate(sends.itertuples())}
    moved = [table.assign(recipient=table["recipient"].map(other)) for table in (sends, bounces)]
    return workspace(place, *moved)


def test_a_rate_of_domains_that_are_known_by_their_bounces_is_no_alarm(tmp_path: Path) -> None:
    week = run_weekly(spaced(tmp_path / "space", "company{}.example"), tolerance=0.3).week
    (found,) = (
        one for one in week.series if (one.dimension, one.value, one.measure) == ("provider", "microsoft", "hard")
    )
    assert found.now.rate == pytest.approx(1.0)
    assert week.alarms == []


@pytest.mark.parametrize(("domain", "told"), [("company{}.example", True), ("gmail.com", False)])
def test_the_page_says_that_such_rates_are_too_high(tmp_path: Path, domain: str, told: bool) -> None:
    page = weekly_page(run_weekly(spaced(tmp_path / "space", domain)))
    assert ("these rates are too high, compare counts" in page) == told


def test_a_provider_that_is_known_by_name_is_held_against_the_line(tmp_path: Path) -> None:
    sends, bounces = history(weeks("2026-W10", 1), quiet={"user_unknown": (MAILS // 4,)})
    moved = [
        table.assign(recipient=table["recipient"].str.replace(r"@.*", "@gmail.com", regex=True))
        for table in (sends, bounces)
    ]
    week = run_weekly(workspace(tmp_path / "space", *moved)).week
    assert ("provider", "line") in {(one.dimension, one.why) for one in week.alarms}
