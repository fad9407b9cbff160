"""Whether an SPF record lets an address send: RFC 7208's check_host for a client's address and a domain.

That the record can be evaluated at all is told by `published.spf`; here it is evaluated.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from analyzer.audit.lookup import Lookup

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

#: RFC 7208 section 4.5: a blank ends the version.
SPF = re.compile(r"v=spf1(?: |$)", re.IGNORECASE)
#: Section 4.6.1: a mechanism with its qualifier, domain and prefix lengths.
_TERM = re.compile(
    r"([-+~?]?)(all|include|a|mx|ptr|ip4|ip6|exists)(?::([^\s/]+))?(?:/(\d+))?(?://(\d+))?", re.IGNORECASE
)
_REDIRECT = re.compile(r"redirect=(\S+)", re.IGNORECASE)
#: Section 4.6.4 allows ten look-ups in all; no chain is longer.
_DEEPEST = 10


def lets_send(domain: str, address: str, lookup: Lookup) -> bool | None:
    """Whether SPF passes for mail from `address` with `domain` in its return path; None where that cannot be told.

    It cannot where nobody answers, or where it hangs on a macro, on `exists` or on `ptr`.
    """
    return _passes(domain, ipaddress.ip_address(address), lookup, 0)


def _passes(domain: str, address: Address, lookup: Lookup, depth: int) -> bool | None:
    answer = lookup.ask(domain, "TXT")
    records = [text for text in answer.records if SPF.match(text)]
    if len(records) != 1 or depth > _DEEPEST:
        return None if answer.outcome == "unanswered" else False
    unsure, redirect = False, ""
    for term in records[0].split()[1:]:
        if handed := _REDIRECT.fullmatch(term):
            redirect = handed[1]
            continue
        found = _TERM.fullmatch(term)
        if found is None:
            # A modifier, which matches nothing (section 6), or what is beyond us.
            unsure = unsure or "=" not in term
            continue
        hit = _matches(found, domain, address, lookup, depth)
        if hit is None:
            unsure = True
        elif hit:
            # What stands before it and could not be told may have decided otherwise.
            return None if unsure else found[1] in ("", "+")
    if redirect and not unsure:
        return None if "%" in redirect else _passes(redirect, address, lookup, depth + 1)
    return None if unsure else False


def _matches(
    term: re.Match[str],
    domain: str,
    address: Address,
    lookup: Lookup,
    depth: int,
) -> bool | None:
    """Whether a mechanism matches (section 5); None where that cannot be told."""
    name, target = term[2].lower(), term[3] or domain
    if name == "all":
        return True
    if name in ("ip4", "ip6"):
        return _inside(address, target, term[4])
    if "%" in target or name in ("exists", "ptr"):
        return None
    if name == "include":
        return _passes(target, address, lookup, depth + 1)
    kind, length = ("A", term[4]) if address.version == 4 else ("AAAA", term[5])
    hosts = lookup.ask(target, "MX") if name == "mx" else None
    names = [target] if hosts is None else [record.partition(" ")[2] for record in hosts.records]
    answers = [lookup.ask(each, kind) for each in names if each not in ("", ".")]
    if any(_inside(address, text, length) for each in answers for text in each.records):
        return True
    silent = [each for each in (hosts, *answers) if each is not None and each.outcome == "unanswered"]
    return None if silent else False


def _inside(address: Address, network: str, length: str | None) -> bool:
    try:
        return address in ipaddress.ip_network(f"{network}/{length}" if length else network, strict=False)
    except ValueError:
        # Written wrongly: receivers call the record an error, which `published.spf` tells.
        return False
