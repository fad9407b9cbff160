"""Addresses that took our mail before: what is known of an address itself says more than what its like do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analyzer.correlate.addresses import address_keys
from analyzer.correlate.sends import TELLING
from analyzer.diagnose.leads.contacts import any_of

if TYPE_CHECKING:
    from analyzer.correlate import Correlated
    from analyzer.diagnose.arrays import Reals
    from analyzer.diagnose.leads.contacts import Contacts

#: A mail that has not come back for this long counts as taken; nearly all bounces come within a day.
_SETTLED = pd.Timedelta(days=2)
#: What is believed of an address that took a mail, before the campaign's own later mails are looked at: one in a
#: hundred turns out bad after all, weighing as much as this many leads.
_BELIEVED, _WEIGHT = 0.01, 100


@dataclass(frozen=True, slots=True)
class Arrived:
    """Addresses (their keys) whose earlier mails came back with nothing, with the `days` from their last one to the
    log's, which is of `until` (in days of the epoch); `chance` that such a one is bad after all.
    """

    days: dict[str, float]
    chance: float
    until: float = 0.0

    @property
    def addresses(self) -> frozenset[str]:
        """They alone."""
        return frozenset(self.days)

    def on_day(self) -> dict[str, int]:
        """The day (of the epoch, UTC) of the last mail to each, by its key."""
        return {key: int(self.until - ago) for key, ago in self.days.items()}

    def chances(self, keys: pd.Series) -> Reals:
        """The same for each of some address keys: people leave, so no less than what goes bad since then; 1 for those
        who took no mail.
        """
        from analyzer.check.facts import score

        gone = keys.map(self.days).to_numpy(dtype=float) / 30 * score().decay_per_30_days
        return np.where(np.isnan(gone), 1.0, np.clip(gone, self.chance, 1.0))


def arrived(correlated: Correlated, contacts: Contacts) -> Arrived:
    """Who took a mail of ours, at least two days before the log's last mail.

    Nobody where the log has no times, or where nothing tells what came back.

    `chance` is the share of leads whose first mail was taken and that a later mail found bad, drawn towards 1 %.
    """
    sends = correlated.sends
    nobody = Arrived({}, _BELIEVED)
    # Where nothing tells what came back, silence does not tell that the mail was taken.
    heard = correlated.matching.matched or TELLING & correlated.have
    if not heard or sends.empty or "sent_at" not in sends.columns:
        return nobody
    times = pd.to_datetime(sends["sent_at"], utc=True, errors="coerce")
    if times.isna().all():
        return nobody
    leads = len(contacts.leads)
    back = contacts.hard | contacts.spam | contacts.unknown
    settled = (times <= times.max() - _SETTLED).to_numpy()
    first = np.zeros(len(sends), dtype=np.bool_)
    first[contacts.first] = True
    taken = any_of(contacts.lead, first & ~back & settled, leads)
    again = any_of(contacts.lead, ~first, leads)
    bad = contacts.leads["address"].to_numpy()
    seen = taken & again
    chance = (int((seen & bad).sum()) + _BELIEVED * _WEIGHT) / (int(seen.sum()) + _WEIGHT)
    clean = taken & ~any_of(contacts.lead, back, leads)
    rows = contacts.first[clean]
    addresses = address_keys(sends["recipient"].iloc[rows].astype("str").str.strip())
    moments = times.astype("datetime64[s, UTC]").astype("int64").to_numpy()
    # A mail without a time is no lead's last.
    last = np.zeros(leads, dtype=np.int64)
    np.maximum.at(last, contacts.lead, np.where(times.isna(), 0, moments))
    days = (last.max() - last[clean]) / 86_400
    return Arrived(dict(zip(addresses, days.tolist(), strict=True)), float(chance), float(last.max()) / 86_400)
