"""What can be exported, as data: one file of `rules/exports` a kind, each naming the platform's document."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from analyzer import knowledge
from analyzer.check.records import GRADES
from analyzer.errors import AnalyzerError, RuleError

if TYPE_CHECKING:
    from pathlib import Path

#: What a kind takes: addresses to stop writing to, leads and what became of them, leads for another channel, or a list
#: with a grade for each lead.
TAKES: tuple[str, ...] = ("suppression", "contacts", "audience", "grades")
#: How a file is written, and the ending that it gets.
ENDINGS: dict[str, str] = {"csv": ".csv", "jsonl": ".jsonl", "requests": ".jsonl", "text": ".txt"}
#: What a column can hold.
VALUES: tuple[str, ...] = (
    *("email", "label", "fault", "reason", "says", "evidence", "date", "status", "reply", "provider", "next_step"),
    *("bounced_reason", "bounced_date", "grade", "score", "codes", "lead_id"),
)
FORMS: tuple[str, ...] = ("", "rfc2822", "day", "iso", "sha256")
_NORMALISED: tuple[str, ...] = ("trim", "lower", "gmail_dots")
_ONLY: tuple[str, ...] = ("", "bounces", "complaints", *GRADES)


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `header` as the platform spells it, the `value` it holds, in which `form`.

    `words` replace values; `otherwise` stands where the value is blank or in no `words`. `limit`: characters of a text.
    An `optional` column is left out where no row has a value. `normalise` goes before a hash.
    """

    header: str
    value: str
    form: str = ""
    words: tuple[tuple[str, str], ...] = ()
    otherwise: str = ""
    limit: int = 0
    optional: bool = False
    normalise: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """One file of a kind. `rows`: the most that a file may hold, 0 for no limit. `only`: which part of the rows.

    A format of "requests" is a JSON body a line, each with a list of up to `batch` items under `key`.
    """

    name: str
    format: str
    header: bool = True
    rows: int = 0
    only: str = ""
    key: str = ""
    batch: int = 0
    columns: tuple[Column, ...] = ()


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of export: its name on the command line, a title, what it `takes`, where it `goes` at the platform."""

    name: str
    title: str
    takes: str
    goes: str
    layouts: tuple[Layout, ...]

    @property
    def formats(self) -> tuple[str, ...]:
        """The formats it can be written in, the usual one first."""
        return tuple(dict.fromkeys(layout.format for layout in self.layouts))

    def in_format(self, name: str = "") -> tuple[Layout, ...]:
        """The files of one format, the usual one unless named; `AnalyzerError` for one that the kind has not."""
        wanted = name or self.formats[0]
        if wanted not in self.formats:
            raise AnalyzerError(f"--format {name}: {self.name} is written as {' or '.join(self.formats)}")
        return tuple(layout for layout in self.layouts if layout.format == wanted)


@cache
def kinds() -> dict[str, Kind]:
    """Every kind by name, in the order of what they take. `RuleError` for a file that cannot be used."""
    folder = knowledge.data_folder("rules") / "exports"
    loaded = [_kind(path) for path in sorted(folder.glob("*.toml"))]
    return {kind.name: kind for kind in sorted(loaded, key=lambda kind: (TAKES.index(kind.takes), kind.name))}


def kind_named(name: str) -> Kind:
    """The kind of that name; `AnalyzerError` with the names there are."""
    found = kinds().get(name.strip().lower())
    if found is None:
        raise AnalyzerError(f"export {name}: is no kind of export; the kinds are {', '.join(kinds())}")
    return found


@cache
def next_steps() -> dict[str, dict[str, str]]:
    """What to do with a lead, in words: by `fault` of its bounce, and by `grade`."""
    return {name: dict(_next_steps()[name]) for name in ("fault", "grade")}


@cache
def codes(meaning: str) -> frozenset[str]:
    """The codes of `check` that mean "final", "complaint" or "other_channel"."""
    return frozenset(_next_steps()["codes"][meaning])


def _next_steps() -> dict[str, Any]:
    return knowledge.load_toml(knowledge.data_folder("rules") / "next_steps.toml")


def _kind(path: Path) -> Kind:
    table = knowledge.load_toml(path)
    _known(path, "the kind", table, {"title", "takes", "goes", "file"})
    _one_of(path, "takes", table.get("takes"), TAKES)
    layouts = tuple(_layout(path, file) for file in table.get("file", ()))
    if not layouts:
        raise RuleError(str(path), "has no [[file]]", "say what is written")
    return Kind(path.stem, table["title"], table["takes"], table["goes"], layouts)


def _layout(path: Path, file: dict[str, Any]) -> Layout:
    _known(path, "[[file]]", file, {"name", "format", "header", "rows", "only", "key", "batch", "columns"})
    _one_of(path, "format", file.get("format"), tuple(ENDINGS))
    _one_of(path, "only", file.get("only", ""), _ONLY)
    columns = tuple(_column(path, column) for column in file.get("columns", ()))
    return Layout(**{**file, "columns": columns})


def _column(path: Path, column: dict[str, Any]) -> Column:
    _known(path, "a column", column, set(Column.__dataclass_fields__))
    _one_of(path, "value", column.get("value"), VALUES)
    _one_of(path, "form", column.get("form", ""), FORMS)
    for step in column.get("normalise", ()):
        _one_of(path, "normalise", step, _NORMALISED)
    words = tuple(column.get("words", {}).items())
    return Column(**{**column, "words": words, "normalise": tuple(column.get("normalise", ()))})


def _known(path: Path, what: str, table: dict[str, Any], names: set[str]) -> None:
    if strange := sorted(table.keys() - names):
        raise RuleError(str(path), f"{what} has {strange[0]!r}, which is not known", f"use {', '.join(sorted(names))}")


def _one_of(path: Path, what: str, value: object, known: tuple[str, ...]) -> None:
    if value not in known:
        raise RuleError(str(path), f"{what} is {value!r}", f"use {', '.join(name for name in known if name)}")
