"""One week against the weeks before it: rates, alarms by series, and what is new, worse or fixed.

The unit is the mail sent: a week's mails are what its bounces answer. Weeks are compared as if all had the same mix of
sequence steps (`step_weights`). The shape is that of `weekly.json`; rates are fractions of 1, intervals are at 95 % and
know which mails went to one company (`rates`), but in `changes`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import numpy as np
import pandas as pd

from analyzer.diagnose.diagnosis import Rate
from analyzer.diagnose.estimates.rates import rate
from analyzer.diagnose.thresholds import thresholds
from analyzer.diagnose.weeks.alarms import (
    MEASURES,
    STATES,
    Measure,
    State,
    Watched,
    belief,
    gate,
    limits,
    proven_above,
    run_up_to_last,
    watch,
)
from analyzer.diagnose.weeks.changes import Change, Place, changes
from analyzer.diagnose.weeks.improvements import Improvement, improvement
from analyzer.diagnose.weeks.mix import Mix, mix_behind
from analyzer.diagnose.weeks.rates import BEFORE, Lying
from analyzer.diagnose.weeks.sources import Decay, decaying
from analyzer.diagnose.weeks.step_weights import Weights, exposure, step_weights
from analyzer.history.counts import RECENT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from analyzer.diagnose.arrays import Flags
    from analyzer.diagnose.weeks.leads import NewLeads
    from analyzer.history.counts import Counts

SCHEMA_VERSION = "1.0"
#: What is followed beside all mail together.
DIMENSIONS: tuple[str, ...] = ("sender", "sender_domain", "provider", "campaign")
#: Series of one dimension that are followed, those with most mail in the week.
_FOLLOWED = 500
#: Who runs the receiving side is mostly learnt from bounces: where it is known for fewer mails, providers' rates are
#: too high to be held against a line.
_KNOWN_ENOUGH = 0.9
FigureName: TypeAlias = Literal["hard", "address", "spam", "unknown"]
FIGURES: tuple[FigureName, ...] = ("hard", "address", "spam", "unknown")
#: What an alarm counts: of hard bounces those for bad addresses, for a receiver that fails says nothing of the data.
_COUNTED: Final[dict[Measure, FigureName]] = {"hard": "address", "spam": "spam"}
Why: TypeAlias = Literal["rise", "line", ""]
#: A part of the mail stands out where its rate is so many times as high, and surely above the others'.
_STANDS_OUT = 1.25
#: A provider does where so much of the week's is at it, for its mails are known from bounces mostly.
_NEARLY_ALL = 0.8
#: From this share of the week's bounces on, those that nothing is known of are what there is to tell.
_MOSTLY = 0.5


@dataclass(frozen=True, slots=True)
class Figure:
    """One rate of the week, and of the weeks before it (at most eight)."""

    name: FigureName
    now: Rate
    before: Rate


@dataclass(frozen=True, slots=True)
class WeekRow:
    """A week of all mail: counts, the two rates, and the alarm band round the usual rate (None while learning)."""

    week: str
    sends: int
    hard: Rate
    spam: Rate
    hard_state: State
    spam_state: State
    hard_band: tuple[float, float] | None
    spam_band: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Series:
    """One series in the week: `dimension` is "total" for all mail; of hard bounces those for bad addresses.

    `usual` is the rate that the week was held against (None while learning), `score` the CUSUM's, which alarms at
    `alarm_at`; `since` the week in which a rise that is under way began ("" for none); `before` the state a week
    earlier. `why` is what an alarm is raised for: a rise, or a rate proven above the line; for bad addresses of all
    mail that is the tolerance, and the rate that of the leads (`Week.leads`). place: where most refusals are, of all.
    above_since: of the weeks in a row, up to this one, that are proven above the line the first; "" for none. mix: the
    other leads that a higher rate of all mail came of.
    """

    dimension: str
    value: str
    measure: Measure
    state: State
    before: State
    why: Why
    since: str
    now: Rate
    usual: float | None
    score: float
    alarm_at: float
    q_value: float
    place: Place | None = None
    above_since: str = ""
    mix: Mix | None = None


@dataclass(frozen=True, slots=True)
class ReasonRow:
    """Mails that came back for a reason, in the week and in the weeks before it."""

    reason: str
    label: str
    fault: str
    now: Rate
    before: Rate


@dataclass(frozen=True, slots=True)
class Week:
    """Everything that is counted for one week; `starts` and `ends` are days of the zone, the last day included."""

    week: str
    starts: str
    ends: str
    timezone: str
    sends: int
    weeks_before: int
    last_bounce: str
    figures: list[Figure]
    trend: list[WeekRow]
    series: list[Series]
    reasons: list[ReasonRow]
    changes: list[Change]
    #: What the leads first written to tell; None where there are none.
    leads: NewLeads | None = None
    #: What has fallen beyond chance in the last weeks, of all mail.
    improvements: tuple[Improvement, ...] = ()
    #: List sources that get worse from week to week.
    decaying_sources: tuple[Decay, ...] = ()

    @property
    def mostly_unread(self) -> bool:
        """Whether nothing is known of most of the week's bounces but that they are."""
        count = {one.name: one.now.count for one in self.figures}
        return 0 < count["unknown"] >= _MOSTLY * (count["hard"] + count["spam"] + count["unknown"])

    @property
    def alarms(self) -> list[Series]:
        """The series in alarm, all mail first."""
        return [one for one in self.series if one.state == "alarm"]


