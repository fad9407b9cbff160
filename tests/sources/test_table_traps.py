"""What spreadsheets and exports do to a table: encodings, dates, zones, headers, rows; and files made to hurt."""

from __future__ import annotations

import gzip
import io
import json
import random
import time
import zipfile
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import zstandard
from openpyxl import Workbook

from analyzer.errors import AnalyzerError, UnreadableInputError
from analyzer.sources.tables import read_table, read_tables
from analyzer.sources.tables.plausible import normalised

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TABLE = "email,sent at,campaign\njane@example.com,2026-03-02 09:11,Frühling\nbob@example.net,2026-03-03 09:11,Été\n"


def _zip(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, TABLE)
    return file.getvalue()


#: The same table, encoded and packed.
ENCODED: dict[str, bytes] = {
    "UTF-8": TABLE.encode(),
    "UTF-8 with a mark": TABLE.encode("utf-8-sig"),
    "UTF-16, little end first, with a mark": b"\xff\xfe" + TABLE.encode("utf-16-le"),
    "UTF-16, big end first, with a mark": b"\xfe\xff" + TABLE.encode("utf-16-be"),
    "UTF-16, little end first": TABLE.encode("utf-16-le"),
    "UTF-16, big end first": TABLE.encode("utf-16-be"),
    "UTF-16 with tabs, as Excel's Unicode text": TABLE.replace(",", "\t").encode("utf-16"),
    "Windows-1252, semicolons": TABLE.replace(",", ";").encode("cp1252"),
    "UTF-8 here, Windows-1252 there": TABLE.encode().replace("Été".encode(), "Été".encode("cp1252")),
    "returns alone": TABLE.replace("\n", "\r").encode(),
    "gzip": gzip.compress(TABLE.encode()),
    "zstd": zstandard.compress(TABLE.encode()),
    "zip": _zip("export/leads.csv", "__MACOSX/export/._leads.csv"),
}


@pytest.mark.parametrize("form", ENCODED)
def test_one_table_however_it_is_encoded(tmp_path: Path, form: str) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(ENCODED[form])
    frame = read_table(path).frame
    assert frame["recipient"].tolist() == ["jane@example.com", "bob@example.net"]
    assert frame["campaign"].tolist() == ["Frühling", "Été"]
    assert frame["sent_at"].dt.strftime("%d %H:%M").tolist() == ["02 09:11", "03 09:11"]


#: (header, column, hours of the moments found on 2026-03-02 UTC, what is told)
TIMES: list[tuple[str, list[str], list[str], str]] = [
    ("sent at", ["46083.3826388889", "46083,5"], ["09:11", "12:00"], ""),
    ("sent at", ["1772442660", "1772442660,0"], ["09:11", "09:11"], ""),
    ("sent at", ["2026-03-02 09:11 EST", "Mar 2, 2026 9:11 AM PST"], ["14:11", "17:11"], ""),
    ("sent at", ["2026-03-02 09:11 UTC+1", "2026-03-02 09:11 GMT+0530"], ["08:11", "03:41"], ""),
    ("Sent At (EST)", ["2026-03-02 09:11"], ["14:11"], ""),
    ("Sent Time [Europe/Berlin]", ["2026-03-02 09:11"], ["08:11"], ""),
    ("sent_at_utc", ["2026-03-02 09:11"], ["09:11"], ""),
    ("Sent At (UTC+02:00)", ["2026-03-02 09:11"], ["07:11"], ""),
    ("sent at", ["2. März 2026 09:11", "2 mars 2026 09:11", "2 de marzo de 2026 09:11"], ["09:11"] * 3, ""),
    ("sent at", ["March 2nd, 2026 at 9:11 am"], ["09:11"], ""),
    ("sent at", ['="2026-03-02 09:11"'], ["09:11"], ""),
    ("sent at", ["02.03.2026 09:11"], ["09:11"], ""),
    ("sent at", ["3/2/2026 9:11 AM"], ["09:11"], ""),
    ("sent at", ["03/02/2026 09:11"], ["09:11"], "say --dates day-first"),
]


