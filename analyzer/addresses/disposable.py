"""Domains that hand out disposable addresses, by the list of `disposable-email-domains`."""

from __future__ import annotations

from functools import cache

from analyzer.addresses.words import under


def is_disposable(domain: str) -> bool:
    """Whether a domain (A-labels, lower case) is one of them or lies under one."""
    return under(domain, _names())


@cache
def _names() -> frozenset[str]:
    from disposable_email_domains import blocklist

    return frozenset(blocklist)
