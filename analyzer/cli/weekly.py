"""`weekly`: what changed this week, and whether anybody has to be woken."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from analyzer.cli.decisions import keep_decision
from analyzer.cli.options import Redact, Rules, Tolerance, VerpKeyFile, WorkspacePlace
from analyzer.cli.screen import say, say_json


class FailOn(StrEnum):
    """What `--fail-on` knows."""

    alarm = "alarm"


def weekly(
    workspace: WorkspacePlace,
    week: Annotated[
        str,
        typer.Option(
            "--week", metavar="WEEK", help="The week, such as 2026-W10; the last whole one with mail unless given."
        ),
    ] = "",
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Write DIR/WEEK/weekly.html, .md, .json and DIR/index.html."),
    ] = None,
    timezone: Annotated[
        str,
        typer.Option(
            "--timezone",
            metavar="ZONE",
            help="The zone whose weeks these are, such as Europe/Berlin; UTC unless given.",
        ),
    ] = "",
    tolerance: Tolerance = 0.05,
    fail_on: Annotated[
        FailOn | None, typer.Option("--fail-on", metavar="alarm", help="Exit with 1 where a series is in alarm.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print weekly.json in place of the text.")] = False,
    redact: Redact = False,
    rules: Rules = None,
    verp_key_file: VerpKeyFile = None,
) -> None:
    """Hold one week of a workspace against the weeks before it: what is new, what got worse, what was fixed."""
    from analyzer.api.weekly import run_weekly
    from analyzer.report import weekly as report
    from analyzer.verp import keys_from

    run = run_weekly(
        workspace,
        week=week,
        timezone=timezone,
        tolerance=tolerance,
        rules=rules,
        verp_keys=keys_from(verp_key_file),
    )
    written = run.write(out, redact=redact) if out else []
    if run.diagnosis:
        keep_decision(workspace, "weekly", run.diagnosis, redact=redact)
    shown = report.redacted(run) if redact else run
    if as_json:
        say_json(report.json_text(shown))
    else:
        say(report.summary(shown).removesuffix("\n"))
        if written:
            names = ", ".join(path.relative_to(out or "").as_posix() for path in written)
            say(f"Written to {out}: {names}", redact=redact)
    if fail_on and run.alarm:
        say(f"bounce-analyzer: {report.alarm_line(shown.week)}", err=True)
        raise typer.Exit(1)
