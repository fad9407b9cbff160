"""Leads and bounces by value and cell, and how many bounces the other values let expect: what `drivers` judges by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from scipy.special import betaln, gammaln, stdtr

from analyzer.diagnose.arrays import Codes, Flags, Reals, grouped, sums
from analyzer.diagnose.leads.contacts import CELLS, GROUPS, Contacts, Dimension, pairs

if TYPE_CHECKING:
    from analyzer.diagnose.leads.silent import Alike

Label: TypeAlias = Literal["hard", "spam"]
#: What changes from mail to mail of a lead. Who refuses does so at the first mail: later ones meet the survivors, so
#: first mails are held against first mails. (Columns that a person names are taken so, too.)
_PER_MAIL = frozenset({"template", "weekday", "hour"})
#: Cells, with a lead's first mails told from its later ones.
MIXES = 2 * CELLS
#: Terms of a tail that are summed at once, and the part of the sum that the last ones may still add.
_TERMS, _REST = 1 << 12, 1e-12


@dataclass(frozen=True, slots=True)
class Table:
    """Leads, and those that bounced, by `value` and `cell`: one row for each pair that is there, in their order.

    What is summed over cells is so the same to the last digit, whatever the order of the rows that were counted.
    """

    value: Codes
    cell: Codes
    leads: Codes
    bounces: Reals

    def by(self, cell: Codes, width: int) -> Table:
        """The same by other cells, below `width`, one for each row."""
        return table(self.value * np.int64(width) + cell, self.leads, self.bounces, width)


def table(keys: Codes, leads: Codes | Flags, bounces: Reals | Flags, width: int) -> Table:
    """Count rows by their keys, value × width + cell."""
    key, index = grouped(keys)
    order = np.argsort(key)
    summed = sums(index, leads, len(key)).astype(np.int64)[order]
    return Table(key[order] // width, key[order] % width, summed, sums(index, bounces, len(key))[order])


def observations(contacts: Contacts, name: str, label: Label) -> tuple[Dimension, Codes, Flags]:
    """Pairs of value and lead, and whether the lead bounced there.

    Address faults are the first contact's, whichever mail brought them back; refusals count where they happened.
    """
    if contacts.counted is not None:
        group = Dimension(contacts.domain, contacts.domains)
        flag = contacts.leads["address" if label == "hard" else "spam"].to_numpy()
        return group, np.arange(len(contacts.leads)), flag
    if label == "hard":
        group = contacts.per_lead(name)
        return group, np.arange(len(contacts.leads)), contacts.leads["address"].to_numpy()
    sends = contacts.at[name]
    leads = len(contacts.leads)
    codes, lead = pairs(sends.codes, contacts.lead, leads, contacts.first)
    hit = sends.codes[contacts.spam] * np.int64(leads) + contacts.lead[contacts.spam]
    bounced = np.zeros(len(lead), dtype=np.bool_)
    at = np.flatnonzero(contacts.leads["spam"].to_numpy()[lead])
    bounced[at] = np.isin(codes[at] * np.int64(leads) + lead[at], hit)
    return Dimension(codes, sends.values), lead, bounced


def mix_of(cell: Codes, name: str, label: Label) -> Codes:
    """The cell whose rate a lead is expected to have; a dimension is never explained by itself.

    Who filters mail does not know how we came by the address: refusals are not explained by the email status.
    """
    if label == "spam":
        return cell * 0 if name in ("industry", "industry_group") else cell % GROUPS
    if name == "email_status":
        return cell % GROUPS
    if name == "industry":
        return cell // GROUPS
    return cell


def by_mail(contacts: Contacts, name: str, label: Label) -> bool:
    """Whether first mails are held against first mails."""
    return label == "spam" and (name in _PER_MAIL or name in contacts.named)


def expected(counted: Table, aside: Flags, sign: Codes, measure: Table | None = None) -> tuple[Reals, Reals]:
    """Bounces of each value at the rates that the other values have in its cells, and 1 / the leads that tell them.

    aside: values that are no part of what the others are held against; measure: of the same rows, the leads that are
    part of it, all of them if it is not given. sign: of each cell, what else is known of its leads. The cells of a
    value are shrunk onto the rate of all leads with their sign, by the leads of one bounce that they share: what has no
    bounce elsewhere is no driver 900 times the usual, and its chance is then about the one that Fisher's test gives;
    and a value that is all leads of a sign is what the sign lets expect.
    """
    value, inside, own, size, width = counted.value, counted.cell, counted.leads, len(aside), len(sign)
    measure = counted if measure is None else measure
    usual_leads, usual_bounces = np.where(aside[value], 0, measure.leads), np.where(aside[value], 0.0, measure.bounces)
    leads, bounces = sums(inside, usual_leads, width), sums(inside, usual_bounces, width)
    rest, rest_bounces = leads[inside] - usual_leads, bounces[inside] - usual_bounces
    # The value's own leads count in what a bounce is worth, be it set aside or not: beside none it would be worth most.
    group = value * np.int64(width) + sign[inside]
    of_row = np.unique(group, return_inverse=True)[1]
    missing = [
        sums(of_row, all_of - part_of)[of_row]
        for all_of, part_of in ((own, usual_leads), (counted.bounces, usual_bounces))
    ]
    all_leads, all_bounces = (
        sums(sign, part)[sign[inside]] + more for part, more in zip((leads, bounces), missing, strict=True)
    )
    usual = np.maximum(all_bounces, 1) / np.maximum(all_leads, 1)
    pull = 1 / (usual * np.bincount(value, minlength=size)[value])
    rate = (rest_bounces + usual * pull) / (rest + pull)
    share = own / np.maximum(sums(value, own, size), 1)[value]
    return sums(value, own * rate, size), sums(value, share**2 / (rest + pull), size)


@dataclass(frozen=True, slots=True)
class AtCompanies:
    """How each value's leads and bounces lie at companies.

    leads, bounces: of the value; pairs: ordered pairs of leads at one company; top: bounces of the company that has
    most; squares: the sum of a company's bounces squared; crossed: that of its bounces times its leads.
    """

    leads: Reals
    bounces: Reals
    pairs: Reals
    top: Reals
    squares: Reals
    crossed: Reals

    def together(self) -> Reals:
        """The share of a value's pairs of leads that share a company."""
        return np.asarray(self.pairs / np.maximum(self.leads * (self.leads - 1), 1))

    def few_p(self, usual: Reals) -> Reals:
        """The chance that companies which differ as a value's own do have so many bounces beyond the `usual`.

        One-sided Student's t of the company totals' deviations from the value's rate, the cluster-robust variance of a
        rate (K. Liang & S. Zeger, Biometrika 73, 1986) with one degree of freedom less than there are companies, where
        these count by their leads (squared sum / sum of squares): thirty bounces at three large companies are three.
        """
        leads = np.maximum(self.leads, 1)
        companies = leads**2 / (self.pairs + leads)
        left = np.maximum(companies - 1, 1e-9)
        rate = self.bounces / leads
        spread = self.squares - 2 * rate * self.crossed + rate**2 * (self.pairs + leads)
        # Not below what the binomial gives: companies of which all do the same by chance are no proof of anything.
        error = np.sqrt(np.maximum(spread, leads * rate * (1 - rate)) * companies / left)
        # To nine digits: in which order the companies were added up does not show.
        p = np.round(stdtr(left, (usual - self.bounces) / np.maximum(error, 1e-9)), 9)
        return np.where(companies > 1 + 1e-9, p, 1.0)


