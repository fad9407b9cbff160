"""What leads at one company tell: its server does the same to all forty of them, and that is not forty observations.

A rate's interval is Wilson's at the effective number of leads, leads / deff, with deff = 1 + likeness × (the mean of a
lead's fellows at its domain), the design effect of cluster samples (L. Kish, Survey Sampling, 1965). The likeness, an
intraclass correlation, is a moment estimate that weighs a domain by 1 / its leads, so that many small ones tell what
the few large ones, which by chance all took or all refused, cannot: the variance between totals covers 87 % where sizes
have a heavy tail. What is believed of the likeness is worth one pair of leads.

A rate above the one seen would mostly be that of a company which bounces as a whole and was not met: of 80 companies at
ten leads, 2 % of them dead, one in five campaigns meets none. So towards rates that were not seen, leads are taken for
more alike than those seen were.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri
from statsmodels.stats.proportion import proportion_confint

from analyzer.diagnose.arrays import Codes, Reals, sums
from analyzer.diagnose.leads.free_mail import free_mail

if TYPE_CHECKING:
    from analyzer.diagnose.leads.contacts import Contacts
    from analyzer.diagnose.leads.silent import Alike

#: Cells that may be counted in a table, for each row: more are sorted.
_ROOM = 4
_Z = float(ndtri(0.975))
#: Every part of a diagnosis asks for them.
_companies: WeakKeyDictionary[Contacts, Codes] = WeakKeyDictionary()


def wilson(count: ArrayLike, leads: ArrayLike) -> tuple[Reals, Reals]:
    """Lower and upper 95 % bound of `count` of `leads`, element by element; `leads` above 0, fractions allowed."""
    count, leads = np.asarray(count, float), np.asarray(leads, float)
    low, high = proportion_confint(count, leads, alpha=0.05, method="wilson")
    # None and all are the formula's own bounds; rounding must not make 2e-19 of them.
    return np.where(count <= 0, 0.0, np.clip(low, 0, 1)), np.where(count >= leads, 1.0, np.clip(high, 0, 1))


@dataclass(frozen=True, slots=True)
class Belief:
    """How alike leads of one company are (0 to 1) before any were seen, and at least in what was not seen."""

    seen: float
    unseen: float


def bounds(share: Reals, leads: Reals, seen: Reals, unseen: Reals) -> tuple[Reals, Reals]:
    """Lower and upper 95 % bound of a `share` (0 to 1) of `leads` (above 0), element by element.

    seen: how many times wider than binomial the variance at the rate seen is; unseen: how many times that of what a
    true rate P differs by, at least `seen`. Bounds are the P with (P - share)² = z²/leads · (seen · share(1 - share)
    + unseen · (P(1 - P) - share(1 - share))), or Wilson's with `seen` alone where these are farther out.
    """
    low, high = wilson(share * leads / seen, leads / seen)
    wider = unseen > seen
    step, rest = _Z**2 / leads * unseen, (unseen - seen) * share * (1 - share)
    middle, last = share + step / 2, share**2 + _Z**2 / leads * rest
    root = np.sqrt(np.maximum(middle**2 - (1 + step) * last, 0.0))
    further = (middle - root) / (1 + step), (middle + root) / (1 + step)
    return (
        np.where(wider, np.minimum(low, np.maximum(further[0], 0.0)), low),
        np.where(wider, np.maximum(high, np.minimum(further[1], 1.0)), high),
    )


@dataclass(frozen=True, slots=True)
class Together:
    """Some of the leads of each group, counted at the companies that have several of the group's leads.

    count: of them all, wherever they are; squares: the sum of (those at a company)² / its leads; there: how many they
    are at companies.
    """

    count: Reals
    squares: Reals
    there: Reals


@dataclass(frozen=True, slots=True)
class Companies:
    """How the leads of each group lie at companies.

    leads: of the group, in all; shared: those at companies with several of them; companies: how many such there are;
    pairs: ordered pairs of leads at one company; chosen: by name, some of the leads.
    """

    leads: Reals
    shared: Reals
    companies: Reals
    pairs: Reals
    chosen: dict[str, Together]

    def likeness(self, name: str, believed: float) -> Reals:
        """How alike, in some respect, leads of one company are in each group, 0 to 1.

        believed: the likeness before any leads were seen to differ.
        """
        some, share = self.chosen[name], self._share(name)
        variance = share * (1 - share)
        # The sum of ((bounced - share × leads)² - leads × variance) / leads over companies with several leads.
        excess = share**2 * self.shared - variance * self.companies + some.squares - 2 * share * some.there
        pairs = (self.shared - self.companies) * variance
        return np.asarray(np.minimum((np.maximum(excess, 0.0) + believed) / (pairs + 1), 1.0))

    def interval(self, name: str, belief: Belief) -> tuple[Reals, Reals]:
        """The 95 % bounds of each group's rate; groups without leads get those of one lead."""
        leads, likeness = np.maximum(self.leads, 1.0), self.likeness(name, belief.seen)
        fellows = self.pairs / leads
        return bounds(
            self._share(name), leads, 1 + likeness * fellows, 1 + np.maximum(likeness, belief.unseen) * fellows
        )

    def unmet(self, name: str, belief: Belief) -> Reals:
        """Leads at one company (of the size at which the average lead is) that was not met and may bounce as a whole.

        None, as far as companies that were met differ as much as is believed of others.
        """
        short = 1 - np.minimum(self.likeness(name, belief.seen) / belief.unseen, 1.0)
        return np.asarray(short * self.pairs / np.maximum(self.leads, 1.0))

    def _share(self, name: str) -> Reals:
        return np.asarray(self.chosen[name].count / np.maximum(self.leads, 1.0))


