"""The one table reader: campaign logs and lead lists in any common format, their columns under canonical names.

Everything is read as text first. `formats` tells what a file is, `headers` what its columns mean, `times` reads times.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from analyzer.errors import UnreadableInputError
from analyzer.records import LEAD_COLUMNS, SEND_COLUMNS
from analyzer.sources.tables.formats import read_cells
from analyzer.sources.tables.headers import FIELDS, map_headers, normalise_header
from analyzer.sources.tables.times import Times, parse_times, read_times

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from analyzer.sources.tables.delimited import Cells
    from analyzer.sources.tables.headers import Headers

__all__ = ["FIELDS", "Table", "TableKind", "Times", "parse_times", "read_table", "read_tables", "read_times"]

TableKind: TypeAlias = Literal["log", "leads"]

_TIMES = ("sent_at", "verified_at")
_SAMPLE = 2000
# What exports write where they have nothing; "NA" is left alone, it is Namibia.
_BLANKS = ("nan", "null", "none", "n/a", "#n/a", "-", "--", "—", "undefined", "(blank)", "(empty)", "nil")
_CODES = {"naics": "NAICS", "sic": "SIC", "gics": "GICS", "linkedin_industry_id": "LinkedIn"}
_YES = ("true", "1", "yes", "y", "x", "t", "ja", "oui", "sí", "si")
_CATCH_ALL = (*_YES, "catch all", "catch-all", "catch_all", "catchall", "accept all", "accept-all", "accept_all")


@dataclass(frozen=True, slots=True)
class Table:
    """A table that was read.

    frame: SEND_COLUMNS (kind "log", and lead columns that are there) or LEAD_COLUMNS (kind "leads"), text with ""
        where blank; `sent_at` and `verified_at` are datetime64[ns, UTC]; `state` where a column tells the delivery
        state; then the other columns under their own names. Rows without an address are left out.
    mapping: header as written -> field. unmapped: the headers of the rest.
    platform: title of the recognised platform, or "". rows: rows of `frame`.
    zoned: whether the times carry their zone; without one they are taken as UTC.
    """

    path: str
    kind: TableKind
    frame: pd.DataFrame
    mapping: dict[str, str]
    unmapped: tuple[str, ...]
    platform: str
    rows: int
    sha256: str
    warnings: tuple[str, ...] = ()
    zoned: bool = False


def read_tables(
    files: Iterable[tuple[str | os.PathLike[str], TableKind]], mapping: Mapping[str, str] | None = None
) -> list[Table]:
    """Read several files with one mapping, of which each file uses what it has.

    Raises what `read_table` raises, and `UnreadableInputError` for a column of `mapping` that no file has.
    """
    wanted = dict(mapping or {})
    tables = [read_table(path, kind, wanted, partial=True) for path, kind in files]
    there = {normalise_header(header) for table in tables for header in (*table.mapping, *table.unmapped)}
    for column, field in wanted.items():
        if tables and normalise_header(column) not in there:
            problem = f"no column {column!r}, which --map {column}={field} names"
            raise UnreadableInputError(
                ", ".join(table.path for table in tables), problem, "name a column that is there"
            )
    return tables


def read_table(
    path: str | os.PathLike[str],
    kind: TableKind = "log",
    mapping: Mapping[str, str] | None = None,
    *,
    partial: bool = False,
) -> Table:
    """Read a campaign log or a lead list: CSV (any common encoding and delimiter), XLSX, Parquet, JSON (lines).

    `mapping` gives columns their fields (`{"Corporate Mail": "recipient"}`) and wins over what headers say; with
    `partial`, columns of it that the file does not have are passed over. Raises
    `UnreadableInputError` for a file that is no table, is empty, or lacks a column of `mapping`, and
    `MissingColumnError` when no column holds addresses.
    """
    file = Path(path)
    if file.is_dir():
        raise UnreadableInputError(str(path), "is a folder", "give one table file")
    cells, sha256 = read_cells(file)
    warnings = list(cells.notes)
    cells = _without_empty_columns(cells)
    if not cells.headers:
        raise UnreadableInputError(str(path), "is empty", "give a table with a header row")
    if partial and mapping:
        own = {normalise_header(header) for header in cells.headers}
        mapping = {column: field for column, field in mapping.items() if normalise_header(column) in own}
    headers = map_headers(str(path), cells.headers, mapping, lambda place: _sample(cells.frame, place))
    warnings += headers.notes
    frame, zoned = _canonical(cells, headers, kind, warnings)
    used = {cells.headers[place]: field for field, place in headers.fields.items()}
    address = "email" if kind == "leads" else "recipient"
    frame = _with_addresses(frame, address, warnings)
    return Table(
        path=str(path),
        kind=kind,
        frame=frame,
        mapping={header: address if field == "recipient" else field for header, field in used.items()},
        unmapped=tuple(h for place, h in enumerate(cells.headers) if place not in headers.fields.values()),
        platform=headers.platform.title if headers.platform else "",
        rows=len(frame),
        sha256=sha256,
        warnings=tuple(f"{file.name}: {warning}" for warning in warnings),
        zoned=zoned,
    )


def _without_empty_columns(cells: Cells) -> Cells:
    """Columns with neither header nor values go, and those without a header get a name."""
    from analyzer.sources.tables.delimited import Cells

    kept = [
        place
        for place, header in enumerate(cells.headers)
        if header or (place < cells.frame.shape[1] and (cells.frame.iloc[:, place].str.strip() != "").any())
    ]
    names = [" ".join(cells.headers[place].lstrip("\ufeff").split()) or f"column {place + 1}" for place in kept]
    return Cells(names, cells.frame.iloc[:, kept], cells.notes)


def _sample(frame: pd.DataFrame, place: int) -> list[str]:
    values = frame.iloc[:, place].str.strip()
    return [str(value) for value in values[values != ""].head(_SAMPLE)]


def _canonical(cells: Cells, headers: Headers, kind: TableKind, warnings: list[str]) -> tuple[pd.DataFrame, bool]:
    import pandas as pd

    fields = headers.fields
    columns: dict[str, pd.Series] = {}
    for field, place in fields.items():
        column = _tidy(cells.frame.iloc[:, place])
        words = headers.platform.values.get(field) if headers.platform else None
        columns[field] = column.replace(words) if words else column
    _tell_status(columns)
    _tell_industry(columns)
    zoned = False
    for name in _TIMES:
        if name in columns:
            times = read_times(columns[name])
            columns[name] = times.values
            zoned = times.zoned if name == "sent_at" else zoned
            if times.unread:
                warnings.append(f"{name}: not read as times, for example {', '.join(map(repr, times.unread))}")
            if times.order.endswith("assumed"):
                warnings.append(f"{name}: nothing tells day from month; read with the month first")
    address = "email" if kind == "leads" else "recipient"
    columns[address] = columns.pop("recipient")
    wanted = LEAD_COLUMNS if kind == "leads" else SEND_COLUMNS
    blank = pd.Series("", index=cells.frame.index, dtype="str")
    never = pd.Series(pd.NaT, index=cells.frame.index, dtype="datetime64[ns, UTC]")
    ordered = {name: columns.pop(name, never if name in _TIMES else blank) for name in wanted}
    ordered |= {name: columns[name] for name in (*SEND_COLUMNS, *LEAD_COLUMNS, "state") if name in columns}
    for place, header in enumerate(cells.headers):
        if place in fields.values():
            continue
        name, count = header, 2
        while name in ordered:
            name, count = f"{header} ({count})", count + 1
        ordered[name] = cells.frame.iloc[:, place]
    twice = sorted(header for header, count in Counter(cells.headers).items() if count > 1)
    if twice:
        warnings.append(f"headers used twice: {', '.join(twice)}; the first column of each was taken")
    return pd.DataFrame(ordered), zoned


def _tidy(column: pd.Series) -> pd.Series:
    text = column.str.strip()
    return text.mask(text.str.lower().isin(_BLANKS), "")


def _tell_status(columns: dict[str, pd.Series]) -> None:
    """`email_status` out of yes/no columns where there is none, and a catch-all mark behind it where one says so."""
    if "email_status" not in columns:
        for field, yes, no in (("is_valid", "valid", "invalid"), ("is_verified", "verified", "unverified")):
            if field in columns:
                said = columns[field].str.lower()
                columns["email_status"] = (
                    said.isin((*_YES, yes)).map({True: yes, False: no}).where(said != "", "").astype("str")
                )
                break
    if "catch_all" in columns:
        mark = columns["catch_all"].str.lower().isin(_CATCH_ALL)
        if "email_status" in columns:
            status = columns["email_status"]
            columns["email_status"] = status.where(~mark, (status + " (catch-all)").str.strip())
        else:
            columns["email_status"] = mark.map({True: "catch-all", False: ""}).astype("str")


def _tell_industry(columns: dict[str, pd.Series]) -> None:
    """`industry` out of a column of codes, as "NAICS 5221", where there is no name."""
    for field, scheme in _CODES.items():
        if field in columns:
            code = (scheme + " " + columns[field]).where(columns[field] != "", "").astype("str")
            known = columns.get("industry")
            columns["industry"] = code if known is None else known.where(known != "", code)


def _with_addresses(frame: pd.DataFrame, address: str, warnings: list[str]) -> pd.DataFrame:
    """Only the rows that hold an address: blank lines and totals go, and are told."""
    has = frame[address].str.contains("@", regex=False)
    lost = frame[~has]
    if len(lost):
        texts = [name for name in lost.columns if name not in _TIMES]
        blank = (lost[texts] == "").all(axis=1)
        if blank.any():
            warnings.append(f"blank rows left out: {int(blank.sum())}")
        if not blank.all():
            example = next((value for value in lost[~blank].iloc[0] if isinstance(value, str) and value), "")
            warnings.append(f"rows without an address left out: {int((~blank).sum())}, for example {example[:40]!r}")
    if not has.any():
        warnings.append("no row holds an address")
    return frame[has].reset_index(drop=True)
