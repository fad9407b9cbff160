"""The weekly report over made-up histories: what it says, when it is silent, and that it says the same again."""

from __future__ import annotations

import hashlib
import html
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema
import pandas as pd
import pytest
from conftest import LAST, WEEKS
from weekly_story import MAILBOXES, MAILS, bounce, history, weeks, workspace

from analyzer.api.weekly import WeeklyRun, run_weekly
from analyzer.errors import AnalyzerError, UnreadableInputError
from analyzer.history import Workspace
from analyzer.report import weekly as report
from analyzer.report.weekly import words as report_words

TROUBLE = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'


@pytest.fixture(scope="module")
def calm(quiet: Path) -> WeeklyRun:
    return run_weekly(quiet)


@pytest.fixture(scope="module")
def stormy(eventful: Path) -> WeeklyRun:
    return run_weekly(eventful)


def test_a_quiet_team_is_left_alone(calm):
    assert calm.week.week == "2026-W14"
    assert not calm.alarm and not calm.week.changes
    assert {one.state for one in calm.week.series} == {"quiet"}
    assert "As usual: hard bounces 1.8 %" in report.summary(calm)
    assert "Nothing. Send on as before." in report.summary(calm)


def test_no_week_of_a_quiet_history_raises_an_alarm(quiet):
    assert [label for label in WEEKS[5::4] if run_weekly(quiet, week=label).alarm] == []


def test_a_rise_is_an_alarm_and_names_who_brought_it(stormy):
    series = {(one.dimension, one.value, one.measure): one for one in stormy.week.series}
    whole, cem, ann = (
        series["total", "", "hard"],
        series["sender", "cem@out2.example", "hard"],
        series["sender", "ann@out1.example", "hard"],
    )
    assert (whole.state, whole.since, whole.why) == ("alarm", "2026-W13", "rise")
    assert (cem.state, cem.now.count, cem.now.leads) == ("alarm", 49, MAILS)
    assert ann.state == "quiet"
    assert whole.usual == pytest.approx(0.02, abs=0.004)
    assert "Most of all mailbox cem@out2.example: 16.3 % (49 of 300 mails)" in " ".join(report.summary(stormy).split())


def test_what_is_new_worse_and_fixed_is_told_with_its_date(stormy):
    told = {(one.kind, one.dimension, one.value, one.reason): one for one in stormy.week.changes}
    new = told["new", "sender_domain", "out2.example", "auth_failure"]
    assert (new.since, new.now.count, new.before.count) == ("2026-03-30", 15, 0)
    assert ("worse", "total", "", "user_unknown") in told
    gone = told["fixed", "sender_domain", "out1.example", "ip_blocklisted"]
    assert (gone.now.count, gone.before.count) == (0, 96)
    text = " ".join(report.summary(stormy).split())
    assert "New since 30 March 2026 in mail from out2.example: bounces for “auth failure”: 5.0 % (15 of 300" in text
    assert "No more bounces for “ip blocklisted” in mail from out1.example" in text
    assert "1. Set up SPF, DKIM and DMARC" in text or "1. Make DMARC pass" in text


def test_an_alarm_ends_when_two_weeks_were_as_usual(tmp_path):
    labels = weeks("2026-W01", 14)
    planted = {(mailbox, 9): {"user_unknown": 30} for mailbox in MAILBOXES}
    place = workspace(tmp_path / "space", *history(labels, planted))
    states = []
    for number in (9, 10, 11):
        run = run_weekly(place, week=labels[number])
        states.append(next(one.state for one in run.week.series if one.dimension == "total"))
    assert states == ["alarm", "recovering", "quiet"]
    assert "Bad addresses of all mail are back to what is usual" in " ".join(report.summary(run).split())


def test_follow_ups_are_no_cure_and_a_new_sequence_is_no_alarm(tmp_path):
    """First mails bounce at 6 %, follow-ups hardly: weeks of either kind take turns, and nothing has changed."""
    labels = weeks("2026-W01", 14)
    parts = [
        history([label], quiet={"user_unknown": (18, 16, 20) if n % 2 else (1, 0, 1)}) for n, label in enumerate(labels)
    ]
    for number, (sends, _) in enumerate(parts):
        sends["step"] = "1" if number % 2 else "2"
    place = workspace(tmp_path / "space", *(pd.concat(each, ignore_index=True) for each in zip(*parts, strict=True)))
    for label in labels[-2:]:
        run = run_weekly(place, week=label, tolerance=0.2)
        assert not run.alarm and not run.week.changes and not run.week.improvements, label


