"""The post-campaign diagnosis: `diagnose`, and the run that its files are written from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.api.bounces import Source, bounce_frame, stacked
from analyzer.api.tables import TableSource, column_fields, mapping_used, refuse_no_share
from analyzer.bounds import Bounds, using
from analyzer.classify import classifier_of
from analyzer.errors import AnalyzerError, UnreadableInputError
from analyzer.knowledge import data_folder, rules_version

if TYPE_CHECKING:
    import pandas as pd

    from analyzer.correlate import Correlated
    from analyzer.diagnose.ahead.next_list import NextList
    from analyzer.diagnose.backtest import Backtest
    from analyzer.diagnose.diagnosis import Diagnosis
    from analyzer.history import Kept
    from analyzer.verp.keys import Keys


@dataclass(frozen=True, slots=True)
class DiagnosisRun:
    """A diagnosis with the frames behind it: what the files of `diagnose --out` are written from."""

    diagnosis: Diagnosis
    correlated: Correlated
    #: A line for each table that was read: which of its columns was taken for what, and which were not used.
    mappings: tuple[str, ...] = ()
    #: The next list as the diagnosis ranked it.
    ahead: NextList | None = None

    def backtest(self) -> Backtest:
        """The advice before each past campaign, held against what then happened."""
        from analyzer.diagnose.backtest import backtest

        options = self.diagnosis.options
        return backtest(self.correlated, tolerance=options["tolerance"], seed=options["seed"])

    def write(self, out: Path, *, redact: bool = False) -> list[Path]:
        """Write the report and every table into the folder `out`; the paths written. `OutputError` where it cannot.

        With `redact` every address is masked, and the lists carry its SHA-256 beside it.
        """
        from analyzer import report
        from analyzer.diagnose import next_send, suppression

        has_next = self.correlated.next_leads is not None
        return report.write(
            self.diagnosis,
            self.correlated,
            Path(out),
            next_send=next_send(self.correlated, self.diagnosis, self.ahead) if has_next else None,
            suppression=suppression(self.correlated),
            mappings=self.mappings,
            redact=redact,
        )


def diagnose(
    *,
    bounces: Source | Sequence[Source] | pd.DataFrame,
    log: TableSource | Sequence[TableSource],
    leads: TableSource | Sequence[TableSource] | None = (),
    next_list: TableSource | None = None,
    tolerance: float = 0.05,
    mapping: Mapping[str, str] | Sequence[str] = (),
    dates: str = "",
    timezone: str = "",
    jobs: int | None = 1,
    rules: str | Path | None = None,
    drivers: Sequence[str] = (),
    verp_keys: Keys | None = None,
    bounds: Bounds | None = None,
) -> Diagnosis:
    """Tell why a campaign bounced, and what to do for the next one.

    `bounces` are message sources, tables that `parse` wrote, or such a frame; `log`, `leads` and `next_list` are table
    files (CSV, XLSX, Parquet, JSON lines) or frames with such columns; `mapping` holds `column=field` pairs, or fields
    by column, for headers that are not recognised. `dates` ("day-first", "month-first") and `timezone` (such as
    "Europe/Berlin") are for times that leave it open: without them the whole column tells day from month, and such
    times are UTC. `tolerance` is the share of bad addresses (over 0 and under 1; `AnalyzerError` for any other) above
    which a list should not be sent. `drivers` names columns of the log or the lead list that are looked through for
    values that bounce too much, beside those that always are.
    `verp_keys` (`analyzer.verp.keys_from`) are those that return paths or a header of ours were signed with: a valid
    signature proves which mail a bounce is about, a wrong one that the bounce is none of ours.
    `bounds` (`analyzer.bounds.Bounds`) says how much of each input is read; what is over one is told in the warnings.
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
        drivers=drivers,
        verp_keys=verp_keys,
        bounds=bounds,
    ).diagnosis


