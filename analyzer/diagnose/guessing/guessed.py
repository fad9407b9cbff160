"""Do guessed addresses bounce more than verified ones, like for like, and how many of the bounces is that? And others?

Mantel-Haenszel risk difference and ratio over strata (Greenland & Robins, Biometrics 41, 1985), the share of the
address-fault bounces that would have been missing at the verified rate, and 95 % intervals by resampling recipient
domains. With few bounces the bootstrap is too sure of itself: there the stratified Newcombe interval (Yan & Su,
Statistics in Biopharmaceutical Research 2, 2010) at the effective sample size widens it, and that of the ratio in the
same way (MOVER-R: Newcombe, Statistical Methods in Medical Research 25, 2016). A company that bounces as a whole and
holds most of a status' bounces is one fact, and none about the status: nothing is told that hangs on it. Nor are leads
at misspelt domains and at a closed company compared where these make many of the bounces: both befall every status.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from analyzer.diagnose.arrays import Codes, Flags, Reals, Texts
from analyzer.diagnose.diagnosis import GuessedEffect, Interval, StatusEffect
from analyzer.diagnose.estimates.rates import belief_of, design_effect, newcombe
from analyzer.diagnose.estimates.resampling import bootstrap_totals
from analyzer.diagnose.estimates.strata import strata
from analyzer.diagnose.guessing.confounded import Confounder, held_fixed
from analyzer.diagnose.guessing.inseparable import Inseparable, inseparable
from analyzer.diagnose.leads.companies import companies, company_of
from analyzer.diagnose.leads.contacts import Contacts
from analyzer.diagnose.leads.slips import at_slips
from analyzer.diagnose.thresholds import thresholds

if TYPE_CHECKING:
    import pandas as pd

_NOTHING = Interval(None, None, None)
#: Statuses that are held against verified ones.
STATUSES_COMPARED = ("guessed", "catch_all", "risky", "unknown")
#: Below this many bounces in an arm, or leads that did not bounce, those of one company as far as they are alike
#: counted once, the bootstrap alone is not trusted: it knows no company that is dead, or not, and was not drawn.
_FEW = 15
_NONE = 1e-15
#: The part of its leads by which a company bounces as a whole, and of a status' bounces that are one company's fact.
WHOLE, MOST = 0.8, 0.5
#: From this share of the bounces on, those at misspelt domains are left out of what is compared; from this one on, a
#: company that is closed to either status; and that it is, so many bounces of each show.
_TYPED, _LARGE, _BOTH = 0.1, 0.2, 2


@dataclass(frozen=True, slots=True)
class Arm:
    """Leads of one status, and those with an address-fault bounce."""

    leads: int
    bounces: int


@dataclass(frozen=True, slots=True)
class Effect:
    """What separates guessed from verified addresses; `share` is of all address-fault bounces of the campaign.

    `aside` are the companies that are left out of what is compared, and `aside_bounces` their bounces; `slips` are the
    bounces at misspelt domains that are left out too; `guessed` and `verified` count the leads of both.
    """

    verdict: GuessedEffect
    guessed: Arm
    verified: Arm
    risk_difference: Interval
    risk_ratio: float | None
    share: Interval
    strata: int
    coarse: float
    aside: tuple[str, ...] = ()
    aside_bounces: int = 0
    slips: int = 0
    #: The columns that were held fixed beside industry and campaign, and for what share of guessed leads they were not.
    within: tuple[str, ...] = ()
    loose: float = 0.0
    #: The columns that the difference may be due to as well: nothing is shown then.
    others: tuple[Inseparable, ...] = ()
    #: The ratio's 95 % interval; no upper bound is known where verified addresses may hardly bounce at all.
    risk_ratio_low: float | None = None
    risk_ratio_high: float | None = None


def by_status(
    contacts: Contacts, guessed: Effect, *, seed: int, beside: Sequence[Confounder] = ()
) -> list[StatusEffect]:
    """The effect of each status that enough mail went to, against verified; that of guessing is known already."""
    codes = contacts.leads["email_status"].astype(object).value_counts()
    found = []
    for status in STATUSES_COMPARED:
        if codes.get(status, 0) < thresholds().evidence.min_leads_per_arm:
            continue
        effect = guessed if status == "guessed" else status_effect(contacts, status, seed=seed, beside=beside)
        found.append(
            StatusEffect(
                status,
                effect.guessed.leads,
                effect.guessed.bounces,
                effect.verdict,
                effect.risk_difference,
                effect.risk_ratio,
                effect.share,
                effect.risk_ratio_low,
                effect.risk_ratio_high,
            )
        )
    return found


def guessed_effect(contacts: Contacts, *, seed: int, beside: Sequence[Confounder] = ()) -> Effect:
    """The effect of guessing, held against the thresholds; intervals are None where an arm is empty.

    beside: what is shown to make leads bounce; statuses are compared within what of it would move the difference. Not
    shown is what may as well be the effect of a column that cannot be told from guessing (`inseparable`).
    """
    found = status_effect(contacts, "guessed", seed=seed, beside=beside)
    if found.verdict not in ("driven", "contributes"):
        return found
    status, bounced = contacts.leads["email_status"].astype(object).to_numpy(), contacts.leads["address"].to_numpy()
    company, arms = company_of(contacts), [status == name for name in ("guessed", "verified")]
    effects = [design_effect(bounced[arm], company[arm]) for arm in arms]
    others = inseparable(contacts, "guessed", effects, found.risk_difference.estimate or 1.0)
    # Nothing of the difference need be guessing.
    share = replace(found.share, low=0.0)
    return replace(found, verdict="not_shown", share=share, others=tuple(others)) if others else found


def status_effect(contacts: Contacts, name: str, *, seed: int, beside: Sequence[Confounder] = ()) -> Effect:
    """The same for any status: what is called `guessed` in the result are the leads of that status."""
    leads, company = contacts.leads, company_of(contacts)
    bounced = leads["address"].to_numpy(dtype=np.bool_)

    def among(kept: Flags) -> Effect:
        others = [replace(each, code=each.code[kept]) for each in beside]
        return _effect(leads[kept], company[kept], name, others, seed=seed)

    status = leads["email_status"].astype(object).to_numpy()
    slips, closed = at_slips(contacts), _closed(status, name, bounced, company)
    if bounced[slips].sum() < _TYPED * bounced.sum():
        slips = np.zeros(len(leads), dtype=np.bool_)
    kept = ~slips & ~np.isin(company, closed)
    found = among(kept)
    if found.verdict in ("driven", "contributes"):
        one = _one_company((status == name) & kept, bounced, company)
        without = None if one is None else among(kept & (company != one))
        if one is not None and without is not None and without.risk_difference.estimate is not None:
            closed, found = np.append(closed, one), without
            kept &= company != one
    if kept.all():
        return found
    aside = ~kept & ~slips
    order = sorted(closed.tolist(), key=lambda code: (-int(bounced[company == code].sum()), contacts.domains[code]))
    named = replace(
        found,
        aside=tuple(contacts.domains[code] for code in order),
        aside_bounces=int(bounced[aside].sum()),
        slips=int(bounced[slips].sum()),
    )
    return _of_all(named, leads, name, kept)


def _closed(status: Texts, name: str, bounced: Flags, company: Codes) -> Codes:
    """Large companies where nearly all leads of the status bounced, and nearly all verified ones: it is not the status.

    Of small ones mostly those with leads of both would be found, which takes more bounces from the rarer status.
    """
    size = int(company.max(initial=-1)) + 1
    arms = [status == name, status == "verified"]
    hits = [np.bincount(company[arm & bounced], minlength=size) for arm in arms]
    whole = sum(hits) >= max(thresholds().evidence.min_bounces, _LARGE * bounced.sum())
    for arm, bad in zip(arms, hits, strict=True):
        whole &= (bad >= _BOTH) & (bad >= WHOLE * np.bincount(company[arm], minlength=size))
    return np.flatnonzero(whole)


def _of_all(found: Effect, leads: pd.DataFrame, name: str, kept: Flags) -> Effect:
    """What separates a status from verified among the `kept` leads, with leads, bounces and shares of all of them."""
    status, bounced = leads["email_status"].astype(object).to_numpy(), leads["address"].to_numpy(dtype=np.bool_)
    one, other = (Arm(int(arm.sum()), int(bounced[arm].sum())) for arm in (status == name, status == "verified"))
    left = float(bounced[kept].sum()) / max(int(bounced.sum()), 1)
    share = Interval(*(None if each is None else each * left for each in astuple(found.share)))
    verdict = found.verdict
    if verdict == "driven" and (share.estimate or 0.0) < thresholds().guessed.driven_share:
        verdict = "contributes"
    return replace(found, verdict=verdict, guessed=one, verified=other, share=share)


def _one_company(status: Flags, bounced: Flags, company: Codes) -> int | None:
    """The company that bounces as a whole and makes up most of a status' bounces, if there is one."""
    hits = np.bincount(company[status & bounced])
    if not hits.size or hits.max() < max(thresholds().evidence.min_bounces, MOST * hits.sum()):
        return None
    one = int(hits.argmax())
    return one if hits[one] >= WHOLE * (status & (company == one)).sum() else None