def test_a_rate_proven_above_the_tolerance_is_an_alarm_at_once(tmp_path):
    labels = weeks("2026-W01", 2)
    place = workspace(tmp_path / "space", *history(labels, quiet={"user_unknown": (36, 38)}))
    hard = next(one for one in run_weekly(place).week.series if one.dimension == "total")
    assert (hard.state, hard.why) == ("alarm", "line")
    assert not run_weekly(place, tolerance=0.2).alarm


def test_a_company_that_begins_to_refuse_is_named(tmp_path):
    sends, bounces = history(WEEKS)
    # Fifteen mails a week to one company, which took them until the last week.
    chosen = sends.index[sends["recipient"].str.contains(r"-0-(?:1?[0-4]|5)@", regex=True)]
    sends.loc[chosen, "recipient"] = [f"lead{n}@fortress.example" for n in range(len(chosen))]
    bounces = bounces[~bounces["original_message_id"].isin(sends.loc[chosen, "message_id"])]
    last = sends.loc[chosen][sends.loc[chosen, "message_id"].str.contains(WEEKS[LAST])]
    refused = pd.DataFrame([bounce(row, "policy") for row in last.to_dict("records")])
    place = workspace(tmp_path / "space", sends, pd.concat([bounces, refused], ignore_index=True))
    run = run_weekly(place)
    found = [one for one in run.week.changes if one.dimension == "recipient_domain"]
    assert [(one.kind, one.value, one.now.count) for one in found] == [("new", "fortress.example", len(last))]
    assert "fortress.example has begun to refuse our mail" in " ".join(report.summary(run).split())


def test_a_late_bounce_goes_to_the_week_of_its_mail(tmp_path):
    sends, bounces = history(WEEKS[:6])
    place = workspace(tmp_path / "space", sends, bounces)
    before = run_weekly(place, week=WEEKS[4])
    mail = sends[sends["message_id"].str.contains(WEEKS[4])].to_dict("records")[-1]
    late = bounce(mail, "mailbox_full", after=timedelta(days=12))
    unnamed = bounce(mail | {"recipient": "stranger@nowhere.example", "message_id": ""}, "mailbox_full")
    Workspace(place).add_bounces(pd.DataFrame([late, unnamed]))
    after = run_weekly(place, week=WEEKS[4])
    assert after.week.figures[0].now.count == before.week.figures[0].now.count + 1
    assert run_weekly(place, week=WEEKS[5]).week.figures[0].now.count == run_weekly(place).week.figures[0].now.count
    assert next(row for row in after.week.reasons if row.reason == "mailbox_full").now.count == 1


def test_what_tells_of_no_mail_of_ours_is_set_aside_and_said(tmp_path):
    """Backscatter: somebody else's mail in our name came back, from addresses and Message-IDs that no log has."""
    sends, bounces = history(WEEKS[:6])
    place = workspace(tmp_path / "space", sends, bounces)
    last = WEEKS[5]
    calm = run_weekly(place, week=last)
    assert json.loads(report.json_text(calm))["diagnosis"]["set_aside"] == ""
    mails = sends[sends["message_id"].str.contains(last)].head(3).to_dict("records")
    strange = [
        bounce(
            mail | {"recipient": f"stranger{n}@nowhere.example", "message_id": f"<{n}@forged.example>"}, "user_unknown"
        )
        for n, mail in enumerate(mails)
    ]
    Workspace(place).add_bounces(pd.DataFrame(strange))
    run = run_weekly(place, week=last)
    assert run.week.figures == calm.week.figures
    found = json.loads(report.json_text(run))["diagnosis"]
    assert (found["unmatched"], found["suspected_forged"]) == (3, 3)
    said = "3 bounces of this week tell of no mail that was sent and count nowhere, all of them suspected forgeries."
    assert found["set_aside"].startswith(said)
    run.write(tmp_path)
    for name in ("weekly.html", "weekly.md"):
        assert said in " ".join((tmp_path / last / name).read_text("utf-8").replace("\\", "").split())
    assert said in " ".join(report.summary(run).split())


