"""Columns that a person names beside the canonical ones, for the scan of what drives bounces (`--driver COLUMN`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.errors import AnalyzerError
from analyzer.sources.tables.platforms import EXTRAS, normalise_header

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analyzer.sources.tables.table import Table

#: Stands before the name of a column that is carried as it is, so that it cannot pass for a field of that name.
PREFIX = "driver:"
#: Fields that sends carry in canonical words: a column that is one of them is looked at as that field.
CARRIED: tuple[str, ...] = (
    *("campaign", "step", "sender", "email_status", "industry", "company", "country", "title"),
    *EXTRAS,
)
_MOST_NAMED = 40


def wanted_columns(names: Sequence[str]) -> dict[str, str]:
    """Normalised header -> the name as the person wrote it, each once."""
    found: dict[str, str] = {}
    for name in names:
        if normalise_header(name):
            found.setdefault(normalise_header(name), name.strip())
    return found


def driver_columns(names: Sequence[str], tables: Sequence[Table], workspace: str = "") -> tuple[str, ...]:
    """The columns of `Correlated.sends` that stand for what a person named: fields, or columns behind PREFIX.

    `AnalyzerError` for a column that no table has; of a `workspace`, only the canonical ones are kept.
    """
    fields: dict[str, str] = {}
    for table in tables:
        for header, field in table.mapping.items():
            fields.setdefault(normalise_header(header), field)
        for name in CARRIED:
            if name in table.frame.columns and (table.frame[name] != "").any():
                fields.setdefault(normalise_header(name), name)
        for header in table.unmapped:
            fields.setdefault(normalise_header(header), "")
    found = []
    for key, name in wanted_columns(names).items():
        if key not in fields:
            raise _unknown(name, tables, workspace)
        found.append(fields[key] if fields[key] in CARRIED else PREFIX + name)
    if len(found) < len(names):
        blank = next((name for name in names if not normalise_header(name)), "")
        if blank or "" in names:
            raise _unknown(blank, tables, workspace)
    return tuple(dict.fromkeys(found))


def _unknown(name: str, tables: Sequence[Table], workspace: str) -> AnalyzerError:
    there = list(dict.fromkeys(header for table in tables for header in (*table.mapping, *table.unmapped) if header))
    more = f", and {len(there) - _MOST_NAMED} more" if len(there) > _MOST_NAMED else ""
    kept = f"; the workspace {workspace} keeps {', '.join(CARRIED[:-2])} and no other" if workspace else ""
    return AnalyzerError(
        f"--driver {name!r}: neither the log nor the lead list has such a column; "
        f"their columns are {', '.join(there[:_MOST_NAMED])}{more}{kept}"
    )
