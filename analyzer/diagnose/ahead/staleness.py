"""Verified addresses whose verification was old when mail went to them: do they bounce more than fresh ones?

Asked of leads that nothing is found against by where they come from (`origins`): an old list that was bought is one
cause, and its age no second one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analyzer.diagnose.arrays import Flags, Reals
from analyzer.diagnose.estimates.rates import clustered_rate
from analyzer.diagnose.leads.companies import company_of
from analyzer.diagnose.thresholds import thresholds

if TYPE_CHECKING:
    from analyzer.correlate import Correlated
    from analyzer.diagnose.leads.contacts import Contacts

#: What is believed of the risk of old and fresh addresses, that they are alike, is worth so many bounces.
_BELIEVED = 2.0
_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Staleness:
    """Old verifications that bounce more, beyond doubt.

    old: the leads contacted that are asked of and whose verification was; old_rate, fresh_rate: of those and of fresh
    ones, old_low the lower end of the former. old_times, fresh_times: how many times as likely to bounce as verified
    addresses in all.
    """

    old: Flags
    old_rate: float
    old_low: float
    fresh_rate: float
    old_times: float
    fresh_times: float

    def explained(self, bounced: Flags) -> int:
        """Bounces of old ones beyond what fresh ones would have; 0 if there are none."""
        found = int((bounced & self.old).sum())
        return max(round(found - self.fresh_rate * int(self.old.sum())), min(found, 1))

    def verify_first(self, verified: Flags, days: Reals, chance: Reals, tolerance: float) -> Flags:
        """Which leads are to be verified again before they are used, where old ones bounce beyond the `tolerance`.

        Those beyond it by their `chance` whose verification is old, or of unknown age.
        """
        if self.old_low <= tolerance:
            return np.zeros(len(verified), dtype=np.bool_)
        recent = days <= thresholds().guessed.stale_days
        return np.asarray(verified & (chance > tolerance) & ~recent, dtype=np.bool_)

    def fresh(self, verified: Flags, days: Reals, tolerance: float) -> Flags:
        """Which leads' verification is recent, where such leads stay within the `tolerance`."""
        recent = days <= thresholds().guessed.stale_days
        return np.asarray(verified & recent & (self.fresh_rate <= tolerance), dtype=np.bool_)

    def times(self, verified: Flags, days: Reals) -> Reals:
        """How many times as likely as others of their status some leads are to bounce.

        verified: whose status that is; days: how old the verification will be (NaN: not known).
        """
        limit = thresholds().guessed.stale_days
        return np.where(
            verified & (days > limit), self.old_times, np.where(verified & (days <= limit), self.fresh_times, 1.0)
        )


def days_since(verified: pd.Series, sent: pd.Series) -> Reals:
    """How many days before each mail its address was verified; NaN where either is not known."""
    times = [pd.to_datetime(each, utc=True, errors="coerce").reset_index(drop=True) for each in (sent, verified)]
    waited = (times[0] - times[1]).dt.total_seconds() / _DAY_S
    return np.asarray(waited.to_numpy(dtype=float, na_value=np.nan))


def age_of_contacts(correlated: Correlated, contacts: Contacts) -> Reals | None:
    """The same of each lead contacted at its first mail; None where the log does not tell."""
    sends = correlated.sends
    if "verified_at" not in sends.columns or "sent_at" not in sends.columns:
        return None
    return days_since(sends["verified_at"].iloc[contacts.first], sends["sent_at"].iloc[contacts.first])


def staleness(correlated: Correlated, contacts: Contacts, among: Flags) -> Staleness | None:
    """Whether, of the leads `among` which it is asked, verified ones with an old verification bounced more than those
    with a fresh one; None if not shown.
    """
    days, evidence = age_of_contacts(correlated, contacts), thresholds().evidence
    if days is None:
        return None
    bounced = contacts.leads["address"].to_numpy(dtype=np.bool_)
    inside = (contacts.leads["email_status"].astype(object) == "verified").to_numpy() & among
    limit = thresholds().guessed.stale_days
    old, fresh = inside & (days > limit), inside & (days <= limit)
    if min(old.sum(), fresh.sum()) < evidence.min_leads_per_arm or (bounced & old).sum() < evidence.min_bounces:
        return None
    company = company_of(contacts)
    one, other = (clustered_rate(bounced[arm], company[arm]) for arm in (old, fresh))
    if one.estimate is None or other.estimate is None or one.low is None or other.high is None:
        return None
    # Newcombe's lower bound of the difference.
    if one.estimate - other.estimate <= float(np.hypot(one.estimate - one.low, other.high - other.estimate)):
        return None
    usual = float(bounced[old | fresh].mean())
    times = [(bounced[arm].sum() + _BELIEVED) / (usual * arm.sum() + _BELIEVED) for arm in (old, fresh)]
    whole = (times[0] * old.sum() + times[1] * fresh.sum()) / (old | fresh).sum()
    return Staleness(old, one.estimate, one.low, other.estimate, times[0] / whole, times[1] / whole)