def week_of_counts(
    counts: Counts,
    *,
    starts: str,
    ends: str,
    timezone: str,
    tolerance: float,
    leads: NewLeads | None = None,
    whom: pd.DataFrame | None = None,
) -> Week:
    """The last week of `counts` against those before it.

    tolerance: the share of leads with a bad address that is accepted; leads: what those first written to in it tell;
    whom: the mails of the last weeks by what is known of their leads (`audience`).
    """
    counts = replace(counts, bounced=_encoded(counts.bounced))
    weights: dict[Measure, Weights] = {measure: step_weights(counts, measure) for measure in MEASURES}
    total = _matrix(counts, "", weights)
    last = len(counts.weeks.labels) - 1
    recent = slice(max(0, last - RECENT), last)
    lies = {
        name: Lying(one, counts.bounced["recipient_domain"].cat.categories) for name, one in counts.companies.items()
    }
    whole = {name: _by_week(counts, total, lies[""], name) for name in FIGURES}
    whole = {name: _up_to_unread(counts, total, lies[""], name, whole) for name in FIGURES}
    figures = [Figure(name, rates[last], rates[BEFORE]) for name, rates in whole.items()]
    series, watched = _series(counts, total, weights, tolerance, lies, whole)
    if leads is not None and leads.above:
        week, bad = counts.weeks.labels[-1], ("total", "hard")
        series = [
            _above(one, leads.above_since or week, week) if (one.dimension, one.measure) == bad else one
            for one in series
        ]
    labels, decaying_sources = counts.weeks.labels, tuple[Decay, ...]()
    if whom is not None:
        rates = {measure: whole[_COUNTED[measure]] for measure in MEASURES}
        mixes = {name: mix_behind(name, whom, labels, one[last], one[BEFORE]) for name, one in rates.items()}
        series = [replace(one, mix=mixes[one.measure]) if one.dimension == "total" else one for one in series]
        decaying_sources = decaying(whom, labels, weights["hard"])
    first = int(np.argmax(total.sends[0] > 0))
    risen = [one.measure for one in series if one.dimension == "total" and one.state == "alarm"]
    return Week(
        week=counts.weeks.labels[-1],
        starts=starts,
        ends=ends,
        timezone=timezone,
        sends=int(total.sends[0, last]),
        weeks_before=int((total.sends[0, :last] > 0).sum()),
        last_bounce=counts.last_bounce,
        figures=figures,
        trend=_trend(counts, total, watched, whole)[first:],
        series=series,
        reasons=_reasons(counts, total, recent, lies[""]),
        changes=changes(counts, weights, q_value=limits().change_q_value, risen=risen),
        leads=leads,
        improvements=tuple(_improvements(counts, total, watched)),
        decaying_sources=decaying_sources,
    )


def _improvements(counts: Counts, total: _Matrix, watched: dict[Measure, Watched]) -> Iterator[Improvement]:
    """What has fallen, of all mail."""
    for measure in MEASURES:
        back = _bounced(counts, "", total.values, _COUNTED[measure])[0]
        found = improvement(counts, measure, total.sends[0], total.exposed[measure][0], back, watched[measure])
        if found is not None:
            yield found


def _encoded(rows: pd.DataFrame) -> pd.DataFrame:
    """Texts that repeat as categories in the order of their texts: they are compared and grouped many times over."""
    return rows.assign(
        **{name: pd.Categorical(rows[name], sorted(rows[name].unique())) for name in rows.columns if name != "week"}
    )


@dataclass(frozen=True, slots=True)
class _Matrix:
    """Mails by value and week; `exposed` are the same, weighed by how their steps bounce, for each measure."""

    values: list[str]
    sends: NDArray[Any]
    exposed: dict[Measure, NDArray[Any]]


