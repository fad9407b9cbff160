"""What `parse` does, whoever read its command line."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from analyzer.cli.screen import moves, say
from analyzer.cli.sparing import spare_inputs
from analyzer.errors import AnalyzerError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from analyzer.api.bounces import ParseRun
    from analyzer.bounces import Row

#: Rows between two looks at how far the reading is.
_EVERY = 100


def run_parse(
    sources: list[str],
    *,
    out: str = "-",
    all_kinds: bool = False,
    jobs: int | None = None,
    rejects: Path | None = None,
    redact: bool = False,
    rules: Path | None = None,
) -> None:
    """Read bounce messages and write one row for each failed recipient; the arguments are those of the command."""
    # Whoever loads NumPy to write a table has no use for the threads of its linear algebra.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from analyzer.api.bounces import ParseRun
    from analyzer.report.rows import check_ending, write_rows

    check_ending(out)
    spare_inputs(out, sources)
    if redact and rejects:
        raise AnalyzerError("--rejects keeps mail as it came, which --redact cannot mask: leave one of them out")
    run = ParseRun(sources, all_kinds=all_kinds, jobs=jobs, rejects=rejects, rules=rules)
    # Rows on the same terminal would tear the bar apart.
    rows = _with_bar(run, sources) if moves() and not (out == "-" and sys.stdout.isatty()) else iter(run)
    if redact:
        from analyzer.redaction import masked_row

        rows = map(masked_row, rows)
    write_rows(rows, out)
    for line in run.summary():
        say(line, err=True, redact=redact)


def _with_bar(run: ParseRun, sources: list[str]) -> Iterator[Row]:
    """The rows of the run, with a bar on stderr while they are taken."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("messages", total=_files_in(sources))
        for number, row in enumerate(run):
            if number % _EVERY == 0:
                progress.update(task, completed=run.kinds.total())
            yield row


def _files_in(sources: list[str]) -> int | None:
    """How many files lie in the folders, each most often a message; None where a source is a file of unknown many."""
    if not all(os.path.isdir(source) for source in sources):  # noqa: PTH112
        return None
    return sum(len(names) for source in sources for _, _, names in os.walk(source))
