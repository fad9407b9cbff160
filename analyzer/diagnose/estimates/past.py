"""What past campaigns tell of each cell: leads and bounces, what those are worth beside others, how both differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyzer.diagnose.arrays import Reals, sums
from analyzer.diagnose.estimates.drift import Drift, drifts
from analyzer.diagnose.estimates.likeness import crowds
from analyzer.diagnose.estimates.variation import Spread, spread_of
from analyzer.diagnose.leads.companies import company_of
from analyzer.diagnose.leads.contacts import CELLS, GROUPS, Contacts, cell_of
from analyzer.diagnose.leads.slips import at_slips


@dataclass(frozen=True, slots=True)
class History:
    """What past leads tell: per cell `leads` and `bounces`, how many `campaigns` they are of, and how both differ.

    `worth` and `worth_bounced` are the same counted by what each lead is worth beside its fellows at its company;
    `drifts` are the statuses that bounced more, or less, as time went on.
    """

    leads: Reals
    bounces: Reals
    campaigns: int
    spread: Spread
    worth: Reals
    worth_bounced: Reals
    drifts: tuple[Drift, ...] = ()

    @property
    def campaign_phi(self) -> float:
        """The correlation expected within a campaign."""
        return self.spread.campaign_phi


def history(contacts: Contacts) -> History:
    """What the leads contacted so far tell about each cell; those at misspelt domains tell nothing of others."""
    kept = ~at_slips(contacts)
    cell = cell_of(contacts.leads)[kept]
    bounced = contacts.leads["address"].to_numpy()[kept]
    campaign = contacts.leads["campaign"].cat.codes.to_numpy(dtype=np.int64)[kept]
    company = company_of(contacts)[kept]
    spread = spread_of(bounced, cell, np.arange(CELLS) // GROUPS, campaign, company)
    worth, worth_bounced = crowds(cell, bounced, company, CELLS).worth(spread.likeness)
    return History(
        leads=np.bincount(cell, minlength=CELLS).astype(float),
        bounces=sums(cell, bounced, CELLS),
        campaigns=len(np.unique(campaign)),
        spread=spread,
        worth=worth,
        worth_bounced=worth_bounced,
        drifts=drifts(contacts, spread.likeness),
    )
