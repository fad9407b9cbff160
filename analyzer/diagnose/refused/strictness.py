"""Which industries are strict: what `rules/industries.toml` believes, moved by how the sender's own mail fared there.

An industry believed open counts as strict when it refuses more than the other open ones of the same campaigns beyond
any doubt, at several companies; one believed strict counts as open when it demonstrably refuses no more than the usual
few. What lies between stays as believed. Unclassified leads stay a group of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analyzer.diagnose.arrays import Codes, Flags, Texts
from analyzer.diagnose.estimates.rates import clustered_rate, wilson
from analyzer.diagnose.thresholds import thresholds
from analyzer.diagnose.words import listed, percent

if TYPE_CHECKING:
    from analyzer.diagnose.leads.contacts import Contacts

#: One-sided p of a higher rate in the first of two groups, given refused leads and their domains.
Test = Callable[[Flags, Codes, Flags, Flags], float]


@dataclass(frozen=True, slots=True)
class Moved:
    """An industry that counts as another group than the rules believe, with its refusal rate."""

    industry: str
    group: str
    rate: float


def learnt_groups(contacts: Contacts, refused: Flags, higher_p: Test) -> tuple[Texts, tuple[Moved, ...]]:
    """The group of each lead, and the industries that were moved; `refused` leaves named faults of ours out."""
    leads = contacts.leads
    group = leads["industry_group"].astype(object).to_numpy(copy=True)
    codes, names = leads["industry"].cat.codes.to_numpy(), [str(name) for name in leads["industry"].cat.categories]
    campaign = leads["campaign"].cat.codes.to_numpy()
    limits, evidence = thresholds().deliverability, thresholds().evidence
    size = np.bincount(codes[codes >= 0], minlength=len(names))
    candidates = [code for code in np.flatnonzero(size >= evidence.min_leads_per_arm) if names[code]]
    # Compared once: the groups are texts, and there may be millions of leads.
    was_open, was_strict = group == "open", group == "strict"
    moved = []
    for code in candidates:
        inside = codes == code
        here = refused & inside
        rate = clustered_rate(refused[inside], contacts.domain[inside])
        if rate.estimate is None or rate.low is None or rate.high is None:
            continue
        if was_strict.all(where=inside) and rate.high <= limits.block_line:
            group[inside] = "open"
            moved.append(Moved(names[code], "open", rate.estimate))
        elif was_open.all(where=inside) and rate.low > limits.block_line:
            others = was_open & ~inside & np.isin(campaign, np.unique(campaign[inside]))
            witnesses = len(np.unique(contacts.domain[here]))
            if witnesses < limits.strict_domains or others.sum() < max(inside.sum(), evidence.min_leads_per_arm):
                continue
            if not _beyond_doubt(witnesses, len(np.unique(contacts.domain[inside]))):
                continue
            if not _without_its_worst(refused, contacts.domain, inside, limits.block_line):
                continue
            if higher_p(refused, contacts.domain, inside, others) * len(candidates) <= limits.moved_p:
                group[inside] = "strict"
                moved.append(Moved(names[code], "strict", rate.estimate))
    return group, tuple(moved)


def _beyond_doubt(refusing: int, asked: int) -> bool:
    """Whether more companies refuse than the usual few, beyond doubt: what three of a hundred do is theirs alone."""
    return float(wilson(refusing, asked)[0]) > thresholds().deliverability.block_line


def _without_its_worst(refused: Flags, domain: Codes, inside: Flags, line: float) -> bool:
    """Whether an industry is above the line beyond doubt without the company that refuses most: one is no industry."""
    hits = np.bincount(domain[inside & refused])
    rest = inside & (domain != int(hits.argmax()))
    low = clustered_rate(refused[rest], domain[rest]).low if rest.any() else None
    return low is not None and low > line


def sentence(moved: tuple[Moved, ...]) -> str:
    """Which industries count otherwise than usual, in words; "" for none."""
    parts = []
    for group, says in (("strict", "by your own refusals"), ("open", "as hardly any of them refused you")):
        names = [f"{each.industry} ({percent(each.rate)})" for each in moved if each.group == group]
        if names:
            parts.append(f"{listed(names)} {'counts' if len(names) == 1 else 'count'} as {group} here, {says}.")
    return " ".join(parts)
