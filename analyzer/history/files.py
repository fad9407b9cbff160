"""The Parquet files behind a workspace's tables, for DuckDB: only those of the weeks that are asked for.

In a folder DuckDB reads the files itself. In an object store it reads them through an Arrow dataset, for its own
extension for that is not part of the installation.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import unquote

import deltalake
import duckdb
import pyarrow as pa

from analyzer.addresses.key import address_key
from analyzer.errors import OutputError, UnreadableInputError
from analyzer.history.opening import line_of, opened
from analyzer.history.tables import KINDS, NO_WEEK, TableKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

#: What DuckDB may keep in memory; beyond it, it writes aside.
_MEMORY = "2GB"
#: In what DuckDB says of a query that Ctrl-C ended.
_STOPPED = ("KeyboardInterrupt", "INTERRUPT", "nterrupted")
#: What the plain files do not tell.
_UNREAD = frozenset({"deletionVectors", "columnMapping"})


class TableFiles:
    """The tables of a workspace as relations of one DuckDB connection, which is closed with it."""

    def __init__(self, place: str | Path, storage_options: dict[str, str] | None = None) -> None:
        self.place, self._options = str(place), storage_options
        # What DuckDB writes aside names people: its own choice is the folder that the user stands in, for all to read.
        self._aside = TemporaryDirectory(prefix="bounce-analyzer-")
        self.con = duckdb.connect()
        self.con.execute(f"SET temp_directory = {_quoted(self._aside.name)}")
        self.con.execute(f"SET memory_limit = '{_MEMORY}'")
        self.con.execute("SET timezone = 'UTC'")
        self.con.execute("SET enable_progress_bar = false")
        # Texts that repeat (campaigns, mailboxes) are as many as they are; order is asked for where it matters.
        self.con.execute("SET preserve_insertion_order = false")
        # Python is asked about the few addresses alone for which lower case is not enough.
        self.con.create_function("odd_address_key", address_key, ["VARCHAR"], "VARCHAR")
        self.con.execute("""
            CREATE TEMP MACRO address_key(address) AS CASE
                WHEN strlen(address) = length(address) AND NOT contains(address, '--') THEN lower(address)
                ELSE odd_address_key(address) END
        """)

    def __enter__(self) -> TableFiles:
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        try:
            self.con.close()
        finally:
            self._aside.cleanup()
        told = " ".join(str(error).split())
        if not isinstance(error, (duckdb.Error, pa.ArrowException)) or any(one in told for one in _STOPPED):
            return
        if isinstance(error, duckdb.OutOfMemoryException) or self._aside.name in told:
            problem = f"has too little room for what is written aside: {told[:300]}"
            raise OutputError(self._aside.name, problem, "free some space, or name a larger folder in TMPDIR") from None
        # A file that is damaged, or that somebody else removed, comes out of whatever query first reads it.
        raise UnreadableInputError(self.place, f"its tables cannot be read: {told[:300]}") from None

    def weeks(self, name: str) -> list[str]:
        """The weeks that a table holds, in order, without that of rows whose time is not known."""
        return sorted(week for week in self._parts(self._opened(name)) if week != NO_WEEK)

    def relation(self, name: str, weeks: Sequence[str] | None = None) -> str:
        """SQL that stands for a table, cut to the partitions `weeks` (NO_WEEK for rows without a time); it has no rows
        where there are none."""
        table = self._opened(name)
        chosen = None if weeks is None else sorted(self._parts(table).intersection(weeks))
        if table is None or chosen == []:
            return self._empty(name)
        if "://" in self.place or any(sign in self.place for sign in "*?["):
            return self._as_now(
                name, self._dataset(name, table, chosen), [field.name for field in table.schema().fields]
            )
        parts = None if chosen is None else [("week", "in", chosen)]
        uris = sorted(table.file_uris(file_pruning_predicate=parts))
        files = ", ".join(_quoted(_local(uri)) for uri in uris)
        if not files:
            return self._empty(name)
        oldest = self._columns_of_oldest(table)
        alike = "" if {*_kind(name).schema.names} <= {*oldest} else ", union_by_name = true"
        return self._as_now(name, f"read_parquet([{files}], hive_partitioning = false{alike})", oldest)

    def _parts(self, table: deltalake.DeltaTable | None) -> set[str]:
        """The weeks of a table, NO_WEEK among them where it has rows without a time."""
        return set() if table is None else {str(part["week"]) for part in table.partitions()}

    def rows(self, query: str) -> pd.DataFrame:
        """The answer to a query as a pandas frame."""
        frame: pd.DataFrame = self.con.sql(query).to_arrow_table().to_pandas()
        return frame

    def take(self, name: str, frame: pd.DataFrame) -> None:
        """A frame as a table of the connection."""
        self.con.register("given", frame)
        self.con.execute(f"CREATE TEMP TABLE {name} AS FROM given")
        self.con.unregister("given")

    def _empty(self, name: str) -> str:
        self.con.register(f"no_{name}", _kind(name).schema.empty_table())
        return f"no_{name}"

    def _columns_of_oldest(self, table: deltalake.DeltaTable) -> Sequence[str]:
        """The columns that every file of a table has: later versions only add some."""
        import pyarrow.parquet as pq

        files = pa.table(table.get_add_actions(flatten=True)).select(["path", "modification_time"]).to_pylist()
        first = min(files, key=lambda file: file["modification_time"])["path"]
        try:
            names: Sequence[str] = pq.read_schema(Path(_local(table.table_uri)) / unquote(first)).names
        except OSError as error:
            raise UnreadableInputError(
                self.place, f"its file {unquote(first)} cannot be read: {line_of(error)}"
            ) from None
        return names

    def _as_now(self, name: str, relation: str, columns: Sequence[str]) -> str:
        """A relation with the columns of today: empty texts where an older version had none."""
        new = [field for field in _kind(name).schema if field.name not in columns and field.name != "week"]
        if not new:
            return relation
        texts = [f"coalesce({field.name}, '') AS {field.name}" for field in new if pa.types.is_string(field.type)]
        filled = f" REPLACE ({', '.join(texts)})" if texts else ""
        return f"(SELECT *{filled} FROM (FROM {self._empty(name)} UNION ALL BY NAME FROM {relation}))"  # noqa: S608

    def _dataset(self, name: str, table: deltalake.DeltaTable, weeks: list[str] | None) -> str:
        parts = None if weeks is None else [("week", "in", weeks)]
        self.con.register(f"{name}_files", table.to_pyarrow_dataset(file_pruning_predicate=parts))
        return f"{name}_files"

    def _opened(self, name: str) -> deltalake.DeltaTable | None:
        table = opened(self.place, name, self._options)
        if table is None:
            return None
        unread = sorted(_UNREAD & set(table.protocol().reader_features or ()))
        if unread:
            problem = f"its table {name} uses {', '.join(unread)}, which plain files do not tell"
            raise UnreadableInputError(self.place, problem, "rewrite it without")
        return table


def _local(uri: str) -> str:
    """A file's path; the table writes blanks and the like as a URL does."""
    return unquote(uri.removeprefix("file://"))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _kind(name: str) -> TableKind:
    return next(kind for kind in KINDS if kind.name == name)
