"""Draws of the next campaign: what a list that has not been sent may bounce.

A draw is one of the sender's level and of how much campaigns differ (phi), of what sets the cells apart, of the
campaign's deviation (Beta, up or down in all cells at once), of the companies' and of the bounces. Plain intervals
cover 66 % at phi 0.02 where they promise 95 %.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv

from analyzer.diagnose.arrays import Codes, Flags, Reals, sums
from analyzer.diagnose.estimates.cell_rates import levels, posterior
from analyzer.diagnose.estimates.drift import times
from analyzer.diagnose.estimates.past import History
from analyzer.diagnose.estimates.variation import LEVELS, PHIS
from analyzer.diagnose.leads.contacts import CELLS
from analyzer.diagnose.thresholds import thresholds

_TINY = 1e-9
#: Half the step between two levels, on the log scale: draws are spread evenly in between.
_HALF_STEP = float(np.log(LEVELS[1] / LEVELS[0])) / 2


@dataclass(frozen=True, slots=True)
class Target:
    """A list to be sent: leads per cell, and how the leads of each cell compare with its average (1 = like it).

    `shared` is how alike its leads are within companies, summed over all pairs of them (ordered).
    """

    leads: Codes
    tilt: Reals
    shared: float = 0.0

    @property
    def size(self) -> int:
        """Leads in the list."""
        return int(self.leads.sum())

    def scaled(self, floor: int) -> Target:
        """The same mix at `floor` leads, if it has fewer."""
        if not 0 < self.size < floor:
            return self
        more = floor / self.size
        return Target(np.ceil(self.leads * more).astype(np.int64), self.tilt, self.shared * more)


def target_of(cell: Codes, chance: Reals, means: Reals, shared: Reals | None = None) -> Target:
    """A list from its leads' cells and chances; `shared` as `likeness.shared` gives it."""
    leads = np.bincount(cell, minlength=CELLS)
    summed = sums(cell, chance, CELLS)
    tilt = np.where(leads > 0, summed / np.maximum(leads, 1) / means, 1.0)
    return Target(leads, tilt, 0.0 if shared is None else float(shared.sum()))


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Draws of the next campaign's rate in each cell, (draws, cells), and the generator's seed for the bounces."""

    rates: Reals
    seed: int

    def bounces(self, target: Target) -> Codes:
        """Bounces of the whole list in each draw."""
        rng = np.random.default_rng(self.seed)
        used = np.flatnonzero(target.leads)
        leads = target.leads[used]
        chances = np.clip(self.rates[:, used] * target.tilt[used], 0.0, 1.0)
        # As many times wider than binomial as the list's companies make it.
        likeness = np.minimum(target.shared / max(target.size, 1) / np.maximum(leads - 1, 1), 0.5)
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

    With `settled`, as if the usual rates were known, and no higher than the data makes likely (`sure_share`).
    """
    draws, sure = thresholds().draws.forecast, thresholds().forecast.sure_share
    rng = np.random.default_rng(seed)
    known = posterior(past, prior)
    weights = levels(past, known)
    # Even numbers of draws of each level and phi, dealt out at random: one source of noise less.
    even = rng.permutation((np.arange(draws) + 0.5) / draws)
    pair = np.minimum(np.searchsorted(np.cumsum(weights.ravel()), even), weights.size - 1)
    level, phi = LEVELS[pair // len(PHIS)], PHIS[pair % len(PHIS)]
    level = level * np.exp(rng.uniform(-_HALF_STEP, _HALF_STEP, draws))
    one, other = known.mean * known.counted, (1 - known.mean) * known.counted
    if settled:
        level = np.full(draws, np.quantile(level, 1 - sure))
        rate = np.tile(betaincinv(one, other, 1 - sure), (draws, 1))
    else:
        rate = rng.beta(one, other, size=(draws, CELLS))
        # What all cells of the past share is the level's part.
        level = level * (past.worth @ known.mean + _TINY) / (rate @ past.worth + _TINY)
    used = np.flatnonzero(cells)
    rates = np.tile(known.mean, (draws, 1))
    moved = level[:, None] ** known.shown[used] * times(past.drifts)[used]
    usual = np.clip(rate[:, used] * moved, 1e-6, 0.97)
    rates[:, used] = _deviating(usual, phi, rng.random(draws))
    return Outcomes(rates, seed + 1)


def _deviating(usual: Reals, phi: Reals, place: Reals) -> Reals:
    """Rates (draws, cells) of campaigns, each at its `place` (0 to 1, one a draw) in the Beta round the usual rates."""
    strength = (1 / phi - 1)[:, None]
    moved = betaincinv(usual * strength, (1 - usual) * strength, place[:, None])
    return np.clip(np.where(phi[:, None] > PHIS[0], moved, usual), 1e-6, 1 - 1e-6)