def _effect(leads: pd.DataFrame, company: Codes, name: str, beside: Sequence[Confounder], *, seed: int) -> Effect:
    """What separates the leads of a status from verified ones; `company` is where each lead is."""
    status = leads["email_status"].astype(object).to_numpy()
    bounced = leads["address"].to_numpy()
    guessed, verified = status == name, status == "verified"
    one, other = (Arm(int(arm.sum()), int(bounced[arm].sum())) for arm in (guessed, verified))
    if not one.leads or not other.leads:
        return Effect("too_little_data", one, other, _NOTHING, None, _NOTHING, 0, 0.0)

    inside = np.flatnonzero(guessed | verified)
    within = held_fixed(guessed, verified, bounced, beside)
    layers = strata(leads.iloc[inside], guessed[inside], [each.code[inside] for each in within])
    stratum = np.full(len(leads), -1, dtype=np.int64)
    stratum[inside] = layers.code
    # One column per stratum for guessed leads, their bounces, verified leads, theirs; and one for every bounce.
    compared = stratum >= 0
    cells, width = [], layers.count
    for position, chosen in enumerate((guessed, guessed & bounced, verified, verified & bounced)):
        rows = np.flatnonzero(chosen & compared)
        cells.append((company[rows], stratum[rows] + position * width))
    rows = np.flatnonzero(bounced)
    cells.append((company[rows], np.full(len(rows), 4 * width)))
    cluster, column = (np.concatenate(parts) for parts in zip(*cells, strict=True))
    single = np.ones(len(cluster), dtype=np.int64)
    observed = np.bincount(column, minlength=4 * width + 1)[None, :].astype(float)
    drawn = bootstrap_totals(
        cluster, column, single, columns=4 * width + 1, draws=thresholds().draws.bootstrap, seed=seed
    )
    difference, ratio, share = (float(each[0]) for each in _compare(observed, width))
    differences, ratios, shares = _compare(drawn, width)
    low, high = (float(bound) for bound in np.nanpercentile(differences, [2.5, 97.5]))
    least, most = _bounds_of_ratio(ratios)
    effects = [design_effect(bounced[arm], company[arm]) for arm in (guessed, verified)]
    arms = zip((one, other), effects, strict=True)
    if min(min(arm.bounces, arm.leads - arm.bounces) / effect for arm, effect in arms) < _FEW:
        wide, wide_ratio = _newcombe(observed, width, effects)
        low, high = min(low, wide[0]), max(high, wide[1])
        least, most = min(least, wide_ratio[0]), max(most, wide_ratio[1])
        # As many bounces as that difference would mean, of all that there are.
        as_shares = np.array(wide) * one.leads / max(int(bounced.sum()), 1)
    else:
        as_shares = np.empty(0)
    risk_difference = Interval(difference, low, high)
    attributable = _share(share, shares, as_shares, sure=low > 0, unmet=_unmet(bounced, company))
    return Effect(
        _verdict(one, other, risk_difference, attributable),
        one,
        other,
        risk_difference,
        ratio if np.isfinite(ratio) else None,
        attributable,
        layers.count,
        layers.coarse,
        within=tuple(each.name for each in within),
        loose=layers.loose,
        risk_ratio_low=least if np.isfinite(ratio) else None,
        risk_ratio_high=most if np.isfinite(ratio) and np.isfinite(most) else None,
    )


