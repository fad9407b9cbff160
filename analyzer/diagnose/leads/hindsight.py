"""Statuses that were written down after the send: they know the outcome that they are used to foretell.

A lead list exported after its campaign calls `invalid` what has bounced, and its guessed and verified addresses look
better than they are. Such statuses are kept in the tables and left out of what is learnt.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analyzer.diagnose.arrays import Flags
from analyzer.diagnose.leads.companies import wilson
from analyzer.diagnose.thresholds import thresholds
from analyzer.diagnose.words import many, number, percent

if TYPE_CHECKING:
    from analyzer.correlate import Correlated
    from analyzer.diagnose.leads.contacts import Contacts

#: A verification of the day of the send may well be before it.
SAME_DAY = pd.Timedelta(days=1)
#: Invalid addresses that were written to on purpose bounce often; those that bounced first are all bounces, and hold
#: most of them.
_ALL, _MOST = 0.8, 0.5


@dataclass(frozen=True, slots=True)
class Hindsight:
    """`late`: leads verified after their first mail; `marked`: leads called invalid, as nearly all of them bounced (0
    where that is not so).
    """

    late: Flags
    marked: int

    @property
    def few_late(self) -> bool:
        """Whether the late ones can be left out: if most are late, nothing would be left to learn from."""
        return bool(0 < 2 * self.late.sum() < len(self.late))


def hindsight(correlated: Correlated, contacts: Contacts) -> Hindsight:
    """What speaks for statuses of after the send."""
    leads, sends = contacts.leads, correlated.sends
    late = np.zeros(len(leads), dtype=np.bool_)
    if "verified_at" in sends.columns and "sent_at" in sends.columns and len(leads):
        verified = pd.to_datetime(sends["verified_at"].iloc[contacts.first], utc=True, errors="coerce")
        sent = pd.to_datetime(sends["sent_at"].iloc[contacts.first], utc=True, errors="coerce")
        late = (verified > sent + SAME_DAY).to_numpy(dtype=np.bool_)
    bounced = leads["address"].to_numpy()
    invalid = (leads["email_status"].astype(object) == "invalid").to_numpy()
    marked = 0
    hits = int((invalid & bounced).sum())
    if hits >= thresholds().evidence.min_bounces and hits >= _MOST * bounced.sum():
        marked = int(invalid.sum()) if float(wilson(hits, invalid.sum())[0]) > _ALL else 0
    return Hindsight(late, marked)


def as_known(correlated: Correlated, contacts: Contacts) -> Contacts:
    """The contacts with no status that was only known after the send."""
    found = hindsight(correlated, contacts)
    if not found.marked and not found.few_late:
        return contacts
    hidden = np.ones(len(found.late), dtype=np.bool_) if found.marked else found.late
    status = contacts.leads["email_status"].astype(object).mask(hidden, "unknown").astype("category")
    counted = replace(contacts.counted, hidden=True) if contacts.counted else None
    return replace(contacts, leads=contacts.leads.assign(email_status=status), counted=counted)


def warnings(correlated: Correlated, contacts: Contacts) -> list[str]:
    """One sentence for each kind of status that came too late."""
    found = hindsight(correlated, contacts)
    told = []
    if found.marked:
        told.append(
            f"{many(found.marked, 'lead')} that were written to are marked invalid, and nearly all of them bounced: "
            "the statuses look as if they were exported after the send and know its outcome. They are not used to "
            "judge or rank leads; give the list as it was before the send."
        )
    late = int(found.late.sum())
    if late:
        share = percent(late / len(found.late))
        what = (
            "such statuses are not used to judge or rank leads."
            if found.few_late
            else "such statuses may know what they are used to foretell; give the list as it was before the send."
        )
        told.append(
            f"{number(late)} of {many(len(found.late), 'lead')} ({share}) "
            f"{'was verified after it was' if late == 1 else 'were verified after they were'} written to: {what}"
        )
    if contacts.counted is not None and (found.marked or found.few_late):
        told.append(
            "Of a campaign that is only counted, nobody can tell which leads have such statuses: whether leads of a "
            "list source, a country or a title bounce more is told by the drivers alone; the forecast does not know."
        )
    return told
