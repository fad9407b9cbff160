"""What else is shown to make leads bounce, and is shared out unevenly among statuses: they are compared within it.

A bad list source of which most addresses are guessed makes guessed addresses look bad. Held fixed is what the scan of
drivers finds, and of that only what would move the comparison: a column counts where leaving it out is off by a tenth
of the difference or more (the change-in-estimate criterion: G. Maldonado & S. Greenland, American Journal of
Epidemiology 138, 1993). Whatever else were held fixed would cost cells, and with them power.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analyzer.diagnose.arrays import Codes, Flags, Reals
from analyzer.diagnose.leads.contacts import Contacts
from analyzer.diagnose.leads.counted import told_apart

if TYPE_CHECKING:
    from analyzer.diagnose.diagnosis import Driver

#: What is compared itself, what strata hold fixed anyway, and what the intervals draw as one.
_ELSEWHERE = frozenset({"email_status", "industry", "campaign", "recipient_domain"})
#: From this part of the difference on, a column is held fixed; and how many columns at most.
_MOVES = 0.1
_COLUMNS = 3


@dataclass(frozen=True, slots=True)
class Confounder:
    """A column that is shown to make leads bounce, at the first mail of each.

    code: the place of each lead's value among those that are shown, from 1 on, 0 for all others; beyond: by that place,
    how much more often such leads bounce than others of their status and industry (a difference of rates).
    """

    name: str
    code: Codes
    beyond: Reals

    def bias(self, one: Flags, other: Flags) -> float:
        """What the difference in rates of two groups of leads owes to the values that they have of this column."""
        size = len(self.beyond)
        shares = [np.bincount(self.code[group], minlength=size) / max(int(group.sum()), 1) for group in (one, other)]
        return float((shares[0] - shares[1]) @ self.beyond)


def confounders(contacts: Contacts, shown: Sequence[Driver]) -> tuple[Contacts, tuple[Confounder, ...]]:
    """The columns of what is `shown` to bounce, and the contacts that they number the leads of.

    None of a campaign that is counted with statuses that are not to be used: nobody knows whose these are.
    """
    beyond: dict[str, dict[str, float]] = {}
    for driver in shown:
        if driver.label == "hard" and driver.dimension not in _ELSEWHERE:
            beyond.setdefault(driver.dimension, {})[driver.value] = driver.rate - driver.expected
    if not beyond or (contacts.counted is not None and contacts.counted.hidden):
        return contacts, ()
    chosen = {name: sorted(values) for name, values in sorted(beyond.items())}
    if contacts.counted is None:
        codes = {name: contacts.per_lead(name).places(values) for name, values in chosen.items()}
    else:
        contacts, codes = told_apart(contacts, chosen)
    return contacts, tuple(
        Confounder(name, codes[name], np.array([0.0, *(beyond[name][value] for value in values)]))
        for name, values in chosen.items()
    )


def held_fixed(one: Flags, other: Flags, bounced: Flags, found: Sequence[Confounder]) -> list[Confounder]:
    """Which columns to compare two groups of leads within, the one that moves their difference most first."""
    if not one.any() or not other.any():
        return []
    difference = abs(float(bounced[one].mean() - bounced[other].mean()))
    moves = sorted(((-abs(each.bias(one, other)), number) for number, each in enumerate(found)))
    return [found[number] for bias, number in moves if -bias > _MOVES * difference][:_COLUMNS]
