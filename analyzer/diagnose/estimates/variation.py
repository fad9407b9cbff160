"""How much campaigns differ from each other beyond chance, and how alike the leads of one company are.

Both are intraclass correlations. That of campaigns, phi, is known from a handful of totals at best, and what is seen in
a few campaigns that differ much says little of the sender's usual level. So the two are held together, as weights over
a grid of both: what is believed beforehand times how well each pair explains the campaigns' totals. On the scale of the
square root, on which campaigns differ, the belief about phi falls from the smallest values on (exponentially, as the
penalised-complexity priors of Simpson and others, Statistical Science 32, 2017), and ever more slowly on that of phi. A
dozen campaigns that agree push phi towards 0, a dozen that do not away from it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import betaln

from analyzer.diagnose.arrays import Codes, Flags, Reals, grouped, sums
from analyzer.diagnose.estimates.likeness import crowds, likeness_of, rates
from analyzer.diagnose.thresholds import thresholds

#: The values of phi that are weighed; the first stands for "campaigns do not differ".
PHIS: Reals = np.concatenate([[1e-5], np.geomspace(2e-4, 0.12, 24)])
#: The sender's usual level, as a multiple of what past campaigns showed, that is weighed with them.
LEVELS: Reals = np.exp(np.linspace(-2.4, 2.4, 33))
#: How far off the believed rates may be (standard deviation on the log scale): twelvefold either way is not unusual. A
#: firmer belief (1.0) outweighs what one campaign of a thousand leads showed: of 1.5 % it made a chance of 21 % to
#: exceed 5 %.
_LEVEL_SD = 2.5
#: Campaigns weighed at once.
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Spread:
    """What was learnt on spread: `evidence` for each of LEVELS and PHIS (log-likelihood of the campaigns' totals), and
    for companies two figures.

    `likeness` is the correlation between leads of one company; `company_effect` how many times wider than binomial
    companies make the variance of what was seen, at least 1.
    """

    evidence: Reals
    likeness: float
    company_effect: float

    def weights(self, believed: float = 1.0) -> Reals:
        """The weight of each level and phi, (levels, phis), if the level believed beforehand was that multiple."""
        off = (np.log(LEVELS) - np.log(believed)) / _LEVEL_SD
        logs = self.evidence - off[:, None] ** 2 / 2
        weights = belief() * np.exp(logs - logs.max())
        return np.asarray(weights / weights.sum())

    @property
    def campaign_phi(self) -> float:
        """The expected correlation within a campaign."""
        return float(self.weights().sum(0) @ PHIS)


def nothing_seen() -> Reals:
    """The evidence of no campaign at all."""
    return np.zeros((len(LEVELS), len(PHIS)))


def belief() -> Reals:
    """The weights of PHIS before any campaign was seen."""
    root = np.sqrt(PHIS)
    edges = np.concatenate([[0.0], (root[1:] + root[:-1]) / 2, [root[-1]]])
    weights = np.diff(-np.exp(-edges / thresholds().forecast.campaign_phi ** 0.5))
    return np.asarray(weights / weights.sum())


def spread_of(bounced: Flags, cell: Codes, status: Codes, campaign: Codes, company: Codes) -> Spread:
    """Learn it from leads: whether each bounced, its cell, its campaign and its company; and each cell's status."""
    if len(bounced) == 0:
        return Spread(nothing_seen(), thresholds().forecast.domain_phi, 1.0)
    likeness, size = likeness_of(bounced, cell, status, company), len(status)
    code = grouped(campaign)[1]
    counted = crowds(code * size + cell, bounced, company, (int(code.max()) + 1) * size)
    leads, hits = (part.reshape(-1, size) for part in counted.worth(likeness))
    effect = float(counted.leads.sum(0) @ (1 + likeness * (counted.sizes - 1)) / len(bounced))
    return Spread(_evidence(leads, hits, rates(leads.sum(0), hits.sum(0), status)), likeness, effect)


def _evidence(leads: Reals, hits_by_cell: Reals, rate: Reals) -> Reals:
    """The log-likelihood of the campaigns' totals at each level and phi; leads and hits are (campaigns, cells).

    A total, of leads that count as much as they are worth, is taken as beta-binomial round the level times what the
    campaign's mix of cells leads to expect, with the variance that phi (all cells up or down together) gives it.
    """
    came, total = hits_by_cell.sum(1), leads.sum(1)
    pull = (leads @ np.sqrt(rate * (1 - rate))) ** 2
    expected = leads @ rate / total
    found = nothing_seen()
    for start in range(0, len(total), _BATCH):
        some = slice(start, start + _BATCH)
        count, hits = total[some, None, None], came[some, None, None]
        mean = np.clip(expected[some, None, None] * LEVELS[:, None], 1e-7, 0.97)
        excess = pull[some, None, None] * LEVELS[:, None] * PHIS / (count * mean * (1 - mean))
        likeness = np.clip(excess / np.maximum(count - 1, 1), 1e-7, 0.95)
        one, other = mean * (1 / likeness - 1), (1 - mean) * (1 / likeness - 1)
        found += (betaln(hits + one, count - hits + other) - betaln(one, other)).sum(0)
    return found


def intraclass(flag: Flags, stratum: Codes, group: Codes) -> float:
    """How alike leads of one group are, beyond their stratum: Pearson's chi-square turned into a correlation.

    Moment estimate over all strata: the excess of the squared deviations of group totals over what the binomial
    gives, per pair of leads; groups of one lead say nothing. May be negative by chance; 0 without pairs.
    """
    if len(flag) == 0:
        return 0.0
    leads = np.bincount(stratum)
    share = sums(stratum, flag) / np.maximum(leads, 1)
    both, first = grouped(stratum * (group.max() + 1) + group)
    inside = both // (group.max() + 1)
    size = np.bincount(first)
    p = share[inside]
    variance = p * (1 - p)
    # The stratum's own rate was taken from the same leads: each group loses n / N of its variance by that.
    shrink = 1 - size / leads[inside]
    excess = (sums(first, flag) - p * size) ** 2 - size * variance * shrink
    pairs = (size * (size - 1) * variance * shrink).sum()
    return float(excess.sum() / pairs) if pairs > 0 else 0.0
