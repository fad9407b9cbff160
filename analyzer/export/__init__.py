"""Results for other systems: suppression lists, updates of records, advertising audiences, a list split by grade.

`export` makes the tables, `Export.write` the files; `kinds` says what there is. Platforms and their formats are data.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from analyzer.errors import AnalyzerError
from analyzer.export.cells import column_values, runs_as_formula, tidy
from analyzer.export.inputs import names_of, read_given, read_lead_ids
from analyzer.export.kinds import Kind, kind_named, kinds
from analyzer.export.selection import is_address, select
from analyzer.export.writing import Part, split, write_parts
from analyzer.readable import counted
from analyzer.redaction import REDACTIONS, redacted, without_addresses

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from analyzer.export.inputs import Given, Source
    from analyzer.export.kinds import Layout

__all__ = ["Export", "Kind", "export", "kinds"]

_FORMULA = "addresses that a spreadsheet would run as a formula; no CSV can hold them safely (export plain has them)"


@dataclass(frozen=True, slots=True)
class Export:
    """An export before it is written.

    parts: the files to be. left_out: addresses that are in none of them, by why. notes: sentences for the user.
    """

    kind: Kind
    source: str
    parts: tuple[Part, ...]
    left_out: dict[str, int]
    notes: tuple[str, ...]

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Each file's table by the file's name: text, values exactly as they are, no guards."""
        return {part.file: part.table for part in self.parts}

    def write(self, out: str | Path) -> tuple[list[Path], list[str]]:
        """Write into the folder `out`, to a file with the right ending, or to the standard output for "-".

        The paths, and a warning for each part of an earlier export that lies beside them; `OutputError`.
        """
        return write_parts(self.parts, out)

    def lines(self) -> list[str]:
        """What was exported and what was left out, for a person."""
        told = [f"{self.kind.title}, from {self.source}"]
        told += [f"  {part.file}: {counted(len(part.table), 'row')}" for part in self.parts]
        told += [f"  Left out: {number:,} {why}" for why, number in self.left_out.items()]
        return [*told, *(f"  {note}" for note in self.notes)]

    def to_dict(self) -> dict[str, object]:
        """The same for a machine."""
        return {
            "kind": self.kind.name,
            "source": self.source,
            "files": [{"name": part.file, "rows": len(part.table)} for part in self.parts],
            "left_out": self.left_out,
            "notes": list(self.notes),
        }


def export(
    kind: str,
    source: Source,
    *,
    include: Sequence[str] = (),
    redact: str = "",
    file_format: str = "",
    rows: int = 0,
    leads: str | Path | None = None,
) -> Export:
    """Make one kind of export out of a diagnosis folder, bounce rows, a suppression list or a graded list.

    `source` is a path, or a frame of `parse` or `check`. A suppression list takes addresses that failed for good and
    complaints, a contact update also refusals by the receiver's own rule, an audience only these. `include` adds
    faults, reasons, "transient" or "unmatched"; suspected forgeries are never taken. `redact` is
    "mask", "hash" or "drop". `rows` is the most that a file may hold (0: what the platform takes). `leads` is a list
    with lead ids for a CRM.
    `AnalyzerError` for a kind, format, redaction or fault that does not exist, `UnreadableInputError` and
    `MissingColumnError` for a source that is none of these.
    """
    wanted = kind_named(kind)
    layouts = wanted.in_format(file_format)
    if redact and redact not in REDACTIONS:
        raise AnalyzerError(f"--redact {redact}: is none of {', '.join(REDACTIONS)}")
    if redact in {"mask", "drop"}:
        _refuse_empty(wanted, layouts, redact)
    given = read_given(source, graded=wanted.takes == "grades")
    if wanted.takes == "grades":
        made = _grades(wanted, layouts, given, redact, rows)
    else:
        made = _selected(wanted, layouts, given, names_of(include), redact, rows, read_lead_ids(leads) if leads else {})
    note = f"Addresses are redacted ({redact}): for looking at, not for an import." if redact else ""
    return replace(made, notes=(*made.notes, note)) if note else made


