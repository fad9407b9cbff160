"""Whoever asked not to be written to again is written to no more, wherever a log or a list says so."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from analyzer import check
from analyzer.api import run_diagnosis
from analyzer.correlate import correlate
from analyzer.diagnose import next_send

WHO = "Ann@corp1.example"


@pytest.mark.parametrize(
    ("header", "yes", "no"),
    [
        ("is_unsubscribed", "true", "false"),
        ("unsubscribedAt", "2026-03-04T10:00:00Z", ""),
        ("Unsubscribed from all email", "Yes", ""),
        ("Has Opted Out of Email", "1", "0"),
        ("Do Not Contact", "TRUE", "FALSE"),
        ("Lead Status", "Unsubscribed", "Completed"),
        ("Status", "Do not contact", "sent"),
        ("Status", "Abgemeldet", "gesendet"),
    ],
)
def test_a_log_says_who_asked_out(tmp_path: Path, header: str, yes: str, no: str) -> None:
    log = tmp_path / "log.csv"
    rows = [f"bob{number}@corp{number}.example,2026-03-02 09:00,spring,{no}" for number in range(2, 40)]
    log.write_text(
        "\n".join([f"email,sent_at,campaign,{header}", f"{WHO},2026-03-02 09:00,spring,{yes}", *rows]) + "\n"
    )
    ahead = tmp_path / "next.csv"
    ahead.write_text(
        f"email,email_status\n{WHO.lower()},verified\nbob2@corp2.example,verified\nnew@corp90.example,verified\n"
    )
    run = run_diagnosis(log=log, next_list=ahead)
    table = next_send(run.correlated, run.diagnosis, run.ahead).set_index("email")
    assert table["decision"].to_dict()[WHO.lower()] == "do_not_send"
    assert table.loc[WHO.lower(), "reason"] == "The person asked not to be written to again."
    assert not table.drop(WHO.lower())["reason"].str.contains("asked not").any()
    assert sum("asked not to be written to again" in warning for warning in run.diagnosis.warnings) == 1


def test_an_event_and_a_list_say_it_too() -> None:
    log = pd.DataFrame(
        {
            "recipient": [WHO, WHO, "bob@corp2.example", "eva@corp3.example"],
            "event": ["sent", "emailsUnsubscribed", "sent", "sent"],
            "sent_at": ["2026-03-02 09:00", "2026-03-02 11:00", "2026-03-02 09:00", "2026-03-02 09:00"],
        }
    )
    leads = pd.DataFrame({"email": ["bob@corp2.example", "eva@corp3.example"], "opted_out": [True, False]})
    ahead = pd.DataFrame({"email": ["new@corp4.example", "eva@corp3.example"], "opted_out": ["x", ""]})
    found = correlate([], log, leads, ahead)
    assert found.opted_out == {WHO.lower(), "bob@corp2.example", "new@corp4.example"}
    # The mail went out all the same.
    assert len(found.sends) == 3


def test_nobody_asked_out_where_nothing_says_so(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("email,sent_at,Do not disturb before\nbob@corp.example,2026-03-02 09:00,2026-03-05\n")
    assert not any("asked not" in warning for warning in run_diagnosis(log=log).diagnosis.warnings)


def test_check_sends_nothing_to_whom_the_log_says_asked_out() -> None:
    log = pd.DataFrame({"recipient": ["ann.lee@corp1.example", "bob.roe@corp2.example"], "unsubscribed": ["yes", ""]})
    bounces = pd.DataFrame(
        {"recipient": ["eva@corp3.example"], "label": "hard", "fault": "address", "reason": "user_unknown"}
    )
    found = check(
        ["Ann.Lee@corp1.example", "bob.roe@corp2.example"], history=bounces, history_log=log, allow_reserved=True
    )
    assert found["reasons"].str.contains("list_forbids").tolist() == [True, False]
    assert found["grade"][0] == "do_not_send"
