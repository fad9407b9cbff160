"""Which leads of a list are the riskier ones: a model over what each lead carries, where that tells more than its cell.

A ridge-penalised logistic regression starts from the chance that the lead's cell and its domain's record give it, so it
learns only what those do not know. It is calibrated out of fold (Platt, or isotonic where there are bounces enough) and
held to the cells' totals, which the forecast rests on. It is used only when, trained on the earlier part of the log, it
foretells the later part better than the cells do, beyond the noise of resampled domains.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from analyzer.diagnose.ahead import ranking_words
from analyzer.diagnose.ahead.ranking_features import (
    DAY,
    EVER,
    HOSTS,
    SHAPES,
    Evidence,
    Facts,
    Track,
    evidence,
    track,
)
from analyzer.diagnose.arrays import Codes, Flags, Reals, sums
from analyzer.diagnose.diagnosis import Ranking
from analyzer.diagnose.estimates.past import History, history
from analyzer.diagnose.leads.contacts import CELLS

if TYPE_CHECKING:
    from analyzer.correlate import Correlated
    from analyzer.diagnose.leads.contacts import Contacts

#: Address bounces that the earlier part needs to learn from, and the later one to judge by.
BOUNCES_TO_LEARN = 100
BOUNCES_TO_JUDGE = 30
#: The later part's share of the leads, about; it begins with a week where the log has several, else with a day.
_LATER = 0.35
#: How sure it must be that the model foretells better.
_SURE = 0.95
#: Prior variance of an effect on the log-odds: most are well below 0.5.
_SPREAD = 0.1
#: The chance that the model starts from is worth so much more than any effect that it is hardly shrunk.
_BASE_WEIGHT = 10.0
#: From so many bounces on, the calibration may have any rising shape.
_BOUNCES_FOR_ISOTONIC = 2000
_LINE_BOUNCES = 20
_ROWS = 60_000
_CHUNK = 250_000
_FOLDS = 3
_DRAWS = 2000
_BLOCKS = 1000
_SEED = 617

#: What a lead's risk is put down to, and the columns of the model that speak for each.
FAMILIES: tuple[str, ...] = ("domain", "pattern", "age", "host", "shape")
_COLUMNS: tuple[tuple[str, int], ...] = (
    ("domain", 3),
    ("pattern", 1),
    ("age", 3),
    ("host", len(HOSTS) - 1),
    ("shape", 2 * (len(SHAPES) - 1)),
)


@dataclass(frozen=True, slots=True)
class Learnt:
    """The leads contacted (`rows` of them) that a model was learnt from: how many each stands for (`weight`), its
    chance by the model, and by its cell and domain alone (`base`).
    """

    rows: Codes
    weight: Reals
    chance: Reals
    base: Reals


@dataclass(frozen=True, slots=True)
class Ranked:
    """The leads of a list with their chances; `weights` is what each of FAMILIES adds to a lead's log-odds, (leads, 5),
    set against the usual lead of its cell. `learnt` is None where no model is used.
    """

    chance: Reals
    evidence: Evidence
    weights: Reals
    ranking: Ranking
    learnt: Learnt | None = None


@dataclass(frozen=True, slots=True)
class Model:
    """What was learnt: effects on the log-odds, the calibration as a rising line through knots, a shift per cell."""

    intercept: float
    effects: Reals
    knots: Reals
    values: Reals
    shift: Reals
    usual: Reals
    learnt: Learnt

    def chances(self, known: Evidence) -> tuple[Reals, Reals]:
        """Each lead's chance, and what each family adds to it."""
        chance = np.empty(len(known.facts))
        weights = np.empty((len(chance), len(FAMILIES)), dtype=np.float32)
        for start in range(0, len(chance), _CHUNK):
            rows = slice(start, start + _CHUNK)
            part = _some(known, rows)
            table = columns(part)
            raw = self.intercept + table @ self.effects
            cell = part.facts.cell
            chance[rows] = expit(_calibrated(raw, self.knots, self.values) + self.shift[cell])
            weights[rows] = _by_family(table, self.effects, part) - self.usual[cell]
        return np.clip(chance, 1e-6, 1 - 1e-6), weights


