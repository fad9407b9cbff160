"""How alike leads of one company are, and what that makes each lead worth.

A company's server does the same to all its leads, so sixty bounces at a dead one are little more than one observation:
with a likeness (intraclass correlation) rho, a lead with f fellows counts 1 / (1 + rho × f), the weight that makes the
mean of correlated groups as sure as it can be (generalised least squares; L. Kish, Survey Sampling, 1965). Rates that
are learnt so are those of a company met next, and weighted counts are as sure as as many independent leads.

Rho itself is weighed over a grid: what is believed beforehand times how well it explains each company's bounces, which
are beta-binomial round what their cells let expect (J. G. Skellam, Journal of the Royal Statistical Society B 10,
1948). Moments would not do: where one large company is dead they lie above any correlation, whatever small ones show.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import betaln

from analyzer.diagnose.arrays import Codes, Flags, Reals, grouped, sums
from analyzer.diagnose.thresholds import thresholds

#: The values of rho that are weighed.
_GRID: Reals = np.array([0.002, 0.01, 0.02, 0.04, 0.07, 0.1, 0.15, 0.22, 0.32, 0.45, 0.6, 0.75, 0.9])
#: Of leads at fewer companies, what they share with their fellows cannot be told from their rate.
_FEWEST = 3
#: Companies of as many leads and bounces count as one kind where their expected rates lie this near (log scale).
_NEAR = 0.1
#: Digits of rho that are kept, so that it does not show in which order the companies were added up.
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Crowds:
    """Leads of groups, counted by how many leads their company has (`sizes`): `leads` and `hits`, (groups, sizes)."""

    sizes: Codes
    leads: Reals
    hits: Reals

    def worth(self, likeness: float) -> tuple[Reals, Reals]:
        """Leads and hits of each group, each lead counted for what it is worth beside its fellows."""
        weight = 1 / (1 + likeness * (self.sizes - 1))
        return self.leads @ weight, self.hits @ weight


def crowds(group: Codes, bounced: Flags, company: Codes, size: int) -> Crowds:
    """The leads of each group (0 to size - 1), bounced or not, counted by the size of their company."""
    index = grouped(company)[1]
    fellows = np.bincount(index)
    sizes = np.flatnonzero(np.bincount(fellows)) if len(fellows) else np.empty(0, dtype=np.int64)
    place = np.searchsorted(sizes, fellows)[index] if len(index) else index
    key, cells = group * len(sizes) + place, size * len(sizes)
    shape = (size, len(sizes))
    return Crowds(sizes, sums(key, np.ones(len(key)), cells).reshape(shape), sums(key, bounced, cells).reshape(shape))


def rates(leads: Reals, hits: Reals, status: Codes) -> Reals:
    """The rate of each cell as seen, shrunk onto its status' by 1 / group_phi leads; `status` is each cell's."""
    pull = 1 / thresholds().forecast.group_phi
    level = (sums(status, hits) + 0.5) / (sums(status, leads) + 1)
    return np.asarray((hits + pull * level[status]) / (leads + pull))


def likeness_of(bounced: Flags, cell: Codes, status: Codes, company: Codes) -> float:
    """How alike leads of one company are beyond their cells, 0 to 1; what is believed where companies have one each.

    cell: of each lead; status: of each cell. Where all leads are at one company or two, what is believed counts as one
    pair of leads: a list like theirs is at those as well.
    """
    believed, size = thresholds().forecast.domain_phi, len(status)
    index = grouped(company)[1]
    leads = np.bincount(index)
    counted = crowds(cell, bounced, company, size)
    if len(leads) < _FEWEST:
        seen = rates(*counted.worth(0.0), status)[cell]
        pairs = float((leads * (leads - 1)).sum() * (seen * (1 - seen)).mean())
        return believed / (pairs + 1)
    logs = -_GRID / believed
    if (leads > 1).any():
        hits = sums(index, bounced)
        near = np.round(np.log(sums(index, rates(*counted.worth(believed), status)[cell]) / leads) / _NEAR)
        crowd = int(leads.max()) + 1
        name = ((near - near.min()).astype(np.int64) * crowd + leads) * crowd + hits.astype(np.int64)
        kind = grouped(name)[1]
        many = np.bincount(kind)
        of, came = sums(kind, leads) / many, sums(kind, hits) / many
        mixed = sums(kind[index] * size + cell, np.ones(len(cell)), len(many) * size).reshape(-1, size)
        for place, rho in enumerate(_GRID):
            mean = mixed @ rates(*counted.worth(rho), status) / (many * of)
            one, other = mean * (1 / rho - 1), (1 - mean) * (1 / rho - 1)
            logs[place] += many @ (betaln(came + one, of - came + other) - betaln(one, other))
    weights = np.gradient(_GRID) * np.exp(logs - logs.max())
    return round(float(weights @ _GRID / weights.sum()), _DIGITS)


def shared(company: Codes, seen: Codes, likeness: float) -> Reals:
    """For each lead of a list, how alike it is to those before it at its company, summed and counted both ways.

    seen: leads at its company that mail went to before, whose bounces its chance knows: what they leave open is less.
    Summed over a list's leads: how much its company makes its variance exceed that of single leads.
    """
    order = np.argsort(company, kind="stable")
    ordered = company[order]
    first = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])) if len(order) else np.empty(0, dtype=np.int64)
    before = np.empty(len(order))
    before[order] = np.arange(len(order)) - np.repeat(first, np.diff(np.append(first, len(order))))
    return np.asarray(2 * before / (1 / likeness + seen))