def _bounds_of_ratio(drawn: Reals) -> tuple[float, float]:
    """The 95 % bounds of ratios, of which those without a bounce of verified addresses are infinite."""
    told = np.sort(drawn[~np.isnan(drawn)])
    # No mean of two draws is taken: that of a number and infinity is none.
    places = np.clip(np.round(np.array([0.025, 0.975]) * (len(told) - 1)).astype(int), 0, None)
    return (float(told[places[0]]), float(told[places[1]])) if len(told) else (0.0, float("inf"))


def _compare(totals: Reals, width: int) -> tuple[Reals, Reals, Reals]:
    """MH risk difference, MH risk ratio and attributable share for each row of column totals."""
    n1, x1, n0, x0 = (totals[:, i * width : (i + 1) * width] for i in range(4))
    both = n1 + n0
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.where(both > 0, 1 / both, 0.0)
        difference = ((x1 * n0 - x0 * n1) * part).sum(1) / (n1 * n0 * part).sum(1)
        ratio = (x1 * n0 * part).sum(1) / (x0 * n1 * part).sum(1)
        # A stratum that lost its verified leads in this draw is expected to bounce like verified leads elsewhere.
        elsewhere = (x0.sum(1) / n0.sum(1))[:, None]
        expected = n1 * np.where(n0 > 0, x0 / n0, elsewhere)
        share = (x1 - expected).sum(1) / totals[:, 4 * width]
    return difference, ratio, share


