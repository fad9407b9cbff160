"""The one table reader: campaign logs and lead lists in any common format, their columns under canonical names.

Everything is read as text first. `formats` tells what a file is, `headers` what its columns mean, `columns` brings
them into canonical form, `times` reads times.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from analyzer.errors import AnalyzerError, MissingColumnError, UnreadableInputError
from analyzer.readable import short
from analyzer.records import SENT_AT_ZONED
from analyzer.sources.tables.clocks import with_clock
from analyzer.sources.tables.columns import canonical, cells_of, sample, with_addresses, without_empty_columns
from analyzer.sources.tables.formats import read_cells
from analyzer.sources.tables.headers import map_headers
from analyzer.sources.tables.held import DASH, STANDARD_INPUT, Held, standard_input
from analyzer.sources.tables.hints import without_incoming
from analyzer.sources.tables.named import wanted_columns
from analyzer.sources.tables.platforms import FIELDS, normalise_header
from analyzer.sources.tables.recipient_states import unfolded_recipients
from analyzer.sources.tables.table import Table, TableKind
from analyzer.sources.tables.times import Order, Times, parse_times, read_times
from analyzer.sources.tables.wide import unfolded
from analyzer.sources.tables.zones import zone_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    import pandas as pd

    from analyzer.sources.tables.cells import Cells

    #: A file, "-" for the standard input, or a frame that holds what a file would.
    Source: TypeAlias = str | os.PathLike[str] | pd.DataFrame | Held

__all__ = ["FIELDS", "Table", "TableKind", "Times", "parse_times", "read_table", "read_tables", "read_times"]

#: How a person says which of day and month comes first.
DATES: dict[str, Order] = {"": "", "day-first": "day first", "month-first": "month first"}
_FRAME = "(a frame)"
#: An error names no more columns for a person to choose from.
_MOST_NAMED = 40
#: A table of as many rows is large; below, encoding gains nothing.
MANY_ROWS = 50_000


def read_tables(
    files: Iterable[tuple[Source, TableKind]],
    mapping: Mapping[str, str] | None = None,
    *,
    dates: str = "",
    timezone: str = "",
    large: bool = False,
    keep: Sequence[str] = (),
    every: Collection[int] = (),
) -> list[Table]:
    """Read several tables with one mapping, of which each uses what it has; the other options as for `read_table`, but
    `every`: the places of those that are read so.

    What one table leaves open another may tell: which of day and month comes first in a column that both have, and the
    addresses of leads that a log names by their ids alone. Raises what `read_table` raises, and
    `UnreadableInputError` for a column of `mapping` that no table has, and for the standard input given twice.
    """
    wanted = dict(mapping or {})
    sources = list(files)
    dashes = [place for place, (source, _) in enumerate(sources) if _is_dash(source)]
    if len(dashes) > 1:
        raise UnreadableInputError(STANDARD_INPUT, "is given for two tables (-)", "give one of them as a file")
    if dashes:
        with standard_input() as table:
            sources[dashes[0]] = table, sources[dashes[0]][1]
            return read_tables(sources, mapping, dates=dates, timezone=timezone, large=large, keep=keep, every=every)
    by_id = any(kind == "leads" for _, kind in sources)

    def read(place: int, dates: str) -> Table:
        source, kind = sources[place]
        return read_table(
            source,
            kind,
            wanted,
            partial=True,
            dates=dates,
            timezone=timezone,
            by_id=by_id and kind == "log",
            large=large,
            keep=keep,
            every=place in every,
        )

    # Two at a time, each within the bounds that hold here. Ctrl-C does not wait for what nothing can stop: a thread
    # that reads in C, or a pipe that nobody writes to.
    pool = ThreadPoolExecutor(2)
    try:
        reading = [pool.submit(copy_context().run, read, place, dates) for place in range(len(sources))]
        tables = [one.result() for one in reading]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    there = {normalise_header(header) for table in tables for header in (*table.mapping, *table.unmapped)}
    for column, name in wanted.items():
        if tables and normalise_header(column) not in there:
            problem = f"no column {column!r}, which --map {column}={name} names"
            own = list(dict.fromkeys(header for table in tables for header in (*table.mapping, *table.unmapped)))
            more = f", and {len(own) - _MOST_NAMED} more" if len(own) > _MOST_NAMED else ""
            listed = ", ".join(short(header, 60) for header in own[:_MOST_NAMED])
            raise UnreadableInputError(
                ", ".join(table.path for table in tables), problem, f"name one that is there: {listed}{more}"
            )
    proven = {header: order for table in tables for header, order in table.orders.items() if order[-5:] == "first"}
    for place in range(len(sources)):
        told = {
            proven[header]
            for header, order in tables[place].orders.items()
            if header in proven and order != proven[header]
        }
        if len(told) == 1:
            tables[place] = read(place, next(name for name, order in DATES.items() if order in told))
    return [_with_listed_addresses(table, tables) for table in tables]


def read_table(
    source: Source,
    kind: TableKind = "log",
    mapping: Mapping[str, str] | None = None,
    *,
    partial: bool = False,
    dates: str = "",
    timezone: str = "",
    by_id: bool = False,
    large: bool = False,
    keep: Sequence[str] = (),
    every: bool = False,
) -> Table:
    """Read a campaign log or a lead list: CSV (any common encoding and delimiter), XLSX, Parquet, JSON (lines), each
    also packed (.gz, .zst, .zip, …), or a frame with such columns.

    `mapping` gives columns their fields (`{"Corporate Mail": "recipient"}`) and wins over what headers say; with
    `partial`, columns of it that the file does not have are passed over. `dates` is "day-first" or "month-first" for
    dates such as 03/02/2026, "" to tell it from the columns; `timezone` (such as Europe/Berlin) is that of times that
    name none, "" for UTC. With `by_id`, a log may name its leads by `lead_id` alone: `recipient` is "" then. `large`
    is for those who want no more than the canonical columns of a table that may be large: the others go, and columns
    whose texts repeat are encoded (`encoded`), which is not done to a table of few rows. `keep` names
    columns that are carried as they are (`named`). With `every`, rows without an address stay, but for blank lines:
    for a list of which each row is answered. Raises
    `UnreadableInputError` for a file that is no table, is empty, or lacks a column of `mapping`, and
    `MissingColumnError` when no column holds addresses.
    """
    if dates not in DATES:
        raise AnalyzerError(f"dates {dates!r}: is no order of dates; use day-first or month-first")
    cells, sha256, where = _cells(source, kind)
    warnings = list(cells.notes)
    cells = without_empty_columns(cells)
    if not cells.headers:
        raise UnreadableInputError(where, "is empty", "give a table with a header row")
    if partial and mapping:
        own = {normalise_header(header) for header in cells.headers}
        mapping = {column: name for column, name in mapping.items() if normalise_header(column) in own}
    if kind == "log":
        cells = unfolded_recipients(cells, _values_of(cells))
    steps = unfolded(where, cells, mapping or {}, _values_of(cells)) if kind == "log" else None
    if steps is not None:
        cells, mapping = steps.cells, {**steps.mapping, **(mapping or {})}
        warnings = list(cells.notes)
    values = _values_of(cells)
    headers = map_headers(where, cells.headers, mapping, values, by_id=by_id)
    headers = with_clock(headers, cells.headers, mapping, values)
    warnings += headers.notes
    if kind == "log" and "direction" in headers.fields:
        cells, told = without_incoming(cells, headers.fields["direction"])
        warnings += told
    large = large and len(cells.frame) >= MANY_ROWS
    made = canonical(
        cells,
        headers,
        kind,
        DATES[dates],
        zone_of(timezone) if timezone else None,
        large=large,
        keep=wanted_columns(keep),
    )
    warnings += made.warnings
    address = "email" if kind == "leads" else "recipient"
    addressed = "recipient" in headers.fields
    frame = with_addresses(made.frame, address, warnings, every=every) if addressed else made.frame
    if large:
        frame = frame[list(made.fields)]
    is_file = where not in {_FRAME, STANDARD_INPUT}
    by_file = kind == "log" and is_file and headers.platform is not None and headers.platform.file_is_campaign
    if by_file and "campaign" not in headers.fields:
        from analyzer.sources.tables.encoded import filled

        frame = frame.assign(campaign=filled(frame, Path(where).stem))
    used = {cells.headers[place]: name for name, place in headers.fields.items()}
    used |= {cells.headers[place]: name for name, places in headers.also.items() for place in places}
    if headers.clock is not None:
        used[cells.headers[headers.clock]] = "sent_at"
    name = Path(where).name if is_file else where
    return Table(
        path=where,
        kind=kind,
        frame=frame,
        mapping={header: address if name == "recipient" else name for header, name in used.items()},
        unmapped=tuple(header for header in cells.headers if header not in used and header != SENT_AT_ZONED),
        platform=headers.platform.title if headers.platform else "",
        rows=len(frame),
        sha256=sha256,
        warnings=tuple(f"{name}: {warning}" for warning in warnings),
        zoned=made.zoned,
        orders=made.orders,
        blank_is_unsent=headers.blank_is_unsent,
        last_contact=headers.last_contact,
    )


def _values_of(cells: Cells) -> Callable[[int], list[str]]:
    """A sample of each column by its place, taken once."""
    return cache(lambda place: sample(cells.frame, place))


def _cells(source: Source, kind: TableKind) -> tuple[Cells, str, str]:
    """The cells, the digest of the file, and how to name it."""
    if isinstance(source, Held):
        return *read_cells(source, kind), source.name
    if not isinstance(source, (str, os.PathLike)):
        if not hasattr(source, "columns"):
            what = type(source).__name__
            raise TypeError(f"a table is the path of a file (str or Path) or a pandas frame, not {what}")
        return cells_of(source), "", _FRAME
    path = Path(source)
    if path.is_dir():
        raise UnreadableInputError(str(path), "is a folder", "give one table file")
    return *read_cells(path, kind), STANDARD_INPUT if _is_dash(source) else str(path)


def _is_dash(source: Source) -> bool:
    return isinstance(source, (str, os.PathLike)) and str(source) == DASH


def _with_listed_addresses(table: Table, tables: list[Table]) -> Table:
    """A log that names its leads by id, with the addresses that the lead lists have for them."""
    import pandas as pd

    from analyzer.sources.tables.encoded import over_distinct, plain

    if table.kind == "leads" or "recipient" in table.mapping.values():
        return table
    lists = [plain(other.frame[["lead_id", "email"]]) for other in tables if other.kind == "leads"]
    listed = pd.concat(lists) if lists else pd.DataFrame({"lead_id": [], "email": []})
    listed = listed[listed["lead_id"] != ""].assign(lead_id=listed["lead_id"].str.lower()).drop_duplicates("lead_id")

    def listed_as(ids: pd.Series) -> pd.Series:
        return ids.str.lower().map(listed.set_index("lead_id")["email"]).fillna("").astype("str")

    found = over_distinct(table.frame["lead_id"], listed_as)
    if not (found != "").any():
        raise MissingColumnError(
            table.path,
            "has no column of email addresses, and no lead list knows its lead ids",
            "name it with --map YOURCOLUMN=recipient, or give the list of these leads with --leads",
        )
    warnings = [f"no column holds addresses; {int((found != '').sum())} of {len(found)} were found by their lead id"]
    frame = with_addresses(table.frame.assign(recipient=found), "recipient", warnings)
    named = tuple(f"{Path(table.path).name}: {warning}" for warning in warnings)
    return replace(table, frame=frame, rows=len(frame), warnings=(*table.warnings, *named))
