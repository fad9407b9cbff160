"""A checked list as a file: CSV, JSON lines, Parquet or XLSX by its ending; nothing in it runs as a formula.

Rows are written as they come, aside, and moved into place at the end: a list that was cut short never looks whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.check.rows import CHECK_TYPES, LIST_COLUMNS
from analyzer.errors import OutputError

if TYPE_CHECKING:
    from analyzer.check.rows import Row

ENDINGS: tuple[str, ...] = (".csv", ".jsonl", ".ndjson", ".parquet", ".xlsx")
#: Rows of a sheet, its header among them (ECMA-376).
SHEET_ROWS = 1_048_576
_CELL = 32_767
#: Of the address in lower case, where the address itself is masked.
DIGEST = "email_sha256"
_BATCH = 10_000
_WIDTHS = {
    "email": 34,
    "grade": 14,
    "score": 7,
    "reasons": 30,
    "email_original": 34,
    "suggestion": 26,
    "reasons_text": 60,
}
_COLOURS = {"send": "#E2F0E2", "verify_again": "#FFF3D6", "do_not_send": "#F8DEDC"}


def check_ending(out: str, rows: int | None = None) -> str:
    """The format that a file's name asks for ("-": JSON lines on the standard output). Call it before the work starts.

    `OutputError` for an ending that is none, and for a sheet that cannot hold so many rows."""
    if out == "-":
        return "-"
    ending = Path(out).suffix.lower()
    if ending not in ENDINGS:
        raise OutputError(
            out,
            f"has the ending {ending!r}, which is none of a table" if ending else "has no ending that names a format",
            f"use {', '.join(ENDINGS)}, or - for JSON lines on the standard output",
        )
    if ending == ".xlsx" and rows is not None and rows >= SHEET_ROWS:
        raise OutputError(out, f"a sheet holds {SHEET_ROWS - 1:,} leads, the list has {rows:,}", "use .csv or .parquet")
    return ending


def write(rows: Iterable[Row], out: str, columns: Sequence[str]) -> int:
    """Write the rows' `columns` to `out`, and return how many rows. `OutputError` where it cannot be written."""
    from analyzer.files import atomic
    from analyzer.report.rows import write_rows

    ending = check_ending(out)
    if ending in {"-", ".jsonl", ".ndjson"}:
        return write_rows(rows, out, columns)
    if ending == ".csv":
        return write_rows(map(flat, rows), out, columns)
    with atomic(out) as temporary:
        if ending == ".parquet":
            return _write_parquet(rows, temporary, columns)
        return _write_sheet(rows, temporary, columns)


def masked_rows(rows: Iterable[Row]) -> Iterator[Row]:
    """The rows without addresses, and with `email_sha256`: of the address in lower case, "" where there is none."""
    from analyzer.redaction import hashed, masked_row

    for row in rows:
        yield {**masked_row(row), DIGEST: hashed(str(row["email"])) if row["email"] else ""}


def with_digest(columns: Sequence[str]) -> list[str]:
    """The columns with the digest behind the address."""
    return [one for name in columns for one in ((name, DIGEST) if name == "email" else (name,))]


def flat(row: Row) -> Row:
    """The row with its lists as text."""
    return {name: "; ".join(value) if name in LIST_COLUMNS else value for name, value in row.items()}


def _write_parquet(rows: Iterable[Row], path: Path, columns: Sequence[str]) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {int: pa.int64(), float: pa.float64()}
    schema = pa.schema(
        [
            (
                name,
                pa.list_(pa.string()) if name in LIST_COLUMNS else kinds.get(CHECK_TYPES.get(name, str), pa.string()),
            )
            for name in columns
        ]
    )
    count, rest = 0, iter(rows)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        while batch := list(islice(rest, _BATCH)):
            arrays = [
                pa.array([_storable(row[field.name]) for row in batch], type=field.type)  #
                for field in schema
            ]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            count += len(batch)
    return count


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode() if not value.isprintable() else value
    return list(value) if isinstance(value, tuple) else value


@contextmanager
def _workbook(path: Path) -> Iterator[Any]:
    import xlsxwriter
    from xlsxwriter.exceptions import FileCreateError

    # Constant memory: a list of a million rows is written row by row.
    settings = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    book = xlsxwriter.Workbook(str(path), settings)
    try:
        yield book
    finally:
        try:
            book.close()
        except FileCreateError as error:
            # It wraps what the system said, which `atomic` knows how to tell.
            raise (error.args[0] if error.args and isinstance(error.args[0], OSError) else error) from None


def _write_sheet(rows: Iterable[Row], path: Path, columns: Sequence[str]) -> int:
    count = 0
    with _workbook(path) as book:
        sheet = book.add_worksheet("Leads")
        head = book.add_format({"bold": True, "bottom": 1})
        shades = {grade: book.add_format({"bg_color": colour}) for grade, colour in _COLOURS.items()}
        for place, name in enumerate(columns):
            sheet.set_column(place, place, _WIDTHS.get(name, 16))
        sheet.freeze_panes(1, 1)
        for place, name in enumerate(columns):
            sheet.write_string(0, place, name, head)
        for row in rows:
            count += 1
            shade = shades.get(row.get("grade", ""))
            for place, name in enumerate(columns):
                value = row[name]
                if name in LIST_COLUMNS:
                    value = "; ".join(value)
                if isinstance(value, str):
                    if value:
                        sheet.write_string(count, place, _cell(value), shade if name == "grade" else None)
                elif value is not None:
                    sheet.write_number(count, place, value)
        sheet.autofilter(0, 0, count, max(len(columns) - 1, 0))
    return count


def _cell(text: str) -> str:
    """What a cell can hold: XML has no control characters nor halves of surrogate pairs."""
    shown = text if text.isprintable() else "".join(sign for sign in text if sign.isprintable() or sign in "\n\t")
    return shown.encode("utf-8", "replace").decode()[:_CELL]
