"""What each week would look like by chance: the other weeks' rates at the same sequence steps, with a band round them.

A late week reaches mostly leads whose first mail arrived, so it bounces less whatever anybody did: weeks are compared
step by step. The band is three standard errors to each side (W. A. Shewhart's control chart): of the counts themselves
and of the rates that they are held against. A series that nothing changes leaves it about once in 400 weeks; bounces
that come in clusters, by domain, leave it more often, so a week outside is a reason to look and no proof.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analyzer.diagnose.leads.contacts import dimension

if TYPE_CHECKING:
    import pandas as pd

    from analyzer.diagnose.arrays import Codes, Reals

_FEWEST_WEEKS = 3
_SIGMAS = 3.0
#: Up to this share of a week's mails may be at steps that no other week has.
_UNCOMPARED = 0.1
#: Fewer mails at the same steps elsewhere compare with nothing.
_FEWEST_MAILS = 50


@dataclass(frozen=True, slots=True)
class Band:
    """Shares of the week's leads: what the other weeks let expect, and how far chance alone goes."""

    expected: float
    low: float
    high: float

    def says(self, rate: float) -> str:
        """`above`, `below` or `within`."""
        return "above" if rate > self.high else "below" if rate < self.low else "within"


def week_bands(sends: pd.DataFrame) -> dict[str, dict[str, Band]]:
    """By label (`hard`, `spam`) and week; a week without a fair comparison is left out, all where weeks are too few.

    `sends` has `week`, `label`, a lead's `recipient` (or correlate's number `lead`) and perhaps `step`.
    """
    week, step, label = (dimension(sends, name) for name in ("week", "step", "label"))
    if len([value for value in week.values if value]) < _FEWEST_WEEKS:
        return {}
    shape = len(week.values), max(len(step.values), 1)
    cell = week.codes * shape[1] + step.codes
    mails = np.bincount(cell, minlength=shape[0] * shape[1]).reshape(shape).astype(float)
    leads = _leads(sends, week.codes, shape[0])
    found: dict[str, dict[str, Band]] = {}
    for name in ("hard", "spam"):
        own = np.zeros(shape)
        if name in label.values:
            hit = label.codes == label.values.index(name)
            own = np.bincount(cell[hit], minlength=shape[0] * shape[1]).reshape(shape).astype(float)
        expected, error = _expected(own, mails)
        found[name] = {
            week.values[number]: Band(
                float(expected[number] / leads[number]),
                float(max(expected[number] - _SIGMAS * error[number], 0.0) / leads[number]),
                float(min((expected[number] + _SIGMAS * error[number]) / leads[number], 1.0)),
            )
            for number in range(shape[0])
            if week.values[number] and leads[number] and np.isfinite(expected[number])
        }
    return found


def _expected(bounced: Reals, mails: Reals) -> tuple[Reals, Reals]:
    """Bounces expected of each week from all others, step by step, and their standard error; NaN without comparison."""
    others = mails.sum(axis=0) - mails
    compared = others >= _FEWEST_MAILS
    share = (bounced.sum(axis=0) - bounced + 0.5) / (others + 1.0)
    spread = share * (1 - share)
    part = np.where(compared, mails, 0.0)
    covered = part.sum(axis=1) / np.maximum(mails.sum(axis=1), 1.0)
    scale = np.where(covered >= 1 - _UNCOMPARED, 1 / np.maximum(covered, 1e-9), np.nan)
    variance = (part * spread + part**2 * spread / np.maximum(others, 1.0)).sum(axis=1)
    return (part * share).sum(axis=1) * scale, np.sqrt(variance) * scale


def _leads(sends: pd.DataFrame, week: Codes, weeks: int) -> Reals:
    """Distinct leads of each week: what the rates of `breakdown` are of."""
    key = sends["lead"] if "lead" in sends.columns else sends["recipient"].astype("str").str.strip().str.lower()
    counts = key.groupby(week).nunique().reindex(range(weeks), fill_value=0)
    return np.asarray(counts, dtype=np.float64)
