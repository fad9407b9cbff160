"""What the refusals of a week have in common that most of its mails have not: a mailbox, a step, an industry.

A value is named where it has most of the refusals, and far more of them than its share of the mails lets expect. The
refusals of one company count as one there: that it was written to from one mailbox is no finding.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analyzer.diagnose.leads.contacts import dimension
from analyzer.diagnose.leads.free_mail import consumer_domains
from analyzer.diagnose.weeks.changes import Place

if TYPE_CHECKING:
    from analyzer.diagnose.arrays import Codes, Flags
    from analyzer.diagnose.leads.contacts import Dimension
    from analyzer.diagnose.weeks.weekly import Week

#: What mails are told apart by, the narrower before the wider.
_COLUMNS = ("sender", "sender_domain", "step", "campaign", "template", "industry", "list_source")
#: Fewer refusals have nothing in common, and a value has most of them from this share on.
_FEW, _MOST = 5, 0.7
#: So many times its share of the mails.
_TIMES = 1.5
#: The chance that refusals fall together so by accident, for each value that is looked at.
_CHANCE = 0.001
#: Our own provider blocked these: they say nothing of who receives.
_OWN_ACCOUNT = "sender_account"


def placed(week: Week, sends: pd.DataFrame) -> Week:
    """The week, and of its refusals as a whole and of what changed among them where they are. sends: as `correlate`
    gives those of the week."""
    reason, label, domain = (sends[name].astype("str") for name in ("reason", "label", "sender_domain"))
    refused = (label == "spam").to_numpy(dtype=np.bool_)
    seen = _Seen(sends)
    series = []
    for each in week.series:
        if (each.dimension, each.measure) == ("total", "spam"):
            each = replace(each, place=seen.of(refused, lasting=each.since != week.week))
        series.append(each)
    changes = []
    for one in week.changes:
        if one.kind != "fixed" and one.reason and one.dimension in ("total", "sender_domain"):
            hit = refused & (reason == one.reason).to_numpy(dtype=np.bool_)
            if one.dimension == "sender_domain":
                hit &= (domain == one.value).to_numpy(dtype=np.bool_)
            one = replace(one, place=seen.of(hit, but=one.dimension, lasting=one.since < week.starts))
        changes.append(one)
    return replace(week, series=series, changes=changes)


class _Seen:
    """The mails of a week by what they are told apart by."""

    def __init__(self, sends: pd.DataFrame) -> None:
        self._at = {name: dimension(sends, name) for name in _COLUMNS if name in sends.columns}
        self._provider = dimension(sends, "provider")
        self._failed = (sends["label"].astype("str") != "").to_numpy(dtype=np.bool_)
        self._own = (sends["reason"].astype("str") == _OWN_ACCOUNT).to_numpy(dtype=np.bool_)
        host = sends["recipient_domain"].astype("str")
        # At a provider of free mail everybody is a company of his own.
        who = host.where(~host.isin(consumer_domains()), sends["recipient"].astype("str"))
        self._company: Codes = pd.factorize(who)[0].astype(np.int64)
        steps = [value for value in self._at["step"].values if value.isdecimal()] if "step" in self._at else []
        self._first_step = min(steps, key=int, default="")

    def of(self, hit: Flags, *, but: str = "", lasting: bool = False) -> Place | None:
        """What most of some mails have in common, the narrowest of it; None for nothing. but: a column that is told;
        lasting: they came back so before this week, too. Then it is no finding that they are at the first step: whom it
        met gets no second.
        """
        if int(hit.sum()) < _FEW:
            return None
        everyone = np.ones(len(hit), dtype=np.bool_)
        found = [
            place
            for name, column in self._at.items()
            if name != but
            and (place := self._most(name, column, hit, everyone)) is not None
            and not (lasting and (name, place.value) == ("step", self._first_step))
        ]
        if found:
            return max(found, key=lambda one: one.count / one.of / max(one.share or 0.0, 1e-9))
        known = np.array([value != "" for value in self._provider.values], dtype=np.bool_)[self._provider.codes]
        theirs = hit & known & ~self._own
        others = self._failed & known & ~hit & ~self._own
        if not others.any() or theirs.sum() < _MOST * hit.sum():
            return None
        place = self._most("provider", self._provider, theirs, others)
        return None if place is None else replace(place, of=int(hit.sum()), share=None)

    def _most(self, name: str, column: Dimension, hit: Flags, among: Flags) -> Place | None:
        """The value that most of `hit` have, if far fewer of the mails `among` which they are looked for have it."""
        from scipy.stats import binom

        counts = np.bincount(column.codes[hit], minlength=len(column.values))
        top = int(counts.argmax())
        value, count, whole = column.values[top], int(counts[top]), int(hit.sum())
        share = float((column.codes[among] == top).mean())
        if not value or count < _MOST * whole or count < _TIMES * share * whole:
            return None
        there = len(np.unique(self._company[hit & (column.codes == top)]))
        all_of_them = len(np.unique(self._company[hit]))
        if binom.sf(there - 1, max(all_of_them, there), share) >= _CHANCE:
            return None
        return Place(name, value, count, whole, share)
