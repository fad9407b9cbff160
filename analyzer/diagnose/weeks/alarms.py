"""Weekly alarms: has the rate of a series risen, beyond what its weeks differ by anyway?

A CUSUM of log likelihood ratios (E. S. Page, Biometrika 41, 1954) of a doubled rate against the usual one. Each week's
ratio is divided by how much wider than binomial its rate varies: bounces of a week belong together (one list, one
domain), and the usual rate is itself an estimate. All series go through the weeks side by side, as rows of arrays.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from analyzer.diagnose.arrays import Flags, Reals
from analyzer.errors import RuleError
from analyzer.knowledge import data_folder, load_toml

State: TypeAlias = Literal["learning", "quiet", "watch", "alarm", "recovering", "too_little"]
#: In the order of their codes.
STATES: tuple[State, ...] = ("too_little", "learning", "quiet", "watch", "recovering", "alarm")
_TOO_LITTLE, _LEARNING, _QUIET, _WATCH, _RECOVERING, _ALARM = range(6)
Measure: TypeAlias = Literal["hard", "spam"]
MEASURES: tuple[Measure, ...] = ("hard", "spam")


@dataclass(frozen=True, slots=True)
class Limits:
    """`rules/alarms.toml`, the tables `watch` and `overdispersion`."""

    weeks: int
    learning_weeks: int
    min_sends: int
    ratio: float
    alarm: float
    watch: float
    cap: float
    recovery_weeks: int
    q_value: float
    change_q_value: float
    fall_proof: float
    fall_ratio: float
    floor: float
    line_level: float
    phi: float
    weight: float
    clip: float


@dataclass(frozen=True, slots=True)
class Belief:
    """What is believed of a measure before any mail was sent, worth `strength` mails; `line` is None for none."""

    prior: float
    strength: float
    line: float | None = None


@cache
def limits() -> Limits:
    """The shipped limits; a `RuleError` where the file lacks one."""
    path = data_folder("rules") / "alarms.toml"
    table = load_toml(path)
    numbers: dict[str, Any] = {**table.get("watch", {}), **table.get("overdispersion", {})}
    try:
        return Limits(**numbers)
    except TypeError as error:
        raise RuleError(str(path), f"does not have the fields of the alarms: {error}", "mend the file") from None


@cache
def belief(measure: Measure) -> Belief:
    """What the file believes of `hard` or `spam`."""
    path = data_folder("rules") / "alarms.toml"
    try:
        return Belief(**load_toml(path)["measure"][measure])
    except (KeyError, TypeError) as error:
        raise RuleError(str(path), f"has no whole measure {measure}: {error}", "mend the file") from None


@dataclass(frozen=True, slots=True)
class Watched:
    """Arrays of (series, weeks): what each week meant, from what was known when it ended.

    `state` holds codes of STATES; `score` is the CUSUM's; `usual` the rate it was held against and `deff` how much
    wider than binomial that week's rate varies (both nan while learning); `since` the column in which the rise that is
    under way began, -1 for none. `phi` is the correlation within a week, and `worth` the mails that the usual rate is
    worth, both as they were known when the week began.
    """

    state: NDArray[np.int8]
    score: Reals
    usual: Reals
    deff: Reals
    since: NDArray[np.int16]
    phi: Reals
    worth: Reals


def watch(sends: NDArray[Any], bounces: NDArray[Any], prior: Reals, strength: float, rules: Limits) -> Watched:
    """Follow every series through its weeks.

    sends, bounces: (series, weeks), mails as they are or weighed (`step_weights`), and counts.
    prior: the rate that each series is believed to have, worth `strength`
    mails. A week only knows the weeks before it.
    """
    size, weeks = sends.shape
    seen = _Seen(size, weeks)
    out = Watched(
        np.full((size, weeks), _TOO_LITTLE, np.int8),
        np.zeros((size, weeks)),
        np.full((size, weeks), np.nan),
        np.full((size, weeks), np.nan),
        np.full((size, weeks), -1, np.int16),
        np.zeros((size, weeks)),
        np.zeros((size, weeks)),
    )
    held = _Held(size)
    carried = np.zeros((2, size))
    for week in range(weeks):
        mails, back = carried[0] + sends[:, week], carried[1] + bounces[:, week]
        enough = mails >= rules.min_sends
        carried = np.where(enough, 0.0, np.stack([mails, back]))
        learnt = seen.periods >= rules.learning_weeks
        usual, phi, size_of_past = seen.baseline(prior, strength, rules)
        deff = 1 + np.maximum(mails - 1, 0) * phi + mails / size_of_past
        step = _ratio(mails, back, usual, rules.ratio) / deff
        judged = enough & learnt
        likely = mails * usual + _LIKELY * np.sqrt(mails * usual * (1 - usual) * deff)
        held.take(step, judged, week, rules, mails, back, back <= likely)
        calm = enough & (held.phase == _QUIET)
        seen.add(np.where(calm, mails, 0.0), np.where(calm, back, 0.0), week, calm)
        out.state[:, week] = np.select(
            [held.phase != _QUIET, ~enough, ~learnt, held.score >= rules.watch],
            [held.phase, _TOO_LITTLE, _LEARNING, _WATCH],
            _QUIET,
        )
        out.score[:, week] = held.score
        out.usual[:, week] = np.where(learnt, usual, np.nan)
        out.deff[:, week] = np.where(learnt, 1 + np.maximum(mails - 1, 0) * phi, np.nan)
        out.since[:, week] = np.where(held.score > _TELLING, held.began, -1)
        out.phi[:, week], out.worth[:, week] = phi, size_of_past
    return out


#: A rise began in the week from which on the score was above this: what is below moves up and down by chance.
_TELLING = 0.5
#: So many standard deviations above what is usual a week is still like others: the alarm band.
_LIKELY = 3.0
#: An alarm's rate that has fallen to less than this part of itself is another.
_FELL = 0.5


class _Held:
    """The CUSUM of each series: `phase` is quiet, recovering or alarm; `mails` and `back` are those of the alarm."""

    def __init__(self, size: int) -> None:
        self.score = np.zeros(size)
        self.phase = np.full(size, _QUIET, np.int8)
        self.good = np.zeros(size, np.int16)
        self.began = np.full(size, -1, np.int16)
        self.mails = np.zeros(size)
        self.back = np.zeros(size)

    def take(
        self, step: Reals, judged: Flags, week: int, rules: Limits, mails: Reals, back: Reals, likely: Flags
    ) -> None:
        """Add one week's ratio where there is one, and see what it makes of each series.

        mails, back: of the week; likely: whether it may well be as usual.
        """
        score = np.clip(self.score + np.where(judged, step, 0.0), 0.0, rules.cap * rules.alarm)
        self.began = np.where((self.score <= _TELLING) & (score > _TELLING), week, self.began).astype(np.int16)
        raised = judged & (self.phase == _QUIET) & (score >= rules.alarm)
        under_way = judged & (self.phase != _QUIET)
        # The sum is still full of a fault that has ended: a week that is like the usual ones and not like that is good.
        fell = likely & (back * self.mails < _FELL * self.back * mails)
        good = (step < 0) | fell
        self.good = np.where(under_way, np.where(good, self.good + 1, 0), self.good).astype(np.int16)
        over = under_way & ((self.good >= rules.recovery_weeks) | (score <= 0))
        still = raised | (under_way & ~over & ~good)
        self.mails = np.where(still, self.mails + mails, np.where(over, 0.0, self.mails))
        self.back = np.where(still, self.back + back, np.where(over, 0.0, self.back))
        phase = np.where(under_way & ~over, np.where(self.good > 0, _RECOVERING, _ALARM), self.phase)
        self.phase = np.where(raised, _ALARM, np.where(over, _QUIET, phase)).astype(np.int8)
        self.good = np.where(raised | over, 0, self.good).astype(np.int16)
        self.score = np.where(over, 0.0, score)


class _Seen:
    """The weeks that taught what is usual: those with enough mail and without an alarm."""

    def __init__(self, size: int, weeks: int) -> None:
        self.mails = np.zeros((size, weeks))
        self.back = np.zeros((size, weeks))
        self.periods = np.zeros(size, np.int16)
        self.width = 0

    def add(self, mails: Reals, back: Reals, week: int, which: Flags) -> None:
        self.mails[:, week], self.back[:, week] = mails, back
        self.periods += which
        self.width = week + 1

    def baseline(self, prior: Reals, strength: float, rules: Limits) -> tuple[Reals, Reals, Reals]:
        """(usual rate, correlation within a week, mails that the usual rate is worth), one each for every series."""
        mails, back = self.mails[:, : self.width], self.back[:, : self.width]
        taken = mails > 0
        rate = self._pooled(mails, back, prior, strength, rules)
        # Up to a point: one bad week must not become what is usual.
        spread = 1 + np.maximum(mails - 1, 0) * rules.phi
        most = mails * rate[:, None] + rules.clip * np.sqrt(mails * (rate * (1 - rate))[:, None] * spread)
        back = np.minimum(back, most)
        rate = self._pooled(mails, back, prior, strength, rules)
        variance = np.where(taken, mails * (rate * (1 - rate))[:, None], 1.0)
        excess = np.where(taken, (back - mails * rate[:, None]) ** 2 / variance, 0.0).sum(1) - (self.periods - 1)
        room = np.where(taken, mails - 1, 0.0).sum(1)
        own = np.clip(excess / np.maximum(room, 1.0), 0.0, 1.0)
        weight = np.maximum(self.periods - 1, 0)
        phi = (rules.weight * rules.phi + weight * own) / (rules.weight + weight)
        total = mails.sum(1)
        wide = np.where(taken, mails * (1 + np.maximum(mails - 1, 0) * phi[:, None]), 0.0).sum(1)
        return rate, phi, strength + np.where(total > 0, total**2 / np.maximum(wide, 1.0), 0.0)

    @staticmethod
    def _pooled(mails: Reals, back: Reals, prior: Reals, strength: float, rules: Limits) -> Reals:
        rate = (back.sum(1) + strength * prior) / (mails.sum(1) + strength)
        return cast("Reals", np.clip(rate, rules.floor, 0.45))


def _ratio(mails: Reals, back: Reals, usual: Reals, ratio: float) -> Reals:
    """Log likelihood ratio of a rate `ratio` times the usual one."""
    raised = np.minimum(usual * ratio, 0.95)
    up, down = np.log(raised / usual), np.log((1 - raised) / (1 - usual))
    return np.asarray(back * up + np.maximum(mails - back, 0.0) * down)


def proven_above(bounces: NDArray[Any], sends: NDArray[Any], deff: Reals, line: float, level: float) -> Flags:
    """Whether a rate is above a line beyond doubt: the lower end of Jeffreys' interval at the effective size.

    (L. D. Brown, T. T. Cai, A. DasGupta, Statistical Science 16, 2001.)
    """
    from scipy.stats import beta

    size = np.maximum(np.asarray(sends, float), 1.0) / deff
    hit = np.asarray(bounces, float) / deff
    low = beta.ppf((1 - level) / 2, hit + 0.5, size - hit + 0.5)
    return np.asarray((np.asarray(bounces) > 0) & (low > line))


def run_up_to_last(above: Flags, enough: Flags) -> int:
    """The first of the weeks in a row that were above a line and lead up to the last one; -1 where that was not.

    Weeks with too little mail to tell stand between none.
    """
    told = np.flatnonzero(enough)
    if not len(above) or not len(told) or not above[told[-1]]:
        return -1
    below = np.flatnonzero(~above[told])
    return int(told[below[-1] + 1 if len(below) else 0])


def gate(score: Reals, looked_at: Flags) -> Reals:
    """The q-value of each series' score among those looked at, 1 for the others (Benjamini and Hochberg, 1995).

    In steady state a CUSUM of log likelihood ratios exceeds s with a probability of about exp(-s).
    """
    q = np.ones(len(score))
    order = np.flatnonzero(looked_at)
    if not len(order):
        return q
    order = order[np.argsort(-score[order], kind="stable")]
    chance = np.exp(-score[order]) * len(order) / np.arange(1, len(order) + 1)
    q[order] = np.minimum(np.minimum.accumulate(chance[::-1])[::-1], 1.0)
    return q