def _matrix(counts: Counts, dimension: str, weights: dict[Measure, Weights]) -> _Matrix:
    """The values with mail in the last week, those with most first; all mail is one value, whatever the week had."""
    frame = counts.sends[dimension]
    weeks = len(counts.weeks.labels)
    table = frame.pivot_table(index="value", columns="week", values="sends", aggfunc="sum", fill_value=0)
    table = table.reindex(columns=range(weeks), fill_value=0)
    if dimension:
        table = table[table[weeks - 1] > 0]
        # By volume, then by name: which are followed must not depend on the order of files.
        table = table.sort_index()
        table = table.iloc[np.argsort(-table[weeks - 1].to_numpy(), kind="stable")[:_FOLLOWED]]
    elif table.empty:
        table = pd.DataFrame(0, index=[""], columns=range(weeks))
    values = [str(value) for value in table.index]
    exposed = {measure: exposure(frame, values, weeks, weights[measure]) for measure in MEASURES}
    return _Matrix(values, table.to_numpy(dtype=np.int64), exposed)


def _bounced(counts: Counts, dimension: str, values: list[str], name: str) -> NDArray[Any]:
    """Bounces by value and week: `hard`, `spam` and `unknown` are labels, `address` is a fault."""
    rows = _told(counts, name)
    place = pd.Index(values).get_indexer(pd.Index(rows[dimension])) if dimension else np.zeros(len(rows), np.int64)
    found = np.zeros((len(values), len(counts.weeks.labels)), np.int64)
    week = rows["week"].to_numpy(dtype=np.int64)
    np.add.at(found, (place[place >= 0], week[place >= 0]), 1)
    return found


def _told(counts: Counts, name: str) -> pd.DataFrame:
    """The bounces of a label, or for `address` of that fault."""
    return counts.bounced[counts.bounced["fault" if name == "address" else "label"] == name]


def _by_week(counts: Counts, total: _Matrix, lies: Lying, name: str) -> list[Rate]:
    """The rate of all mail in each week, and in the weeks before the last (BEFORE)."""
    return _rates_by_week(counts, total, lies, name, _told(counts, name))


def _up_to_unread(
    counts: Counts, total: _Matrix, lies: Lying, name: FigureName, known: dict[FigureName, list[Rate]]
) -> list[Rate]:
    """The same rates, up to what every bounce of unknown cause would make of them where these are more than a few."""
    if name == "unknown":
        return known[name]
    rows = counts.bounced
    chosen = (rows["fault" if name == "address" else "label"] == name) | (rows["label"] == "unknown")
    worst = _rates_by_week(counts, total, lies, name, rows[chosen])
    most = thresholds().evidence.unread_share
    return [
        replace(one, high=max(one.high, other.high))
        if one.high is not None and other.high is not None and 0 < unread.count >= most * (hard + spam + unread.count)
        else one
        for one, other, unread, hard, spam in zip(
            known[name],
            worst,
            known["unknown"],
            (each.count for each in known["hard"]),
            (each.count for each in known["spam"]),
            strict=True,
        )
    ]


def _rates_by_week(counts: Counts, total: _Matrix, lies: Lying, name: str, rows: pd.DataFrame) -> list[Rate]:
    weeks = len(counts.weeks.labels)
    week, domain = rows["week"].to_numpy(dtype=np.int64), _domains(rows)
    recent = (week >= weeks - 1 - RECENT) & (week < weeks - 1)
    return lies.rates(
        [*range(weeks), BEFORE],
        np.append(total.sends[0], total.sends[0, max(0, weeks - 1 - RECENT) : -1].sum()),
        np.concatenate([week, np.full(int(recent.sum()), weeks)]),
        np.concatenate([domain, domain[recent]]),
        name,
    )


def _of_last_week(counts: Counts, dimension: str, part: _Matrix, lies: Lying, name: str) -> list[Rate]:
    """The rate of each value in the last week."""
    rows = _told(counts, name)
    rows = rows[rows["week"] == len(counts.weeks.labels) - 1]
    place = pd.Index(part.values).get_indexer(pd.Index(rows[dimension]))
    return lies.rates(part.values, part.sends[:, -1], place[place >= 0], _domains(rows)[place >= 0], name)


def _domains(rows: pd.DataFrame) -> NDArray[Any]:
    return rows["recipient_domain"].cat.codes.to_numpy(dtype=np.int64)


