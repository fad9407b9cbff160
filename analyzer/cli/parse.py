"""`parse`: bounces out of any source, as a table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from analyzer.cli.options import Bound, Jobs, Redact, Rules


def parse(
    sources: Annotated[
        list[str], typer.Argument(metavar="SOURCE", help="Messages, mboxes, Maildirs, folders, archives; - for stdin.")
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
    redact: Redact = False,
    rules: Rules = None,
    bound: Bound = None,
) -> None:
    """Read bounce messages and write one row for each failed recipient."""
    from analyzer.cli.parse_run import run_parse

    run_parse(sources, out=out, all_kinds=all_kinds, jobs=jobs, rejects=rejects, redact=redact, rules=rules)
