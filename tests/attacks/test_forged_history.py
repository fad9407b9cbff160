"""The same attacks against what a workspace keeps: the diagnosis, the weekly report, the check of the next list."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from attacked_campaign import Campaign, arf, dsn, figures

from analyzer.api import ingest, run_diagnosis
from analyzer.api.weekly import run_weekly

EVIL = "mx.evil.example"
BETTER = "550 5.1.1 <{to}>: Recipient address rejected: this user is unknown here, for good, and has never been known"


def _attack(campaign: Campaign) -> list[str]:
    """Leads struck off, guesses poisoned, a block hidden behind better words, complaints never made."""
    mails = [dsn(campaign.email(n), host=EVIL, message_id=f"<g{n}@evil.example>") for n in range(600, 800)]
    mails += [dsn(f"guess{n}@company{n}.example", host=EVIL, returned=False) for n in range(400)]
    mails += [dsn(campaign.email(n), BETTER, host=f"mx.company{n}.example", returned=False) for n in range(900, 912)]
    mails += [dsn(campaign.email(n), message_id=f"<{n:08x}.7@outreach.example>") for n in range(100, 130)]
    mails += [dsn(campaign.email(n), message_id=campaign.message_id(5), host=EVIL) for n in range(200, 220)]
    return mails + [arf(campaign.email(n), message_id=f"<c{n}@evil.example>") for n in range(300, 320)]


@pytest.fixture
def kept(campaign: Campaign, tmp_path: Path) -> dict[str, Path]:
    """Two workspaces: what happened, and the same with strangers' mail among it."""
    places = {}
    for name, attack in (("quiet", []), ("attacked", _attack(campaign))):
        folder = tmp_path / name
        folder.mkdir()
        places[name] = folder / "space"
        ingest(places[name], **campaign.write(folder, attack))
    return places


def _week(place: Path) -> dict[str, Any]:
    run = run_weekly(place, week="2026-W10")
    told = {one.name: (one.now.count, one.now.leads) for one in run.week.figures}
    return told | {one.reason: one.now.count for one in run.week.reasons if one.now.count}


def test_the_diagnosis_and_the_week_of_a_workspace_stay_as_they_are(kept):
    runs = {name: run_diagnosis(workspace=place) for name, place in kept.items()}
    assert figures(runs["attacked"]) == figures(runs["quiet"])
    assert runs["attacked"].diagnosis.matching.suspected_forged > 600
    assert _week(kept["attacked"]) == _week(kept["quiet"])


def test_the_check_of_the_next_list_stays_as_it_is(kept, campaign, tmp_path):
    from analyzer.check import check

    leads = [campaign.email(n) for n in (0, 1, 100, 200, 301, 310, 600, 610, 700, 900, 905, 990)]
    graded = {name: check(leads, workspace=place, allow_reserved=True) for name, place in kept.items()}
    columns = ["email", "grade", "reasons"]
    assert graded["attacked"][columns].to_dict("list") == graded["quiet"][columns].to_dict("list")


def test_what_a_diagnosis_wrote_is_no_way_in(campaign, tmp_path):
    """bounces.csv lists the forged ones as such; neither an export nor a check takes them for a lead's history."""
    from analyzer.check.history import read_history
    from analyzer.export.inputs import read_given

    run_diagnosis(**campaign.write(tmp_path, _attack(campaign))).write(tmp_path / "out")
    table = tmp_path / "out" / "bounces.csv"
    with table.open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    chosen = {row["recipient"] for row in rows if row["suspected_forged"] == "true"}
    assert len(chosen) > 600
    rows = read_given(table).rows
    assert not set(rows.loc[~rows["forged"] & rows["tied"] & ~rows["again"], "email"]) & {campaign.email(650)}
    assert campaign.email(650) not in read_history([table]).addresses


def test_an_event_with_an_unknown_id_is_about_no_mail_of_ours(campaign, tmp_path):
    """A feed's events carry our Message-ID; one that the log does not hold is another mail's, whomever it names."""
    from analyzer.api import run_diagnosis

    events = [
        {"event": "bounce", "email": campaign.email(n), "timestamp": 1772532000, "type": "bounce",
         "reason": "550 5.1.1 user unknown", "status": "5.1.1", "sg_event_id": f"e{n}", "sg_message_id": "x.y",
         "smtp-id": f"<{n:08x}.66@outreach.example>"}
        for n in range(300, 330)
    ]  # fmt: skip
    files = campaign.write(tmp_path)
    feed = tmp_path / "events.json"
    feed.write_text(json.dumps(events))
    quiet = run_diagnosis(**files)
    run = run_diagnosis(**{**files, "bounces": [files["bounces"], feed]})
    assert figures(run) == figures(quiet)
    assert run.diagnosis.matching.forged_reasons == {"storm": 30} or run.diagnosis.matching.suspected_forged == 30
