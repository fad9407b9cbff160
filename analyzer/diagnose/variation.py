"""How much campaigns differ from each other beyond chance, and how alike the leads of one company are.

Both are intraclass correlations. That of campaigns, phi, is known from a handful of totals at best, so it is held as
weights over a grid of values: what is believed beforehand (all values up to about that in `rules/thresholds.toml`
alike, on the scale of the square root, larger ones ever less) times how well each value explains the campaigns' totals.
One campaign leaves the belief as it is; a dozen that agree push it towards 0, a dozen that do not away from it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import betabinom, gennorm

from analyzer.diagnose.arrays import Codes, Flags, Reals, grouped, sums
from analyzer.diagnose.thresholds import thresholds

#: The values of phi that are weighed; the first stands for "campaigns do not differ".
PHIS: Reals = np.concatenate([[1e-5], np.geomspace(2e-4, 0.12, 24)])
#: How sharply the belief falls: as exp(-x^3) of the root over its scale, so that it is flat first.
_FALL = 3.0
#: What a total's evidence is worth: the rates round which it is taken are estimates, and totals are not quite Beta.
_TRUSTED = 0.6


@dataclass(frozen=True, slots=True)
class Spread:
    """What was learnt on spread: `weights` over `PHIS` for campaigns, and for companies two figures.

    `domain_phi` is the correlation between leads of one status at one domain; `company_effect` how many times wider
    than binomial companies make the variance of a list's total, at least 1.
    """

    weights: Reals
    domain_phi: float
    company_effect: float

    @property
    def campaign_phi(self) -> float:
        """The expected correlation within a campaign."""
        return float(self.weights @ PHIS)


def belief() -> Reals:
    """The weights before any campaign was seen."""
    root = np.sqrt(PHIS)
    edges = np.concatenate([[0.0], (root[1:] + root[:-1]) / 2, [root[-1]]])
    scale = thresholds().forecast.campaign_phi ** 0.5
    weights = np.diff(gennorm.cdf(edges / scale, _FALL))
    return np.asarray(weights / weights.sum())


def spread_of(bounced: Flags, cell: Codes, status: Codes, campaign: Codes, domain: Codes) -> Spread:
    """Learn it from leads: whether each bounced, its cell, the cell's status, its campaign and its domain."""
    limits = thresholds().forecast
    if len(bounced) == 0:
        return Spread(belief(), limits.domain_phi, 1.0)
    domain_phi = limits.domain_phi
    if _repeats(status, domain) >= 50:
        domain_phi = min(max(intraclass(bounced, status, domain), 0.01), 0.5)
    rates = _rates(bounced, cell, status)
    effect = _company_effect(bounced, rates[cell], domain)
    return Spread(_weighed(bounced, cell, campaign, rates, effect), domain_phi, effect)


def _rates(bounced: Flags, cell: Codes, status: Codes) -> Reals:
    """The rate of each cell as seen, shrunk onto its status' by 1 / group_phi leads."""
    pull = 1 / thresholds().forecast.group_phi
    of_status = (sums(status, bounced) + 0.5) / (np.bincount(status) + 1)
    size = int(cell.max()) + 1
    level = np.zeros(size)
    level[cell] = of_status[status]
    return (sums(cell, bounced, size) + pull * level) / (np.bincount(cell, minlength=size) + pull)


def _company_effect(bounced: Flags, rate: Reals, domain: Codes) -> float:
    """The variance of domain totals over the binomial one; the usual correlation counts as one pair's evidence."""
    index = grouped(domain)[1]
    variance = rate * (1 - rate)
    within = sums(index, variance)
    pairs = sums(index, np.sqrt(variance)) ** 2 - within
    if pairs.sum() <= 0:
        return 1.0
    residual = sums(index, bounced) - sums(index, rate)
    excess = float((residual**2 - within).sum())
    likeness = (max(excess, 0.0) + thresholds().forecast.domain_phi) / (float(pairs.sum()) + 1)
    return float(1 + likeness * pairs.sum() / within.sum())


def _weighed(bounced: Flags, cell: Codes, campaign: Codes, rates: Reals, effect: float) -> Reals:
    """The belief, weighed by the chance of the campaigns' totals under each phi.

    A total is taken as beta-binomial round what the campaign's mix of cells leads to expect, with the variance that phi
    and the companies give it. The expectation was taken from the same campaigns, and follows each of them a little:
    both variances are reduced by that, as is the evidence of C campaigns to that of C - 1.
    """
    weights = belief()
    _, code = grouped(campaign)
    campaigns = int(code.max()) + 1
    if campaigns < 2:
        return weights
    size = len(rates)
    leads = np.bincount(code * size + cell, minlength=campaigns * size).reshape(campaigns, size).astype(float)
    everywhere = np.maximum(leads.sum(0), 1)
    deviation = np.sqrt(rates * (1 - rates))
    noise = effect * (leads * (1 - leads / everywhere)) @ deviation**2
    pull = leads @ deviation
    share = deviation / everywhere
    own = (leads**2) @ share
    follow = ((leads * share) @ (leads.T @ leads) * (leads * share)).sum(1)
    moved = np.maximum(pull**2 - 2 * pull * own + follow, 0.0)
    total = leads.sum(1)
    mean = np.clip((leads @ rates) / total, 1e-6, 1 - 1e-6)
    binomial = total * mean * (1 - mean)
    ratio = (noise[:, None] + moved[:, None] * PHIS) / binomial[:, None]
    likeness = np.clip((ratio - 1) / np.maximum(total - 1, 1)[:, None], 1e-7, 0.9)
    strength = 1 / likeness - 1
    chance = betabinom.logpmf(
        sums(code, bounced)[:, None], total[:, None], mean[:, None] * strength, (1 - mean[:, None]) * strength
    ).sum(0) * (_TRUSTED * (campaigns - 1) / campaigns)
    weights = weights * np.exp(chance - chance.max())
    return np.asarray(weights / weights.sum())


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


def _repeats(status: Codes, domain: Codes) -> int:
    """Groups of at least two leads of one status at one domain."""
    if len(status) == 0:
        return 0
    sizes = np.unique(status * (domain.max() + 1) + domain, return_counts=True)[1]
    return int((sizes > 1).sum())
