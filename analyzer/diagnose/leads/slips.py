"""Leads at known misspellings of well-known domains: what bounces there says nothing of leads whose domain is right.

A list with its misspelt domains corrected or left out bounces as often as the other leads did, so these are forecast
by themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analyzer.diagnose.arrays import Flags, Texts

if TYPE_CHECKING:
    from analyzer.diagnose.leads.contacts import Contacts


def misspelt(names: Texts | list[str]) -> Flags:
    """Which domains are known misspellings."""
    from analyzer.addresses.words import words

    return np.asarray(pd.Index(names, dtype=object).isin(list(words().typos)), dtype=np.bool_)


def at_slips(contacts: Contacts) -> Flags:
    """Which leads contacted are at a known misspelling where some bounced for a bad address; none where all are."""
    bounced = contacts.domain[contacts.leads["address"].to_numpy(dtype=np.bool_)]
    # Of leads that nothing came back of, several domains may have no name.
    size = max(len(contacts.domains), int(contacts.domain.max(initial=-1)) + 1)
    met = np.bincount(bounced, minlength=size) > 0
    met[: len(contacts.domains)] &= misspelt(contacts.domains)
    met[len(contacts.domains) :] = False
    there = met[contacts.domain]
    return np.asarray(there & ~there.all())


def chance_at_slips(contacts: Contacts) -> float | None:
    """The chance of a lead at such a domain to bounce, with one lead of either kind added; None where none was met."""
    there = at_slips(contacts)
    if not there.any():
        return None
    bounced = int(contacts.leads["address"].to_numpy(dtype=np.bool_)[there].sum())
    return (bounced + 1) / (int(there.sum()) + 2)
