"""The rate of each cell, email status × industry group, as far as past campaigns show it.

A weak prior per status, the status' history, and what sets the cell apart from its status. How much campaigns differ
(phi) and how far the sender's usual level may be from what the past ones showed are learnt together (`variation`). A
status that is shown to bounce more and more (`drift`) is taken round what its last weeks showed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyzer.diagnose.arrays import Reals
from analyzer.diagnose.estimates.drift import times
from analyzer.diagnose.estimates.past import History
from analyzer.diagnose.estimates.variation import LEVELS
from analyzer.diagnose.leads.contacts import GROUPS, STATUSES
from analyzer.diagnose.thresholds import thresholds
from analyzer.records import EMAIL_STATUSES

_TINY = 1e-9
#: The cells of verified leads, and of those of whom no status is known.
_VERIFIED, _UNTOLD = (
    slice(EMAIL_STATUSES.index(name) * GROUPS, (EMAIL_STATUSES.index(name) + 1) * GROUPS)
    for name in ("verified", "unknown")
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


def cell_means(past: History) -> Reals:
    """The rate of each cell that is expected of the next campaign."""
    return np.asarray(np.clip(past_means(past) * times(past.drifts), 1e-6, 0.97))


def past_means(past: History) -> Reals:
    """The rate of each cell that past campaigns let expect of themselves."""
    known = posterior(past, thresholds().forecast.prior)
    usual = float(levels(past, known).sum(1) @ LEVELS)
    return np.asarray(np.clip(known.mean * usual**known.shown, 1e-6, 0.97))
