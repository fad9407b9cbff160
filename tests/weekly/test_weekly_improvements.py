"""What came of a change: a rate that fell beyond chance is told with its figures, and what only looks so is not."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from weekly_story import MAILBOXES, MAILS, Planted, history, weeks, workspace

from analyzer.api.weekly import WeeklyRun, run_weekly
from analyzer.diagnose.weeks.alarms import belief, limits, watch
from analyzer.diagnose.weeks.improvements import improvement
from analyzer.history.counts import Counts
from analyzer.history.iso_weeks import Weeks
from analyzer.report import weekly as report
from analyzer.report.weekly.data import values
from analyzer.report.weekly.markdown import text as text_of

LABELS = weeks("2026-W01", 16)
#: 6 % bad addresses more than usual in all mail, until this week.
CHANGED = 12
GUESSED: Planted = {
    (mailbox, number): {"user_unknown": 18 + (number + place) % 3}
    for place, mailbox in enumerate(MAILBOXES)
    for number in range(CHANGED)
}


def run(place: Path, sends: pd.DataFrame, bounces: pd.DataFrame) -> WeeklyRun:
    return run_weekly(workspace(place, sends, bounces), tolerance=0.2)


def summary(found: WeeklyRun) -> str:
    return " ".join(report.summary(found).split())


@pytest.fixture(scope="module")
def better(tmp_path_factory: pytest.TempPathFactory) -> WeeklyRun:
    return run(tmp_path_factory.mktemp("better"), *history(LABELS, GUESSED))


def test_a_rate_that_fell_is_told_with_how_much_and_since_when(better):
    assert [(one.measure, one.since) for one in better.week.improvements] == [("hard", LABELS[CHANGED])]
    found = better.week.improvements[0]
    assert (found.now.leads, found.now.count) == (4 * 3 * MAILS, 70)
    assert found.usual == pytest.approx(0.083, abs=0.004)
    assert found.fewer.low < 3600 * 0.083 - 70 < found.fewer.high
    text = summary(better)
    assert f"Bad addresses are fewer since {LABELS[CHANGED]}: 1.9 % (70 of 3,600 mails), where 8." in text
    assert "Fixed or better" in text
    assert "Nothing. Send on as before." in text
    assert not better.alarm
    told = values(better)["improvements"][0]
    assert told["sentence"] in values(better)["changed"]["fixed"]
    assert told["sentence"] in text_of(better).replace("\\", "")


def test_it_is_told_for_as_long_as_it_is_news(better, tmp_path):
    labels = weeks("2026-W01", 21)
    place = workspace(tmp_path / "space", *history(labels, GUESSED))
    first = run_weekly(place, week=labels[CHANGED], tolerance=0.2).week
    assert [one.since for one in first.improvements] == [labels[CHANGED]]
    assert not run_weekly(place, week=labels[CHANGED + 8], tolerance=0.2).week.improvements


def test_of_many_teams_few_are_told_of_a_fall_that_is_none_and_most_of_a_real_one():
    """40 teams for a year and a half, weeks that differ as campaigns do; each week told as its report would tell it."""
    rng, teams, size = np.random.default_rng(5), 40, 1 / 0.01 - 1
    mails = rng.poisson(1000 * np.exp(rng.normal(0, 0.4, (teams, 78))))
    rates = rng.beta(0.05 * size, 0.95 * size, mails.shape)
    steady = rng.binomial(mails, rates)
    mended = np.where(np.arange(78) < 40, steady, rng.binomial(mails, rates * 0.3))
    false = np.array([told(mails, steady, last) for last in range(78)])
    onsets = false[1:] & ~false[:-1]
    assert onsets.sum() / teams / 1.5 < 0.75
    assert np.any([told(mails, mended, last) for last in range(40, 48)], axis=0).mean() > 0.85


def told(mails: np.ndarray, back: np.ndarray, last: int) -> list[bool]:
    """Whether a fall is told to each team in a week."""
    part, few = slice(max(0, last - limits().weeks), last + 1), belief("hard")
    sends, came = mails[:, part], back[:, part]
    seen = watch(sends, came, np.full(len(sends), few.prior), few.strength, limits())
    counts = Counts(
        Weeks(tuple(map(str, range(sends.shape[1]))), ()), {}, {},
        pd.DataFrame({"week": range(sends.shape[1]), "label": "hard"}), "",
    )  # fmt: skip
    alone = [type(seen)(*(getattr(seen, one.name)[[row]] for one in fields(seen))) for row in range(len(sends))]
    return [
        improvement(counts, "hard", sends[row], sends[row].astype(float), came[row], alone[row]) is not None
        for row in range(len(sends))
    ]


def test_nothing_is_told_of_a_quiet_team(quiet):
    assert [label for label in LABELS[5:14:3] if run_weekly(quiet, week=label).week.improvements] == []


def test_the_end_of_what_raised_an_alarm_is_no_improvement(tmp_path):
    """Four bad weeks, and then as before: nothing is better than it was."""
    planted = {(mailbox, number): {"user_unknown": 30} for mailbox in MAILBOXES for number in range(8, 12)}
    assert not run(tmp_path / "space", *history(LABELS, planted)).week.improvements


def test_the_end_of_a_fault_among_the_first_weeks_is_no_improvement(tmp_path):
    """Two good weeks, two with a fault of ours, and good ones again: what was usual is not the mean of the four."""
    planted = {(mailbox, number): {"auth_failure": 70} for mailbox in MAILBOXES for number in (2, 3)}
    place = workspace(tmp_path / "space", *history(LABELS[:8], planted))
    assert [label for label in LABELS[4:8] if run_weekly(place, week=label).week.improvements] == []


@pytest.mark.parametrize("reason", ["", "unspecified"])
def test_bounces_that_are_not_taken_in_or_not_read_are_no_improvement(tmp_path: Path, reason: str):
    """The mailbox of bounces was not read in the last week, or its bounces say nothing of why."""
    sends, bounces = history(LABELS, GUESSED, quiet={"user_unknown": (24, 25, 26), "spam_content": (2,)})
    late = bounces["record_id"].str.contains(f"{LABELS[-1]}-")
    if reason:
        bounces.loc[late, ["label", "fault", "reason", "diagnostic", "status"]] = ["unknown", "unknown", reason, "", ""]
    else:
        bounces = bounces[~late]
    assert not run(tmp_path / "space", sends, bounces).week.improvements


def test_refusals_that_ended_are_told_too(tmp_path):
    planted = {(mailbox, number): {"auth_failure": 12} for mailbox in MAILBOXES for number in range(CHANGED)}
    found = run(tmp_path / "space", *history(LABELS, planted)).week.improvements
    assert [(one.measure, one.since, one.now.count) for one in found] == [("spam", LABELS[CHANGED], 24)]