def _newcombe(totals: Reals, width: int, effects: list[float]) -> tuple[tuple[float, float], tuple[float, float]]:
    """Bounds of the difference and of the ratio of the stratum-weighted rates, at effective sample sizes."""
    n1, x1, n0, x0 = (totals[0, i * width : (i + 1) * width] for i in range(4))
    (rate, low, high), difference = newcombe(np.stack([n1, n0]), np.stack([x1, x0]), effects)
    return difference, (_ratio_bound(rate, low[0], high[1], -1.0), _ratio_bound(rate, high[0], low[1], 1.0))


def _ratio_bound(rate: Sequence[float] | Reals, one: float, other: float, sign: float) -> float:
    """A bound of the ratio of two rates from that of each (MOVER-R); infinite where the second may be none at all."""
    product, span, inner = rate[0] * rate[1], other * (2 * rate[1] - other), one * (2 * rate[0] - one)
    if abs(span) < _NONE:
        return float("inf") if sign > 0 else inner / (2 * product) if product else 0.0
    return float((product + sign * np.sqrt(max(product**2 - inner * span, 0.0))) / span)


def _unmet(bounced: Flags, company: Codes) -> float:
    """How many times the bounces there would be with one more company that bounces as a whole, as far as none was met.

    It would take guessed and verified addresses alike, and so is in nobody's difference.
    """
    one, number = np.zeros(len(bounced), dtype=np.int64), max(int(bounced.sum()), 1)
    counted = companies(one, company, {"address": (one[bounced], company[bounced])}, 1)
    # Rounded, so that it does not show in which order the companies were added up.
    return round(1 + float(counted.unmet("address", belief_of("address"))[0]) / number, 9)


def _share(estimate: float, drawn: Reals, others: Reals, *, sure: bool, unmet: float) -> Interval:
    """The attributable share within 0 and 1; its lower bound is 0 as long as the sign of the difference is open.

    `others` are bounds of another making, which the interval holds as well; `unmet` as `_unmet` gives it.
    """
    if not np.isfinite(estimate):
        return _NOTHING
    bounds = np.concatenate([np.nanpercentile(drawn, [2.5, 97.5]), others])
    low, high = np.clip([bounds.min(), bounds.max()], 0.0, 1.0)
    estimate = min(max(estimate, 0.0), 1.0)
    return Interval(estimate, min(float(low) / unmet, estimate) if sure else 0.0, max(float(high), estimate))


def _verdict(guessed: Arm, verified: Arm, difference: Interval, share: Interval) -> GuessedEffect:
    limits = thresholds()
    few = guessed.bounces + verified.bounces < limits.evidence.min_bounces
    if few or min(guessed.leads, verified.leads) < limits.evidence.min_leads_per_arm:
        return "too_little_data"
    if difference.low is None or share.estimate is None or difference.low <= 0:
        return "not_shown"
    return "driven" if share.estimate >= limits.guessed.driven_share else "contributes"
