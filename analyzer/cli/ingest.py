"""`ingest`: keep what was sent and what came back in a workspace."""

from __future__ import annotations

import typer

from analyzer.cli import options
from analyzer.cli.screen import say, say_object
from analyzer.cli.sparing import refuse_two_dashes


def ingest(
    workspace: options.WorkspacePlace,
    bounces: options.Bounces = None,
    log: options.Log = None,
    leads: options.Leads = None,
    mapping: options.Mapping = None,
    dates: options.Dates = "",
    timezone: options.Timezone = "",
    jobs: options.Jobs = None,
    as_json: options.Json = False,
    redact: options.Redact = False,
    rules: options.Rules = None,
    bound: options.Bound = None,
    verp_key_file: options.VerpKeyFile = None,
) -> None:
    """Take bounces, logs and leads into a workspace; the same file twice changes nothing."""
    from dataclasses import asdict

    from analyzer import api
    from analyzer.verp import keys_from

    if not (bounces or log or leads or verp_key_file):
        raise typer.BadParameter("there is nothing to take in; give --bounces, --log or --leads")
    refuse_two_dashes([*(bounces or ()), *(log or ()), *(leads or ())])
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
