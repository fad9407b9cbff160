"""A fault of ours in the weekly report: told in its first week, of nobody else, and as lasting from its second on."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from weekly_story import MAILBOXES, bounce, history, monday, weeks, workspace

from analyzer.api.weekly import WeeklyRun, run_weekly
from analyzer.report import weekly as report

LABELS = weeks("2026-W01", 8)
#: From this week on a third of all first mails fails authentication; who got none of them gets no second mail.
FAULT = 5


@pytest.fixture(scope="module")
def unsigned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    sends, bounces = history(LABELS)
    number = sends["message_id"].str.extract(r"-(\d+)@", expand=False).astype(int)
    sends["step"] = (1 + number % 3).astype(str)
    ours = (sends["sent_at"] >= sends["sent_at"].iloc[FAULT * 900]) & (sends["step"] == "1")
    # Eight first mails of each faulty week go to one company.
    there = ours & (number < 9)
    sends.loc[there, "recipient"] = (
        "a" + number[there].astype(str) + sends.loc[there, "sender"].str[:3] + "@north.example"
    )
    failed = pd.DataFrame([bounce(mail, "auth_failure") for mail in sends[ours].to_dict("records")])
    bounces = bounces[~bounces["original_message_id"].isin(failed["original_message_id"])]
    return workspace(tmp_path_factory.mktemp("unsigned") / "space", sends, pd.concat([bounces, failed]))


@pytest.fixture(scope="module")
def runs(unsigned: Path) -> dict[int, WeeklyRun]:
    return {number: run_weekly(unsigned, week=LABELS[number]) for number in (FAULT, FAULT + 1)}


def test_no_company_is_left_for_what_it_says_of_us(runs):
    told = runs[FAULT].week.changes
    assert {one.reason for one in told if one.kind == "new"} == {"auth_failure"}
    assert not [one for one in told if one.dimension == "recipient_domain"]
    assert "to another channel" not in report.summary(runs[FAULT])


def test_a_lasting_fault_is_not_put_down_to_first_mails(runs):
    """Whom it meets gets no second mail, so it is only seen at the first step."""
    whole = next(one for one in runs[FAULT + 1].week.series if (one.dimension, one.measure) == ("total", "spam"))
    assert (whole.state, whole.since, whole.place) == ("alarm", LABELS[FAULT], None)


def test_an_alarm_that_lasts_is_told_as_such_with_the_week_before(runs):
    first, second = (" ".join(report.summary(one).split()) for one in runs.values())
    assert "Spam bounces have risen: 33.8 % (304 of 900 mails)" in first
    assert f"Spam bounces are still high since {LABELS[FAULT]}: 33." in second
    assert "33.8 % last week" in second
    assert "Got worse or goes on" in second


def test_what_replies_prove_is_told_in_its_first_week(tmp_path):
    """Six mails of 900, after none: too few to alarm, and a proof all the same; of one company alone it is its own."""
    planted = {(MAILBOXES[0], 4): {"auth_failure": 6}}
    sends, bounces = history(LABELS[:5], planted)
    found = run_weekly(workspace(tmp_path / "space", sends, bounces)).week
    assert ("new", "auth_failure") in {(one.kind, one.reason) for one in found.changes}
    told = bounces["reason"] == "auth_failure"
    ids = bounces.loc[told, "original_message_id"]
    bounces.loc[told, "recipient"] = [f"p{number}@one.example" for number in range(len(ids))]
    sends = sends.set_index("message_id", drop=False)
    sends.loc[ids, "recipient"] = bounces.loc[told, "recipient"].to_numpy()
    alone = run_weekly(workspace(tmp_path / "alone", sends.reset_index(drop=True), bounces)).week
    assert "auth_failure" not in {one.reason for one in alone.changes}


@pytest.mark.parametrize("stray", [0, 1])
def test_the_last_days_of_a_listing_are_not_as_usual(tmp_path: Path, stray: int) -> None:
    """Quiet weeks, one on a block list, and one with its last refusals: what was usual is not that of the listing."""
    planted = {(mailbox, number): {"ip_blocklisted": stray} for mailbox in MAILBOXES for number in range(3)}
    planted |= {(mailbox, 3): {"ip_blocklisted": 75} for mailbox in MAILBOXES}
    planted |= {(mailbox, 4): {"ip_blocklisted": 17} for mailbox in MAILBOXES}
    place = workspace(tmp_path / "space", *history(LABELS[:6], planted))
    found = run_weekly(place, week=LABELS[4])
    told = " ".join(report.summary(found).split())
    assert "As usual" not in told
    assert "Send on as before" not in told
    assert "back to what is usual" not in told
    assert "ip_blocklisted" in {one.reason for one in found.week.changes if one.kind == "worse"}
    assert f"Still since {monday(LABELS[3]):%-d %B %Y} (25.0 % last week): bounces for “ip blocklisted”: 5.7 %" in told
    over = {(one.kind, one.reason) for one in run_weekly(place, week=LABELS[5]).week.changes}
    assert ("fixed", "ip_blocklisted") in over and "worse" not in {kind for kind, _ in over}


def test_a_fault_that_was_always_there_does_not_go_on_each_week(tmp_path: Path) -> None:
    """From two to nine refusals of 900 mails each week, for as long as anybody knows: nothing new."""
    quiet = {"user_unknown": (6, 4, 7), "auth_failure": (1, 3, 0, 2, 1)}
    place = workspace(tmp_path / "space", *history(LABELS, quiet=quiet))
    assert [one for label in LABELS[2:] for one in run_weekly(place, week=label).week.changes] == []


def test_what_is_gone_is_told_in_one_week(tmp_path: Path) -> None:
    """Two weeks on a block list, then none: the good news is told once, and no longer says what a listing is."""
    planted = {(MAILBOXES[0], number): {"ip_blocklisted": 60} for number in (3, 4)}
    place = workspace(tmp_path / "space", *history(LABELS, planted))
    runs = [run_weekly(place, week=label) for label in LABELS[5:]]
    told = [[one.reason for one in run.week.changes if one.kind == "fixed"] for run in runs]
    assert told == [["ip_blocklisted"], [], []]
    first = " ".join(report.summary(runs[0]).split())
    assert "No more bounces for “ip blocklisted” in mail from" in first
    assert "is on a block list" not in first
