"""Folders and zips of tables: an export for each campaign, or what a warehouse has written in parts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from analyzer.errors import UnreadableInputError
from analyzer.sources.tables.compressed import BESIDE, ENDINGS, tables_in_zip
from analyzer.sources.tables.held import Held

if TYPE_CHECKING:
    import os

    import pandas as pd

    #: A file, a folder or zip of files, or a frame that holds what a file would.
    Source: TypeAlias = str | os.PathLike[str] | pd.DataFrame | Held

_AS_ONE = "write it into one file, as CSV or Parquet"


def tables_in(sources: Source | Sequence[Source]) -> list[Source]:
    """One table or several as a list, a folder or zip as the tables in it by their names; a frame is one, though
    iterable too.

    Raises `UnreadableInputError` for a folder without any, and for one that is a table itself, which its files alone
    are not: of a Delta table some are outdated, in a partitioned one columns are names of folders.
    """
    listed = sources if isinstance(sources, Sequence) and not isinstance(sources, str) else [sources]
    return [table for source in listed for table in _of(source)]


def _of(source: Source) -> list[Source]:
    # What is no path is refused by name where it is read.
    if not isinstance(source, (str, Path)):
        return [source]
    if not Path(source).is_dir():
        return _of_zip(Path(source)) or [source]
    folder = Path(source)
    if (folder / "_delta_log").is_dir():
        raise UnreadableInputError(str(folder), "is a Delta table", _AS_ONE)
    found: list[Source] = []
    for path in sorted(folder.rglob("*")):
        within = path.relative_to(folder).parts
        if any(part.startswith(BESIDE) for part in within) or not path.is_file():
            continue
        if not ENDINGS.isdisjoint(suffix.lower() for suffix in path.suffixes):
            if any("=" in part for part in within[:-1]):
                raise UnreadableInputError(str(folder), f"is a partitioned table ({'/'.join(within)})", _AS_ONE)
            found += _of_zip(path) or [path]
    if not found:
        raise UnreadableInputError(
            str(folder), "is a folder without a table in it", "give CSV, XLSX, Parquet or JSON lines"
        )
    return found


def _of_zip(path: Path) -> list[Source]:
    """The tables of a zip that holds several; nothing for any other file, which is a table itself."""
    names = tables_in_zip(path) if path.is_file() else []
    return [Held(path, f"{path}/{name}", name) for name in names] if len(names) > 1 else []
