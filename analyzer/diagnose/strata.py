"""Strata within which guessed and verified addresses are comparable.

Guessed addresses pile up where data is scarce: in some industries, in some campaigns. Comparing them with verified ones
of the same industry in the same campaign keeps those differences out. A cell with too few of either is compared one
level up, together with its like.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analyzer.diagnose.arrays import Codes, Flags, sums
from analyzer.diagnose.contacts import codes_of
from analyzer.diagnose.thresholds import thresholds


@dataclass(frozen=True, slots=True)
class Strata:
    """`code` per lead (-1: no counterpart anywhere), their number, and the share of guessed leads compared loosely.

    `coarse` is the share of guessed leads for which the campaign could not be held fixed although there are several.
    """

    code: Codes
    count: int
    coarse: float


def strata(leads: pd.DataFrame, guessed: Flags) -> Strata:
    """Strata of leads that are guessed or verified; `leads` has industry, industry_group and campaign."""
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
    count = loose = 0
    for columns, arm in levels:
        left = np.flatnonzero(code < 0)
        if len(left) == 0:
            break
        cell = codes_of(leads.iloc[left], columns)
        enough = np.minimum(sums(cell, guessed[left]), sums(cell, ~guessed[left])) >= arm
        number = count + np.cumsum(enough) - 1
        kept = enough[cell]
        code[left[kept]] = number[cell[kept]]
        count += int(enough.sum())
        if several and "campaign" not in columns:
            loose += int(guessed[left[kept]].sum())
    return Strata(code, count, loose / max(int(guessed.sum()), 1))
