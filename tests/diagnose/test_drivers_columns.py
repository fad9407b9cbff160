"""Drivers in columns that only the scan looks at: template, list source, hour, and those that a person names.

Each case plants a truth in a log and a lead list and asks for it back, through the reading of the tables.
"""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from analyzer import api
from analyzer.cli import app
from analyzer.correlate import correlate
from analyzer.diagnose.drivers.drivers import drivers
from analyzer.diagnose.leads.contacts import Dimension, contacts, in_ranges
from analyzer.errors import AnalyzerError
from analyzer.records import BOUNCE_COLUMNS
from analyzer.sources.tables.named import PREFIX

if TYPE_CHECKING:
    from pathlib import Path

    from analyzer.diagnose.diagnosis import Driver

HARD = {"label": "hard", "fault": "address", "reason": "user_unknown", "diagnostic": "550 5.1.1 no such user"}
SPAM = {"label": "spam", "fault": "content", "reason": "spam_content", "diagnostic": "554 5.7.1 scored as spam"}
N = 2400


def leads(count: int = N) -> pd.DataFrame:
    """Leads at companies of their own, verified, of an open industry."""
    return pd.DataFrame(
        {
            "email": [f"p{number}@c{number}.example" for number in range(count)],
            "email_status": "valid",
            "industry": "Software Development",
        }
    )


def log(people: pd.DataFrame, **columns: Any) -> pd.DataFrame:
    """One mail a lead, spread evenly over the hours and days of three weeks."""
    hours = np.arange(len(people)) * 5 % (24 * 21)
    sent = pd.Timestamp("2026-03-02T00:30Z") + pd.to_timedelta(hours, unit="h")
    return pd.DataFrame(
        {"recipient": people["email"], "sent_at": sent.strftime("%Y-%m-%dT%H:%M:%SZ"), "campaign": "spring", **columns}
    )


def bounces(mails: pd.DataFrame, chosen: Any, kind: dict[str, str]) -> pd.DataFrame:
    """A bounce of each chosen mail, five minutes after it."""
    rows = mails[np.asarray(chosen)]
    at = (pd.to_datetime(rows["sent_at"]) + pd.Timedelta(minutes=5)).dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    return pd.DataFrame({"recipient": rows["recipient"], "received_at": at, "kind": "bounce", **kind})


def found(mails: pd.DataFrame, people: pd.DataFrame, back: pd.DataFrame, **options: Any) -> list[Driver]:
    return api.diagnose(bounces=back, log=mails, leads=people, **options).drivers


def named(those: list[Driver]) -> list[tuple[str, str, str]]:
    return [(driver.dimension, driver.value, driver.label) for driver in those]


def chance(rate: Any, seed: int = 1) -> Any:
    return np.random.default_rng(seed).random(N) < rate


