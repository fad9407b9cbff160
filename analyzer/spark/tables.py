"""The tables of a workspace as Spark frames, without a connector: Delta's log is read here, its Parquet there."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

import deltalake
from deltalake.exceptions import TableNotFoundError

from analyzer.errors import AnalyzerError, UnreadableInputError
from analyzer.history import check_week
from analyzer.history.tables import KINDS

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import DataFrame, SparkSession

#: What the plain files do not tell.
_UNREAD = frozenset({"deletionVectors", "columnMapping"})


def table(
    spark: SparkSession,
    workspace: str | Path,
    name: str,
    *,
    since: str = "",
    until: str = "",
    storage_options: dict[str, str] | None = None,
) -> DataFrame:
    """One table (`sends`, `bounces`, `leads`, `runs`) as it stands now, of the ISO weeks `since` to `until`.

    Only files of the version that is current at this call are read, and of them only those of the weeks asked for. In
    an object store Spark needs its own connector and credentials for it. `week` is told by the folders that the files
    lie in. `UnreadableInputError` where the workspace has no such table, or where another program has rewritten it so
    that its files alone do not tell its rows (deletion vectors, column mapping).
    """
    kinds = {kind.name: kind for kind in KINDS}
    if name not in kinds:
        raise AnalyzerError(f"table {name!r}: a workspace has {', '.join(kinds)}")
    kind, where = kinds[name], f"{str(workspace).rstrip('/')}/{name}"
    try:
        found = deltalake.DeltaTable(where, storage_options=storage_options)
    except TableNotFoundError:
        raise UnreadableInputError(
            str(workspace), f"holds no {name}", "take files in with bounce-analyzer ingest"
        ) from None
    if unread := sorted(_UNREAD & set(found.protocol().reader_features or ())):
        problem = f"its table {name} uses {', '.join(unread)}, which plain files do not tell"
        raise UnreadableInputError(str(workspace), problem, "rewrite it without")
    parts = None
    if kind.partitioned and (since or until):
        first, last = check_week(since), check_week(until) or "9999-W53"
        parts = [("week", "in", [week for part in found.partitions() if first <= (week := str(part["week"])) <= last])]
    files = [] if parts and not parts[0][2] else sorted(found.file_uris(file_pruning_predicate=parts))
    if "://" not in str(workspace):
        # In a folder, blanks and the like are written as in a URL.
        files = [unquote(file.removeprefix("file://")) for file in files]
    from pyspark.sql.pandas.types import from_arrow_schema

    schema = from_arrow_schema(kind.schema)
    if not files:
        return spark.createDataFrame([], schema)
    return spark.read.schema(schema).option("basePath", where).parquet(*files)