def company_of(contacts: Contacts) -> Codes:
    """Each lead's company: its recipient domain, but for free-mail providers, where every lead is one by itself."""
    known = _companies.get(contacts)
    if known is None:
        known = _companies[contacts] = _company_of(contacts)
    return known


def _company_of(contacts: Contacts) -> Codes:
    free = free_mail(contacts.domains)
    if not free.any():
        return contacts.domain
    company = contacts.domain.astype(np.int64)
    alone = np.flatnonzero(free[contacts.domain])
    company[alone] = len(contacts.domains) + np.arange(len(alone))
    return company


def companies(
    group: Codes,
    domain: Codes,
    chosen: dict[str, tuple[Codes, Codes]],
    size: int,
    *,
    alike: Alike | None = None,
) -> Companies:
    """Count leads by group (0 to size - 1) and domain; `chosen` are the groups and domains of some of them, by name.

    alike: more leads, of whom none is chosen and only counts are held.
    """
    width = int(max(domain.max(initial=-1), -1 if alike is None else alike.domain.max(initial=-1))) + 1
    leads = np.bincount(group, minlength=size).astype(float)
    key = group.astype(np.int64) * width + domain
    if alike is not None:
        leads += sums(alike.codes, alike.leads, size) + alike.elsewhere
        more = np.repeat(np.arange(len(alike.leads)), alike.leads)
        key = np.concatenate([key, alike.codes[more] * width + alike.domain[more]])
    cell, number = _counted(key, size * width)
    several = number > 1
    of, these = cell[several] // max(width, 1), number[several].astype(float)
    shared, many, pairs = (sums(of, amount, size) for amount in (these, np.ones(len(of)), these * (these - 1)))
    if alike is not None:
        shared, many, pairs = shared + alike.shared, many + alike.companies, pairs + alike.pairs
    counted = {}
    for name, (groups, domains) in chosen.items():
        at, hits = _counted(groups.astype(np.int64) * width + domains, size * width)
        there = number[np.searchsorted(cell, at)]
        of, bounced, crowd = (part[there > 1] for part in (at // max(width, 1), hits, there))
        # In an order of their own: how domains are numbered must not show in the last digits of the sum.
        order = np.lexsort((crowd, bounced, of))
        of, bounced, crowd = of[order], bounced[order].astype(float), crowd[order]
        count = np.bincount(groups, minlength=size).astype(float)
        counted[name] = Together(count, sums(of, bounced**2 / crowd, size), sums(of, bounced, size))
    return Companies(leads, shared, many, pairs, counted)


def _counted(key: Codes, size: int) -> tuple[Codes, Codes]:
    """The different keys (0 to size - 1) in order, and how often each is there."""
    if size > _ROOM * len(key):
        return np.unique(key, return_counts=True)
    number = np.bincount(key, minlength=size)
    found = np.flatnonzero(number)
    return found, number[found]