@pytest.mark.parametrize("header", ["Template", "template_id", "Variant", "Subject line variant", "A/B Variant"])
def test_a_template_that_is_refused_is_named(header: str) -> None:
    people, bold = leads(), np.arange(N) % 4 == 0
    mails = log(people, **{header: np.where(bold, "bold claim", "plain")})
    (driver,) = found(mails, people, bounces(mails, chance(np.where(bold, 0.12, 0.01)), SPAM))
    assert (driver.dimension, driver.value, driver.label, driver.leads) == ("template", "bold claim", "spam", N // 4)
    assert driver.lift > 5


@pytest.mark.parametrize("header", ["Source", "list_source", "Lead Source", "List"])
@pytest.mark.parametrize("table", ["log", "leads"])
def test_a_source_of_bad_addresses_is_named_whichever_table_has_it(header: str, table: str) -> None:
    people, bought = leads(), np.arange(N) % 5 == 0
    words = np.where(bought, "bought list", "own research")
    people = people.assign(**({header: words} if table == "leads" else {}))
    mails = log(people, **({header: words} if table == "log" else {}))
    back = bounces(mails, chance(np.where(bought, 0.15, 0.02)), HARD)
    assert named(found(mails, people, back)) == [("list_source", "bought list", "hard")]


def test_a_source_that_only_has_more_guessed_addresses_is_not_named() -> None:
    rng = np.random.default_rng(8)
    bought = np.arange(N) % 3 == 0
    guessed = rng.random(N) < np.where(bought, 0.85, 0.15)
    people = leads().assign(email_status=np.where(guessed, "guessed", "valid"), source=np.where(bought, "b", "own"))
    mails = log(people)
    back = bounces(mails, rng.random(N) < np.where(guessed, 0.14, 0.01), HARD)
    assert named(found(mails, people, back)) == [("email_status", "guessed", "hard")]


def test_a_template_of_first_mails_is_not_blamed_for_what_first_mails_meet() -> None:
    """Who refuses does so at the first mail; the second template only ever meets those who took that."""
    people = leads()
    first = log(people, template="opener", step="1")
    refused = chance(0.08)
    later = pd.to_datetime(first["sent_at"]) + pd.Timedelta(days=4)
    second = first.assign(template="reminder", step="2", sent_at=later.dt.strftime("%Y-%m-%dT%H:%M:%SZ"))[~refused]
    mails = pd.concat([first, second], ignore_index=True)
    back = bounces(first, refused, SPAM)
    assert named(found(mails, people, back)) == []


def test_the_hours_at_which_mail_is_refused_are_named_in_their_zone() -> None:
    people = leads()
    mails = log(people)
    hour = pd.to_datetime(mails["sent_at"]).dt.hour
    night = (hour < 4).to_numpy()
    back = bounces(mails, chance(np.where(night, 0.15, 0.01)), SPAM)
    assert named(found(mails, people, back)) == [("hour", "00–03 UTC", "spam")]
    # Midnight in London is nine in the morning in Tokyo.
    assert named(found(mails, people, back, timezone="Asia/Tokyo"))[0] == ("hour", "08–11 Asia/Tokyo", "spam")


def test_a_column_of_numbers_is_named_by_its_range() -> None:
    people = leads().assign(**{"Employee count": [f"{number:,}" for number in range(1, N + 1)]})
    mails = log(people)
    back = bounces(mails, chance(np.where(np.arange(N) >= N * 4 // 5, 0.15, 0.01)), HARD)
    assert named(found(mails, people, back, drivers=["employee COUNT"])) == [("employee COUNT", "1921 to 2400", "hard")]


@pytest.mark.parametrize("large", [False, True])
def test_any_column_of_text_can_be_named(large: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if large:
        monkeypatch.setattr("analyzer.sources.tables.MANY_ROWS", 0)
    people = leads()
    routed = np.arange(N) % 6 == 0
    mails = log(people, **{"Sending route": np.where(routed, "relay-7", "direct")})
    back = bounces(mails, chance(np.where(routed, 0.15, 0.01)), SPAM)
    assert named(found(mails, people, back)) == []
    assert named(found(mails, people, back, drivers=["sending_route"])) == [("sending_route", "relay-7", "spam")]
    # Half of the logs lack it, and the campaign is one of the fields that are looked at anyway.
    both = [mails.iloc[: N // 2], mails.iloc[N // 2 :].drop(columns="Sending route")]
    parts = api.diagnose(bounces=back, log=both, leads=people, drivers=["Sending route", "Campaign"]).drivers
    assert named(parts)[:1] == [("Sending route", "relay-7", "spam")]


def test_a_status_under_another_header_is_not_explained_by_itself() -> None:
    people = leads().rename(columns={"email_status": "Verification result"})
    people.loc[::3, "Verification result"] = "guessed"
    mails = log(people)
    back = bounces(mails, chance(np.where(np.arange(N) % 3 == 0, 0.15, 0.01)), HARD)
    assert named(found(mails, people, back, drivers=["verification result"])) == [("email_status", "guessed", "hard")]


def test_a_column_that_no_table_has_is_told_with_those_there_are(tmp_path: Path) -> None:
    people = leads(60)
    mails = log(people)
    with pytest.raises(AnalyzerError, match=r"--driver 'mood'.* their columns are recipient, sent_at, campaign, email"):
        found(mails, people, bounces(mails, [True] * 60, HARD), drivers=["mood"])
    for name, frame in (("log", mails), ("leads", people), ("bounces", bounces(mails, [True] * 60, HARD))):
        frame.to_csv(tmp_path / f"{name}.csv", index=False)
    paths = [part for name in ("bounces", "log", "leads") for part in (f"--{name}", str(tmp_path / f"{name}.csv"))]
    asked = [sys.executable, "-m", "analyzer", "diagnose", *paths, "--json", "--driver"]
    refused = subprocess.run([*asked, "mood"], capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert "--driver 'mood'" in refused.stderr
    assert CliRunner().invoke(app, ["diagnose", *paths, "--driver", "email", "--driver", "CAMPAIGN"]).exit_code == 0


def test_a_workspace_keeps_the_canonical_columns_alone(tmp_path: Path) -> None:
    people = leads(60)
    mails = log(people, route="relay-7")
    back = bounces(mails, [True] * 60, HARD)
    for name, frame in (("log", mails), ("leads", people), ("bounces", back.reindex(columns=BOUNCE_COLUMNS))):
        frame.to_csv(tmp_path / f"{name}.csv", index=False)
    place = str(tmp_path / "history")
    paths = [part for name in ("bounces", "log", "leads") for part in (f"--{name}", str(tmp_path / f"{name}.csv"))]
    taken = CliRunner().invoke(app, ["ingest", "--workspace", place, *paths])
    assert taken.exit_code == 0, taken.output
    with pytest.raises(
        AnalyzerError, match=r"--driver 'route'.*; the workspace .* keeps campaign, step, sender, .*title"
    ):
        api.run_diagnosis(workspace=place, drivers=["route"])
    assert api.run_diagnosis(workspace=place, drivers=["company"]).diagnosis.totals.leads_contacted == 60


def test_nothing_planted_nothing_named() -> None:
    """Thirty campaigns of chance alone, scanned with six columns more: false alarms are as rare as promised."""
    wrong = 0
    for seed in range(30):
        rng = np.random.default_rng(seed)
        people = leads(1200).assign(list_source=rng.integers(0, 6, 1200).astype(str))
        people[f"{PREFIX}score"] = rng.random(1200).round(3).astype(str)
        people[f"{PREFIX}tier"] = rng.choice(list("abcdefgh"), 1200)
        mails = log(people, template=rng.choice(["x", "y", "z"], 1200))
        mails[f"{PREFIX}batch"] = rng.integers(0, 40, 1200).astype(str)
        hit = rng.random(1200)
        back = pd.concat([bounces(mails, hit < 0.05, HARD), bounces(mails, hit > 0.95, SPAM)])
        mails["sent_at"] = pd.to_datetime(mails["sent_at"])
        known = contacts(correlate(back, mails, people))
        assert known.named == ("batch", "score", "tier")
        wrong += bool(drivers(known))
    # One in twenty is promised: 1.5 of these, and five of them in one run of fifty.
    assert wrong <= 4


def test_ranges_hold_like_numbers_of_rows() -> None:
    values = ["", "n/k", *(str(number) for number in range(100))]
    ranges = in_ranges(Dimension(np.arange(102), values))
    assert ranges.values == ["0 to 19", "20 to 39", "40 to 59", "60 to 79", "80 to 99", ""]
    assert np.bincount(ranges.codes).tolist() == [20, 20, 20, 20, 20, 2]
    for few in (["1", "2", "3"], ["a", "b", *map(str, range(20))]):
        column = Dimension(np.arange(len(few)), few)
        assert in_ranges(column) is column
