"""Lists as delimited text, read line by line; the first line that is not blank names the columns."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from analyzer.bounds import DEFAULT
from analyzer.sources.logs.entries import guarded, numbered
from analyzer.sources.quoted import UNENDED, QuotedRows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

    from analyzer.bounds import Bounds
    from analyzer.records import Event
    from analyzer.sources.skips import Skip

    Read: TypeAlias = Callable[[int], bytes]

_SEPARATORS = (",", ";", "\t")
_LONGEST_HEADER = 4000


def recognises(head: bytes, *, expected: bool) -> bool:
    """By the row of names, where that is enough, else by what the rows say."""
    lines = [line for line in head.split(b"\n") if line.strip() and len(line) <= DEFAULT.log_line_bytes]
    names, separator = _names(lines[0]) if lines else ([], "")
    if not names:
        return False
    from analyzer.sources.lists.rows import LOOKED_AT, is_list

    return is_list(names, (_cells(line, separator) for line in lines[1:LOOKED_AT]), expected=expected)


def items(source: str, head: bytes, read: Read, skip: Skip, bounds: Bounds) -> Iterator[Event]:
    """What each row tells. Where `read` raises, what is known by then comes first."""
    from analyzer.sources.lists.rows import events

    def damaged(number: int, why: str, bound: str = "") -> None:
        skip(f"{source}#{number}", why, bound=bound) if bound else skip(f"{source}#{number}", why)

    raised: list[Exception] = []
    lines = numbered(head, guarded(read, raised), damaged, bounds.log_line_bytes)
    rows = _rows(lines, damaged)
    names, separator = next((found for _, row in rows if (found := _names(row))[0]), ([], ""))
    if names:
        yield from events(source, names, ((number, _cells(row, separator)) for number, row in rows))
    if raised:
        raise raised[0]


def _rows(lines: Iterator[tuple[int, bytes]], damaged: Callable[[int, str], None]) -> Iterator[tuple[int, bytes]]:
    rows = QuotedRows(lambda number, _: damaged(number, UNENDED))
    for number, line in lines:
        yield from rows.add(number, line)
    yield from rows.rest()


def _names(line: bytes) -> tuple[list[str], str]:
    """The columns' names, normalised, and what separates them; ([], "") where the line is no row of names of a list."""
    line = line.removeprefix(b"\xef\xbb\xbf")
    if (
        b"@" in line
        or b": " in line
        or len(line) > _LONGEST_HEADER
        or not any(sign.encode() in line for sign in _SEPARATORS)
    ):
        return [], ""
    # Logs and notes need none of what reads tables.
    from analyzer.sources.lists.layouts import names_a_recipient
    from analyzer.sources.tables.plausible import normalised

    for separator in (sign for sign in _SEPARATORS if sign.encode() in line):
        names = list(map(normalised, _cells(line, separator)))
        if len(names) > 1 and names_a_recipient(names):
            return names, separator
    return [], ""


def _cells(line: bytes, separator: str) -> list[str]:
    try:
        text = line.decode()
    except UnicodeDecodeError:
        text = line.decode("cp1252", "replace")
    try:
        return next(csv.reader([text.strip("\r\n").replace("\0", "").replace("\n", " ")], delimiter=separator), [])
    except csv.Error:
        return []
