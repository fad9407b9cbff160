"""Campaign logs and lead lists in any format, and tables of our own rows."""

from __future__ import annotations

import tempfile
import warnings
from functools import partial
from pathlib import Path
from typing import Any

from analyzer.errors import AnalyzerError
from analyzer.records import LEAD_COLUMNS, SEND_COLUMNS
from analyzer.sources.own_rows import is_own_rows, read_own_rows
from analyzer.sources.tables import Table, TableKind, read_table
from fuzz.rows import hold
from fuzz.seeds import tables as seeds
from fuzz.target import Target

_TIMES = {"log": "sent_at", "leads": "verified_at"}
_COLUMNS = {"log": SEND_COLUMNS, "leads": LEAD_COLUMNS}


def tables(kind: TableKind, name: str, data: bytes) -> None:
    """A table: its canonical columns, or an error that names the file on one line; the same twice."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = Path(folder) / name
        path.write_bytes(data)
        one, other = _table(path, kind), _table(path, kind)
        if isinstance(one, str) or isinstance(other, str):
            hold(one == other, "the same file is refused for the same reason", one, other)
            hold(name in str(one) and "\n" not in str(one), "an error is one line that names the file", one)
            return
        hold(one.frame.equals(other.frame), "the same file gives the same table")
        _check(one, kind)


def _table(path: Path, kind: TableKind) -> Table | str:
    try:
        return read_table(path, kind)
    except AnalyzerError as error:
        return str(error)


def _check(table: Table, kind: TableKind) -> None:
    frame = table.frame
    hold(table.rows == len(frame), "rows are counted", table.rows, len(frame))
    missing = [column for column in _COLUMNS[kind] if column not in frame.columns]
    hold(not missing, "a table has the canonical columns", missing)
    hold(str(frame[_TIMES[kind]].dtype).startswith("datetime64"), "times are times", frame[_TIMES[kind]].dtype)
    address = frame["email" if kind == "leads" else "recipient"]
    hold(bool((address.astype(str) != "").all()), "a row without an address is left out")
    for warning in table.warnings:
        hold("\n" not in warning, "a warning is one line", warning)


def own_rows(name: str, data: bytes) -> None:
    """What `parse` wrote, changed: rows, or an error of one line; and whether it is such a table never raises."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        hold(is_own_rows(path) in (True, False), "a file is a table of rows or is none")
        one, other = _own(path), _own(path)
        hold(one == other, "the same file gives the same rows")


def _own(path: Path) -> list[dict[str, Any]] | str:
    try:
        return list(read_own_rows(path))
    except AnalyzerError as error:
        hold("\n" not in str(error), "an error is one line", str(error))
        return str(error)


TARGETS = (
    Target("table-log", partial(tables, "log", "log.csv"), partial(seeds.csv, "log")),
    Target("table-leads", partial(tables, "leads", "leads.csv"), partial(seeds.csv, "leads")),
    Target("table-json", partial(tables, "log", "log.jsonl"), seeds.json_lines),
    Target("table-xlsx", partial(tables, "leads", "leads.xlsx"), seeds.workbooks),
    Target("table-parquet", partial(tables, "log", "log.parquet"), seeds.parquet),
    Target("own-rows-csv", partial(own_rows, "bounces.csv"), seeds.own_csv),
    Target("own-rows-json", partial(own_rows, "bounces.jsonl"), seeds.own_json),
)
