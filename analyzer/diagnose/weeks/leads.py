"""The leads of a week: what those first written to say of the data, and what all of its mails say of the sending.

The tolerance is one of leads: a sequence of three mails has three times the mails, and no more bad addresses.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analyzer.correlate import address_keys
from analyzer.diagnose.ahead.origins import origins
from analyzer.diagnose.campaign import SEED, assess
from analyzer.diagnose.data.other_hard import other_hard
from analyzer.diagnose.data.unread import unread
from analyzer.diagnose.estimates.rates import totals
from analyzer.diagnose.leads.contacts import contacts
from analyzer.diagnose.leads.incomplete import observed
from analyzer.diagnose.refused.deliverability import deliverability
from analyzer.diagnose.untold import untold
from analyzer.diagnose.weeks.alarms import limits, proven_above, run_up_to_last
from analyzer.diagnose.weeks.rates import Lying

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analyzer.correlate import Correlated
    from analyzer.diagnose.diagnosis import Diagnosis, Origin, Rate, Recommendation
    from analyzer.history.audience import FirstWritten

#: Two-sided 95 % of a normal law.
_REACH = 1.96


@dataclass(frozen=True, slots=True)
class NewLeads:
    """Bad addresses among leads first written to in the week, and in the last `weeks` weeks, this one among them.

    accepted: the tolerance; above: whether the week is beyond it without doubt; recommendation: for a list like the
    week's. origins: list sources whose leads of these weeks bounce more than others. above_since: of the weeks in a
    row, up to this one, that are beyond the tolerance the first, "" for none.
    """

    now: Rate
    recent: Rate
    weeks: int
    accepted: float
    above: bool
    recommendation: Recommendation
    origins: list[Origin]
    above_since: str = ""


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


def first_rates(first: FirstWritten) -> list[Rate]:
    """Bad addresses among the leads first written to in each week."""
    domain = pd.Categorical(first.bad["domain"])
    return Lying(first.companies, domain.categories).rates(
        range(len(first.leads)),
        np.array(first.leads),
        first.bad["week"].to_numpy(dtype=np.int64),
        np.asarray(domain.codes, dtype=np.int64),
        "address",
    )


def above_since(weeks: Sequence[str], leads: Sequence[Rate], line: float) -> str:
    """Since when each week's leads were beyond the tolerance; of a week that is (`NewLeads.above`).

    leads: bad addresses among those first written to in each of `weeks`.
    """
    enough = np.array([one.leads >= limits().min_sends for one in leads], dtype=np.bool_)
    above = np.array([_above(one, line) for one in leads], dtype=np.bool_)
    above[-1] = enough[-1] = True
    return weeks[run_up_to_last(above, enough)]


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
