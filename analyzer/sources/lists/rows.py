"""Whether a table is a list of bounces, by its names and its first rows, and what each of its rows tells."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from analyzer.records import COUNTED_KINDS, Event
from analyzer.sources import fields
from analyzer.sources.lists.layouts import LIST, is_known_list, is_of_a_log, layout_of, names_a_recipient
from analyzer.sources.lists.outcomes import outcome_of, report_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from analyzer.sources.lists.outcomes import Outcome
    from analyzer.sources.tables.times import Order

#: So many rows tell whether a table is a list of bounces, and how it writes its dates.
LOOKED_AT: Final = 500
#: So many rows have their odd times read together, which costs hardly more than one.
_TOGETHER = 1000
_DATES_PROVEN: frozenset[Order] = frozenset({"", "day first", "month first"})


def is_list(names: Sequence[str], rows: Iterable[Sequence[str]], *, expected: bool) -> bool:
    """By the (normalised) names alone where these are enough, else by the first rows: that each of them bounced, or
    (`expected`: somebody gave it as one of bounces) that some did."""
    if not names_a_recipient(names):
        return False
    if is_known_list(names):
        return True
    if is_of_a_log(names) and not expected:
        return False
    told = [_outcome(names, row) for row in rows if len(row) == len(names)]
    counted = [one for one in told if one is not None and one.kind in COUNTED_KINDS]
    return bool(counted) and (expected or len(counted) == len(told))


def events(source: str, names: Sequence[str], rows: Iterable[tuple[int, Sequence[str]]]) -> Iterator[Event]:
    """What each of the numbered rows tells: none of totals, blank rows, and those of which nothing tells what became of
    a mail."""
    rows = iter(rows)
    times = _Times(names)
    while some := list(islice(rows, _TOGETHER)):
        iso = times.in_iso([cells for _, cells in some])
        for number, cells in some:
            outcome = _outcome(names, [iso.get(cell, cell) for cell in cells] if iso else cells)
            if outcome is not None:
                yield Event(f"{source}#{number}", report_of(outcome, LIST))


def _outcome(names: Sequence[str], cells: Sequence[str]) -> Outcome | None:
    return outcome_of(((name,), " ".join(cell.split())) for name, cell in zip(names, cells, strict=False))


class _Times:
    """The columns of times of one list, which people and spreadsheets write as no event does: 3/13/2026 9:11 AM.

    Which of day and month comes first, the first rows prove, or it stays open and the times unread.
    """

    def __init__(self, names: Sequence[str]) -> None:
        layout = layout_of(tuple(names))
        told = {name for column in ("time", "bounced") for name in (layout.columns[column] if layout else ())}
        self._places = [place for place, name in enumerate(names) if name in told]
        self._orders: dict[int, Order] = {}

    def in_iso(self, rows: Sequence[Sequence[str]]) -> dict[str, str]:
        """Those cells of times that need it, with what they say in ISO 8601."""
        found: dict[str, str] = {}
        for place in self._places:
            cells = dict.fromkeys(row[place] for row in rows if place < len(row))
            odd = [cell for cell in cells if any(map(str.isdigit, cell)) and not fields.moment(cell)]
            if odd:
                found |= self._read(place, odd)
        return found

    def _read(self, place: int, cells: list[str]) -> dict[str, str]:
        import pandas as pd

        from analyzer.sources.tables.times import read_times

        read = read_times(pd.Series(cells, dtype="str"), order=self._orders.get(place, ""))
        if self._orders.setdefault(place, read.order) not in _DATES_PROVEN:
            return {}
        return {cell: f"{at:%Y-%m-%dT%H:%M:%SZ}" for cell, at in zip(cells, read.values, strict=True) if pd.notna(at)}
