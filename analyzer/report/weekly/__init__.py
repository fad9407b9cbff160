"""The weekly report: a page, Markdown and JSON for each week, and an index of all weeks in a folder."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.errors import OutputError

if TYPE_CHECKING:
    from analyzer.diagnose.weeks.findings import WeekFindings
    from analyzer.diagnose.weeks.weekly import Week

__all__ = ["SCHEMA", "alarm_line", "json_text", "redacted", "summary", "write"]

#: The JSON Schema of weekly.json.
SCHEMA = Path(__file__).parent / "weekly.schema.json"


def write(run: WeekFindings, out: Path, *, redact: bool = False) -> list[Path]:
    """Write OUT/WEEK/weekly.html, .md and .json, then OUT/index.html of every week there; the paths written.

    With `redact` every address is masked, those that earlier weeks in the index name as well.
    """
    from analyzer.files import write_together
    from analyzer.report.data import write_text
    from analyzer.report.weekly import data, index, markdown, page

    if redact:
        run = redacted(run)
    folder = out / run.week.week
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        says = (error.strerror or str(error)).lower()
        raise OutputError(str(folder), f"cannot be made: {says}", "choose another folder") from None
    texts = {"weekly.json": data.json_text(run), "weekly.md": markdown.text(run), "weekly.html": page.html(run)}
    try:
        write_together(folder, [(name, partial(_put, text)) for name, text in texts.items()])
    except OSError as error:
        says = (error.strerror or str(error)).lower()
        raise OutputError(str(folder), f"cannot be written: {says}", "choose another folder") from None
    write_text(out / "index.html", index.html(out, redact=redact))
    return [*(folder / name for name in texts), out / "index.html"]


def _put(text: str, path: Path) -> None:
    from analyzer.report.data import write_text

    write_text(path, text)


def redacted(run: WeekFindings) -> WeekFindings:
    """The same week with every address masked, to be shown or written as JSON."""
    from analyzer.report import redacting

    return redacting.week_findings(run)


def json_text(run: WeekFindings) -> str:
    """weekly.json."""
    from analyzer.report.weekly import data

    return data.json_text(run)


def summary(run: WeekFindings) -> str:
    """The week in a few lines, for the terminal."""
    from analyzer.report.weekly import terminal

    return terminal.text(run)


def alarm_line(week: Week) -> str:
    """The alarms on one line."""
    from analyzer.report.weekly import words

    return words.alarm_line(week)