def rank(correlated: Correlated, contacts: Contacts, past: History, leads: Facts) -> Ranked:
    """The chance of each of `leads`, by the model where it has proved itself, else by cell and domain."""
    sent = track(correlated, contacts)
    last = int(sent.sent[sent.timed].max(initial=0))
    # The list goes out after the last mail that is known of and after its own verification, which is often newer.
    goes_out = np.fmax(float(last), leads.verified).astype(np.int64)
    known = evidence(leads, sent, past, as_of=None, sent=goes_out)
    model, verdict = learn(contacts, past, sent)
    if model is None:
        weights = np.zeros((len(leads), len(FAMILIES)), dtype=np.float32)
        weights[:, 0] = logit(known.base) - logit(known.cell_chance)
        return Ranked(known.base, known, weights, verdict)
    chance, weights = model.chances(known)
    return Ranked(chance, known, weights, verdict, model.learnt)


def learn(contacts: Contacts, past: History, sent: Track) -> tuple[Model | None, Ranking]:
    """The model if it beats the cells on the later part of the log; and how that was told.

    On one BLAS thread: sums cut among threads differ in their last digits, and what is learnt from them with it.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with threadpool_limits(limits=1, user_api="blas"):
        return _learn(contacts, past, sent)


def _learn(contacts: Contacts, past: History, sent: Track) -> tuple[Model | None, Ranking]:
    bounces = int(sent.bounced.sum())
    if not sent.timed.any() or (~sent.timed).mean() > 0.05:
        return None, _cells("the log does not say when its mails were sent")
    if bounces < BOUNCES_TO_LEARN + BOUNCES_TO_JUDGE:
        return None, _cells(ranking_words.too_few(bounces, BOUNCES_TO_LEARN + BOUNCES_TO_JUDGE))
    since = _split(sent)
    if since is None:
        return None, _cells("all mails of the log went out within a day, so there is no later part to test a model on")
    later = np.flatnonzero(sent.timed & (sent.sent >= since))
    # A mail of the last day before it may still come back.
    earlier = sent.timed & (sent.sent < since - DAY)
    learnt_from = int((sent.bounced & (sent.bounced_at < since) & earlier).sum())
    judged_by = int(sent.bounced[later].sum())
    if learnt_from < BOUNCES_TO_LEARN or judged_by < BOUNCES_TO_JUDGE:
        return None, _cells(ranking_words.lopsided(since, learnt_from, judged_by, BOUNCES_TO_LEARN, BOUNCES_TO_JUDGE))

    before = _known_at(sent, np.flatnonzero(earlier), since)
    known_then = history(
        replace(
            contacts,
            leads=contacts.leads.iloc[earlier].assign(address=before.bounced),
            domain=contacts.domain[earlier],
            first=contacts.first[earlier],
        )
    )
    model = fit(before, known_then)
    rows, weight = _sampled(sent.bounced, later)
    asked = sent.facts.take(rows)
    known = evidence(asked, before, known_then, as_of=np.full(len(rows), since), sent=sent.sent[rows])
    bounced = sent.bounced[rows]
    chance, _ = model.chances(known)
    gain = _loss(known.base, bounced) - _loss(chance, bounced)
    better = _beyond_noise(gain, weight, asked.domain)
    from sklearn.metrics import roc_auc_score

    told = ranking_words.better if better else ranking_words.not_better
    verdict = Ranking(
        used="model" if better else "cells",
        why=told(since, len(later), judged_by),
        auc=float(roc_auc_score(bounced, chance, sample_weight=weight)),
        cells_auc=float(roc_auc_score(bounced, known.base, sample_weight=weight)),
        log_loss=float(np.average(_loss(chance, bounced), weights=weight)),
        cells_log_loss=float(np.average(_loss(known.base, bounced), weights=weight)),
        leads=len(later),
        bounces=judged_by,
    )
    return (fit(sent, past) if better else None), verdict


def _cells(why: str) -> Ranking:
    return Ranking("cells", f"{ranking_words.BY_CELLS}: {why}.")


def _split(sent: Track) -> int | None:
    """When the later part begins: the week (or day, if all is one week) that leaves it about its share of the leads."""
    times = sent.sent[sent.timed]
    for length, origin in ((7 * DAY, 4 * DAY), (DAY, 0)):  # 1970 began on a Thursday; weeks begin on Mondays
        number = (times - origin) // length
        names, counts = np.unique(number, return_counts=True)
        if len(names) > 1:
            share = counts[::-1].cumsum()[::-1][1:] / counts.sum()
            return int(names[1:][np.argmin(np.abs(share - _LATER))] * length + origin)
    return None


def _known_at(sent: Track, rows: Codes, moment: int) -> Track:
    """Some of the leads contacted, with the bounces that were back at a moment."""
    gone = sent.bounced[rows] & (sent.bounced_at[rows] < moment)
    return replace(
        sent,
        facts=sent.facts.take(rows),
        sent=sent.sent[rows],
        bounced=gone,
        bounced_at=np.where(gone, sent.bounced_at[rows], EVER),
    )


def fit(sent: Track, learnt: History) -> Model:
    """The model learnt from the leads contacted, each with what was known before it was written to."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import PredefinedSplit, cross_val_predict

    rows, weight = _sampled(sent.bounced, np.flatnonzero(sent.timed))
    when = sent.sent[rows]
    known = evidence(sent.facts.take(rows), sent, learnt, as_of=when, sent=when)
    table, bounced = columns(known), sent.bounced[rows]
    penalised = LogisticRegression(C=_SPREAD, solver="newton-cholesky", max_iter=200)
    # A company's addresses go into one fold together, else it would vouch for itself.
    fold = np.random.default_rng(_SEED).integers(_FOLDS, size=int(known.facts.domain.max()) + 1)[known.facts.domain]
    unseen = cross_val_predict(
        penalised,
        table,
        bounced,
        cv=PredefinedSplit(fold),
        method="decision_function",
        params={"sample_weight": weight},
    )
    penalised.fit(table, bounced, sample_weight=weight)
    effects, intercept = penalised.coef_[0], float(penalised.intercept_[0])
    knots, values = _calibration(unseen, bounced, weight)
    raw = _calibrated(intercept + table @ effects, knots, values)
    cell = known.facts.cell
    shift = _shift(raw, known.base, weight, cell)
    return Model(
        intercept,
        effects,
        knots,
        values,
        shift,
        _usual(_by_family(table, effects, known), weight, cell),
        Learnt(rows, weight, expit(raw + shift[cell]), known.base),
    )


