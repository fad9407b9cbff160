"""Whom the week's mails went to: a rise that comes of other leads is told as that, and sources that decay are named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from weekly_story import MAILBOXES, Planted, history, weeks, workspace

from analyzer.api.weekly import WeeklyRun, run_weekly
from analyzer.diagnose.diagnosis import Rate
from analyzer.diagnose.estimates.rates import rate
from analyzer.diagnose.weeks.mix import Mix, mix_behind
from analyzer.diagnose.weeks.sources import decaying
from analyzer.history import Workspace
from analyzer.report import weekly as report
from analyzer.report.weekly.data import values

LABELS = weeks("2026-W01", 10)
LAST = len(LABELS) - 1
NINE = tuple(weeks("2026-W01", 9))


def told(run: WeeklyRun) -> str:
    return " ".join(report.summary(run).split())


def with_leads(place: Path, planted: Planted, column: str, words: tuple[str, str], reason: str) -> WeeklyRun:
    """One lead in twenty, all with the `reason`, and from the last week on every other, are of the first of `words`."""
    sends, bounces = history(LABELS, planted)
    space = workspace(place, sends, bounces)
    new = sends["sent_at"] >= sends["sent_at"].max().normalize() - pd.Timedelta(days=4)
    turn = pd.Series(range(len(sends)))
    hit = sends["recipient"].isin(bounces.loc[bounces["reason"] == reason, "recipient"])
    of_them = hit | (turn % 20 == 0) | (new & (turn % 2 == 0))
    value = of_them.map({True: words[0], False: words[1]})
    Workspace(space).add_leads(pd.DataFrame({"email": sends["recipient"], column: value}))
    return run_weekly(space)


def test_refusals_that_come_of_more_strict_industries_are_told_as_such(tmp_path: Path):
    planted = {(mailbox, LAST): {"policy": 9} for mailbox in MAILBOXES}
    run = with_leads(tmp_path / "space", planted, "industry", ("Banking", "Software"), "policy")
    whole = next(one for one in run.week.series if (one.dimension, one.measure) == ("total", "spam"))
    assert whole.mix is not None
    assert (whole.mix.value, whole.mix.since) == ("strict", LABELS[LAST])
    assert whole.mix.at_old < 0.7 * (whole.now.rate or 0.0)
    text = told(run)
    assert text.count("You write to other leads than before:") >= 2
    assert "most of the rise comes of the list, not of your sending" in text.partition("Do now")[0]
    assert "1. Reach strict industries through another channel." in text
    shown = next(one for one in values(run)["series"] if (one["dimension"], one["measure"]) == ("total", "spam"))
    assert shown["mix"]["dimension"] == "industry_group"


def test_bad_addresses_that_come_of_more_guessed_leads_are_told_as_such(tmp_path: Path):
    planted = {(mailbox, LAST): {"user_unknown": 14} for mailbox in MAILBOXES}
    run = with_leads(tmp_path / "space", planted, "email_status", ("guessed", "verified"), "user_unknown")
    whole = next(one for one in run.week.series if (one.dimension, one.measure) == ("total", "hard"))
    assert whole.mix is not None and whole.mix.value == "guessed"
    assert "of the mails went to guessed addresses" in told(run)


def test_refusals_that_rise_among_the_same_leads_are_no_matter_of_the_list(tmp_path: Path):
    planted = {(mailbox, LAST): {"spam_content": 9} for mailbox in MAILBOXES}
    sends, bounces = history(LABELS, planted)
    place = workspace(tmp_path / "space", sends, bounces)
    industry = (pd.Series(range(len(sends))) % 3 == 0).map({True: "Banking", False: "Software"})
    Workspace(place).add_leads(pd.DataFrame({"email": sends["recipient"], "industry": industry}))
    run = run_weekly(place)
    assert all(one.mix is None for one in run.week.series)
    assert "other leads" not in told(run)


def rows(sends: np.ndarray, spam: np.ndarray) -> pd.DataFrame:
    """(2, weeks): mails to strict and to open industries, and refusals, as `audience` gives them."""
    return pd.DataFrame(
        {
            "week": week,
            "step": "1",
            "email_status": "",
            "industry_group": group,
            "list_source": "",
            "sends": sends[place, week],
            "address": 0,
            "spam": spam[place, week],
        }
        for place, group in enumerate(("strict", "open"))
        for week in range(sends.shape[1])
    )


def asked(sends: np.ndarray, spam: np.ndarray) -> Mix | None:
    now, before = (rate(int(spam[:, part].sum()), int(sends[:, part].sum())) for part in (-1, slice(0, -1)))
    return mix_behind("spam", rows(sends, spam), NINE, now, before)


def test_steady_lists_are_never_blamed_and_changed_ones_are_where_they_are_to_blame():
    """200 teams whose strict leads are refused at 8 %, others at 0.5 %: the share of strict ones is 20 % but for chance,
    or 60 % in the last week; or it is 20 % and all are refused three times as often."""
    rng, rates = np.random.default_rng(8), np.array([[0.08], [0.005]])
    found: dict[str, list[Mix | None]] = {"steady": [], "list": [], "sending": []}
    for _ in range(200):
        for name in found:
            share = np.clip(rng.normal(0.2, 0.03, 9), 0.05, 0.5)
            share[-1] = 0.6 if name == "list" else share[-1]
            sends = np.round(900 * np.stack([share, 1 - share])).astype(np.int64)
            times = np.where(np.arange(9) == 8, 3.0 if name == "sending" else 1.0, 1.0)
            found[name].append(asked(sends, rng.binomial(sends, rates * times)))
    told_of = {name: np.mean([one is not None for one in each]) for name, each in found.items()}
    assert told_of["steady"] == 0 and told_of["sending"] == 0 and told_of["list"] > 0.95
    of_list = [one for one in found["list"] if one is not None]
    assert np.mean([one.at_old for one in of_list]) == pytest.approx(0.02, abs=0.003)


def test_a_rise_is_put_down_to_the_list_only_where_most_of_it_came_of_that():
    """The share of strict ones doubled, and open ones are refused ten times as often as before."""
    sends = np.array([[180] * 8 + [360], [720] * 8 + [540]])
    spam = np.array([[14] * 8 + [29], [4] * 8 + [60]])
    assert asked(sends, spam) is None
    assert asked(sends, np.array([[14] * 8 + [29], [4] * 9])) is not None
    nobody = Rate(0, 0, None, None, None)
    assert mix_behind("spam", rows(sends, spam), NINE, rate(9, 900), nobody) is None


def of_sources(mails: np.ndarray, bad: np.ndarray) -> pd.DataFrame:
    """(sources, weeks), as `audience` gives them."""
    return pd.DataFrame(
        {
            "week": week,
            "step": "1",
            "email_status": "",
            "industry_group": "",
            "list_source": f"source {number}",
            "sends": mails[number, week],
            "address": bad[number, week],
            "spam": 0,
        }
        for number in range(mails.shape[0])
        for week in range(mails.shape[1])
    )


def test_a_source_that_decays_from_week_to_week_is_named_in_the_report(tmp_path: Path):
    """From 2 % to 8 % in five weeks, at one of three sources: no alarm of all mail says so."""
    planted = {(mailbox, LAST - 4 + n): {"user_unknown": (0, 1, 3, 5, 6)[n]} for n in range(5) for mailbox in MAILBOXES}
    sends, bounces = history(LABELS, planted)
    place = workspace(tmp_path / "space", sends, bounces)
    bad = sends["recipient"].isin(bounces.loc[bounces["label"] == "hard", "recipient"])
    # The first twelve bad ones of each week lie at the other sources, and the rest at this one.
    order = bad.groupby(sends["sent_at"].dt.isocalendar().week).cumsum()
    turn = pd.Series(range(len(sends)))
    fair = (bad & (order > 12)) | (~bad & (turn % 3 == 0))
    source = fair.map({True: "Fair", False: "Webinar"}).where(fair | (turn % 2 == 0), "Directory")
    Workspace(place).add_leads(pd.DataFrame({"email": sends["recipient"], "list_source": source}))
    run = run_weekly(place, tolerance=0.2)
    assert [one.source for one in run.week.decaying_sources] == ["Fair"]
    assert not run.alarm
    text = told(run)
    assert "List source “Fair” gets worse from week to week: 7." in text.partition("Do now")[0]
    assert "1. Have the next leads of list source “Fair” verified before you write to them." in text
    one = values(run)["decaying_sources"][0]
    assert one["sentence"] in values(run)["changed"]["worse"] and one["weeks"] == 7
    assert not run_weekly(place, week=LABELS[LAST - 4], tolerance=0.2).week.decaying_sources


@pytest.mark.parametrize("phi", [0.005, 0.01])
def test_of_many_teams_few_are_told_of_a_decay_that_is_none(phi: float):
    """Eight sources each, 300 mails a week, 3 % bad; weeks of a source differ as campaigns do."""
    rng, size, years = np.random.default_rng(2), 1 / phi - 1, 4
    mails = rng.poisson(300, (8, 52 * years))
    bad = rng.binomial(mails, rng.beta(0.03 * size, 0.97 * size, mails.shape))
    onsets, was = 0, set[str]()
    for week in range(9, mails.shape[1]):
        at = slice(week - 8, week + 1)
        found = {one.source for one in decaying(of_sources(mails[:, at], bad[:, at]), NINE, {})}
        onsets, was = onsets + len(found - was), found
    assert onsets / years <= 1.5


def test_of_sources_that_decay_most_are_seen_and_no_other_is_named():
    rng, hits, others = np.random.default_rng(4), 0, 0
    for _ in range(40):
        mails = np.full((4, 9), 500)
        rates = np.full((4, 9), 0.02)
        rates[0, 3:] = np.linspace(0.02, 0.08, 6)
        found = {one.source for one in decaying(of_sources(mails, rng.binomial(mails, rates)), NINE, {})}
        hits, others = hits + ("source 0" in found), others + len(found - {"source 0"})
    assert hits >= 36 and others <= 1
