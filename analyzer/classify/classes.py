"""What a provider's own class of a failure means, where no words came with it: Amazon SES's `Permanent/NoEmail`.

Facts lie in `rules/feeds.toml`, with the provider's documentation. A class that has no row there says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer import knowledge
from analyzer.classify.transience import is_transient
from analyzer.errors import RuleError

if TYPE_CHECKING:
    from analyzer.records import Verdict

_KEYS = frozenset({"class", "reason", "confidence", "transient", "why", "source"})
_NEEDED = ("class", "reason", "confidence", "why", "source")


@dataclass(frozen=True, slots=True)
class ProviderClass:
    """What a class means. `confidence` is the chance that its label is right; `transient` None: as its reason."""

    reason: str
    confidence: float
    transient: bool | None
    why: str
    source: str


def class_of(name: str) -> ProviderClass | None:
    """What `feed:class/subclass` means, compared without case: its own row, else that of the class above it."""
    rows, key = table(), name.lower()
    while key:
        if key in rows:
            return rows[key]
        key = key.rpartition("/")[0]
    return None


def without_words(said: Verdict, codes: Verdict, name: str) -> Verdict:
    """The verdict on a failure whose words say nothing: by its provider's class or by its codes, the surer of the two.

    `said` is the verdict on the words, `codes` that on the codes alone; a tie goes to the codes, which a server gave.
    """
    by_codes = codes if codes.reason != "unspecified" else said
    told = class_of(name)
    if told is None or (by_codes.reason != "unspecified" and told.confidence <= by_codes.confidence):
        return by_codes
    reason = knowledge.reasons()[told.reason]
    return replace(
        said,
        label=reason.label,
        fault=reason.fault,
        reason=told.reason,
        transient=is_transient(told.reason, told.transient, codes.status, codes.reply, ""),
        confidence=told.confidence,
        decided_by="code",
        evidence=name,
        status=codes.status,
        reply=codes.reply,
    )


@cache
def table(path: Path | None = None) -> dict[str, ProviderClass]:
    """The shipped table by `feed:class` in lower case; `RuleError` for a row that cannot be."""
    path = path or knowledge.data_folder("rules") / "feeds.toml"
    rows: dict[str, ProviderClass] = {}
    for number, row in enumerate(knowledge.load_toml(path).get("class", []), 1):
        where = f"{path}: class {number}"
        for key in _NEEDED:
            if not row.get(key):
                raise RuleError(where, f"{key} is missing")
        if unknown := sorted(row.keys() - _KEYS):
            raise RuleError(where, f"has an unknown key {unknown[0]!r}", f"take {', '.join(sorted(_KEYS))}")
        if row["reason"] not in knowledge.reasons() or row["reason"] == "unspecified":
            raise RuleError(where, f"names an unknown reason {row['reason']!r}", "take one of rules/reasons.toml")
        if not isinstance(row["confidence"], float) or not 0.5 <= row["confidence"] <= 1:
            raise RuleError(where, "confidence is not between 0.5 and 1", "write a number such as 0.8")
        if not isinstance(row.get("transient", False), bool):
            raise RuleError(where, "transient is neither true nor false", "write true or false")
        meant = ProviderClass(row["reason"], row["confidence"], row.get("transient"), row["why"], row["source"])
        for name in row["class"] if isinstance(row["class"], list) else [row["class"]]:
            feed, _, rest = str(name).partition(":")
            if not (feed and rest):
                raise RuleError(where, f"{name!r} is no class of a feed", "write it as feed:class")
            if rows.setdefault(str(name).lower(), meant) is not meant:
                raise RuleError(where, f"{name} stands twice", "leave one of them out")
    return rows