def _sampled(bounced: Flags, rows: Codes) -> tuple[Codes, Reals]:
    """Some of the rows, and how many leads each stands for: bounces are rare, and as many others as they need."""
    if len(rows) <= _ROWS:
        return rows, np.ones(len(rows))
    rng = np.random.default_rng(_SEED)
    taken, weights = [], []
    hits = rows[bounced[rows]]
    for group, room in ((hits, _ROWS // 4), (rows[~bounced[rows]], _ROWS - min(len(hits), _ROWS // 4))):
        some = group if len(group) <= room else np.sort(rng.choice(group, room, replace=False))
        taken.append(some)
        weights.append(np.full(len(some), len(group) / max(len(some), 1)))
    return np.concatenate(taken), np.concatenate(weights)


def columns(known: Evidence) -> Reals:
    """The model's table: first the base (log-odds), then the columns of FAMILIES, each about -2 to 3."""
    facts = known.facts
    unverified = facts.unverified
    parts: list[Reals | Codes | Flags] = [logit(known.base) * _BASE_WEIGHT]
    parts += [
        _surplus(known.status_bounced, known.status_expected),
        _surplus(known.any_bounced, known.any_expected),
        np.minimum(np.log1p(known.any_seen), 5.0) / 2,
        _surplus(known.pattern_bounced, known.pattern_expected),
    ]
    dated = ~np.isnan(known.months)
    months = np.where(dated, np.minimum(known.months, 48.0), 0.0)
    parts += [dated, np.log1p(months) / 2, months / 12]
    parts += [known.host == host for host in range(1, len(HOSTS))]
    for shape in range(1, len(SHAPES)):
        parts += [facts.shape == shape, (facts.shape == shape) & unverified]
    return np.column_stack([np.asarray(part, dtype=np.float64) for part in parts])


def _surplus(bounced: Codes, expected: Reals) -> Reals:
    """Bounces over those expected, on the log scale, shrunk onto 0 by half a bounce."""
    return np.log((bounced + 0.5) / (expected + 0.5))


def _by_family(table: Reals, effects: Reals, known: Evidence) -> Reals:
    """What each family adds to the log-odds, (leads, families); the record in the base is the domain's."""
    total = np.zeros((len(table), len(FAMILIES)))
    start = 1
    for place, (_, width) in enumerate(_COLUMNS):
        total[:, place] = table[:, start : start + width] @ effects[start : start + width]
        start += width
    total[:, 0] += (logit(known.base) - logit(known.cell_chance)) * _BASE_WEIGHT * effects[0]
    return total


def _usual(added: Reals, weight: Reals, cell: Codes) -> Reals:
    """The mean of what each family adds, per cell; a cell of few leads is taken as the others are."""
    overall = np.average(added, axis=0, weights=weight)
    leads = sums(cell, weight, CELLS)[:, None]
    by_cell = np.column_stack([sums(cell, weight * added[:, place], CELLS) for place in range(added.shape[1])])
    return (by_cell + 20 * overall) / (leads + 20)


def _calibration(raw: Reals, bounced: Flags, weight: Reals) -> tuple[Reals, Reals]:
    """Knots (log-odds foretold) and what they came to (log-odds), rising."""
    from sklearn.isotonic import IsotonicRegression
    from sklearn.linear_model import LogisticRegression

    ends = np.array([raw.min() - 1.0, raw.max() + 1.0])
    line = LogisticRegression(C=1e4).fit(raw[:, None], bounced, sample_weight=weight)
    slope = float(np.clip(line.coef_[0, 0], 0.2, 2.0))
    straight = float(line.intercept_[0]) + slope * ends
    if int(bounced.sum()) < _BOUNCES_FOR_ISOTONIC:
        return ends, straight
    level = IsotonicRegression(out_of_bounds="clip").fit_transform(raw, bounced, sample_weight=weight)
    # A line through the middles of the steps: leads of one step keep their order.
    step = pd.factorize(level)[0]
    leads = sums(step, weight)
    hits = sums(step, weight * bounced)
    middle = sums(step, weight * raw) / leads
    order = np.argsort(middle)
    # The first and last steps are the most extreme of many, and so too extreme: the straight line counts as some
    # bounces more in each.
    line_there = expit(np.interp(middle, ends, straight))
    value = logit((hits + _LINE_BOUNCES) / (leads + _LINE_BOUNCES / line_there))[order]
    return middle[order], np.maximum.accumulate(value)


def _calibrated(raw: Reals, knots: Reals, values: Reals) -> Reals:
    """The calibrated log-odds; a trace of the slope keeps leads apart where the line is flat."""
    return np.interp(raw, knots, values) + 1e-4 * raw


def _shift(raw: Reals, base: Reals, weight: Reals, cell: Codes) -> Reals:
    """Per cell, what brings the mean chance of the leads contacted to what the forecast has for them (log-odds)."""
    wanted = sums(cell, weight * base, CELLS)
    shift = np.zeros(CELLS)
    for _ in range(50):
        chance = expit(raw + shift[cell])
        slope = sums(cell, weight * chance * (1 - chance), CELLS)
        step = (wanted - sums(cell, weight * chance, CELLS)) / np.maximum(slope, 1e-12)
        shift += np.clip(np.where(wanted > 0, step, 0.0), -1.0, 1.0)
    return shift


def _loss(chance: Reals, bounced: Flags) -> Reals:
    return -np.log(np.where(bounced, chance, 1 - chance))


def _beyond_noise(gain: Reals, weight: Reals, domain: Codes) -> bool:
    """Whether the mean gain stays above nothing in nearly all resamples of the recipient domains."""
    rng = np.random.default_rng(_SEED)
    codes, names = pd.factorize(domain)
    # Random groups of domains vary as the domains do, and are fewer.
    block = rng.permutation(len(names))[codes] % _BLOCKS
    total = sums(block, weight * gain, _BLOCKS)
    drawn = rng.poisson(1.0, size=(_DRAWS, _BLOCKS)) @ total
    return bool(np.quantile(drawn, 1 - _SURE) > 0)


def _some(known: Evidence, rows: slice) -> Evidence:
    parts = {name: getattr(known, name)[rows] for name in Evidence.__slots__ if name != "facts"}
    return Evidence(facts=known.facts.take(rows), **parts)
