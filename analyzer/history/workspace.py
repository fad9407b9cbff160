"""The workspace: a folder, or an address in an object store, with one Delta table each for sends, bounces, leads, runs.

Delta gives what history needs (delta.io, protocol specification): a commit is whole or not there, readers see one
version throughout, and writers that meet try again on what the other left. Rows are merged by key, so that the same
file twice changes nothing.
"""

from __future__ import annotations

import random
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import deltalake
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from deltalake.exceptions import CommitFailedError, DeltaError

from analyzer.errors import AnalyzerError, OutputError, UnreadableInputError
from analyzer.history.known_weeks import in_known_weeks
from analyzer.history.opening import MEND, line_of, opened, where
from analyzer.history.tables import (
    BOUNCES,
    DECISIONS,
    KINDS,
    LEADS,
    NO_WEEK,
    RUNS,
    SENDS,
    SUSPECTED,
    TableKind,
    bounces_of,
    decision_of,
    leads_of,
    sends_of,
)
from analyzer.history.traces import Traces, traces_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

#: A writer that another one overtook tries again, for this long at most.
_PATIENCE_S = 120.0
#: Versions are kept this long for readers that are under way, before `compact` removes their files.
_GRACE_HOURS = 24 * 7
#: No commit takes so long: files that no version knows are then those of a writer that was killed.
_UNDER_WAY_HOURS = 6
#: Nobody keeps mail for longer, and calendars end somewhere.
_CENTURY_DAYS = 36_500
#: Statistics of text would write addresses into the tables' own log.
_CONFIGURATION: dict[str, str | None] = {"delta.dataSkippingStatsColumns": "key"}


#: Where `watch` keeps how far it came, and the journal of what came in.
_WATCHES = ("watch", "journal")


@dataclass(frozen=True, slots=True)
class Ingested:
    """What one ingest changed, in rows; what was there already counts as `known`."""

    table: str
    read: int
    added: int
    updated: int

    @property
    def known(self) -> int:
        """Rows that changed nothing."""
        return self.read - self.added - self.updated


@dataclass(frozen=True, slots=True)
class Kept:
    """What a workspace remembers: SEND_COLUMNS with what the log said of the lead, LEAD_COLUMNS, both with EXTRAS, and
    BOUNCE_COLUMNS.

    hears_of_bounces: see `Workspace.hears_of_bounces`.
    """

    sends: pd.DataFrame
    leads: pd.DataFrame
    bounces: pd.DataFrame
    hears_of_bounces: bool = True


@dataclass(frozen=True, slots=True)
class Stored:
    """One table as it stands: `bytes` and `files` of the current version, `first` and `last` week."""

    table: str
    rows: int
    bytes: int
    files: int
    version: int
    first: str
    last: str


def check_week(label: str) -> str:
    """The label of an ISO week as it came, or "" for none; `AnalyzerError` for anything else."""
    if label and not re.fullmatch(r"\d{4}-W(?:0[1-9]|[1-4]\d|5[0-3])", label):
        raise AnalyzerError(f"week {label!r}: is no ISO week; give one such as 2026-W10")
    return label


