"""Bounce rows read back: what `parse` once wrote as .csv, .jsonl or .parquet, told from its content.

The columns and their types are those of `records`; the escaping of CSV cells is undone as `report.rows` made it.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from analyzer.bounds import current
from analyzer.errors import MissingColumnError, UnreadableInputError
from analyzer.formulas import unguarded
from analyzer.records import BOUNCE_COLUMNS, BOUNCE_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    import pyarrow as pa

#: What makes a table one of ours; the columns that an older version did not have yet may be missing.
NEEDED_COLUMNS: frozenset[str] = frozenset({"recipient", "label", "reason"})

_HEAD = 64 * 1024
_BATCH = 10_000
_PARQUET = b"PAR1"
_BOM = b"\xef\xbb\xbf"
_TRUE = frozenset({"true", "1", "yes"})


def is_own_rows(path: str | Path) -> bool:
    """Whether the file holds bounce rows: a table or JSON lines with at least NEEDED_COLUMNS."""
    path = Path(path)
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            head = file.read(_HEAD).removeprefix(_BOM)
    except OSError:
        return False
    return _parquet_columns(path) >= NEEDED_COLUMNS if head.startswith(_PARQUET) else is_own_head(head)


def is_own_head(head: bytes) -> bool:
    """The same of the first bytes of a CSV or of JSON lines, without a mark."""
    first = head.split(b"\n", 1)[0]
    if first.startswith(b"{"):
        try:
            row = orjson.loads(first)
        except orjson.JSONDecodeError:
            return False
        return isinstance(row, dict) and row.keys() >= NEEDED_COLUMNS
    return set(_csv_names(first)) >= NEEDED_COLUMNS


def read_own_rows(path: str | Path) -> Iterator[dict[str, Any]]:
    """The bounce rows of `path`, one dict each with exactly BOUNCE_COLUMNS: text, "" where unknown; the columns of
    BOUNCE_TYPES in their type, None where unknown.

    `MissingColumnError` for a table that is none of ours, `UnreadableInputError` naming the line for a broken one.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD).removeprefix(_BOM)
    except OSError as error:
        raise UnreadableInputError(str(path), f"cannot be read: {error.strerror}", "check the path") from None
    if head.startswith(_PARQUET):
        return _parquet_rows(path)
    found = _json_rows(path) if head.startswith(b"{") else _csv_rows(path)
    return (_typed(row, where, path) for where, row in found)


def _json_rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if number == 1:
                line = line.removeprefix(_BOM)
            if line.isspace():
                continue
            try:
                row = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                raise UnreadableInputError(
                    str(path), f"line {number} is not valid JSON: {error}", "write the file again with `parse`"
                ) from None
            if not isinstance(row, dict):
                raise UnreadableInputError(
                    str(path), f"line {number} is no JSON object", "write the file again with `parse`"
                )
            _need(set(row), path)
            yield f"line {number}", row


def _csv_rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        csv.field_size_limit(max(current().csv_field_bytes, 1))
        reader = csv.reader(file)
        try:
            names = next(reader, [])
            _need(set(names), path)
            for cells in reader:
                if cells:
                    yield f"line {reader.line_num}", dict(zip(names, map(unguarded, cells), strict=False))
        except csv.Error as error:
            raise UnreadableInputError(
                str(path), f"line {reader.line_num} is not valid CSV: {error}", "write the file again with `parse`"
            ) from None


