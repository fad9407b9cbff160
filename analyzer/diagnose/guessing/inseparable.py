"""Columns of which leads of a status hardly ever share a value with verified ones: the status or the column, who knows.

Where every guessed address is of one list source and every verified one of another, the difference between them is that
of the sources as much as that of guessing, and no adjustment tells them apart (a violation of positivity: M. Hernán &
J. Robins, Causal Inference: What If, 2020, chapter 3). Overlap is the weight that a comparison within the column's
values has (Mantel-Haenszel), beside the weight it would have if the statuses were dealt out at random over the same
values. A small overlap that shows a difference by itself is enough.
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
    """

    name: str
    value: str
    verified: str


def inseparable(contacts: Contacts, status: str, effects: list[float]) -> list[Inseparable]:
    """The columns that the difference of a status from verified ones may be due to as well, as far as anyone knows.

    effects: the design effects of the leads of the status and of verified ones.
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
        if not given.any() or (leads[:, given].sum(1) < _GIVEN * leads.sum(1)).any():
            continue
        leads, bounces = leads[:, given], bounces[:, given]
        if _overlaps(leads) or _shown_within(leads, bounces, effects):
            continue
        known = [value for value, there in zip(values, given, strict=True) if there]
        found.append(Inseparable(name, *(_most(known, arm) for arm in leads)))
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


def _shown_within(leads: Reals, bounces: Reals, effects: list[float]) -> bool:
    """Whether the few leads that share values show by themselves that the first arm bounces more."""
    both = (leads > 0).all(axis=0)
    if not both.any():
        return False
    return newcombe(leads[:, both], bounces[:, both], effects)[1][0] > 0


def _most(values: list[str], leads: Reals) -> str:
    place = int(leads.argmax())
    return values[place] if 2 * leads[place] >= leads.sum() else ""
