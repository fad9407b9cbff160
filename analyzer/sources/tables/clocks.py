"""A day and its time of day in two columns ("Date" and "Time", "Datum" and "Uhrzeit"), which say together when a mail
was sent.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from analyzer.sources.tables.platforms import generic, normalise_header
from analyzer.sources.tables.times import DATE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from analyzer.sources.tables.headers import Headers

_CLOCK = re.compile(
    r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:\s*(?:[AaPp]\.?[Mm]\.?|Uhr))?(?:\s*(?:Z|UTC|GMT|[+-]\d{2}:?\d{2}))?"
)
# A spreadsheet may give a day as its midnight.
_MIDNIGHT = r"[T ]0{1,2}:00(?::00(?:\.0+)?)?$"
_DAY = re.compile(
    rf"(?:\d{{4}}-\d{{1,2}}-\d{{1,2}}|\d{{1,2}}\s?[./-]\s?\d{{1,2}}\s?[./-]\s?(?:\d{{4}}|\d{{2}}))(?:{_MIDNIGHT})?"
)
#: What the header of a column of times of day holds, where the columns beside it tell nothing.
_TIME_WORDS = ("time", "zeit", "hora", "heure", "ora", "tijd", "hour", "clock")


def with_clock(
    headers: Headers,
    names: Sequence[str],
    wanted: Mapping[str, str] | None,
    column_values: Callable[[int], list[str]],
) -> Headers:
    """The headers with `clock`, where `sent_at` is told by two columns: then `sent_at` is the one of the days.

    A column of times of day without days says nothing of when a mail was sent: `sent_at` goes, and a note tells.
    """
    place = headers.fields.get("sent_at")
    values = column_values(place) if place is not None else []
    if place is None or not values:
        return headers
    free = [other for other in range(len(names)) if other == place or other not in headers.fields.values()]
    if all(map(_DAY.fullmatch, values)):
        clock = _other(place, free, names, wanted, column_values, _CLOCK)
        return headers if clock is None else replace(headers, clock=clock)
    if not all(map(_CLOCK.fullmatch, values)):
        return headers
    day = _other(place, free, names, wanted, column_values, _DAY)
    if day is not None:
        return replace(headers, fields=headers.fields | {"sent_at": day}, clock=place)
    fields = {name: at for name, at in headers.fields.items() if name != "sent_at"}
    whole = [at for at in _known(free, names) if at != place and all(map(DATE.match, column_values(at) or ["-"]))]
    if whole:
        return replace(headers, fields=fields | {"sent_at": whole[0]})
    note = f"{names[place]!r} holds times of day, and no column the days; nothing says when a mail was sent"
    return replace(headers, fields=fields, notes=(*headers.notes, note))


def joined(days: pd.Series, clocks: pd.Series) -> pd.Series:
    """Each day with its time of day, both as text; a blank one adds nothing."""
    bare = days.astype("str").str.replace(_MIDNIGHT, "", regex=True)
    clocks = clocks.astype("str").str.replace(r"\s*Uhr$", "", regex=True)
    told = (bare != "") & (clocks != "")
    return (bare + " " + clocks).where(told, bare).astype("str")


def _other(
    place: int,
    free: Sequence[int],
    names: Sequence[str],
    wanted: Mapping[str, str] | None,
    column_values: Callable[[int], list[str]],
    form: re.Pattern[str],
) -> int | None:
    """The column that belongs to the one at `place`: the one that a person named, the one beside it, or by its header.

    A column of times of day has to say in its header that it is one: a window in which mail may go out is another.
    """
    named = {normalise_header(column) for column, field in (wanted or {}).items() if field == "sent_at"}
    keys = [normalise_header(name) for name in names]

    def fits(other: int) -> bool:
        values = column_values(other)
        return bool(values) and all(map(form.fullmatch, values))

    chosen = [other for other in free if other != place and keys[other] in named and fits(other)]
    if chosen:
        return chosen[0]
    beside = [other for other in (place - 1, place + 1) if other in free]
    told = [other for other in _known(free, names) if other != place]
    for other in (*beside, *told):
        is_time = other in told or any(word in keys[other] for word in _TIME_WORDS)
        if (form is _DAY or is_time) and fits(other):
            return other
    return None


def _known(free: Sequence[int], names: Sequence[str]) -> list[int]:
    """The columns among `free` whose headers say when a mail was sent."""
    known = generic().columns["sent_at"]
    return [other for other in free if normalise_header(names[other]) in known]
