"""Tables that are made to hurt: each is refused in one line that names the bound or the fault, whatever its format."""

from __future__ import annotations

import csv
import datetime
import decimal
import gzip
import io
import json
import os
import threading
import zipfile
import zlib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analyzer.bounds import Bounds, using
from analyzer.errors import AnalyzerError, UnreadableInputError
from analyzer.sources.tables import Table, read_table

OF = "http://schemas.openxmlformats.org"
KIND = f"{OF}/officeDocument/2006/relationships"
HEAD = f'<?xml version="1.0"?><worksheet xmlns="{OF}/spreadsheetml/2006/main">'
PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{OF}/package/2006/content-types"><Default Extension="xml" '
    'ContentType="application/xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{OF}/package/2006/relationships"><Relationship Id="r1" '
    f'Type="{KIND}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{OF}/spreadsheetml/2006/main" xmlns:r="{KIND}"><sheets>'
    '<sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{OF}/package/2006/relationships"><Relationship Id="r1" '
    f'Type="{KIND}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="r2" Type="{KIND}/sharedStrings" '
    'Target="sharedStrings.xml"/></Relationships>',
}


def cell(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def workbook(path: Path, last: str = "A2", declared: str = "A1:A2", shared: str = "", wide: int = 1) -> Path:
    """A workbook with a header of `wide` columns in row 1 and an address in the cell `last`."""
    header = "".join(cell(f"{letters(n)}1", "email" if n == 0 else f"h{n}") for n in range(wide))
    row = last.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    rows = f'<row r="1">{header}</row><row r="{row}">{cell(last, "kim@lumen.example")}</row>'
    sheet = f'{HEAD}<dimension ref="{declared}"/><sheetData>{rows}</sheetData></worksheet>'
    strings = f'<sst xmlns="{OF}/spreadsheetml/2006/main">{shared}</sst>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in {**PARTS, "xl/sharedStrings.xml": strings, "xl/worksheets/sheet1.xml": sheet}.items():
            archive.writestr(name, text)
    return path


def letters(number: int) -> str:
    """A column's name: 0 is A, 26 is AA."""
    return (letters(number // 26 - 1) if number >= 26 else "") + chr(ord("A") + number % 26)


def refused(path: Path, bounds: Bounds | None = None) -> str:
    """The one line that a table is refused with."""
    with pytest.raises(UnreadableInputError) as told, using(bounds):
        read_table(path, "leads")
    said = str(told.value)
    assert said.startswith(f"{path}: ") and "\n" not in said
    return said


def test_a_workbook_that_lies_about_its_area_is_read(tmp_path: Path) -> None:
    assert read_table(workbook(tmp_path / "a.xlsx", declared="A1:XFD1048576"), "leads").rows == 1


def test_two_cells_in_opposite_corners_take_no_memory_for_those_between(tmp_path: Path) -> None:
    """550 GB by calamine's own reckoning, which ends its process."""
    said = refused(workbook(tmp_path / "a.xlsx", last="XFD1048576"))
    assert "takes more than 4G of memory to read, the bound workbook_memory_bytes; save the sheet as CSV" in said


@pytest.mark.parametrize(
    ("ends", "says"),
    [
        ("os.kill(os.getpid(), 9)", "was ended by SIGKILL, which a system does that has no memory left"),
        ("os.kill(os.getpid(), 11)", "was ended by SIGSEGV"),
        ("os._exit(3)", "ended with exit code 3"),
        ("os.abort()", "takes more than 4G of memory"),
    ],
)
def test_what_ended_the_process_that_reads_workbooks_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ends: str, says: str
) -> None:
    """The library stands in for itself here: one that dies when it is loaded."""
    (tmp_path / "python_calamine.py").write_text(f"import os\n{ends}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    said = refused(workbook(tmp_path / "a.xlsx"))
    assert says in said and said.endswith("; save the sheet as CSV")
    assert ("memory" in said) == ("memory" in says)


def test_shared_strings_without_end(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", shared="<si><t>x</t></si>" * 3_000_000)
    assert "archive_ratio" not in refused(path, Bounds(workbook_memory_bytes=96 << 20))
    assert "expands more than 20 times" in refused(path, Bounds(archive_free_bytes=1 << 20, archive_ratio=20))
    assert "the bound table_bytes" in refused(path, Bounds(table_bytes=1 << 20))


@pytest.mark.parametrize("part", ["xl/sharedStrings.xml", "xl/worksheets/sheet1.xml"])
def test_a_part_that_is_longer_than_it_says(tmp_path: Path, part: str) -> None:
    """The directory says ten bytes, with the checksum of those ten."""
    path = workbook(tmp_path / "a.xlsx", shared="<si><t>x</t></si>" * 1000)
    with zipfile.ZipFile(path) as archive:
        info, whole = archive.getinfo(part), archive.read(part)
    data = bytearray(path.read_bytes())
    for mark, crc_at, size_at in ((b"PK\x01\x02", 16, 24), (b"PK\x03\x04", 14, 22)):
        at = data.index(mark)
        while data[at + (46 if mark[2] == 1 else 30) :][: len(part)] != part.encode():
            at = data.index(mark, at + 4)
        data[at + crc_at : at + crc_at + 4] = zlib.crc32(whole[:10]).to_bytes(4, "little")
        data[at + size_at : at + size_at + 4] = (10).to_bytes(4, "little")
    path.write_bytes(data)
    assert info.file_size > 10
    assert f"its part '{part}' is longer than it says" in refused(path)


def wide(path: Path, columns: int) -> Path:
    names = ["email", *(f"h{n}" for n in range(1, columns))]
    match path.suffix:
        case ".csv":
            path.write_text(",".join(names) + "\n" + ",".join(["kim@lumen.example"] * columns) + "\n")
        case ".jsonl":
            path.write_text("".join(json.dumps({"email": "kim@lumen.example", name: 1}) + "\n" for name in names))
        case ".parquet":
            pq.write_table(pa.table({name: ["kim@lumen.example"] for name in names}), path)
        case _:
            workbook(path, wide=columns)
    return path


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.parquet", "a.xlsx"])
def test_a_table_with_too_many_columns(tmp_path: Path, name: str) -> None:
    path = wide(tmp_path / name, 120)
    assert "120 columns, over the bound table_columns (100)" in refused(path, Bounds(table_columns=100))
    assert read_table(path, "leads").rows >= 1


def short_rows(path: Path) -> Path:
    """A header of a hundred columns, and lines of one sign."""
    path.write_text(",".join(["email", *"h" * 99]) + "\n" + "k\n" * 1000)
    return path


def records_of_their_own(path: Path) -> Path:
    path.write_text("".join(json.dumps({f"h{n}": n}) + "\n" for n in range(500)))
    return path


def nothing_at_all(path: Path) -> Path:
    """A hundred columns of a million empty cells take 30 kB."""
    pq.write_table(pa.table({f"h{n}": pa.nulls(1_000_000, pa.int8()) for n in range(3)}), path)
    return path


@pytest.mark.parametrize("make", [short_rows, records_of_their_own, nothing_at_all])
def test_cells_that_are_not_in_the_file(tmp_path: Path, make) -> None:
    path = make(tmp_path / "table")
    assert "over the bound table_cells (50000)" in refused(path, Bounds(table_cells=50_000))


def test_one_text_many_times_over(tmp_path: Path) -> None:
    """A dictionary of one text of a megabyte, and 40,000 rows that point to it: 40 GB out of a few kilobytes."""
    values = pa.DictionaryArray.from_arrays(pa.array([0] * 40_000, pa.int32()), pa.array(["x" * (1 << 20)]))
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"email": ["kim@lumen.example"] * 40_000, "note": values}), path, compression="zstd")
    assert path.stat().st_size < 1 << 17
    assert "is over 4G unpacked, the bound table_bytes" in refused(path)


DAY = datetime.date(2026, 5, 4)
COLUMNS = {
    "decimal": pa.array([decimal.Decimal("1.10"), None]),
    "bytes that are no text": pa.array([b"\xff\xfe", None]),
    "a text that is no UTF-8": pa.Array.from_buffers(pa.string(), 2, [None, pa.py_buffer(b"\0\0\0\0\2\0\0\0\4\0\0\0"), pa.py_buffer(b"\xff\xfe\xc3(")]),
    "a day in the year 5,000,000": pa.array([2**31 - 1, None], pa.int32()).cast(pa.date32()),
    "a time out of all time": pa.array([2**62, -(2**62)], pa.int64()).cast(pa.timestamp("us", "UTC")),
    "a duration": pa.array([datetime.timedelta(days=1), None]),
    "an hour": pa.array([datetime.time(9, 30), None]),
    "a list of records": pa.array([[{"a": 1}], None]),
    "a record of records": pa.array([{"a": {"b": {"c": 1}}}, None]),
    "a map": pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int64())),
    "nothing": pa.nulls(2),
    "truth": pa.array([True, None]),
    "half a number": pa.array([1.5, None], pa.float16()),
    "numbers in a dictionary": pa.array([1, None]).dictionary_encode(),
    "bytes of one length": pa.array([b"ab", None], pa.binary(2)),
    "lists in lists": pa.array([[[["a"]]], None]),
}  # fmt: skip


