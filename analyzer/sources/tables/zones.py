"""Time zones as exports write them: behind a time, in a header, or named by a person for a log that has none.

Sources: RFC 5322 section 4.3 (the North American abbreviations), the IANA time zone database. An abbreviation that
stands for several zones (IST, BST in Asia) is left alone.
"""

from __future__ import annotations

import re
from datetime import UTC, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING

from analyzer.errors import AnalyzerError

if TYPE_CHECKING:
    import pandas as pd

#: Abbreviation -> hours from UTC.
_ABBREVIATIONS: dict[str, int] = {
    "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
    "WET": 0, "WEST": 1, "CET": 1, "CEST": 2, "MEZ": 1, "MESZ": 2, "EET": 2, "EEST": 3,
    "JST": 9, "AEST": 10, "AEDT": 11,
}  # fmt: skip
_CITIES = {"ET": "America/New_York", "CT": "America/Chicago", "MT": "America/Denver", "PT": "America/Los_Angeles"}
_OFFSET = re.compile(r"(?:UTC|GMT)?\s*([+-]\d{1,2})(?::?(\d{2}))?", re.IGNORECASE)
_IN_HEADER = re.compile(r"[(\[]\s*([A-Za-z]{1,4}(?:\s*[+-]\d{1,2}(?::?\d{2})?)?|[A-Za-z_]+/[A-Za-z_/]+)\s*[)\]]\s*$")
# "sent_at_utc", "Sent At UTC": other abbreviations are words too.
_UTC_SUFFIX = re.compile(r"[\s_-](?:UTC|GMT)$", re.IGNORECASE)

_ABBREVIATED = rf"(?i)\s*\(?\b({'|'.join(_ABBREVIATIONS)})\b\)?$"
_SPELT_OFFSET = r"(?i)\s*\(?(?:GMT|UTC)\s*([+-])(\d{1,2}):?(\d{2})?\)?$"


def zone_of(name: str) -> tzinfo:
    """A zone by name, abbreviation or offset (`Europe/Berlin`, `EST`, `+01:00`); `AnalyzerError` for others."""
    zone = _zone(name.strip())
    if zone is None:
        raise AnalyzerError(f"time zone {name!r}: is not known; use a name such as Europe/Berlin, or +01:00")
    return zone


def split_header(header: str) -> tuple[str, tzinfo | None]:
    """A header without the zone that it names, and that zone: "Sent At (EST)", "sent_at_utc"."""
    found = _IN_HEADER.search(header)
    if found and (zone := _zone(found[1])) is not None:
        return header[: found.start()].rstrip(), zone
    if suffix := _UTC_SUFFIX.search(header):
        return header[: suffix.start()], UTC
    return header, None


def _zone(name: str) -> tzinfo | None:
    upper = name.upper()
    if upper in {"UTC", "GMT", "Z"}:
        return UTC
    if upper in _ABBREVIATIONS:
        return timezone(timedelta(hours=_ABBREVIATIONS[upper]))
    if offset := _OFFSET.fullmatch(name):
        hours, minutes = int(offset[1]), int(offset[2] or 0)
        if abs(hours) > 14 or minutes > 59:
            return None
        return timezone(timedelta(hours=hours, minutes=-minutes if offset[1].startswith("-") else minutes))
    return _by_name(_CITIES.get(upper, name))


def _by_name(name: str) -> tzinfo | None:
    from zoneinfo import ZoneInfo

    if "/" not in name:
        return None
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        return None


def with_offsets(text: pd.Series) -> pd.Series:
    """Times with the zone behind them as an offset: "9:11 EST", "9:11 UTC+1" and "9:11 GMT+0100 (Central …)"."""
    has_letters = text.str.contains(r"[A-Za-z)]$", regex=True)
    if bool(has_letters.any()):
        # JavaScript writes "GMT+0100 (Central European Time)"; the offset says all.
        text = text.str.replace(r"([+-]\d{2}:?\d{2})\s*\([^()]*\)$", r"\1", regex=True)
        text = text.str.replace(_ABBREVIATED, lambda found: f" {_ABBREVIATIONS[found[1].upper()]:+03d}:00", regex=True)
    if bool(text.str.contains(r"(?i)(?:GMT|UTC)\s*[+-]\d", regex=True).any()):
        text = text.str.replace(
            _SPELT_OFFSET, lambda found: f" {found[1]}{found[2].zfill(2)}:{found[3] or '00'}", regex=True
        )
    return text
