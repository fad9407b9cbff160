"""The look at what was given, before anything is worked out: what each file is, what its columns mean, its first
rows. It runs in the job's own process, since the files are a stranger's.
"""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.errors import AnalyzerError, MissingColumnError, UnreadableInputError
from analyzer.redaction import masked_value
from analyzer.report.words import short
from analyzer.serve.words import for_page

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from analyzer.serve.jobs import Job, Role, Upload

#: Rows of a table and bounces of a mailbox that are shown, columns that can be put right, signs of a cell.
ROWS, BOUNCES, COLUMNS, CELL = 4, 4, 120, 60
#: Of a longer table of text, only so many bytes are looked at.
_HEAD = 24 * 1024 * 1024
#: A table with one of these is a log of what was sent, not a list of leads.
_OF_A_LOG = frozenset(
    {"sent_at", "campaign", "step", "sender", "message_id", "bounced", "bounce_reason", "state", "event", "was_sent"}
)
#: What of an entry repeats the file's own words.
_SHOWN = frozenset({"columns", "bounces", "notes", "problem"})
_MAILS = {
    "message": "a mail",
    "mbox": "a mailbox",
    "outlook": "a mail",
    "zip": "an archive",
    "tar": "an archive",
    "feed": "an event feed",
    "log": "a mail server's log",
}


def look(place: Path, job: Job, tell: Callable[[str, int, int], None]) -> dict[str, Any]:
    """`{"files": [...]}`, one entry an upload: stored, role, what, rows, platform, columns, bounces, notes, problem.

    `columns`: {header, field, samples}; `field` is "" for a column that is not used.
    """
    found = []
    for number, file in enumerate(job.files):
        tell("look", number, len(job.files))
        found.append(_file(Path(file.stored), file, job))
    if job.kind == "diagnose":
        _settle(found, {file.stored: file.name for file in job.files})
    if job.options.get("redact"):
        # Headers are what a person chooses by; only a file without any has an address there.
        found = [
            {name: masked_value(value) if name in _SHOWN else value for name, value in one.items()} for one in found
        ]
    return {"files": found}


def _file(path: Path, file: Upload, job: Job) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "stored": file.stored,
        "role": "unused",
        "what": "",
        "rows": None,
        "platform": "",
        "columns": [],
        "bounces": [],
        "notes": [],
        "problem": "",
    }
    try:
        if job.kind == "check":
            return entry | _leads(path, job)
        return entry | (_mail(path) or _table(path, job))
    except AnalyzerError as error:
        return entry | {"problem": _outlook(path, file) or for_page(str(error), job.files)}


def _outlook(path: Path, file: Upload) -> str:
    """What to do with a mail of Outlook that could not be read; "" for any other file."""
    from analyzer.sources.content import HEAD_SIZE, recognise

    with path.open("rb") as opened:
        if file.name.lower().endswith(".msg") and recognise(opened.read(HEAD_SIZE)) == "outlook":
            return f"{file.name}: is a mail of Outlook that is cut off or damaged; save it once more."
    return ""


def _mail(path: Path) -> dict[str, Any] | None:
    """A file of messages or of bounce rows; None for one that is neither."""
    from analyzer.api import ParseRun
    from analyzer.sources.content import HEAD_SIZE, recognise
    from analyzer.sources.own_rows import is_own_rows, read_own_rows

    if is_own_rows(path):
        rows = list(islice(read_own_rows(path), BOUNCES))
        return {"role": "bounces", "what": "a table of bounces", "bounces": [_bounce(row) for row in rows]}
    with path.open("rb") as file:
        content = recognise(file.read(HEAD_SIZE))
    if content in {"other", "empty"}:
        return None
    try:
        rows = list(islice(ParseRun([path]), BOUNCES))
    except UnreadableInputError:
        # A packed table, or text in UTF-16: what is no mail may well be a list.
        if content in {"message", "mbox", "feed", "log", "tar"}:
            raise
        return None
    return {
        "role": "bounces",
        "what": _MAILS.get(content, "packed mail"),
        "bounces": [_bounce(row) for row in rows],
        "notes": [] if rows else ["No bounce among the messages looked at."],
    }


def _bounce(row: dict[str, Any]) -> dict[str, str]:
    return {
        "recipient": short(row["recipient"] or row["original_recipient"], CELL),
        "label": short(row["label"], CELL),
        "reason": short(row["reason"], CELL),
        "text": short(row["diagnostic"], 160),
    }


def _table(path: Path, job: Job) -> dict[str, Any]:
    from analyzer.sources.tables import read_table

    part = _first_part(path)
    try:
        table = read_table(part or path, "log", by_id=True)
    except MissingColumnError as error:
        return _without_addresses(part or path) | {
            "problem": for_page(str(error).replace(f"{part}", path.name), job.files)
        }
    finally:
        if part:
            part.unlink()
    fields = set(table.mapping.values())
    role: Role = "log" if fields & _OF_A_LOG else "leads"
    notes = [for_page(_own_name(text, part, path), job.files) for text in table.warnings]
    if part:
        notes.append("The table is long: only its first part was looked at. The run reads all of it.")
    return {
        "role": role,
        "what": "a table",
        "rows": None if part else table.rows,
        "platform": table.platform,
        "columns": _columns(table.frame, table.mapping, table.unmapped),
        "notes": notes,
    }


