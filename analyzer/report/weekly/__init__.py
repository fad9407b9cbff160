"""The weekly report: a page, Markdown and JSON for each week, and an index of all weeks in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.errors import OutputError

if TYPE_CHECKING:
    from analyzer.diagnose.week_findings import WeekFindings
    from analyzer.diagnose.weekly import Week

__all__ = ["SCHEMA", "alarm_line", "json_text", "summary", "write"]

#: The JSON Schema of weekly.json.
SCHEMA = Path(__file__).parent / "weekly.schema.json"


def write(run: WeekFindings, out: Path) -> list[Path]:
    """Write OUT/WEEK/weekly.html, .md and .json, then OUT/index.html of every week there; the paths written."""
    from analyzer.report.data import write_text
    from analyzer.report.weekly import data, index, markdown, page

    folder = out / run.week.week
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        says = (error.strerror or str(error)).lower()
        raise OutputError(str(folder), f"cannot be made: {says}", "choose another folder") from None
    texts = {"weekly.json": data.json_text(run), "weekly.md": markdown.text(run), "weekly.html": page.html(run)}
    for name, text in texts.items():
        write_text(folder / name, text)
    write_text(out / "index.html", index.html(out))
    return [*(folder / name for name in texts), out / "index.html"]


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
