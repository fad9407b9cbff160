"""Lists that the one reader of tables reads whole: workbooks, Parquet, and text with lines above the names."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from analyzer.sources.lists.rows import LOOKED_AT, events, is_list
from analyzer.sources.tables.formats import read_cells
from analyzer.sources.tables.plausible import normalised

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from analyzer.records import Event


def items(path: Path, source: str, *, expected: bool) -> Iterator[Event]:
    """What each row tells; nothing of a table that is no list of bounces. `#n` is the row, the names' the first.

    `expected`: as for lists of text. `UnreadableInputError` for a file that cannot be read as a table.
    """
    cells, _ = read_cells(path)
    names = list(map(normalised, cells.headers))
    if is_list(names, islice(cells.frame.itertuples(index=False, name=None), LOOKED_AT), expected=expected):
        yield from events(source, names, enumerate(cells.frame.itertuples(index=False, name=None), 2))