def _series(
    counts: Counts,
    total: _Matrix,
    weights: dict[Measure, Weights],
    tolerance: float,
    lies: dict[str, Lying],
    rates: dict[FigureName, list[Rate]],
) -> tuple[list[Series], dict[Measure, Watched]]:
    """Every series of both measures, and how all mail went through the weeks.

    tolerance: of leads; of mails fewer are bad, so that what is above it by mails is so by leads.
    """
    rules = limits()
    whole: dict[Measure, Watched] = {}
    found: list[Series] = []
    for measure in MEASURES:
        believed = belief(measure)
        name = _COUNTED[measure]
        line = tolerance if measure == "hard" else believed.line
        back = _bounced(counts, "", total.values, name)
        seen = watch(total.exposed[measure], back, np.array([believed.prior]), believed.strength, rules)
        whole[measure] = seen
        own = _judged(total, back, seen, np.ones(1, bool), line)
        now = [rates[name][len(counts.weeks.labels) - 1]]
        found += _rows(counts, "total", measure, total, now, seen, own, np.ones(1), total.exposed[measure][:, -1])
        risen = own.state[0] == STATES.index("alarm")
        past = total.exposed[measure][0, :-1].sum()
        usual = (back[0, :-1].sum() + believed.prior * believed.strength) / (past + believed.strength)
        for dimension in DIMENSIONS:
            part = _matrix(counts, dimension, weights)
            if not part.values:
                continue
            mine = _bounced(counts, dimension, part.values, name)
            known = dimension != "provider" or _known(part, total) >= _KNOWN_ENOUGH
            # Mails to a provider that is known from its bounces are too few to be held against: all mail is not.
            exposed = part.exposed[measure] if known else np.repeat(total.exposed[measure], len(part.values), axis=0)
            seen = watch(exposed, mine, np.full(len(part.values), usual), believed.strength, rules)
            q = gate(seen.score[:, -1], seen.state[:, -1] >= STATES.index("quiet"))
            now_of = _of_last_week(counts, dimension, part, lies[dimension], name)
            believed_in = (q < rules.q_value) | risen
            if measure == "hard":
                # A bad address is bad whoever writes to it: a part that bounces as the rest does is no finding.
                believed_in &= np.array([stands_out(dimension, one, now[0]) for one in now_of], dtype=np.bool_)
            judged = _judged(part, mine, seen, believed_in, line if known else None)
            found += _rows(counts, dimension, measure, part, now_of, seen, judged, q, exposed[:, -1])
    found.sort(key=lambda one: (one.dimension != "total", -STATES.index(one.state), -one.score))
    return found, whole


def _above(one: Series, since: str, week: str) -> Series:
    """The series in alarm for what its leads are, as those of all weeks since `since` were, if for nothing else."""
    since = min(since, one.above_since or since)
    before: State = "alarm" if since < week else one.before
    if one.state == "alarm":
        return replace(one, above_since=since, before=before)
    return replace(one, state="alarm", why="line", above_since=since, before=before)


def stands_out(dimension: str, one: Rate, whole: Rate) -> bool:
    """Whether a part of the mail bounced more than the rest of it, beyond chance."""
    rest = rate(whole.count - one.count, whole.leads - one.leads)
    if dimension == "provider":
        return one.count >= _NEARLY_ALL * whole.count
    above = (one.low or 0.0) > (1.0 if rest.high is None else rest.high)
    return above and (one.rate or 0.0) >= _STANDS_OUT * (whole.rate or 0.0)


def _known(part: _Matrix, total: _Matrix) -> float:
    """The share of the last week's mails that have a value."""
    named = np.array([value != "" for value in part.values], dtype=np.bool_)
    return float(part.sends[named, -1].sum()) / max(int(total.sends[0, -1]), 1)


@dataclass(frozen=True, slots=True)
class _Judged:
    """Of each series its state in the last week, what an alarm is for, the first of the weeks in a row above the line
    (-1: this one is not), and whether it was above the line a week earlier."""

    state: NDArray[np.int8]
    why: list[Why]
    above_since: list[int]
    was_above: list[bool]


