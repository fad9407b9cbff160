"""The sample campaign keeps its promises: made again to the byte, well-formed, and true to what README.md says of it."""

from __future__ import annotations

import csv
import email
import mailbox
import subprocess
import sys
from email import policy
from functools import cache
from typing import TYPE_CHECKING

import pytest

from analyzer.knowledge import data_folder, reasons
from analyzer.records import COUNTED_KINDS, KINDS

if TYPE_CHECKING:
    from pathlib import Path

SAMPLE = data_folder("sample_data")
MADE = ("leads.csv", "log.csv", "next_leads.csv", "truth.csv", "bounces.mbox")
Row = dict[str, str]


@cache
def table(name: str) -> list[Row]:
    with (SAMPLE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def messages() -> dict[str, bytes]:
    """Every message of the sample by its `source`."""
    box = mailbox.mbox(SAMPLE / "bounces.mbox", create=False)
    found = {f"bounces.mbox#{number}": box.get_bytes(key) for number, key in enumerate(box.keys())}
    box.close()
    return found | {f"bounces/{path.name}": path.read_bytes() for path in (SAMPLE / "bounces").glob("*.eml")}


def failures() -> list[Row]:
    """The rows of truth.csv that are a failed send, each once."""
    return [
        row
        for row in table("truth.csv")
        if row["kind"] in COUNTED_KINDS and not row["duplicate_of"] and not row["suspected_forged"]
    ]


def rate(leads: list[Row], wanted: set[str]) -> float:
    return sum(lead["Lead ID"] in wanted for lead in leads) / len(leads)


@cache
def lead_of() -> dict[str, str]:
    return {row["message_id"]: row["lead_id"] for row in table("log.csv")}


def leads_with(column: str, *values: str) -> set[str]:
    return {lead_of()[row["message_id"]] for row in failures() if row[column] in values}


def test_made_again_to_the_byte_and_readme_prints_its_figures(tmp_path: Path) -> None:
    made = subprocess.run(
        [sys.executable, "-B", str(SAMPLE / "make_sample.py"), "--out", str(tmp_path)],
        capture_output=True,
        check=True,
        encoding="utf-8",
    )
    names = [*MADE, *(f"bounces/{path.name}" for path in (SAMPLE / "bounces").iterdir())]
    assert sorted(names) == sorted(str(p.relative_to(tmp_path).as_posix()) for p in tmp_path.rglob("*") if p.is_file())
    assert [name for name in names if (SAMPLE / name).read_bytes() != (tmp_path / name).read_bytes()] == []
    readme = (SAMPLE / "README.md").read_text(encoding="utf-8")
    assert readme.split("```text\n")[1].split("\n```")[0] == made.stdout.rstrip("\n")


def test_small_enough_to_ship() -> None:
    files = [path for path in SAMPLE.rglob("*") if path.is_file() and "cache" not in str(path.relative_to(SAMPLE))]
    assert sum(path.stat().st_size for path in files) < 3_100_000


def test_every_message_is_listed_once() -> None:
    assert sorted(row["source"] for row in table("truth.csv")) == sorted(messages())


@pytest.mark.parametrize("rules", [policy.default, policy.compat32], ids=["default", "compat32"])
def test_every_message_parses_without_a_defect(rules: policy.Policy) -> None:
    for source, data in messages().items():
        message = email.message_from_bytes(data, policy=rules)
        for part in message.walk():
            assert part.defects == [], source
            # RFC 6533 returns addresses in UTF-8 as they are, which the stdlib's parser of addresses does not take.
            if part is message or "eai" not in source:
                for name, value in part.items():
                    assert not getattr(value, "defects", ()), (source, name)
        assert message["Date"], source
        assert message["Message-ID"], source


def test_log_and_leads_agree() -> None:
    leads = {row["Lead ID"]: row["Email"] for row in table("leads.csv")}
    assert len(leads) == len(set(leads.values())) == len(table("leads.csv"))
    assert all(address.endswith(".example") for address in leads.values())
    assert {row["lead_id"] for row in table("log.csv")} == set(leads)
    assert all(leads[row["lead_id"]] == row["recipient"] for row in table("log.csv"))
    assert len(lead_of()) == len(table("log.csv"))
    steps: dict[str, list[str]] = {}
    for row in table("log.csv"):
        steps.setdefault(row["lead_id"], []).append(row["step"])
    assert all("123".startswith("".join(taken)) for taken in steps.values())


def test_nothing_is_sent_after_a_failure() -> None:
    last = {row["lead_id"]: row["message_id"] for row in table("log.csv")}
    assert [row["source"] for row in failures() if last[lead_of()[row["message_id"]]] != row["message_id"]] == []


def test_truth_agrees_with_the_log() -> None:
    sent = {row["message_id"]: row["recipient"] for row in table("log.csv")}
    for row in table("truth.csv"):
        assert row["kind"] in KINDS, row
        if row["suspected_forged"]:
            assert row["message_id"] == row["match"] == "", row
        else:
            assert sent[row["message_id"]] == (row["original_recipient"] or row["recipient"]), row
    assert len({lead_of()[row["message_id"]] for row in failures()}) == len(failures())


def test_truth_speaks_the_reasons_of_the_rule_base() -> None:
    for row in table("truth.csv"):
        if row["kind"] in COUNTED_KINDS:
            reason = reasons()[row["reason"]]
            assert (row["label"], row["fault"]) == (reason.label, reason.fault), row
        else:
            assert row["label"] == row["fault"] == row["reason"] == row["match"] == "", row


def test_copies_are_of_an_earlier_row() -> None:
    rows = {row["source"]: row for row in table("truth.csv")}
    copies = [row for row in rows.values() if row["duplicate_of"]]
    assert len(copies) == 6
    for row in copies:
        first = rows[row["duplicate_of"]]
        assert not first["duplicate_of"]
        assert row | {"source": "", "duplicate_of": ""} == first | {"source": "", "duplicate_of": ""}


def test_a_notice_shows_what_its_match_needs_and_nothing_surer() -> None:
    for row in table("truth.csv"):
        if not row["match"]:
            continue
        data = messages()[row["source"]].decode("utf-8")
        verp = f"<bounces+{row['recipient'].replace('@', '=')}@" in data
        lead = f"X-Lead-Id: {lead_of()[row['message_id']]}" in data
        shown = {"message_id": row["message_id"] in data, "verp": verp, "header": lead, "recipient": True}
        assert next(method for method, there in shown.items() if there) == row["match"], row


def test_the_forged_name_no_mail_of_ours() -> None:
    forged = [row for row in table("truth.csv") if row["suspected_forged"]]
    assert len(forged) == 4
    addresses = {row["recipient"] for row in table("log.csv")}
    assert sum(row["recipient"] in addresses for row in forged) == 2
    for row in forged:
        data = messages()[row["source"]].decode("utf-8")
        assert not any(message_id in data for message_id in lead_of())


def test_the_formats_and_kinds_promised_are_there() -> None:
    rows = table("truth.csv")
    writers = {row["written_by"] for row in rows if row["kind"] in COUNTED_KINDS} - {"forged"}
    assert writers == {
        *("postfix", "exim", "sendmail", "qmail", "m365", "google", "exchange2010", "exchange_de"),
        *("ses", "courier", "opensmtpd", "yahoo", "domino", "eai", "arf"),
    }  # fmt: skip
    assert {row["kind"] for row in rows} == {"bounce", "complaint", "delayed", "delivered", "autoreply", "mdn"}
    assert {row["match"] for row in rows} == {"message_id", "verp", "header", "recipient", ""}


def test_the_story() -> None:
    leads = table("leads.csv")
    dead, spam, auth = leads_with("fault", "address"), leads_with("label", "spam"), leads_with("reason", "auth_failure")
    of_status = {
        status: [lead for lead in leads if lead["Email Status"] == status] for status in ("Guessed", "Verified")
    }
    assert 0.13 < rate(of_status["Guessed"], dead) < 0.15
    assert 0.01 < rate(of_status["Verified"], dead) < 0.014

    strict = [lead for lead in leads if lead["Industry"].startswith(("Banking", "Pharma"))]
    sender = {row["lead_id"]: row["sender"].partition("@")[2] for row in table("log.csv")}
    others = [lead for lead in leads if lead not in strict and sender[lead["Lead ID"]] == "getnorthbeam.example"]
    assert 0.10 < rate(strict, spam) < 0.13
    assert rate(others, spam) < 0.006
    refusing = {lead["Email"].partition("@")[2] for lead in strict if lead["Lead ID"] in spam - auth}
    assert len(refusing) > 50

    faulty = [row for row in table("log.csv") if row["message_id"] in {f["message_id"] for f in failures()}]
    faulty = [row for row in faulty if row["lead_id"] in auth]
    assert {row["sender"].partition("@")[2] for row in faulty} == {"northbeam-mail.example"}
    assert min(row["sent_at"] for row in faulty) >= "2026-03-04"
    assert len({lead["Industry"] for lead in leads if lead["Lead ID"] in auth}) > 4
