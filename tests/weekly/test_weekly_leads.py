"""What the weekly report says of leads: the tolerance is one of leads, and a source of them that decays is named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from conftest import LAST, WEEKS
from weekly_story import MAILBOXES, history, weeks, workspace

from analyzer.api.weekly import WeeklyRun, run_weekly
from analyzer.history import Workspace
from analyzer.report import weekly as report
from analyzer.report.weekly import words as report_words

FEW = weeks("2026-W05", 10)


def told(run: WeeklyRun) -> str:
    return " ".join(report.summary(run).split())


def with_follow_ups(sends: pd.DataFrame, bounces: pd.DataFrame) -> pd.DataFrame:
    """Each lead whose first mail arrived gets two more, one in each of the next weeks."""
    arrived = sends[~sends["recipient"].isin(bounces["recipient"])]
    parts = [sends]
    for step in (2, 3):
        later = arrived["sent_at"] + pd.Timedelta(weeks=step - 1)
        ids = arrived["message_id"].str.replace("@", f"-{step}@", regex=False)
        parts.append(arrived.assign(sent_at=later, step=str(step), message_id=ids))
    every = pd.concat(parts, ignore_index=True)
    return every[every["sent_at"] <= sends["sent_at"].max()]


@pytest.mark.parametrize(("bad", "above"), [((26, 24, 28), True), ((8, 7, 9), False)])
def test_the_tolerance_is_held_against_leads_and_not_against_mails(tmp_path: Path, bad: tuple[int, ...], above: bool):
    """Nine leads in a hundred are bad in every week; of the mails of a sequence of three they are three in a hundred."""
    sends, bounces = history(FEW, quiet={"user_unknown": bad})
    run = run_weekly(workspace(tmp_path / "space", with_follow_ups(sends, bounces), bounces), week=FEW[-1])
    whole = next(one for one in run.week.series if (one.dimension, one.measure) == ("total", "hard"))
    assert whole.now.rate is not None and whole.now.rate < 0.035
    assert run.week.leads is not None and run.week.leads.now.leads == 900
    assert (run.alarm, whole.why) == ((True, "line") if above else (False, ""))
    assert ("of the leads first written to this week have a bad address" in told(run)) == above
    assert "Of leads first written to this week" in told(run)


def with_sources(sends: pd.DataFrame, bounces: pd.DataFrame, since: str) -> pd.DataFrame:
    """Seven of ten bad addresses since then are of leads of a fair, as is every fifth of the others."""
    bad = sends["recipient"].isin(bounces["recipient"]) & (sends["sent_at"] >= pd.Timestamp(since, tz="UTC"))
    turn = pd.Series(range(len(sends)))
    fair = (bad & (bad.cumsum() % 10 < 7)) | (~bad & (turn % 5 == 0))
    return pd.DataFrame({"email": sends["recipient"], "list_source": fair.map({True: "Fair", False: "Webinar"})})


def test_a_list_source_that_decays_is_named(tmp_path: Path):
    planted = {(mailbox, number): {"user_unknown": 6} for mailbox in MAILBOXES for number in (LAST - 1, LAST)}
    sends, bounces = history(WEEKS, planted)
    place = workspace(tmp_path / "space", sends, bounces)
    Workspace(place).add_leads(with_sources(sends, bounces, "2026-03-23"))
    run = run_weekly(place)
    assert "1. Leave leads of the list source Fair out of the next sequence, or have them verified first." in told(run)
    assert "new leads of the list source Fair are bad" in told(run) or run.alarm
    before = run_weekly(place, week=WEEKS[LAST - 3])
    assert "Fair" not in told(before) and "Nothing. Send on as before." in told(before)


def test_a_week_of_mostly_guessed_leads_asks_for_max_quality(tmp_path: Path):
    """Nothing has risen beyond doubt, and another list like this one may well be above the tolerance."""
    planted = {(mailbox, LAST): {"user_unknown": 7} for mailbox in MAILBOXES}
    sends, bounces = history(WEEKS, planted)
    place = workspace(tmp_path / "space", sends, bounces)
    bad = sends["recipient"].isin(bounces["recipient"])
    new = sends["sent_at"] >= pd.Timestamp("2026-03-30", tz="UTC")
    guessed = bad | (new & (pd.Series(range(len(sends))) % 5 < 3))
    status = guessed.map({True: "guessed", False: "verified"})
    Workspace(place).add_leads(pd.DataFrame({"email": sends["recipient"], "email_status": status}))
    run = run_weekly(place)
    assert "Set data quality to max quality for the next sequence." in told(run)
    assert "of the leads first written to this week have a bad address" in told(run)


def test_refusals_that_rise_are_told_beside_leads_that_ask_for_better_addresses(tmp_path: Path):
    names = ("policy", "recipient_restricted", "ip_reputation", "rate_limited", "sender_rejected", "virus")
    planted = {(mailbox, LAST): dict.fromkeys(names, 1) for mailbox in MAILBOXES}
    run = run_weekly(workspace(tmp_path / "space", *history(WEEKS, planted)))
    assert run.week.leads is not None
    assert "may be worse" not in report_words.verdict(run.week)[1]
    worse = replace(run.week, leads=replace(run.week.leads, recommendation="max_quality"))
    tone, text = report_words.verdict(worse)
    assert tone == "act"
    assert "may be worse than you accept" in text and "Spam bounces are up: 2." in text


def test_refusals_are_told_with_the_mailbox_that_has_them(tmp_path: Path):
    planted = {("cem@out2.example", LAST): {"sender_account": 60}}
    run = run_weekly(workspace(tmp_path / "space", *history(WEEKS, planted)))
    first = report_words.actions(run.week, run.diagnosis)[0]
    assert "All 60 are from mailbox cem@out2.example (33.3 % of the mails)." in first.detail
    assert not [one for one in report_words.named_alarms(run.week) if one.dimension in ("sender_domain", "campaign")]


def test_refusals_are_told_with_the_industry_that_has_them(tmp_path: Path):
    """Half-way to an alarm: the fix is told, and where; no reader looks again next week for nothing."""
    planted = {(mailbox, LAST): {"policy": 7} for mailbox in MAILBOXES}
    sends, bounces = history(WEEKS, planted, quiet={"user_unknown": (6, 5, 7), "policy": (2, 1, 3, 2)})
    place = workspace(tmp_path / "space", sends, bounces)
    refused = sends["recipient"].isin(bounces.loc[bounces["reason"] == "policy", "recipient"])
    new = refused & (sends["sent_at"] >= pd.Timestamp("2026-03-30", tz="UTC"))
    banks = new | (pd.Series(range(len(sends))) % 20 == 0)
    industry = banks.map({True: "Banking", False: "Software"})
    Workspace(place).add_leads(pd.DataFrame({"email": sends["recipient"], "industry": industry}))
    run = run_weekly(place)
    assert "are in Banking (" in report_words.actions(run.week, run.diagnosis)[0].detail
    assert "are in Banking (" in told(run).partition("Do now")[0] or run.week.changes


def test_a_fault_that_goes_on_is_held_against_last_week(tmp_path: Path):
    planted = {("cem@out2.example", LAST - 1): {"auth_failure": 90}, ("cem@out2.example", LAST): {"auth_failure": 60}}
    run = run_weekly(workspace(tmp_path / "space", *history(WEEKS, planted)))
    assert "Still since 23 March 2026 in mail from out2.example (30.0 % last week): bounces for" in told(run)


def test_a_log_that_only_flags_bounces_is_not_called_usual(tmp_path: Path):
    sends, _ = history(WEEKS)
    flagged = pd.Series(range(len(sends))) % 50 == 0
    place = workspace(
        tmp_path / "space", sends.assign(bounced=flagged.map({True: "true", False: "false"})), pd.DataFrame()
    )
    run = run_weekly(place)
    assert "2.0 % of the mails bounced (18 of 900) and nothing says why" in told(run)
    assert "As usual" not in told(run)
    assert report_words.actions(run.week, run.diagnosis)[0].what.startswith("Connect the mailbox")
    for figure in run.week.figures[:3]:
        assert figure.now.rate == 0 and figure.now.high is not None and figure.now.high > 0.02


def test_bad_addresses_of_a_mailbox_are_no_alarm_where_the_rest_has_as_many(tmp_path: Path):
    planted = {(mailbox, number): {"user_unknown": 4} for mailbox in MAILBOXES for number in range(LAST - 4, LAST + 1)}
    place = workspace(tmp_path / "space", *history(WEEKS, planted))
    for label in WEEKS[LAST - 3 :]:
        week = run_weekly(place, week=label).week
        whole = next(one for one in week.series if (one.dimension, one.measure) == ("total", "hard"))
        parts = [one for one in week.alarms if one.dimension != "total" and one.measure == "hard"]
        assert whole.state == "alarm" or not parts


def test_what_is_still_watched_is_not_told_as_fixed(quiet: Path):
    week = run_weekly(quiet).week
    one = next(one for one in week.series if one.dimension == "sender")
    assert [kind for kind, _ in report_words.moves(replace(week, series=[replace(one, before="alarm")]))] == ["fixed"]
    watched = replace(one, before="alarm", state="watch")
    assert report_words.moves(replace(week, series=[watched])) == []


def test_a_country_is_no_source_that_decays(tmp_path: Path):
    """Countries and titles are looked at in every week: chance would name one now and then."""
    planted = {(mailbox, number): {"user_unknown": 6} for mailbox in MAILBOXES for number in (LAST - 1, LAST)}
    sends, bounces = history(WEEKS, planted)
    place = workspace(tmp_path / "space", sends, bounces)
    leads = with_sources(sends, bounces, "2026-03-23").rename(columns={"list_source": "country"})
    Workspace(place).add_leads(leads)
    found = run_weekly(place).week.leads
    assert found is not None and found.origins == []