def _refuse_empty(kind: Kind, layouts: Sequence[Layout], redact: str) -> None:
    if kind.takes == "audience":
        raise AnalyzerError(f"--redact {redact}: {kind.name} holds hashes only; leave --redact out")
    alone = all(all(column.value == "email" for column in layout.columns) and layout.columns for layout in layouts)
    if redact == "drop" and alone:
        raise AnalyzerError(f"--redact drop: nothing is left of {kind.name}, which is addresses only; use mask or hash")


def _selected(
    kind: Kind,
    layouts: Sequence[Layout],
    given: Given,
    include: Sequence[str],
    redact: str,
    rows: int,
    lead_ids: dict[str, str],
) -> Export:
    selection = select(given, kind.takes, include)
    left_out, parts = dict(selection.left_out), list[Part]()
    taken = selection.taken
    if (
        any(layout.format == "csv" for layout in layouts)
        and kind.takes != "audience"
        and redact not in {"hash", "drop"}
    ):
        formula = taken["email"].map(runs_as_formula).astype(bool)
        if formula.any():
            left_out[_FORMULA] = int(formula.sum())
            taken = taken[~formula]
    for layout in layouts:
        part = _part(taken, layout.only)
        table = pd.DataFrame(index=part.index)
        plain = set()
        for column in layout.columns:
            values = column_values(part, column, lead_ids)
            if column.value == "email" and column.form != "sha256" and redact:
                values = values.map(lambda address: redacted(address, redact))
            elif redact and column.form != "sha256":
                values = _redacted_texts(values, part["email"])
            if column.optional and not (values != "").any():
                continue
            if column.value == "email":
                if redact == "drop":
                    continue
                plain.add(column.header)
            table[column.header] = values
        parts += split(layout.name, layout, table.reset_index(drop=True), frozenset(plain), rows or layout.rows)
    notes = [f"Included because you asked: {number:,} {why}." for why, number in selection.widened.items()]
    if not given.matched:
        notes.append(
            "These bounces were not matched with a campaign log, so forged ones cannot be told: "
            "the folder of `diagnose --out` is the safer source."
        )
    return Export(kind, given.named, tuple(parts), left_out, tuple(notes))


def _part(rows: pd.DataFrame, only: str) -> pd.DataFrame:
    if not only:
        return rows
    complaints = rows["fault"] == "complaint"
    return rows[complaints if only == "complaints" else ~complaints]


def _grades(kind: Kind, layouts: Sequence[Layout], given: Given, redact: str, rows: int) -> Export:
    if given.graded is None:
        raise AnalyzerError(f"{given.named}: has no grades; give what `check --out` wrote, or a next_send.csv")
    emails, grades = given.rows["email"], given.rows["grade"]
    left_out: dict[str, int] = {}
    formula = emails.map(tidy).map(runs_as_formula).astype(bool) if redact not in {"hash", "drop"} else emails != emails
    malformed = ~emails.map(is_address).astype(bool) & (grades != "do_not_send")
    for why, rows_out in ((_FORMULA, formula & ~malformed), ("nothing that a platform takes as an address", malformed)):
        if rows_out.any():
            left_out[why] = int(rows_out.sum())
    parts: list[Part] = []
    table = given.graded.map(tidy)
    if redact:
        table = table.apply(lambda column: _redacted_texts(column, emails))
        table["email"] = emails.map(lambda address: redacted(address, redact))
        if redact == "drop":
            table = table.drop(columns="email")
    table = table.set_axis([tidy(name) for name in table.columns], axis=1)
    for layout in layouts:
        chosen = table[(grades == layout.only) & ~formula & ~malformed].reset_index(drop=True)
        parts += split(layout.name, layout, chosen, frozenset({"email"} & set(chosen.columns)), rows or layout.rows)
    return Export(kind, given.named, tuple(parts), left_out, ())


def _redacted_texts(texts: pd.Series, emails: pd.Series) -> pd.Series:
    return pd.Series(
        [without_addresses(str(text), email) for text, email in zip(texts, emails, strict=True)],
        index=texts.index,
        dtype=object,
    )
