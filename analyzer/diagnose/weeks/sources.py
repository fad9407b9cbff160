"""List sources that get worse from week to week: each too slowly for an alarm, and hidden among the others.

A weighted regression of the rate on the week (P. Armitage, Biometrics 11, 1955), at weights that know how much weeks of
one source differ anyway, corrected for how many sources were looked at (Benjamini, Hochberg).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from analyzer.diagnose.estimates.rates import rate
from analyzer.diagnose.weeks.alarms import limits
from analyzer.history.counts import RECENT

if TYPE_CHECKING:
    import pandas as pd

    from analyzer.diagnose.arrays import Codes, Reals
    from analyzer.diagnose.diagnosis import Rate
    from analyzer.diagnose.weeks.step_weights import Weights

#: Weeks that a trend needs, and how many of them, the last ones, are held against those before.
_WEEKS, _LATE = 4, 2
#: Fewer bad addresses, or a rate that grew to less than this times what it was, are not worth a sentence.
_FEW, _TIMES = 5, 1.5
#: A source that is no worse than the others are has nothing of its own to tell.
_STANDS_OUT = 1.25


@dataclass(frozen=True, slots=True)
class Decay:
    """Mails to leads of a list source that met bad addresses: `now` those of the last two weeks with enough of them,
    and `before` those of the `weeks` weeks before these, of which `since` is the first."""

    source: str
    now: Rate
    before: Rate
    since: str
    weeks: int
    q_value: float


def decaying(rows: pd.DataFrame, weeks: tuple[str, ...], by_step: Weights) -> tuple[Decay, ...]:
    """The list sources whose bad addresses rise beyond chance, the worst first.

    rows: as `audience` gives them, of `weeks`, the last of which a source must have mails in; by_step: how much more
    the mails of each step bounce.
    """
    if rows.empty:
        return ()
    rows = rows.assign(exposed=rows["sends"] * rows["step"].map(by_step).fillna(1.0))
    named = rows[rows["list_source"] != ""].groupby("list_source", sort=True)
    sources = {str(source): _by_week(part, len(weeks)) for source, part in named}
    told = {source: each for source, mine in sources.items() if len(each := _told(mine)) >= _WEEKS}
    lines = {source: _Line.through(each, *sources[source][1:, each]) for source, each in told.items()}
    phi, whole = _alike(list(lines.values())), _by_week(rows, len(weeks))
    found = [
        (_looked_at(source, sources[source], whole, told[source], weeks), line.chance_of_rising(phi))
        for source, line in lines.items()
    ]
    kept, lowest = [], 1.0
    found.sort(key=lambda each: each[1])
    for rank in range(len(found), 0, -1):
        one, chance = found[rank - 1]
        lowest = min(lowest, chance * len(found) / rank)
        if one is not None and lowest < limits().change_q_value:
            kept.append(replace(one, q_value=round(lowest, 6)))
    return tuple(sorted(kept, key=lambda one: (-(one.now.rate or 0.0), one.source)))


def _by_week(rows: pd.DataFrame, weeks: int) -> Reals:
    """(3, weeks): mails, mails as their steps bounce, and bad addresses."""
    week = rows["week"].to_numpy(dtype=np.int64)
    return np.stack([np.bincount(week, rows[name], weeks) for name in ("sends", "exposed", "address")])


def _told(mine: Reals) -> Codes:
    """The weeks with mail enough: the last and those that it is held against; none where that has too few."""
    told = np.flatnonzero(mine[0] >= limits().min_sends)
    last = mine.shape[1] - 1
    return told[told >= last - RECENT] if len(told) and told[-1] == last else told[:0]


def _looked_at(source: str, mine: Reals, whole: Reals, told: Codes, weeks: tuple[str, ...]) -> Decay | None:
    """What one source shows in the weeks that are `told`; None where nothing is worth a sentence."""
    mails, exposed, bad = mine
    late, early = told[-_LATE:], told[:-_LATE]
    now, before = bad[late].sum() / exposed[late].sum(), bad[early].sum() / exposed[early].sum()
    rest = whole - mine
    others = rest[2, late].sum() / max(rest[1, late].sum(), 1.0)
    if bad[late].sum() < _FEW or now < _TIMES * before or now < _STANDS_OUT * others:
        return None
    return Decay(
        source,
        rate(int(bad[late].sum()), int(mails[late].sum())),
        rate(int(bad[early].sum()), int(mails[early].sum())),
        weeks[int(told[0])],
        len(early),
        1.0,
    )


@dataclass(frozen=True, slots=True)
class _Line:
    """A straight line through the rates of one source: by week its place, mails and bad addresses; the usual rate."""

    week: Codes
    mails: Reals
    bad: Reals
    usual: float

    @classmethod
    def through(cls, week: Codes, mails: Reals, bad: Reals) -> _Line:
        return cls(week, mails, bad, float((bad.sum() + 0.5) / (mails.sum() + 1)))

    def slope(self, phi: float) -> tuple[float, float, Reals]:
        """(slope, its standard error, weeks from their middle), where mails of a week are alike by `phi`."""
        weight = self.mails / (self.usual * (1 - self.usual) * (1 + np.maximum(self.mails - 1, 0) * phi))
        away = self.week - (weight * self.week).sum() / weight.sum()
        room = float((weight * away**2).sum())
        return float((weight * away * self.bad / self.mails).sum()) / room, room**-0.5, away

    def chance_of_rising(self, phi: float) -> float:
        """The chance that it rises so by accident."""
        from scipy.stats import norm

        slope, error, _ = self.slope(phi)
        return float(norm.sf(slope / error))

    def spread(self) -> tuple[float, float]:
        """(how much more than by chance its weeks lie off the line, what mails all alike would add)."""
        slope, _, away = self.slope(limits().phi)
        off = self.bad - self.mails * np.clip(self.usual + slope * away, limits().floor, 0.95)
        free = len(self.week) - 2
        excess = float((off**2 / (self.mails * self.usual * (1 - self.usual))).sum()) - free
        return excess, float(np.maximum(self.mails - 1, 0).mean()) * free


def _alike(lines: list[_Line]) -> float:
    """How alike mails of one week and source are beyond chance: as believed, and as all sources show together."""
    rules = limits()
    spread = np.array([line.spread() for line in lines]).reshape(-1, 2).sum(0)
    weeks = sum(len(line.week) - 2 for line in lines)
    own = float(np.clip(spread[0] / max(spread[1], 1.0), 0.0, 1.0))
    return (rules.weight * rules.phi + weeks * own) / (rules.weight + weeks)
