"""Misspelt domains: near in spelling to a well-known one, or to one that the list itself uses all the time.

Edit distance with transpositions (optimal string alignment). A domain known to be good is never a misspelling.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from rapidfuzz import process
from rapidfuzz.distance import OSA

from analyzer.addresses.words import under, words

if TYPE_CHECKING:
    from collections.abc import Mapping

# A name of four letters is one edit away from hundreds of others.
_SHORTEST = 5
_LONG = 9
# A domain of the list counts as a model only when it is used this often, and this much more often than the odd one.
_FREQUENT = 10
_TIMES_MORE = 10


@cache
def known_domains() -> frozenset[str]:
    """The domains of consumer mail providers."""
    from analyzer.classify.providers import known

    return frozenset(domain for provider in known().values() for domain in provider.domains) | words().free_mail


@cache
def _models() -> tuple[str, ...]:
    # Of several that are as near, the first is taken: the one that most people meant.
    usual = frozenset(words().typos.values())
    names = (name for name in known_domains() if len(name.partition(".")[0]) >= _SHORTEST)
    return tuple(sorted(names, key=lambda name: (name not in usual, name)))


@cache
def _model_names() -> frozenset[str]:
    return frozenset(model.partition(".")[0] for model in _models())


class Typos:
    """Suggestions for one list; `counts` says how many of its leads each domain (A-labels) has."""

    def __init__(self, counts: Mapping[str, int] | None = None) -> None:
        self._counts = counts or {}
        frequent = (name for name, count in self._counts.items() if count >= _FREQUENT)
        self._own = tuple(name for name in frequent if _weight(name) >= _SHORTEST and name not in known_domains())

    def suggestion(self, domain: str) -> str:
        """What `domain` was probably meant to be, or ""."""
        if domain in known_domains() or domain in words().not_typos:
            return ""
        listed = words().typos.get(domain)
        if listed:
            return listed
        if self._counts.get(domain, 0) >= _FREQUENT or under(domain, words().reserved):
            return self._near_own(domain)
        if domain.partition(".")[0] in _model_names():
            # A provider's name under another suffix is no misspelling of some other provider.
            return self._near_own(domain)
        return self._near(domain, _models(), names_may_differ=False) or self._near_own(domain)

    def listed(self, domain: str) -> bool:
        """Whether the misspelling is a known one, at which a mail server proves nothing."""
        return domain in words().typos

    def _near_own(self, domain: str) -> str:
        count = self._counts.get(domain, 0)
        if count >= _FREQUENT:
            return ""
        found = self._near(domain, self._own, names_may_differ=True)
        return found if found and self._counts[found] >= _TIMES_MORE * max(count, 1) else ""

    def _near(self, domain: str, models: tuple[str, ...], *, names_may_differ: bool) -> str:
        if not models:
            return ""
        found = process.extractOne(domain, models, scorer=OSA.distance, score_cutoff=2)
        if found is None or found[1] == 0:
            return ""
        model, distance = str(found[0]), int(found[1])
        name, _, ending = domain.partition(".")
        model_name, _, model_ending = model.partition(".")
        if ending == model_ending:
            allowed = 2 if len(model_name) >= _LONG else 1
            # One letter more or less at a digit is a numbered domain, not a slip.
            return model if distance <= allowed and not _digits_differ(name, model_name) else ""
        # The same name under another real suffix is another country's or another company's domain; the suffixes
        # that exist nowhere are told elsewhere.
        return ""


def _weight(domain: str) -> int:
    return len(domain.partition(".")[0])


def _digits_differ(one: str, other: str) -> bool:
    return [sign for sign in one if sign.isdigit()] != [sign for sign in other if sign.isdigit()]
