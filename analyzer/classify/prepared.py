"""The rule base as it was last read and checked, kept in the user's cache folder so that a command starts at once.

Reading, checking and scanning some hundreds of rules takes longer than most commands do. What is kept is valid for
the same rule files and the same code, unchanged since; where nothing can be kept, the rules are read anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from analyzer.classify.literals import required_literals
from analyzer.classify.patterns import Prefilter, know_sound, prefilter_of, refuse_unsound
from analyzer.classify.rules import Example, Rule, load_rules
from analyzer.kept import cache_folder, keep, kept
from analyzer.knowledge import data_folder, know_table, load_toml

if TYPE_CHECKING:
    from collections.abc import Iterator

#: The layout of what is kept: a process that still runs the code from before an update may keep another one.
_LAYOUT = 3
#: The names of what is kept.
_KIND = f"rules-{'[0-9a-f]' * 16}.json"
#: Tables that classifying reads.
_TABLES = ("reasons.toml", "codes.toml", "providers.toml", "blocklists.toml", "confidence.toml", "feeds.toml")
#: What of a rule only those ask for who look at the rule itself: it stands on a line of its own, behind the rest.
_PROOFS = (Rule._fields.index("examples"), Rule._fields.index("near_misses"))
_TUPLES = tuple(map(Rule._fields.index, ("patterns", "statuses", "replies")))
_SETS = tuple(map(Rule._fields.index, ("providers", "phases")))


def prepared_rules(own: Path | None) -> tuple[tuple[Rule, ...], Prefilter]:
    """The shipped rules behind those of a user's own folder, with the prefilter of their patterns.

    Raises `RuleError` as `load_rules` does.
    """
    place = _place(own)
    version = _version(own)
    if place is not None:
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            whole = kept(place)
            end = whole.index(b"\n")
            found = orjson.loads(memoryview(whole)[:end])
            if found["version"] == version and found["layout"] == _LAYOUT:
                rules = _restored(found["rules"], _Proofs(whole[end:]))
                know_sound(found["table_patterns"])
                for name, table in found["tables"].items():
                    know_table(data_folder("rules") / name, table)
                return rules, Prefilter(*found["prefilter"])
    shipped = data_folder("rules") / "replies"
    rules = load_rules([own, shipped] if own else [shipped])
    examples = (example.text for rule in rules for example in rule.examples)
    prefilter = prefilter_of([required_literals(pattern) for rule in rules for pattern in rule.patterns], examples)
    if place is not None:
        # A full disk or a read-only home is no reason to fail, only to be slower the next time.
        with contextlib.suppress(OSError):
            tables = {name: load_toml(data_folder("rules") / name) for name in _TABLES}
            content = {
                "layout": _LAYOUT,
                "version": version,
                "rules": list(map(_row, rules)),
                "prefilter": list(prefilter),
                "tables": tables,
                "table_patterns": {pattern: required_literals(pattern) for pattern in _patterns_in(tables)},
            }
            proofs_of = [[list(map(list, proofs)) for proofs in (rule.examples, rule.near_misses)] for rule in rules]
            keep(place, orjson.dumps(content, default=_plain) + b"\n" + orjson.dumps(proofs_of), _KIND)
    return rules, prefilter


def _patterns_in(tables: dict[str, dict[str, Any]]) -> Iterator[str]:
    """The patterns of the tables, each of them sound."""
    providers, blocklists, codes = tables["providers.toml"], tables["blocklists.toml"], tables["codes.toml"]
    found = [
        *(pattern for row in providers.get("provider", []) for pattern in row.get("hints", [])),
        *(pattern for row in blocklists.get("blocklist", []) for pattern in row.get("patterns", [])),
        *blocklists.get("lookup_error", {}).get("patterns", []),
        *codes.get("temporary", {}).get("patterns", []),
    ]
    for pattern in found:
        refuse_unsound(pattern, str(data_folder("rules")))
        yield pattern


def _place(own: Path | None) -> Path | None:
    folder = cache_folder()
    folders = f"{data_folder('rules')}\n{os.path.realpath(own) if own else ''}"
    return folder and folder / f"rules-{hashlib.blake2b(folders.encode(), digest_size=8).hexdigest()}.json"


def _version(own: Path | None) -> str:
    """A digest of the names, sizes and times of every file of rules and of this code: reading them all takes longer
    than to classify a thousand texts."""
    digest = hashlib.blake2b(digest_size=12)
    folders = [(str(data_folder("rules")), ".toml"), (str(Path(__file__).parent), ".py")]
    for folder, ending in [*folders, (str(own), ".toml")] if own else folders:
        for path, state in sorted(_files(folder, ending)):
            digest.update(f"{path}\0{state.st_size}\0{state.st_mtime_ns}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _files(folder: str, ending: str) -> Iterator[tuple[str, os.stat_result]]:
    """Every file of this ending in the folder and those below it; none of a folder that cannot be read: the loader of
    rules tells it."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:  # pathlib takes twice as long
            if entry.is_dir(follow_symlinks=False):
                yield from _files(entry.path, ending)
            elif entry.name.endswith(ending):
                yield entry.path, entry.stat()


def _plain(value: object) -> Sequence[object]:
    if isinstance(value, frozenset):
        return sorted(value)
    raise TypeError(type(value).__name__)


def _row(rule: Rule) -> list[Any]:
    return [None if at in _PROOFS else value for at, value in enumerate(rule)]


def _restored(rows: list[list[Any]], proofs: _Proofs) -> tuple[Rule, ...]:
    """The rules of the rows, whose examples nobody takes apart but who asks for them."""
    for number, row in enumerate(rows):
        for at in _TUPLES:
            row[at] = tuple(row[at])
        for at in _SETS:
            row[at] = frozenset(row[at])
        for which, at in enumerate(_PROOFS):
            row[at] = _KeptExamples(proofs, number, which)
    return tuple(map(Rule._make, rows))


class _Proofs:
    """The examples and the near misses of all rules, in their order."""

    def __init__(self, kept: bytes) -> None:
        self._kept = kept

    @cached_property
    def rows(self) -> list[list[list[list[str]]]]:
        """For each rule its examples and its near misses, taken apart when the first of them is asked for."""
        return orjson.loads(self._kept)  # type: ignore[no-any-return]


class _KeptExamples(Sequence[Example]):
    """Examples of a rule, as they are kept until somebody looks at one."""

    def __init__(self, proofs: _Proofs, number: int, which: int) -> None:
        self._proofs, self._number, self._which = proofs, number, which

    @cached_property
    def _examples(self) -> tuple[Example, ...]:
        return tuple(Example(*example) for example in self._proofs.rows[self._number][self._which])

    def __len__(self) -> int:
        return len(self._examples)

    def __getitem__(self, at: Any) -> Any:
        return self._examples[at]

    def __iter__(self) -> Iterator[Example]:
        return iter(self._examples)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._examples == tuple(other)

    def __hash__(self) -> int:
        return hash(self._examples)
