"""The audit of a sender domain: what it publishes now, set against the fixes that the bounces asked for."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from analyzer.audit import mta_sts, published, returned
from analyzer.audit.fixes import judge
from analyzer.audit.lookup import Lookup
from analyzer.audit.records import Audit, Check, CheckState, DomainAudit, FixAudit, FixVerdict
from analyzer.errors import AnalyzerError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from analyzer.network.https import Fetch

__all__ = ["Audit", "Check", "CheckState", "DomainAudit", "FixAudit", "FixVerdict", "audit"]


def audit(
    domains: Sequence[str],
    bounces: Iterable[Mapping[str, Any]] = (),
    *,
    resolver: str = "",
    selectors: Sequence[str] = (),
    addresses: Sequence[str] = (),
    timeout: float = 5.0,
    patience: float = 20.0,
    fetch: Fetch | None = None,
) -> Audit:
    """What each of `domains` publishes, and whether that bears out what its `bounces` (BOUNCE_COLUMNS) ask for.

    resolver: `HOST` or `HOST:PORT`, "" for the system's. selectors: DKIM selectors beside those that the returned
    originals show. addresses: IP addresses that mail is sent from, beside those that refusals name. timeout: seconds a
    look-up. patience: seconds to wait in all for look-ups that nobody answers; the rest is then not asked, and says so.
    fetch: gets the policy of MTA-STS by its address, in place of a connection to a public address of its host.
    Without a network every look-up is `unanswered`, and what the bounces tell is still there. Raises `AnalyzerError`
    for what is no domain or no address.
    """
    addresses = [_address(text) for text in addresses]
    lookup = Lookup(resolver, timeout=timeout, patience=patience)
    told = returned.by_domain(bounces)
    names = list(dict.fromkeys(_domain(name) for name in domains))
    done = tuple(
        _audited(name, told.get(name, returned.Returned()), lookup, selectors, addresses, fetch) for name in names
    )
    warnings = []
    others = {name: len(one.rows) for name, one in told.items() if name and name not in names}
    if others:
        most = max(others, key=lambda name: others[name])
        warnings.append(
            f"Bounces of mail from other domains, most of them from {most}, are not looked at here: "
            f"{sum(others.values()):,}."
        )
    if "" in told:
        warnings.append(f"Bounces that do not show which domain sent the mail: {len(told[''].rows):,}.")
    if lookup.offline:
        warnings.append(
            f"Nothing could be looked up: {lookup.name} did not answer. What the bounces tell is below; run it again "
            "with a network, or with --resolver."
        )
    return Audit(done, lookup.name, lookup.offline, sum(len(one.rows) for one in told.values()), tuple(warnings))


def _audited(
    domain: str,
    told: returned.Returned,
    lookup: Lookup,
    selectors: Sequence[str],
    addresses: Sequence[str],
    fetch: Fetch | None,
) -> DomainAudit:
    seen = [pair for pair, _ in told.signatures.most_common(5)]
    sent_from = list(dict.fromkeys([*addresses, *returned.sending_addresses(told)]))
    # SPF is asked about the return path's domain: that of a platform lets its own addresses send.
    asked_of = sent_from if not told.envelopes or domain in told.envelopes else []
    spf = published.spf(domain, lookup, asked_of, sure_of=len(addresses))
    checks = (
        spf,
        published.dkim(domain, [*((selector, domain) for selector in selectors), *seen], lookup),
        published.dmarc(domain, lookup),
        returned.alignment(domain, told, spf, lambda *pair: published.dkim(domain, [pair], lookup)),
        published.mx(domain, lookup),
        published.ptr(sent_from, lookup),
        published.helo(returned.greetings(told), sent_from, lookup),
        mta_sts.check(domain, published.hosts_of(domain, lookup), lookup, fetch),
        returned.unsubscribe(told),
    )
    return DomainAudit(domain, checks, judge(told.rows, checks))


def _domain(text: str) -> str:
    """The domain in what was given, be it a domain, an address or the address of a page."""
    name = text.strip().rpartition("://")[2].partition("/")[0].rpartition("@")[2].partition(":")[0].rstrip(".").lower()
    try:
        ascii_name = name.encode("idna").decode()
    except UnicodeError:
        ascii_name = ""
    parts = ascii_name.split(".")
    # No top-level domain is a number (RFC 3696 section 2): that is an address.
    is_name = len(parts) > 1 and len(ascii_name) < 254 and all(0 < len(part) < 64 for part in parts)
    if not is_name or parts[-1].isdecimal() or " " in name:
        raise AnalyzerError(f"audit {text!r}: is no domain; give the one that mail is sent from: outreach.example")
    return ascii_name


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text.strip().strip("[]")))
    except ValueError:
        problem = "is no IP address; give the one that mail is sent from: 192.0.2.25"
        raise AnalyzerError(f"audit --ip {text!r}: {problem}") from None
