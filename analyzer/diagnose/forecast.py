"""Address-fault bounces to expect of a list that has not been sent.

A lead's chance is learnt per cell, email status × industry group: a weak prior per status, the status' history, and
what sets the cell apart from its status. History counts for less than its leads, for leads of one campaign are alike:
deff = 1 + (n - 1) phi. A draw of the next campaign is a draw of the cells' rates, of the campaign's deviation from them
(Beta, the same phi, up or down in all cells at once) and of the bounces. Plain intervals cover 66 % at phi 0.02 where
they promise 95 %.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import betaincinv

from analyzer.diagnose.arrays import Codes, Flags, Reals, grouped, sums
from analyzer.diagnose.contacts import Contacts, dimension
from analyzer.diagnose.diagnosis import Forecast
from analyzer.diagnose.thresholds import thresholds
from analyzer.records import EMAIL_STATUSES, INDUSTRY_GROUPS

#: A cell is status × industry group, numbered status first.
STATUSES = len(EMAIL_STATUSES)
GROUPS = len(INDUSTRY_GROUPS)
CELLS = STATUSES * GROUPS
_TINY = 1e-9


@dataclass(frozen=True, slots=True)
class History:
    """What past leads tell: per cell leads and bounces, raw and at their effective size, and what was learnt on spread.

    `campaign_phi` and `domain_phi` are intraclass correlations within a campaign and
    within a recipient domain; `campaigns` says how many the first rests on.
    """

    leads: Reals
    bounces: Reals
    effective_leads: Reals
    effective_bounces: Reals
    campaign_phi: float
    domain_phi: float
    campaigns: int


@dataclass(frozen=True, slots=True)
class Target:
    """A list to be sent: leads per cell, and how the leads of each cell compare with its average (1 = like it)."""

    leads: Codes
    tilt: Reals

    @property
    def size(self) -> int:
        """Leads in the list."""
        return int(self.leads.sum())

    def scaled(self, floor: int) -> Target:
        """The same mix at `floor` leads, if it has fewer."""
        if not 0 < self.size < floor:
            return self
        return Target(np.ceil(self.leads * floor / self.size).astype(np.int64), self.tilt)


def cell_of(leads: pd.DataFrame) -> Codes:
    """The cell of each lead; `leads` has email_status and industry_group, what is not known counts as unknown."""
    status = _index(leads, "email_status", EMAIL_STATUSES, "unknown")
    group = _index(leads, "industry_group", INDUSTRY_GROUPS, "unclassified")
    return status * GROUPS + group


def _index(leads: pd.DataFrame, column: str, known: tuple[str, ...], missing: str) -> Codes:
    fallback = known.index(missing)
    found = dimension(leads, column, lower=True)
    place = {name: at for at, name in enumerate(known)}
    return np.array([place.get(value, fallback) for value in found.values], dtype=np.int64)[found.codes]


def history(contacts: Contacts) -> History:
    """What the leads contacted so far tell about each cell."""
    limits = thresholds().forecast
    cell = cell_of(contacts.leads)
    bounced = contacts.leads["address"].to_numpy()
    status = cell // GROUPS
    campaign = contacts.leads["campaign"].cat.codes.to_numpy(dtype=np.int64)
    domain = contacts.domain
    campaigns = len(np.unique(campaign))

    phi = limits.campaign_phi
    if campaigns >= limits.campaigns_needed:
        found = intraclass(bounced, status, campaign)
        weight = limits.campaign_phi_weight
        phi = ((campaigns - 1) * max(found, 0.0) + weight * phi) / (campaigns - 1 + weight)
    domain_phi = limits.domain_phi
    if _repeats(status, domain) >= 50:
        domain_phi = min(max(intraclass(bounced, status, domain), 0.01), 0.5)

    together = pd.factorize(status * (campaign.max(initial=0) + 1) + campaign)[0]
    weight_of_lead = 1 / (1 + (np.bincount(together) - 1) * phi)
    weights = weight_of_lead[together] if len(together) else np.empty(0)
    return History(
        np.bincount(cell, minlength=CELLS).astype(float),
        sums(cell, bounced, CELLS),
        sums(cell, weights, CELLS),
        sums(cell, weights * bounced, CELLS),
        phi,
        domain_phi,
        campaigns,
    )


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


@dataclass(frozen=True, slots=True)
class Posterior:
    """What is believed of each cell's rate: its `mean`, and two kinds of doubt about it.

    `counted` is how many leads it rests on; `shared` an intraclass correlation for what all cells have in common, for a
    good or a bad campaign is so for all of them alike.
    """

    mean: Reals
    counted: Reals
    shared: Reals


def posterior(past: History, prior: dict[str, float]) -> Posterior:
    """The status' rate, from its prior and its history at the effective size, times what sets the cell apart.

    What sets a cell apart was seen within the same campaigns, so it is counted in whole leads: bounces over those
    expected at the status' rate, shrunk onto 1 by what 1 / group_phi leads would bounce (gamma-Poisson).
    """
    limits = thresholds().forecast
    strength = limits.prior_strength
    believed = np.repeat([prior[name] for name in EMAIL_STATUSES], GROUPS)
    leads, bounces = _of_status(past.leads), _of_status(past.bounces)
    effective = _of_status(past.effective_leads)
    level = (believed * strength + _of_status(past.effective_bounces)) / (strength + effective)
    likeness = 1 / limits.group_phi
    pull = likeness * (believed * strength + bounces) / (strength + leads)
    apart = (past.bounces + pull) / (past.leads * bounces / np.maximum(leads, 1) + pull)
    others = leads - past.leads
    return Posterior(
        mean=np.clip(level * apart, 1e-6, 1 - 1e-6),
        counted=strength + past.leads + others / (1 + others / likeness),
        shared=1 / (strength + effective + 1) - 1 / (strength + leads + 1),
    )


def _of_status(amount: Reals) -> Reals:
    """Per cell, the total of its status."""
    return np.repeat(amount.reshape(STATUSES, GROUPS).sum(1), GROUPS)


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Draws of the next campaign's rate in each cell, (draws, cells), and the generator's seed for the bounces."""

    rates: Reals
    seed: int

    def bounces(self, target: Target) -> Codes:
        """Bounces of the whole list in each draw."""
        rng = np.random.default_rng(self.seed)
        used = np.flatnonzero(target.leads)
        chances = np.clip(self.rates[:, used] * target.tilt[used], 0.0, 1.0)
        return np.asarray(rng.binomial(target.leads[used], chances).sum(1), dtype=np.int64)

    def over(self, target: Target, tolerance: float) -> float | None:
        """The chance that the list's rate exceeds the tolerance; None without leads."""
        if target.size == 0:
            return None
        return float((self.bounces(target) > tolerance * target.size + _TINY).mean())


