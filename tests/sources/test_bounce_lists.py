"""Lists of bounces as providers' pages export them and people keep them, in each kind of table; and tables that are none."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from log_rows import rows

import analyzer
from analyzer.bounds import Bounds
from analyzer.errors import UnreadableInputError
from analyzer.sources import read
from analyzer.sources.content import recognise

if TYPE_CHECKING:
    from collections.abc import Callable
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


def _workbook(frame: pd.DataFrame) -> bytes:
    book = io.BytesIO()
    frame.to_excel(book, index=False)
    return book.getvalue()


def _page(frame: pd.DataFrame) -> bytes:
    return f"<html><body>{frame.to_html(index=False)}</body></html>".encode()


def _below_a_title(frame: pd.DataFrame) -> bytes:
    return f"Bounces of March\n\n{frame.to_csv(index=False)}".encode()


WRITERS: dict[str, Callable[[pd.DataFrame], bytes]] = {
    "list.csv": lambda frame: frame.to_csv(index=False).encode(),
    "utf-16.csv": lambda frame: frame.to_csv(index=False).encode("utf-16"),
    "utf-16.txt": lambda frame: frame.to_csv(index=False, sep="\t").encode("utf-16-le"),
    "book.xlsx": _workbook,
    "rows.parquet": lambda frame: frame.to_parquet(index=False),
    "page.xls": _page,
    "titled.csv": _below_a_title,
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_list_is_the_same_in_each_kind_of_table(tmp_path: Path, name: str) -> None:
    frame = pd.DataFrame(
        {
            "Email": ["jane@example.com", "bob@example.net", ""],
            "Status": ["Bounced", "Bounced", "Total: 2"],
            "Reason": ["550 5.1.1 No such user", "452 4.2.2 Mailbox full", ""],
            "Bounced at": ["2026-03-02T09:11:21Z", "2026-03-02T10:11:21Z", ""],
        }
    )
    found = rows(tmp_path, WRITERS[name](frame), name)
    assert [[row[field] for field in TOLD] for row in found] == [
        ["bounce", "jane@example.com", "2026-03-02T09:11:21Z", "5.1.1", "550", "user_unknown", "list"],
        ["bounce", "bob@example.net", "2026-03-02T10:11:21Z", "4.2.2", "452", "mailbox_full", "list"],
    ]
    assert [row["line"] for row in found] == [2, 3] or name == "titled.csv"


def test_workbooks_in_an_archive_are_read_within_its_bounds(tmp_path: Path) -> None:
    frame = pd.DataFrame({"email": ["jane@example.com"], "bounce reason": ["550 5.1.1 No such user"]})
    path = tmp_path / "lists.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("march.xlsx", _workbook(frame))
        archive.writestr("april.parquet", frame.to_parquet(index=False))
    found = analyzer.parse(path)
    assert list(found["source"]) == [f"{path}/march.xlsx#2", f"{path}/april.parquet#2"]
    reading = read([path], bounds=Bounds(archive_held_bytes=1000))
    with pytest.raises(UnreadableInputError):
        list(reading)
    assert {skip.bound for skip in reading.skipped} == {"archive_held_bytes"}


@pytest.mark.parametrize("name", ["book.xlsx", "rows.parquet"])
def test_a_campaign_in_a_folder_of_mails_is_no_list(tmp_path: Path, name: str) -> None:
    """Given by name it is read as far as it tells of bounces, as the same in CSV is."""
    frame = pd.DataFrame({"email": ["a@b.example", "c@b.example"], "campaign": "Q1", "bounced": ["yes", "no"]})
    (tmp_path / name).write_bytes(WRITERS[name](frame))
    with pytest.raises(UnreadableInputError, match=r"holds no message.*campaign export goes with --log"):
        analyzer.parse(tmp_path)
    assert list(analyzer.parse(tmp_path / name)["recipient"]) == ["a@b.example"]


@pytest.mark.parametrize(
    ("times", "read_as"),
    [
        (["3/4/2026 1:21 PM", "3/14/2026 9:21 AM"], ["2026-03-04T13:21:00Z", "2026-03-14T09:21:00Z"]),
        (["04/03/2026 13:21", "14/03/2026 09:21"], ["2026-03-04T13:21:00Z", "2026-03-14T09:21:00Z"]),
        (["04.03.2026 13:21", "5. März 2026 09:21"], ["2026-03-04T13:21:00Z", "2026-03-05T09:21:00Z"]),
        (["4 Mar 2026 1:21:39 PM", "1772442681"], ["2026-03-04T13:21:39Z", "2026-03-02T09:11:21Z"]),
        (["03/04/2026 13:21", "05/06/2026 09:21"], ["", ""]),
    ],
)
@pytest.mark.parametrize("header", ["Datum", "TimeBounced", "Bounced"])
@pytest.mark.parametrize("name", ["list.csv", "book.xlsx"])
def test_times_as_spreadsheets_write_them(
    tmp_path: Path, times: list[str], read_as: list[str], header: str, name: str
) -> None:
    """Which of day and month comes first, the whole column says; where it does not, the times stay open."""
    frame = pd.DataFrame(
        {"Email": ["a@x.example", "b@x.example"], "Bounce reason": "550 5.1.1 No such user", header: times}
    )
    assert [row.get("received_at", "") for row in rows(tmp_path, WRITERS[name](frame), name)] == read_as
