"""Whether a rate of the week is higher because other leads were written to: more strict industries, more guesses.

Direct standardisation (B. R. Kirkwood, J. A. C. Sterne, Essential Medical Statistics, 2003, chapter 25): what this
week's rates give at the mix of leads that the weeks before had, sequence step by sequence step. What then is left of a
rise is of the mail itself; what is gone came of whom it was sent to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from analyzer.history.counts import RECENT

if TYPE_CHECKING:
    import pandas as pd

    from analyzer.diagnose.arrays import Reals
    from analyzer.diagnose.diagnosis import Rate
    from analyzer.diagnose.weeks.alarms import Measure

#: Of each measure what of a lead explains it: the column, its value, and the column that counts what bounced.
_ASKED: Final[dict[Measure, tuple[str, str, str]]] = {
    "hard": ("email_status", "guessed", "address"),
    "spam": ("industry_group", "strict", "spam"),
}
#: A share that grew by less is no other list, and so many standard errors are no chance.
_GREW, _PROOF = 0.1, 3.0
#: The part of a rise from which on it is told as what came of the mix.
_EXPLAINS = 0.5
#: A rate of few mails is drawn to that of the weeks before, which is worth so many.
_BELIEVED = 25.0


@dataclass(frozen=True, slots=True)
class Mix:
    """`share` of the week's mails went to leads of a value (guessed addresses, strict industries), `before` in the
    weeks before; at that mix `at_old` of the mails would have bounced, at the rates of this week. `since`: the week
    from which on the share was nearer to what it is now. Fractions of 1.
    """

    dimension: str
    value: str
    share: float
    before: float
    at_old: float
    since: str


def mix_behind(measure: Measure, rows: pd.DataFrame, weeks: tuple[str, ...], now: Rate, before: Rate) -> Mix | None:
    """The change of the mix that a higher rate came of; None where none did, or the rate is not higher beyond chance.

    rows: as `audience` gives them, of `weeks`. now, before: the rate of all mail in the week and the weeks before it.
    """
    dimension, value, bounced = _ASKED[measure]
    last = len(weeks) - 1
    if (now.low or 0.0) <= (before.rate or 0.0) or not before.leads or rows.empty:
        return None
    mails, back = (_table(rows, dimension, name, len(weeks)) for name in ("sends", bounced))
    first = max(0, last - RECENT)
    # (values, steps): of the weeks before together, and of this one.
    old, new = mails[0][first:last].sum(0), mails[0][last]
    if value not in mails[1] or not old.sum() or not new.sum():
        return None
    at = mails[1].index(value)
    share, was = float(new[at].sum() / new.sum()), float(old[at].sum() / old.sum())
    error = np.sqrt(share * (1 - share) / new.sum() + was * (1 - was) / old.sum())
    if share - was < max(_GREW, _PROOF * float(error)):
        return None
    usual, rate = _rates(back[0][first:last].sum(0), old, back[0][last], new)
    steps = new.sum(0)
    there = steps > 0
    mixed = np.where(old.sum(0) > 0, old / np.maximum(old.sum(0), 1), new / np.maximum(steps, 1))
    expected, at_old, seen = (
        float((steps * (mix * each).sum(0))[there].sum() / new.sum())
        for mix, each in ((mixed, usual), (mixed, rate), (new / np.maximum(steps, 1), rate))
    )
    if seen <= expected or seen - at_old < _EXPLAINS * (seen - expected):
        return None
    week = mails[0].sum(2)
    shares = np.where(week.sum(1) > 0, week[:, at] / np.maximum(week.sum(1), 1), np.nan)
    nearer = np.flatnonzero(shares[: last + 1] < (share + was) / 2)
    since = int(nearer[-1]) + 1 if len(nearer) else 0
    return Mix(dimension, value, share, was, at_old, weeks[min(since, last)])


def _table(rows: pd.DataFrame, dimension: str, count: str, weeks: int) -> tuple[Reals, list[str]]:
    """(weeks, values, steps) of a count, and the values."""
    values, steps = sorted(set(rows[dimension])), sorted(set(rows["step"]))
    found = np.zeros((weeks, len(values), len(steps)))
    place = (
        rows["week"].to_numpy(dtype=np.int64),
        rows[dimension].map({value: number for number, value in enumerate(values)}).to_numpy(dtype=np.int64),
        rows["step"].map({value: number for number, value in enumerate(steps)}).to_numpy(dtype=np.int64),
    )
    np.add.at(found, place, rows[count].to_numpy(dtype=float))
    return found, values


def _rates(old_back: Reals, old: Reals, back: Reals, mails: Reals) -> tuple[Reals, Reals]:
    """The rates of the weeks before and of this one, (values, steps): few mails are drawn to those of the value, these
    to all."""
    whole = old_back.sum() / old.sum()
    value = (old_back.sum(1, keepdims=True) + _BELIEVED * whole) / (old.sum(1, keepdims=True) + _BELIEVED)
    usual = (old_back + _BELIEVED * value) / (old + _BELIEVED)
    return usual, (back + _BELIEVED * usual) / (mails + _BELIEVED)
