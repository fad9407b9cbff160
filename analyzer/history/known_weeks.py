"""Rows that a workspace holds already, in another week than that of their new reading.

A mail with a Message-ID, or a failure, is the same at whatever time: its log was read in another zone or had no times
before, or a second report of it came after midnight on Sunday. It stays in the week in which it was first read, for
there it is found again; in both it would count twice. A mail whose time comes to be known leaves those without.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.history.tables import NO_WEEK, SENDS, weeks
from analyzer.sources.tables import parse_times

if TYPE_CHECKING:
    import deltalake

    from analyzer.history.tables import TableKind

#: Zones, and reports of one failure, are no further apart: only the weeks beside are searched.
_DAY = pd.Timedelta(days=1)


def in_known_weeks(table: deltalake.DeltaTable, kind: TableKind, rows: pa.Table) -> tuple[pa.Table, pa.Table]:
    """The rows, each of them with the week in which `table` holds it, where that is another one; and the `key` of mails
    that it holds without a time, and that have one now.

    Rows without a time are looked for in all weeks, all others in the weeks within a day, and among those without.
    """
    none = rows.select(["key"]).slice(0, 0)
    held = {str(part["week"]) for part in table.partitions()}
    own = rows["week"].to_pandas()
    times = _times(rows[kind.order[0]])
    beside = [weeks(times + shift) for shift in (-_DAY, _DAY)]
    dated = own != NO_WEEK
    # A mail that only its time tells from others is another one at another time.
    lost = ~dated & (rows["message_id"].to_pandas() != "" if "message_id" in rows.column_names else True)
    searched = {NO_WEEK} if dated.any() else set()
    asked = pd.Series(NO_WEEK in held, index=own.index) | lost
    for other in beside:
        elsewhere = dated & (other != own)
        searched |= set(other[elsewhere])
        asked |= elsewhere
    searched = (held if lost.any() else held & searched) - ({NO_WEEK} if not dated.any() else set())
    if not searched or not asked.any():
        return rows, none
    keys = rows["key"].filter(pa.array(asked))
    known = _held_in(table, searched, keys)
    place = rows["key"].to_pandas().map(known)
    dating = dated & (place == NO_WEEK) & (kind is SENDS)
    column = pa.array(place.where(place.notna() & ~dating, own).astype("str"), pa.string())
    given = rows.set_column(rows.column_names.index("week"), "week", column)
    return given, rows.select(["key"]).filter(pa.array(dating))


def _held_in(table: deltalake.DeltaTable, searched: set[str], keys: pa.ChunkedArray) -> dict[str, str]:
    """In which of some weeks a table holds each of the keys that it does."""
    files = table.to_pyarrow_dataset(file_pruning_predicate=[("week", "in", sorted(searched))])
    found: dict[str, str] = {}
    for batch in files.to_batches(columns=["key", "week"]):
        rows = batch.filter(pc.is_in(batch["key"].cast(pa.string()), value_set=keys))
        found |= dict(zip(rows["key"].to_pylist(), rows["week"].to_pylist(), strict=True))
    return found


def _times(column: pa.ChunkedArray) -> pd.Series[Any]:
    values = column.to_pandas()
    times: pd.Series[Any] = values if pa.types.is_timestamp(column.type) else parse_times(values)
    return times
