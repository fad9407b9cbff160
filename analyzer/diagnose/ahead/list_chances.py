"""What moves the chances of a list's leads: the age of a verification, where leads come from, a misspelt domain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analyzer.diagnose.ahead.ranking import FAMILIES
from analyzer.diagnose.arrays import Codes, Flags, Reals
from analyzer.diagnose.leads.contacts import GROUPS, Contacts
from analyzer.diagnose.leads.slips import chance_at_slips
from analyzer.records import EMAIL_STATUSES

if TYPE_CHECKING:
    from analyzer.diagnose.ahead.origins import Origins
    from analyzer.diagnose.ahead.staleness import Staleness

_VERIFIED = EMAIL_STATUSES.index("verified")
#: No lead is more likely to bounce for what others did.
HIGHEST = 0.97


def aged(chance: Reals, cell: Codes, stale: Staleness | None, days: Reals | None, good: Flags) -> Reals:
    """The chances of leads, moved by the age of their verification (days) where old ones are shown to bounce more; not
    of those that are of a bad origin, which moves theirs.
    """
    if stale is None or days is None:
        return chance
    return np.asarray(np.minimum(chance * stale.times((cell // GROUPS == _VERIFIED) & good, days), HIGHEST))


def from_good(cell: Codes, bad: tuple[Origins, ...], values: tuple[Codes | None, ...]) -> Flags:
    """Which leads are of no bad origin, as far as it is known where they come from."""
    good = np.ones(len(cell), dtype=np.bool_)
    for each, value in zip(bad, values, strict=True):
        if value is not None:
            good &= ~each.bad(cell, value)
    return good


def for_age(times: Reals) -> Reals:
    """What the age of a verification adds to the log-odds of leads, (leads, FAMILIES)."""
    return np.asarray(np.log(times)[:, None] * (np.array(FAMILIES) == "age"))


def as_at_slips(chance: Reals, there: Flags, contacts: Contacts) -> Reals:
    """The chances of leads, where those at misspelt domains have what such leads had before."""
    known = chance_at_slips(contacts)
    return chance if known is None else np.where(there, known, chance)


def by_origin(
    chance: Reals,
    cell: Codes,
    bad: tuple[Origins, ...],
    values: tuple[Codes | None, ...],
    held: tuple[Reals, ...] | None = None,
) -> Reals:
    """The chances of leads, moved by where they come from where some of it is shown to bounce more.

    held: of each, what the chances hold of it already (`origins.already`).
    """
    free = np.ones(len(cell), dtype=np.bool_)
    for place, (each, value) in enumerate(zip(bad, values, strict=True)):
        if value is not None:
            known = None if held is None else held[place]
            chance = np.where(free, each.moved(chance, cell, value, known), chance)
            # Further columns were looked at among the leads of no bad value before.
            free &= value >= len(each.found)
    return chance
