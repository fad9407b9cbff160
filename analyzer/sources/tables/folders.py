"""Folders of tables: an export for each campaign, or what a warehouse has written in parts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from analyzer.errors import UnreadableInputError

if TYPE_CHECKING:
    import os

    import pandas as pd

    #: A file, a folder of files, or a frame that holds what a file would.
    Source: TypeAlias = str | os.PathLike[str] | pd.DataFrame

#: Endings of tables, before those of compression too. Not .txt: what explains a folder ends so.
_ENDINGS = frozenset(
    {".csv", ".tsv", ".tab", ".xlsx", ".xlsm", ".xls", ".ods", ".parquet", ".json", ".jsonl", ".ndjson", ".zip"}
)
#: What warehouses and file managers lay beside the data: `_SUCCESS`, `.part-0.crc`, `._leads.csv`, `~$leads.xlsx`.
_BESIDE = (".", "_", "~$")
_AS_ONE = "write it into one file, as CSV or Parquet"


def tables_in(sources: Source | Sequence[Source]) -> list[Source]:
    """One table or several as a list, a folder as the tables in it by their names; a frame is one, though iterable too.

    Raises `UnreadableInputError` for a folder without any, and for one that is a table itself, which its files alone
    are not: of a Delta table some are outdated, in a partitioned one columns are names of folders.
    """
    listed = sources if isinstance(sources, Sequence) and not isinstance(sources, str) else [sources]
    return [table for source in listed for table in _of(source)]


def _of(source: Source) -> list[Source]:
    # What is no path is refused by name where it is read.
    if not isinstance(source, (str, Path)) or not Path(source).is_dir():
        return [source]
    folder = Path(source)
    if (folder / "_delta_log").is_dir():
        raise UnreadableInputError(str(folder), "is a Delta table", _AS_ONE)
    found: list[Source] = []
    for path in sorted(folder.rglob("*")):
        within = path.relative_to(folder).parts
        if any(part.startswith(_BESIDE) for part in within) or not path.is_file():
            continue
        if not _ENDINGS.isdisjoint(suffix.lower() for suffix in path.suffixes):
            if any("=" in part for part in within[:-1]):
                raise UnreadableInputError(str(folder), f"is a partitioned table ({'/'.join(within)})", _AS_ONE)
            found.append(path)
    if not found:
        raise UnreadableInputError(
            str(folder), "is a folder without a table in it", "give CSV, XLSX, Parquet or JSON lines"
        )
    return found
