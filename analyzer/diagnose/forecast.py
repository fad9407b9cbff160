"""Address-fault bounces to expect of a list that has not been sent.

A lead's chance is learnt per cell, email status × industry group: a weak prior per status, the status' history, and
what sets the cell apart from its status. History counts for less than its leads, for leads of one campaign and of one
company are alike: deff = 1 + (n - 1) phi. A draw of the next campaign is a draw of phi, of the cells' rates, of the
campaign's deviation from them (Beta, up or down in all cells at once), of the companies' and of the bounces. Plain
intervals cover 66 % at phi 0.02 where they promise 95 %.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import betaincinv, ndtr

from analyzer.diagnose.arrays import Codes, Flags, Reals, grouped, sums
from analyzer.diagnose.contacts import Contacts, dimension
from analyzer.diagnose.diagnosis import Forecast
from analyzer.diagnose.thresholds import thresholds
from analyzer.diagnose.variation import PHIS, Spread, intraclass, spread_of
from analyzer.records import EMAIL_STATUSES, INDUSTRY_GROUPS

__all__ = ["intraclass"]

#: A cell is status × industry group, numbered status first.
STATUSES = len(EMAIL_STATUSES)
GROUPS = len(INDUSTRY_GROUPS)
CELLS = STATUSES * GROUPS
_TINY = 1e-9
#: What a predictive interval holds.
_HELD = 0.95
#: Values of phi that weigh less than this are not drawn.
_NEGLIGIBLE = 1e-4
_PLACES = np.linspace(-4, 4, 41)


@dataclass(frozen=True, slots=True)
class History:
    """What past leads tell: per cell `leads` and `bounces`, the same per status and campaign, and how both differ.

    `by_campaign` has the shape (2, statuses, campaigns): leads, then bounces.
    """

    leads: Reals
    bounces: Reals
    by_campaign: Reals
    spread: Spread

    @property
    def campaigns(self) -> int:
        """How many campaigns were seen."""
        return int(self.by_campaign.shape[2])

    @property
    def campaign_phi(self) -> float:
        """The correlation expected within a campaign."""
        return self.spread.campaign_phi

    @property
    def domain_phi(self) -> float:
        """The correlation between leads of one status at one domain."""
        return self.spread.domain_phi

    def effective(self, phi: float) -> tuple[Reals, Reals]:
        """Leads and bounces per cell's status at the size that counts, with that correlation within campaigns."""
        leads, bounces = self.by_campaign / self.spread.company_effect
        weight = 1 / (1 + np.maximum(leads - 1, 0) * phi)
        return np.repeat((leads * weight).sum(1), GROUPS), np.repeat((bounces * weight).sum(1), GROUPS)


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
    cell = cell_of(contacts.leads)
    bounced = contacts.leads["address"].to_numpy()
    status = cell // GROUPS
    campaign = contacts.leads["campaign"].cat.codes.to_numpy(dtype=np.int64)
    names, code = grouped(campaign)
    place, size = status * len(names) + code, STATUSES * len(names)
    counts = np.stack([np.bincount(place, minlength=size).astype(float), sums(place, bounced, size)])
    return History(
        np.bincount(cell, minlength=CELLS).astype(float),
        sums(cell, bounced, CELLS),
        counts.reshape(2, STATUSES, len(names)),
        spread_of(bounced, cell, status, campaign, contacts.domain),
    )


@dataclass(frozen=True, slots=True)
class Posterior:
    """What is believed of each cell's rate: its `mean`, and two kinds of doubt about it.

    `counted` is how many leads it rests on; `shared` an intraclass correlation for what all cells have in common, for a
    good or a bad campaign is so for all of them alike.
    """

    mean: Reals
    counted: Reals
    shared: Reals


def posterior(past: History, prior: dict[str, float], phi: float) -> Posterior:
    """The status' rate, from its prior and its history at the effective size, times what sets the cell apart.

    What sets a cell apart was seen within the same campaigns, so only companies shrink its leads: bounces over those
    expected at the status' rate, shrunk onto 1 by what 1 / group_phi leads would bounce (gamma-Poisson).
    """
    limits = thresholds().forecast
    strength = limits.prior_strength
    believed = np.repeat([prior[name] for name in EMAIL_STATUSES], GROUPS)
    cells, bounced = past.leads / past.spread.company_effect, past.bounces / past.spread.company_effect
    leads, bounces = _of_status(cells), _of_status(bounced)
    effective, effective_bounces = past.effective(phi)
    level = (believed * strength + effective_bounces) / (strength + effective)
    likeness = 1 / limits.group_phi
    pull = likeness * (believed * strength + bounces) / (strength + leads)
    apart = (bounced + pull) / (cells * bounces / np.maximum(leads, _TINY) + pull)
    others = leads - cells
    return Posterior(
        mean=np.clip(level * apart, 1e-6, 1 - 1e-6),
        counted=strength + cells + others / (1 + others / likeness),
        shared=np.maximum(1 / (strength + effective + 1) - 1 / (strength + leads + 1), 0.0),
    )


