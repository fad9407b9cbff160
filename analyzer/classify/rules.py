"""The rule rows of `rules/replies/*.toml` (and of a user's own folder): read, checked, put in their one fixed order.

A rule carries its own proof: texts that it must decide and near misses that it must not. Patterns are RE2, which
matches in linear time; what RE2 refuses (look-around, back references) the loader refuses too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from analyzer import knowledge
from analyzer.bounds import current, shown
from analyzer.classify import blocklists, providers
from analyzer.classify.confidence import confidences, family_of
from analyzer.classify.patterns import refuse_unsound
from analyzer.classify.text import PHASES
from analyzer.errors import RuleError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

#: Family and name; what reads `decided_by` takes an id for one word.
_ID = re.compile(r"[^\s/]+/\S+")
_KEYS: dict[str, tuple[type, ...]] = {
    "id": (str,),
    "pattern": (str,),
    "patterns": (list,),
    "provider": (list,),
    "status": (list,),
    "reply": (list,),
    "phase": (list,),
    "reason": (str,),
    "transient": (bool,),
    "blocklist": (str,),
    "confidence": (float, int),
    "why": (str,),
    "source": (str,),
    "examples": (list,),
    "near_misses": (list,),
}
_EXAMPLE_KEYS = ("text", "status", "reply", "host", "recipient")


class Example(NamedTuple):
    """A text as `classify` takes it."""

    text: str
    status: str = ""
    reply: str = ""
    host: str = ""
    recipient: str = ""


class Rule(NamedTuple):
    """One row: when its scope fits and one of its patterns is found in the masked text, `reason` it is."""

    id: str
    patterns: tuple[str, ...]
    reason: str
    why: str
    source: str
    examples: Sequence[Example]
    near_misses: Sequence[Example]
    providers: frozenset[str] = frozenset()
    statuses: tuple[str, ...] = ()
    replies: tuple[str, ...] = ()
    phases: frozenset[str] = frozenset()
    transient: bool | None = None
    blocklist: str = ""
    #: The chance that its label is right: measured for the rules of its file where the row says none.
    confidence: float = 0.97
    #: Whether the row says it.
    confidence_given: bool = False
    file: str = ""

    @property
    def scoped(self) -> bool:
        """Whether the rule asks for more than its pattern."""
        return bool(self.providers or self.statuses or self.replies or self.phases)

    def scope_fits(self, provider: str, status: str, reply: str, phase: str) -> bool:
        """Whether a text of these codes, from this provider, in this phase, is one for this rule."""
        if self.providers and provider not in self.providers:
            return False
        if self.statuses and not any(
            status == wanted or (wanted[-1] == "." and status.startswith(wanted)) for wanted in self.statuses
        ):
            return False
        if self.replies and not (reply and any(reply.startswith(wanted) for wanted in self.replies)):
            return False
        return not self.phases or phase in self.phases


def load_rules(folders: Iterable[Path]) -> tuple[Rule, ...]:
    """Every rule of the folders, in the order in which they are tried: folder by folder, file by name, row by row.

    Raises `RuleError` for the first row that cannot be right, with its file and id.
    """
    rules: list[Rule] = []
    for folder in folders:
        if not folder.is_dir():
            raise RuleError(str(folder), "is no folder", "name a folder with .toml files of rules")
        paths = sorted(folder.glob("*.toml"))
        if not paths:
            raise RuleError(str(folder), "holds no .toml file", "name the folder that the rule files lie in")
        for path in paths:
            most = current().rules_bytes
            if path.stat().st_size > most:
                raise RuleError(str(path), f"has over {shown(most)}, the bound rules_bytes", "make several files of it")
            rules.extend(_rows(path))
    _refuse_clashes(rules)
    return tuple(rules)


def _rows(path: Path) -> Iterable[Rule]:
    table = knowledge.load_toml(path)
    unknown = [key for key in table if key != "rule"]
    if unknown:
        raise RuleError(str(path), f"has an unknown table {unknown[0]!r}", "write rules as [[rule]] rows")
    rows = table.get("rule", [])
    if not isinstance(rows, list):
        raise RuleError(str(path), "[rule] is a table", "write [[rule]], with two brackets")
    for number, row in enumerate(rows, 1):
        yield rule_of(row, str(path), number)


def rule_of(row: Mapping[str, Any], file: str, number: int = 1) -> Rule:
    """One row as a `Rule`; a `RuleError` for what is missing, misspelt or unknown."""
    where = f"{file}: rule {row.get('id') or f'number {number}'!s}"
    for key, value in row.items():
        if key not in _KEYS:
            raise RuleError(where, f"has an unknown key {key!r}", f"known keys: {', '.join(_KEYS)}")
        if not isinstance(value, _KEYS[key]) or (isinstance(value, bool) and key != "transient"):
            raise RuleError(
                where, f"{key} has the wrong type {type(value).__name__}", f"give it as {_KEYS[key][0].__name__}"
            )
    for key in ("id", "reason", "why", "examples", "near_misses"):
        if not row.get(key):
            raise RuleError(where, f"{key} is missing", "every rule says what it is and proves itself")
    if "/" not in row["id"]:
        raise RuleError(where, "the id has no family", "write it as family/what")
    if not _ID.fullmatch(row["id"]):
        raise RuleError(where, "the id holds a blank or nothing beside its /", "write it as family/what")
    if ("pattern" in row) == ("patterns" in row):
        raise RuleError(where, "wants either pattern or patterns", "give one of the two")
    patterns = (row["pattern"],) if "pattern" in row else _texts(row, "patterns", where)
    for pattern in patterns:
        refuse_unsound(pattern, where)
    known = knowledge.reasons()
    if row["reason"] not in known:
        raise RuleError(where, f"names an unknown reason {row['reason']!r}", "take one of rules/reasons.toml")
    named = _texts(row, "provider", where)
    for name in named:
        if name not in providers.known():
            raise RuleError(where, f"names an unknown provider {name!r}", "add it to rules/providers.toml")
    blocklist = row.get("blocklist", "")
    if blocklist and blocklist not in blocklists.known():
        raise RuleError(where, f"names an unknown block list {blocklist!r}", "add it to rules/blocklists.toml")
    phases = _texts(row, "phase", where)
    for phase in phases:
        if phase not in PHASES:
            raise RuleError(where, f"names an unknown phase {phase!r}", f"take of {', '.join(sorted(PHASES))}")
    confidence = float(row["confidence"]) if "confidence" in row else confidences().of_rule(family_of(file))
    if not 0 < confidence <= 1:
        raise RuleError(where, f"confidence {confidence} is out of range", "give a share between 0 and 1")
    return Rule(
        id=row["id"],
        patterns=patterns,
        reason=row["reason"],
        why=row["why"],
        source=row.get("source", ""),
        examples=_examples(row["examples"], where, "examples"),
        near_misses=_examples(row["near_misses"], where, "near_misses"),
        providers=frozenset(named),
        statuses=_texts(row, "status", where),
        replies=_texts(row, "reply", where),
        phases=frozenset(phases),
        transient=row.get("transient"),
        blocklist=blocklist,
        confidence=confidence,
        confidence_given="confidence" in row,
        file=file,
    )


def _texts(row: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    values = row.get(key, [])
    if not all(isinstance(value, str) and value for value in values):
        raise RuleError(where, f"{key} holds something that is no text", "give a list of non-empty strings")
    return tuple(values)


def _examples(values: list[Any], where: str, key: str) -> tuple[Example, ...]:
    return tuple(_example(value, where, key) for value in values)


def _example(value: Any, where: str, key: str) -> Example:
    if isinstance(value, str):
        return Example(value)
    if not isinstance(value, dict) or "text" not in value:
        raise RuleError(where, f"{key} holds neither a text nor a table with a text", "write a string or {text = …}")
    for name, content in value.items():
        if name not in _EXAMPLE_KEYS or not isinstance(content, str):
            raise RuleError(
                where, f"{key} has a wrong entry {name!r}", f"known: {', '.join(_EXAMPLE_KEYS)}, as strings"
            )
    return Example(**value)


def _refuse_clashes(rules: list[Rule]) -> None:
    """Two rules of one id, or one that an earlier rule with the same pattern always shadows."""
    by_id: dict[str, Rule] = {}
    by_pattern: dict[str, list[Rule]] = {}
    for rule in rules:
        where = f"{rule.file}: rule {rule.id}"
        if rule.id in by_id:
            raise RuleError(where, f"the id is taken by {by_id[rule.id].file}", "give it another id")
        by_id[rule.id] = rule
        shadows = [set(map(id, by_pattern.get(pattern, ()))) for pattern in rule.patterns]
        for earlier in by_pattern.get(rule.patterns[0], ()):
            if all(id(earlier) in seen for seen in shadows) and _covers(earlier, rule):
                raise RuleError(where, f"is always shadowed by {earlier.id}", "narrow the earlier one or drop this one")
        for pattern in rule.patterns:
            by_pattern.setdefault(pattern, []).append(rule)


def _covers(earlier: Rule, later: Rule) -> bool:
    """Whether every text in the later rule's scope is in the earlier one's."""
    return all(
        not wide or (narrow and set(narrow) <= set(wide))
        for wide, narrow in (
            (earlier.providers, later.providers),
            (earlier.statuses, later.statuses),
            (earlier.replies, later.replies),
            (earlier.phases, later.phases),
        )
    )
