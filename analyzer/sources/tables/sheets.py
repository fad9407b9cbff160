"""The sheets of a workbook, or the tables of a page, as one table: a long log goes on in the next sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analyzer.readable import counted, short
from analyzer.sources.tables.cells import Cells, bounded
from analyzer.sources.tables.delimited import find_header, named_in_groups
from analyzer.sources.tables.header_words import readings
from analyzer.sources.tables.plausible import is_address, normalised

if TYPE_CHECKING:
    import pandas as pd

#: The header of the column that says from which sheet a row is, where several were joined.
SHEET = "sheet"
# A note names no more sheets.
_MOST_SHEETS = 5
_LOOK = 60
_OF_MAIL = frozenset({"sent_at", "campaign", "step", "sender", "message_id", "bounced", "bounce_reason", "event"})
#: Sheets of one list share their headers, but for a column that someone added.
_SHARED = 0.75
#: The share of rows that stand in earlier sheets, from which on a sheet is a copy.
_COPIED = 0.9


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet with its rows, all of one width."""

    name: str
    rows: list[list[str]]


@dataclass(frozen=True, slots=True)
class Sheets:
    """Those that hold addresses, the one to start with first; `others`: the rest, by name and number of rows."""

    found: Sequence[Sheet]
    others: Mapping[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Part:
    """The cells of one sheet: `keys` are its headers without case and punctuation, none where it has only rows."""

    name: str
    headers: list[str]
    keys: list[str]
    rows: list[list[str]]


def as_table(sheets: Sheets, where: str, kind: str = "") -> Cells:
    """The first sheet, and those that go on with it; what was left out is told.

    kind: for a "log", the sheet whose headers tell most of mail comes first: leads may stand in a sheet before it.
    """
    import pandas as pd

    parts = [_part(sheet) for sheet in sheets.found]
    if kind == "log":
        parts.sort(key=lambda part: -_told_of_mail(part))
    first, joined, left = parts[0], [parts[0]], dict(sheets.others)
    for part in parts[1:]:
        if _goes_on(first, part):
            joined.append(part)
        else:
            left = {part.name: len(part.rows) + bool(part.keys), **left}
    joined = [first, *(part for part in joined[1:] if part.rows)]
    frame = pd.DataFrame(first.rows, columns=_columns(len(first.headers)), dtype="str")
    headers = list(first.headers)
    notes = []
    if len(joined) > 1:
        headers, frame, again = _stacked(joined)
        bounded(where, len(headers), len(frame))
        told = f"; rows that stand in two sheets, taken once: {again:,}" if again else ""
        notes.append(
            f"{counted(len(joined), 'sheet')} read as one list: "
            f"{_named({part.name: len(part.rows) for part in joined})}{told}"
        )
    if left:
        were = "another was left out" if len(left) == 1 else "others were left out"
        start = "" if len(joined) > 1 else f"read from the sheet {first.name!r}; "
        notes.append(
            f"{start}{were}: {_named(left)}; what belongs to the same list needs the same headers, or goes into a file "
            "of its own"
        )
    return Cells(headers, frame, tuple(notes))


def _part(sheet: Sheet) -> _Part:
    width = len(sheet.rows[0]) if sheet.rows else 0
    at, filled = find_header(sheet.rows[:_LOOK])
    if at < 0:
        headers = [f"column {number}" for number in range(1, filled + 1)]
        return _Part(sheet.name, [*headers, *[""] * width][:width], [], sheet.rows)
    headers = named_in_groups(sheet.rows, at)
    return _Part(sheet.name, headers, [normalised(header) for header in headers], sheet.rows[at + 1 :])


def _told_of_mail(part: _Part) -> int:
    """How many of the fields that tell of mail the headers have."""
    from analyzer.sources.tables.platforms import generic

    known = generic().columns
    fields = {field for field in _OF_MAIL for key in part.keys if key in known[field]}
    return len(fields | ({reading.field for header in part.headers for reading in readings(header)[:1]} & _OF_MAIL))


def _goes_on(first: _Part, part: _Part) -> bool:
    """Whether a sheet goes on with the first one: the same headers, or none and addresses in the same column."""
    if not part.keys:
        return bool(_places_of_addresses(first) & _places_of_addresses(part)) and len(part.headers) <= len(
            first.headers
        )
    own, other = set(first.keys) - {""}, set(part.keys) - {""}
    return len(own & other) >= max(1, _SHARED * max(len(own), len(other)))


def _places_of_addresses(part: _Part) -> set[int]:
    return {place for row in part.rows[:_LOOK] for place, cell in enumerate(row) if is_address(cell)}


def _stacked(parts: Sequence[_Part]) -> tuple[list[str], pd.DataFrame, int]:
    """The headers of all, their rows below one another, and how many stood in more than one sheet."""
    import pandas as pd

    first = parts[0]
    headers = list(first.headers)
    places = {key: place for place, key in reversed(list(enumerate(first.keys))) if key}
    frames = []
    for part in parts:
        where = list(range(len(part.headers)))
        if part is not first and part.keys:
            where = []
            for header, key in zip(part.headers, part.keys, strict=True):
                if key and key not in places:
                    places[key] = len(headers)
                    headers.append(header)
                where.append(places.get(key, -1))
        kept = {f"c{to}": place for place, to in reversed(list(enumerate(where))) if to >= 0}
        frame = pd.DataFrame(part.rows, columns=_columns(len(part.headers)), dtype="str")
        frames.append(pd.DataFrame({name: frame.iloc[:, place] for name, place in kept.items()}))
    names = _columns(len(headers))
    sheet = pd.Series([part.name for part in parts for _ in part.rows], dtype="str")
    frame = pd.concat(frames, ignore_index=True).reindex(columns=names).fillna("").astype("str")
    # A copy of a sheet, or a part of one ("Bounced only"), holds the same mails; a row or two may be alike by chance.
    again = frame.duplicated() & (sheet != first.name)
    again &= again.groupby(sheet).transform("mean") >= _COPIED
    frame = frame.assign(**{f"c{len(headers)}": sheet})[~again].reset_index(drop=True)
    return [*headers, SHEET], frame, int(again.sum())


def _columns(count: int) -> list[str]:
    return [f"c{number}" for number in range(count)]


def _named(sheets: Mapping[str, int]) -> str:
    named = [f"{short(name, 40)!r} ({counted(rows, 'row')})" for name, rows in list(sheets.items())[:_MOST_SHEETS]]
    more = f" and {len(sheets) - len(named)} more" if len(sheets) > len(named) else ""
    return ", ".join(named) + more
