"""`--redact`: no output of the sample, on disk or on the screen, holds an address of anybody in it."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from conftest import Case
from typer.testing import CliRunner

from analyzer import report
from analyzer.cli import app
from analyzer.knowledge import data_folder
from analyzer.report import redacting

SAMPLE = data_folder("sample_data")
ADDRESS = re.compile(r"[\w.+'=-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII)


def addresses() -> set[str]:
    """Every address of the sample: of leads, of the next list, of our mailboxes, and return addresses with one inside."""
    found: set[str] = set()
    for path in [*SAMPLE.glob("*.csv"), SAMPLE / "bounces.mbox", *(SAMPLE / "bounces").rglob("*.eml")]:
        found.update(name.casefold() for name in ADDRESS.findall(path.read_text(encoding="utf-8", errors="replace")))
    return found


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Every file of a redacted run as text, the workbook unpacked, and what went to the screen."""
    out = tmp_path_factory.mktemp("redacted")
    inputs = ["--bounces", str(SAMPLE / "bounces.mbox"), "--bounces", str(SAMPLE / "bounces"), "--log", str(SAMPLE / "log.csv"),
              "--leads", str(SAMPLE / "leads.csv"), "--next", str(SAMPLE / "next_leads.csv"), "--jobs", "1"]  # fmt: skip
    shown = CliRunner().invoke(app, ["diagnose", *inputs, "--redact", "--out", str(out)], catch_exceptions=False)
    assert shown.exit_code == 0, shown.output
    texts = {"screen": shown.output}
    for path in out.iterdir():
        if path.suffix == ".xlsx":
            with zipfile.ZipFile(path) as book:
                texts[path.name] = "\n".join(book.read(name).decode("utf-8") for name in book.namelist())
        else:
            texts[path.name] = path.read_text(encoding="utf-8")
    return texts


def test_every_output_is_there(outputs: dict[str, str]) -> None:
    names = "screen bounces.csv suppression.csv next_send.csv diagnosis.json report.html report.md report.xlsx"
    assert set(outputs) == set(names.split())


def test_no_output_holds_an_address_of_the_sample(outputs: dict[str, str]) -> None:
    known = addresses()
    encoded = {name.replace("@", sign) for name in known for sign in ("=", "%40")}
    assert len(known) > 4000
    for name, text in outputs.items():
        plain = text.casefold().replace("<wbr>", "").replace("&#39;", "'").replace("&amp;", "&")
        assert sorted(known & set(ADDRESS.findall(plain)))[:5] == [], name
        # Encoded in a return address or a link: first.last=company.example
        assert sorted(encoded & set(re.findall(r"[\w.+-]+(?:=|%40)[\w.-]+", plain)))[:5] == [], name


def test_only_what_is_masked_stands_before_an_at(outputs: dict[str, str]) -> None:
    for name, text in outputs.items():
        words = re.sub(r"<style>.*?</style>|<script>.*?</script>", "", text, flags=re.DOTALL).replace("<wbr>", "")
        assert {found[-3:] for found in re.findall(r"[\w.*+'=-]{1,64}(?=@[\w-]+\.example)", words)} <= {"***"}, name


def test_lists_can_still_be_matched_by_a_digest(outputs: dict[str, str]) -> None:
    leads = {row["Email"].lower() for row in csv.DictReader((SAMPLE / "leads.csv").open(newline=""))}
    digests = {hashlib.sha256(address.encode()).hexdigest() for address in leads}
    listed = list(csv.DictReader(outputs["suppression.csv"].splitlines()))
    assert len({row["email_sha256"] for row in listed}) == len(listed) > 150
    assert sum(row["email_sha256"] in digests for row in listed) > 0.95 * len(listed)
    assert all(re.fullmatch(r".\*\*\*@[\w.-]+", row["email"]) for row in listed)
    assert "email_sha256" in outputs["next_send.csv"].splitlines()[0]
    assert "email_sha256" not in outputs["bounces.csv"].splitlines()[0]


def test_the_report_says_that_it_is_masked(outputs: dict[str, str]) -> None:
    assert json.loads(outputs["diagnosis.json"])["options"]["redact"] is True
    assert "Addresses are masked." in outputs["report.html"]


