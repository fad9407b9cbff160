"""`ingest`: keep what was sent and what came back in a workspace."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from analyzer.cli.options import Bound, Dates, Jobs, Mapping, Redact, Rules, Timezone, VerpKeyFile, WorkspacePlace
from analyzer.cli.screen import say


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
    redact: Redact = False,
    rules: Rules = None,
    bound: Bound = None,
    verp_key_file: VerpKeyFile = None,
) -> None:
    """Take bounces, logs and leads into a workspace; the same file twice changes nothing."""
    from analyzer import api
    from analyzer.verp import keys_from

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
        verp_keys=keys_from(verp_key_file),
    )
    for line in (*run.mappings, *run.warnings):
        say(line, err=True, redact=redact)
    for change in run.changes:
        say(f"{change.table}: {change.read:,} read, {change.added:,} new, {change.updated:,} changed")
