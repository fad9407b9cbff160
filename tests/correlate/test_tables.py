"""The table reader: formats, encodings, delimiters, headers of platforms, broken rows, errors."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from analyzer.errors import MissingColumnError, UnreadableInputError
from analyzer.records import LEAD_COLUMNS, SEND_COLUMNS
from analyzer.sources.tables import read_table, read_tables
from analyzer.sources.tables.platforms import normalise_header

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROWS = [
    ["Email", "Sent At", "Campaign", "Note"],
    ["jane@example.com", "2026-03-02 09:11", "Frühling; eins", 'said "no", twice'],
    ["bob@example.net", "2026-03-03 09:11", "q1", "a\nb"],
]


def _delimited(delimiter: str) -> str:
    quoted = ([f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row] for row in ROWS)
    return "\r\n".join(delimiter.join(row) for row in quoted) + "\r\n"


def _excel(path: Path) -> None:
    frame = pd.DataFrame(ROWS[1:], columns=ROWS[0])
    frame["Sent At"] = pd.to_datetime(frame["Sent At"])
    with pd.ExcelWriter(path) as writer:
        pd.DataFrame({"a": ["notes only"]}).to_excel(writer, sheet_name="About", index=False)
        frame.to_excel(writer, sheet_name="Log", index=False)


def _parquet(path: Path) -> None:
    frame = pd.DataFrame(ROWS[1:], columns=ROWS[0])
    frame["Sent At"] = pd.to_datetime(frame["Sent At"])
    frame.to_parquet(path)


RECORDS = [dict(zip(ROWS[0], row, strict=True)) for row in ROWS[1:]]
FORMATS: dict[str, Callable[[Path], object]] = {
    "comma": lambda path: path.write_text(_delimited(","), encoding="utf-8", newline=""),
    "byte order mark": lambda path: path.write_text(_delimited(","), encoding="utf-8-sig", newline=""),
    "semicolon, cp1252": lambda path: path.write_text(_delimited(";"), encoding="cp1252", newline=""),
    "tab, UTF-16": lambda path: path.write_text(_delimited("\t"), encoding="utf-16", newline=""),
    "UTF-16 without a mark": lambda path: path.write_text(_delimited(","), encoding="utf-16-le", newline=""),
    "bar": lambda path: path.write_text(_delimited("|"), encoding="utf-8", newline=""),
    "sep line": lambda path: path.write_text("sep=;\r\n" + _delimited(";"), encoding="utf-8", newline=""),
    "title lines": lambda path: path.write_text("Report of March\n\n" + _delimited(","), encoding="utf-8", newline=""),
    "JSON array": lambda path: path.write_text(json.dumps(RECORDS, indent=1)),
    "JSON lines": lambda path: path.write_text("\n".join(map(json.dumps, RECORDS))),
    "JSON envelope": lambda path: path.write_text(
        json.dumps({"total": 2, "data": [{"attributes": r} for r in RECORDS]})
    ),
    "workbook": _excel,
    "Parquet": _parquet,
}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", ["log.xlsx", "log.dat"])
def test_the_same_table_in_every_format_whatever_its_name(tmp_path: Path, form: str, name: str) -> None:
    source, path = tmp_path / ("made.xlsx" if form == "workbook" else "made"), tmp_path / name
    FORMATS[form](source)
    source.rename(path)
    table = read_table(path)
    frame = table.frame
    assert frame["recipient"].tolist() == ["jane@example.com", "bob@example.net"]
    assert frame["campaign"].tolist() == ["Frühling; eins", "q1"]
    assert frame["sent_at"].dt.strftime("%Y-%m-%dT%H:%M%z").tolist() == [
        "2026-03-02T09:11+0000",
        "2026-03-03T09:11+0000",
    ]
    note = next(column for column in frame.columns if column.endswith("Note"))
    assert frame[note].str.replace("\r\n", "\n").tolist() == ['said "no", twice', "a\nb"]
    assert tuple(frame.columns[: len(SEND_COLUMNS)]) == SEND_COLUMNS
    assert (table.rows, len(table.sha256)) == (2, 64)


@pytest.mark.parametrize("name", ["Jörg", "Müller", "André Søby", "Zoë", "Peña", "Groß"])
def test_a_few_western_letters_are_no_chinese(tmp_path: Path, name: str) -> None:
    path = tmp_path / "leads.csv"
    path.write_text(f"name,email\n{name},ann@example.org\n", encoding="cp1252")
    assert read_table(path, "leads").frame["name"].tolist() == [name]


@pytest.mark.parametrize("encoding", ["cp1251", "cp932", "gb18030"])
def test_other_code_pages(tmp_path: Path, encoding: str) -> None:
    company = {
        "cp1251": "Сбербанк России, город Москва, главный офис; Газпром нефть и другие предприятия",
        "cp932": "株式会社日本製薬",
        "gb18030": "中国工商银行有限公司",
    }[encoding]
    path = tmp_path / "leads.csv"
    path.write_text("email,company\n" + f'ann@example.org,"{company}"\n' * 5, encoding=encoding)
    table = read_table(path, "leads")
    assert table.frame["company"].unique().tolist() == [company]
    assert table.warnings == (f"leads.csv: not UTF-8; read as {encoding}",)


PLATFORM_HEADERS = [
    ("Smartlead", "lead_email,sequence_number,sent_time,email_subject,is_bounced", "recipient step sent_at bounced"),
    ("Outreach", "prospectEmail,mailboxAddress,bouncedAt,errorReason,deliveredAt,attributableSequenceName", "recipient sender bounced bounce_reason sent_at campaign"),
    ("Salesloft", "recipient_email_address,cadence,step,bounced,sent_at", "recipient campaign step bounced sent_at"),
    ("Instantly", "email,verification_status,email_open_count,status,campaign,timestamp_last_contact", "recipient email_status state campaign sent_at"),
    ("Apollo", "First Name,Email,Email Status,Email Confidence,Industry,Primary Email Catch-all Status", "recipient email_status industry catch_all"),
    ("HubSpot", "Recipient,Portal Bounce,Global Bounce,Portal Unsubscribe", "recipient bounce_reason bounced"),
    ("lemlist", "email,lastState,campaignName,sendUserEmail", "recipient state campaign sender"),
    ("Reply.io", "Email,Email Validation,Sequence,Step", "recipient email_status campaign step"),
    ("Mailshake", "Email Address,Campaign Title,Sent Date,Bounced", "recipient campaign sent_at bounced"),
    ("Woodpecker", "email,campaign status,global status,last contacted", "recipient bounced state sent_at"),
    ("QuickMail", "prospect email,inbox,journey,email verification,sent at", "recipient sender campaign email_status sent_at"),
    ("Amplemarket", "lead.email,sequence.name,sequence_stage.index,email_message.id,email_message.date,user.email", "recipient campaign step message_id sent_at sender"),
]  # fmt: skip


@pytest.mark.parametrize(("platform", "header", "fields"), PLATFORM_HEADERS)
def test_headers_of_a_platform(tmp_path: Path, platform: str, header: str, fields: str) -> None:
    path = tmp_path / "export.csv"
    path.write_text(header + "\n" + ",".join("jane@example.com" for _ in header.split(",")) + "\n")
    table = read_table(path)
    assert table.platform == platform
    assert set(table.mapping.values()) == set(fields.split())


def test_a_leads_file_and_a_file_that_is_both(tmp_path: Path) -> None:
    path = tmp_path / "both.csv"
    path.write_text("Work Email,Verification Result,Branche,Step\njane@example.com,valid,Banken,1\n")
    leads, log = read_table(path, "leads"), read_table(path, "log")
    assert tuple(leads.frame.columns[: len(LEAD_COLUMNS)]) == LEAD_COLUMNS
    assert leads.mapping == {
        "Work Email": "email",
        "Verification Result": "email_status",
        "Branche": "industry",
        "Step": "step",
    }
    assert log.frame.loc[0, ["recipient", "email_status", "industry", "step"]].tolist() == [
        "jane@example.com",
        "valid",
        "Banken",
        "1",
    ]


def test_a_wanted_mapping_wins(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("Email,Old Mail,Wave\nx@example.com,jane@example.com,w1\n")
    table = read_table(path, mapping={"old mail": "email", "Wave": "campaign"})
    assert table.frame.loc[0, ["recipient", "campaign", "Email"]].tolist() == [
        "jane@example.com",
        "w1",
        "x@example.com",
    ]
    assert table.unmapped == ("Email",)


@pytest.mark.parametrize(
    ("mapping", "says"),
    [({"Nope": "recipient"}, "'Nope'.*Email, Wave"), ({"Wave": "wave"}, "'wave'.*recipient, sent_at")],
)
def test_a_wrong_mapping_names_what_there_is(tmp_path: Path, mapping: dict[str, str], says: str) -> None:
    path = tmp_path / "log.csv"
    path.write_text("Email,Wave\njane@example.com,w1\n")
    with pytest.raises(UnreadableInputError, match=says):
        read_table(path, mapping=mapping)


def test_no_address_column_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("Name,Wave\nJane,w1\n")
    with pytest.raises(MissingColumnError, match=r"log\.csv.*Name, Wave.*--map YOURCOLUMN=recipient"):
        read_table(path)


def test_one_column_of_addresses_is_used_and_told(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("Wer,Wave\njane@example.com,w1\n,w2\n")
    table = read_table(path)
    assert table.frame["recipient"].tolist() == ["jane@example.com"]
    assert any("'Wer'" in warning for warning in table.warnings)


def test_a_table_without_a_header(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("jane@example.com,q1\nbob@example.net,q1\n")
    assert read_table(path).frame["recipient"].tolist() == ["jane@example.com", "bob@example.net"]


@pytest.mark.parametrize(
    ("text", "addresses", "warning"),
    [
        ("email,a\n\n\njane@example.com,1\n\n", ["jane@example.com"], ""),
        ("email,a\njane@example.com,1\nTotal,1\n", ["jane@example.com"], "'Total'"),
        ("email,a\n,\njane@example.com,1\n", ["jane@example.com"], "blank rows left out: 1"),
        ("email,email,a\njane@example.com,x@example.com,1\n", ["jane@example.com"], "used twice: email"),
        ("email,a\njane@example.com\nbob@example.net,1,2,3\nann@example.org,1\n", None, "more or fewer cells than the header: 2"),
        ('email,a\njane@example.com,"open\nbob@example.net,1\n', None, "never closed"),
        ("email,sent_at\njane@example.com,soon\n", ["jane@example.com"], "sent_at: 1 of 1 not read as times, for example 'soon'"),
        ("email,a,\njane@example.com,1,\nbob@example.net,2,\n", None, ""),
        ("email,a\njane@example.com,1,\nbob@example.net,2,\n", None, ""),
    ],
)  # fmt: skip
def test_broken_rows_are_told_and_never_stop(
    tmp_path: Path, text: str, addresses: list[str] | None, warning: str
) -> None:
    path = tmp_path / "log.csv"
    path.write_text(text)
    table = read_table(path)
    if addresses is None:
        assert {"jane@example.com", "bob@example.net"} <= set(table.frame["recipient"])
    else:
        assert table.frame["recipient"].tolist() == addresses
    assert warning in " ".join(table.warnings)
    assert warning or not table.warnings


@pytest.mark.parametrize(
    "data", [b"", b"\n \n", b"\xff\xfe", b"PK\x03\x04nonsense", b"PAR1nonsense", b"\x00\x01\x02" * 99, b"[]", b"{oops"]
)
def test_what_is_no_table_is_refused_in_one_line(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(data)
    with pytest.raises(UnreadableInputError, match=r"log\.csv") as caught:
        read_table(path)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "no.csv", tmp_path):
        with pytest.raises(UnreadableInputError):
            read_table(path)


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        ("status", "verified", "verified"),
        ("is_valid", "true", "valid"),
        ("is_valid", "false", "invalid"),
        ("verified", "no", "unverified"),
        ("catch_all", "yes", "catch-all"),
        ("email_status,catch_all", "verified,true", "verified (catch-all)"),
        ("email_status,catch_all", "verified,false", "verified"),
        ("email_status", "N/A", ""),
    ],
)
def test_columns_that_tell_a_status(tmp_path: Path, header: str, value: str, status: str) -> None:
    path = tmp_path / "leads.csv"
    path.write_text(f"email,{header}\njane@example.com,{value}\n")
    assert read_table(path, "leads").frame["email_status"].tolist() == [status]


def test_a_status_column_of_deliveries_is_no_verification(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("email,status\njane@example.com,bounced\nbob@example.net,delivered\n")
    table = read_table(path)
    assert table.mapping["status"] == "state"


def test_industry_codes_say_which_list_they_are_from(tmp_path: Path) -> None:
    path = tmp_path / "leads.csv"
    path.write_text("email,NAICS Code\njane@example.com,522110\n")
    assert read_table(path, "leads").frame["industry"].tolist() == ["NAICS 522110"]


def test_numbers_in_a_workbook_stay_whole(tmp_path: Path) -> None:
    path = tmp_path / "leads.xlsx"
    pd.DataFrame({"email": ["jane@example.com", "bob@example.net"], "lead id": [42.0, None]}).to_excel(
        path, index=False
    )
    assert read_table(path, "leads").frame["lead_id"].tolist() == ["42", ""]


@pytest.mark.parametrize("header", ["Sent At", "sent_at", "sentAt", " SENT-AT "])
def test_headers_are_compared_without_case_and_punctuation(header: str) -> None:
    assert normalise_header(header) == "sentat"


@pytest.mark.parametrize(("header", "message"), [("a\nb", "found: a b"), ("Name", "found: Name")])
def test_an_error_stays_on_one_line(tmp_path: Path, header: str, message: str) -> None:
    path = tmp_path / "log.csv"
    path.write_text(f'"{header}",Wave\nJane,w1\n')
    with pytest.raises(MissingColumnError, match=message) as caught:
        read_table(path)
    assert "\n" not in str(caught.value)


def test_importing_the_reader_does_not_import_pandas() -> None:
    # The fast commands import the sources; the frame library would cost them most of a second.
    code = "import sys, analyzer.sources.tables as t; sys.exit('pandas' in sys.modules or 'pyarrow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_one_mapping_for_several_files(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("Wer,Welle\njane@example.com,w1\n")
    (tmp_path / "leads.csv").write_text("email,Feld\njane@example.com,Banken\n")
    files = [(tmp_path / "log.csv", "log"), (tmp_path / "leads.csv", "leads")]
    log, leads = read_tables(files, {"Welle": "campaign", "feld": "industry"})
    assert log.frame["campaign"].tolist() == ["w1"]
    assert leads.frame["industry"].tolist() == ["Banken"]
    with pytest.raises(UnreadableInputError, match=r"'Wave'"):
        read_tables(files, {"Wave": "campaign"})
