"""Bounces that only a flag tells of, in every output with their bounds; and tables as frames instead of files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from campaign import Campaign
from openpyxl import load_workbook
from typer.testing import CliRunner

import analyzer
from analyzer.api import run_diagnosis
from analyzer.cli import app

if TYPE_CHECKING:
    from pathlib import Path

BOUNDS = (
    "Nothing says why 6 leads bounced. If all of these were hard bounces, the hard rate would be 10.0 % instead of "
    "4.0 %; if all were spam bounces, the spam rate would be 6.0 % instead of 0 %."
)


@pytest.fixture
def flagged(tmp_path: Path) -> dict[str, object]:
    """100 leads of a platform that exports a flag: 10 bounced, of 4 of these the message is in the mailbox."""
    made = Campaign()
    made.add(100, status="Verified", industry="Software Development", bounces=4)
    arguments = made.write(tmp_path)
    log = pd.DataFrame(made.log)
    log["Status"] = ["BLOCKED" if place < 10 else "COMPLETED" for place in range(100)]
    log.to_csv(tmp_path / "flagged.csv", index=False)
    return {**arguments, "log": tmp_path / "flagged.csv"}


def test_a_lead_that_bounced_only_by_flag_is_unknown_and_bounds_the_rates(flagged):
    found = analyzer.diagnose(**flagged)
    totals = found.totals
    assert (totals.hard.count, totals.spam.count, totals.unknown.count) == (4, 0, 6)
    assert (totals.at_most.hard.count, totals.at_most.spam.count) == (10, 6)
    assert found.matching.flag_only == 6
    assert any("perhaps" in told or "blocked" in told for told in found.warnings)


def test_the_table_of_bounces_has_what_only_the_log_marks(flagged, tmp_path):
    out = tmp_path / "report"
    flagged_log = pd.read_csv(flagged["log"], dtype=str)
    flagged_log["SMTP Response"] = ["552 5.2.2 mailbox full" if place == 7 else "" for place in range(100)]
    flagged_log.to_csv(flagged["log"], index=False)
    run = run_diagnosis(**flagged)
    run.write(out)
    rows = pd.read_csv(out / "bounces.csv", dtype=str, keep_default_na=False)
    assert rows["match_method"].value_counts().to_dict() == {"message_id": 4, "log": 6}
    marked = rows[rows["match_method"] == "log"]
    assert sorted(marked["recipient"]) == sorted(flagged_log["recipient"][4:10])
    assert marked["reason"].value_counts().to_dict() == {"unspecified": 5, "mailbox_full": 1}
    assert set(marked["kind"]) == {"bounce"}
    # Masked with all else, and read again for the same figures.
    run.write(tmp_path / "masked", redact=True)
    masked = pd.read_csv(tmp_path / "masked" / "bounces.csv", dtype=str, keep_default_na=False)
    assert masked["recipient"].str.contains("***", regex=False).all()
    again = analyzer.diagnose(**{**flagged, "bounces": out / "bounces.csv"})
    assert again.totals == run.diagnosis.totals


def test_every_output_says_between_what_the_rates_lie(flagged, tmp_path):
    out = tmp_path / "report"
    arguments = ["diagnose", "--out", str(out)]
    for name in ("bounces", "log", "leads"):
        arguments += [f"--{name}", str(flagged[name])]
    ran = CliRunner().invoke(app, arguments)
    assert ran.exit_code == 0, ran.output
    assert BOUNDS in " ".join(ran.output.split())
    assert BOUNDS in (out / "report.md").read_text()
    assert BOUNDS in (out / "report.html").read_text().replace("\N{NO-BREAK SPACE}", " ")
    cells = [
        cell
        for sheet in load_workbook(out / "report.xlsx")
        for row in sheet.iter_rows(values_only=True)
        for cell in row
    ]
    assert BOUNDS in cells
    written = json.loads((out / "diagnosis.json").read_text())["totals"]
    assert (written["at_most"]["hard"]["rate"], written["at_most"]["spam"]["rate"]) == (0.10, 0.06)


def test_no_bounds_where_every_bounce_says_why(tmp_path):
    made = Campaign()
    made.add(100, status="Verified", industry="Software Development", bounces=4)
    found = analyzer.diagnose(**made.write(tmp_path))
    assert found.totals.at_most.hard == found.totals.hard
    assert analyzer.report.words.bounds_line(found.totals) == ""


def test_frames_are_read_like_the_files_that_hold_the_same(flagged, tmp_path):
    files = analyzer.diagnose(**flagged)
    log, leads = pd.read_csv(flagged["log"]), pd.read_csv(flagged["leads"])
    sent = next(name for name in log.columns if "sent" in name.lower())
    frames = analyzer.diagnose(
        bounces=flagged["bounces"],
        log=log.assign(**{sent: pd.to_datetime(log[sent])}),
        leads=[leads],
        next_list=leads.head(10),
    )
    assert frames.totals == files.totals
    assert frames.breakdown == files.breakdown
    assert [one.kind for one in frames.inputs] == ["bounces", "log", "leads", "next"]
    assert {one.path for one in frames.inputs[1:]} == {"(a frame)"}


def test_frames_and_files_of_bounces_go_in_one_list(flagged):
    parsed = analyzer.parse(flagged["bounces"])
    once = analyzer.diagnose(bounces=[parsed.head(2), parsed.tail(len(parsed) - 2)], log=flagged["log"])
    assert once.totals == analyzer.diagnose(bounces=flagged["bounces"], log=flagged["log"]).totals
    with pytest.raises(TypeError, match=r"^parse: a source is the path of a file .*, not DataFrame"):
        analyzer.parse(parsed)


def test_a_frame_without_addresses_is_refused_in_one_line(flagged):
    with pytest.raises(analyzer.AnalyzerError, match=r"\(a frame\): has no column of email addresses"):
        analyzer.diagnose(bounces=flagged["bounces"], log=pd.DataFrame({"name": ["Jane"]}))


def test_what_a_person_says_of_dates_and_zones_counts(flagged):
    log = pd.DataFrame({"email": ["jane@example.com"], "sent at": ["03/02/2026 00:30"]})
    month = analyzer.diagnose(bounces=flagged["bounces"], log=log)
    day = analyzer.diagnose(bounces=flagged["bounces"], log=log, dates="day-first", timezone="Europe/Berlin")
    assert [row.value for row in month.breakdown["week"]] == ["2026-W10"]
    assert [row.value for row in day.breakdown["week"]] == ["2026-W06"]
    assert any("--dates day-first" in told for told in month.warnings)
    for wrong in ({"dates": "dmy"}, {"timezone": "Mars/Olympus"}):
        with pytest.raises(analyzer.AnalyzerError):
            analyzer.diagnose(bounces=flagged["bounces"], log=log, **wrong)
