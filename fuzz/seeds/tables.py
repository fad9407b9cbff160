"""Tables in every format, of a few rows each, in the shapes that platforms export."""

# ruff: noqa: E501
from __future__ import annotations

import csv as csv_module
import gzip
import io
import json
from functools import cache
from typing import Any

from analyzer.bounces import rows_of
from analyzer.classify import default_classifier
from analyzer.records import BOUNCE_COLUMNS, RawMessage
from analyzer.sources.tables import TableKind
from fuzz.seeds.mail import messages

_LOG = [
    {"Email": "kim@lumen.example", "Sent At": "2026-03-02 09:11:21", "Campaign": "Q1", "Step": "1", "From": "ava@out.example",
     "Message ID": "<m1@out.example>", "Lead ID": "L-1", "Bounced": "TRUE", "Bounce Reason": "550 5.1.1 User unknown"},
    {"Email": "Bo <bo@arbor.example>", "Sent At": "02/03/2026 10:00", "Campaign": "Q1", "Step": "2", "From": "ava@out.example",
     "Message ID": "", "Lead ID": "L-2", "Bounced": "", "Bounce Reason": ""},
    {"Email": "jo@brae.example;jo2@brae.example", "Sent At": "1772442681", "Campaign": "=Q1", "Step": "3", "From": "", "Message ID": "m3",
     "Lead ID": "", "Bounced": "hard", "Bounce Reason": 'said "no,\nnever"'},
]  # fmt: skip
_LEADS = [
    {"email": "kim@lumen.example", "Lead ID": "L-1", "Email Status": "verified", "Industry": "Banking", "Company": "Lumen", "Country": "DE",
     "Verified At": "2026-01-31", "Title": "CFO"},
    {"email": "bo@arbor.example", "Lead ID": "L-2", "Email Status": "catch-all", "Industry": "Furniture", "Company": "Arbor, Inc", "Country": "",
     "Verified At": "31.01.2026 08:00", "Title": "Leiter Verkäufe"},
    {"email": "not an address", "Lead ID": "", "Email Status": "?", "Industry": "", "Company": "", "Country": "", "Verified At": "n/a", "Title": ""},
]  # fmt: skip
_ROWS = {"log": _LOG, "leads": _LEADS}


def _delimited(rows: list[dict[str, str]], delimiter: str = ",", end: str = "\n") -> str:
    file = io.StringIO(newline="")
    writer = csv_module.DictWriter(file, list(rows[0]), delimiter=delimiter, lineterminator=end)
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


@cache
def csv(kind: TableKind) -> list[bytes]:
    """Delimiters, encodings, line ends, a title above the header, packed."""
    rows = _ROWS[kind]
    plain = _delimited(rows)
    return [
        plain.encode(),
        b"\xef\xbb\xbf" + _delimited(rows, ";", "\r\n").encode(),
        _delimited(rows, "\t").encode("utf-16"),
        _delimited(rows, "|").encode("cp1252"),
        ("Export of 2 March 2026\n\n" + plain).encode(),
        gzip.compress(plain.encode(), mtime=0),
        _delimited(rows * 20).encode(),
    ]


@cache
def json_lines() -> list[bytes]:
    """Lines, an array, records in an envelope, values of other types."""
    nested = [
        {"lead": {"email": row["Email"], "id": 1}, "sent_at": 1772442681.5, "tags": ["a", None], "ok": True}
        for row in _LOG
    ]
    return [
        "\n".join(map(json.dumps, _LOG)).encode(),
        json.dumps(_LOG, indent=1).encode(),
        json.dumps({"data": _LOG, "next": None}).encode(),
        json.dumps(nested).encode(),
    ]


@cache
def workbooks() -> list[bytes]:
    """A sheet, and a sheet behind another one."""
    import xlsxwriter

    found = []
    for extra in (False, True):
        file = io.BytesIO()
        with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
            if extra:
                book.add_worksheet("Notes").write(0, 0, "nothing here")
            sheet = book.add_worksheet("Leads")
            for place, name in enumerate(_LEADS[0]):
                sheet.write(0, place, name)
                for line, row in enumerate(_LEADS, 1):
                    sheet.write(line, place, row[name])
        found.append(file.getvalue())
    return found


@cache
def parquet() -> list[bytes]:
    """As text, and as types of its own."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    found = []
    for table in (
        pa.Table.from_pylist(_LOG),
        pa.table({"email": ["a@b.example"], "sent_at": pa.array([0], pa.timestamp("ns"))}),
    ):
        file = io.BytesIO()
        pq.write_table(table, file)
        found.append(file.getvalue())
    return found


@cache
def _own() -> list[dict[str, Any]]:
    chosen = sorted(messages(), key=len)[40:44]
    return [
        row
        for number, data in enumerate(chosen)
        for row in rows_of(RawMessage(f"box.mbox#{number}", data), default_classifier())
    ]


@cache
def own_csv() -> list[bytes]:
    """Rows of `parse`, all columns and a few."""
    rows = [{name: "" if row[name] is None else str(row[name]) for name in BOUNCE_COLUMNS} for row in _own()]
    few = [
        {name: row[name] for name in ("recipient", "label", "fault", "reason", "record_id", "transient", "confidence")}
        for row in rows
    ]
    return [_delimited(rows).encode(), _delimited(few, ";").encode(), b"\xef\xbb\xbf" + _delimited(few).encode()]


@cache
def own_json() -> list[bytes]:
    """Rows of `parse`, a line each."""
    return ["\n".join(map(json.dumps, _own())).encode(), json.dumps(_own()[0]).encode()]
