"""Address-fault bounces to expect of a list that has not been sent, and how much of it can be.

What past campaigns tell (`past`) makes the rate of each cell (`cell_rates`), that the draws of the next campaign
(`outcomes`), and these the range, the chance of exceeding a tolerance, and the best mix.
"""

from __future__ import annotations

import numpy as np

from analyzer.diagnose.arrays import Codes, Reals
from analyzer.diagnose.diagnosis import Forecast
from analyzer.diagnose.estimates.outcomes import Outcomes, Target, target_of
from analyzer.diagnose.thresholds import thresholds

_TINY = 1e-9
#: What a predictive interval holds.
_HELD = 0.95


def forecast(target: Target, drawn: Outcomes, tolerance: float) -> Forecast:
    """Mean, 95 % predictive interval and chance of exceeding the tolerance, of a list."""
    if target.size == 0:
        return not_known(0)
    bounces = drawn.bounces(target)
    low, high = (bound / target.size for bound in middle(bounces))
    mean = float(bounces.mean())
    over = float((bounces > tolerance * target.size + _TINY).mean())
    return Forecast(target.size, mean, mean / target.size, low, high, over)


def not_known(leads: int) -> Forecast:
    """Of a list of which it cannot be told what would bounce, or who is on it."""
    return Forecast(leads, 0.0, None, None, None, None)


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