def at_companies(codes: Codes, size: int, company: Codes, bounced: Flags, alike: Alike | None) -> AtCompanies:
    """Count the leads of each value, below `size`, by company. `alike`: those of whom only counts are held."""
    weight = np.ones(len(codes), dtype=np.int64)
    together: Reals = np.zeros(size)
    if alike is not None:
        codes, company = np.concatenate([codes, alike.codes]), np.concatenate([company, alike.domain])
        bounced = np.concatenate([bounced, np.zeros(len(alike.codes), dtype=np.bool_)])
        weight, together = np.concatenate([weight, alike.leads]), alike.pairs
    key, index = grouped(codes * (company.max() + 1) + company)
    value = key // (company.max() + 1)
    leads, bounces = sums(index, weight), sums(index, bounced)
    total = sums(codes, weight, size) + (alike.elsewhere if alike is not None else 0)
    top = np.zeros(size)
    np.maximum.at(top, value, bounces)
    return AtCompanies(
        total,
        sums(value, bounces, size),
        sums(value, leads * (leads - 1), size) + together,
        top,
        sums(value, bounces**2, size),
        sums(value, bounces * leads, size),
    )


def alike_elsewhere(leads: Codes, bounces: Codes, aside: Flags) -> Reals:
    """For each domain, how alike leads are within the other domains (`intraclass`, itself and those `aside` left out).

    Where every company refuses all its leads or none, one more that refuses all is no finding; the bank that blocks
    while nobody else does is one.
    """
    share = bounces[~aside].sum() / max(int(leads[~aside].sum()), 1)
    variance = share * (1 - share)
    excess = (bounces - share * leads) ** 2 - leads * variance
    within = leads * (leads - 1) * variance
    own = ~aside
    others = within[own].sum() - np.where(own, within, 0.0)
    left = excess[own].sum() - np.where(own, excess, 0.0)
    return np.where(others > 0, np.clip(left / np.maximum(others, 1e-9), 0.0, 0.9), 0.0)


def tail(bounces: Codes, leads: Codes, usual: Reals, likeness: Reals) -> Reals:
    """The chance of as many bounces or more: beta-binomial with the expected rate and that correlation between leads.

    Doubt about the expected rate works like a correlation too: all leads of the value share it.
    """
    rate = np.clip(usual / leads, 1e-6, 1 - 1e-6)
    # To twelve digits: what the order of a sum over domains leaves in the last ones, the tail makes a thousandfold.
    spread = 1 / np.clip(np.round(likeness, 12), 1e-6, 0.99) - 1
    return np.array([_tail(*each) for each in zip(bounces, leads, rate * spread, (1 - rate) * spread, strict=True)])


def _tail(least: int, leads: int, one: float, other: float) -> float:
    """The upper tail of one beta-binomial, summed from its start: 1 minus the lower one ends at 1e-16."""
    total = 0.0
    for start in range(int(least), int(leads) + 1, _TERMS):
        k = np.arange(start, min(start + _TERMS, int(leads) + 1), dtype=float)
        ways = gammaln(leads + 1) - gammaln(k + 1) - gammaln(leads - k + 1)
        terms = np.exp(ways + betaln(k + one, leads - k + other) - betaln(one, other))
        total += float(terms.sum())
        # Beyond the mean they fall, and ever faster.
        if k[-1] * (one + other) > one * leads and terms[-1] * (leads - k[-1]) <= _REST * total:
            break
    return min(total, 1.0)