def _parquet_rows(path: Path) -> Iterator[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        # Opened here: the library takes no name that is not UTF-8.
        with path.open("rb") as opened, pq.ParquetFile(opened) as file:
            _need(set(file.schema_arrow.names), path)
            names = [name for name in file.schema_arrow.names if name in BOUNCE_COLUMNS]
            number = 0
            for batch in file.iter_batches(batch_size=_BATCH, columns=names):
                columns = [_typed_column(name, batch, number, path) for name in BOUNCE_COLUMNS]
                number += len(batch)
                for values in zip(*columns, strict=True):
                    yield dict(zip(BOUNCE_COLUMNS, values, strict=True))
    except (pa.ArrowException, OSError) as error:
        problem = str(error).splitlines()[0][:200]
        raise UnreadableInputError(
            str(path), f"is a damaged Parquet file: {problem}", "write the file again with `parse`"
        ) from None


def read_own_frame(path: str | Path) -> pd.DataFrame | None:
    """The rows of a Parquet file as a frame: text columns as `str`, "" where unknown, those of BOUNCE_TYPES as written.

    None for what is no Parquet file or holds other types than `parse` writes: `read_own_rows` reads that, and tells
    what is broken.
    """
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with Path(path).open("rb") as opened, pq.ParquetFile(opened) as file:
            schema = file.schema_arrow
            names = [name for name in schema.names if name in BOUNCE_COLUMNS]
            if not set(names) >= NEEDED_COLUMNS or len(names) != len(set(names)):
                return None
            if not all(_is_as_written(name, schema.field(name).type) for name in names):
                return None
            table = file.read(columns=names)
    except (pa.ArrowException, OSError):
        return None
    columns = {}
    for name in BOUNCE_COLUMNS:
        typed = name in BOUNCE_TYPES
        if name not in names:
            columns[name] = pd.Series([None if typed else ""] * len(table), dtype=object if typed else "str")
        else:
            values = table.column(name).to_pandas()
            columns[name] = values if typed else values.astype("str").fillna("")
    return pd.DataFrame(columns)


def _is_as_written(name: str, written: pa.DataType) -> bool:
    """Whether a column is of the type that `parse` writes it in."""
    import pyarrow.types as of

    kind = BOUNCE_TYPES.get(name)
    if kind is None:
        return bool(of.is_string(written) or of.is_large_string(written))
    return bool({bool: of.is_boolean, float: of.is_floating, int: of.is_integer}[kind](written))


def _typed_column(name: str, batch: pa.RecordBatch, before: int, path: Path) -> list[Any]:
    """The values of one column, a missing one as blanks; `before` rows of the file came before these."""
    import pyarrow as pa

    kind = BOUNCE_TYPES.get(name)
    if name not in batch.schema.names:
        return ["" if kind is None else None] * len(batch)
    column = batch.column(batch.schema.get_field_index(name))
    values: list[Any] = column.to_pylist()
    if kind is not None:
        return [_as(kind, name, value, f"row {before + place}", path) for place, value in enumerate(values, 1)]
    if column.null_count or not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return list(map(_text, values))
    return values


def _parquet_columns(path: Path) -> frozenset[str]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with path.open("rb") as opened:
            return frozenset(pq.read_schema(opened).names)
    except (pa.ArrowException, OSError):
        return frozenset()


def _csv_names(line: bytes) -> list[str]:
    try:
        return next(csv.reader([line.decode("utf-8", "replace").rstrip("\r")]), [])
    except csv.Error:
        return []


def _need(names: set[str], path: Path) -> None:
    if missing := NEEDED_COLUMNS - names:
        raise MissingColumnError(
            str(path), f"has no column {', '.join(sorted(missing))}", "give a table that `parse` wrote"
        )


def _truth(value: Any) -> bool | None:
    if isinstance(value, str):
        return value.strip().lower() in _TRUE if value.strip() else None
    return None if value is None or value != value else bool(value)


def _typed(row: dict[str, Any], where: str, path: Path) -> dict[str, Any]:
    typed = {name: _text(row.get(name)) for name in BOUNCE_COLUMNS}
    for name, kind in BOUNCE_TYPES.items():
        typed[name] = _as(kind, name, row.get(name), where, path)
    return typed


def _as(kind: type, name: str, value: Any, where: str, path: Path) -> Any:
    if kind is bool:
        return _truth(value)
    if value is None or value == "" or value != value:  # the last: not a number
        return None
    try:
        return kind(float(value))
    except (TypeError, ValueError, OverflowError):
        raise UnreadableInputError(
            str(path), f"{where}: {name} is {value!r}, no number", "write the file again with `parse`"
        ) from None


def _text(value: Any) -> Any:
    if value.__class__ is str:
        return value
    return "" if value is None else str(value)