@pytest.mark.parametrize("name", COLUMNS)
def test_columns_of_every_type(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"email": ["kim@lumen.example", "lee@lumen.example"], "odd": COLUMNS[name]}), path)
    read = read_table(path, "leads")
    assert read.rows == 2
    assert all(isinstance(value, str) for column in read.unmapped for value in read.frame.get(column, ()))


def test_the_address_may_have_any_type(tmp_path: Path) -> None:
    for name, column in COLUMNS.items():
        path = tmp_path / "a.parquet"
        pq.write_table(pa.table({"email": column}), path)
        try:
            found: Table | AnalyzerError = read_table(path, "leads")
        except AnalyzerError as error:
            found = error
        assert isinstance(found, Table) or str(found).isprintable(), name


def test_a_cell_of_any_length_is_under_a_bound(tmp_path: Path) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([["email", "note"], ["kim@lumen.example", "x" * 100_000]])
    (tmp_path / "a.csv").write_text(out.getvalue())
    assert "a.csv" in refused(tmp_path / "a.csv", Bounds(csv_field_bytes=1_000))


def test_a_table_may_come_through_a_pipe(tmp_path: Path) -> None:
    """The shell's <(...): its bytes come once."""
    pipe, data = tmp_path / "pipe", b"email\n" + b"kim@lumen.example\n" * 50_000
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(gzip.compress(data)), daemon=True)
    writer.start()
    assert read_table(pipe, "leads").rows == 50_000
    writer.join(30)


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null"])
def test_a_device_is_no_table(device: str) -> None:
    refused(Path(device))
