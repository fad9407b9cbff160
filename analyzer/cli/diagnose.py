"""`diagnose`: why a campaign bounced, and what to do for the next one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from analyzer.cli.options import Jobs, Mapping, Rules


def diagnose(
    bounces: Annotated[
        list[str],
        typer.Option(
            "--bounces", metavar="SOURCE", help="Bounce messages, or a table that parse wrote; may be repeated."
        ),
    ],
    log: Annotated[
        list[Path],
        typer.Option("--log", metavar="FILE", help="The campaign log: what was sent to whom; may be repeated."),
    ],
    leads: Annotated[
        list[Path] | None,
        typer.Option("--leads", metavar="FILE", help="The lead list: e-mail status, industry, …; may be repeated."),
    ] = None,
    next_list: Annotated[
        Path | None,
        typer.Option("--next", metavar="FILE", help="The leads of the next sequence, to forecast and sort."),
    ] = None,
    tolerance: Annotated[
        float, typer.Option("--tolerance", min=0.0, max=1.0, help="The share of bad addresses that you can live with.")
    ] = 0.05,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write the report and all tables into this folder.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print diagnosis.json instead of the summary.")] = False,
    mapping: Mapping = None,
    jobs: Jobs = None,
    rules: Rules = None,
) -> None:
    """Tell why a campaign bounced, and what to do for the next one."""
    from analyzer import api, report
    from analyzer.report.data import json_text

    result = api.run_diagnosis(
        bounces=bounces,
        log=log,
        leads=leads or (),
        next_list=next_list,
        tolerance=tolerance,
        mapping=mapping or (),
        jobs=jobs,
        rules=rules,
    )
    written = result.write(out) if out else []
    for line in result.mappings:
        typer.echo(line, err=True)
    if as_json:
        typer.echo(json_text(result.diagnosis), nl=False)
        return
    report.show(result.diagnosis)
    if out:
        typer.echo(f"Written to {out}: {', '.join(path.name for path in written)}")
