"""Taking files into a workspace, and what was advised from it: `ingest`, `remember`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.api.bounces import Source, read_bounces
from analyzer.api.tables import TableSource, column_fields, mapping_used
from analyzer.bounds import Bounds, using
from analyzer.logbook import Log
from analyzer.records import SENT_AT_ZONED

if TYPE_CHECKING:
    import pandas as pd

    from analyzer.diagnose.diagnosis import Diagnosis
    from analyzer.history import Ingested
    from analyzer.sources.tables import Table
    from analyzer.verp.keys import Keys


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
    mapping: Mapping[str, str] | Sequence[str] = (),
    dates: str = "",
    timezone: str = "",
    jobs: int | None = 1,
    rules: Path | None = None,
    verp_keys: Keys | None = None,
    bounds: Bounds | None = None,
) -> IngestRun:
    """Take bounces, campaign logs and lead lists into a workspace; the same file twice changes nothing.

    The sources are those of `diagnose`; a mailbox that holds nothing is told of. Leads go first and the record of the
    run last, so that what an interrupted ingest left undone is done by the next one. `UnreadableInputError`, with
    nothing taken in, for a log that is there already with its times read in another `timezone`. With `verp_keys`, which
    may come alone, bounces that were kept apart for a wrong signature and are rightly signed by these go to the others.
    """
    from analyzer.history import Workspace
    from analyzer.history.own_words import in_own_words
    from analyzer.history.shifted import refuse_shifted
    from analyzer.history.signed import add_bounces, take_back
    from analyzer.sources.tables import read_tables
    from analyzer.sources.tables.folders import tables_in
    from analyzer.version import __version__

    store = Workspace(workspace)
    logs, lists = tables_in(log), tables_in(leads)
    with using(bounds):
        tables = read_tables(
            [*((one, "log") for one in logs), *((one, "leads") for one in lists)],
            column_fields(mapping),
            dates=dates,
            timezone=timezone,
        )
        rows, inputs, unread = read_bounces(bounces, jobs, rules, may_be_quiet=True)
    for table in tables:
        if table.kind == "log":
            refuse_shifted(store, _with_zone(table), table.path, sha256=table.sha256)
    said = Log("ingest", workspace=str(workspace))
    given = [(str(table.kind), table.path, table.rows) for table in tables]
    given += [("bounces", one.path, one.rows) for one in inputs]
    for kind, path, count in given:
        said.info("read", kind=kind, file=path, rows=count)
    changes = [store.add_leads(in_own_words(table)) for table in tables if table.kind == "leads"]
    changes += [store.add_sends(_with_zone(table)) for table in tables if table.kind == "log"]
    back, apart = take_back(store, verp_keys) if verp_keys else (0, 0)
    believed, suspected = add_bounces(store, rows, verp_keys)
    changes += [one for one in (believed, suspected) if one is not None]
    for change in changes:
        said.info("kept", table=change.table, new=change.added, changed=change.updated, known=change.known)
    for table in tables:
        store.add_run(table.kind, table.path, table.sha256, table.rows, __version__)
    for one in inputs:
        store.add_run("bounces", one.path, one.sha256, one.rows, __version__)
    if suspected is not None:
        told = f"Bounces with a wrong signature in their return path: {suspected.read:,}; kept apart, counted nowhere."
        unread = [*unread, told]
    if back or (verp_keys and not given):
        told = f"Bounces that were kept apart for a wrong signature: {apart:,}; rightly signed by these keys: {back:,}"
        unread = [*unread, f"{told}, which count from now on." if back else f"{told}."]
    told_of = (line for table in tables for line in (*table.warnings, *_without_zone(table)))
    warnings = (*unread, *told_of)
    return IngestRun(tuple(changes), tuple(mapping_used(table) for table in tables), warnings)


def _with_zone(log: Table) -> pd.DataFrame:
    """The mails of a log with what is known of their times' zone: the workspace holds them all in UTC."""
    from analyzer.history.own_words import in_own_words

    rows = in_own_words(log)
    if SENT_AT_ZONED in rows.columns:
        return rows
    return rows.assign(**{SENT_AT_ZONED: "yes" if log.zoned else "no"})


def _without_zone(table: Table) -> list[str]:
    if table.kind != "log" or table.zoned or not table.frame["sent_at"].notna().any():
        return []
    # A mail's time is part of its key, unless it has a Message-ID, and then the first one stays.
    told = (
        "its times name no zone and were read as UTC; if they are not, take it into a new workspace with --timezone, "
        "such as --timezone Europe/Berlin: what stands in this one stays as it is"
    )
    return [f"{Path(table.path).name}: {told}"]


def remember(workspace: str | Path, command: str, diagnosis: Diagnosis) -> None:
    """Keep what a diagnosis advised, and on what figures, in the workspace's table `decisions`; the same one once.

    `command` is who advised it (`diagnose`, `weekly`). `OutputError` where the workspace cannot be written.
    """
    from analyzer.history import Workspace

    totals, data, side = diagnosis.totals, diagnosis.data_quality, diagnosis.deliverability
    weeks = sorted(row.value for row in diagnosis.breakdown["week"] if row.value[:1].isdigit())
    Workspace(workspace).add_decision(
        command=command,
        first_week=weeks[0] if weeks else "",
        last_week=weeks[-1] if weeks else "",
        recommendation=data.recommendation,
        guessed_effect=data.guessed_effect,
        side=side.side,
        first_fix=side.fixes[0].id if side.fixes else "",
        leads=totals.leads_contacted,
        emails=totals.emails_sent,
        tolerance=float(diagnosis.options["tolerance"]),
        hard_rate=totals.hard.rate,
        address_rate=totals.address.rate,
        spam_rate=totals.spam.rate,
        max_quantity_rate=data.forecast.max_quantity.rate,
        max_quality_rate=data.forecast.max_quality.rate,
        p_over_tolerance=data.forecast.max_quantity.p_over_tolerance,
        tool_version=diagnosis.tool_version,
        rules_version=diagnosis.rules_version,
    )
