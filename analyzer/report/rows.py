"""Bounce rows out: CSV, JSON lines or Parquet by the file's ending, JSON lines on the standard output for `-`.

Cells that a spreadsheet would run as a formula are defused (`analyzer.formulas`).
"""

from __future__ import annotations

import csv
import io
import os
import sys
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol, TypeAlias

import orjson

from analyzer.errors import OutputError
from analyzer.files import NO_SPACE, atomic
from analyzer.formulas import STARTS
from analyzer.readable import printable_json
from analyzer.records import BOUNCE_COLUMNS, BOUNCE_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Row: TypeAlias = Mapping[str, Any] | Sequence[Any]

ENDINGS: tuple[str, ...] = (".csv", ".jsonl", ".ndjson", ".parquet")

_JSON = orjson.OPT_APPEND_NEWLINE | orjson.OPT_SERIALIZE_NUMPY
_MARKED = frozenset((*STARTS, "'"))


class _Writer(Protocol):
    """Takes rows by the `batch`, as dicts or in the order of the columns."""

    batch: int

    def write(self, rows: list[Row]) -> None: ...
    def close(self) -> None: ...


def check_ending(path: str | Path) -> str:
    """The format that `path` asks for, in lower case ("-" for the standard output); `OutputError` for an unknown one.

    Call it before the work starts: a run of an hour must not end with a wrong file name.
    """
    if str(path) == "-":
        return "-"
    ending = Path(path).suffix.lower()
    if ending not in ENDINGS:
        raise OutputError(
            str(path),
            f"has the ending {ending!r}, which is none of a table" if ending else "has no ending that names a format",
            f"use {', '.join(ENDINGS)}, or - for JSON lines on the standard output",
        )
    return ending


def write_rows(rows: Iterable[Row], path: str | Path, columns: Sequence[str] = BOUNCE_COLUMNS) -> int:
    """Write `rows` (dicts, or tuples in the order of `columns`) to `path` as its ending asks, and return how many.

    Rows are taken by the thousand (Parquet: ten thousand). None is null, in CSV an empty cell; a column that a dict
    lacks is null too. Halves of surrogate pairs become U+FFFD. A reader that closes the standard output early ends the
    writing quietly.
    `OutputError` for an unknown ending or a file that cannot be written; the old file then stays as it was.
    """
    ending = check_ending(path)
    columns = tuple(columns)
    if ending == "-":
        return _write_stdout(rows, columns)
    with atomic(path) as temporary:
        writer: _Writer
        if ending == ".parquet":
            writer = _Parquet(temporary, columns)
            return _write(rows, writer)
        with temporary.open("wb") as file:
            writer = _Csv(file, columns) if ending == ".csv" else _JsonLines(file, columns)
            return _write(rows, writer)


def _write(rows: Iterable[Row], writer: _Writer) -> int:
    count, rest = 0, iter(rows)
    try:
        while batch := list(islice(rest, writer.batch)):
            writer.write(batch)
            count += len(batch)
    finally:
        writer.close()
    return count


def _write_stdout(rows: Iterable[Row], columns: tuple[str, ...]) -> int:
    out = getattr(sys.stdout, "buffer", None)
    try:
        sys.stdout.flush()
        if out is None:  # a text stream that stands in for the standard output
            held = io.BytesIO()
            count = _write(rows, _JsonLines(held, columns))
            sys.stdout.write(held.getvalue().decode())
            return count
        count = _write(rows, _JsonLines(out, columns))
        out.flush()
    except BrokenPipeError:
        # The interpreter flushes once more at its end, and would complain there.
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if error.errno in NO_SPACE:
            raise OutputError("-", "the standard output takes no more: no space left") from None
        raise
    return count


class _JsonLines:
    batch = 1_000

    def __init__(self, file: IO[bytes], columns: tuple[str, ...]) -> None:
        self._file, self._columns = file, columns

    def write(self, rows: list[Row]) -> None:
        # Line after line into one buffer: a list of lines would hold on to the greater buffer behind each of them.
        columns, dumps, lines = self._columns, orjson.dumps, bytearray()
        for row in rows:
            if not isinstance(row, dict):
                ordered = _ordered(row, columns)
            elif tuple(row) == columns:
                ordered = row
            else:
                ordered = {name: row.get(name) for name in columns}
            try:
                lines += dumps(ordered, default=str, option=_JSON)
            except orjson.JSONEncodeError:
                whole = {name: _encodable(value) for name, value in ordered.items()}
                lines += dumps(whole, default=str, option=_JSON)
        self._file.write(printable_json(bytes(lines)))
        self._file.flush()

    def close(self) -> None:
        """Nothing is held back."""


class _Csv:
    batch = 1_000

    def __init__(self, file: IO[bytes], columns: tuple[str, ...]) -> None:
        self._file, self._columns = file, columns
        self._write_text([_cells(columns)])

    def write(self, rows: list[Row]) -> None:
        columns = self._columns
        self._write_text([_cells(map(row.get, columns)) if isinstance(row, dict) else _cells(row) for row in rows])

    def _write_text(self, rows: list[list[Any]]) -> None:
        text = io.StringIO(newline="")
        # RFC 4180 ends lines with CRLF; with a lone LF the module would leave a CR inside a cell unquoted.
        csv.writer(text, lineterminator="\r\n").writerows(rows)
        try:
            data = text.getvalue().encode()
        except UnicodeEncodeError:
            data = _encodable(text.getvalue()).encode()
        self._file.write(data)

    def close(self) -> None:
        """Nothing is held back."""


class _Parquet:
    batch = 10_000

    def __init__(self, path: Path, columns: tuple[str, ...]) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        types = {bool: pa.bool_(), float: pa.float64(), int: pa.int64()}
        self._schema = pa.schema([(name, types.get(BOUNCE_TYPES.get(name, str), pa.string())) for name in columns])
        self._columns = columns
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd")

    def write(self, rows: list[Row]) -> None:
        import pyarrow as pa

        arrays = []
        for number, field in enumerate(self._schema):
            values = [row.get(field.name) if isinstance(row, dict) else _cell(row, number) for row in rows]
            if field.type == pa.string():
                values = _texts(values)
            else:
                values = [None if value is None or value == "" or value != value else value for value in values]
            arrays.append(pa.array(values, type=field.type))
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))

    def close(self) -> None:
        self._writer.close()


def _ordered(row: Row, columns: tuple[str, ...]) -> dict[str, Any]:
    if hasattr(row, "get"):
        return {name: row.get(name) for name in columns}
    return dict(zip(columns, row, strict=True))


def _cell(row: Row, number: int) -> Any:
    return row[number]  # type: ignore[index]


def _cells(values: Iterable[Any]) -> list[Any]:
    return [
        (_defused(value) if value[:1] in _MARKED else value) if value.__class__ is str else _plain(value)
        for value in values
    ]


def _defused(text: str) -> str:
    # A text that begins with our own mark and a formula is marked once more, so that reading back is exact.
    return "'" + text if text.lstrip("'").startswith(STARTS) else text


def _plain(value: Any) -> Any:
    if value is True or value is False:
        return "true" if value else "false"
    return None if value != value else value  # not a number: unknown


def _texts(values: list[Any]) -> list[str | None]:
    texts = [value if value is None or value.__class__ is str else str(value) for value in values]
    try:
        "".join(text for text in texts if text).encode()
    except UnicodeEncodeError:
        return [_encodable(text) for text in texts]
    return texts


def _encodable(value: Any) -> Any:
    """Text with each half of a surrogate pair that stands alone as U+FFFD; anything else as it is."""
    if isinstance(value, str):
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return value
