"""An alarm that lasts is new once: from its second week on it is told as what goes on, and since when."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from weekly_story import MAILBOXES, Planted, history, weeks, workspace

from analyzer.api.weekly import WeeklyRun, run_weekly
from analyzer.diagnose.weeks.alarms import run_up_to_last
from analyzer.report import weekly as report
from analyzer.report.weekly import words
from analyzer.report.weekly.data import values

LABELS = weeks("2026-W01", 4)


def told(run: WeeklyRun) -> str:
    return " ".join(report.summary(run).split())


@pytest.fixture(scope="module", params=["user_unknown", "auth_failure"])
def lasting(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A new team: fine in its first week, far above the line in the two after it, fine again."""
    planted: Planted = {(mailbox, number): {request.param: 45} for mailbox in MAILBOXES for number in (1, 2)}
    return request.param, workspace(tmp_path_factory.mktemp("lasting") / "space", *history(LABELS, planted))


def test_it_is_new_in_its_first_week_and_goes_on_from_the_second(lasting: tuple[str, Path]):
    reason, place = lasting
    measure = "hard" if reason == "user_unknown" else "spam"
    what = "above what you accept" if measure == "hard" else "above the line"
    first, second = (run_weekly(place, week=LABELS[number]) for number in (1, 2))
    for run, still in ((first, False), (second, True)):
        whole = next(one for one in run.week.series if (one.dimension, one.measure) == ("total", measure))
        assert (whole.why, whole.above_since) == ("line", LABELS[1])
        assert whole.before == ("alarm" if still else "learning")
        headline = words.verdict(run.week)[1]
        assert headline in words.changed(run.week)["worse" if still else "new"]
        assert (f"are still {what} since {LABELS[1]}: " in headline) == still
        assert (f"are {what}: " in headline) != still
        assert not [one for one in words.changed(run.week)["new"] if "still" in one or (still and what in one)]
    shown = next(one for one in values(second)["series"] if (one["dimension"], one["measure"]) == ("total", measure))
    assert shown["above_since"] == LABELS[1]
    if measure == "spam":
        assert "% last week" in words.verdict(second.week)[1]
    else:
        assert second.week.leads is not None and second.week.leads.above_since == LABELS[1]


def test_its_end_is_told_and_no_week_is_called_usual_that_nobody_learnt(lasting: tuple[str, Path]):
    reason, place = lasting
    over = words.changed(run_weekly(place, week=LABELS[3]).week)["fixed"]
    assert not [one for one in over if "back to what is usual" in one]
    if reason == "auth_failure":
        assert [one for one in over if one.startswith("Spam bounces of all mail are no longer above the line: ")]


@pytest.mark.parametrize(
    ("above", "enough", "first"),
    [
        ("", "", -1),
        ("+", "y", 0),
        ("-", "y", -1),
        ("-++", "yyy", 1),
        ("+-+", "yyy", 2),
        ("+-+", "yny", 0),
        ("++-", "yyn", 0),
        ("++-", "yyy", -1),
        ("--", "nn", -1),
    ],
)
def test_weeks_in_a_row_pass_over_those_with_too_little_mail(above: str, enough: str, first: int):
    flags = (np.array([sign in "+y" for sign in text], dtype=np.bool_) for text in (above, enough))
    assert run_up_to_last(*flags) == first