@pytest.mark.parametrize(
    ("zone", "week", "mails"),
    [("UTC", "2026-W10", 1), ("Asia/Tokyo", "2026-W11", 2), ("America/New_York", "2026-W10", 2), ("", "2026-W11", 1)],
)
def test_weeks_are_those_of_the_time_zone(tmp_path, zone, week, mails):
    """Sunday 23:30 UTC is Monday in Tokyo, and Monday 02:00 UTC is Sunday in New York."""
    moments = [datetime(2026, 3, 8, 23, 30, tzinfo=UTC), datetime(2026, 3, 9, 2, 0, tzinfo=UTC)]
    sends = pd.DataFrame({"recipient": ["a@x.example", "b@x.example"], "sent_at": moments, "sender": "me@us.example"})
    place = workspace(tmp_path / "space", sends, pd.DataFrame())
    assert run_weekly(place, week=week, timezone=zone).week.sends == mails


def test_a_week_in_which_the_clocks_change_is_whole(tmp_path):
    """In Berlin the week of 29 March 2026 has an hour less: Sunday 21:30 UTC is its last half hour, 22:30 is Monday."""
    moments = [
        datetime(2026, 3, 22, 23, 0, tzinfo=UTC),
        datetime(2026, 3, 29, 21, 30, tzinfo=UTC),
        datetime(2026, 3, 29, 22, 30, tzinfo=UTC),
    ]
    sends = pd.DataFrame({"recipient": [f"{n}@x.example" for n in range(3)], "sent_at": moments})
    place = workspace(tmp_path / "space", sends, pd.DataFrame())
    counted = [
        run_weekly(place, week=week, timezone="Europe/Berlin").week.trend[-1].sends for week in ("2026-W13", "2026-W14")
    ]
    assert counted == [2, 1]


def test_the_week_is_the_last_one_that_is_over(quiet):
    monday_after = datetime(2026, 4, 6, 0, 5, tzinfo=UTC)
    assert run_weekly(quiet, now=monday_after).week.week == "2026-W14"
    assert run_weekly(quiet, now=monday_after - timedelta(minutes=10)).week.week == "2026-W13"
    # In Berlin the week was over an hour and more before.
    assert run_weekly(quiet, now=monday_after - timedelta(hours=1), timezone="Europe/Berlin").week.week == "2026-W14"


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_second_run_gives_the_same_bytes(eventful, tmp_path):
    run_weekly(eventful).write(tmp_path / "first")
    Workspace(eventful).compact()
    run_weekly(eventful, now=datetime(2030, 1, 1, tzinfo=UTC)).write(tmp_path / "second")
    assert digests(tmp_path / "first") == digests(tmp_path / "second")
    assert set(digests(tmp_path / "first")) == {
        "2026-W14/weekly.html", "2026-W14/weekly.json", "2026-W14/weekly.md", "index.html",
    }  # fmt: skip