def _own_name(text: str, part: Path | None, path: Path) -> str:
    return text.replace(part.name, path.name) if part else text


def _columns(frame: pd.DataFrame, mapping: dict[str, str], unmapped: tuple[str, ...]) -> list[dict[str, Any]]:
    columns = []
    for header, field in [*mapping.items(), *((header, "") for header in unmapped)]:
        name = field or header
        values = frame[name] if name in frame.columns else None
        samples = [] if values is None else [_cell(value) for value in values.head(ROWS).tolist()]
        columns.append(
            {
                "header": header,
                "field": "recipient" if field == "email" else field,
                "samples": samples,
            }
        )
    return columns[:COLUMNS]


def _cell(value: Any) -> str:
    """A cell as it is shown; a time to the minute."""
    text = short(value, CELL)
    if text == "NaT":
        return ""
    return f"{value:%Y-%m-%d %H:%M}".removesuffix(" 00:00") if hasattr(value, "strftime") else text


def _without_addresses(path: Path) -> dict[str, Any]:
    """The columns of a table in which nothing looks like an address, for a person to say which it is."""
    from analyzer.sources.tables.columns import sample
    from analyzer.sources.tables.formats import read_cells
    from analyzer.sources.tables.headers import map_headers

    cells, _ = read_cells(path)
    rows = cells.frame.head(ROWS)
    # The other columns are told as ever, once there is a column of addresses.
    headers = [*cells.headers, "recipient"]
    known = map_headers(
        str(path), headers, None, lambda place: sample(cells.frame, place) if place < cells.frame.shape[1] else []
    )
    fields = {place: field for field, place in known.fields.items()}
    columns = [
        {
            "header": header or f"column {place + 1}",
            "field": fields.get(place, ""),
            "samples": [short(value, CELL) for value in rows.iloc[:, place].tolist()],
        }
        for place, header in enumerate(cells.headers[:COLUMNS])
        if place < rows.shape[1]
    ]
    return {"role": "log", "what": "a table", "rows": len(cells.frame), "columns": columns}


def _leads(path: Path, job: Job) -> dict[str, Any]:
    """The list that is to be checked."""
    from analyzer.check.leads import read_leads
    from analyzer.sources.content import HEAD_SIZE, recognise

    try:
        leads = read_leads(path)
    except UnreadableInputError as error:
        with path.open("rb") as file:
            if recognise(file.read(HEAD_SIZE)) in {"message", "mbox"}:
                problem = "This is mail, and no list of leads: give it on the page “Campaign”."
                return {"what": "mail", "problem": problem}
        if not isinstance(error, MissingColumnError):
            raise
        return _without_addresses(path) | {"role": "leads", "problem": for_page(str(error), job.files)}
    first = list(islice(leads.own, ROWS)) if leads.mapping is not None else []
    mapping = leads.mapping or {}
    columns: list[dict[str, Any]] = [
        {
            "header": header,
            "field": {"email": "recipient"}.get(mapping.get(header, ""), mapping.get(header, "")),
            "samples": [short(row[place], CELL) for row in first],
        }
        for place, header in enumerate(leads.headers[:COLUMNS])
    ]
    if not columns:
        columns = [{"header": "", "field": "recipient", "samples": [short(text, CELL) for text in leads.texts[:ROWS]]}]
    return {
        "role": "leads",
        "what": "a table" if leads.mapping is not None else "an address a line",
        "rows": len(leads),
        "platform": leads.platform,
        "columns": columns,
        "notes": [for_page(text, job.files) for text in leads.warnings],
    }


def _first_part(path: Path) -> Path | None:
    """The first part of a long table of text, up to the end of a line; None for a file that is looked at whole."""
    if path.stat().st_size <= _HEAD:
        return None
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith(
        (b"PK\x03\x04", b"PAR1", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd", b"\xd0\xcf\x11\xe0")
    ):
        return None
    if b"\0" in head[:4096]:
        return None
    # In the job's own folder for such files.
    part = Path(os.environ.get("TMPDIR", ".")) / f"part-{path.name}"
    part.write_bytes(head[: head.rfind(b"\n") + 1] or head)
    return part


def _settle(found: list[dict[str, Any]], names: dict[str, str]) -> None:
    """Roles that only the files together tell: which list is the next one's, and a lone table is the log."""
    tables = [entry for entry in found if entry["role"] in {"log", "leads"}]
    lists = [entry for entry in tables if entry["role"] == "leads"]
    logs = [entry for entry in tables if entry["role"] == "log"]
    if lists and not logs:
        lists.pop(0)["role"] = "log"
    for entry in lists:
        # Only its name tells the next sequence's list from the last one's; a person sees it, and can change it.
        if "next" in names[entry["stored"]].lower():
            entry["role"] = "next"
