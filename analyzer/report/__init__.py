"""The report: a page, Markdown, a workbook, tables and a terminal summary of one diagnosis.

It shows what a `Diagnosis` holds and knows nothing of how a number came about. The folder also writes bounce rows for
commands that need no report, so everything heavy is imported where it is used.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd
    from rich.console import Console

    from analyzer.correlate import Correlated
    from analyzer.diagnose.diagnosis import Diagnosis

__all__ = ["FILES", "SCHEMA", "redacted", "show", "write"]

#: The JSON Schema of diagnosis.json.
SCHEMA = Path(__file__).parent / "diagnosis.schema.json"
#: What `write` writes; the last one goes where this run has none.
FILES = (
    *("diagnosis.json", "bounces.csv", "suppression.csv", "report.md", "report.xlsx", "report.html", "next_send.csv"),
)

#: What correlate adds to the columns of a bounce.
MATCH_COLUMNS: tuple[str, ...] = (*("match_method", "suspected_forged", "forged_reason", "forged_why", "duplicate_of"),)


def show(diagnosis: Diagnosis, console: Console | None = None) -> None:
    """Print the summary of a diagnosis to `console`, else to the standard output."""
    from analyzer.report import terminal

    terminal.show(diagnosis, console)


def redacted(diagnosis: Diagnosis) -> Diagnosis:
    """The same diagnosis with every address masked (`j***@example.com`), to be shown or written as JSON."""
    from analyzer.report import redacting

    return redacting.diagnosis(diagnosis)


def write(
    diagnosis: Diagnosis,
    correlated: Correlated,
    out: str | Path,
    *,
    next_send: pd.DataFrame | None = None,
    suppression: pd.DataFrame | None = None,
    mappings: Sequence[str] = (),
    redact: bool = False,
) -> list[Path]:
    """Write every output of a diagnosis into the folder `out`, which is made if need be; returns the files written.

    report.html, report.md, report.xlsx, diagnosis.json, bounces.csv (every counted bounce and what it was tied to, and
    what only the log marks as bounced), suppression.csv (from `correlated` when not given) and, when `next_send` is
    given, next_send.csv. Each is written aside and moved into place; the same input gives the same bytes. `OutputError`
    when a file cannot be written. `mappings` says of each table which of its columns was taken for what, a line a
    table. With `redact` every address is masked in all of them, and the two lists carry `email_sha256` beside it.
    """
    from analyzer.report import data, extracts, markdown, page, workbook

    every = extracts.every_bounce(correlated.bounces, correlated.sends)
    if suppression is None:
        from analyzer.diagnose import suppression as suppression_of

        suppression = suppression_of(correlated)
    if redact:
        from analyzer.redaction import masked_text
        from analyzer.report import redacting

        diagnosis, correlated = redacting.diagnosis(diagnosis), redacting.bounces_of(correlated)
        suppression, every = redacting.listed(suppression), redacting.frame(every)
        next_send = None if next_send is None else redacting.listed(next_send)
        mappings = [masked_text(line) for line in mappings]
    blocked: pd.DataFrame = suppression
    folder = _folder(Path(out))
    next_rows = None if next_send is None else len(next_send)
    writers: list[tuple[str, Callable[[Path], object]]] = [
        ("diagnosis.json", lambda path: data.write_text(path, data.json_text(diagnosis))),
        ("bounces.csv", lambda path: data.write_frame(path, every, _bounce_columns(correlated))),
        ("suppression.csv", lambda path: data.write_frame(path, blocked, list(blocked.columns))),
        ("report.md", lambda path: data.write_text(path, markdown.text(diagnosis, mappings))),
        ("report.xlsx", lambda path: workbook.write(diagnosis, correlated, blocked, path, mappings, every)),
        (
            "report.html",
            lambda path: data.write_text(path, page.html(diagnosis, correlated, blocked, next_rows, mappings)),
        ),
    ]
    if next_send is not None:
        leads: pd.DataFrame = next_send
        writers.insert(3, ("next_send.csv", lambda path: data.write_frame(path, leads, list(leads.columns))))
    return _write_together(folder, writers)


def _write_together(folder: Path, writers: Sequence[tuple[str, Callable[[Path], object]]]) -> list[Path]:
    """All files or none, so that no report mixes two diagnoses."""
    from analyzer.files import write_together

    names = [name for name, _ in writers]
    try:
        # An earlier diagnosis' list would look as if it belonged to this one.
        write_together(folder, writers, gone=[] if "next_send.csv" in names else ["next_send.csv"])
    except OSError as error:
        raise OutputError(str(folder), f"cannot be written: {_says(error)}", "choose another folder") from None
    return [folder / name for name in names]


def _folder(out: Path) -> Path:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise OutputError(str(out), "is a file, not a folder", "choose another folder") from None
    except OSError as error:
        raise OutputError(str(out), f"cannot be made: {_says(error)}", "choose another folder") from None
    return out


def _says(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _bounce_columns(correlated: Correlated) -> Sequence[str]:
    from analyzer.records import BOUNCE_COLUMNS

    # `delivered_to` and the original's headers served the matching; they would fill the table with noise.
    plain = [name for name in BOUNCE_COLUMNS if name not in {"delivered_to", "original_headers"}]
    return plain + [name for name in MATCH_COLUMNS if name in correlated.bounces]
