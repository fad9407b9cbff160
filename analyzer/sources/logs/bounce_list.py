"""Lists of bounces and of suppressed addresses that providers, platforms and people keep as CSV.

What their columns and words mean is told by `feeds.by_words`. A campaign's log, or a list of leads, tells of bounces
too: it goes with `--log`, and is read here only where it was given by name and rows of it say that they bounced.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from analyzer.records import COUNTED_KINDS, Event
from analyzer.sources.feeds.general import report_of
from analyzer.sources.logs.outcomes import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from analyzer.sources.feeds.by_words import Outcome
    from analyzer.sources.logs.entries import Entry
    from analyzer.sources.logs.outcomes import Log

_SEPARATORS = (",", ";", "\t")
#: So many rows tell whether a table is a list of bounces.
_LOOKED_AT = 500
_LONGEST_HEADER = 4000
#: A cell of more lines has a quote that nobody closed.
_MOST_LINES = 100


class BounceList:
    """One list; its first line names the columns."""

    name = "list"
    untagged = True

    def __init__(self, log: Log) -> None:
        self._log = log
        self._names: list[str] = []
        self._separator = ","
        self._open: list[Entry] = []

    @staticmethod
    def marks(program: bytes) -> tuple[bytes, ...]:
        """No line of it is one of syslog's."""
        return ()

    @staticmethod
    def recognises(entry: Entry) -> bool:
        """By the row of names, where that is enough."""
        from analyzer.sources.feeds.by_words import is_known_list

        names = _names(entry.text)[0]
        return bool(names) and is_known_list(names)

    @staticmethod
    def recognises_rows(lines: list[bytes], *, expected: bool) -> bool:
        """By what the rows say: that each of them bounced, or (`expected`: given by name) that some did."""
        from analyzer.sources.feeds.by_words import is_of_a_log

        names, separator = _names(lines[0]) if lines else ([], "")
        if not names or (is_of_a_log(names) and not expected):
            return False
        rows = [_cells(line, separator) for line in lines[1:_LOOKED_AT]]
        told = [_outcome(names, row) for row in rows if len(row) == len(names)]
        counted = [one for one in told if one is not None and one.kind in COUNTED_KINDS]
        return bool(counted) and (expected or len(counted) == len(told))

    def outcomes(self, entry: Entry) -> Iterable[Event]:
        """The bounce that the row tells of; a cell may go over several lines."""
        if not self._names:
            self._names, self._separator = _names(entry.text)
            return ()
        uneven = entry.text.count(b'"') % 2 == 1
        if not self._open and not uneven:
            return self._row(entry.number, entry.text)
        # A cell of several lines, unless its quotes never end.
        self._open.append(entry)
        if len(self._open) > 1 and uneven:
            first, whole = self._open[0], b"\n".join(one.text for one in self._open)
            self._open = []
            return self._row(first.number, whole)
        return self._given_up() if len(self._open) > _MOST_LINES else ()

    def rest(self) -> Iterator[Event]:
        """The rows behind one whose quotes do not end."""
        while self._open:
            yield from self._given_up()

    def _given_up(self) -> list[Event]:
        """The lines behind one whose quotes do not end, each on its own."""
        damaged, *others = self._open
        self._open = []
        self._log.damaged(damaged.number, "is a row whose quotes do not end")
        return [event for one in others for event in self.outcomes(one)]

    def _row(self, number: int, line: bytes) -> Iterator[Event]:
        outcome = _outcome(self._names, _cells(line, self._separator))
        if outcome is None:
            # Totals, blank lines, and rows of which nothing tells what became of a mail.
            return
        yield Event(f"{self._log.source}#{number}", report_of(outcome, self.name))


def _names(line: bytes) -> tuple[list[str], str]:
    """The columns' names and what separates them; ([], "") where the line is no row of names of such a list."""
    line = line.removeprefix(b"\xef\xbb\xbf")
    if b"@" in line or len(line) > _LONGEST_HEADER or not any(sign.encode() in line for sign in _SEPARATORS):
        return [], ""
    # Logs and notes need none of what reads tables.
    from analyzer.sources.feeds.by_words import names_a_recipient
    from analyzer.sources.tables.plausible import normalised

    for separator in _SEPARATORS:
        names = list(map(normalised, _cells(line, separator)))
        if len(names) > 1 and names_a_recipient(names):
            return names, separator
    return [], ""


def _outcome(names: list[str], cells: list[str]) -> Outcome | None:
    from analyzer.sources.feeds.by_words import outcome_of

    return outcome_of(((name,), value.strip()) for name, value in zip(names, cells, strict=False))


def _cells(line: bytes, separator: str) -> list[str]:
    text = text_of(line.replace(b"\n", b" ")) if separator != "\t" else line.decode("utf-8", "replace")
    try:
        return next(csv.reader([text.strip("\r\n")], delimiter=separator), [])
    except csv.Error:
        return []
