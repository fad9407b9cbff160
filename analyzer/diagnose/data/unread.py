"""Bounces that say nothing of their cause: the forecast lies between none of them being the address and all of them.

These are Manski's worst-case bounds: of a figure that hangs on what is not known, no mean and no chance is told.
"""

from __future__ import annotations

from dataclasses import replace

from analyzer.diagnose.diagnosis import Forecast, Forecasts
from analyzer.diagnose.leads.contacts import Contacts
from analyzer.diagnose.thresholds import thresholds


def unread(contacts: Contacts) -> int:
    """Leads that bounced for no known cause; 0 where they are no more than the few that every campaign has."""
    leads = contacts.leads
    found = int((leads["unknown"] & ~leads["address"]).sum())
    bounced = int((leads["hard"] | leads["spam"] | leads["unknown"]).sum())
    return found if found >= thresholds().evidence.unread_share * bounced else 0


def at_worst(contacts: Contacts) -> Contacts:
    """The same leads, as if every bounce without a cause were a fault of the address."""
    leads = contacts.leads
    return replace(contacts, leads=leads.assign(address=leads["address"] | leads["unknown"]))


def bounded(known: Forecasts, worst: Forecasts) -> Forecasts:
    """From the lowest of one to the highest of the other. The best mix is to be the worst's, which holds in both."""

    def between(low: Forecast, high: Forecast) -> Forecast:
        if not high.leads:
            return high
        return Forecast(high.leads, high.bounces, None, low.low, high.high, None)

    return Forecasts(
        between(known.max_quantity, worst.max_quantity),
        between(known.max_quality, worst.max_quality),
        between(known.best_mix, worst.best_mix),
    )


def widened(known: Forecasts, worst: Forecasts) -> Forecasts:
    """The known ones, up to the highest of what every bounce without a cause would make of them.

    The best mix of both is to be the smaller one, which holds in both.
    """

    def up_to(one: Forecast, other: Forecast) -> Forecast:
        if one.high is None or other.high is None:
            return one
        return replace(one, high=max(one.high, other.high))

    return Forecasts(
        up_to(known.max_quantity, worst.max_quantity),
        up_to(known.max_quality, worst.max_quality),
        up_to(known.best_mix, worst.best_mix),
    )
