"""What is new, worse or fixed in a week: reasons, sender domains that are refused for a fault, companies that block.

A count of the week is held against the weeks before it, as long as those teach (eight at most). Weeks differ beyond
chance, so the tail is the beta-binomial one, wider by what those weeks leave open of the usual rate. All that was
looked at counts in the correction for many comparisons, dimension by dimension (Benjamini, Hochberg). A fault of ours
that replies prove and that goes on is held against the weeks before it began: it is never what is usual.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from analyzer.diagnose.diagnosis import Rate
from analyzer.diagnose.estimates.rates import rate
from analyzer.diagnose.refused.named import NAMED
from analyzer.diagnose.weeks.alarms import limits
from analyzer.diagnose.weeks.step_weights import exposure
from analyzer.history.counts import RECENT

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from analyzer.diagnose.arrays import Reals
    from analyzer.diagnose.weeks.alarms import Measure
    from analyzer.diagnose.weeks.step_weights import Weights
    from analyzer.history.counts import Counts

Kind: TypeAlias = Literal["new", "worse", "fixed"]
#: Fewer bounces than this are no change.
_FEW = 5
#: A rate that did not at least double, or halve, is not worth a sentence.
_TIMES = 2.0
#: Weeks of earlier mail that "new" needs, and in how many of the last four something that is gone was there.
_KNOWN_WEEKS, _PRESENT, _OF_LAST = 2, 3, 4
#: A reason that one sender domain brings by this share is that domain's.
_ONE_DOMAIN = 0.8
#: Reasons that prove a fault of ours: where there were none before, several companies' word needs no test.
_PROOF = frozenset(NAMED) - {"complaint"}
#: Faults of ours: who sent the mail matters.
_OURS = ("sender", "content", "complaint")


@dataclass(frozen=True, slots=True)
class Place:
    """`count` of the `of` mails that came back have a value, as have `share` of all mails of the week.

    share: None for providers, who are mostly known from bounces.
    """

    dimension: str
    value: str
    count: int
    of: int
    share: float | None


@dataclass(frozen=True, slots=True)
class Change:
    """One change: `dimension` is "total", "sender_domain" or "recipient_domain"; `reason` "" for refusals of any kind.

    `since` is the day (UTC) of the first such mail after the last week without one, "" for what is fixed; `before` are
    the weeks before together, `last_week` the last of them. place: where most of these mails are, where that was seen.
    """

    kind: Kind
    dimension: str
    value: str
    reason: str
    since: str
    now: Rate
    before: Rate
    last_week: Rate
    q_value: float
    place: Place | None = None


def changes(
    counts: Counts, weights: Mapping[Measure, Weights], *, q_value: float, risen: Collection[Measure] = ()
) -> list[Change]:
    """The changes of the last week, new ones first, the largest first among them.

    risen: measures of which all mail is in alarm: what of them changed is asked as of any part of that.
    """
    rows, sent = counts.bounced, _Sent.of(counts)
    limit: dict[str, float] = {measure: limits().q_value for measure in risen}
    found: dict[str, list[_Looked]] = {"total": [], "sender_domain": [], "recipient_domain": []}
    for cause, part in rows.groupby("reason", sort=True):
        found["total"].append(_compared(sent, weights, "total", "", str(cause), part))
    ours = rows[rows["fault"].isin(_OURS)]
    for (domain, reason), part in ours.groupby(["sender_domain", "reason"], sort=True):
        if domain:
            looked = _compared(sent, weights, "sender_domain", str(domain), str(reason), part)
            found["sender_domain"].append(looked)
    # Who names a fault of ours refuses that, and would take our mail without it.
    refused = rows[(rows["label"] == "spam") & ~rows["reason"].isin(NAMED)]
    known = set(counts.sends["recipient_domain"]["value"])
    for domain, part in refused[refused["recipient_domain"].isin(known)].groupby("recipient_domain", sort=True):
        found["recipient_domain"].append(_compared(sent, weights, "recipient_domain", str(domain), "", part))
    label = {"": "spam", **rows.drop_duplicates("reason").set_index("reason")["label"].astype("str")}
    adjusted = [one for looked in found.values() for one in _adjusted(looked)]
    return _told_once([one for one in adjusted if one.q_value < limit.get(label[one.reason], q_value)])


def _adjusted(looked: list[_Looked]) -> list[Change]:
    """The changes among what was looked at, with their q-values."""
    kept, lowest = [], 1.0
    looked = sorted(looked, key=lambda each: each[1])
    for rank in range(len(looked), 0, -1):
        change, chance = looked[rank - 1]
        lowest = min(lowest, chance * len(looked) / rank)
        if change is not None:
            kept.append(replace(change, q_value=round(lowest, 6)))
    return kept


#: What one group shows, if anything, and the chance of that by accident.
_Looked: TypeAlias = tuple[Change | None, float]


@dataclass(frozen=True, slots=True)
class _Sent:
    """The mails of so many `weeks`, by dimension and value: a team may send from a thousand domains."""

    weeks: int
    mails: Mapping[str, Mapping[str, pd.DataFrame]]

    @classmethod
    def of(cls, counts: Counts) -> _Sent:
        names = {"total": "", "sender_domain": "sender_domain", "recipient_domain": "recipient_domain"}
        frames = {name: counts.sends[where].groupby("value", sort=False) for name, where in names.items()}
        return cls(
            len(counts.weeks.labels),
            {name: {str(value): part for value, part in parts} for name, parts in frames.items()},
        )


def _compared(
    sent: _Sent, weights: Mapping[Measure, Weights], dimension: str, value: str, reason: str, part: pd.DataFrame
) -> _Looked:
    """The change that one group shows, with its chance by accident; None at 1 where nothing is worth a sentence."""
    nothing: _Looked = None, 1.0
    weeks, frame = sent.weeks, sent.mails[dimension].get(value)
    if frame is None:
        return nothing
    last, first = weeks - 1, max(0, weeks - 1 - RECENT)
    sends = exposure(frame, [value], weeks, {})[0]
    label = str(part["label"].iloc[0])
    by_step = next((found for measure, found in weights.items() if measure == label), {})
    exposed = exposure(frame, [value], weeks, by_step)[0]
    back = np.bincount(part["week"].to_numpy(dtype=np.int64), minlength=weeks)
    now, mails = int(back[last]), int(sends[last])
    past, earlier = int(back[first:last].sum()), int(sends[first:last].sum())
    if not mails or not earlier:
        return nothing
    series = _Weeks(sends, exposed, back)
    before = np.arange(first, last)
    usual = series.usual(before)
    expected = usual * float(exposed[last])
    doubt = series.doubt(before)
    rates = (
        rate(now, mails),
        rate(min(past, earlier), earlier),
        rate(min(int(back[last - 1]), int(sends[last - 1])), int(sends[last - 1])),
    )
    if reason in _PROOF and (lasts := _lasting(series, first)) is not None:
        start, chance = lasts
        return Change("worse", dimension, value, reason, _since(part, back, last, start), *rates, 1.0), chance
    if now >= _FEW and now >= _TIMES * (expected if past else 0):
        if not past and int((sends[first:last] > 0).sum()) < _KNOWN_WEEKS:
            return nothing
        kind: Kind = "worse" if past else "new"
        proven = not past and reason in _PROOF and part.loc[part["week"] == last, "recipient_domain"].nunique() > 1
        chance = 0.0 if proven else _tail(now, mails, expected / mails, doubt)
        return Change(kind, dimension, value, reason, _since(part, back, last), *rates, 1.0), chance
    chance = series.fewer(last)
    if chance < 1 and series.fewer(last - 1) >= limits().change_q_value:
        # What is gone is good news once: the week before did not have it yet.
        return Change("fixed", dimension, value, reason, "", *rates, 1.0), chance
    return nothing


@dataclass(frozen=True, slots=True)
class _Weeks:
    """Of each week the mails, the mails as their steps bounce, and the bounces of one group."""

    sends: Reals
    exposed: Reals
    back: NDArray[np.int64]

    def usual(self, of: NDArray[np.int64]) -> float:
        """The rate of some weeks together, at the usual mix of sequence steps."""
        return (int(self.back[of].sum()) + 0.5) / (float(self.exposed[of].sum()) + 1)

    def doubt(self, of: NDArray[np.int64]) -> float:
        """How far a week may differ from that rate: it is known from so many mails, whose weeks differed as well."""
        phi, mails, weeks = limits().phi, int(self.sends[of].sum()), int((self.sends[of] > 0).sum())
        return phi + (1 + (mails / weeks - 1) * phi) / mails if self.back[of].any() else phi

    def chance(self, week: int, of: NDArray[np.int64]) -> float:
        """The chance of so many bounces as a week has, at the rate of other weeks; 1 where they are no change."""
        now, mails, usual = int(self.back[week]), int(self.sends[week]), self.usual(of)
        expected = usual * float(self.exposed[week])
        if now < _FEW or now < _TIMES * expected:
            return 1.0
        return _tail(now, mails, expected / mails, self.doubt(of))

    def fewer(self, week: int) -> float:
        """The chance of so few bounces as a week has, at the rate of those before it; 1 where they are no change."""
        of = np.arange(max(0, week - RECENT), week)
        mails = int(self.sends[week]) if week > 0 else 0
        if not mails or not self.sends[of].any():
            return 1.0
        now, expected = int(self.back[week]), self.usual(of) * float(self.exposed[week])
        if expected < _FEW or now > expected / _TIMES:
            return 1.0
        chance = _tail(now, mails, expected / mails, self.doubt(of), low=True)
        present = int((self.back[max(0, week - _OF_LAST) : week] > 0).sum())
        if now == 0 and present >= _PRESENT:
            # Every week had it, and now none: that a week goes without it is rarer than one clustered count tells.
            chance = min(chance, float(np.exp(-expected)))
        return chance


def _lasting(weeks: _Weeks, first: int) -> tuple[int, float] | None:
    """(the week in which what goes on began, the chance of the last week's bounces without it); None for nothing.

    Only weeks that did not stand out from those before them teach what is usual, as alarms learn from calm weeks alone.
    """
    last, calm, began = len(weeks.back) - 1, list[int](), -1
    for week in range(first, last):
        if not weeks.sends[week]:
            continue
        if len(calm) >= _KNOWN_WEEKS and weeks.chance(week, np.array(calm)) < limits().change_q_value:
            began = week if began < 0 else began
        else:
            calm, began = [*calm, week], -1
    chance = weeks.chance(last, np.array(calm)) if began >= 0 else 1.0
    return (began, chance) if chance < limits().change_q_value else None


def _since(part: pd.DataFrame, back: np.ndarray[tuple[int], np.dtype[np.int64]], last: int, start: int = 0) -> str:
    """The first day of the run of weeks that have it, from the week `start` on."""
    empty = np.flatnonzero(back[:last] == 0)
    start = max(start, int(empty[-1]) + 1 if len(empty) else 0)
    days = part.loc[part["week"] >= start, "day"]
    return str(days.astype("str").min()) if len(days) else ""


def _tail(count: int, mails: int, usual: float, phi: float, *, low: bool = False) -> float:
    """The chance of so many (or, `low`, so few) bounces at the usual rate, with weeks correlated by `phi` within."""
    from scipy.stats import betabinom

    size, usual = 1 / phi - 1, min(usual, 0.99)
    law = betabinom(mails, usual * size, (1 - usual) * size)
    return float(law.cdf(count) if low else law.sf(count - 1))


def _told_once(found: list[Change]) -> list[Change]:
    """Without what another change says more exactly: a reason that one sender domain brings is that domain's."""
    kept = []
    for one in found:
        if one.dimension == "total":
            parts = [other for other in found if other.dimension == "sender_domain" and other.reason == one.reason]
            most = max((other.now.count if one.kind != "fixed" else other.before.count for other in parts), default=0)
            if most >= _ONE_DOMAIN * (one.now.count if one.kind != "fixed" else one.before.count):
                continue
        kept.append(one)
    rank = {"new": 0, "worse": 1, "fixed": 2}
    return sorted(
        kept, key=lambda one: (rank[one.kind], -max(one.now.count, one.before.count), one.dimension, one.value)
    )
