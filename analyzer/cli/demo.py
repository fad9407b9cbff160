"""`demo`: the main job on the shipped sample data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from analyzer.cli.options import Redact
from analyzer.cli.screen import say


def demo(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where to write the report.")] = Path(
        "bounce-report"
    ),
    redact: Redact = False,
) -> None:
    """Diagnose the sample campaign that comes with the program, and write its report."""
    from analyzer import api, report

    result = api.diagnose_sample()
    result.write(out, redact=redact)
    report.show(report.redacted(result.diagnosis) if redact else result.diagnosis)
    say(f"The report: {(out / 'report.html').resolve()}", redact=redact)