class Workspace:
    """A team's history. Any number may read and write it at once."""

    def __init__(self, place: str | Path, *, storage_options: dict[str, str] | None = None) -> None:
        """place: a folder, or `s3://`, `gs://` or `az://` with `storage_options` for it; nothing is made yet."""
        self.place = str(place)
        self.storage_options = storage_options
        if not self.place:
            # Its tables would lie in the root of the file system.
            raise AnalyzerError("the workspace has no name; give the folder that keeps the history")
        if "://" not in self.place and Path(self.place).is_file():
            raise UnreadableInputError(self.place, "is a file, no workspace", "name a folder")

    # --- writing ---------------------------------------------------------------------------------------------------

    def add_sends(self, log: pd.DataFrame) -> Ingested:
        """A campaign log with canonical columns; what is there already is left, but for later news of a bounce."""
        return self._merge(SENDS, sends_of(log))

    def add_leads(self, leads: pd.DataFrame, *, seen_at: pd.Timestamp | None = None) -> Ingested:
        """A lead list with canonical columns; the newest reading of an address counts. seen_at: as of when; now."""
        return self._merge(LEADS, leads_of(leads, seen_at or pd.Timestamp.now(tz="UTC")))

    def add_bounces(self, bounces: pd.DataFrame) -> Ingested:
        """Rows of BOUNCE_COLUMNS, complaints among them."""
        return self._merge(BOUNCES, bounces_of(bounces))

    def add_suspected(self, bounces: pd.DataFrame) -> Ingested:
        """The same for what is kept apart from them: rows with a signature in their return path that no key made."""
        return self._merge(SUSPECTED, bounces_of(bounces))

    def drop_suspected(self, record_ids: Iterable[str]) -> int:
        """Take rows out of what is kept apart; how many there were."""
        keys = pa.table({"key": pa.array(sorted(set(record_ids)), pa.string())})
        return int(self._patiently(SUSPECTED, _deletion_of(keys)))

    def add_run(self, kind: str, path: str, sha256: str, rows: int, tool_version: str) -> None:
        """That a file was taken in: the last thing an ingest writes."""
        now = pd.Timestamp.now(tz="UTC").floor("us")
        row = {"key": f"{now.value}-{random.getrandbits(32):08x}", "kind": kind, "path": path, "sha256": sha256}
        values = {**row, "tool_version": tool_version, "rows": rows, "at": now}
        self._merge(RUNS, pa.Table.from_pylist([values], schema=RUNS.schema))

    def add_decision(self, **values: Any) -> bool:
        """What was advised, under the columns of the table `decisions`; whether it was new."""
        row = decision_of(values, pd.Timestamp.now(tz="UTC").floor("us"))
        return self._merge(DECISIONS, row).added > 0

    def forget(self, address: str) -> int:
        """Remove every row that names an address in any column, from the files as well; the number of rows removed.

        What the tables' past versions hold goes too: after this no file of the workspace names the address, but for
        what a writer that was killed within the last hours left behind, which the next `forget` or `compact` removes.
        """
        key = address.strip().strip("<>").lower()
        if "@" not in key:
            raise AnalyzerError(f"forget {address!r}: is no address; give one such as jane@example.com")
        removed = 0
        traces = traces_of(key)
        quoted = traces.pattern.replace("'", "''")
        for kind in KINDS:
            table = self._opened(kind)
            if table is None:
                continue
            # A table of an older version has fewer columns.
            texts = [name for name in _held(table, kind) if pa.types.is_string(kind.schema.field(name).type)]
            texts.remove("key")
            found = pa.table(_read(table, ["key"], where=" OR ".join(f"lower({name}) ~ '{quoted}'" for name in texts)))
            # The base64 of another address may hold what can be told of this one's.
            encoded = [f"position('{part}' in {name}) > 0" for name in texts for part in traces.base64]
            likely = pa.table(_read(table, ["key", *texts], where=" OR ".join(encoded))).to_pylist()
            keys = {*found["key"].to_pylist(), *(row["key"] for row in likely if _names(row.values(), traces))}
            if keys:
                # By key, for a table's log repeats the words of a deletion.
                removed += self._patiently(kind, _deletion_of(pa.table({"key": pa.array(sorted(keys), pa.string())})))
            self._erase_past(kind)
        return removed

    def retain(self, days: int) -> int:
        """Remove sends and bounces of weeks that ended more than `days` ago; the number of rows removed."""
        if not 1 <= days <= _CENTURY_DAYS:
            raise AnalyzerError(f"retain {days}: is no number of days to keep; give 1 to {_CENTURY_DAYS:,}")
        oldest = pd.Timestamp.now(tz="UTC") - pd.Timedelta(days=days)
        year, week, _ = oldest.isocalendar()
        before = f"week < '{year}-W{week:02d}'"
        removed = 0
        for kind in (SENDS, BOUNCES, SUSPECTED):
            if self._opened(kind) is not None:
                removed += self._patiently(kind, lambda found: _deleted(found, before))
        return removed

    def compact(self, *, only: str = "") -> dict[str, int]:
        """Join small files, and remove those that no version of the last week needs, those that a killed writer left
        among them; files removed, by table.

        `only`: of this one table.
        """
        removed = {}
        for kind in KINDS:
            table = self._opened(kind) if only in ("", kind.name) else None
            if table is not None:
                self._patiently(kind, lambda found: found.optimize.compact())
                files = self._patiently(kind, lambda found: found.vacuum(_GRACE_HOURS, dry_run=False, full=True))
                removed[kind.name] = len(files)
        return removed

    # --- reading ---------------------------------------------------------------------------------------------------

    def sends(self, *, since: str = "", until: str = "") -> pd.DataFrame:
        """Sends of the weeks `since` to `until` (labels such as 2026-W10, both included; "" for no bound)."""
        return self._frame(SENDS, since, until)

    def bounces(self, *, since: str = "", until: str = "") -> pd.DataFrame:
        """Bounces by the week in which they came; BOUNCE_COLUMNS."""
        return self._frame(BOUNCES, since, until)

    def suspected(self) -> pd.DataFrame:
        """Bounces that are kept apart; BOUNCE_COLUMNS."""
        return self._frame(SUSPECTED)

    def leads(self) -> pd.DataFrame:
        """Every lead, as last seen; LEAD_COLUMNS and EXTRAS."""
        return self._frame(LEADS)

    def kept(self, *, since: str = "") -> Kept:
        """Everything from the ISO week `since` on; `UnreadableInputError` for a workspace that holds nothing."""
        found = Kept(self.sends(since=check_week(since)), self.leads(), self.bounces(since=since))
        if not (len(found.sends) or len(found.leads) or len(found.bounces)):
            raise UnreadableInputError(self.place, "holds no history", "take files in with bounce-analyzer ingest")
        return found

    def runs(self) -> pd.DataFrame:
        """What was taken in, the newest first."""
        return self._frame(RUNS).sort_values("at", ascending=False, ignore_index=True)

    def hears_of_bounces(self) -> bool:
        """Whether bounces were ever taken in, or are watched for: without, that none is kept says nothing."""
        if "://" not in self.place and any((Path(self.place) / name).is_dir() for name in _WATCHES):
            return True
        return self._opened(BOUNCES) is not None or bool((self.runs()["kind"] == "bounces").any())

    def decisions(self) -> pd.DataFrame:
        """What was advised, and on what figures, the newest first."""
        return self._frame(DECISIONS).sort_values("at", ascending=False, ignore_index=True)

    def info(self) -> list[Stored]:
        """Each table that is there."""
        stored = []
        for kind in KINDS:
            table = self._opened(kind)
            if table is None:
                continue
            actions = pa.table(table.get_add_actions(flatten=True))
            weeks = sorted(value for value in _column(actions, "partition.week") if value and value[0].isdigit())
            stored.append(
                Stored(
                    kind.name,
                    int(pc.sum(actions["num_records"]).as_py() or 0),
                    int(pc.sum(actions["size_bytes"]).as_py() or 0),
                    actions.num_rows,
                    table.version(),
                    weeks[0] if weeks else "",
                    weeks[-1] if weeks else "",
                )
            )
        return stored

    def export(self, folder: Path, *, redact: bool = False) -> list[Path]:
        """Every table as one Parquet file in `folder`, with `redact` without addresses; the paths written."""
        import pyarrow.parquet as pq

        from analyzer.files import atomic

        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(str(folder), f"cannot be made: {error.strerror}", "name a folder") from None
        written = []
        for kind in KINDS:
            table = self._opened(kind)
            if table is not None:
                path = folder / f"{kind.name}.parquet"
                rows = _as_now(pa.table(_read(table, _held(table, kind))), kind, kind.schema.names)
                with atomic(path) as temporary:
                    pq.write_table(_masked(rows) if redact else rows, temporary)
                written.append(path)
        return written

    def exists(self) -> bool:
        """Whether anything was ever taken in here."""
        return any(self._opened(kind) is not None for kind in KINDS)

    # --- the tables --------------------------------------------------------------------------------------------------

    def _opened(self, kind: TableKind) -> deltalake.DeltaTable | None:
        return opened(self.place, kind.name, self.storage_options)

    def _frame(self, kind: TableKind, since: str = "", until: str = "") -> pd.DataFrame:
        table = self._opened(kind)
        names = [name for name in kind.schema.names if name != "week"]
        if table is None:
            return pd.DataFrame(kind.schema.empty_table().select(names[1:]).to_pandas())
        bounds = [*([f"week >= '{since}'"] if since else []), *([f"week <= '{until}'"] if until else [])]
        held = [name for name in _held(table, kind) if name in names]
        read = pa.table(_read(table, held, where=" AND ".join(bounds)))
        found: pd.DataFrame = _as_now(read, kind, names).to_pandas()
        # Files have no order of their own; the same history is to give the same figures, to the last digit.
        return found.sort_values([*kind.order, "key"], ignore_index=True).drop(columns="key")

    def _merge(self, kind: TableKind, rows: pa.Table) -> Ingested:
        if not rows.num_rows:
            return Ingested(kind.name, 0, 0, 0)

        def merged(table: deltalake.DeltaTable) -> tuple[int, int]:
            on, given, undated = "t.key = s.key", rows, rows.slice(0, 0)
            if kind.partitioned:
                given, undated = in_known_weeks(table, kind, rows)
                named = ", ".join(f"'{week}'" for week in sorted(set(given["week"].to_pylist())))
                on += f" AND t.week = s.week AND t.week IN ({named})"
            merger = table.merge(given, on, source_alias="s", target_alias="t").when_not_matched_insert_all()
            if kind.updates:
                merger = merger.when_matched_update(
                    {name: kind.merged.get(name, f"s.{name}") for name in kind.updates}, predicate=kind.newer
                )
            metrics = merger.execute()
            dated = _deletion_of(undated, f" AND t.week = '{NO_WEEK}'")(table) if undated.num_rows else 0
            return int(metrics["num_target_rows_inserted"]) - dated, int(metrics["num_target_rows_updated"]) + dated

        added, updated = self._patiently(kind, merged)
        return Ingested(kind.name, rows.num_rows, added, updated)

    def _patiently(self, kind: TableKind, change: Callable[[deltalake.DeltaTable], Any]) -> Any:
        """Change a table; again on its newest version while other writers come first."""
        deadline = time.monotonic() + _PATIENCE_S
        wait = 0.05
        while True:
            try:
                return change(self._made(kind))
            except CommitFailedError as error:
                if time.monotonic() > deadline:
                    problem = f"others kept writing to {kind.name} for {_PATIENCE_S:.0f} s: {line_of(error)}"
                    raise OutputError(self.place, problem, "try again") from None
                time.sleep(random.uniform(wait / 2, wait))  # noqa: S311
                wait = min(wait * 1.6, 2.0)
            except (DeltaError, OSError) as error:
                raise OutputError(self.place, f"{kind.name} cannot be written: {line_of(error)}") from None

    def _made(self, kind: TableKind) -> deltalake.DeltaTable:
        table = self._opened(kind)
        if table is not None:
            return self._widened(kind, table)
        try:
            if "://" not in self.place:
                Path(self.place).mkdir(parents=True, exist_ok=True)
            return deltalake.DeltaTable.create(
                where(self.place, kind.name),
                schema=deltalake.Schema.from_arrow(kind.schema),
                mode="ignore",
                configuration=_CONFIGURATION,
                partition_by=["week"] if kind.partitioned else None,
                storage_options=self.storage_options,
            )
        except OSError as error:
            raise OutputError(
                self.place, f"cannot be made: {line_of(error)}", "name a folder you may write to"
            ) from None

    def _widened(self, kind: TableKind, table: deltalake.DeltaTable) -> deltalake.DeltaTable:
        """A table of an older version with the columns that have come since; its rows hold nothing in them."""
        held = {field.name for field in table.schema().fields}
        new = [field for field in kind.schema if field.name not in held]
        if not new:
            return table
        table.alter.add_columns(deltalake.Schema.from_arrow(pa.schema(new)).fields)
        return self._opened(kind) or table

    def _erase_past(self, kind: TableKind) -> None:
        """Past versions and their files: for what must be gone, not only unseen."""
        if self._opened(kind) is None:
            return
        # A writer under way has files that no version knows yet; one that was killed left them for good.
        self._patiently(kind, lambda table: table.vacuum(0, dry_run=False, enforce_retention_duration=False))
        self._patiently(
            kind,
            lambda table: table.vacuum(_UNDER_WAY_HOURS, dry_run=False, enforce_retention_duration=False, full=True),
        )


