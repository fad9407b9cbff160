"""A team's history, made to order: so many mails a week from each mailbox, and so many of them back for a reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pandas as pd

from analyzer.history import Workspace
from analyzer.knowledge import reasons

MAILBOXES = ("ann@out1.example", "bob@out1.example", "cem@out2.example")
#: Mails of one mailbox in one week.
MAILS = 300
#: Per mailbox and week: 2 % bad addresses, with the ups and downs of real weeks, and two refusals.
QUIET = {"user_unknown": (6, 4, 7, 6, 5, 8, 6), "spam_content": (2, 1, 3, 2)}

Planted = Mapping[tuple[str, int], Mapping[str, int]]


def monday(week: str) -> date:
    return date.fromisocalendar(int(week[:4]), int(week[6:]), 1)


def weeks(first: str, count: int) -> list[str]:
    found = []
    for number in range(count):
        year, week, _ = (monday(first) + timedelta(weeks=number)).isocalendar()
        found.append(f"{year}-W{week:02d}")
    return found


def history(
    labels: Iterable[str], planted: Planted | None = None, *, quiet: Mapping[str, tuple[int, ...]] | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(sends, bounces) of the weeks. `planted` gives, for a mailbox and the number of a week, more bounces by reason."""
    planted, quiet = planted or {}, QUIET if quiet is None else quiet
    sends, bounces = [], []
    for number, label in enumerate(labels):
        for place, mailbox in enumerate(MAILBOXES):
            back = [reason for reason, counts in quiet.items() for _ in range(counts[(number + place) % len(counts)])]
            more = planted.get((mailbox, number), {})
            back += [reason for reason, count in more.items() for _ in range(count)]
            for mail in range(MAILS):
                sent = datetime.combine(monday(label), datetime.min.time(), UTC) + timedelta(hours=9, minutes=20 * mail)
                name = f"{label}-{place}-{mail}"
                sends.append(
                    {
                        "recipient": f"lead-{name}@{company(number, place, mail)}",
                        "sent_at": sent,
                        "campaign": "Q1 fintech" if mail % 2 else "Q1 software",
                        "step": "1",
                        "sender": mailbox,
                        "message_id": f"<{name}@{mailbox.partition('@')[2]}>",
                        "lead_id": "",
                        "bounced": "",
                        "bounce_reason": "",
                    }
                )
                # Spread over the week, not all of it on Monday.
                turn = mail * 7 % MAILS
                if turn < len(back):
                    bounces.append(bounce(sends[-1], back[turn]))
    return pd.DataFrame(sends), pd.DataFrame(bounces)


def company(number: int, place: int, mail: int) -> str:
    return "gmail.com" if mail % 10 == 0 else f"company{(number * 37 + place * 11 + mail) % 97}.example"


def bounce(send: Mapping[str, object], reason: str, *, after: timedelta = timedelta(minutes=3)) -> dict[str, object]:
    """What came back for a mail, as `parse` writes it."""
    known = reasons()[reason]
    sent = send["sent_at"]
    assert isinstance(sent, datetime)
    return {
        "kind": "complaint" if reason == "complaint" else "bounce",
        "received_at": (sent + after).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "recipient": send["recipient"],
        "original_message_id": send["message_id"],
        "provider": "google" if str(send["recipient"]).endswith("gmail.com") else "microsoft",
        "status": "5.1.1" if known.label == "hard" else "5.7.1",
        "diagnostic": f"550 {reason}",
        "label": known.label,
        "fault": known.fault,
        "reason": reason,
        "transient": known.transient,
        "confidence": 0.95,
        "decided_by": "rule:story",
        "retry_after_s": None,
        "record_id": f"r-{send['message_id']}-{reason}",
    }


def workspace(place: Path, sends: pd.DataFrame, bounces: pd.DataFrame) -> Path:
    space = Workspace(place)
    space.add_sends(sends)
    if len(bounces):
        space.add_bounces(bounces)
    return place