def run_diagnosis(
    *,
    bounces: Source | Sequence[Source] | pd.DataFrame = (),
    log: TableSource | Sequence[TableSource] = (),
    leads: TableSource | Sequence[TableSource] | None = (),
    next_list: TableSource | None = None,
    tolerance: float = 0.05,
    mapping: Mapping[str, str] | Sequence[str] = (),
    dates: str = "",
    timezone: str = "",
    workspace: str | Path = "",
    since: str = "",
    jobs: int | None = 1,
    rules: str | Path | None = None,
    drivers: Sequence[str] = (),
    on_progress: Callable[[int], None] | None = None,
    verp_keys: Keys | None = None,
    bounds: Bounds | None = None,
) -> DiagnosisRun:
    """`diagnose`, with the frames that its files are written from.

    `workspace` adds the history kept there, from the day or ISO week `since` on (2026-03-31, 2026-W14; UTC); it stands
    in for `log`. `on_progress` is told the number of bounce messages read so far, now and then.
    """
    from analyzer.correlate import correlate
    from analyzer.diagnose.diagnosis import InputFile
    from analyzer.sources.tables import read_tables
    from analyzer.sources.tables.folders import tables_in
    from analyzer.sources.tables.named import driver_columns
    from analyzer.version import __version__

    refuse_no_share(tolerance)
    pairs = column_fields(mapping)
    drivers = [drivers] if isinstance(drivers, str) else drivers
    rules = Path(rules) if rules else None
    rows, inputs, unread = bounce_frame(bounces, jobs, rules, on_progress, bounds)
    logs, lists, upcoming = (
        tables_in(log),
        [] if leads is None else tables_in(leads),
        [] if next_list is None else tables_in(next_list),
    )
    kept_frames: list[object] = []
    if workspace:
        past = _history(workspace, since)
        kept_frames = [past.sends, past.leads]
        logs, lists = [*logs, past.sends], [*lists, past.leads] if len(past.leads) else lists
        rows = stacked([rows, past.bounces])
        if past.hears_of_bounces:
            inputs.append(InputFile(str(workspace), "bounces", len(past.bounces), ""))
    if not logs:
        raise AnalyzerError("diagnose: there is no log of what was sent; give --log, or a --workspace that holds one")
    kinds = ["log"] * len(logs) + ["leads"] * len(lists) + ["next"] * len(upcoming)
    paths = [*logs, *lists, *upcoming]
    # SciPy takes a second to load, in which files can be read; nobody waits for it who is interrupted.
    loading = ThreadPoolExecutor(1)
    loading.submit(import_module, "analyzer.diagnose.campaign")
    loading.shutdown(wait=False)
    with using(bounds):
        tables = read_tables(
            [(path, "log" if kind == "log" else "leads") for path, kind in zip(paths, kinds, strict=True)],
            pairs,
            dates=dates,
            timezone=timezone,
            large=True,
            keep=drivers,
            every=[place for place, kind in enumerate(kinds) if kind == "next"],
        )
    # What a workspace keeps bears its name, and has our own names of columns: nobody has to look at them.
    own = [any(path is frame for frame in kept_frames) for path in paths]
    tables = [replace(t, path=str(workspace)) if mine else t for t, mine in zip(tables, own, strict=True)]
    inputs += [InputFile(t.path, kind, t.rows, t.sha256) for kind, t in zip(kinds, tables, strict=True)]
    mappings = tuple(mapping_used(t) for t, mine in zip(tables, own, strict=True) if not mine)
    by_kind = {kind: [t for k, t in zip(kinds, tables, strict=True) if k == kind] for kind in ("log", "leads", "next")}
    scanned = driver_columns(drivers, [*by_kind["log"], *by_kind["leads"]], str(workspace))
    # From here on only `correlate` holds the rows and tables, and lets go of each when it is used.
    del tables
    reported = [rows]
    del rows
    correlated = correlate(
        reported.pop(),
        by_kind.pop("log"),
        by_kind.pop("leads") or None,
        by_kind.pop("next") or None,
        judge=classifier_of(rules).classify if rules else None,
        drivers=scanned,
        timezone=timezone,
        verp_keys=verp_keys,
    )
    from analyzer.diagnose import assess

    diagnosis, ahead = assess(
        replace(correlated, warnings=[*unread, *correlated.warnings]),
        tolerance=tolerance,
        inputs=inputs,
        rules_version=rules_version(rules),
        tool_version=__version__,
        begun_before=bool(since),
    )
    return DiagnosisRun(diagnosis, correlated, mappings, ahead)


def diagnose_sample() -> DiagnosisRun:
    """The diagnosis of the sample campaign that comes with the package."""
    sample = data_folder("sample_data")
    return run_diagnosis(
        bounces=[sample / "bounces.mbox", sample / "bounces"],
        log=sample / "log.csv",
        leads=sample / "leads.csv",
        next_list=sample / "next_leads.csv",
    )


def _history(workspace: str | Path, since: str) -> Kept:
    import pandas as pd

    from analyzer.correlate.sends import TELLING
    from analyzer.history import Kept, Workspace
    from analyzer.history.iso_weeks import first_day, label_of
    from analyzer.sources.tables import parse_times

    store, first = Workspace(workspace), first_day(since)
    week = label_of(first) if first else ""
    sends, bounces = store.sends(since=week), store.bounces(since=week)
    if first:
        midnight = pd.Timestamp(first, tz="UTC")
        sends = sends[~(sends["sent_at"] < midnight)]
        bounces = bounces[~(parse_times(bounces["received_at"]) < midnight)]
    if not len(sends):
        when = f" since {since}" if since else ""
        raise UnreadableInputError(str(workspace), f"holds no sends{when}", "take a log in with bounce-analyzer ingest")
    heard = store.hears_of_bounces()
    if not heard:
        # What a workspace has no word for stands there as blank, and blank means that nothing bounced.
        sends = sends.drop(columns=[name for name in TELLING if name in sends and not sends[name].astype(bool).any()])
    return Kept(sends.reset_index(drop=True), store.leads(), bounces.reset_index(drop=True), heard)