def _held(table: deltalake.DeltaTable, kind: TableKind) -> list[str]:
    """The columns of today that a table has."""
    held = {field.name for field in table.schema().fields}
    return [name for name in kind.schema.names if name in held]


def _read(table: deltalake.DeltaTable, names: Sequence[str], *, where: str = "") -> Any:
    condition = f" WHERE {where}" if where else ""
    try:
        builder = deltalake.QueryBuilder().register("history", table)
        return builder.execute(f"SELECT {', '.join(names)} FROM history{condition}").read_all()  # noqa: S608
    except Exception as error:  # noqa: BLE001 - its engine has no class of its own for files that are damaged or gone
        raise UnreadableInputError(table.table_uri, f"cannot be read: {line_of(error)}", MEND) from None


def _as_now(read: pa.Table, kind: TableKind, names: Sequence[str]) -> pa.Table:
    """Columns `names` of a table that an older version may have written: empty texts where it had no such column."""
    for name in names:
        field = kind.schema.field(name)
        if name not in read.column_names:
            read = read.append_column(field, pa.nulls(read.num_rows, field.type))
        if pa.types.is_string(field.type) and read[name].null_count:
            read = read.set_column(read.column_names.index(name), field, read[name].cast(field.type).fill_null(""))
    return read.select(list(names))


def _names(texts: Iterable[object], traces: Traces) -> bool:
    return any(isinstance(text, str) and traces.in_bytes(text.encode("utf-8", "replace")) for text in texts)


def _masked(rows: pa.Table) -> pa.Table:
    from analyzer.redaction import masked_row

    return pa.Table.from_pylist([masked_row(row) for row in rows.to_pylist()], schema=rows.schema)


def _deletion_of(keys: pa.Table, also: str = "") -> Callable[[deltalake.DeltaTable], int]:
    def delete(table: deltalake.DeltaTable) -> int:
        merger = table.merge(keys, f"t.key = s.key{also}", source_alias="s", target_alias="t").when_matched_delete()
        return int(merger.execute()["num_target_rows_deleted"])

    return delete


def _deleted(table: deltalake.DeltaTable, predicate: str) -> int:
    return int(table.delete(predicate)["num_deleted_rows"] or 0)


def _column(table: pa.Table, name: str) -> Iterable[Any]:
    return table[name].to_pylist() if name in table.column_names else []
