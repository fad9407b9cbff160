"""The rule base as it was last read and checked, kept in the user's cache folder so that a command starts at once.

Reading, checking and scanning some hundreds of rules takes longer than most commands do. What is kept is valid for
the same rule files and the same code, unchanged since; where nothing can be kept, the rules are read anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Sequence
from dataclasses import fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from analyzer.classify.patterns import know_sound, refuse_unsound, required_literals
from analyzer.classify.rules import Example, Rule, load_rules
from analyzer.knowledge import data_folder, know_table, load_toml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.classify.patterns import Requirements

#: Where the prepared rules are kept; "off" keeps nothing.
CACHE_VARIABLE = "BOUNCE_ANALYZER_CACHE"
#: Tables that every classification reads.
_TABLES = ("reasons.toml", "codes.toml", "providers.toml", "blocklists.toml", "confidence.toml")
#: What of a rule only those ask for who look at the rule itself.
_PROOFS = ("examples", "near_misses")


def prepared_rules(own: Path | None) -> tuple[tuple[Rule, ...], list[Requirements]]:
    """The shipped rules behind those of a user's own folder, with what each of their patterns requires.

    Raises `RuleError` as `load_rules` does.
    """
    place = _place(own)
    version = _version(own)
    if place is not None:
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            kept = orjson.loads(place.read_bytes())
            if kept["version"] == version:
                rules = tuple(map(_restored, kept["rules"]))
                know_sound(kept["table_patterns"])
                for name, table in kept["tables"].items():
                    know_table(data_folder("rules") / name, table)
                return rules, kept["requirements"]
    shipped = data_folder("rules") / "replies"
    rules = load_rules([own, shipped] if own else [shipped])
    requirements = [required_literals(pattern) for rule in rules for pattern in rule.patterns]
    if place is not None:
        # A full disk or a read-only home is no reason to fail, only to be slower the next time.
        with contextlib.suppress(OSError):
            tables = {name: load_toml(data_folder("rules") / name) for name in _TABLES}
            content = {
                "version": version,
                "rules": list(map(_row, rules)),
                "requirements": requirements,
                "tables": tables,
                "table_patterns": {pattern: required_literals(pattern) for pattern in _patterns_in(tables)},
            }
            _keep(place, content)
    return rules, requirements


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
    chosen = os.environ.get(CACHE_VARIABLE, "")
    if chosen == "off":
        return None
    if chosen:
        folder = Path(chosen)
    else:
        base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
        try:
            folder = (Path(base) if base else Path.home() / ".cache") / "bounce-analyzer"
        except RuntimeError:
            return None
    folders = f"{data_folder('rules')}\n{own.resolve() if own else ''}"
    return folder / f"rules-{hashlib.blake2b(folders.encode(), digest_size=8).hexdigest()}.json"


def _version(own: Path | None) -> str:
    """A digest of the names, sizes and times of every file of rules and of this code: reading them all takes longer
    than to classify a thousand texts."""
    digest = hashlib.blake2b(digest_size=12)
    folders = [(data_folder("rules"), "**/*.toml"), (Path(__file__).parent, "*.py")]
    for folder, files in [*folders, (own, "**/*.toml")] if own else folders:
        for path in sorted(map(str, folder.glob(files))):
            state = os.stat(path)  # noqa: PTH116 (pathlib takes longer than the system)
            digest.update(f"{path}\0{state.st_size}\0{state.st_mtime_ns}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _keep(place: Path, content: dict[str, Any]) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    # Two commands may start at once: each writes its own file, and the last one put in place stands.
    unfinished = place.with_suffix(f".{os.getpid()}")
    unfinished.write_bytes(orjson.dumps(content, default=_plain))
    unfinished.replace(place)


def _plain(value: object) -> Sequence[object]:
    if isinstance(value, frozenset):
        return sorted(value)
    raise TypeError(type(value).__name__)


def _row(rule: Rule) -> dict[str, Any]:
    """A rule as it is kept: its examples are a text in it, which nobody takes apart but who asks for them."""
    row = {field.name: getattr(rule, field.name) for field in fields(rule)}
    for key in _PROOFS:
        row[key] = orjson.dumps(row[key]).decode()
    return row


def _restored(row: dict[str, Any]) -> Rule:
    for key in ("patterns", "statuses", "replies"):
        row[key] = tuple(row[key])
    for key in ("providers", "phases"):
        row[key] = frozenset(row[key])
    for key in _PROOFS:
        if not isinstance(row[key], str):
            # Kept by a process that still ran the code from before an update.
            raise TypeError(key)
        row[key] = _KeptExamples(row[key])
    return Rule(**row)


class _KeptExamples(Sequence[Example]):
    """Examples of a rule, as they are kept until somebody looks at one."""

    def __init__(self, kept: str) -> None:
        self._kept = kept

    @cached_property
    def _examples(self) -> tuple[Example, ...]:
        return tuple(Example(**example) for example in orjson.loads(self._kept))

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
