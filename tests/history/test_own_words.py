"""What a platform's log or list says in its own way counts in a workspace as it does in a diagnosis of the file itself."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from analyzer.api import ingest, run_diagnosis
from analyzer.diagnose.diagnosis import Diagnosis
from analyzer.history import Workspace

#: A row for each happening, and no Message-IDs.
HAPPENINGS = """email,event,timestamp,campaign,step
ann@a.example,sent,2026-03-02T09:00:00Z,Q1,1
ann@a.example,opened,2026-03-02T10:00:00Z,Q1,1
ann@a.example,clicked,2026-03-02T10:01:00Z,Q1,1
bob@b.example,sent,2026-03-02T09:00:01Z,Q1,1
bob@b.example,bounced,2026-03-02T09:00:05Z,Q1,1
cem@c.example,sent,2026-03-02T09:00:02Z,Q1,1
"""
#: Columns of yes and no.
MARKS = """email,sent_at,was_sent,spam_blocked,complained,campaign
ann@a.example,2026-03-02T09:00:00Z,yes,no,no,Q1
bob@b.example,2026-03-02T09:00:00Z,yes,yes,no,Q1
cem@c.example,2026-03-02T09:00:00Z,yes,no,yes,Q1
dan@d.example,2026-03-02T09:00:00Z,no,no,no,Q1
"""
#: Instantly's leads: verification and state are numbers, and who was not written to has no time.
NUMBERS = """email,email_open_count,email_reply_count,campaign,verification_status,timestamp_last_contact,status
ann@a.example,0,0,Q1,1,2026-03-02T09:00:00Z,3
bob@b.example,0,0,Q1,-3,2026-03-02T09:00:00Z,1
cem@c.example,0,0,Q1,-1,2026-03-02T09:00:00Z,-1
dan@d.example,0,0,Q1,1,2026-03-02T09:00:00Z,-3
eve@e.example,0,0,Q1,1,,1
"""

#: A blank that says that nothing was sent: of a time, and of a state where nothing has a time.
TIMES = """Email,Sent At,Bounced
ann@a.example,2026-03-02,No
bob@b.example,,Yes
cem@c.example,2026-03-02,No
dan@d.example,,No
"""
STATES = """Email,Merge status
ann@a.example,EMAIL_SENT
bob@b.example,BOUNCED
cem@c.example,EMAIL_OPENED
dan@d.example,
"""
#: A row for each lead, and columns for each step.
STEPS = """Email,Step 1 sent,Step 1 bounced,Step 2 sent,Step 2 bounced
ann@a.example,2026-03-02,No,,
bob@b.example,2026-03-02,No,2026-03-05,Yes
dan@d.example,,,,
"""


def told(found: Diagnosis) -> dict[str, object]:
    totals = found.totals
    return {
        "mails": (totals.leads_contacted, totals.emails_sent),
        "bounces": {name: getattr(totals, name).count for name in ("hard", "spam", "unknown", "address")},
        "statuses": {row.value: row.leads for row in found.breakdown["email_status"]},
    }


@pytest.mark.parametrize(
    ("log", "mails", "bounces"),
    [(HAPPENINGS, 3, 1), (MARKS, 3, 2), (NUMBERS, 3, 1), (TIMES, 3, 1), (STATES, 3, 1), (STEPS, 3, 1)],
    ids=["happenings", "marks", "numbers", "times", "states", "steps"],
)
def test_a_log_tells_the_same_from_a_workspace(tmp_path, log, mails, bounces):
    path, place = tmp_path / "log.csv", tmp_path / "space"
    path.write_text(log)
    for _ in range(2):
        ingest(place, log=path)
    kept, direct = run_diagnosis(workspace=place).diagnosis, run_diagnosis(log=path).diagnosis
    assert told(kept) == told(direct)
    assert kept.totals.emails_sent == mails
    assert sum(getattr(kept.totals, name).count for name in ("hard", "spam", "unknown")) == bounces


@pytest.mark.parametrize(
    ("header", "asked", "other"),
    [("event", "unsubscribed", "opened"), ("unsubscribed", "yes", ""), ("status", "Unsubscribed", "Completed")],
)
def test_whoever_asked_out_is_remembered(tmp_path, header, asked, other):
    rows = [f"{n}@a.example,2026-03-02T09:00:00Z,Q1,{'sent' if header == 'event' else other}" for n in range(1, 9)]
    rows += [f"0@a.example,2026-03-02T09:00:00Z,Q1,{'sent' if header == 'event' else asked}"]
    rows += [f"{n}@a.example,2026-03-02T11:00:00Z,Q1,{asked if n == 0 else other}" for n in range(2)] * (
        header == "event"
    )
    (tmp_path / "log.csv").write_text("\n".join([f"email,sent_at,campaign,{header}", *rows]) + "\n")
    (tmp_path / "next.csv").write_text("email,email_status\n0@a.example,verified\n1@a.example,verified\n")
    ingest(tmp_path / "space", log=tmp_path / "log.csv")
    kept = run_diagnosis(workspace=tmp_path / "space", next_list=tmp_path / "next.csv")
    direct = run_diagnosis(log=tmp_path / "log.csv", next_list=tmp_path / "next.csv")
    assert kept.correlated.opted_out == direct.correlated.opted_out == {"0@a.example"}
    assert told(kept.diagnosis) == told(direct.diagnosis)


def test_a_list_says_of_an_address_what_its_verifier_meant(tmp_path):
    (tmp_path / "log.csv").write_text("recipient,sent_at\n" + "".join(f"{n}@a.example,2026-03-02\n" for n in range(4)))
    # NeverBounce counts from 0: valid, invalid, disposable, catch-all.
    (tmp_path / "leads.csv").write_text(
        "email,neverbounce result\n" + "".join(f"{n}@a.example,{n}\n" for n in range(4))
    )
    given = {"log": tmp_path / "log.csv", "leads": tmp_path / "leads.csv"}
    ingest(tmp_path / "space", **given)
    kept, direct = run_diagnosis(workspace=tmp_path / "space").diagnosis, run_diagnosis(**given).diagnosis
    assert told(kept) == told(direct)
    assert told(kept)["statuses"] == {"verified": 1, "invalid": 1, "risky": 1, "catch_all": 1}


def mail(recipient: str = "ann@a.example", **more: object) -> dict[str, object]:
    return {"recipient": recipient, "sent_at": pd.Timestamp("2026-03-02T09:00:00Z"), "message_id": "<m1@x>", **more}


@pytest.mark.parametrize(
    "written", ["mailto:ann@a.example", "Ann <ann@a.example>", "ann@a.example.", "'ann@a.example'"]
)
def test_an_address_is_kept_as_it_is_compared(tmp_path, written):
    space = Workspace(tmp_path)
    space.add_sends(pd.DataFrame([mail(written)]))
    assert space.sends()["recipient"].tolist() == ["ann@a.example"]
    assert space.add_sends(pd.DataFrame([mail()])).known == 1


def test_a_row_without_an_address_is_no_mail(tmp_path):
    space = Workspace(tmp_path)
    assert space.add_sends(pd.DataFrame([mail(), mail("n/a", message_id="")])).read == 1


@pytest.mark.parametrize(
    "rows", [("", "hard bounce"), ("hard bounce", ""), ("hard bounce", "no"), ("no", "hard bounce")]
)
def test_a_mail_that_stands_in_two_rows_bounced_where_one_of_them_says_so(tmp_path, rows):
    space = Workspace(tmp_path)
    space.add_sends(pd.DataFrame([mail(bounced=said, state="sent") for said in rows]))
    assert space.sends()[["bounced", "state"]].to_numpy().tolist() == [["hard bounce", "sent"]]


def test_a_log_that_says_less_takes_nothing_away(tmp_path):
    space = Workspace(tmp_path)
    space.add_sends(pd.DataFrame([mail(bounced="hard bounce", bounce_reason="550 5.1.1 unknown")]))
    assert space.add_sends(pd.DataFrame([mail()])).known == 1
    assert space.add_sends(pd.DataFrame([mail(state="contacted")])).updated == 1
    kept = space.sends().iloc[0]
    assert (kept["bounced"], kept["bounce_reason"], kept["state"]) == ("hard bounce", "550 5.1.1 unknown", "contacted")


def test_a_mail_that_was_not_sent_yet_is_sent_later(tmp_path):
    space = Workspace(tmp_path)
    for was_sent, mails in (("no", 0), ("yes", 1), ("yes", 1)):
        space.add_sends(pd.DataFrame([mail("bob@b.example", was_sent=was_sent), mail("cem@b.example", was_sent="yes")]))
        kept = run_diagnosis(workspace=tmp_path).diagnosis
        assert kept.totals.emails_sent == 1 + mails


def test_a_list_that_says_less_takes_nothing_away(tmp_path):
    space = Workspace(tmp_path)
    known = {"email": "ann@a.example", "email_status": "verified", "industry": "Banking"}
    when = {"verified_at": pd.Timestamp("2026-02-01", tz="UTC")}
    days = [pd.Timestamp(f"2026-03-0{number}", tz="UTC") for number in range(1, 5)]
    space.add_leads(pd.DataFrame([known | when]), seen_at=days[0])
    thin = pd.DataFrame([{"email": "ann@a.example", "email_status": "verified"}])
    assert space.add_leads(thin, seen_at=days[1]).known == 1
    assert space.add_leads(thin.assign(company="Acme"), seen_at=days[2]).updated == 1
    lead = space.leads().iloc[0]
    assert (lead["industry"], lead["company"], lead["verified_at"]) == ("Banking", "Acme", when["verified_at"])
    # Another result is of another day, even if the list does not say which.
    assert space.add_leads(thin.assign(email_status="invalid"), seen_at=days[3]).updated == 1
    assert pd.isna(space.leads().iloc[0]["verified_at"])


def test_what_is_told_in_columns_of_its_own_is_no_row_of_another_log(tmp_path: Path):
    """Only a log that tells something elsewhere is touched: all others keep their words."""
    space = Workspace(tmp_path)
    space.add_sends(pd.DataFrame([mail(bounced="odd word", state="completed")]))
    assert space.sends()[["bounced", "state"]].to_numpy().tolist() == [["odd word", "completed"]]