@pytest.mark.parametrize(("header", "column", "hours", "told"), TIMES)
def test_times_as_they_are_written(tmp_path: Path, header: str, column: list[str], hours: list[str], told: str) -> None:
    path = tmp_path / "log.csv"
    pd.DataFrame({"email": "jane@example.com", header: column}).to_csv(path, index=False)
    table = read_table(path)
    assert table.frame["sent_at"].dt.strftime("%m-%d %H:%M").tolist() == [f"03-02 {hour}" for hour in hours]
    assert told in " ".join(table.warnings)
    assert told or not table.warnings


@pytest.mark.parametrize(
    ("timezone", "hour"),
    [("", "09"), ("Europe/Berlin", "08"), ("America/New_York", "14"), ("+05:00", "04"), ("EST", "14")],
)
def test_a_log_without_zones_in_the_zone_that_one_names(tmp_path: Path, timezone: str, hour: str) -> None:
    path = tmp_path / "log.csv"
    path.write_text("email,sent at\njane@example.com,2026-03-02 09:11\nbob@example.net,2026-03-02T09:11:00Z\n")
    table = read_table(path, timezone=timezone)
    assert table.frame["sent_at"].dt.strftime("%H").tolist() == [hour, "09"]
    assert table.zoned == bool(timezone)


@pytest.mark.parametrize(
    "wrong", [{"timezone": "Mars/Olympus"}, {"timezone": "../etc"}, {"timezone": "+99:00"}, {"dates": "dmy"}]
)
def test_a_zone_or_order_that_is_none(tmp_path: Path, wrong: dict[str, str]) -> None:
    path = tmp_path / "log.csv"
    path.write_text(TABLE)
    with pytest.raises(AnalyzerError, match=next(iter(wrong.values())).replace("+", r"\+")):
        read_table(path, **wrong)  # type: ignore[arg-type]


