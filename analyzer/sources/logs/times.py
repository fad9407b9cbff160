"""The times of log lines as ISO 8601 in UTC, whatever the line writes.

Sources: RFC 3164 4.1.2 (`Mar  2 09:11:21`), RFC 5424 6.2.3 and RFC 3339 (`2026-03-02T09:11:21.003+01:00`), Exim's and
PowerMTA's `2026-03-02 09:11:21+0000`, and seconds since 1970. A time without a zone is taken for UTC: neither syslog
nor Exim writes which clock it used.

Syslog writes no year. It is the newest year in which no line of the log's first megabytes lies in the future; from one
December to the next January, and behind a leap year's 29 February, it moves on by itself. Where a longer log reaches
the future after all, it began a year earlier than it looked, and goes on from there with the right year.
"""

from __future__ import annotations

import re
from calendar import isleap
from datetime import UTC, date, datetime, timedelta
from itertools import groupby

_MONTHS = (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec")
_NUMBER = {name: number for number, name in enumerate(_MONTHS, 1)}
_NAMED = rb"(?P<month>" + b"|".join(_MONTHS) + rb") (?P<day>[ \d]\d)(?: (?P<year>\d{4}))? (?P<time>\d\d:\d\d:\d\d)"
_TIME = re.compile(
    rb"(?P<iso>\d{4}-\d\d-\d\d)[T ](?P<clock>\d\d:\d\d:\d\d)(?:[.,]\d+)?\s?(?P<zone>Z|[+-]\d\d:?\d\d|)"
    rb"|(?:(?P<before>\d{4}) )?" + _NAMED + rb"|(?<![\d.:-])(?P<epoch>\d{10})(?![\d:-])"
)
#: The times at the front of a block of lines, behind a priority (RFC 3164 4.1.1) or the name of a container.
_FIRST_TIMES = re.compile(
    rb"^(?:<\d{1,3}>|[\w.-]{1,64}\s*\| )?(" + b"|".join(_MONTHS) + rb") ([ \d]\d) \d\d:", re.MULTILINE
)
_CLOCK = re.compile(rb"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?= |\.\d)")
#: A December this many months behind a January is an older line that came late, a later one a turn of the year.
_TURN = 6
#: No clock on Earth is further ahead of UTC than this; a day is easier to say.
_SLACK = timedelta(days=1)
_GREATEST_SPAN = 12


def today() -> date:
    """The day after which a line lies in the future."""
    return (datetime.now(UTC) + _SLACK).date()


def first_year(block: bytes, last_day: date) -> int:
    """The year of the first line of `block`: the newest in which no line is later than `last_day`.

    The current one where no line of the block bears a time without a year.
    """
    days: set[tuple[int, int, int]] = set()
    turns = month = 0
    for (name, day), _ in groupby(_FIRST_TIMES.findall(block)):
        turns, month = _turned(turns, month, _NUMBER[name]), _NUMBER[name]
        days.add((turns, month, int(day)))
    for year in range(last_day.year, last_day.year - _GREATEST_SPAN, -1):
        if all(_possible(year + turn, month, day, last_day) for turn, month, day in days):
            return year
    return last_day.year - max((turn for turn, _, _ in days), default=0)


def lacks_year(block: bytes) -> bool:
    """Whether a line of the block bears a time without a year."""
    return _FIRST_TIMES.search(block) is not None


def _turned(turns: int, before: int, month: int) -> int:
    """How many times the year has turned, now that `month` follows `before`."""
    if before - month > _TURN:
        return turns + 1
    return turns - 1 if turns and month - before > _TURN else turns


def _possible(year: int, month: int, day: int, last_day: date) -> bool:
    if month == 2 and day == 29 and not isleap(year):
        return False
    return (year, month, day) <= (last_day.year, last_day.month, last_day.day)


class Clock:
    """Reads the times of one log, line after line."""

    def __init__(self, year: int | None = None, last_day: date | None = None) -> None:
        """`year`: of the first line that bears none; `last_day`: after which there is none."""
        self._last_day = last_day or today()
        self._year = year if year is not None else self._last_day.year
        self._turns = self._month = 0
        self._stamp, self._read = b"", ""
        self._front, self._day = b"", ""

    def read(self, stamp: bytes) -> str:
        """The first time in `stamp` (the words in front of what a line says), "" where it bears none."""
        if stamp == self._stamp:
            return self._read
        if stamp[:7] == self._front and _CLOCK.match(stamp, 7):
            # The next of a day's many: syslog's form has the day in front, and no zone behind.
            self._read = f"{self._day}{stamp[7:15].decode()}Z"
        else:
            self._front = b""
            self._read = self._reading(stamp)
        self._stamp = stamp
        return self._read

    def _reading(self, stamp: bytes) -> str:
        found = _TIME.search(stamp)
        if found is None:
            return ""
        if found["iso"]:
            return _zoned(found["iso"].decode(), found["clock"].decode(), found["zone"].decode())
        if found["epoch"]:
            return _utc(datetime.fromtimestamp(int(found["epoch"]), UTC))
        month, day = _NUMBER[found["month"]], int(found["day"])
        stated = found["year"] or found["before"]
        year = int(stated) if stated else self._year_of(month, day)
        read = _checked(f"{year:04}-{month:02}-{day:02}", found["time"].decode())
        if read and not stated and not found.start():
            self._front, self._day = stamp[:7], read[:11]
        return read

    def _year_of(self, month: int, day: int) -> int:
        if month != self._month:
            self._turns, self._month = _turned(self._turns, self._month, month), month
        year = self._year + self._turns
        last = self._last_day
        if (year, month, day) > (last.year, last.month, last.day):
            self._year -= 1
            year -= 1
        return year


def _zoned(day: str, clock: str, zone: str) -> str:
    if zone in {"", "Z", "+0000", "+00:00", "-0000", "-00:00"}:
        return _checked(day, clock)
    try:
        return _utc(datetime.fromisoformat(f"{day}T{clock}{zone}").astimezone(UTC))
    except (ValueError, OverflowError):
        return ""


def _checked(day: str, clock: str) -> str:
    """The two as one time, "" where there is no such day or hour; a leap second has no place in most programs."""
    if clock.endswith(":60"):
        clock = f"{clock[:6]}59"
    try:
        datetime.fromisoformat(f"{day}T{clock}")
    except ValueError:
        return ""
    return f"{day}T{clock}Z"


def _utc(moment: datetime) -> str:
    return f"{moment.isoformat()[:19]}Z"
