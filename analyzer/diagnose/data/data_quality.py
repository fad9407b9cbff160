"""Is it the data? The first recommendation, from the effect of guessing and the forecast of the next list.

Only address faults count here, and refusals as spam never do: no list setting cures those.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from analyzer.diagnose.ahead.decisions import Decided, choose, counted
from analyzer.diagnose.ahead.forecast import best_mix, forecast, not_known
from analyzer.diagnose.ahead.list_ahead import list_ahead
from analyzer.diagnose.ahead.next_list import NextList
from analyzer.diagnose.data import data_words
from analyzer.diagnose.data.explanations import explanations
from analyzer.diagnose.data.judgement import Chances, Judgement, shown_worse, to_verify
from analyzer.diagnose.data.lacking import lacking
from analyzer.diagnose.data.unread import at_worst, bounded, unread, widened
from analyzer.diagnose.diagnosis import DataQuality, Forecasts, Origin, Recommendation
from analyzer.diagnose.drivers.drivers import drivers
from analyzer.diagnose.estimates.cell_rates import cell_means
from analyzer.diagnose.estimates.outcomes import Outcomes, Target, outcomes
from analyzer.diagnose.estimates.past import History, history
from analyzer.diagnose.estimates.rates import wilson
from analyzer.diagnose.guessing.confounded import confounders
from analyzer.diagnose.guessing.guessed import Effect, by_status, guessed_effect
from analyzer.diagnose.leads.asked import asked
from analyzer.diagnose.leads.contacts import GROUPS
from analyzer.diagnose.leads.hindsight import as_known
from analyzer.diagnose.thresholds import thresholds
from analyzer.records import EMAIL_STATUSES

if TYPE_CHECKING:
    from analyzer.correlate import Correlated
    from analyzer.diagnose.diagnosis import Driver
    from analyzer.diagnose.leads.contacts import Contacts

#: A list is judged at the size at which the tolerance allows this many bounces, if it is smaller: in fifteen leads a
#: single bounce is 6.7 %, whatever the data.
_ALLOWED_BOUNCES = 5


def data_quality(
    correlated: Correlated,
    contacts: Contacts,
    *,
    tolerance: float,
    seed: int,
    shown: Callable[[], Sequence[Driver]] | None = None,
) -> tuple[DataQuality, NextList]:
    """The verdict on the data, with the forecast of the next list sent three ways; and that list, ranked.

    shown: the drivers of these contacts, where another part finds them as well.
    """
    everyone = correlated, contacts
    correlated, contacts, silent = asked(correlated, contacts)
    contacts = as_known(correlated, contacts)
    past = history(contacts)
    ahead = list_ahead(correlated, contacts, past, everyone)
    drawn = outcomes(past, thresholds().forecast.prior, ahead.cells(), seed=seed)
    forecasts = _forecasts(ahead, drawn, tolerance)
    numbered, beside = confounders(contacts, drivers(contacts) if shown is None else shown())
    effect = guessed_effect(numbered, seed=seed, beside=beside)
    apart = by_status(numbered, effect, seed=seed, beside=beside)
    worse = _fewest(ahead, drawn, shown_worse(apart, ahead.statuses()), tolerance)
    judged = judge(contacts, past, ahead, effect, worse, tolerance=tolerance, seed=seed, drawn=drawn)
    if _would_turn(correlated, contacts, everyone, judged, effect, worse, tolerance=tolerance, seed=seed):
        judged = replace(judged, recommendation="insufficient_evidence", arms=(), more=0, unread=unread(contacts))
    if unread(contacts):
        most_past = history(at_worst(contacts))
        worst = outcomes(most_past, thresholds().forecast.prior, ahead.cells(), seed=seed)
        if judged.recommendation == "insufficient_evidence":
            # Nobody is called safe for what only may be none of the addresses' fault.
            ahead = ahead.bounded(cell_means(most_past))
            most = _forecasts(ahead, worst, tolerance)
            forecasts = bounded(_forecasts(ahead, drawn, tolerance, mix=most.best_mix.leads), most)
        else:
            mix = min(forecasts.best_mix.leads, _forecasts(ahead, worst, tolerance).best_mix.leads)
            known, most = (_forecasts(ahead, some, tolerance, mix=mix) for some in (drawn, worst))
            forecasts = widened(known, most)
    found = _origins(ahead, tolerance)
    old = ahead.old(tolerance)
    aged = judged.named and old is not None and bool(old.any())
    again = to_verify(judged, ahead.statuses(), apart, aged=aged, spared=worse)
    missing = lacking(judged, past, ahead)
    days = thresholds().guessed.stale_days if aged else None
    held = Decided(judged.recommendation, forecasts, again, days, missing)
    chosen = choose(ahead, held, tolerance)
    named = explanations(correlated, contacts, ahead, chosen, tolerance=tolerance)
    told = data_words.Found(
        contacts, past, ahead, tolerance,
        effect=effect,
        forecasts=forecasts,
        judged=judged,
        named=named,
        apart=apart,
        origins=found,
        again=again,
        renewed=_without_named(ahead, drawn, tolerance) if judged.named else None,
        lacking=missing,
        sent=int(chosen.send.sum()),
        part=chosen.part,
        unasked=silent,
    )  # fmt: skip
    verdict = DataQuality(
        recommendation=judged.recommendation,
        guessed_effect=effect.verdict,
        risk_difference=effect.risk_difference,
        attributable_share=effect.share,
        forecast=forecasts,
        why=data_words.why(told),
        ranking=ahead.ranking,
        explained_by=named,
        origin=found[0] if found else None,
        by_status=apart,
        to_verify=again,
        to_verify_older_than=held.to_verify_older_than,
        origins=found,
        decisions=counted(ahead, chosen) if ahead.own else None,
        lacking=told.lacking,
    )
    return verdict, ahead


def _origins(ahead: NextList, tolerance: float) -> list[Origin]:
    told = []
    for place, each in enumerate(ahead.origins):
        there = ahead.from_bad(place) if ahead.own else None
        told.append(each.told(None if there is None else int(there.sum()), tolerance))
    return told


def _renewed(ahead: NextList, tolerance: float) -> Target:
    """Max quality without those who are named as bad; nobody where nobody is."""
    bad = ahead.named_bad(tolerance)
    return ahead.without(bad) if bad.any() else ahead.first(np.zeros(0, dtype=np.int64))


def _without_named(ahead: NextList, drawn: Outcomes, tolerance: float) -> data_words.Renewed:
    """What is to be expected without those who are named as bad: with guessed addresses, where these may stay."""
    everyone = ahead.first(np.flatnonzero((ahead.barred == "") & ~ahead.named_bad(tolerance)))
    over = drawn.over(everyone.scaled(_judged_size(tolerance)), tolerance)
    holds = over is not None and over <= thresholds().forecast.risk
    return data_words.Renewed(forecast(everyone if holds else _renewed(ahead, tolerance), drawn, tolerance), holds)


def _spared(ahead: NextList, worse: Sequence[str]) -> Target:
    """Max quality without some statuses; nobody without any."""
    some = np.isin(ahead.status, [EMAIL_STATUSES.index(name) for name in worse])
    return ahead.without(some) if worse else ahead.first(np.zeros(0, dtype=np.int64))


def _fewest(ahead: NextList, drawn: Outcomes, worse: Sequence[str], tolerance: float) -> list[str]:
    """The worst of some statuses, as few as leave a list within the tolerance; all of them where that is not enough."""
    place = {name: ahead.status == EMAIL_STATUSES.index(name) for name in worse}
    order = sorted(worse, key=lambda name: -round(float(ahead.chance[place[name]].mean()), 9))
    for number in range(1, len(order)):
        over = drawn.over(_spared(ahead, order[:number]).scaled(_judged_size(tolerance)), tolerance)
        if over is not None and over <= thresholds().forecast.risk:
            return order[:number]
    return list(worse)


def _forecasts(ahead: NextList, drawn: Outcomes, tolerance: float, mix: int | None = None) -> Forecasts:
    """The next list, sent three ways; `mix` is how many leads the best mix has, where that is known.

    A few of very many are none that anybody sends to for their own sake. Where no lead has an email status, nobody
    knows whom max quality would leave out.
    """
    order = ahead.by_risk()
    if mix is None:
        mix = best_mix(
            ahead.cell[order],
            ahead.chance[order],
            ahead.means,
            drawn,
            tolerance,
            ahead.shared(order),
            _judged_size(tolerance),
        )
        if mix < min(_judged_size(tolerance), data_words.WORTH_SENDING * len(order)):
            mix = 0
    everyone, without = ahead.quantity(), ahead.quality()
    return Forecasts(
        max_quantity=forecast(everyone, drawn, tolerance),
        max_quality=forecast(without, drawn, tolerance) if ahead.status_known else not_known(without.size),
        best_mix=forecast(ahead.first(order[:mix]), drawn, tolerance),
    )


def _judged_size(tolerance: float) -> int:
    """The least leads that a list is judged at."""
    return ceil(_ALLOWED_BOUNCES / tolerance) if tolerance > 0 else 0


def judge(
    contacts: Contacts,
    past: History,
    ahead: NextList,
    effect: Effect,
    worse: Sequence[str] = (),
    *,
    tolerance: float,
    seed: int,
    drawn: Outcomes | None = None,
) -> Judgement:
    """Which setting, by the chances of exceeding the tolerance; and whether the data or a belief says so.

    `worse` are statuses, neither verified nor guessed, that are shown to be worse than verified; `drawn` are outcomes
    at the shipped prior, where they were drawn already.
    """
    limits = thresholds().forecast
    floor = _judged_size(tolerance)
    ways = (ahead.quantity(), ahead.quality(), ahead.verified(), _renewed(ahead, tolerance), _spared(ahead, worse))
    lists = tuple(target.scaled(floor) for target in ways)

    def draw(prior: dict[str, float], *, settled: bool = False) -> Outcomes:
        return outcomes(past, prior, ahead.cells(), seed=seed, settled=settled)

    placed = not _thin_arms(past, ahead.quality(), tolerance)

    def of(some: Outcomes) -> Chances:
        beyond = placed and some.bounces(lists[1]).mean() > tolerance * lists[1].size
        quantity, quality, verified, renewed, spared = (some.over(target, tolerance) for target in lists)
        return Chances(quantity, quality, verified, renewed, spared, bool(beyond))

    central, settled = of(drawn or draw(limits.prior)), of(draw(limits.prior, settled=True))
    thin = _thin_arms(past, ahead.quantity(), tolerance)
    shown = effect.verdict in ("driven", "contributes")
    # Whatever makes guessed ones bounce more, they are the leads that do.
    worse_off = shown or bool(effect.others)
    answer = recommend(central, settled, shown=worse_off)
    leads = len(contacts.leads)
    if leads < thresholds().evidence.min_leads or ahead.quantity().size == 0:
        answer = "insufficient_evidence"
    elif not _status_known(past):
        safe = central.quantity is not None and central.quantity <= limits.risk
        answer = "max_quantity" if safe and _within(past, tolerance) else "insufficient_evidence"
    elif thin:
        beliefs = {
            recommend(of(draw(prior)), settled, shown=worse_off) for prior in (limits.optimistic, limits.pessimistic)
        }
        # A handful of bounces that leaves the whole rate open is no ground to call it safe, whatever is believed.
        open_rate = past.bounces.sum() < thresholds().evidence.min_bounces and not _within(past, tolerance)
        if beliefs != {answer} or (answer == "max_quantity" and open_rate):
            answer = "insufficient_evidence"
    more = _sends_needed(past, thin, tolerance) if answer == "insufficient_evidence" else 0
    return Judgement(answer, central, settled, shown, thin, more, named=answer == "reverify" and _cured(central))


def _would_turn(
    correlated: Correlated,
    contacts: Contacts,
    everyone: tuple[Correlated, Contacts],
    judged: Judgement,
    effect: Effect,
    worse: Sequence[str],
    *,
    tolerance: float,
    seed: int,
) -> bool:
    """Whether the answer would be another one if every bounce of unreadable cause were a fault of the address.

    The other bound, that none of them is, is `judged` itself (Manski's worst-case bounds). Below the usual share of
    unreadable bounces nobody would bet on either.
    """
    if judged.recommendation == "insufficient_evidence" or not unread(contacts):
        return False
    worst = at_worst(contacts)
    past = history(worst)
    ahead = list_ahead(correlated, worst, past, everyone)
    other = judge(worst, past, ahead, effect, worse, tolerance=tolerance, seed=seed)
    return other.recommendation != judged.recommendation


def recommend(chances: Chances, settled: Chances, *, shown: bool) -> Recommendation:
    """The rule of the product. `shown`: guessed addresses demonstrably bounce more than verified ones.

    `reverify` accuses the data, so the rates seen must do so themselves, not just the doubt about them; where only the
    doubt does, leaving out guessed addresses stands if they are shown to be worse and the others are expected to hold,
    and else nothing is told. Leads that are named as bad beyond doubt, and without which the list is within the
    tolerance, are accused; so are statuses that are shown to be worse.
    """
    risk = thresholds().forecast.risk
    if chances.quantity is None:
        return "insufficient_evidence"
    if chances.quantity <= risk:
        return "max_quantity"
    if chances.quality is None or chances.quality <= risk:
        # No leads are given up for a doubt alone: guessed ones are shown to be worse, or the rate is surely too high.
        sure = shown or (settled.quantity or 0.0) > risk
        return "max_quality" if sure else "insufficient_evidence"
    spared = chances.spared is not None and chances.spared <= risk
    if _cured(chances) or spared or (settled.quality is not None and settled.quality > risk):
        return "reverify"
    if shown:
        return "reverify" if chances.beyond else "max_quality"
    return "insufficient_evidence"


def _cured(chances: Chances) -> bool:
    """Whether the list is within the tolerance without those who are named as bad."""
    return chances.renewed is not None and chances.renewed <= thresholds().forecast.risk


def _within(past: History, tolerance: float) -> bool:
    """Whether the rate of all leads contacted is within the tolerance beyond doubt."""
    return float(wilson(past.bounces.sum(), past.leads.sum())[1]) <= tolerance


def _status_known(past: History) -> bool:
    """Whether of any lead contacted it was said what its address is worth."""
    by_status = past.leads.reshape(-1, GROUPS).sum(1)
    return bool(by_status.sum() > by_status[EMAIL_STATUSES.index("unknown")])


def _thin_arms(past: History, target: Target, tolerance: float) -> tuple[str, ...]:
    """Statuses that matter to the list (`thin_part` of it or more) and whose own history cannot place them.

    Enough is: the bounces and leads that a comparison needs, or so few bounces in so many leads that the rate is
    within the tolerance either way.
    """
    limits = thresholds().evidence
    found = []
    wanted = target.leads.reshape(-1, GROUPS).sum(1)
    for name, leads, bounces, part in zip(
        EMAIL_STATUSES,
        past.leads.reshape(-1, GROUPS).sum(1),
        past.bounces.reshape(-1, GROUPS).sum(1),
        wanted,
        strict=True,
    ):
        if part == 0 or part < thresholds().evidence.thin_part * target.size:
            continue
        counted = leads >= limits.min_leads_per_arm and bounces >= limits.min_bounces
        low = leads > 0 and float(wilson(bounces, leads)[1]) <= tolerance
        if not counted and not low:
            found.append(name)
    return tuple(found)


def _sends_needed(past: History, arms: tuple[str, ...], tolerance: float) -> int:
    """How many more leads would tell the rate from the tolerance, to two digits: of the thin statuses, else in all.

    The larger of: enough for an interval (95 %) that does not reach the tolerance from where the rate is expected, and
    enough for `min_bounces` bounces at that rate or for a bound below the tolerance without any.
    """
    limits = thresholds()
    needed, contacted = 0.0, past.leads.sum()
    if not arms and contacted >= limits.evidence.min_leads:
        # Enough for the rate as seen, companies bouncing as they do. As many again are the least that shows something,
        # and nobody waits for more than halves the doubt.
        rate = (past.bounces.sum() + 0.5) / (contacted + 1)
        apart = max(abs(rate - tolerance), 0.01)
        enough = 3.84 * rate * (1 - rate) * past.spread.company_effect / apart**2
        needed = min(max(enough - contacted, contacted), 3 * contacted)
    for name in arms or (("verified",) if not needed else ()):
        cells = slice(EMAIL_STATUSES.index(name) * GROUPS, (EMAIL_STATUSES.index(name) + 1) * GROUPS)
        leads, bounces = past.leads[cells].sum(), past.bounces[cells].sum()
        strength = limits.forecast.prior_strength
        rate = (limits.forecast.prior[name] * strength + bounces) / (strength + leads)
        apart = max(abs(rate - tolerance), 0.01)
        enough = max(
            3.84 * rate * (1 - rate) / apart**2, min(limits.evidence.min_bounces / rate, 4 / max(tolerance, 0.001))
        )
        needed = max(needed, enough - leads, limits.evidence.min_leads_per_arm)
    digits = 10 ** max(len(str(int(needed))) - 2, 1)
    return int(ceil(needed / digits) * digits)
