"""`ingest`: keep what was sent and what came back in a workspace."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from analyzer.cli.options import Dates, Jobs, Mapping, Rules, Timezone, WorkspacePlace


def ingest(
    workspace: WorkspacePlace,
    bounces: Annotated[
        list[str] | None,
        typer.Option("--bounces", metavar="SOURCE", help="Bounces from any source that parse reads; may be repeated."),
    ] = None,
    log: Annotated[
        list[Path] | None, typer.Option("--log", metavar="FILE", help="What was sent to whom; may be repeated.")
    ] = None,
    leads: Annotated[
        list[Path] | None, typer.Option("--leads", metavar="FILE", help="A lead list; may be repeated.")
    ] = None,
    mapping: Mapping = None,
    dates: Dates = "",
    timezone: Timezone = "",
    jobs: Jobs = None,
    rules: Rules = None,
) -> None:
    """Take bounces, logs and leads into a workspace; the same file twice changes nothing."""
    from analyzer import api

    if not (bounces or log or leads):
        raise typer.BadParameter("there is nothing to take in; give --bounces, --log or --leads")
    run = api.ingest(
        workspace,
        bounces=bounces or (),
        log=log or (),
        leads=leads or (),
        mapping=mapping or (),
        dates=dates,
        timezone=timezone,
        jobs=jobs,
        rules=rules,
    )
    for line in (*run.mappings, *run.warnings):
        typer.echo(line, err=True)
    for change in run.changes:
        typer.echo(f"{change.table}: {change.read:,} read, {change.added:,} new, {change.updated:,} changed")
