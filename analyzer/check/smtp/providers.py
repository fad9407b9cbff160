"""Who is asked, for the limits: all domains of one receiving provider are one party, however many domains it serves.

What each provider's answers are worth, and its limits, lie in `rules/check_providers.toml`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

from analyzer import knowledge
from analyzer.classify import provider_of
from analyzer.classify.providers import known
from analyzer.errors import RuleError

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

    from analyzer.check.records import DomainFacts
    from analyzer.check.smtp.options import ProbeOptions

Answers: TypeAlias = Literal["each", "alike", "alike_if_open"]
_ANSWERS = frozenset({"each", "alike", "alike_if_open"})
_LIMITS = ("connections", "recipients_per_minute", "recipients_per_session", "pause_s")


@dataclass(frozen=True, slots=True)
class Manner:
    """What a provider's answers are worth, and how gently it is asked."""

    answers: Answers
    connections: int
    recipients_per_minute: float
    recipients_per_session: int
    pause_s: float


def group_of(facts: DomainFacts) -> str:
    """The party that is asked: the filter in front, else the provider, else whose domain the best MX host is in."""
    found = facts.gateway or facts.provider
    if not found and facts.mx:
        found = provider_of(host=facts.mx[0]) or _registered(facts.mx[0].lower().rstrip("."))
    return found or facts.domain


def manner_of(facts: DomainFacts, options: ProbeOptions) -> Manner:
    """The row of the domain's filter or provider, with what the options set themselves."""
    table = _table()
    group = group_of(facts)
    row = table["default"] | (table["gateway"] if facts.gateway else {}) | table["provider"].get(group, {})
    for name in _LIMITS:
        own = getattr(options, name)
        if own is not None:
            row[name] = own
    return Manner(cast("Answers", row.get("answers", "each")), *(row[name] for name in _LIMITS))


@cache
def _table() -> dict[str, Any]:
    path = knowledge.data_folder("rules") / "check_providers.toml"
    table = knowledge.load_toml(path)
    rows: dict[str, dict[str, Any]] = {}
    for row in table.get("provider", []):
        name = row.get("provider", "")
        if name not in known() or name in rows:
            raise RuleError(str(path), f"provider {name!r} is unknown or has two rows", "take a name of providers.toml")
        if row.get("answers", "each") not in _ANSWERS:
            raise RuleError(str(path), f"{name}: answers {row['answers']!r}", f"take of {', '.join(sorted(_ANSWERS))}")
        rows[name] = row
    missing = [name for name in _LIMITS if name not in table.get("default", {})]
    if missing:
        raise RuleError(str(path), f"[default] lacks {', '.join(missing)}", "add it")
    return {"default": table["default"], "gateway": table.get("gateway", {}), "provider": rows}


@cache
def _suffixes() -> PublicSuffixList:
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()


@lru_cache(maxsize=65536)
def _registered(host: str) -> str:
    """`mx2.mail.example.co.uk` → `example.co.uk`; the host itself where it is a suffix."""
    return _suffixes().privatesuffix(host) or host
