"""The ranges of weekly rates know which mails went to one company, as if the rows themselves had been counted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import WEEKS
from weekly_story import bounce, history, workspace

from analyzer.api import run_weekly
from analyzer.correlate import correlate
from analyzer.diagnose.diagnosis import Rate
from analyzer.diagnose.estimates.rates import belief_of, rate
from analyzer.diagnose.leads.companies import companies
from analyzer.diagnose.leads.free_mail import consumer_domains
from analyzer.diagnose.weeks.weekly import Week
from analyzer.history import Workspace

LAST, BEFORE = 9, slice(1, 9)


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten weeks in which one company refuses all, and another has no mailbox that we write to; a log with flags."""
    sends, bounces = history(WEEKS[: LAST + 1])
    rows = bounces.to_dict("records")
    known = {str(row["original_message_id"]) for row in rows}
    for name, reason in (("company5.example", "policy"), ("company9.example", "user_unknown")):
        there = sends[sends["recipient"].str.endswith(f"@{name}") & ~sends["message_id"].isin(known)]
        rows += [bounce(send, reason) for send in there.to_dict("records")]
    sends["sender"] = sends["sender"].where(sends.index % 3 > 0, sends["sender"].str.upper())
    sends["bounced"] = "no"
    back = {str(row["original_message_id"]) for row in rows}
    sends.loc[sends.index[~sends["message_id"].isin(back)][7::500], "bounced"] = "not sent"
    return workspace(tmp_path_factory.mktemp("companies") / "space", sends, pd.DataFrame(rows))


@pytest.fixture(scope="module")
def mails(space: Path) -> pd.DataFrame:
    """Each mail with its week, its company (each mail at free mail by itself) and what came back."""
    found = correlate(Workspace(space).bounces(), Workspace(space).sends()).sends.reset_index(drop=True)
    free = found["recipient_domain"].isin(consumer_domains())
    company = found["recipient_domain"].where(~free, found.index.astype(str) + "@free")
    return found.assign(number=found["week"].map(WEEKS.index), company=pd.factorize(company)[0])


@pytest.fixture(scope="module")
def week(space: Path) -> Week:
    return run_weekly(space, week=WEEKS[LAST]).week


def of_rows(rows: pd.DataFrame, name: str, back: pd.Series | None = None) -> Rate:
    """The rate of some mails, all of them held."""
    back = rows["fault" if name == "address" else "label"] == name if back is None else back
    one, flag, company = np.zeros(len(rows), np.int64), back.to_numpy(), rows["company"].to_numpy()
    counted = companies(one, company, {name: (one[flag], company[flag])}, 1)
    low, high = counted.interval(name, belief_of(name))
    return Rate(int(flag.sum()), len(rows), flag.mean(), low[0], high[0])


def same(one: Rate, other: Rate) -> bool:
    return one.count == other.count and (one.rate, one.low, one.high) == pytest.approx(
        (other.rate, other.low, other.high)
    )


def test_all_mail_of_the_week_and_of_the_weeks_before(week, mails):
    now, before = mails[mails["number"] == LAST], mails[mails["number"].isin(range(9)[BEFORE])]
    for figure in week.figures:
        assert same(figure.now, of_rows(now, figure.name))
        assert same(figure.before, of_rows(before, figure.name))
    spam = next(figure for figure in week.figures if figure.name == "spam")
    alone = rate(spam.now.count, spam.now.leads)
    assert spam.now.high - spam.now.low > 1.3 * (alone.high - alone.low)


def test_every_week_of_the_trend(week, mails):
    assert len(week.trend) == LAST + 1
    for number, row in enumerate(week.trend):
        there = mails[mails["number"] == number]
        assert same(row.hard, of_rows(there, "hard"))
        assert same(row.spam, of_rows(there, "spam"))


def test_every_series_of_the_week(week, mails):
    now = mails[mails["number"] == LAST]
    seen = set()
    for one in week.series:
        there = now if one.dimension == "total" else now[now[one.dimension] == one.value]
        if one.dimension != "provider":
            assert same(one.now, of_rows(there, one.measure)), (one.dimension, one.value)
        seen.add(one.dimension)
    assert seen == {"total", "sender", "sender_domain", "provider", "campaign"}


def test_every_reason(week, mails):
    now, before = mails[mails["number"] == LAST], mails[mails["number"].isin(range(9)[BEFORE])]
    assert {row.reason for row in week.reasons} >= {"user_unknown", "policy", "spam_content"}
    for row in week.reasons:
        assert same(row.now, of_rows(now, row.label, now["reason"] == row.reason))
        assert same(row.before, of_rows(before, row.label, before["reason"] == row.reason))


def test_a_week_without_mail_has_no_range(tmp_path):
    sends, bounces = history([WEEKS[0], WEEKS[3]])
    found = run_weekly(workspace(tmp_path / "space", sends, bounces), week=WEEKS[3]).week
    assert [row.hard.low is None for row in found.trend] == [False, True, True, False]
