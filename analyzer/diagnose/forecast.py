"""Address-fault bounces to expect of a list that has not been sent.

A lead's chance is learnt per cell, email status × industry group: a weak prior per status, the status' history, and
what sets the cell apart from its status. How much campaigns differ (phi) and how far the sender's usual level may be
from what the past ones showed are learnt together (`variation`). A draw of the next campaign is a draw of these two, of
what sets the cells apart, of the campaign's deviation (Beta, up or down in all cells at once), of the companies' and of
the bounces. Plain intervals cover 66 % at phi 0.02 where they promise 95 %. A status that is shown to bounce more and
more (`drift`) is drawn round what its last weeks showed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv

from analyzer.diagnose.arrays import Codes, Flags, Reals, sums
from analyzer.diagnose.companies import company_of
from analyzer.diagnose.contacts import CELLS, GROUPS, STATUSES, Contacts, cell_of
from analyzer.diagnose.diagnosis import Forecast
from analyzer.diagnose.drift import Drift, drifts, times
from analyzer.diagnose.likeness import crowds
from analyzer.diagnose.slips import at_slips
from analyzer.diagnose.thresholds import thresholds
from analyzer.diagnose.variation import LEVELS, PHIS, Spread, spread_of
from analyzer.records import EMAIL_STATUSES

_TINY = 1e-9
#: The cells of verified leads, and of those of whom no status is known.
_VERIFIED, _UNTOLD = (
    slice(EMAIL_STATUSES.index(name) * GROUPS, (EMAIL_STATUSES.index(name) + 1) * GROUPS)
    for name in ("verified", "unknown")
)
#: What a predictive interval holds.
_HELD = 0.95
#: Half the step between two levels, on the log scale: draws are spread evenly in between.
_HALF_STEP = float(np.log(LEVELS[1] / LEVELS[0])) / 2


@dataclass(frozen=True, slots=True)
class History:
    """What past leads tell: per cell `leads` and `bounces`, how many `campaigns` they are of, and how both differ.

    `worth` and `worth_bounced` are the same counted by what each lead is worth beside its fellows at its company;
    `drifts` are the statuses that bounced more, or less, as time went on.
    """

    leads: Reals
    bounces: Reals
    campaigns: int
    spread: Spread
    worth: Reals
    worth_bounced: Reals
    drifts: tuple[Drift, ...] = ()

    @property
    def campaign_phi(self) -> float:
        """The correlation expected within a campaign."""
        return self.spread.campaign_phi


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


def history(contacts: Contacts) -> History:
    """What the leads contacted so far tell about each cell; those at misspelt domains tell nothing of others."""
    kept = ~at_slips(contacts)
    cell = cell_of(contacts.leads)[kept]
    bounced = contacts.leads["address"].to_numpy()[kept]
    campaign = contacts.leads["campaign"].cat.codes.to_numpy(dtype=np.int64)[kept]
    company = company_of(contacts)[kept]
    spread = spread_of(bounced, cell, np.arange(CELLS) // GROUPS, campaign, company)
    worth, worth_bounced = crowds(cell, bounced, company, CELLS).worth(spread.likeness)
    return History(
        leads=np.bincount(cell, minlength=CELLS).astype(float),
        bounces=sums(cell, bounced, CELLS),
        campaigns=len(np.unique(campaign)),
        spread=spread,
        worth=worth,
        worth_bounced=worth_bounced,
        drifts=drifts(contacts, spread.likeness),
    )


@dataclass(frozen=True, slots=True)
class Posterior:
    """What past campaigns show of each cell's rate: its `mean`, and how many leads that rests on (`counted`).

    How far they were off the sender's usual level is a doubt that all cells share, and left to `levels`; but for cells
    whose status was never written to (`shown` is 0, and 1 from one lead on): what is only believed of these is no more
    than that, however few of another one bounced.
    """

    mean: Reals
    counted: Reals
    shown: Reals


def posterior(past: History, prior: dict[str, float]) -> Posterior:
    """The status' rate, from its prior and its history, times what sets the cell apart.

    Leads count what they are worth beside their fellows at a company. What sets a cell apart: bounces over those
    expected at the status' rate, shrunk onto 1 by what 1 / group_phi leads would bounce (gamma-Poisson). Verified leads
    that were never written to are at most as bad as those of unknown status.
    """
    limits = thresholds().forecast
    strength = limits.prior_strength
    believed = _believed(prior)
    cells, bounced = past.worth, past.worth_bounced
    leads, bounces = _of_status(cells), _of_status(bounced)
    level = (believed * strength + bounces) / (strength + leads)
    likeness = 1 / limits.group_phi
    pull = likeness * level
    apart = (bounced + pull) / (cells * bounces / np.maximum(leads, _TINY) + pull)
    others = leads - cells
    mean = np.clip(level * apart, 1e-6, 1 - 1e-6)
    counted = strength + cells + others / (1 + others / likeness)
    shown = np.minimum(leads, 1.0)
    if not leads[_VERIFIED].any():
        # Of whom nobody knows the status may be of any: verified ones are no worse.
        mixed, these = float(leads[_UNTOLD][0]), mean[_UNTOLD] < mean[_VERIFIED]
        mean[_VERIFIED] = np.minimum(mean[_VERIFIED], mean[_UNTOLD])
        counted[_VERIFIED] += np.where(these, mixed / (1 + mixed / likeness), 0.0)
        shown[_VERIFIED] = np.where(these, shown[_UNTOLD], 0.0)
    return Posterior(mean, counted, shown)


def _believed(prior: dict[str, float]) -> Reals:
    return np.repeat([prior[name] for name in EMAIL_STATUSES], GROUPS)


def _of_status(amount: Reals) -> Reals:
    """Per cell, the total of its status."""
    return np.repeat(amount.reshape(STATUSES, GROUPS).sum(1), GROUPS)


def levels(past: History, known: Posterior) -> Reals:
    """The weight of each level (the sender's usual rates over those that past campaigns showed) and phi.

    The belief about the level is the shipped one, whatever is tried for a status that hardly any mail went to.
    """
    seen = float(past.worth @ known.mean)
    believed = float(past.worth @ _believed(thresholds().forecast.prior))
    return past.spread.weights(believed / seen if seen > 0 else 1.0)


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
    two equal tails would hold 97.5 % and more of what comes. No more is given than the draws at the lower bound exceed
    the lower tail by: where they hardly do, one bounce more is the bound, and the upper one must not leap for that.
    """
    values, count = np.unique(bounces, return_counts=True)
    up_to, tail = np.cumsum(count) / len(bounces), (1 - _HELD) / 2
    first = int(np.searchsorted(up_to, tail, side="right"))
    below = float(up_to[first - 1]) if first else 0.0
    above = tail + min(tail - below, float(up_to[first]) - tail)
    last = min(int(np.searchsorted(up_to, 1 - above - _TINY)), len(values) - 1)
    return int(values[first]), int(values[last])


def cell_means(past: History) -> Reals:
    """The rate of each cell that is expected of the next campaign."""
    return np.asarray(np.clip(past_means(past) * times(past.drifts), 1e-6, 0.97))


def past_means(past: History) -> Reals:
    """The rate of each cell that past campaigns let expect of themselves."""
    known = posterior(past, thresholds().forecast.prior)
    usual = float(levels(past, known).sum(1) @ LEVELS)
    return np.asarray(np.clip(known.mean * usual**known.shown, 1e-6, 0.97))


def target_of(cell: Codes, chance: Reals, means: Reals, shared: Reals | None = None) -> Target:
    """A list from its leads' cells and chances; `shared` as `likeness.shared` gives it."""
    leads = np.bincount(cell, minlength=CELLS)
    summed = sums(cell, chance, CELLS)
    tilt = np.where(leads > 0, summed / np.maximum(leads, 1) / means, 1.0)
    return Target(leads, tilt, 0.0 if shared is None else float(shared.sum()))


def best_mix(
    cell: Codes,
    chance: Reals,
    means: Reals,
    drawn: Outcomes,
    tolerance: float,
    shared: Reals | None = None,
    floor: int = 0,
) -> int:
    """How many leads of a list, in the order of their chance, stay within the tolerance with 90 % probability.

    shared: how alike each lead is to those before it, as `target_of` takes it. Fewer leads than `floor` have to stay
    within it as so many like them would, too: any two leads are, with luck.

    The chance of exceeding is not quite monotone in the size (one bounce in five leads is 20 %), so sizes are tried
    from the whole list downward on a grid, and the step that was found is then narrowed to one lead.
    """
    limit = thresholds().forecast.best_mix_risk

    def within(size: int) -> bool:
        if size == 0:
            return True
        alike = None if shared is None else shared[:size]
        target = target_of(cell[:size], chance[:size], means, alike)
        bounces = drawn.bounces(target)
        # The mean as well: one lead of 8 % risk is "within" 5 % with 92 % probability, and no list to send.
        if (bounces > tolerance * size + _TINY).mean() > limit or bounces.mean() > tolerance * size:
            return False
        return size >= floor or (drawn.over(target.scaled(floor), tolerance) or 0.0) <= limit

    sizes = np.unique(np.linspace(0, len(cell), 65).round().astype(int))[::-1]
    for above, size in zip([len(cell) + 1, *sizes], sizes, strict=False):
        if within(int(size)):
            low, high = int(size), int(above)
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if within(middle) else (low, middle)
            return low
    return 0
