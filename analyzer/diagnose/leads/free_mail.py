"""Domains at which everybody has a mailbox: their leads share no company."""

from __future__ import annotations

from functools import cache

import numpy as np

from analyzer.addresses.words import words
from analyzer.classify.providers import known
from analyzer.diagnose.arrays import Flags


@cache
def consumer_domains() -> tuple[str, ...]:
    """Domains of free-mail providers, sorted."""
    return tuple(sorted(words().free_mail | {domain for provider in known().values() for domain in provider.domains}))


def free_mail(domains: list[str]) -> Flags:
    """Which of some domains are free-mail providers'."""
    free = frozenset(consumer_domains())
    return np.fromiter(map(free.__contains__, domains), np.bool_, len(domains))
