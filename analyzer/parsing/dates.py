"""Dates of RFC 5322 section 3.3, as ISO 8601 in UTC; the obsolete zones of section 4.3 included."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import lru_cache

_DATE = re.compile(
    r"(\d{1,2})[ -]+([A-Za-z]{3})[a-z]*[ -]+(\d{2,4})[ ,]+"
    r"(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?\s*([+-]\d{4}|[A-Z]{1,4})?"
)
_MONTHS = {
    name: number
    for number, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1
    )
}
_UTC = frozenset({"+0000", "-0000", "GMT", "UTC"})
_ZONES = {"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "JST": 9, "CET": 1}


@lru_cache(maxsize=4096)
def to_utc(value: str) -> str:
    """`Thu, 29 Apr 2010 23:34:45 +0900` as `2010-04-29T14:34:45Z`; empty where it is no date."""
    match = _DATE.search(value)
    if match is None:
        return ""
    day, month, year, hour, minute, second, zone = match.groups()
    number = _MONTHS.get(month.lower())
    if number is None:
        return ""
    full_year = int(year) + (0 if len(year) > 2 else 2000 if int(year) < 50 else 1900)
    try:
        # A leap second has no place in datetime. Without a zone of its own it is written as it stands: it is UTC.
        moment = datetime(full_year, number, int(day), int(hour), int(minute), min(int(second or 0), 59))
        if zone and zone not in _UTC:
            moment -= _offset(zone)
        return f"{moment.isoformat()}Z" if moment.year >= 1000 else ""
    except (ValueError, OverflowError):
        return ""


@lru_cache(maxsize=256)
def _offset(zone: str) -> timedelta:
    if zone[:1] in {"+", "-"}:
        minutes = int(zone[1:3]) * 60 + int(zone[3:5])
        return timedelta(minutes=-minutes if zone[0] == "-" else minutes)
    return timedelta(hours=_ZONES.get(zone, 0))