def test_the_json_keeps_its_schema(calm, stormy, tmp_path):
    schema = json.loads(report.SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    for run in (calm, stormy):
        jsonschema.validate(json.loads(report.json_text(run)), schema)


def test_every_output_says_the_same(stormy, tmp_path):
    stormy.write(tmp_path)
    folder = tmp_path / "2026-W14"
    page, markdown = (
        re.sub(r"[\s\N{NO-BREAK SPACE}]+", " ", (folder / name).read_text("utf-8").replace("\\", ""))
        for name in ("weekly.html", "weekly.md")
    )
    table = json.loads((folder / "weekly.json").read_text("utf-8"))
    assert table["figures"][0]["now"] == {
        "count": 61,
        "sends": 900,
        "rate": 61 / 900,
        **{k: table["figures"][0]["now"][k] for k in ("low", "high")},
    }
    for text in (page, markdown, " ".join(report.summary(stormy).split())):
        assert "6.8 % (61 of 900 mails); 2.0 % is usual" in text
    for sentence in (one for found in table["changed"].values() for one in found):
        assert sentence.partition(":")[0] in markdown
        figures = re.search(r"[\d.]+ % \(\d+ of \d+ mails\)|0 % \(0 of \d+ mails\)|\d+ mails, \d+ usually", sentence)
        assert figures and figures.group() in page


def test_the_page_asks_nobody_and_shows_hostile_names_as_text(tmp_path):
    sends, bounces = history(WEEKS[8:], {(MAILBOXES[0], 5): {"user_unknown": 60, "auth_failure": 20}})
    sends["campaign"] = TROUBLE
    sends["sender"] = sends["sender"].replace(MAILBOXES[0], f"{TROUBLE}@out1.example")
    place = workspace(tmp_path / "space", sends, bounces)
    run = run_weekly(place)
    assert run.alarm
    run.write(tmp_path / "out")
    for path in (tmp_path / "out" / "2026-W14" / "weekly.html", tmp_path / "out" / "index.html"):
        page = path.read_text("utf-8")
        policy = html.unescape(re.search(r'Security-Policy" content="([^"]+)"', page).group(1))
        assert policy.startswith("default-src 'none'; style-src 'sha256-") and "unsafe" not in policy
        assert page.count("<script") == 1 and "<img" not in page
        assert not re.search(r"(?:src|href)=\"(?:https?:)?//|@import|url\((?!#)", page)
        assert not re.search(r"<[^>]+\son\w+=", page) and " style=" not in page
        assert len(page) < 1_500_000
    assert "&lt;script&gt;" in (tmp_path / "out" / "2026-W14" / "weekly.html").read_text("utf-8")
    assert "<script" not in (tmp_path / "out" / "2026-W14" / "weekly.md").read_text("utf-8").replace(
        "\\<script", ""
    ).replace("`<script", "")


def test_the_index_lists_every_week_and_links_it(eventful, tmp_path):
    for label in WEEKS[-2:]:
        run_weekly(eventful, week=label).write(tmp_path)
    page = (tmp_path / "index.html").read_text("utf-8")
    assert re.findall(r'href="(2026-W\d\d)/weekly.html"', page) == ["2026-W14", "2026-W13"]
    assert all((tmp_path / label / "weekly.html").is_file() for label in WEEKS[-2:])
    written = (tmp_path / "2026-W13" / "weekly.json").read_text("utf-8")
    (tmp_path / "2026-W13" / "weekly.json").write_text(re.sub(r'"rate": [\d.e-]+', '"rate": "many"', written))
    with pytest.raises(UnreadableInputError, match=r"2026-W13.*is no weekly report"):
        run_weekly(eventful, week="2026-W14").write(tmp_path)
    (tmp_path / "2026-W13" / "weekly.json").write_text("{}")
    with pytest.raises(UnreadableInputError, match=r"2026-W13.*is no weekly report"):
        run_weekly(eventful).write(tmp_path)


def test_a_week_without_mail_says_so(quiet, tmp_path):
    run = run_weekly(quiet, week="2026-W15")
    assert run.diagnosis is None and run.week.sends == 0 and not run.alarm
    assert "No mail was sent in this week." in report.summary(run)
    run.write(tmp_path)
    jsonschema.validate(
        json.loads((tmp_path / "2026-W15" / "weekly.json").read_text("utf-8")),
        json.loads(report.SCHEMA.read_text("utf-8")),
    )


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"week": "2026-W99"}, "is no ISO week"),
        ({"week": "2025-W53"}, "is no ISO week"),
        ({"week": "2029-W01"}, "holds no sends in 2029-W01 or the 26 weeks before it"),
        ({"timezone": "Mars/Olympus"}, "is no time zone"),
        ({"tolerance": 0.0}, "is no share"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(quiet, options, told):
    with pytest.raises(AnalyzerError, match=told) as error:
        run_weekly(quiet, **options)
    assert "\n" not in str(error.value)


def test_an_empty_workspace_is_an_error(tmp_path):
    with pytest.raises(UnreadableInputError, match="holds no sends; take a log in with bounce-analyzer ingest"):
        run_weekly(tmp_path / "nothing")


def test_receivers_that_failed_are_no_alarm_of_bad_addresses(tmp_path):
    """An outage in the last week but one: told when it is there, and over a week later."""
    planted = {
        (mailbox, LAST - 1): {"network_error": count} for mailbox, count in zip(MAILBOXES, (44, 38, 52), strict=True)
    }
    place = workspace(tmp_path / "space", *history(WEEKS, planted))
    run = run_weekly(place, week=WEEKS[LAST - 1])
    text = " ".join(report.summary(run).split())
    assert not run.alarm
    assert "1. Write to these leads again later: their addresses are not at fault." in text
    assert "14.9 % (134 of 900 mails)" in text
    assert "All of them are of mails sent 23 March to 26 March 2026." in text
    assert "bad addresses of this week" not in text and "mailbox" not in text
    after = run_weekly(place)
    assert not after.alarm
    assert {one.kind for one in after.week.changes} <= {"fixed"}


def test_the_schedulers_line_names_what_the_page_names(stormy):
    line, page = report.alarm_line(stormy.week), " ".join(report.summary(stormy).split())
    assert "mailbox cem@out2.example" in line
    for sentence in re.split(r"(?<=\.) (?=Bad|Spam)", line.partition(": ")[2]):
        assert sentence in page


def test_a_fault_of_last_week_is_still_there(tmp_path):
    planted = {
        ("cem@out2.example", number): {"auth_failure": 20 * number - 20 * LAST + 60} for number in (LAST - 1, LAST)
    }
    text = " ".join(report.summary(run_weekly(workspace(tmp_path / "space", *history(WEEKS, planted)))).split())
    assert "Still since 23 March 2026 in mail from out2.example, and more (13.3 % last week): bounces for “auth" in text


def test_of_providers_counts_are_told_and_no_rates(tmp_path):
    """Who runs the receiving side is known from bounces mostly, so their rates are too high."""
    planted = {(mailbox, LAST): {"spam_content": 30} for mailbox in MAILBOXES}
    run = run_weekly(workspace(tmp_path / "space", *history(WEEKS, planted)))
    told = [report_words.said(one, run.week) for one in run.week.alarms if one.dimension == "provider"]
    assert told and all(re.search(r"have risen: \d+ mails, \d+ usually", sentence) for sentence in told)


def test_a_fault_that_ended_is_no_alarm_of_the_weeks_after(tmp_path):
    """A mailbox is refused as a whole for a week, and then bounces a little more than usual."""
    planted = {("ann@out1.example", LAST - 2): {"sender_account": 180}, ("ann@out1.example", LAST - 1): {"policy": 1}}
    place = workspace(tmp_path / "space", *history(WEEKS, planted | {("bob@out1.example", LAST): {"policy": 1}}))
    alarms = [run_weekly(place, week=label).alarm for label in WEEKS[LAST - 2 :]]
    assert alarms == [True, False, False]


def test_refusals_of_follow_ups_ask_for_their_fix(tmp_path):
    """The mails of the last week are second steps to leads first written to before; their text is refused."""
    sends, bounces = history(WEEKS, {(mailbox, LAST): {"spam_content": 40} for mailbox in MAILBOXES})
    new = sends["sent_at"] >= pd.Timestamp("2026-03-30", tz="UTC")
    first = sends[~new].tail(int(new.sum()))
    moved = dict(zip(sends["recipient"][new], first["recipient"], strict=True))
    sends["recipient"] = sends["recipient"].mask(new, sends["recipient"].map(moved))
    bounces["recipient"] = bounces["recipient"].map(moved).fillna(bounces["recipient"])
    sends.loc[new, "step"] = "2"
    told = " ".join(report.summary(run_weekly(workspace(tmp_path / "space", sends, bounces))).split())
    assert "1. Change what the mail says and how it looks." in told


def test_a_week_half_way_to_an_alarm_is_not_called_usual(tmp_path):
    names = ("policy", "recipient_restricted", "ip_reputation", "rate_limited", "sender_rejected", "virus")
    few = dict.fromkeys(names, 1)
    planted = {(mailbox, LAST): few for mailbox in MAILBOXES}
    run = run_weekly(workspace(tmp_path / "space", *history(WEEKS, planted)))
    text = " ".join(report.summary(run).split())
    assert not run.alarm
    assert re.search(r"Spam bounces are up: 2\.\d % \(\d\d of 900 mails\); 0\.7 % is usual\. No alarm yet\.", text)
    assert "As usual" not in text