def outcomes(past: History, prior: dict[str, float], cells: Flags, *, seed: int, settled: bool = False) -> Outcomes:
    """Draws of the next campaign in some cells (the others stand at their mean).

    With `settled`, as if the cells' rates were known, and no higher than the data makes likely (`sure_share`).
    """
    draws = thresholds().draws.forecast
    rng = np.random.default_rng(seed)
    known = posterior(past, prior)
    shared, deviation = rng.random((2, draws, 1))
    rates = np.tile(known.mean, (draws, 1))
    used = np.flatnonzero(cells)
    mean, counted = known.mean[used], known.counted[used]
    if settled:
        rates[:, used] = betaincinv(mean * counted, (1 - mean) * counted, 1 - thresholds().forecast.sure_share)
    else:
        rates[:, used] = rng.beta(mean * counted, (1 - mean) * counted, size=(draws, len(used)))
        rates[:, used] = _deviating(rates[:, used], known.shared[used, None], shared)
    # How much campaigns differ is itself known from a few of them only: a scaled inverse chi-square round the estimate.
    known_from = max(past.campaigns - 1, 0) + thresholds().forecast.campaign_phi_weight
    phi = np.clip(past.campaign_phi * known_from / rng.chisquare(known_from, size=draws), 1e-4, 0.2)
    rates[:, used] = _deviating(rates[:, used], np.tile(phi, (len(used), 1)), deviation)
    return Outcomes(rates, seed + 1)


def _deviating(rates: Reals, correlation: Reals, quantile: Reals) -> Reals:
    """Rates (draws, cells) moved to a quantile (draws, 1) of the Beta round them; correlation (cells, draws or 1)."""
    moved = np.clip(rates, 1e-6, 1 - 1e-6)
    for column in np.flatnonzero(correlation.max(1) > 1e-5):
        spread = 1 / correlation[column] - 1
        mean = moved[:, column]
        moved[:, column] = betaincinv(mean * spread, (1 - mean) * spread, quantile[:, 0])
    return moved


def forecast(target: Target, drawn: Outcomes, tolerance: float) -> Forecast:
    """Mean, 95 % predictive interval and chance of exceeding the tolerance, of a list."""
    if target.size == 0:
        return Forecast(0, 0.0, None, None, None, None)
    bounces = drawn.bounces(target)
    low, high = np.percentile(bounces, [2.5, 97.5]) / target.size
    mean = float(bounces.mean())
    over = float((bounces > tolerance * target.size + _TINY).mean())
    return Forecast(target.size, mean, mean / target.size, float(low), float(high), over)


def cell_means(past: History) -> Reals:
    """The expected rate of each cell."""
    return posterior(past, thresholds().forecast.prior).mean


def target_of(cell: Codes, chance: Reals, means: Reals) -> Target:
    """A list from its leads' cells and chances."""
    leads = np.bincount(cell, minlength=CELLS)
    summed = sums(cell, chance, CELLS)
    return Target(leads, np.where(leads > 0, summed / np.maximum(leads, 1) / means, 1.0))


def best_mix(
    cell: Codes,
    chance: Reals,
    means: Reals,
    drawn: Outcomes,
    tolerance: float,
) -> int:
    """How many leads of a list, in the order of their chance, stay within the tolerance with 90 % probability.

    The chance of exceeding is not quite monotone in the size (one bounce in five leads is 20 %), so sizes are tried
    from the whole list downward on a grid, and the step that was found is then narrowed to one lead.
    """
    limit = thresholds().forecast.best_mix_risk

    def within(size: int) -> bool:
        if size == 0:
            return True
        bounces = drawn.bounces(target_of(cell[:size], chance[:size], means))
        # The mean as well: one lead of 8 % risk is "within" 5 % with 92 % probability, and no list to send.
        return bool((bounces > tolerance * size + _TINY).mean() <= limit and bounces.mean() <= tolerance * size)

    sizes = np.unique(np.linspace(0, len(cell), 65).round().astype(int))[::-1]
    for above, size in zip([len(cell) + 1, *sizes], sizes, strict=False):
        if within(int(size)):
            low, high = int(size), int(above)
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if within(middle) else (low, middle)
            return low
    return 0
