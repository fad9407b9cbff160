"""What stands in a cell: values in the form that a platform asks for, and safe for a spreadsheet.

OWASP, "CSV Injection": a cell that begins with = + - @ (or their full-width forms) is run as a formula. A text gets an
apostrophe in front. An address must not: `'=a@example.com` is another address, and a list with it would strike nobody
off. Such addresses are kept out of CSV files and counted; they stand unchanged in text and JSON, which nothing runs.
"""

from __future__ import annotations

import re
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pandas as pd

from analyzer.addresses.key import address_key
from analyzer.formulas import STARTS
from analyzer.redaction import hashed
from analyzer.report.words import clean, short

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.export.kinds import Column

# A number, a date or a telephone number: it begins like a formula, and without a letter it can call nothing.
_FIGURES = re.compile(r"[+-]?[0-9][0-9 ().,/:-]*")


def runs_as_formula(text: str) -> bool:
    """Whether a spreadsheet would take the cell for a formula."""
    return text.startswith(STARTS) and not _FIGURES.fullmatch(text)


def guarded(text: str) -> str:
    """The text as a cell that no spreadsheet runs; an apostrophe before one that begins like a formula."""
    return "'" + text if runs_as_formula(text.lstrip("'")) else text


def tidy(value: object, limit: int = 0) -> str:
    """One line of text that can do nothing but be read; cut to `limit` characters (0: not at all)."""
    return short(value, limit) if limit else clean(value)


def column_values(rows: pd.DataFrame, column: Column, lead_ids: dict[str, str]) -> pd.Series:
    """A column of the export, row by row, as text: RFC 2822, ISO 8601 and SHA-256 where it asks for them."""
    by_key = column.value == "lead_id"
    values = rows["email"].map(lambda email: lead_ids.get(address_key(email), "")) if by_key else rows[column.value]
    if column.form == "sha256":
        return values.map(lambda address: hashed(address, column.normalise))
    if column.form:
        values = in_form(values, column.form)
    if column.words:
        words = dict(column.words)
        values = values.map(lambda value: words.get(value, ""))
    if column.otherwise:
        values = values.mask(values == "", column.otherwise)
    if column.value == "email":
        return values.astype(object)
    return values.map(lambda value: tidy(value, column.limit)).astype(object)


def in_form(dates: pd.Series, form: str) -> pd.Series:
    """ISO 8601 times as "iso" (to the second, UTC), "day", or "rfc2822"; "" where there is none that can be read."""
    times = pd.to_datetime(dates.where(dates != ""), utc=True, errors="coerce", format="ISO8601")
    write: Callable[[pd.Timestamp], str] = {
        "iso": lambda time: time.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "day": lambda time: time.strftime("%Y-%m-%d"),
        "rfc2822": lambda time: format_datetime(time.to_pydatetime()),
    }[form]
    return pd.Series(["" if pd.isna(time) else write(time) for time in times], index=dates.index, dtype=object)
