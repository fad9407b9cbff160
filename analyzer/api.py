"""The package's public functions, each the whole of one command: `read`, `parse`, `classify`, `diagnose`."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from analyzer.bounces import Row, bounce_rows
from analyzer.classify import classifier_of, classify
from analyzer.errors import AnalyzerError, UnreadableInputError
from analyzer.knowledge import data_folder, rules_version
from analyzer.records import BOUNCE_COLUMNS, COUNTED_KINDS, Item, RawMessage
from analyzer.sources import Reading, Rejects

if TYPE_CHECKING:
    import pandas as pd

    from analyzer.audit import Audit
    from analyzer.correlate import Correlated
    from analyzer.diagnose.backtest import Backtest
    from analyzer.diagnose.diagnosis import Diagnosis, InputFile
    from analyzer.history import Ingested
    from analyzer.sources.tables import Table

Source: TypeAlias = str | Path
#: A table: its file, or a frame that holds what a file would.
TableSource: TypeAlias = "Source | pd.DataFrame"

__all__ = ["DiagnosisRun", "ParseRun", "classify", "diagnose", "diagnose_sample", "parse", "read", "run_diagnosis"]


def read(*sources: Source) -> Iterator[Item]:
    """Every message or event in the sources (files, mboxes, Maildirs, folders, archives, event feeds, mail logs; "-" is
    stdin), one at a time.

    `UnreadableInputError` for a source that does not exist or holds no message; broken files inside are passed over.
    """
    return iter(Reading(sources))


class ParseRun:
    """The bounce rows of some sources, as an iterable that counts what it meets. Iterate it once."""

    def __init__(
        self,
        sources: Iterable[Source],
        *,
        all_kinds: bool = False,
        jobs: int | None = 1,
        rejects: Path | None = None,
        rules: Path | None = None,
    ) -> None:
        self._rejects = Rejects(rejects) if rejects else None
        self.reading = Reading(sources, rejects=self._rejects)
        self._all_kinds, self._jobs, self._rules = all_kinds, jobs, rules
        #: Messages by kind.
        self.kinds: Counter[str] = Counter()
        self.rows = 0

    def __iter__(self) -> Iterator[Row]:
        for item, rows in bounce_rows(self.reading, jobs=self._jobs, rules=self._rules):
            kind = rows[0]["kind"]
            self.kinds[kind] += 1
            if kind == "other" and self._rejects is not None and isinstance(item, RawMessage):
                self._rejects.keep(item.source, "no bounce that any reader recognises", item.data)
            if self._all_kinds or kind in COUNTED_KINDS:
                self.rows += len(rows)
                yield from rows

    def summary(self) -> list[str]:
        """What was read, in lines for a person."""
        total = sum(self.kinds.values())
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in self.kinds.most_common())
        head = f"{total:,} {'message' if total == 1 else 'messages'} read ({kinds}), {self.rows:,} rows"
        return [head, *self.reading.summary()]


def parse(*sources: Source, all_kinds: bool = False, jobs: int | None = 1, rules: Path | None = None) -> pd.DataFrame:
    """The bounces in the sources: a frame with `BOUNCE_COLUMNS`, one row per failed recipient.

    With `all_kinds` the messages that are no bounce have a row too. Raises `UnreadableInputError` like `read`, and
    `RuleError` for a folder of own `rules` that cannot be used.
    """
    import pandas as pd

    return pd.DataFrame(
        list(ParseRun(sources, all_kinds=all_kinds, jobs=jobs, rules=rules)), columns=list(BOUNCE_COLUMNS)
    )


@dataclass(frozen=True, slots=True)
class DiagnosisRun:
    """A diagnosis with the frames behind it: what the files of `diagnose --out` are written from."""

    diagnosis: Diagnosis
    correlated: Correlated
    #: A line for each table that was read: which of its columns was taken for what, and which were not used.
    mappings: tuple[str, ...] = ()

    def backtest(self) -> Backtest:
        """The advice before each past campaign, held against what then happened."""
        from analyzer.diagnose.backtest import backtest

        options = self.diagnosis.options
        return backtest(self.correlated, tolerance=options["tolerance"], seed=options["seed"])

    def write(self, out: Path) -> list[Path]:
        """Write the report and every table into the folder `out`; the paths written. `OutputError` where it cannot."""
        from analyzer import report
        from analyzer.diagnose import next_send, suppression

        has_next = self.correlated.next_leads is not None
        return report.write(
            self.diagnosis,
            self.correlated,
            Path(out),
            next_send=next_send(self.correlated, self.diagnosis) if has_next else None,
            suppression=suppression(self.correlated),
        )


def diagnose(
    *,
    bounces: Source | Sequence[Source] | pd.DataFrame,
    log: TableSource | Sequence[TableSource],
    leads: TableSource | Sequence[TableSource] = (),
    next_list: TableSource | None = None,
    tolerance: float = 0.05,
    mapping: Sequence[str] = (),
    dates: str = "",
    timezone: str = "",
    jobs: int | None = 1,
    rules: Path | None = None,
) -> Diagnosis:
    """Tell why a campaign bounced, and what to do for the next one.

    `bounces` are message sources, tables that `parse` wrote, or such a frame; `log`, `leads` and `next_list` are table
    files (CSV, XLSX, Parquet, JSON lines) or frames with such columns; `mapping` holds `column=field` pairs for headers
    that are not recognised. `dates` ("day-first", "month-first") and `timezone` (such as "Europe/Berlin") are for times
    that leave it open: without them the whole column tells day from month, and such times are UTC.
    `tolerance` is the share of bad addresses (0 to 1) above which a list should not be sent.
    """
    return run_diagnosis(
        bounces=bounces,
        log=log,
        leads=leads,
        next_list=next_list,
        tolerance=tolerance,
        mapping=mapping,
        dates=dates,
        timezone=timezone,
        jobs=jobs,
        rules=rules,
    ).diagnosis


def run_diagnosis(
    *,
    bounces: Source | Sequence[Source] | pd.DataFrame = (),
    log: TableSource | Sequence[TableSource] = (),
    leads: TableSource | Sequence[TableSource] = (),
    next_list: TableSource | None = None,
    tolerance: float = 0.05,
    mapping: Sequence[str] = (),
    dates: str = "",
    timezone: str = "",
    workspace: str | Path = "",
    since: str = "",
    jobs: int | None = 1,
    rules: Path | None = None,
) -> DiagnosisRun:
    """`diagnose`, with the frames that its files are written from.

    `workspace` adds the history kept there, from the ISO week `since` (such as 2026-W10) on; it stands in for `log`.
    """
    import analyzer
    from analyzer.correlate import correlate
    from analyzer.diagnose import diagnose as judge
    from analyzer.diagnose.diagnosis import InputFile
    from analyzer.sources.tables import read_tables

    pairs = dict(column_pair(one) for one in mapping)
    rows, inputs, unread = _bounces(bounces, jobs, rules)
    logs, lists, upcoming = _tables(log), _tables(leads), [] if next_list is None else _tables(next_list)
    if workspace:
        past = _history(workspace, since)
        logs, lists = [*logs, past.sends], [*lists, past.leads] if len(past.leads) else lists
        rows = [*rows, *past.bounces]
        inputs.append(InputFile(str(workspace), "bounces", len(past.bounces), ""))
    if not logs:
        raise AnalyzerError("diagnose: there is no log of what was sent; give --log, or a --workspace that holds one")
    kinds = ["log"] * len(logs) + ["leads"] * len(lists) + ["next"] * len(upcoming)
    paths = [*logs, *lists, *upcoming]
    tables = read_tables(
        [(path, "log" if kind == "log" else "leads") for path, kind in zip(paths, kinds, strict=True)],
        pairs,
        dates=dates,
        timezone=timezone,
    )
    inputs += [InputFile(t.path, kind, t.rows, t.sha256) for kind, t in zip(kinds, tables, strict=True)]
    by_kind = {kind: [t for k, t in zip(kinds, tables, strict=True) if k == kind] for kind in ("log", "leads", "next")}
    correlated = correlate(
        rows,
        by_kind["log"],
        by_kind["leads"] or None,
        by_kind["next"] or None,
        judge=classifier_of(rules).classify if rules else None,
    )
    diagnosis = judge(
        replace(correlated, warnings=[*unread, *correlated.warnings]),
        tolerance=tolerance,
        inputs=inputs,
        rules_version=rules_version(rules),
        tool_version=analyzer.__version__,
    )
    return DiagnosisRun(diagnosis, correlated, tuple(_mapping_used(table) for table in tables))


def diagnose_sample() -> DiagnosisRun:
    """The diagnosis of the sample campaign that comes with the package."""
    sample = data_folder("sample_data")
    return run_diagnosis(
        bounces=[sample / "bounces.mbox", sample / "bounces"],
        log=sample / "log.csv",
        leads=sample / "leads.csv",
        next_list=sample / "next_leads.csv",
    )


def run_audit(
    domains: Sequence[str],
    *,
    bounces: Source | Sequence[Source] = (),
    resolver: str = "",
    selectors: Sequence[str] = (),
    addresses: Sequence[str] = (),
    timeout: float = 5.0,
    rules: Path | None = None,
) -> Audit:
    """What each sender domain publishes, held against the fixes its bounces ask for; see `analyzer.audit.audit`."""
    from analyzer.audit import audit as look_at

    rows, _, unread = _bounces(bounces, 1, rules)
    found = look_at(domains, rows, resolver=resolver, selectors=selectors, addresses=addresses, timeout=timeout)
    return replace(found, warnings=(*unread, *found.warnings))


@dataclass(frozen=True, slots=True)
class _Past:
    """What a workspace remembers."""

    sends: pd.DataFrame
    leads: pd.DataFrame
    bounces: list[Row]


def _history(workspace: str | Path, since: str) -> _Past:
    from analyzer.history import Workspace, check_week

    store = Workspace(workspace)
    sends = store.sends(since=check_week(since))
    if not len(sends):
        when = f" since {since}" if since else ""
        raise UnreadableInputError(str(workspace), f"holds no sends{when}", "take a log in with bounce-analyzer ingest")
    bounces: list[Row] = [
        {str(name): value for name, value in row.items()} for row in store.bounces(since=since).to_dict("records")
    ]
    return _Past(sends, store.leads(), bounces)


@dataclass(frozen=True, slots=True)
class IngestRun:
    """What an ingest changed, table by table, and how the columns of the tables it read were taken."""

    changes: tuple[Ingested, ...]
    mappings: tuple[str, ...]
    warnings: tuple[str, ...]


def ingest(
    workspace: str | Path,
    *,
    bounces: Source | Sequence[Source] | pd.DataFrame = (),
    log: TableSource | Sequence[TableSource] = (),
    leads: TableSource | Sequence[TableSource] = (),
    mapping: Sequence[str] = (),
    dates: str = "",
    timezone: str = "",
    jobs: int | None = 1,
    rules: Path | None = None,
) -> IngestRun:
    """Take bounces, campaign logs and lead lists into a workspace; the same file twice changes nothing.

    The sources are those of `diagnose`. Leads go first and the record of the run last, so that what an interrupted
    ingest left undone is done by the next one.
    """
    import analyzer
    from analyzer.history import Workspace
    from analyzer.sources.tables import read_tables

    store = Workspace(workspace)
    logs, lists = _tables(log), _tables(leads)
    tables = read_tables(
        [*((one, "log") for one in logs), *((one, "leads") for one in lists)],
        dict(column_pair(one) for one in mapping),
        dates=dates,
        timezone=timezone,
    )
    rows, inputs, unread = _bounces(bounces, jobs, rules)
    changes = [store.add_leads(table.frame) for table in tables if table.kind == "leads"]
    changes += [store.add_sends(table.frame) for table in tables if table.kind == "log"]
    if rows:
        changes.append(store.add_bounces(_frame_of(rows)))
    for table in tables:
        store.add_run(table.kind, table.path, table.sha256, table.rows, analyzer.__version__)
    for one in inputs:
        store.add_run("bounces", one.path, one.sha256, one.rows, analyzer.__version__)
    warnings = (*unread, *(warning for table in tables for warning in table.warnings))
    return IngestRun(tuple(changes), tuple(_mapping_used(table) for table in tables), warnings)


def _frame_of(rows: list[Row]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(rows, columns=list(BOUNCE_COLUMNS))


def _mapping_used(table: Table) -> str:
    used = ", ".join(header if header == field else f"{header} = {field}" for header, field in table.mapping.items())
    unused = f"; not used: {', '.join(table.unmapped)}" if table.unmapped else ""
    platform = f" ({table.platform})" if table.platform else ""
    orders = sorted({order.partition(",")[0] for order in table.orders.values()} - {"", "both"})
    dates = f"; dates with the {orders[0]}" if len(orders) == 1 else ""
    return f"{Path(table.path).name}{platform}: {used}{dates}{unused}"


def _listed(sources: Source | Sequence[Source]) -> list[Source]:
    return [sources] if isinstance(sources, (str, Path)) else list(sources)


def _tables(sources: TableSource | Sequence[TableSource]) -> list[TableSource]:
    """One table or several as a list; a frame is one, though it is iterable too."""
    return list(sources) if isinstance(sources, Sequence) and not isinstance(sources, str) else [sources]


def _bounces(
    bounces: Source | Sequence[Source] | pd.DataFrame, jobs: int | None, rules: Path | None
) -> tuple[list[Row], list[InputFile], list[str]]:
    """The bounce rows of message sources, of tables that `parse` wrote, or of a frame; what went in; what could not."""
    import pandas as pd

    from analyzer.diagnose.diagnosis import InputFile
    from analyzer.sources.own_rows import is_own_rows, read_own_rows

    if isinstance(bounces, pd.DataFrame):
        missing = [name for name in ("recipient", "label", "fault", "reason") if name not in bounces.columns]
        if missing:
            raise AnalyzerError(f"bounces: the frame has no column {missing[0]!r}; give what `parse` returns")
        rows: list[Row] = [{str(name): value for name, value in row.items()} for row in bounces.to_dict("records")]
        return rows, [InputFile("(a frame)", "bounces", len(rows), "")], []
    found: list[Row] = []
    inputs: list[InputFile] = []
    unread: list[str] = []
    for source in _listed(bounces):
        if is_own_rows(source):
            rows = list(read_own_rows(Path(source)))
        else:
            run = ParseRun([source], jobs=jobs, rules=rules)
            rows = list(run)
            unread += [f"Bounces not read: {skip.source} {skip.why}." for skip in run.reading.skipped if skip.broken][
                :5
            ]
            if run.reading.broken > 5:
                unread.append(f"Bounces not read: {run.reading.broken:,} files or messages of {source} in all.")
        inputs.append(InputFile(str(source), "bounces", len(rows), _digest(source)))
        found += rows
    return found, inputs, unread


def column_pair(text: str) -> tuple[str, str]:
    """`column=field`, at the last equals sign: a column's name may hold one."""
    column, equals, field = text.rpartition("=")
    if not equals or not column.strip() or not field.strip():
        raise AnalyzerError(f"--map {text}: is not COLUMN=FIELD, such as --map 'Work mail=recipient'")
    return column.strip(), field.strip()


def _digest(source: Source) -> str:
    """SHA-256 of a file, or of all files of a folder with their names; "" for what can be read only once."""
    path = Path(source)
    digest = hashlib.sha256()
    if path.is_file():
        with path.open("rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()
    if not path.is_dir():
        return ""
    for file in sorted(path.rglob("*")):
        if file.is_file():
            with file.open("rb") as handle:
                one = hashlib.file_digest(handle, "sha256").hexdigest()
            digest.update(f"{file.relative_to(path).as_posix()} {one}\n".encode())
    return digest.hexdigest()