def _of_status(amount: Reals) -> Reals:
    """Per cell, the total of its status."""
    return np.repeat(amount.reshape(STATUSES, GROUPS).sum(1), GROUPS)


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Draws of the next campaign's rate in each cell, (draws, cells), and the generator's seed for the bounces.

    `company_effect` is how many times wider than binomial the companies make a list's variance.
    """

    rates: Reals
    seed: int
    company_effect: float = 1.0

    def bounces(self, target: Target) -> Codes:
        """Bounces of the whole list in each draw."""
        rng = np.random.default_rng(self.seed)
        used = np.flatnonzero(target.leads)
        leads = target.leads[used]
        chances = np.clip(self.rates[:, used] * target.tilt[used], 0.0, 1.0)
        likeness = np.minimum((self.company_effect - 1) / np.maximum(leads - 1, 1), 0.5)
        if likeness.any():
            strength = 1 / likeness - 1
            chances = np.clip(chances, _TINY, 1 - _TINY)
            chances = rng.beta(chances * strength, (1 - chances) * strength)
        return np.asarray(rng.binomial(leads, chances).sum(1), dtype=np.int64)

    def over(self, target: Target, tolerance: float) -> float | None:
        """The chance that the list's rate exceeds the tolerance; None without leads."""
        if target.size == 0:
            return None
        return float((self.bounces(target) > tolerance * target.size + _TINY).mean())


def outcomes(past: History, prior: dict[str, float], cells: Flags, *, seed: int, settled: bool = False) -> Outcomes:
    """Draws of the next campaign in some cells (the others stand at their mean).

    With `settled`, as if the cells' rates were known, and no higher than the data makes likely (`sure_share`).
    """
    limits = thresholds()
    draws = limits.draws.forecast
    rng = np.random.default_rng(seed)
    used = np.flatnonzero(cells)
    rates = np.tile(cell_means(past, prior), (draws, 1))
    weights = past.spread.weights
    likely = np.flatnonzero(weights > _NEGLIGIBLE)
    # Even numbers of draws of each phi, dealt out at random: one source of noise less.
    chosen = np.searchsorted(np.cumsum(weights[likely] / weights[likely].sum()), (np.arange(draws) + 0.5) / draws)
    chosen = rng.permutation(np.minimum(chosen, len(likely) - 1))
    # What past campaigns share and what the next one will have of its own: each up or down in all cells alike.
    lasting, place = rng.standard_normal((2, draws))
    rate: Reals
    shared: Reals
    for at, phi in enumerate(PHIS[likely]):
        rows = np.flatnonzero(chosen == at)
        if not len(rows):
            continue
        known = posterior(past, prior, float(phi))
        one, other = known.mean[used] * known.counted[used], (1 - known.mean[used]) * known.counted[used]
        if settled:
            rate = np.tile(betaincinv(one, other, 1 - limits.forecast.sure_share), (len(rows), 1))
            shared = np.zeros(len(used))
        else:
            rate, shared = rng.beta(one, other, size=(len(rows), len(used))), known.shared[used]
        rate = rate * _lasting(known.mean[used], shared, lasting[rows])
        rates[np.ix_(rows, used)] = _deviating(rate, known.mean[used], float(phi), place[rows])
    return Outcomes(rates, seed + 1, past.spread.company_effect)


def _lasting(mean: Reals, shared: Reals, place: Reals) -> Reals:
    """By how much the true rate of each cell may differ from what past campaigns showed: factors (draws, cells).

    Log-normal round 1, with the relative variance that the correlation `shared` gives: a rate seen in few campaigns is
    about as likely to be half the true one as twice.
    """
    sd = np.sqrt(np.log1p((1 - mean) * shared / mean))
    return np.asarray(np.exp(sd * place[:, None] - sd**2 / 2))


def _deviating(rates: Reals, mean: Reals, phi: float, place: Reals) -> Reals:
    """Rates (draws, cells) times where the Beta round each cell's mean puts a campaign, as a multiple of that mean.

    `place` (draws) is where each campaign stands among campaigns, in standard deviations of a normal; the Beta's
    quantiles are taken at `_PLACES` and read off between them.
    """
    strength = 1 / phi - 1
    known = betaincinv(mean * strength, (1 - mean) * strength, ndtr(_PLACES)[:, None])
    moved = np.empty_like(rates)
    for cell in range(len(mean)):
        moved[:, cell] = rates[:, cell] * np.interp(place, _PLACES, known[:, cell] / mean[cell])
    return np.clip(moved, 1e-6, 1 - 1e-6)


def forecast(target: Target, drawn: Outcomes, tolerance: float) -> Forecast:
    """Mean, 95 % predictive interval and chance of exceeding the tolerance, of a list."""
    if target.size == 0:
        return Forecast(0, 0.0, None, None, None, None)
    bounces = drawn.bounces(target)
    low, high = (bound / target.size for bound in middle(bounces))
    mean = float(bounces.mean())
    over = float((bounces > tolerance * target.size + _TINY).mean())
    return Forecast(target.size, mean, mean / target.size, low, high, over)


def middle(bounces: Codes) -> tuple[int, int]:
    """The range between the 2.5 % tails of the draws; what the lower tail does not use up is given to the upper one.

    Bounces are whole numbers and not below 0: where few are expected, nothing can lie below the range, and a range with
    two equal tails would hold 97.5 % and more of what comes.
    """
    values, count = np.unique(bounces, return_counts=True)
    up_to = np.cumsum(count) / len(bounces)
    first = int(np.searchsorted(up_to, (1 - _HELD) / 2, side="right"))
    below = float(up_to[first - 1]) if first else 0.0
    last = min(int(np.searchsorted(up_to, below + _HELD - _TINY)), len(values) - 1)
    return int(values[first]), int(values[last])


def cell_means(past: History, prior: dict[str, float] | None = None) -> Reals:
    """The expected rate of each cell; with the shipped prior, if no other is given."""
    believed = thresholds().forecast.prior if prior is None else prior
    weights = past.spread.weights
    likely = np.flatnonzero(weights > _NEGLIGIBLE)
    means = np.array([posterior(past, believed, float(PHIS[at])).mean for at in likely])
    return np.asarray(weights[likely] @ means / weights[likely].sum())


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
