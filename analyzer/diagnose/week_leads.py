"""The leads of a week: what those first written to say of the data, and what all of its mails say of the sending.

The tolerance is one of leads: a sequence of three mails has three times the mails, and no more bad addresses.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from analyzer.correlate import address_keys
from analyzer.diagnose.alarms import limits, proven_above
from analyzer.diagnose.campaign import SEED, assess
from analyzer.diagnose.contacts import contacts
from analyzer.diagnose.deliverability import deliverability
from analyzer.diagnose.incomplete import observed
from analyzer.diagnose.origins import origins
from analyzer.diagnose.other_hard import other_hard
from analyzer.diagnose.rates import totals
from analyzer.diagnose.unread import unread
from analyzer.diagnose.untold import untold

if TYPE_CHECKING:
    from analyzer.correlate import Correlated
    from analyzer.diagnose.diagnosis import Diagnosis, Origin, Rate, Recommendation

#: Two-sided 95 % of a normal law.
_REACH = 1.96


@dataclass(frozen=True, slots=True)
class NewLeads:
    """Bad addresses among leads first written to in the week, and in the last `weeks` weeks, this one among them.

    accepted: the tolerance; above: whether the week is beyond it without doubt; recommendation: for a list like the
    week's. origins: list sources whose leads of these weeks bounce more than others.
    """

    now: Rate
    recent: Rate
    weeks: int
    accepted: float
    above: bool
    recommendation: Recommendation
    origins: list[Origin]


def first_written_to(correlated: Correlated, before: frozenset[str]) -> Correlated:
    """The mails to those who were not written to before; `before`: the keys of those who were.

    Who gets a second mail took the first: such leads tell nothing of the data.
    """
    keys = address_keys(correlated.sends["recipient"].astype("str"))
    return replace(correlated, sends=correlated.sends[~keys.isin(before)].reset_index(drop=True))


def diagnosis_of_week(
    correlated: Correlated, new: Correlated, *, tolerance: float, rules_version: str, tool_version: str
) -> Diagnosis:
    """Of the addresses, what the leads first written to in the week tell (`new`, if there are any); of refusals, what
    all of its mails do."""
    there = new if len(new.sends) else correlated
    found, _ = assess(
        there,
        tolerance=tolerance,
        rules_version=rules_version,
        tool_version=tool_version,
        begun_before=there is correlated,
    )
    if there is correlated:
        return found
    every, them = observed(correlated, contacts(correlated), begun_before=True)
    if untold(every, totals(them), ()):
        return found
    sides = deliverability(every, them, seed=SEED)
    return replace(found, deliverability=sides, other_hard=other_hard(every, them))


def new_leads(diagnosis: Diagnosis, recent: Correlated, weeks: int, tolerance: float) -> NewLeads:
    """What the leads first written to in the week (`diagnosis`) and in the last `weeks` weeks say of the data."""
    _, counted = observed(recent, contacts(recent))
    now, at_most = diagnosis.totals.address, diagnosis.totals.at_most
    if at_most is not None and at_most.hard.high is not None and unread(counted):
        now = replace(now, high=at_most.hard.high)
    return NewLeads(
        now=now,
        recent=totals(counted).address,
        weeks=weeks,
        accepted=tolerance,
        above=_above(diagnosis.totals.address, tolerance),
        recommendation=diagnosis.data_quality.recommendation,
        # A list decays; of countries and titles, which are scanned every week, chance would name one now and then.
        origins=[one.told(None, tolerance) for one in origins(counted) if one.column == "list_source"],
    )


def _above(found: Rate, line: float) -> bool:
    """Whether a rate lies above a line at the level of alarms, as wide as its own range is."""
    rules = limits()
    if not found.count or found.leads < rules.min_sends or found.rate is None:
        return False
    half = ((found.high or 0.0) - (found.low or 0.0)) / 2
    by_chance = found.rate * (1 - found.rate) / found.leads
    wider = max(1.0, (half / _REACH) ** 2 / max(by_chance, 1e-12))
    count, leads = np.array([found.count]), np.array([found.leads])
    return bool(proven_above(count, leads, np.array([wider]), line, rules.line_level)[0])
