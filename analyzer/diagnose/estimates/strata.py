"""Strata within which guessed and verified addresses are comparable.

Guessed addresses pile up where data is scarce: in some industries, in some campaigns. Comparing them with verified ones
of the same industry in the same campaign keeps those differences out, and so does what else is shown to be one
(`confounded`). A cell with too few of either is compared one level up, together with its like.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analyzer.diagnose.arrays import Codes, Flags, sums
from analyzer.diagnose.leads.contacts import codes_of
from analyzer.diagnose.thresholds import thresholds


@dataclass(frozen=True, slots=True)
class Strata:
    """`code` per lead (-1: no counterpart anywhere), their number, and the share of guessed leads compared loosely.

    `coarse` is the share of guessed leads for which the campaign could not be held fixed although there are several,
    `loose` that for which the columns beside could not.
    """

    code: Codes
    count: int
    coarse: float
    loose: float = 0.0


def strata(leads: pd.DataFrame, guessed: Flags, beside: Sequence[Codes] = ()) -> Strata:
    """Strata of leads that are guessed or verified; `leads` has industry, industry_group and campaign.

    beside: other columns to hold fixed, the one that matters most first; they go before the others.
    """
    limits = thresholds().guessed
    several = leads["campaign"].nunique() > 1
    levels = [
        (("industry", "industry_group", "campaign"), limits.cell_arm_industry),
        (("industry_group", "campaign"), limits.cell_arm_group),
        (("industry", "industry_group"), limits.cell_arm_industry),
        (("industry_group",), limits.cell_arm_group),
        ((), 1),
    ]
    code = np.full(len(leads), -1, dtype=np.int64)
    count = coarse = loose = 0
    for held, columns, arm in [(held, *level) for held in range(len(beside), -1, -1) for level in levels]:
        left = np.flatnonzero(code < 0)
        if len(left) == 0:
            break
        cell = _within(codes_of(leads.iloc[left], columns), [each[left] for each in beside[:held]])
        # One lead of the other kind makes a stratum of nobody but the last, who have nothing else in common.
        least = max(arm, limits.cell_arm_group) if held else arm
        enough = np.minimum(sums(cell, guessed[left]), sums(cell, ~guessed[left])) >= least
        number = count + np.cumsum(enough) - 1
        kept = enough[cell]
        code[left[kept]] = number[cell[kept]]
        count += int(enough.sum())
        taken, everyone = int(guessed[left[kept]].sum()), max(int(guessed.sum()), 1)
        coarse += taken if several and "campaign" not in columns else 0
        loose += taken if held < len(beside) else 0
    return Strata(code, count, coarse / everyone, loose / everyone)


def _within(cell: Codes, beside: Sequence[Codes]) -> Codes:
    """The cells, cut by further columns, numbered from 0 in their order."""
    for each in beside:
        cell = cell * (int(each.max(initial=0)) + 1) + each
    return np.unique(cell, return_inverse=True)[1] if beside else cell
