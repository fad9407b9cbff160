"""The tables that commands are given, log, leads and next list, and how their columns were taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from analyzer.errors import AnalyzerError

if TYPE_CHECKING:
    import pandas as pd

    from analyzer.sources.tables import Table

#: A table: its file, or a frame that holds what a file would.
TableSource: TypeAlias = "str | Path | pd.DataFrame"


def column_pair(text: str) -> tuple[str, str]:
    """`column=field`, at the last equals sign: a column's name may hold one."""
    column, equals, field = text.rpartition("=")
    if not equals or not column.strip() or not field.strip():
        raise AnalyzerError(f"--map {text}: is not COLUMN=FIELD, such as --map 'Work mail=recipient'")
    return column.strip(), field.strip()


def column_fields(mapping: Mapping[str, str] | Sequence[str]) -> dict[str, str]:
    """Fields by column, out of such a mapping or of `column=field` pairs, of which one may stand alone."""
    if isinstance(mapping, Mapping):
        return dict(mapping)
    return dict(column_pair(one) for one in ([mapping] if isinstance(mapping, str) else mapping))


def refuse_no_share(tolerance: float) -> None:
    """`AnalyzerError` for a tolerated share that is none: before anything is read."""
    try:
        is_share = 0 < tolerance < 1
    except TypeError:
        is_share = False
    if not is_share:
        raise AnalyzerError(f"--tolerance {tolerance}: is no share between 0 and 1; give one such as 0.05")


def mapping_used(table: Table) -> str:
    used = ", ".join(header if header == field else f"{header} = {field}" for header, field in table.mapping.items())
    unused = f"; not used: {', '.join(table.unmapped)}" if table.unmapped else ""
    platform = f" ({table.platform})" if table.platform else ""
    orders = sorted({order.partition(",")[0] for order in table.orders.values()} - {"", "both"})
    dates = f"; dates with the {orders[0]}" if len(orders) == 1 else ""
    return f"{Path(table.path).name}{platform}: {used}{dates}{unused}"