@pytest.mark.parametrize(
    ("text", "owners", "masked"),
    [
        ("550 <jo.doe@acme.example>: no such user", [], "550 <***@acme.example>: no such user"),
        ("550 user jo.doe unknown", ["jo.doe@acme.example"], "550 user *** unknown"),
        ("550 user JO.DOE unknown", ["jo.doe@acme.example"], "550 user *** unknown"),
        ("bounces+jo.doe=acme.example@us.example", [], "***@us.example"),
        ("https://x.example/?u=jo.doe%40acme.example", [], "https://x.example/?***%40acme.example"),
        ('550 "jo doe"@acme.example', [], "550 ***@acme.example"),
        ("mail of jo&#64;acme.example", [], "mail of ***&#64;acme.example"),
        ("551 moved to dé@acme.example, sorry", [], "551 moved to ***@acme.example, sorry"),
        ("552 5.2.2 over quota", ["jo.doe@acme.example"], "552 5.2.2 over quota"),
        ("550 jo is gone", ["jo@acme.example"], "550 jo is gone"),
        ("see https://x.example/u?e=am8uZG9lQGFjbWUuZXhhbXBsZQ==", [], "see https://x.example/u?e=***"),
        ("see https://x.example/u=cmVm/am8uZG9lQGFjbWUuZXhhbXBsZQ", [], "see https://x.example/u=cmVm/***"),
        ("see https://x.example/u/am8uZG9lQGFjbWUuZXhhbXBsZQ", [], "see https://x.example/u/***"),
        ("id 0d7d211d8c644b766e504fd0a315a0a4", [], "id 0d7d211d8c644b766e504fd0a315a0a4"),
        ("jo.doe AT acme.example is gone", [], "*** AT acme.example is gone"),
        ("rejected at mx.acme.example", [], "rejected at mx.acme.example"),
    ],
)
def test_addresses_are_found_in_a_text_however_they_stand_there(text: str, owners: list[str], masked: str) -> None:
    assert redacting.text(text, owners) == masked


def test_mailboxes_that_look_the_same_are_numbered(campaign: Case) -> None:
    rows = [replace(row, value=name) for row, name in zip(
        campaign.diagnosis.breakdown["sender"], ["ops@a.example", "outreach@a.example", "li@a.example", "lou@b.example"], strict=True)]  # fmt: skip
    drivers = [replace(campaign.diagnosis.drivers[0], value="outreach@a.example")]
    made = report.redacted(
        replace(campaign.diagnosis, breakdown=campaign.diagnosis.breakdown | {"sender": rows}, drivers=drivers)
    )
    assert [row.value for row in made.breakdown["sender"]] == [
        "o***@a.example",
        "o***@a.example (2)",
        "l***@a.example",
        "l***@b.example",
    ]
    assert made.drivers[0].value == "o***@a.example (2)"
    assert made.totals == campaign.diagnosis.totals


def test_a_list_keeps_its_rows_and_other_columns() -> None:
    leads = pd.DataFrame(
        {"email": ["jo.doe@a.example", None, "no address"], "company": ["A", "B", None], "score": [1, 2, 3]}
    )
    made = redacting.listed(leads)
    assert made["email"].tolist() == ["j***@a.example", "", "***"]
    assert made["company"].tolist()[:2] == ["A", "B"]
    assert made["score"].tolist() == [1, 2, 3]
    assert made["email_sha256"].tolist()[0] == hashlib.sha256(b"jo.doe@a.example").hexdigest()


def test_a_hostile_report_is_masked_without_falling_over(hostile: Case, tmp_path: Path) -> None:
    files = report.write(hostile.diagnosis, hostile.correlated, tmp_path, suppression=hostile.suppression, redact=True)  # type: ignore[arg-type]
    assert len(files) == 6


def test_replies_that_only_the_log_holds_are_masked(campaign: Case) -> None:
    sends = campaign.correlated.sends.assign(label="hard", diagnostic="550 <jo.doe@acme.example>: no such user")
    masked = redacting.bounces_of(replace(campaign.correlated, sends=sends)).sends
    assert set(masked["diagnostic"]) == {"550 <***@acme.example>: no such user"}
    assert (masked["label"] == "hard").all()
