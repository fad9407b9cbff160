"""A log whose times name no zone, in a workspace: its times are kept in UTC, and that they may be hours off as well."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from weekly_story import bounce, history, weeks, workspace

from analyzer.api import ingest, run_diagnosis, run_weekly
from analyzer.history import Workspace
from analyzer.records import Matching
from analyzer.report.weekly import words

MAILS = 40
BACK = 10


def campaign(folder: Path, *, hours: int) -> tuple[Path, Path]:
    """(log, bounces): mails that went out from a place so many hours ahead of UTC, told by its clock."""
    sent = [datetime(2026, 3, 2, 8, tzinfo=UTC) + timedelta(minutes=3 * number) for number in range(MAILS)]
    clock = [f"{at + timedelta(hours=hours):%Y-%m-%d %H:%M}" for at in sent]
    log = pd.DataFrame({"Email": [f"p{number}@firm{number}.example" for number in range(MAILS)], "Sent At": clock})
    log["From"] = "lisa@north.example"
    log.to_csv(folder / "log.csv", index=False)
    mails = [{"recipient": f"p{n}@firm{n}.example", "sent_at": sent[n], "message_id": ""} for n in range(BACK)]
    columns = {"reporting_mta": "mx.north.example", "format": "rfc3464", "sender": "", "transient": False}
    back = pd.DataFrame([bounce(mail, "user_unknown") | columns for mail in mails])
    back.assign(record_id=[f"r{n}" for n in range(BACK)]).to_json(folder / "back.jsonl", orient="records", lines=True)
    return folder / "log.csv", folder / "back.jsonl"


def counted(place: Path) -> tuple[int, int]:
    """(bounces of the week's mails, bounces that count nowhere)."""
    run = run_weekly(place, week="2026-W10")
    assert run.diagnosis is not None
    return run.week.figures[0].now.count, run.diagnosis.matching.unmatched


@pytest.mark.parametrize("hours", [2, 9, -8])
def test_bounces_that_seem_to_come_before_their_mail_are_tied_in_a_workspace_too(tmp_path, hours):
    log, back = campaign(tmp_path, hours=hours)
    run = ingest(tmp_path / "team", log=log, bounces=back)
    (told,) = run.warnings
    assert told.startswith("log.csv: its times name no zone and were read as UTC; if they are not, take it into a new ")
    assert "--timezone Europe/Berlin" in told
    assert counted(tmp_path / "team") == (BACK, 0)
    assert run_diagnosis(workspace=tmp_path / "team").diagnosis.matching.matched == BACK
    assert run_diagnosis(bounces=back, log=log).diagnosis.matching.matched == BACK


def test_where_somebody_says_the_zone_the_times_are_believed(tmp_path):
    log, back = campaign(tmp_path, hours=2)
    run = ingest(tmp_path / "right", log=log, bounces=back, timezone="+02:00")
    assert not run.warnings
    assert Workspace(tmp_path / "right").sends()["sent_at_zoned"].unique().tolist() == ["yes"]
    assert counted(tmp_path / "right") == (BACK, 0)
    ingest(tmp_path / "wrong", log=log, bounces=back, timezone="-02:00")
    assert counted(tmp_path / "wrong") == (0, BACK)


def test_mails_of_an_older_workspace_count_as_without_a_zone(tmp_path):
    log, back = campaign(tmp_path, hours=2)
    ingest(tmp_path / "team", log=log, bounces=back)
    kept = Workspace(tmp_path / "team")
    older = Workspace(tmp_path / "older")
    older.add_sends(kept.sends().drop(columns="sent_at_zoned"))
    older.add_bounces(kept.bounces())
    assert older.sends()["sent_at_zoned"].unique().tolist() == [""]
    assert counted(tmp_path / "older") == (BACK, 0)


def test_a_log_of_each_kind_is_held_to_its_own(tmp_path):
    """That one log names no zone excuses no bounce of mail whose time is known."""
    log, back = campaign(tmp_path, hours=2)
    ingest(tmp_path / "team", log=log, bounces=back)
    at = datetime(2026, 3, 3, 8, tzinfo=UTC)
    zoned = {"recipient": "z@zoned.example", "sent_at": at, "sender": "lisa@north.example", "message_id": ""}
    kept = Workspace(tmp_path / "team")
    kept.add_sends(pd.DataFrame([zoned | {"sent_at_zoned": "yes"}]))
    kept.add_bounces(pd.DataFrame([bounce(zoned, "user_unknown", after=-timedelta(hours=5))]))
    assert counted(tmp_path / "team") == (BACK, 1)


def test_it_is_not_nothing_to_do_where_most_bounces_count_nowhere(tmp_path):
    sends, bounces = history(weeks("2026-W05", 6))
    last = sends[sends["message_id"].str.contains("2026-W10")].to_dict("records")
    strange = [
        bounce(mail | {"recipient": f"s{n}@nowhere.example", "message_id": f"<{n}@else.example>"}, "user_unknown")
        for n, mail in enumerate(last[:60])
    ]
    place = workspace(tmp_path / "space", sends, pd.concat([bounces, pd.DataFrame(strange)], ignore_index=True))
    run = run_weekly(place, week="2026-W10")
    first = words.actions(run.week, run.diagnosis)[0]
    assert first.what == "Check that the log is whole first."
    assert first.detail.startswith("60 of ")
    assert "was every log of the time taken in?" in first.detail


@pytest.mark.parametrize(
    ("matched", "unmatched", "early", "what"),
    [
        (0, 36, 36, "Check the times of the log first."),
        (10, 11, 3, "Check that the log is whole first."),
        (11, 11, 11, "Nothing. Send on as before."),
        (0, 4, 4, "Nothing. Send on as before."),
    ],
)
def test_what_to_check_is_said_by_why_they_count_nowhere(quiet, matched, unmatched, early, what):
    run = run_weekly(quiet, week="2026-W14")
    assert run.diagnosis is not None
    matching = Matching(matched + unmatched, matched, unmatched, 0, unmatched, forged_reasons={"wrong_time": early})
    actions = words.actions(run.week, replace(run.diagnosis, matching=matching))
    assert [action.what for action in actions] == [what]
