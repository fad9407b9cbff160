"""What a shell may complete beside commands and options: the words that an argument or an option knows.

Files and folders the shell completes by itself, wherever nothing is offered here.
"""

from __future__ import annotations

# At run time as well: typer looks at what each of these takes and gives.
from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

Told: TypeAlias = Iterator[tuple[str, str]]


def words(*known: str) -> Callable[[str], list[str]]:
    """Offers these words."""

    def offered(incomplete: str) -> list[str]:
        return [one for one in known if one.startswith(incomplete)]

    return offered


def reasons(incomplete: str) -> Told:
    """The reasons, with what they mean."""
    from analyzer import knowledge

    return _begun(((name, reason.says) for name, reason in knowledge.reasons().items()), incomplete)


def providers(incomplete: str) -> Told:
    """The providers that the rules know."""
    from analyzer.classify.providers import known

    return _begun(((name, provider.title) for name, provider in known().items()), incomplete)


def rule_ids(incomplete: str) -> Told:
    """The ids of the shipped rules, with the reason that each gives."""
    from analyzer.classify import classifier_of

    return _begun(((rule.id, rule.reason) for rule in classifier_of(None).rules), incomplete)


def export_kinds(incomplete: str) -> Told:
    """The kinds of export, with their titles."""
    from analyzer.export.kinds import kinds

    return _begun(((kind.name, kind.title) for kind in kinds().values()), incomplete)


def _begun(known: Iterable[tuple[str, str]], incomplete: str) -> Told:
    return ((name, says) for name, says in known if name.startswith(incomplete))
