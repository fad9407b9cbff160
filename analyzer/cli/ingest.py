"""`ingest`: keep what was sent and what came back in a workspace."""

from __future__ import annotations

import typer

from analyzer.cli.options import (
    Bounces,
    Bound,
    Dates,
    Jobs,
    Json,
    Leads,
    Log,
    Mapping,
    Redact,
    Rules,
    Timezone,
    VerpKeyFile,
    WorkspacePlace,
)
from analyzer.cli.screen import say, say_object


def ingest(
    workspace: WorkspacePlace,
    bounces: Bounces = None,
    log: Log = None,
    leads: Leads = None,
    mapping: Mapping = None,
    dates: Dates = "",
    timezone: Timezone = "",
    jobs: Jobs = None,
    as_json: Json = False,
    redact: Redact = False,
    rules: Rules = None,
    bound: Bound = None,
    verp_key_file: VerpKeyFile = None,
) -> None:
    """Take bounces, logs and leads into a workspace; the same file twice changes nothing."""
    from dataclasses import asdict

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
    if as_json:
        say_object({"tables": [asdict(change) for change in run.changes], "warnings": run.warnings}, redact=redact)
        return
    for change in run.changes:
        say(f"{change.table}: {change.read:,} read, {change.added:,} new, {change.updated:,} changed")
