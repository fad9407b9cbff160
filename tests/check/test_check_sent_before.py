"""What a log of earlier sends says of a list: bounces that nobody can read, and companies that refuse us as a whole."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

import analyzer
from analyzer.history import Workspace
from analyzer.knowledge import reasons


def mails(count: int, host: str = "corp{number}.com") -> pd.DataFrame:
    people = [f"jane{number}@{host.format(number=number)}" for number in range(count)]
    sent = pd.to_datetime(["2026-03-02T09:00:00Z"] * count)
    ids = [f"<m{number}-{host}@out.example>" for number in range(count)]
    return pd.DataFrame({"recipient": people, "sent_at": sent, "sender": "ann@out.example", "message_id": ids})


def came_back(there: pd.DataFrame, reason: str, said: str) -> pd.DataFrame:
    """A bounce of each of these mails, as `parse` gives them."""
    known = reasons()[reason]
    back = there.rename(columns={"message_id": "original_message_id"}).drop(columns=["sent_at", "sender"])
    return back.assign(
        kind="bounce", received_at="2026-03-02T09:03:00Z", diagnostic=said, reason=reason, label=known.label,
        fault=known.fault, transient=False, confidence=0.9, retry_after_s=None,
        record_id=[f"r{number}-{reason}" for number in range(len(there))],
    )  # fmt: skip


def test_bounces_that_nobody_can_read_teach_nothing_good(tmp_path: Path):
    """The log says yes or no, and never why."""
    log = mails(400).assign(bounced=["true" if number % 25 == 0 else "false" for number in range(400)])
    Workspace(tmp_path / "space").add_sends(log)
    listed = pd.DataFrame({"email": ["jane0@corp0.com", "kim@other.com"], "email_status": ["verified", "guessed"]})
    told = analyzer.check(listed, workspace=tmp_path / "space").set_index("email")
    assert told.loc["jane0@corp0.com", "grade"] == "verify_again"
    assert "unread_before" in told.loc["jane0@corp0.com", "reasons"]
    plain = analyzer.check(listed).set_index("email")
    assert told.loc["kim@other.com", "bounce_chance"] == plain.loc["kim@other.com", "bounce_chance"]


def test_a_lead_of_a_company_that_refuses_us_as_a_whole_is_not_sent_to(tmp_path: Path):
    """As `diagnose` says it of the same list."""
    space = Workspace(tmp_path / "space")
    there = mails(12, "closed.com")
    space.add_sends(pd.concat([there, mails(300)], ignore_index=True))
    space.add_bounces(came_back(there, "policy", "550 5.7.1 not allowed here"))
    told = analyzer.check(["new@closed.com", "new@other.com"], workspace=tmp_path / "space").set_index("email")
    assert told.loc["new@closed.com", "grade"] == "do_not_send"
    assert "company_refuses" in told.loc["new@closed.com", "reasons"]
    assert "company_refuses" not in told.loc["new@other.com", "reasons"]


@pytest.mark.parametrize(
    ("got_through", "came", "grade", "code"),
    [(0, 6, "do_not_send", "domain_dead"), (40, 1, "verify_again", "domain_dead_before")],
)
def test_a_domain_where_everything_came_back_for_being_none_is_not_sent_to(
    tmp_path: Path, got_through: int, came: int, grade: str, code: str
):
    """As `diagnose` says it of the same list. Where mail got through, what a bounce said of it is to be asked."""
    there = mails(got_through + came, "gmial.com")
    space = Workspace(tmp_path / "space")
    space.add_sends(pd.concat([there, mails(300)], ignore_index=True))
    space.add_bounces(came_back(there.head(came), "domain_not_found", "550 5.1.2 Host unknown"))
    listed = pd.DataFrame({"email": ["new@gmial.com"], "email_status": ["verified"]})
    told = analyzer.check(listed, workspace=tmp_path / "space").iloc[0]
    assert (told["grade"], told["reasons"].split("; ")[0]) == (grade, code)
    assert told["suggestion"] == "new@gmail.com"


def test_an_address_that_took_our_mail_since_is_as_good_as_verified_then(tmp_path: Path):
    """`diagnose` sends to it for that reason; who bounced instead is as old as his verification."""
    space = Workspace(tmp_path / "space")
    sent = mails(300)
    sent["sent_at"] += pd.to_timedelta([number % 10 for number in range(300)], unit="D")
    space.add_sends(sent)
    space.add_bounces(came_back(sent.iloc[:3], "user_unknown", "550 5.1.1 No such user"))
    listed = pd.DataFrame(
        {
            "email": ["jane5@corp5.com", "jane1@corp1.com", "new@other.com"],
            "email_status": "verified",
            "verified_at": "2025-10-01",
        }
    )
    told = analyzer.check(listed, workspace=tmp_path / "space", as_of=date(2026, 3, 20)).set_index("email")
    assert told.loc["jane5@corp5.com", "grade"] == "send"
    assert "stale_verification" not in told.loc["jane5@corp5.com", "reasons"]
    assert told.loc["new@other.com", "grade"] == "verify_again"
    assert "stale_verification" in told.loc["new@other.com", "reasons"]
    assert told.loc["jane1@corp1.com", "grade"] == "do_not_send"
    later = analyzer.check(listed, workspace=tmp_path / "space", as_of=date(2026, 11, 20)).set_index("email")
    assert later.loc["jane5@corp5.com", "grade"] == "verify_again"
