"""Block lists by name: which one a refusal names, and what its own removal procedure is.

Facts lie in `rules/blocklists.toml`.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from analyzer import knowledge
from analyzer.classify.patterns import PatternIndex, refuse_unsound
from analyzer.errors import RuleError

#: Only a refusal for one of these reasons can come from a listing; the value says what the list must list.
KIND_OF_REASON: dict[str, str] = {
    "ip_blocklisted": "ip",
    "ip_reputation": "ip",
    "domain_blocklisted": "domain",
    "domain_reputation": "domain",
    "url_blocklisted": "url",
}
_KINDS = frozenset({"ip", "domain", "url", "any"})


class Blocklist(NamedTuple):
    """One list. `ignore`: nobody should pay or wait for it; `kind` is `any` where the name alone says no more."""

    name: str
    kind: str
    removal: str
    url: str
    ignore: bool
    patterns: tuple[str, ...]


@cache
def known() -> dict[str, Blocklist]:
    """Every block list by name, in the order in which they are looked for."""
    path = knowledge.data_folder("rules") / "blocklists.toml"
    found: dict[str, Blocklist] = {}
    for row in knowledge.load_toml(path).get("blocklist", []):
        name = row.get("name", "")
        where = f"{path}: {name or 'a list without a name'}"
        if not name or name in found:
            raise RuleError(where, "no name, or one that is taken", "name each list once")
        if row.get("kind") not in _KINDS:
            raise RuleError(where, f"kind {row.get('kind')!r} is unknown", f"take of {', '.join(sorted(_KINDS))}")
        found[name] = Blocklist(
            name,
            row["kind"],
            row.get("removal", ""),
            row.get("url", ""),
            bool(row.get("ignore", False)),
            tuple(row.get("patterns", ())),
        )
        for pattern in found[name].patterns:
            refuse_unsound(pattern, where)
    return found


@cache
def _index() -> tuple[PatternIndex, tuple[Blocklist, ...]]:
    """Every list's patterns, and whose they are by number."""
    owned = [(pattern, row) for row in known().values() for pattern in row.patterns]
    return PatternIndex([pattern for pattern, _ in owned]), tuple(row for _, row in owned)


@cache
def _lookup_errors() -> PatternIndex:
    """Words of a receiver whose own look-up failed: its list is named, and nothing is listed."""
    path = knowledge.data_folder("rules") / "blocklists.toml"
    patterns = knowledge.load_toml(path).get("lookup_error", {}).get("patterns", [])
    for pattern in patterns:
        refuse_unsound(pattern, f"{path}: lookup_error")
    return PatternIndex(patterns)


def blocklist_of(masked: str, reason: str) -> str:
    """The list that a masked text names, for a reason that a list can be behind; "" otherwise.

    A list of the fitting kind goes before one that lists something else.
    """
    kind = KIND_OF_REASON.get(reason)
    if kind is None:
        return ""
    index, owners = _index()
    named = [owners[number] for number in index.matches(masked)]
    if not named or _lookup_errors().first(masked) is not None:
        return ""
    return next((row.name for row in named if row.kind in {kind, "any"}), named[0].name)
