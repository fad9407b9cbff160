"""A campaign whose true bounces are known, and the mailbox that strangers write to as well: real messages throughout."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from analyzer.api import run_diagnosis

USER_UNKNOWN = "550 5.1.1 <{to}>: Recipient address rejected: User unknown in virtual mailbox table"
DMARC = "550 5.7.26 Unauthenticated email from outreach.example is not accepted due to domain's DMARC policy"
DAY = "Tue, 3 Mar 2026 10:{minute:02d}:00 +0000"


def dsn(
    to: str,
    said: str = USER_UNKNOWN,
    *,
    host: str = "mx.outreach.example",
    message_id: str = "",
    original: str = "",
    delivered_to: str = "ava@outreach.example",
    headers: str = "",
    written_to: str = "",
    sender: str = "ava@outreach.example",
    action: str = "failed",
    returned: bool = True,
    date: str = "Tue, 3 Mar 2026 10:00:00 +0000",
) -> str:
    """A delivery status notification (RFC 3464) as a server, or a stranger, writes it."""
    text = said.format(to=to)
    own = f"Message-ID: {message_id}\n" if message_id else ""
    original_field = f"Original-Recipient: rfc822; {original}\n" if original else ""
    back = (
        "--b\nContent-Type: text/rfc822-headers\n\n"
        f"{own}From: {sender}\nTo: {written_to or to}\nSubject: hello\n{headers}\n"
        if returned
        else ""
    )
    return (
        f"Return-Path: <>\nDelivered-To: {delivered_to}\nFrom: MAILER-DAEMON@{host}\nTo: {delivered_to}\n"
        f"Subject: Undelivered Mail Returned to Sender\nDate: {date}\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        f"--b\nContent-Type: text/plain\n\nThis is the mail system at host {host}.\n\n<{to}>: {text}\n\n"
        f"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; {host}\n\n"
        f"Final-Recipient: rfc822; {to}\n{original_field}Action: {action}\nStatus: {text.split()[1]}\n"
        f"Diagnostic-Code: smtp; {text}\n\n{back}--b--\n"
    )


def arf(
    to: str, *, reporter: str = "fbl.evil.example", message_id: str = "", sender: str = "ava@outreach.example"
) -> str:
    """A spam complaint (RFC 5965)."""
    own = f"Message-ID: {message_id}\n" if message_id else ""
    return (
        f"From: complaints@{reporter}\nTo: ava@outreach.example\nSubject: FW: hello\n"
        "Date: Tue, 3 Mar 2026 10:00:00 +0000\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\nThis is an abuse report.\n\n"
        "--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nUser-Agent: FBL/1.0\nVersion: 1\n"
        f"Original-Rcpt-To: {to}\nReporting-MTA: dns; {reporter}\n\n"
        f"--b\nContent-Type: message/rfc822\n\n{own}From: {sender}\nTo: {to}\nSubject: hello\n\nHello\n--b--\n"
    )


@dataclass
class Campaign:
    """600 verified and 300 guessed leads at a company each; some bounce, as real servers say it."""

    leads: list[dict[str, str]] = field(default_factory=list)
    log: list[dict[str, str]] = field(default_factory=list)
    honest: list[str] = field(default_factory=list)

    def add(self, count: int, status: str, bounces: int, said: str = USER_UNKNOWN, industry: str = "Retail") -> None:
        for number in range(count):
            serial = len(self.leads)
            email = f"lead{serial}@company{serial}.example"
            message_id = f"<{serial * 7919:08x}.1@outreach.example>"
            self.leads.append({"email": email, "lead_id": f"L{serial}", "email_status": status, "industry": industry})
            self.log.append(
                {
                    "recipient": email,
                    "sent_at": "2026-03-02T09:00:00Z",
                    "campaign": "Q1",
                    "step": "1",
                    "sender": "ava@outreach.example",
                    "message_id": message_id,
                    "lead_id": f"L{serial}",
                }
            )
            if number < bounces:
                self.honest.append(dsn(email, said, message_id=message_id))

    def email(self, number: int) -> str:
        return self.leads[number]["email"]

    def message_id(self, number: int) -> str:
        return self.log[number]["message_id"]

    def write(self, folder: Path, attack: Sequence[str] = ()) -> dict[str, Path]:
        """The files of `diagnose`, strangers' mail between ours."""
        mailbox = folder / "bounces.mbox"
        mails = [*attack[::2], *self.honest, *attack[1::2]]
        mailbox.write_text("".join(f"From MAILER-DAEMON Tue Mar  3 10:00:00 2026\n{mail}\n" for mail in mails) or "\n")
        found = {"bounces": mailbox, "log": folder / "log.csv", "leads": folder / "leads.csv"}
        for name, rows in (("log", self.log), ("leads", self.leads)):
            with found[name].open("w", newline="") as handle:
                writer = csv.DictWriter(handle, list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)
        return found


@pytest.fixture
def campaign() -> Campaign:
    made = Campaign()
    made.add(600, "Verified", 6)
    made.add(300, "Guessed", 9)
    made.add(100, "Verified", 12, DMARC)
    return made


@pytest.fixture
def diagnosed(tmp_path: Path) -> Callable[..., Any]:
    """The run of a campaign's diagnosis with an attack, its files written beside."""

    def run(campaign: Campaign, attack: Sequence[str] = (), **options: Any) -> Any:
        folder = tmp_path / f"run{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        found = run_diagnosis(**campaign.write(folder, attack), **options)
        found.write(folder / "out")
        return found, folder / "out"

    return run


def suppressed(out: Path) -> set[str]:
    with (out / "suppression.csv").open(newline="") as handle:
        return {row["email"] for row in csv.DictReader(handle)}


def figures(run: Any) -> dict[str, Any]:
    """What a diagnosis advises, and the figures that it stands on."""
    found = run.diagnosis
    forecast = found.data_quality.forecast
    return {
        "hard": found.totals.hard.count,
        "spam": found.totals.spam.count,
        "address": found.totals.address.count,
        "unknown": found.totals.unknown.count,
        "advice": found.data_quality.recommendation,
        "effect": found.data_quality.guessed_effect,
        "side": found.deliverability.side,
        "fixes": [(fix.id, fix.bounces) for fix in found.deliverability.fixes],
        "max_quantity": round(forecast.max_quantity.rate, 6),
        "max_quality": round(forecast.max_quality.rate, 6),
        "over": round(forecast.max_quantity.p_over_tolerance, 6),
    }
