"""Do addresses bounce more the later they were first written to? A source that runs dry shows so.

Cochran's and Armitage's test for a trend in proportions (P. Armitage, Biometrics 11, 1955) over spans of weeks, within
cells, so that another mix is no trend, and of leads counted for what they are worth beside their fellows at a company.
Spans differ without a trend, too, as campaigns do: what is expected to go on stands out beyond what is believed of
these, and what only stands out beyond chance is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from analyzer.diagnose.arrays import Codes, Flags, Reals
from analyzer.diagnose.estimates.likeness import crowds
from analyzer.diagnose.leads.companies import company_of
from analyzer.diagnose.leads.contacts import CELLS, GROUPS, Contacts, cell_of
from analyzer.diagnose.thresholds import thresholds
from analyzer.diagnose.words import listed, percent, status
from analyzer.records import EMAIL_STATUSES

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Weeks are taken together into so many spans: three show a trend, and fewer none.
_MOST, _FEWEST = 4, 3
#: What is believed of a span, that it is as the others, is worth so many bounces.
_BELIEVED = 2.0
#: Chance of a trend as steep if there were none (one-sided).
_P = 0.01


@dataclass(frozen=True, slots=True)
class Drift:
    """Addresses of a status that bounced more, or less, from span to span.

    `weeks` are the first of each span, `rates` how many of those first written to in it bounced; `times` is how many
    times as likely to bounce those of the last span were as all of them. `beyond_campaigns`: whether it is steeper than
    what campaigns differ by.
    """

    status: str
    weeks: tuple[str, ...]
    rates: tuple[float, ...]
    times: float
    beyond_campaigns: bool

    @property
    def rising(self) -> bool:
        """Whether they bounced more."""
        return self.times > 1

    @property
    def goes_on(self) -> bool:
        """Whether the next ones are expected to be as the last: what falls may rise again."""
        return self.rising and self.beyond_campaigns

    @property
    def text(self) -> str:
        """The finding for people, with what the forecast makes of it."""
        name = status(self.status)
        so = "the forecast counts on none of that"
        if self.goes_on:
            so = "the forecast expects the next ones to be as the last"
        elif self.rising:
            so = "campaigns may differ by as much, so the forecast takes them together; look closely at the next one"
        return (
            f"{name[:1].upper()}{name[1:]} bounced {'more' if self.rising else 'less'} the later they were first "
            f"written to: {listed([percent(rate) for rate in self.rates])} of those from "
            f"{listed(list(self.weeks))} on; {so}."
        )


def drifts(contacts: Contacts, likeness: float) -> tuple[Drift, ...]:
    """The statuses whose addresses show a trend; `likeness` is how alike leads of one company are."""
    if contacts.counted is not None:
        return ()
    span, weeks = _spans(contacts)
    if len(weeks) < _FEWEST:
        return ()
    rows = np.flatnonzero(span >= 0)
    cell, bounced = cell_of(contacts.leads)[rows], contacts.leads["address"].to_numpy(dtype=np.bool_)[rows]
    return tuple(_found(span[rows], weeks, cell, bounced, company_of(contacts)[rows], likeness))


def times(found: tuple[Drift, ...]) -> Reals:
    """Per cell, how many times its rate over all spans the next one's is expected to be."""
    factor = np.ones(CELLS)
    for each in found:
        if each.goes_on:
            first = EMAIL_STATUSES.index(each.status) * GROUPS
            factor[first : first + GROUPS] = each.times
    return factor


def _spans(contacts: Contacts) -> tuple[Codes, tuple[str, ...]]:
    """The span of each lead's first mail (-1: not known) and the first week of each, with like numbers of leads."""
    week = contacts.per_lead("week")
    leads = np.bincount(week.codes, minlength=len(week.values))
    order = np.array([code for code in np.argsort(week.values) if week.values[code] and leads[code]], dtype=np.int64)
    if len(order) < _FEWEST:
        return np.empty(0, dtype=np.int64), ()
    size = leads[order]
    place = ((np.cumsum(size) - size / 2) * _MOST / size.sum()).astype(np.int64)
    _, first, number = np.unique(place, return_index=True, return_inverse=True)
    span = np.full(len(leads), -1, dtype=np.int64)
    span[order] = number
    return span[week.codes], tuple(week.values[code] for code in order[first])


def _found(
    span: Codes, weeks: tuple[str, ...], cell: Codes, bounced: Flags, company: Codes, likeness: float
) -> Iterator[Drift]:
    limits, size = thresholds(), len(weeks)
    key = cell * size + span
    seen, came = (
        np.bincount(key[rows], minlength=CELLS * size).reshape(-1, GROUPS, size).sum(1)
        for rows in (slice(None), bounced)
    )
    worth = crowds(key, bounced, company, CELLS * size).worth(likeness)
    leads, hits = (each.reshape(-1, GROUPS, size) for each in worth)
    for code, name in enumerate(EMAIL_STATUSES):
        if seen[code].min() < limits.evidence.min_leads_per_arm or came[code].sum() < limits.origins.bounces:
            continue
        rate, chance, campaigns = _trend(leads[code], hits[code])
        expected = (leads[code] * rate[:, None]).sum(0)
        over = (hits[code].sum(0) + _BELIEVED) / (expected + _BELIEVED)
        rises = over[-1] == over.max() and over[-1] >= limits.origins.lift * over[0]
        falls = over[-1] == over.min() and over[0] >= limits.origins.lift * over[-1]
        sign, steep = 1 if rises else -1, ndtri(1 - _P)
        if (rises or falls) and sign * chance > steep:
            rates = tuple((came[code] / seen[code]).tolist())
            yield Drift(name, weeks, rates, float(over[-1]), bool(sign * campaigns > steep))


def _trend(leads: Reals, hits: Reals) -> tuple[Reals, float, float]:
    """The rate of each stratum, and the trend over spans in units of what chance makes of it, and of what chance and
    campaigns do; leads and hits are (strata, spans).
    """
    total = np.maximum(leads.sum(1), 1e-9)
    rate = hits.sum(1) / total
    score = np.arange(leads.shape[1])
    off = score - (leads @ score / total)[:, None]
    spread = rate * (1 - rate)
    variance, trend = float((leads * off**2).sum(1) @ spread), float((hits * off).sum())
    if variance <= 0:
        return rate, 0.0, 0.0
    together = ((leads * off) * np.sqrt(spread)[:, None]).sum(0)
    more = float((together**2).sum()) * thresholds().forecast.campaign_phi
    return rate, trend / variance**0.5, trend / (variance + more) ** 0.5
