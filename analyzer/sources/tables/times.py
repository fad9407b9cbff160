"""Times as campaign exports write them: ISO 8601, epoch seconds to nanoseconds, Excel serials, day or month first.

Sources: RFC 3339; ECMA-376 part 1, 18.17.4.1 (serial dates count days from 1899-12-30 in the 1900 system).
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from analyzer.sources.tables.zones import with_offsets

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import tzinfo

    import pandas as pd

Order: TypeAlias = Literal["", "day first", "month first", "month first, assumed", "both"]

# A spreadsheet of half the world writes a serial date with a decimal comma.
_NUMBER = r"-?\d+(?:[.,]\d+)?"
_ISO = r"\d{4}-\d{1,2}-\d{1,2}(?:[T ].*)?"
# What stands between a day and its time in other languages.
_AT = r"(?:(?:at|à|um|om|a las|alle|às|kl\.?|o)\s+)?"
_NUMERIC_DATE = rf"^(\d{{1,2}})\s*[./-]\s*(\d{{1,2}})\s*[./-]\s*(\d{{4}}|\d{{2}})(?:[T,\s]+{_AT}(.*))?$"
_DAY_MONTH = re.compile(r"\s*(\d{1,2})\s*([./-])\s*(\d{1,2})\s*[./-]\s*(?:\d{4}|\d{2})(?!\d)")
#: A text that begins as a date in numbers.
DATE = re.compile(r"\s*(?:(?:19|20)\d{2}-\d{1,2}-\d{1,2}|\d{1,2}\s?([./-])\s?\d{1,2}\s?\1\s?(?:20)?\d{2})(?!\d)")
# Month names that exports in other languages write in full or cut to three or four letters; English ones need none.
_MONTHS: dict[str, str] = {
    "Jan": "januar januari janvier janv enero ene gennaio gen janeiro stycznia",
    "Feb": "februar februari février févr fév febrero febbraio fevereiro fev lutego",
    "Mar": "märz mär maart mrt mars marzo março marca",
    "Apr": "avril avr abril abr aprile kwietnia",
    "May": "mai mayo maggio mag maio mei maj maja",
    "Jun": "juni juin junio giugno giu junho czerwca",
    "Jul": "juli juillet juil julio luglio lug julho lipca",
    "Aug": "août aou agosto ago augustus augusti sierpnia",
    "Sep": "septembre septiembre settembre set setembro września sept",
    "Oct": "oktober okt octobre octubre ottobre ott outubro out października",
    "Nov": "novembre noviembre novembro listopada",
    "Dec": "dezember dez décembre déc diciembre dic dicembre dezembro december grudnia",
}
_ENGLISH = {name: month for month, names in _MONTHS.items() for name in names.split()}
_FOREIGN_MONTH = rf"(?i)\b(?:{'|'.join(sorted(_ENGLISH, key=len, reverse=True))})\b\.?"
_CLOCK = (
    r"^(\d{1,2})[:.h](\d{2})(?:[:.](\d{2}))?(?:[.,]\d+)?\s*([AaPp])?\.?(?:[Mm]\.?)?(?:\s*Uhr)?\s*"
    r"([Zz]|UTC|GMT|[+-]\d{2}:?\d{2})?$"
)
_DAYLESS = r"(?i)(?:now|today|T?\d{1,2}:\d{2}.*)"
_ZONE = r"(?:[Zz]|UTC|GMT|[+-]\d{2}:?\d{2})\)?$"
_ZONE_NAME = r"([Z\d])\[[A-Za-z_/+\-0-9]{1,40}\]$"
# East Asian dates and times name their parts: 2026年3月13日 午後4時05分, 2026년 3월 13일 오후 4:05.
_NAMED_DAY = re.compile(
    r"^\s*(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日号號일]\s*(?:[(（][^()（）]{1,4}[)）]\s*)?"
)
_YEAR_NAMED = r"^\s*\d{4}\s*[年년]"
# Without the blanks between them.
_NAMED_CLOCK = re.compile(
    r"(오전|오후|[午上下][前後午])?(\d{1,2})[時时點点시:](?:(\d{1,2})(?:[分분:](?:(\d{1,2})[秒초]?)?)?)?"
)
_AFTER_NOON = frozenset({"午後", "下午", "오후"})
# A plain date ends like an offset: 2026-03-02.
_DATE = r"^\d{4}-\d{1,2}-\d{1,2}$|^\d{1,2}-\d{1,2}-\d{4}$"

#: No time is longer; of more, one of a million letters would be taken apart letter by letter.
_LONGEST = 100

#: (smallest number, nanoseconds in its unit, what zero means in ns since 1970) from the largest unit down.
_DAY, _SECOND = 86_400_000_000_000, 1_000_000_000
_SERIAL_ZERO = -25_569 * _DAY
_NUMBERS: tuple[tuple[float, float, int, int], ...] = (
    (2e4, 8e4, _DAY, _SERIAL_ZERO),
    (1e8, 1e10, _SECOND, 0),
    (1e11, 9e12, 1_000_000, 0),
    (1e14, 9e15, 1_000, 0),
    (1e17, 9e18, 1, 0),
)


@dataclass(frozen=True, slots=True)
class Times:
    """`values`: datetime64[ns, UTC], NaT where blank or unread; `zoned`: every time carried its zone."""

    values: pd.Series
    zoned: bool
    order: Order
    unread: tuple[str, ...]


def parse_times(column: pd.Series) -> pd.Series:
    """A column of times as text (or datetimes) as datetime64[ns, UTC]; NaT where blank or no time."""
    return read_times(column).values


def read_times(column: pd.Series, *, order: Order = "", zone: tzinfo | None = None) -> Times:
    """The same, with what was found out: whether zones were given, which order of day and month, what was no time.

    Times without a zone are taken as of `zone`, else as UTC. Whether 02/03 is the 2nd of March or the 3rd of February
    is what `order` says, or is decided once for the whole column: by a number over 12, by dots, else by the reading
    that lets the column span less time.
    """
    import pandas as pd

    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return Times(column.dt.tz_convert("UTC").astype("datetime64[ns, UTC]"), True, "", ())
    if column.dtype.kind == "M":
        local = column.dt.tz_localize("UTC").astype("datetime64[ns, UTC]")
        return _located(Times(local, False, "", ()), pd.Series(False, index=column.index), zone)
    quick = _plain_iso(column) if isinstance(column.dtype, pd.StringDtype) else None
    text = column if quick else column.astype("str").fillna("").str.strip()
    quick = quick or _plain_iso(text)
    if quick is not None:
        return quick if quick.zoned else _located(quick, pd.Series(False, index=text.index), zone)
    # Exports repeat their times (a batch goes out in one minute): the slow ways run over what is distinct.
    codes, distinct = pd.factorize(text)
    # Java writes the name of the zone behind its offset: 2026-03-02T10:11:18+01:00[Europe/Berlin].
    words = with_offsets(
        pd.Series(distinct, dtype="str").str.slice(0, _LONGEST).str.replace(_ZONE_NAME, r"\1", regex=True)
    )
    times, has_zone = _read_distinct(words, order)
    times = _located(times, has_zone, zone)
    return Times(pd.Series(times.values.array.take(codes), index=text.index), times.zoned, times.order, times.unread)


def order_of(values: Iterable[str]) -> Order:
    """The order that numeric dates among the values prove: a number over 12, or dots; "" where nothing does."""
    day = month = dots = False
    for value in values:
        found = _DAY_MONTH.match(value)
        if found:
            day |= int(found[1]) > 12
            month |= int(found[3]) > 12
            dots |= found[2] == "."
    if day != month:
        return "day first" if day else "month first"
    return "day first" if dots and not month else ""


def _located(times: Times, has_zone: pd.Series, zone: tzinfo | None) -> Times:
    """The times that carry no zone of their own as those of `zone`."""
    if zone is None:
        return times
    values = times.values.copy()
    bare = (~has_zone & values.notna()).to_numpy()
    if bare.any():
        clock = values[bare].dt.tz_localize(None)
        # The hour that the clocks go back over is taken as summer time, the one they skip moves on.
        local = clock.dt.tz_localize(zone, ambiguous=bare[bare], nonexistent="shift_forward")
        values[bare] = local.dt.tz_convert("UTC")
    return Times(values, True, times.order, times.unread)


def _read_distinct(text: pd.Series, wanted: Order) -> tuple[Times, pd.Series]:
    """The times, and which of them carry a zone."""
    import numpy as np
    import pandas as pd

    result = pd.Series(np.full(len(text), "NaT", dtype="datetime64[ns]"), index=text.index).dt.tz_localize("UTC")
    left = text != ""
    order: Order = ""
    if bool((named := text.str.contains(_YEAR_NAMED, regex=True)).any()):
        text = text.mask(named, text[named].map(_in_figures))
    is_number = left & text.str.fullmatch(_NUMBER)
    if is_number.any():
        result[is_number] = _from_numbers(text[is_number].str.replace(",", "."))
        left &= result.isna()
    is_iso = left & text.str.fullmatch(_ISO)
    if is_iso.any():
        result[is_iso] = _from_iso(text[is_iso])
        left &= result.isna()
    is_numeric = left & text.str.match(_NUMERIC_DATE)
    if is_numeric.any():
        result[is_numeric], order = _from_numeric_dates(text[is_numeric], wanted)
        left &= result.isna()
    # "10:30" and "now" would be read as of the day of the reading.
    dated = left & ~text.str.fullmatch(_DAYLESS)
    if dated.any():
        result[dated] = _from_words(text[dated])
        left &= result.isna()
    given = (text != "") & ~left
    whole = text.str.replace(r"[.,].*$", "", regex=True).str.len()
    epoch = text.str.fullmatch(_NUMBER) & (whole >= 9) & ~text.str.fullmatch(r"20\d{12}")
    has_zone = (text.str.contains(_ZONE, regex=True) & ~text.str.contains(_DATE, regex=True)) | epoch
    return Times(result, bool(has_zone[given].all()), order, tuple(text[left].head(3))), has_zone


def _from_words(text: pd.Series) -> pd.Series:
    """Dates with the month in letters: "Mon, 02 Mar 2026 09:11:00 +0000", "Mar 2, 2026 9:11 AM", "2. März 2026"."""
    import pandas as pd

    words = text.str.replace(r"(?<=\d)(?:st|nd|rd|th)\b", "", regex=True).str.replace(r"\bat\b", "", regex=True)
    foreign = words.str.contains(_FOREIGN_MONTH, regex=True)
    if bool(foreign.any()):
        english = words[foreign].str.replace(_FOREIGN_MONTH, lambda found: _ENGLISH[_month_key(found[0])], regex=True)
        english = english.str.replace(r"(?i)\b(?:de|del|um|à|uhr|h)\b|(?<=\d)\.(?=\s)", " ", regex=True)
        words = words.mask(foreign, english)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parsed = pd.to_datetime(words, format="mixed", utc=True, errors="coerce")
    return _sane(parsed)


def _in_figures(text: str) -> str:
    """A day whose parts are named, as ISO 8601; what stands behind it as it is where that is no time of day."""
    day = _NAMED_DAY.match(text)
    if day is None:
        return text
    date = f"{day[1]}-{day[2]:0>2}-{day[3]:0>2}"
    rest = text[day.end() :]
    clock = _NAMED_CLOCK.fullmatch("".join(rest.split()))
    if clock is None:
        return f"{date} {rest}".strip()
    hour = int(clock[2])
    if clock[1]:
        hour = hour % 12 + (12 if clock[1] in _AFTER_NOON else 0)
    return f"{date} {hour:02}:{clock[3] or 0:0>2}:{clock[4] or 0:0>2}"


def _month_key(name: str) -> str:
    return name.rstrip(".").lower()


def _plain_iso(text: pd.Series) -> Times | None:
    """The whole column through Arrow's own reader where every time is ISO 8601: an order of magnitude faster."""
    import pandas as pd
    import pyarrow as pa
    import pyarrow.compute as pc

    values = pa.array(text, type=pa.large_string(), from_pandas=True)
    values = pc.if_else(pc.equal(values, ""), pa.scalar(None, pa.large_string()), values)
    if values.null_count == len(values):
        return None
    for kind, zoned in ((pa.timestamp("us"), False), (pa.timestamp("us", "UTC"), True)):
        try:
            read = pc.cast(values, kind)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            continue
        series = pd.Series(pc.cast(read, pa.timestamp("us", "UTC")).to_pandas(), copy=False)
        sane = _sane(series.set_axis(text.index))
        return Times(sane, zoned, "", ()) if sane.count() == series.count() else None
    return None


