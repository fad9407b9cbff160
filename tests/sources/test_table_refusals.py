"""What people give for a table and is none: the one line that tells what it is, and what to do."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pytest

from analyzer.errors import UnreadableInputError
from analyzer.sources.tables import read_table

if TYPE_CHECKING:
    from pathlib import Path

COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600

#: (name, content, what is said of it)
FILES: dict[str, tuple[str, bytes, str]] = {
    "a page to sign in, saved as an export": (
        "report.csv",
        b"<!DOCTYPE html><html><body><form>Please sign in</form></body></html>",
        "is a web page (HTML) without a table, such as one to sign in; export it again, as CSV if there is a choice",
    ),
    "another XML file": (
        "leads.xml",
        b'<?xml version="1.0"?>\n<leads><lead email="jane@example.com"/></leads>',
        "is an XML file, and no workbook; open it in a spreadsheet and save it as .xlsx or CSV",
    ),
    "a workbook of 2003 in XML without a row": (
        "report.xls",
        b'<?xml version="1.0"?>\n<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet/></Workbook>',
        "is a workbook without a row; export it again, as CSV if there is a choice",
    ),
    "a workbook under a password": (
        "log.xlsx",
        COMPOUND + "EncryptedPackage".encode("utf-16-le") + b"\0" * 3000,
        "is protected by a password; save it without one",
    ),
    "a message of Outlook": (
        "bounce.msg",
        COMPOUND + b"\0" * (1 << 20) + "__substg1.0_0037001F".encode("utf-16-le"),
        "is a message of Outlook, no table; bounces go with --bounces",
    ),
    "a data file of Outlook": (
        "mail.pst",
        b"!BDN" + b"\1" * 900,
        "is an Outlook data file; export its mails as .eml or mbox",
    ),
    "a PDF": ("log.pdf", b"%PDF-1.7\n%\xe2\xe3\n", "is a PDF document; give CSV, XLSX, Parquet or JSON lines"),
    "an mbox": (
        "bounces.mbox",
        b"From MAILER-DAEMON Mon Mar  2 08:00:00 2026\nSubject: Undelivered\n\nNo such user\n",
        "is mail, no table; bounces go with --bounces",
    ),
    "a message": (
        "bounce.eml",
        b"Return-Path: <>\nSubject: Undelivered\n\nNo such user\n",
        "is mail, no table; bounces go with --bounces",
    ),
}


@pytest.mark.parametrize("case", FILES)
def test_what_is_no_table_is_named(tmp_path: Path, case: str) -> None:
    name, content, told = FILES[case]
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UnreadableInputError) as caught:
        read_table(path)
    assert str(caught.value) == f"{path}: {told}"


def test_an_archive_under_a_password(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "log.zip", "w") as archive:
        archive.writestr("log.csv", "email,sent at\njane@example.com,2026-03-02\n")
    data = bytearray((tmp_path / "log.zip").read_bytes())
    # The first bit of the general purpose flags (APPNOTE.TXT 4.4.4) of the part and of its place in the directory.
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + place] |= 1
    (tmp_path / "log.zip").write_bytes(data)
    with pytest.raises(
        UnreadableInputError, match=r"holds 'log\.csv', which is encrypted; unpack it with its password"
    ):
        read_table(tmp_path / "log.zip")


def test_a_header_as_long_as_a_page_is_named_in_short(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("x" * 100_000 + ",name\n1,Jane\n")
    with pytest.raises(UnreadableInputError) as caught:
        read_table(path)
    assert len(str(caught.value)) < 400


ROWS = b"email,sent at,campaign\njane@example.com,2026-03-02,Spring\nkim@example.com,2026-03-03,Spring\n"


@pytest.mark.parametrize(
    ("content", "count"),
    [
        (ROWS.replace(b"Spring", b"Spr\0ing", 1), "1 NUL byte"),
        (b"\0" + ROWS, "1 NUL byte"),
        (ROWS + b"\0" * 5000, "5,000 NUL bytes"),
        (ROWS.replace(b"jane", b"ja\0ne").replace(b"Spring", "Früh\0ling".encode("cp1252")), "3 NUL bytes"),
        (b"".join(b"%c\0" % letter for letter in b'[{"email": "jane@example.com"}]'), ""),
        (b'[{"email": "jane@example.com", "sent at": "2026-03-02"}, \0{"email": "kim@example.com"}]', "1 NUL byte"),
    ],
)
def test_zeros_that_a_crash_or_a_program_left_in_a_table(tmp_path: Path, content: bytes, count: str) -> None:
    (tmp_path / "log.csv").write_bytes(content)
    table = read_table(tmp_path / "log.csv")
    assert table.frame["recipient"].tolist()[0] == "jane@example.com"
    assert table.rows == (2 if count else 1)
    assert [f"log.csv: {count} left out: the file may be damaged"] * bool(count) == [
        text for text in table.warnings if "NUL" in text
    ]
    assert "\0" not in table.frame.to_csv()


def test_data_full_of_zeros_is_still_no_table(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_bytes(b"SQLite format 3\0" + b"\x10\0\1\1\0@  \0\0\0\7" * 40)
    with pytest.raises(UnreadableInputError, match="is binary data, no table"):
        read_table(tmp_path / "log.csv")
