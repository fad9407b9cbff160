"""ISO 8601 weeks of a time zone: their labels ("2026-W10"), and the moments at which they begin."""

from __future__ import annotations

import re
import zoneinfo
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from analyzer.errors import AnalyzerError

_WEEK = timedelta(weeks=1)
#: Microseconds, the resolution of the tables.
WEEK_US = 604_800_000_000


@dataclass(frozen=True, slots=True)
class Weeks:
    """Weeks that follow one another; week n runs from `bounds[n]` to `bounds[n + 1]` (microseconds since 1970, UTC)."""

    labels: tuple[str, ...]
    bounds: tuple[int, ...]

    def partitions(self, *, later: int = 0) -> list[str]:
        """The UTC weeks that hold these, and `later` more behind them: what the tables are partitioned by."""
        first, last = _moment(self.bounds[0]), _moment(self.bounds[-1] - 1) + later * _WEEK
        monday = first.date() - timedelta(days=first.weekday())
        found = []
        while monday <= last.date():
            found.append(label_of(monday))
            monday += _WEEK
        return found

    def last(self, number: int = 1) -> Weeks:
        """The last week alone, or the last few."""
        return Weeks(self.labels[-number:], self.bounds[-number - 1 :])

    def before(self, number: int) -> Weeks:
        """All but the last few; there may be none."""
        return Weeks(self.labels[:-number], self.bounds[:-number])


def zone_of(name: str) -> zoneinfo.ZoneInfo:
    """The zone of a name such as Europe/Berlin; `AnalyzerError` for one that is not known, UTC for ""."""
    try:
        return zoneinfo.ZoneInfo(name or "UTC")
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise AnalyzerError(f"--timezone {name}: is no time zone; give one such as Europe/Berlin") from None


def label_of(day: date) -> str:
    """The label of the week that a day lies in."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def monday_of(label: str) -> date:
    """The first day of a week; `AnalyzerError` where the year has no such week."""
    try:
        return date.fromisocalendar(int(label[:4]), int(label[6:]), 1)
    except ValueError:
        raise AnalyzerError(f"week {label!r}: is no ISO week; give one such as 2026-W10") from None


def first_day(text: str) -> date | None:
    """The day that --since names: a day, or the first one of an ISO week; None for "".

    `AnalyzerError` for what is neither.
    """
    try:
        if re.fullmatch(r"\d{4}-W\d{2}", text):
            return date.fromisocalendar(int(text[:4]), int(text[6:]), 1)
        if text and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            raise ValueError(text)
        return date.fromisoformat(text) if text else None
    except ValueError:
        problem = "is neither a day nor an ISO week; give one such as 2026-03-31 or 2026-W14"
        raise AnalyzerError(f"--since {text}: {problem}") from None


def weeks_until(label: str, before: int, zone: zoneinfo.ZoneInfo) -> Weeks:
    """The week `label` and the `before` weeks before it, as a zone's clocks have them.

    `AnalyzerError` for a week at either end of all time, which has none before or behind it.
    """
    last = monday_of(label)
    try:
        mondays = [last + (number - before) * _WEEK for number in range(before + 2)]
        bounds = tuple(_microseconds(datetime.combine(day, time(), tzinfo=zone)) for day in mondays)
    except OverflowError:
        raise AnalyzerError(f"week {label!r}: no mail was sent then; give one such as 2026-W10") from None
    return Weeks(tuple(label_of(day) for day in mondays[:-1]), bounds)


def week_at(moment: datetime, zone: zoneinfo.ZoneInfo) -> str:
    """The week in which a moment lies, as a zone's clocks have it."""
    return label_of(moment.astimezone(zone).date())


def _microseconds(moment: datetime) -> int:
    since = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _moment(microseconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
