"""Domains that hand out disposable addresses, by the list of `disposable-email-domains`."""

from __future__ import annotations

from functools import cache


def disposable_domain(domain: str) -> str:
    """The one of them that a domain (A-labels, lower case) is or lies under; ""."""
    names = _names()
    while domain and domain not in names:
        domain = domain.partition(".")[2]
    return domain


@cache
def _names() -> frozenset[str]:
    from disposable_email_domains import blocklist

    return frozenset(blocklist)