def _sane(times: pd.Series) -> pd.Series:
    """In nanoseconds, without what no campaign can hold: such years are typing errors, and do not fit nanoseconds."""
    import pandas as pd

    first, last = (pd.Timestamp(f"{year}-01-01", tz="UTC") for year in (1970, 2200))
    sane: pd.Series = times.where((times >= first) & (times < last))
    in_nanoseconds: pd.Series = sane.dt.as_unit("ns")
    return in_nanoseconds


def _from_numbers(text: pd.Series) -> pd.Series:
    import numpy as np
    import pandas as pd

    number = text.astype(float).to_numpy()
    nanoseconds = np.full(len(number), np.iinfo(np.int64).min)
    for low, high, unit, zero in _NUMBERS:
        fits = (number >= low) & (number < high)
        whole = np.floor(number[fits])
        part = number[fits] - whole
        # A serial is told to the second at best: 46082.333333 is eight o'clock.
        finest = _SECOND if unit == _DAY else 1
        parts = np.round(part * unit / finest).astype(np.int64) * finest
        nanoseconds[fits] = whole.astype(np.int64) * unit + parts + zero
    found = pd.Series(nanoseconds.view("datetime64[ns]"), index=text.index).dt.tz_localize("UTC")
    for digits, layout in ((8, "%Y%m%d"), (14, "%Y%m%d%H%M%S")):
        compact = text.str.fullmatch(rf"20\d{{{digits - 2}}}")
        if compact.any():
            found[compact] = _sane(pd.to_datetime(text[compact], format=layout, utc=True, errors="coerce"))
    return found


