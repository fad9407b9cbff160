"""What an export is made from, told from its columns: a folder of `diagnose --out`, bounce rows, a suppression list, or
a graded list (what `check` wrote, or next_send.csv).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pandas as pd

from analyzer.check.records import GRADES
from analyzer.correlate.addresses import address_keys, normalise_addresses
from analyzer.errors import MissingColumnError, UnreadableInputError
from analyzer.formulas import unguarded
from analyzer.knowledge import reasons
from analyzer.sources.tables.cells import cell_text
from analyzer.sources.tables.formats import read_cells
from analyzer.sources.tables.other_files import refuse_mail

if TYPE_CHECKING:
    from collections.abc import Iterable

Source: TypeAlias = "str | Path | pd.DataFrame"

#: One row a failure or a graded lead; text but for `transient`, `forged`, `tied`, `again`. `tied` is False only where
#: a diagnosis found no mail of ours that the bounce belongs to; `again` marks the same failure reported once more.
#: `codes` are why a lead has its grade: codes of `check`, or a sentence of next_send.csv.
ROWS: tuple[str, ...] = (
    *("email", "kind", "label", "fault", "reason", "date", "evidence", "status", "reply", "provider"),
    *("grade", "score", "codes", "transient", "forged", "tied", "again"),
)
_TRUE = ("true", "1", "yes")
_FINAL = ("address", "complaint")
_BOUNCES, _SUPPRESSION = frozenset({"recipient", "label", "reason"}), frozenset({"email", "reason", "fault"})
_EXPECTED = (
    "give a folder that `diagnose --out` wrote, bounce rows of `parse`, a suppression.csv, a next_send.csv, "
    "or what `check --out` wrote"
)


@dataclass(frozen=True, slots=True)
class Given:
    """rows: ROWS. graded: the graded list as it was, text under its own headers, None where there is none.

    matched: whether a diagnosis has told forged and unmatched bounces apart. checked: whether `check` graded the list,
    so that it has codes. named: what was read.
    """

    rows: pd.DataFrame
    graded: pd.DataFrame | None
    matched: bool
    named: str
    checked: bool = False


def read_given(source: Source, *, graded: bool = False) -> Given:
    """Read what is to be exported; with `graded` a folder's next_send.csv instead of its bounces.

    `UnreadableInputError` for what cannot be read, `MissingColumnError` for a table that is none of these.
    """
    if isinstance(source, pd.DataFrame):
        return _told(_as_text(source), "the frame")
    path = Path(source)
    if path.is_dir():
        return _folder(path, graded=graded)
    if not path.exists():
        raise UnreadableInputError(str(path), "does not exist", _EXPECTED)
    return _told(_table(path), str(path))


def read_lead_ids(path: str | Path) -> dict[str, str]:
    """The lead_id of each address (its key) of a lead list; `MissingColumnError` for a list without such ids."""
    from analyzer.sources.tables import read_table

    table = read_table(path, "leads")
    if "lead_id" not in table.mapping.values():
        raise MissingColumnError(str(path), "has no column of lead ids", "name it lead_id, or leave --leads out")
    keys = address_keys(normalise_addresses(table.frame["email"]))
    return {key: str(value) for key, value in zip(keys, table.frame["lead_id"], strict=True) if value}


def _folder(path: Path, *, graded: bool) -> Given:
    if graded:
        ahead = path / "next_send.csv"
        if not ahead.is_file():
            raise UnreadableInputError(str(path), "has no next_send.csv", "run `diagnose` with --next, or give a list")
        return _told(_table(ahead), str(ahead))
    bounces, suppression = path / "bounces.csv", path / "suppression.csv"
    there = [file for file in (suppression, bounces) if file.is_file()]
    if not there:
        raise UnreadableInputError(str(path), "has neither bounces.csv nor suppression.csv", _EXPECTED)
    found = [_told(_table(file), str(file)) for file in there]
    if len(found) == 1:
        return found[0]
    listed, rows = found[0].rows, found[1].rows
    # Whom the diagnosis struck off stands in the suppression list, under the address that was written to, and a line
    # that was taken out of it by hand stays out; the bounces add the rest.
    final = rows["fault"].isin(_FINAL) & ~rows["transient"] & ~rows["forged"] & rows["tied"]
    return Given(pd.concat([listed, rows[~final]], ignore_index=True), None, True, str(path))


def _table(path: Path) -> pd.DataFrame:
    cells, _ = read_cells(path)
    is_csv = path.suffix.lower() == ".csv"
    frame = cells.frame.set_axis([unguarded(name) for name in cells.headers] if is_csv else cells.headers, axis=1)
    frame = frame.loc[:, ~frame.columns.duplicated()].astype("str").fillna("")
    return frame.apply(_unguarded) if is_csv else frame


def _unguarded(column: pd.Series) -> pd.Series:
    marked = column.str.startswith("'")
    if not marked.any():
        return column
    return column.mask(marked, column[marked].map(unguarded))


def _as_text(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.reset_index(drop=True).rename(columns=str).astype(object).map(_cell)


def _cell(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return "; ".join(map(str, value))
    text = value if isinstance(value, str) else cell_text(None if value is pd.NaT or value is pd.NA else value)
    # Half of a surrogate pair is no character: neither a frame nor a file can hold it.
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _told(table: pd.DataFrame, named: str) -> Given:
    names = {str(name) for name in table.columns}
    for grade in ("grade", "decision"):
        if {"email", grade} <= names:
            return Given(_graded_rows(table, grade, named), table, True, named, checked=grade == "grade")
    if names >= _BOUNCES:
        matched = "match_method" in names
        return Given(_bounce_rows(table, matched=matched), None, matched, named)
    if names >= _SUPPRESSION:
        return Given(_suppression_rows(table), None, True, named)
    below = [str(cell) for cell in table.iloc[:, 0]] if len(table.columns) else []
    refuse_mail([str(name) for name in table.columns], below, named, "make bounce rows of it with `parse`")
    shown = ", ".join(sorted(names)[:8]) or "none"
    raise MissingColumnError(named, f"is no table of ours (its columns: {shown})", _EXPECTED)


def _bounce_rows(table: pd.DataFrame, *, matched: bool) -> pd.DataFrame:
    original = _text(table, "original_recipient")
    written_to = original.where(original.str.contains("@", regex=False), _text(table, "recipient"))
    tied = _text(table, "match_method") != "" if matched else pd.Series(True, index=table.index)
    return _rows(
        table,
        email=written_to,
        kind=_text(table, "kind").replace("", "bounce"),
        label=_text(table, "label"),
        fault=_text(table, "fault").where(_text(table, "fault") != "", _from_reason(table, "fault")),
        date=_text(table, "received_at"),
        evidence=_text(table, "diagnostic"),
        transient=_yes(table, "transient"),
        forged=_yes(table, "suspected_forged"),
        tied=tied,
        again=_text(table, "duplicate_of") != "",
    )


def _suppression_rows(table: pd.DataFrame) -> pd.DataFrame:
    kind = (_text(table, "fault") == "complaint").map({True: "complaint", False: "bounce"})
    return _rows(table, email=_text(table, "email"), kind=kind, label=_from_reason(table, "label"))


def _graded_rows(table: pd.DataFrame, grade: str, named: str) -> pd.DataFrame:
    given = _text(table, grade).str.lower().str.replace(r"[ -]+", "_", regex=True)
    strange = given[~given.isin(GRADES)]
    if len(strange):
        raise UnreadableInputError(
            named, f"row {strange.index[0] + 1}: {grade} is {strange.iloc[0]!r}", f"the grades are {', '.join(GRADES)}"
        )
    codes = _text(table, "reasons" if "reasons" in table.columns else "reason")
    # Columns of the list that happen to have names of ours (a "status", a "label") are the list's own.
    own = dict.fromkeys(("label", "fault", "reason", "date", "evidence", "status", "reply", "provider"), "")
    return _rows(table, email=_text(table, "email"), kind="graded", grade=given, codes=codes, **own)


def _rows(table: pd.DataFrame, **given: pd.Series | str) -> pd.DataFrame:
    columns: dict[str, pd.Series] = {}
    for name in ROWS:
        if name in given:
            value = given[name]
            columns[name] = value if isinstance(value, pd.Series) else pd.Series(value, index=table.index, dtype=object)
        elif name in {"transient", "forged", "tied", "again"}:
            columns[name] = pd.Series(name == "tied", index=table.index)
        else:
            columns[name] = _text(table, name)
    return pd.DataFrame(columns, columns=list(ROWS)).reset_index(drop=True)


def _from_reason(table: pd.DataFrame, what: str) -> pd.Series:
    known = {name: getattr(reason, what) for name, reason in reasons().items()}
    return _text(table, "reason").map(lambda name: known.get(name, "unknown")).astype(object)


def _text(table: pd.DataFrame, name: str) -> pd.Series:
    if name not in table.columns:
        return pd.Series("", index=table.index, dtype=object)
    return table[name].astype("str").str.strip().astype(object)


def _yes(table: pd.DataFrame, name: str) -> pd.Series:
    return _text(table, name).str.lower().isin(_TRUE)


def names_of(tokens: Iterable[str]) -> list[str]:
    """`--include` values, several in one with commas."""
    return [word for token in tokens for word in re.split(r"[,;\s]+", token.strip().lower()) if word]
