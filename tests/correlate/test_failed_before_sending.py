"""Mails that a platform could not send at all: they bounced nowhere, and their words are about a mailbox of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from analyzer.correlate import correlate
from analyzer.sources.tables import read_table

if TYPE_CHECKING:
    from pathlib import Path

SENT = "2026-03-02T09:11:21Z"


def _log(failed: dict[str, str]) -> pd.DataFrame:
    rows = [
        {"recipient": "ann@corp.example", "sent_at": SENT, "state": "Sent"},
        {
            "recipient": "bob@corp.example",
            "sent_at": SENT,
            "state": "Bounced",
            "bounce_reason": "550 5.1.1 No such user",
        },
        {"recipient": "eva@corp.example", "state": "Failed", **failed},
    ]
    return pd.DataFrame(rows, dtype="str").fillna("")


@pytest.mark.parametrize("said", ["Mailbox not linked", "Could not connect to mailbox: invalid_grant"])
def test_what_failed_before_it_was_sent_is_no_bounce(said: str) -> None:
    found = correlate([], _log({"bounce_reason": said}))
    assert list(zip(found.sends["recipient"], found.sends["reason"], strict=True)) == [
        ("ann@corp.example", ""),
        ("bob@corp.example", "user_unknown"),
    ]
    assert any("failed before they were sent: 1" in warning for warning in found.warnings)


@pytest.mark.parametrize(
    "failed",
    [
        {"bounce_reason": "554 5.1.1 Mailbox not found"},
        {"bounce_reason": "Mailbox not found", "sent_at": SENT},
        {"bounce_reason": "Mailbox not found", "message_id": "<m1@ours.example>"},
        {"bounce_reason": "Mailbox not found", "bounced": "yes"},
    ],
)
def test_what_a_server_refused_is_one(failed: dict[str, str]) -> None:
    found = correlate([], _log(failed)).sends
    assert list(found["reason"]) == ["", "user_unknown", "user_unknown"]


def test_where_no_state_tells_of_bounces_a_reason_alone_does() -> None:
    log = _log({"bounce_reason": "Mailbox not found"})
    found = correlate([], log.assign(state=["Sent", "Failed", "Failed"])).sends
    assert list(found["reason"]) == ["", "user_unknown", "user_unknown"]


def test_lemlist_tells_of_failures_apart_from_bounces() -> None:
    events = ["emailsSent", "emailsBounced", "emailsSent", "emailsFailed"]
    log = pd.DataFrame(
        {
            "recipient": ["bob@corp.example", "bob@corp.example", "ann@corp.example", "eva@corp.example"],
            "sent_at": [SENT] * 4,
            "event": events,
            "bounce_reason": ["", "550 5.1.1 No such user", "", "Mailbox disconnected"],
        }
    )
    found = correlate([], log).sends
    assert dict(zip(found["recipient"], found["reason"], strict=True)) == {
        "bob@corp.example": "user_unknown",
        "ann@corp.example": "",
    }


def test_a_column_with_failures_among_its_words_is_one_of_states(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text(
        "Email,Sequence,Sent at,State,Failure message\n"
        f"ann@corp.example,Q,{SENT},Sent,\nbob@corp.example,Q,,Failed,Could not connect to mailbox\n"
        f"cem@corp.example,Q,{SENT},Bounced,550 5.2.1 This mailbox is disabled\neva@corp.example,Q,,Skipped,No first name\n"
    )
    table = read_table(path)
    assert table.mapping["State"] == "state"
    found = correlate([], table).sends
    assert dict(zip(found["recipient"], found["reason"], strict=True)) == {
        "ann@corp.example": "",
        "cem@corp.example": "mailbox_disabled",
    }
