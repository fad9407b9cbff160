"""`parse`: bounces out of any source, as a table."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from analyzer.cli.options import Jobs, Rules


def parse(
    sources: Annotated[
        list[str], typer.Argument(metavar="SOURCE…", help="Messages, mboxes, Maildirs, folders, archives; - for stdin.")
    ],
    out: Annotated[
        str, typer.Option("--out", metavar="FILE", help=".csv, .jsonl or .parquet; - for JSON lines on stdout.")
    ] = "-",
    all_kinds: Annotated[
        bool, typer.Option("--all", help="Keep the messages that are no bounce as well, with their kind.")
    ] = False,
    jobs: Jobs = None,
    rejects: Annotated[
        Path | None, typer.Option("--rejects", metavar="DIR", help="Keep a copy of what could not be read here.")
    ] = None,
    rules: Rules = None,
) -> None:
    """Read bounce messages and write one row for each failed recipient."""
    from analyzer.api import ParseRun
    from analyzer.report.rows import check_ending, write_rows

    check_ending(out)
    run = ParseRun(sources, all_kinds=all_kinds, jobs=jobs, rejects=rejects, rules=rules)
    write_rows(run, out)
    for line in run.summary():
        print(line, file=sys.stderr)
