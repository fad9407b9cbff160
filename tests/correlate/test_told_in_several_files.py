"""One bounce that a mailbox, a webhook (twice), a server's log and the platform's export tell of is one everywhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import analyzer
from analyzer.api import run_diagnosis
from analyzer.api.weekly import run_weekly
from analyzer.history import Workspace
from analyzer.sources.tables import read_table

LOG = """recipient,sent_at,campaign,step,sender,message_id,bounced,bounce_reason
jane@müller.example,2026-03-02T09:00:00Z,Q1,1,ava@outreach.example,<m1@outreach.example>,,
bob@b.example,2026-03-02T09:00:00Z,Q1,1,ava@outreach.example,,yes,user unknown
ann@c.example,2026-03-02T09:00:00Z,Q1,1,ava@outreach.example,<m3@outreach.example>,,
ann@c.example,2026-03-05T09:00:00Z,Q1,2,ava@outreach.example,<m4@outreach.example>,,
kim@d.example,2026-03-02T09:00:00Z,Q1,1,ava@outreach.example,<m5@outreach.example>,,
al@g.example,2026-03-02T09:00:00Z,Q1,1,ava@outreach.example,<m6@outreach.example>,,
eve@h.example,2026-03-02T09:00:00Z,Q1,1,ava@outreach.example,<m7@outreach.example>,,
"""
UNKNOWN, SPAM = "550 5.1.1 no such user", "554 5.7.1 message rejected as spam"
MAILER = """2026-03-02T09:00:00+00:00 mx1 postfix/cleanup[1]: 4XyZ1: message-id=<m1@outreach.example>
2026-03-02T09:00:00+00:00 mx1 postfix/qmgr[1]: 4XyZ1: from=<ava@outreach.example>, size=10, nrcpt=1 (queue active)
2026-03-02T09:05:00+00:00 mx1 postfix/smtp[59]: 4XyZ1: to=<jane@xn--mller-kva.example>, relay=mx.example[192.0.2.80]:25, \
delay=5.5, delays=0.09/0/0.43/5, dsn=5.1.1, status=bounced (host mx.example[192.0.2.80] said: 550 5.1.1 no such user)
2026-03-02T09:05:00+00:00 mx1 postfix/qmgr[1]: 4XyZ1: removed
"""


def notice(to: str, message_id: str, said: str = UNKNOWN, day: str = "02") -> str:
    return (
        f"Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nTo: ava@outreach.example\n"
        f"Date: {day} Mar 2026 09:05:00 +0000\nSubject: Undelivered Mail\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
        f"Final-Recipient: rfc822; {to}\nAction: failed\nStatus: {said[4:9]}\nDiagnostic-Code: smtp; {said}\n\n"
        f"--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: {message_id}\nTo: {to}\n\n--b--\n"
    )


def ses(to: str, message_id: str, said: str = UNKNOWN, day: str = "02") -> dict[str, Any]:
    headers = [{"name": "Message-ID", "value": message_id}] if message_id else []
    return {
        "notificationType": "Bounce",
        "bounce": {
            "bounceType": "Permanent",
            "bouncedRecipients": [{"emailAddress": to, "diagnosticCode": f"smtp; {said}"}],
            "timestamp": f"2026-03-{day}T09:05:02.000Z",
        },
        "mail": {"messageId": f"0100-{to[:2]}", "destination": [to], "headers": headers},
    }


def complaint(to: str, message_id: str) -> dict[str, Any]:
    event = ses(to, message_id)
    told = {"complainedRecipients": [{"emailAddress": to}], "timestamp": "2026-03-02T12:00:00.000Z"}
    return {"notificationType": "Complaint", "complaint": told, "mail": event["mail"]}


def platform(to: str) -> dict[str, Any]:
    when = "2026-03-02T09:06:00Z"
    return {"event_type": "EMAIL_BOUNCE", "to_email": to, "event_timestamp": when, "bounce_message": {"text": UNKNOWN}}


@pytest.fixture
def files(tmp_path: Path) -> Path:
    notices = [
        notice("jane@xn--mller-kva.example", "<m1@outreach.example>"),
        # The log knows no Message-ID of this one.
        notice("bob@b.example", "<relay7@smtp.example>"),
        notice("ann@c.example", "<m3@outreach.example>"),
        notice("ann@c.example", "<m4@outreach.example>", SPAM, "05"),
        notice("al@g.example", "<m6@outreach.example>"),
        notice("eve@h.example", "<m7@outreach.example>"),
    ]
    for number, text in enumerate(notices):
        (tmp_path / f"{number}.eml").write_text(text, encoding="utf-8")
    hooks = [
        ses("jane@müller.example", "<m1@outreach.example>"),
        platform("Bob@b.example"),
        ses("ann@c.example", "<m4@outreach.example>", SPAM, "05"),
        # The provider's own id alone.
        ses("al@g.example", ""),
        complaint("kim@d.example", "<m5@outreach.example>"),
        complaint("eve@h.example", "<m7@outreach.example>"),
    ]
    (tmp_path / "hooks.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in hooks * 2))
    (tmp_path / "again.json").write_text(json.dumps({"events": hooks[::-1]}))
    (tmp_path / "mail.log").write_text(MAILER)
    (tmp_path / "log.csv").write_text(LOG, encoding="utf-8")
    return tmp_path


def sources(files: Path) -> list[Path]:
    return [*sorted(files.glob("*.eml")), files / "hooks.jsonl", files / "again.json", files / "mail.log"]


def test_a_diagnosis_counts_each_failure_once(files: Path) -> None:
    run = run_diagnosis(bounces=sources(files), log=[files / "log.csv"])
    found = run.correlated.bounces
    kept = found[found["duplicate_of"] == ""]
    told = sorted(zip(kept["send_id"].astype(int), kept["kind"], kept["reason"], strict=True))
    assert told == [
        (0, "bounce", "user_unknown"),
        (1, "bounce", "user_unknown"),
        # Two mails to one lead, the first hard and the second refused as spam, stay two.
        (2, "bounce", "user_unknown"),
        (3, "bounce", "spam_content"),
        (4, "complaint", "complaint"),
        (5, "bounce", "user_unknown"),
        # So do a bounce and a complaint of one mail.
        (6, "bounce", "user_unknown"),
        (6, "complaint", "complaint"),
    ]
    assert len(found) == len(kept) + run.diagnosis.matching.duplicates
    totals = run.diagnosis.totals
    assert (totals.leads_contacted, totals.emails_sent, totals.hard.count, totals.spam.count) == (6, 7, 4, 3)


def test_a_workspace_counts_the_same_however_often_it_is_fed(files: Path) -> None:
    space = Workspace(files / "space")
    log = read_table(files / "log.csv", "log").frame
    for batch in (sources(files)[:7], sources(files)[5:], sources(files)):
        space.add_bounces(analyzer.parse(batch))
        space.add_sends(log)
    assert len(space.sends()) == 7
    totals = run_diagnosis(workspace=files / "space").diagnosis.totals
    assert (totals.leads_contacted, totals.hard.count, totals.spam.count) == (6, 4, 3)
    figures = {one.name: one.now.count for one in run_weekly(files / "space", week="2026-W10").week.figures}
    # Mail by mail: four that bounced hard, one refused as spam, two with a complaint.
    assert (figures["hard"], figures["spam"]) == (4, 3)
