"""Columns of which leads of a status hardly ever share a value with verified ones: the status or the column, who knows.

Where every guessed address is of one list source and every verified one of another, the difference between them is that
of the sources as much as that of guessing, and no adjustment tells them apart (a violation of positivity: M. Hernán &
J. Robins, Causal Inference: What If, 2020, chapter 3). Overlap is the weight that a comparison within the column's
values has (Mantel-Haenszel), beside the weight it would have if the statuses were dealt out at random over the same
values. A small overlap that shows a difference by itself is enough.

So it is with a column of which leads share values, where those that do bounce alike: the difference then comes of leads
whose value is not known, or of the values themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyzer.diagnose.arrays import Reals
from analyzer.diagnose.estimates.rates import newcombe
from analyzer.diagnose.leads.contacts import GROUPS, STATUSES, Contacts, cell_of
from analyzer.records import EMAIL_STATUSES

#: Where leads come from and how they are written to, as far as bad addresses may come of it.
_COLUMNS = ("list_source", "campaign", "sender", "industry_group", "industry", "country")
#: What tells a part of another column's story: named with it, it would be named twice.
_PART_OF = {"industry": "industry_group"}
#: Below this part of the overlap that chance would give, the values hardly overlap.
_HARDLY = 0.1
#: A column has values that leads share: so many leads each in the mean, at least; and from this share of both on, it
#: has values at all.
_LEADS_EACH, _GIVEN = 5, 0.5


@dataclass(frozen=True, slots=True)
class Inseparable:
    """A column that cannot be told from a status; the value that most leads of the status have, and most verified ones,
    where that is one that half of them have ("" where it is not).

    within: the most that the status bounces more among leads that share a value (95 %), where that is less than was
    found among all; None where hardly any share one.
    """

    name: str
    value: str
    verified: str
    within: float | None = None


def inseparable(contacts: Contacts, status: str, effects: list[float], difference: float = 1.0) -> list[Inseparable]:
    """The columns that the difference of a status from verified ones may be due to as well, as far as anyone knows.

    effects: the design effects of the leads of the status and of verified ones; difference: what sets their rates
    apart, as it was found. Leads whose value is not given are no like among each other: who lacks an industry is of
    one list, or of another. Where those with a value contradict the difference, it is that of the others' lists.
    """
    if contacts.counted is not None and contacts.counted.hidden:
        return []
    places = [EMAIL_STATUSES.index(status), EMAIL_STATUSES.index("verified")]
    found: list[Inseparable] = []
    for name in dict.fromkeys((*_COLUMNS, *contacts.named)):
        if name not in contacts.at or any(each.name == _PART_OF.get(name) for each in found):
            continue
        values = contacts.at[name].values
        leads, bounces = (table[places] for table in _by_value(contacts, name))
        given = np.array([value not in ("", "unclassified") for value in values], dtype=np.bool_)
        if not given.any():
            continue
        enough = not (leads[:, given].sum(1) < _GIVEN * leads.sum(1)).any()
        leads, bounces = leads[:, given], bounces[:, given]
        low, high = _within(leads, bounces, effects)
        less = high < difference
        if low > 0 or (not less and (not enough or _overlaps(leads))):
            continue
        known = [value for value, there in zip(values, given, strict=True) if there]
        mine, theirs = (_most(known, arm) for arm in leads)
        found.append(Inseparable(name, mine, theirs, within=high if less else None))
    return found


def _by_value(contacts: Contacts, name: str) -> tuple[Reals, Reals]:
    """Leads and their address-fault bounces by email status and by a column's value at the first mail (two tables)."""
    told = contacts if contacts.counted is None else contacts.counted.told
    size = len(contacts.at[name].values)
    code = told.per_lead(name).codes if told is contacts else contacts.at[name].codes[told.first]
    key = (cell_of(told.leads) // GROUPS) * size + code
    leads = np.bincount(key, minlength=STATUSES * size).astype(float)
    bounces = np.bincount(key[told.leads["address"].to_numpy(dtype=np.bool_)], minlength=STATUSES * size).astype(float)
    if contacts.counted is not None:
        silent = contacts.counted.observations(contacts, name, first_only=True)
        np.add.at(leads, (silent.cell // GROUPS) * size + silent.codes, silent.leads)
    return leads.reshape(STATUSES, size), bounces.reshape(STATUSES, size)


def _overlaps(leads: Reals) -> bool:
    """Whether the arms (rows) share values (columns) about as often as chance would have it."""
    both = leads.sum(0)
    total, values = float(both.sum()), int((both > 0).sum())
    if not leads.any(axis=1).all() or total < _LEADS_EACH * values:
        return True
    weight = float((leads[0] * leads[1] / np.maximum(both, 1)).sum())
    by_chance = float(leads.sum(1).prod()) / total * (total - values) / max(total - 1, 1)
    # One value alone has all the overlap that there can be.
    return by_chance <= 0 or weight >= _HARDLY * by_chance


def _within(leads: Reals, bounces: Reals, effects: list[float]) -> tuple[float, float]:
    """The 95 % bounds of the difference of the first arm from the second among leads that share values."""
    both = (leads > 0).all(axis=0)
    return newcombe(leads[:, both], bounces[:, both], effects)[1] if both.any() else (-1.0, 1.0)


def _most(values: list[str], leads: Reals) -> str:
    place = int(leads.argmax())
    return values[place] if 2 * leads[place] >= leads.sum() else ""
