"""`diagnose`: why a campaign bounced, and what to do for the next one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from analyzer.cli import options
from analyzer.cli.decisions import keep_decision


def diagnose(
    bounces: options.Bounces = None,
    log: options.Log = None,
    leads: options.Leads = None,
    next_list: Annotated[
        Path | None,
        typer.Option("--next", metavar="FILE", help="The leads of the next sequence, to forecast and sort."),
    ] = None,
    tolerance: options.Tolerance = 0.05,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write the report and all tables into this folder.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print diagnosis.json in place of the text.")] = False,
    with_backtest: Annotated[
        bool,
        typer.Option(
            "--backtest", help="Hold the advice before each past campaign against what came; with --json, print that."
        ),
    ] = False,
    redact: options.Redact = False,
    workspace: options.WorkspacePlace = "",
    since: options.Since = "",
    driver: Annotated[
        list[str] | None,
        typer.Option(
            "--driver",
            metavar="COLUMN",
            help="A column of the log or the lead list to look through for what drives bounces, too; may be repeated.",
        ),
    ] = None,
    mapping: options.Mapping = None,
    dates: options.Dates = "",
    timezone: options.Timezone = "",
    jobs: options.Jobs = None,
    rules: options.Rules = None,
    bound: options.Bound = None,
    verp_key_file: options.VerpKeyFile = None,
) -> None:
    """Tell why a campaign bounced, and what to do for the next one."""
    from analyzer import api, report

    if not workspace and not log:
        # Without bounces, the log's own column of what bounced is judged.
        raise typer.BadParameter("give --log, with --bounces where there are any, or a --workspace")
    if since and not workspace:
        raise typer.BadParameter("--since is about the history that a --workspace keeps: give one, or leave it out")
    from analyzer.cli.screen import say, say_json
    from analyzer.cli.sparing import refuse_two_dashes, spare_inputs
    from analyzer.report import backtest
    from analyzer.report.data import json_text
    from analyzer.verp import keys_from

    inputs = [*(bounces or ()), *(log or ()), *(leads or ()), next_list or ""]
    refuse_two_dashes(inputs)
    for name in report.FILES if out else ():
        spare_inputs(str(Path(out or "", name)), inputs)
    result = api.run_diagnosis(
        bounces=bounces or (),
        log=log or (),
        leads=leads or (),
        next_list=next_list,
        tolerance=tolerance,
        workspace=workspace,
        since=since,
        mapping=mapping or (),
        dates=dates,
        timezone=timezone,
        jobs=jobs,
        rules=rules,
        drivers=driver or (),
        verp_keys=keys_from(verp_key_file),
    )
    written = result.write(out, redact=redact) if out else []
    if workspace:
        keep_decision(workspace, "diagnose", result.diagnosis, redact=redact)
    shown = report.redacted(result.diagnosis) if redact else result.diagnosis
    for line in result.mappings:
        say(line, err=True, redact=redact)
    tested = result.backtest() if with_backtest else None
    if tested and redact:
        from analyzer.report.redacting import walked

        tested = walked(tested)
    if tested and out:
        written.append(backtest.write(tested, out))
    if as_json:
        say_json(backtest.json_text(tested) if tested else json_text(shown))
        return
    report.show(shown)
    if tested:
        backtest.show(tested)
    if out:
        say(f"Written to {out}: {', '.join(path.name for path in written)}", redact=redact)