def _from_iso(text: pd.Series) -> pd.Series:
    import pandas as pd

    tidy = text.str.replace(r"\s*(?:UTC|GMT)$", "Z", regex=True).str.replace(
        r"\s+([+-]\d{2}:?\d{2})$", r"\1", regex=True
    )
    return _sane(pd.to_datetime(tidy, format="ISO8601", utc=True, errors="coerce"))


def _from_numeric_dates(text: pd.Series, wanted: Order = "") -> tuple[pd.Series, Order]:
    import pandas as pd

    parts = text.str.extract(_NUMERIC_DATE)
    first, second = parts[0].astype(int), parts[1].astype(int)
    year = parts[2].astype(int)
    year = year.where(parts[2].str.len() == 4, year + 2000)
    clock = _clock(parts[3].fillna("").str.strip())

    def build(day: pd.Series, month: pd.Series) -> pd.Series:
        dates = pd.to_datetime(pd.DataFrame({"year": year, "month": month, "day": day}), errors="coerce", utc=True)
        return _sane(dates) + clock

    day_first, month_first = build(first, second), build(second, first)
    if wanted:
        return (day_first if wanted == "day first" else month_first), wanted
    over_first, over_second = bool((first > 12).any()), bool((second > 12).any())
    if over_first and over_second:
        # Both orders in one column: each value by what it can be, the rest by the commoner of the two.
        commoner = day_first if (first > 12).sum() >= (second > 12).sum() else month_first
        return commoner.fillna(day_first).fillna(month_first), "both"
    if over_first or over_second:
        return (day_first, "day first") if over_first else (month_first, "month first")
    if text.str.contains(r"^\d+\s*\.", regex=True).all():
        return day_first, "day first"
    if text.str.contains(r"[AaPp]\.?[Mm]\.?", regex=True).any():
        return month_first, "month first"
    day_span = day_first.max() - day_first.min()
    month_span = month_first.max() - month_first.min()
    if day_span < month_span:
        return day_first, "day first"
    return month_first, "month first" if month_span < day_span else "month first, assumed"


def _clock(text: pd.Series) -> pd.Series:
    """Time of day as a duration since midnight UTC; a blank is midnight, what is no time is NaT."""
    import pandas as pd

    parts = text.str.extract(_CLOCK)
    hour, minute = pd.to_numeric(parts[0]), pd.to_numeric(parts[1])
    second = pd.to_numeric(parts[2]).fillna(0)
    half = parts[3].str.lower()
    hour = (hour % 12).where(half.notna(), hour) + (half == "p").astype(int) * 12
    offset = parts[4].fillna("").str.extract(r"^([+-])(\d{2}):?(\d{2})$")
    minutes = pd.to_numeric(offset[1]).fillna(0) * 60 + pd.to_numeric(offset[2]).fillna(0)
    minutes = minutes.where(offset[0] != "-", -minutes)
    clock = pd.to_timedelta(hour * 3600 + minute * 60 + second - minutes * 60, unit="s")
    return clock.where(text != "", pd.Timedelta(0)).astype("timedelta64[ns]")
