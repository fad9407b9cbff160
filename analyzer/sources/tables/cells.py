"""A table before anyone knows what its columns mean: headers as written, and every cell as text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from analyzer.bounds import current, shown
from analyzer.errors import UnreadableInputError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Cells:
    """`headers` as written; `frame`: cells as text, "" where blank, its columns by place; `notes` for a person."""

    headers: list[str]
    frame: pd.DataFrame
    notes: tuple[str, ...] = ()


def bounded(where: str, columns: int, rows: int = 0) -> None:
    """`UnreadableInputError` for a table with more columns or cells than the bounds allow."""
    bounds = current()
    if columns > bounds.table_columns:
        raise UnreadableInputError(
            where,
            f"has {columns:,} columns, over the bound table_columns ({bounds.table_columns:,})",
            "leave out what is not needed",
        )
    if columns * rows > bounds.table_cells:
        raise UnreadableInputError(
            where,
            f"has {rows:,} rows of {columns:,} columns, over the bound table_cells ({shown(bounds.table_cells)})",
            "give it in parts",
        )


def cell_text(value: Any) -> str:
    """One cell of a workbook or a JSON value as a CSV would hold it."""
    if value is None or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, (bytes, bytearray)):
        return value.decode("utf-8", "replace").strip()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e18:
        return str(int(value))
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    return str(value).strip()
