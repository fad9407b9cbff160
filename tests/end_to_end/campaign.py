"""Small campaigns as files: a lead list, a log and a mailbox of bounces, written for one case each."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path

USER_UNKNOWN = "550 5.1.1 <{to}>: Recipient address rejected: User unknown in virtual mailbox table"
DMARC = "550 5.7.26 Unauthenticated email from outreach.example is not accepted due to domain's DMARC policy"
ONLY_INTERNAL = (
    "550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required; only internal senders"
)
FULL = "552 5.2.2 <{to}>: mailbox is full"


@dataclass(frozen=True)
class Failed:
    """One failed mail: whom to, what the receiver said, which of our Message-IDs."""

    to: str
    said: str
    message_id: str


@dataclass
class Campaign:
    """Leads added in groups, each with a number of bounces of one text; `write` makes the files."""

    leads: list[dict[str, str]] = field(default_factory=list)
    log: list[dict[str, str]] = field(default_factory=list)
    mails: list[str] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)
    next_leads: list[dict[str, str]] = field(default_factory=list)

    def add(
        self,
        count: int,
        *,
        status: str,
        industry: str,
        bounces: int = 0,
        text: str = USER_UNKNOWN,
        name: str = "Q1",
        spread: int | None = None,
    ) -> list[str]:
        """`count` leads at a domain each (or at `spread` domains), the first `bounces` of which bounce with `text`."""
        added = []
        for number in range(count):
            serial = len(self.leads)
            domain = f"{industry.split()[0].lower()}{serial % spread if spread else serial}.example"
            email = f"lead{serial}@{domain}"
            added.append(email)
            self.leads.append({"email": email, "lead_id": f"L{serial}", "email_status": status, "industry": industry})
            self.log.append(
                {
                    "recipient": email,
                    "sent_at": "2026-03-02T09:00:00Z",
                    "campaign": name,
                    "step": "1",
                    "sender": "ava@outreach.example",
                    "message_id": f"<m{serial}@outreach.example>",
                    "lead_id": f"L{serial}",
                }
            )
            if number < bounces:
                self.failed.append(Failed(email, text.format(to=email), f"m{serial}@outreach.example"))
                self.mails.append(bounce(email, text, message_id=f"<m{serial}@outreach.example>"))
        return added

    def write(self, folder: Path) -> dict[str, Path]:
        """The arguments of `analyzer.diagnose`."""
        mailbox = folder / "bounces.mbox"
        mailbox.write_text(
            "".join(f"From MAILER-DAEMON Tue Mar  3 10:00:00 2026\n{mail}\n" for mail in self.mails) or "\n"
        )
        found = {
            "bounces": mailbox,
            "log": _table(folder / "log.csv", self.log),
            "leads": _table(folder / "leads.csv", self.leads),
        }
        if self.next_leads:
            found["next_list"] = _table(folder / "next.csv", self.next_leads)
        return found


def _table(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def bounce(
    to: str,
    text: str,
    *,
    message_id: str = "",
    delivered_to: str = "ava@outreach.example",
    headers: str = "",
    written_to: str = "",
    date: str = "Tue, 3 Mar 2026 10:00:00 +0000",
) -> str:
    """A delivery status notification as Postfix writes it; `written_to`: whom we wrote to, where that was forwarded."""
    said = text.format(to=to)
    returned = f"Message-ID: {message_id}\n" if message_id else ""
    return (
        f"Return-Path: <>\nDelivered-To: {delivered_to}\nFrom: MAILER-DAEMON@mx.outreach.example\nTo: {delivered_to}\n"
        f"Subject: Undelivered Mail Returned to Sender\nDate: {date}\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        f"--b\nContent-Type: text/plain\n\n<{to}>: host mx.example said: {said}\n\n"
        f"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.outreach.example\n\n"
        f"Final-Recipient: rfc822; {to}\nAction: failed\nStatus: {said.split()[1]}\nRemote-MTA: dns; mx.{to.split('@')[1]}\n"
        f"Diagnostic-Code: smtp; {said}\n\n"
        f"--b\nContent-Type: text/rfc822-headers\n\n{returned}From: ava@outreach.example\nTo: {written_to or to}\nSubject: hello\n{headers}\n--b--\n"
    )
