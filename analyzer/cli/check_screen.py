"""What `check` shows on a terminal: the leads that a person looks at, and how far the run is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from analyzer.cli.screen import moves

if TYPE_CHECKING:
    from analyzer.check.run import CheckRun

#: Rows that are shown of a long list, and how many of them for the same reason.
SHOWN, ALIKE = 25, 3
_PIPE_WIDTH = 140
# A cell of thousands of characters would fill the screen, and no address is longer than 254.
_CELL, _WHY = 80, 300
_STAGES = {"format": "Reading addresses", "dns": "Domains", "smtp": "Mailboxes", "grade": "Grading"}


def show(rows: Iterable[dict[str, Any]], run: CheckRun) -> None:
    """The rows that a person looks at: all of a short list, else the first that may not simply be sent to."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    rows = list(rows)
    if not rows:
        return
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _PIPE_WIDTH
    table = Table(box=None, pad_edge=False, show_edge=False)
    for name in ("row", "email", "grade", "score", "why"):
        table.add_column(name, justify="right" if name in {"row", "score"} else "left", overflow="fold")
    colours = {"send": "green", "verify_again": "yellow", "do_not_send": "red"}
    for row in rows:
        told = {text.partition(": ")[0] for text in row["evidence"]}
        why = "; ".join([*(code for code in row["reasons"] if code not in told), *row["evidence"]])
        if row["suggestion"]:
            why += f" → {row['suggestion']}?"
        grade = Text(row["grade"].replace("_", " "), style=colours[row["grade"]])
        email = Text(_cut(row["email"], _CELL) or "(blank)")
        table.add_row(str(row["row"]), email, grade, str(row["score"]), Text(_cut(why, _WHY)))
    console.print(table)
    held = run.grades["verify_again"] + run.grades["do_not_send"]
    if len(run) > SHOWN and held > len(rows):
        console.print(Text(f"… and {held - len(rows):,} more that may not simply be sent to; --out FILE has them all."))
    console.print()


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}…"


@contextmanager
def progress() -> Iterator[Callable[[str, int, int], None] | None]:
    """Bars with rate and time left on a terminal, nothing in a pipe."""
    if not moves():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Rate(TextColumn):
        def render(self, task: Any) -> Text:
            speed = task.finished_speed or task.speed
            return Text(f"{speed:,.0f}/s" if speed else "")

    bars = Progress(
        TextColumn("{task.description:17}"),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(""),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    tasks: dict[str, TaskID] = {}

    def tell(stage: str, done: int, total: int) -> None:
        if stage not in tasks:
            tasks[stage] = bars.add_task(_STAGES[stage], total=total)
        bars.update(tasks[stage], completed=done, total=total)

    with bars:
        yield tell
