"""What the stages after this one get of a table: its rows in canonical columns, and how they were told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from analyzer.sources.tables.times import Order

if TYPE_CHECKING:
    import pandas as pd

TableKind: TypeAlias = Literal["log", "leads"]


@dataclass(frozen=True, slots=True)
class Table:
    """A table that was read.

    frame: SEND_COLUMNS (kind "log", and lead columns that are there) or LEAD_COLUMNS (kind "leads"), text with ""
        where blank; `sent_at` and `verified_at` are datetime64[ns, UTC]; `state` and the like where columns tell what
        became of a mail, `template` and `list_source` where there; then the other columns under their own names. Rows
        without an address are left out.
    mapping: header as written -> field. unmapped: the headers of the rest.
    platform: title of the recognised platform, or "". rows: rows of `frame`.
    zoned: whether the times carry their zone, or someone said which; without one they are taken as UTC.
    orders: header of a column of times -> which of day and month comes first in it.
    blank_is_unsent: whether a row without a time is a lead to whom nothing was sent yet.
    last_contact: whether `sent_at` is when each lead was last written to, and not when a mail was sent.
    """

    path: str
    kind: TableKind
    frame: pd.DataFrame
    mapping: dict[str, str]
    unmapped: tuple[str, ...]
    platform: str
    rows: int
    sha256: str
    warnings: tuple[str, ...] = ()
    zoned: bool = False
    orders: Mapping[str, Order] = field(default_factory=dict)
    blank_is_unsent: bool = False
    last_contact: bool = False