def test_dates_that_can_be_read_both_ways(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"

    def days(text: str, dates: str = "") -> list[str]:
        path.write_text(text)
        return list(read_table(path, dates=dates).frame["sent_at"].dt.strftime("%d.%m."))

    assert days("email,sent at\nj@example.com,03/02/2026\n") == ["02.03."]
    assert days("email,sent at\nj@example.com,03/02/2026\n", "day-first") == ["03.02."]
    assert days("email,sent at\nj@example.com,03/02/2026\n", "month-first") == ["02.03."]
    # Another column of the same export has a day over 12.
    assert days("email,opened at,sent at\nj@example.com,25/02/2026,03/02/2026\n") == ["03.02."]
    # Both orders in one column: each as what it can be.
    assert days("email,sent at\nj@example.com,25/02/2026\nb@example.net,02/26/2026\n") == ["25.02.", "26.02."]
    assert "some dates have the day first" in " ".join(read_table(path).warnings)


def test_one_months_log_tells_the_order_of_another(tmp_path: Path) -> None:
    february, march = tmp_path / "february.csv", tmp_path / "march.csv"
    february.write_text("email,Sent At\nj@example.com,03/02/2026\n")
    march.write_text("email,Sent At\nj@example.com,25/03/2026\n")
    tables = read_tables([(february, "log"), (march, "log")])
    assert [table.frame.loc[0, "sent_at"].strftime("%d.%m.") for table in tables] == ["03.02.", "25.03."]
    assert not tables[0].warnings


#: (text, recipients, a column and what it holds, what is told)
ROWS: list[tuple[str, list[str], tuple[str, list[str]], str]] = [
    ("email,email,step\n,jane@example.com,1\n", ["jane@example.com"], ("step", ["1"]), "headers used twice: email"),
    ("email,step\njane@example.com,1\nTotal,1\n", ["jane@example.com"], ("step", ["1"]), "'Total'"),
    ("email,step\njane@example.com,1\n,1\n", ["jane@example.com"], ("step", ["1"]), "rows without an address left out: 1"),
    ("Campaign report\nExported 2026-03-09\n\nemail,step\njane@example.com,1\n", ["jane@example.com"], ("step", ["1"]), ""),
    ('email,"bounce\nreason"\njane@example.com,"550 5.1.1\nno such user"\n', ["jane@example.com"], ("bounce_reason", ["550 5.1.1\nno such user"]), ""),
    ("email,lead id,step\njane@example.com,42.0,1.0\n", ["jane@example.com"], ("lead_id", ["42"]), ""),
    ('email,lead id\njane@example.com,="0042"\n', ["jane@example.com"], ("lead_id", ["0042"]), ""),
    ("email,step\nann@example.org,0\njane@example.com\n\nbob@example.net,2,3,4\ncarl@example.org,5\n", ["ann@example.org", "jane@example.com", "bob@example.net", "carl@example.org"], ("step", ["0", "", "2,3,4", "5"]), "more or fewer cells"),
    ("email,,step,\njane@example.com,,1,\n", ["jane@example.com"], ("step", ["1"]), ""),
    ("email;score;step\njane@example.com;0,93;1\n", ["jane@example.com"], ("score", ["0,93"]), ""),
    ("sep=|\nemail|step\njane@example.com|1\n", ["jane@example.com"], ("step", ["1"]), ""),
    ("email,state\njane@example.com,Ohio\n", ["jane@example.com"], ("state (2)", ["Ohio"]), ""),
    ("email,role\njane@example.com,false\n", ["jane@example.com"], ("role", ["false"]), ""),
    ("email,sent\njane@example.com,true\nbob@example.net,false\n", ["jane@example.com", "bob@example.net"], ("was_sent", ["true", "false"]), ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "recipients", "column", "told"), ROWS)
def test_rows_and_headers_as_people_leave_them(
    tmp_path: Path, text: str, recipients: list[str], column: tuple[str, list[str]], told: str
) -> None:
    path = tmp_path / "log.csv"
    path.write_text(text)
    table = read_table(path)
    name, values = column
    assert table.frame["recipient"].tolist() == recipients
    assert table.frame[name].tolist() == values
    assert told in " ".join(table.warnings)
    assert told or not table.warnings


def test_columns_that_are_not_used_are_named(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("Wohin,Welle,email\nx,w1,jane@example.com\n")
    assert read_table(path).unmapped == ("Wohin", "Welle")


def test_a_workbook_with_a_hidden_sheet_a_title_and_dates(tmp_path: Path) -> None:
    book = Workbook()
    old = book.active
    old.title, old.sheet_state = "old", "hidden"
    old.append(["email"])
    old.append(["old@example.com"])
    log = book.create_sheet("log")
    log.append(["Report of March"])
    log.append([])
    log.append(["Email", "Sent At", "Lead ID", "secret"])
    log.append(["jane@example.com", pd.Timestamp("2026-03-02 09:11").to_pydatetime(), "0042", "x"])
    log.append(["bob@example.net", 46083.5, 43, "y"])
    log.column_dimensions["D"].hidden = True
    book.active = 1
    book.save(tmp_path / "log.xlsx")
    table = read_table(tmp_path / "log.xlsx")
    assert table.frame["recipient"].tolist() == ["jane@example.com", "bob@example.net"]
    assert table.frame["sent_at"].dt.strftime("%d %H:%M").tolist() == ["02 09:11", "02 12:00"]
    assert table.frame["lead_id"].tolist() == ["0042", "43"]


def test_records_inside_records(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    rows = [
        {
            "lead": {"email": "jane@example.com"},
            "to": [{"address": "jane@example.com"}],
            "tags": ["a", "b"],
            "note": None,
        },
        {"lead": {"email": "bob@example.net"}, "sent_at": 1772442660, "open": True},
    ]
    path.write_text("\n".join(map(json.dumps, rows)) + "\nnot json\n")
    table = read_table(path)
    assert table.frame["recipient"].tolist() == ["jane@example.com", "bob@example.net"]
    assert table.frame["tags"].tolist() == ["a, b", ""]
    assert "lines that are no JSON record left out: 1" in " ".join(table.warnings)


HOSTILE: dict[str, tuple[Callable[[], bytes], int | None]] = {
    # name: (the file, rows with an address; None: refused)
    "ten thousand columns": (lambda: ("email," + ",".join(f"c{n}" for n in range(10_000)) + "\njane@example.com" + ",x" * 10_000 + "\n").encode(), None),
    "a cell of five megabytes": (lambda: ('email,note\njane@example.com,"' + "x\n" * 2_500_000 + '"\nbob@example.net,y\n').encode(), 2),
    "a line of five megabytes": (lambda: b"email,note\njane@example.com," + b"y" * 5_000_000 + b"\n", 1),
    "a quote that is never closed": (lambda: b'email,note\njane@example.com,"oh\n' + b"bob@example.net,y\n" * 1000, 1001),
    "noughts among the cells": (lambda: b"email,note\njane@example.com,a\0b\n" + b"bob@example.net,y\n" * 2000, 2001),
    "binary": (lambda: random.Random(1).randbytes(200_000), None),
    "empty": (lambda: b"", None),
    "blanks": (lambda: b" \r\n\t\n" * 100, None),
    "only a header": (lambda: b"email,sent at\n", 0),
    "a header that ends without a line end": (lambda: b"email,sent at", 0),
    "no address in it": (lambda: b"name,step\nJane,1\n", None),
    "a page of HTML": (lambda: b"<!DOCTYPE html><html><body>Please sign in</body></html>", None),
    "JSON of a scalar": (lambda: b"[1, 2, 3]", None),
    "JSON that goes deep": (lambda: b"[" * 100_000 + b"]" * 100_000, None),
    "gzip cut off": (lambda: gzip.compress(TABLE.encode() * 100)[:60], None),
    "a zip of two tables": (lambda: _zip("a.csv", "b.csv"), None),
    "a zip of nothing": (lambda: _zip(), None),
    "a bomb": (lambda: gzip.compress(b"email\n" + b"a@b.example\n" * 25_000_000, 9), None),
    "delimiters alone": (lambda: b",,,,\n,,,,\n" * 100, None),
    "headers alike ten thousand times": (lambda: b"email," + b",".join([b"x"] * 10_000) + b"\nj@example.com\n", None),
}  # fmt: skip


def test_an_unused_column_of_dates_is_offered_where_nothing_says_when_a_mail_was_sent(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("email,Round,Gone At,Id\na@b.example,1.2,02.03.2026 09:11,20260302\nc@d.example,1.3,,20260303\n")
    told = "log.csv: nothing says when a mail was sent; if 'Gone At' does, say --map \"Gone At=sent_at\""
    assert told in read_table(path).warnings
    assert not any("nothing says when" in one for one in read_table(path, "leads").warnings)
    assert not any("nothing says when" in one for one in read_table(path, mapping={"Gone At": "sent_at"}).warnings)


@pytest.mark.parametrize("name", HOSTILE)
def test_files_made_to_hurt_are_read_or_refused_in_one_line(tmp_path: Path, name: str) -> None:
    made, rows = HOSTILE[name]
    path = tmp_path / "log.csv"
    path.write_bytes(made())
    if rows is None:
        with pytest.raises(UnreadableInputError, match=r"log\.csv") as caught:
            read_table(path)
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 600
    else:
        assert read_table(path).rows == rows


def test_a_quote_that_is_never_closed_takes_no_row_along_nor_any_other_quote(tmp_path: Path) -> None:
    """Whichever cell opens it, and with cells beside it that need their quotes."""
    rows = [f'"Firm {n}, Inc",u{n}@x.example,2026-03-02' for n in range(300)]
    for broken in (
        '"Firm z,z@x.example,2026-03-02',
        'Firm z,"z@x.example,2026-03-02',
        'Firm z,z@x.example,"2026-03-02',
    ):
        path = tmp_path / "log.csv"
        path.write_text("\n".join(["company,email,sent at", *rows[:10], broken, *rows[10:]]) + "\n")
        table = read_table(path)
        assert table.frame["recipient"].nunique() == 301
        assert set(table.frame["company"]) == {f"Firm {n}, Inc" for n in range(300)} | {"Firm z"}
        assert table.frame["sent_at"].notna().all()
        assert "log.csv: a quotation mark is never closed; it was left out: line 12" in table.warnings


@pytest.mark.parametrize("groups", ["Lead,,Outcome,\n", ",Lead,,Outcome\n", "Campaign Q1,,,\nLead,,Outcome,\n"])
def test_headings_of_groups_stand_above_the_names(tmp_path: Path, groups: str) -> None:
    path = tmp_path / "log.csv"
    path.write_text(groups + "Email,Sent at,Bounced,Reason\njane@example.com,2026-03-02,yes,550 5.1.1 No such user\n")
    table = read_table(path)
    assert list(table.mapping) == ["Email", "Sent at", "Bounced", "Reason"]
    assert len(table.frame) == 1


@pytest.mark.parametrize("second", ["Total,,2,", "text,date,number,", "Company A,2026-03-02,yes,x"])
def test_a_row_without_an_address_below_the_names_is_no_row_of_names(tmp_path: Path, second: str) -> None:
    path = tmp_path / "log.csv"
    path.write_text(f"Email,Sent at,Bounced,Reason\n{second}\njane@example.com,2026-03-02,yes,550 5.1.1 No such user\n")
    assert list(read_table(path).mapping) == ["Email", "Sent at", "Bounced", "Reason"]


def test_a_cell_of_a_mail_is_no_word_and_is_not_taken_apart_letter_by_letter() -> None:
    started = time.process_time()
    for _ in range(100):
        normalised("x" * 10_000_000)
    assert time.process_time() - started < 1


def test_a_frame_may_hold_lists_and_bytes_and_a_column_is_no_frame() -> None:
    """As `pandas.read_parquet` and DuckDB hand them over."""
    frame = pd.DataFrame({"recipient": [b"jane@example.com", "bob@example.net"], "tags": [np.array(["a", "b"]), None]})
    assert read_table(frame).frame["recipient"].tolist() == ["jane@example.com", "bob@example.net"]
    with pytest.raises(TypeError, match="not Series"):
        read_table(frame["recipient"])


def test_a_mail_pasted_into_a_cell_is_cut_where_lines_are(tmp_path: Path) -> None:
    mail = "550 5.1.1 no such user " + "kim@x.example, " * 100_000
    (tmp_path / "log.csv").write_text(
        f'email,bounce reason,Notes\na@b.example,"{mail}",short\nc@d.example,550 5.1.1 no such user,"{mail}"\n'
    )
    table = read_table(tmp_path / "log.csv")
    assert table.frame["bounce_reason"].str.len().tolist() == [65_536, 22]
    assert table.frame["Notes"].str.len().tolist() == [5, len(mail)]
    assert table.warnings == ("log.csv: bounce reason: 1 cell over line_bytes (64K) cut there",)


def test_times_in_the_future_are_told_and_kept(tmp_path: Path) -> None:
    soon = datetime.now(UTC) + timedelta(hours=10)
    (tmp_path / "log.csv").write_text(
        f"email,sent at\na@b.example,2026-03-02\nb@b.example,{soon:%Y-%m-%d %H:%M}\n"
        "c@b.example,2187-03-02\nd@b.example,2187-04-02\n"
    )
    table = read_table(tmp_path / "log.csv")
    assert table.frame["sent_at"].dt.year.tolist() == [2026, soon.year, 2187, 2187]
    assert table.warnings == (
        f"log.csv: sent_at: 2 of 4 in the future (today is {datetime.now(UTC):%Y-%m-%d}), the latest on 2187-04-02; "
        "they are kept as they are",
    )