def _judged(part: _Matrix, back: NDArray[Any], seen: Watched, believed: Flags, line: float | None) -> _Judged:
    """What the last week means for each series."""
    rules = limits()
    state = seen.state[:, -1].copy()
    alarm, watching = STATES.index("alarm"), STATES.index("watch")
    # A sub-series on its own is believed only where it stands out among all that were looked at.
    state[(state == alarm) & ~believed] = watching
    why: list[Why] = ["rise" if one == alarm else "" for one in state]
    above = np.zeros(part.sends.shape, dtype=np.bool_)
    enough = part.sends >= rules.min_sends
    if line is not None:
        wide = np.where(np.isnan(seen.deff), 1 + np.maximum(part.sends - 1, 0) * rules.phi, seen.deff)
        level = 1 - (1 - rules.line_level) / max(len(part.sends), 1)
        above = proven_above(back, part.sends, wide, line, level) & enough
        for number in np.flatnonzero(above[:, -1] & (state != alarm)):
            state[number], why[number] = alarm, "line"
    return _Judged(
        state,
        why,
        [run_up_to_last(*one) for one in zip(above, enough, strict=True)],
        [run_up_to_last(*one) >= 0 for one in zip(above[:, :-1], enough[:, :-1], strict=True)],
    )


def _rows(
    counts: Counts,
    dimension: str,
    measure: Measure,
    part: _Matrix,
    now: list[Rate],
    seen: Watched,
    judged: _Judged,
    q: NDArray[Any],
    exposed: NDArray[Any],
) -> list[Series]:
    """One row a series; exposed: the mails of the week that each was held against, as their steps bounce."""
    labels, rows = counts.weeks.labels, []
    for number, value in enumerate(part.values):
        since, above_since = int(seen.since[number, -1]), judged.above_since[number]
        before: State = STATES[seen.state[number, -2]] if seen.state.shape[1] > 1 else "learning"
        # What is usual at the steps that this week's mails were at.
        mix = float(exposed[number]) / max(int(part.sends[number, -1]), 1)
        usual = float(seen.usual[number, -1]) * mix
        rows.append(
            Series(
                dimension=dimension,
                value=value,
                measure=measure,
                state=STATES[judged.state[number]],
                before="alarm" if judged.was_above[number] else before,
                why=judged.why[number],
                since=labels[since] if since >= 0 else "",
                now=now[number],
                usual=None if np.isnan(usual) else min(usual, 1.0),
                score=round(float(seen.score[number, -1]), 4),
                alarm_at=limits().alarm,
                q_value=round(float(q[number]), 6),
                above_since=labels[above_since] if above_since >= 0 else "",
            )
        )
    return rows


def _trend(
    counts: Counts, total: _Matrix, watched: dict[Measure, Watched], whole: dict[FigureName, list[Rate]]
) -> list[WeekRow]:
    """Every week of all mail; the bands are round the rates that are shown, with all that made a bounce hard."""
    rows, rules, shown = [], limits(), {}
    for measure in MEASURES:
        believed = belief(measure)
        back = _bounced(counts, "", total.values, measure)
        shown[measure] = watch(total.exposed[measure], back, np.array([believed.prior]), believed.strength, rules)
    for number, label in enumerate(counts.weeks.labels):
        sends = int(total.sends[0, number])
        bands: dict[str, tuple[float, float] | None] = {}
        for measure, seen in shown.items():
            mix = float(total.exposed[measure][0, number]) / max(sends, 1)
            usual, wide = min(float(seen.usual[0, number]) * mix, 1.0), float(seen.deff[0, number])
            bands[measure] = None
            if not np.isnan(usual) and sends:
                # Laney's p' chart, with the variance that the alarm knows of: three standard deviations.
                reach = 3 * float(np.sqrt(usual * (1 - usual) * wide / sends))
                bands[measure] = (max(0.0, usual - reach), min(1.0, usual + reach))
        rows.append(
            WeekRow(
                label,
                sends,
                whole["hard"][number],
                whole["spam"][number],
                STATES[watched["hard"].state[0, number]],
                STATES[watched["spam"].state[0, number]],
                bands["hard"],
                bands["spam"],
            )
        )
    return rows


def _reasons(counts: Counts, total: _Matrix, recent: slice, lies: Lying) -> list[ReasonRow]:
    """Reasons of the week and of the weeks before it, the most frequent of the week first."""
    rows = counts.bounced
    last = len(counts.weeks.labels) - 1
    sends = np.array([total.sends[0, last], total.sends[0, recent].sum()])
    rows = rows[(rows["week"] >= recent.start) & (rows["week"] <= last)]
    found = []
    for (reason, label, fault), part in rows.groupby(["reason", "label", "fault"], sort=True):
        if len(part):
            past = (part["week"] < last).to_numpy(dtype=np.int64)
            now, before = lies.rates([last, BEFORE], sends, past, _domains(part), str(label))
            found.append(ReasonRow(str(reason), str(label), str(fault), now, before))
    return sorted(found, key=lambda row: (-row.now.count, -row.before.count, row.reason))
