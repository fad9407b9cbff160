"""A log with a row for each lead has the time of the last mail, which is a later one for all who did not bounce."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from analyzer import diagnose

STEPS = ("2026-03-02 09:00", "2026-03-05 09:00", "2026-03-11 09:00")


def campaign(folder: Path, header: str, step: str = "", extra: str = "") -> tuple[Path, pd.DataFrame]:
    """600 leads of 300 companies, of whom 40 bounced at the first mail; the others got two more."""
    lines = [f"email,{header},campaign,{'step,' if step else ''}sender"]
    bounced = []
    for number in range(600):
        first = number % 15 == 0
        address = f"kim{number}@corp{number // 2}.example"
        at = STEPS[0] if first else STEPS[2]
        lines.append(f"{address},{at},spring,{step}{',' if step else ''}ava@ours.example")
        if first:
            bounced.append(address)
    log = folder / "log.csv"
    log.write_text("\n".join([*lines, *([extra] if extra else [])]) + "\n")
    rows = pd.DataFrame({"recipient": bounced, "label": "hard", "fault": "address", "reason": "user_unknown"})
    return log, rows.assign(received_at="2026-03-02T09:01:00Z", kind="bounce")


@pytest.mark.parametrize("header", ["timestamp_last_contact", "Last contacted", "last_email_sent_at"])
def test_times_of_a_last_mail_make_no_week_and_no_weekday(tmp_path: Path, header: str) -> None:
    log, bounces = campaign(tmp_path, header)
    found = diagnose(bounces=bounces, log=log)
    assert (found.totals.leads_contacted, found.totals.hard.count) == (600, 40)
    assert not [driver for driver in found.drivers if driver.dimension in {"weekday", "hour", "week"}]
    assert {row.value for row in found.breakdown.get("week", [])} <= {"(not given)"}
    assert sum("each lead's last mail" in warning for warning in found.warnings) == 1


@pytest.mark.parametrize(
    ("header", "step", "extra"),
    [
        # A mail's own time, or so a person says; one step alone; two mails to one lead.
        ("sent_at", "", ""),
        ("last_email_sent_at", "1", ""),
        ("last_email_sent_at", "", "kim1@corp0.example,2026-03-02 09:00,spring,ava@ours.example"),
    ],
)
def test_times_of_mails_are_counted_by_week(tmp_path: Path, header: str, step: str, extra: str) -> None:
    log, bounces = campaign(tmp_path, header, step, extra)
    found = diagnose(bounces=bounces, log=log)
    assert {row.value for row in found.breakdown["week"]} == {"2026-W10", "2026-W11"}
    assert not any("last mail" in warning for warning in found.warnings)


def test_a_person_may_say_that_it_is_the_time_of_the_mail(tmp_path: Path) -> None:
    log, bounces = campaign(tmp_path, "Last contacted")
    found = diagnose(bounces=bounces, log=log, mapping=["Last contacted=sent_at"])
    assert {row.value for row in found.breakdown["week"]} == {"2026-W10", "2026-W11"}


@pytest.mark.parametrize(("header", "mended"), [("Last contacted", False), ("sent_at", True)])
def test_times_of_a_last_mail_do_not_show_that_a_fault_is_over(tmp_path: Path, header: str, mended: bool) -> None:
    log, bounces = campaign(tmp_path, header)
    told = "550 5.7.26 This mail has been blocked because the sender is unauthenticated"
    refused = bounces.assign(label="spam", fault="sender", reason="auth_failure", diagnostic=told)
    later = pd.DataFrame({"recipient": ["kim599@corp299.example"], "label": "hard", "fault": "address"})
    later = later.assign(reason="user_unknown", received_at="2026-03-11T09:01:00Z", kind="bounce")
    found = diagnose(bounces=pd.concat([refused, later]), log=log)
    (fix,) = [fix for fix in found.deliverability.fixes if fix.side == "sender"]
    assert (fix.clear is not None) is mended
