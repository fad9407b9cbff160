"""Whether a rate has fallen, and how many bounces fewer that makes: what came of a change that was made.

The mirror of an alarm, told and never raised. Each of the last weeks is taken for the one in which the fall began; all
mails since are held against what was usual then, which alarms learnt from calm weeks alone: the end of what raised an
alarm is no improvement. What is told is the week that explains the mails since best.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analyzer.diagnose.diagnosis import Interval, Rate
from analyzer.diagnose.estimates.rates import rate
from analyzer.diagnose.thresholds import thresholds
from analyzer.diagnose.weeks.alarms import limits
from analyzer.history.counts import RECENT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analyzer.diagnose.arrays import Reals
    from analyzer.diagnose.weeks.alarms import Measure, Watched
    from analyzer.history.counts import Counts

#: Fewer bounces than this at the usual rate cannot fall beyond chance.
_FEW = 5
#: Where so many of the weeks before were as good as those since, but for a standard error, nothing is better than it
#: was: a fault that began and ended has raised the mean.
_AS_GOOD = 0.25
#: Two-sided 95 % of a normal law.
_REACH = 1.96


@dataclass(frozen=True, slots=True)
class Improvement:
    """Since the week `since` `now` of all mails bounced, where `usual` (a fraction of 1, at the steps of these mails)
    was so before: `fewer` bounces than that rate would have made, with its 95 % interval.
    """

    measure: Measure
    since: str
    now: Rate
    usual: float
    fewer: Interval


def improvement(
    counts: Counts,
    measure: Measure,
    sends: NDArray[np.int64],
    exposed: Reals,
    back: NDArray[np.int64],
    seen: Watched,
) -> Improvement | None:
    """The fall of the rate of all mail that the last weeks show beyond chance; None where there is none.

    sends, exposed, back: by week, mails as they are and as their steps bounce, and bounces; seen: the weeks as alarms
    went through them (one series). Nothing is told of what only lacks bounces: where none of the last week was taken
    in, or nobody can read too many of those since.
    """
    last, rules = len(sends) - 1, limits()
    usual, phi, worth = seen.usual[0], seen.phi[0], seen.worth[0]
    mails, count = _since(exposed), _since(back)
    spread = usual * (1 - usual)
    doubt = spread * mails**2 / np.maximum(worth, 1.0)
    chance = mails + phi * _since(exposed * np.maximum(exposed - 1, 0))
    fell = (usual * mails - count) / np.sqrt(np.maximum(spread * chance + doubt, 1e-9))
    fell[np.isnan(fell) | (sends == 0)] = 0.0
    start = int(np.argmax(fell))
    expected = float(usual[start] * mails[start])
    if fell[start] < rules.fall_proof or last - start >= RECENT or _unheard(counts, start, last):
        return None
    if expected < _FEW or count[start] > rules.fall_ratio * expected:
        return None
    before, same = sends[:start] >= rules.min_sends, exposed[:start] * count[start] / mails[start]
    if (back[:start] <= same + np.sqrt(same))[before].mean() >= _AS_GOOD:
        return None
    now = (float(count[start]) + 0.5) / (float(mails[start]) + 1)
    reach = _REACH * float(np.sqrt(now * (1 - now) * chance[start] + doubt[start]))
    fewer = expected - float(count[start])
    of = int(_since(sends)[start])
    return Improvement(
        measure,
        counts.weeks.labels[start],
        rate(int(count[start]), of),
        expected / of,
        Interval(round(fewer, 2), round(fewer - reach, 2), round(min(fewer + reach, expected), 2)),
    )


def _since(of_week: NDArray[np.int64] | Reals) -> Reals:
    """What each week and those behind it have together."""
    return np.asarray(of_week[::-1].cumsum()[::-1], dtype=np.float64)


def _unheard(counts: Counts, start: int, last: int) -> bool:
    """Whether bounces of the weeks since `start` are perhaps only not known of, or not what they are for."""
    week = counts.bounced["week"].to_numpy(dtype=np.int64)
    unread = (counts.bounced["label"] == "unknown").to_numpy(dtype=np.bool_)
    since = week >= start
    if not (week == last).any():
        return True
    return bool((unread & since).sum() >= thresholds().evidence.unread_share * since.sum())
