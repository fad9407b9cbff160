"""Lists of bounces as CSV, as providers' pages export them and people keep them; and tables that are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from log_rows import rows

from analyzer.sources.content import recognise

if TYPE_CHECKING:
    from pathlib import Path

SENDGRID = """\
status,reason,email,created
5.1.1,"550 5.1.1 The email account that you tried to reach does not exist, sorry",jane@example.com,1772442681
4.2.2,452 4.2.2 The email account that you tried to reach is over quota,bob@example.net,1772446281
"""
MAILGUN = """\
Address,Code,Error,Created At
jane@example.com,550,"550 5.1.1 The email account
that you tried to reach does not exist",Mon\\, 02 Mar 2026 09:11:21 UTC
bob@example.net,605,Not delivering to previously bounced address,2026-03-02 10:11:21
""".replace("Mon\\, 02 Mar 2026 09:11:21 UTC", '"Mon, 02 Mar 2026 09:11:21 UTC"')
KEPT = """\
E-Mail-Adresse;Name;Datum;Bounce-Grund
jane@example.com;Jane;2026-03-02T09:11:21Z;550 5.1.1 No such user
bob@example.net;Bob;;
;;;
Summe: 2;;;
"""
TOLD = ("kind", "recipient", "received_at", "status", "reply", "reason", "format")


def test_sendgrids_list(tmp_path: Path) -> None:
    assert [[row[name] for name in TOLD] for row in rows(tmp_path, SENDGRID, "bounces.csv")] == [
        ["bounce", "jane@example.com", "2026-03-02T09:11:21Z", "5.1.1", "550", "user_unknown", "list"],
        ["bounce", "bob@example.net", "2026-03-02T10:11:21Z", "4.2.2", "452", "mailbox_full", "list"],
    ]


def test_mailguns_list_with_a_cell_of_two_lines(tmp_path: Path) -> None:
    found = rows(tmp_path, MAILGUN, "bounces.csv")
    assert [(row["recipient"], row.get("reply", ""), row["received_at"]) for row in found] == [
        ("jane@example.com", "550", "2026-03-02T09:11:21Z"),
        ("bob@example.net", "", "2026-03-02T10:11:21Z"),
    ]
    assert found[0]["diagnostic"] == "550 5.1.1 The email account that you tried to reach does not exist"


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_list_that_somebody_kept(tmp_path: Path, ends: str) -> None:
    """Rows without a reason, blank ones and totals are no bounces."""
    found = rows(tmp_path, KEPT.replace("\n", ends), "bounces.csv")
    assert [[row[name] for name in TOLD] for row in found] == [
        ["bounce", "jane@example.com", "2026-03-02T09:11:21Z", "5.1.1", "550", "user_unknown", "list"]
    ]


def test_a_quote_that_nobody_closed_takes_no_other_row_along(tmp_path: Path) -> None:
    text = (
        SENDGRID
        + '5.1.1,"550 oh,ann@example.org,1772442681\n'
        + "5.1.1,550 5.1.1 unknown,kim@example.org,1772442681\n" * 150
    )
    assert len([row for row in rows(tmp_path, text, "b.csv") if row["recipient"] == "kim@example.org"]) == 150


@pytest.mark.parametrize(
    "header",
    [
        "email,sent_at,campaign,bounced,bounce_reason",
        "Email,Sequence,Bounce Reason",
        "email,email status,industry,bounce reason",
        "email,reason",
        "email,reason,created,name",
        "recipient,label,fault,reason,diagnostic",
        "email,decision,probability,reason",
        "name,bounce reason",
    ],
)
def test_logs_lead_lists_and_tables_of_ours_are_none(header: str) -> None:
    cells = ["jane@example.com" if "e" in name else "x" for name in header.split(",")]
    assert recognise(f"{header}\n{','.join(cells)}\n".encode()) == "other"
