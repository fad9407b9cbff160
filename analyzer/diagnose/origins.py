"""Where leads come from: a list source, a country, a title, a column that somebody named, whose leads bounce more.

What the scan of drivers finds beyond doubt is expected of the next list too: leads of such a value bounce so many times
as others of their cell, and those others less than the cell as a whole. A next list without the value is the better for
it, and one with it can be mended by leaving it out. The column that explains most comes first, and each further one is
looked at among the leads that are of no such value before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analyzer.diagnose.arrays import Codes, Flags, Reals, sums
from analyzer.diagnose.contacts import CELLS, GROUPS, Contacts, Dimension, cell_of, dimension
from analyzer.diagnose.diagnosis import Origin
from analyzer.diagnose.drivers import drivers
from analyzer.diagnose.thresholds import thresholds
from analyzer.diagnose.words import limit, listed, many, number, percent
from analyzer.records import EMAIL_STATUSES
from analyzer.sources.tables.named import PREFIX

if TYPE_CHECKING:
    import pandas as pd

    from analyzer.diagnose.diagnosis import Driver

#: What a lead is known by before it is written to, beside its status, its industry and its company.
_OF_A_LEAD = ("list_source", "country", "title")
_NAMES = {"list_source": "list source", "country": "country", "title": "title"}
#: What is believed of the risk of a value, that it is as the others', is worth so many bounces.
_BELIEVED = 2.0
_HIGHEST = 0.97
#: From here on leads are better left out: guessed ones of a source may be bad where its verified ones are not.
_WORSE = 1.5
#: Of a cell that hardly anybody else has, the usual rate counts as so many leads.
_PULL = 20.0
#: Values named in a text, and columns that count.
_SHOWN = 3
_COLUMNS = 3
_VERIFIED = EMAIL_STATUSES.index("verified")


@dataclass(frozen=True, slots=True)
class Origins:
    """The values of one column that are shown to bounce more.

    found: they, those with most bounces first; times: how many times as likely as others of their cell their leads are
    to bounce, not verified ones and verified ones apart, (found, 2); others: per cell, how likely all other leads are
    over the cell as a whole; known: the values that leads contacted had. only: see `Origin`; leads, bounces,
    expected: of what `is_bad`. further: whether these are of the leads that another column says nothing against.
    """

    column: str
    found: tuple[str, ...]
    times: Reals
    others: Reals
    known: frozenset[str]
    only: str
    leads: int
    bounces: int
    expected: float
    further: bool = False

    @property
    def name(self) -> str:
        """What a person calls the column."""
        return _NAMES.get(self.column, self.column)

    @property
    def rate(self) -> float:
        """How often what `is_bad` bounced."""
        return self.bounces / self.leads

    @property
    def is_bad(self) -> Flags:
        """Of which value and kind of lead the list is better off without, (found, 2): not of both where one holds."""
        return np.asarray(self.times >= _WORSE, dtype=np.bool_)

    def values_of(self, column: Dimension) -> Codes:
        """The value of each lead as its place in `found`; behind them any other value, and one that nobody had."""
        place = {value: row for row, value in enumerate(self.found)}
        other = len(self.found)
        codes = [place.get(value, other if value in self.known else other + 1) for value in column.values]
        return np.array(codes, dtype=np.int64)[column.codes]

    def moved(self, chance: Reals, cell: Codes, value: Codes) -> Reals:
        """The chances of leads, by the values they have; a value that nobody had before says nothing."""
        table, row = np.vstack([self.times, np.ones(2)]), np.minimum(value, len(self.found))
        times = table[row, _verified(cell).astype(np.int64)]
        factor = np.where(value <= len(self.found), times * self.others[cell], 1.0)
        return np.asarray(np.minimum(chance * factor, np.maximum(chance, _HIGHEST)))

    def bad(self, cell: Codes, value: Codes) -> Flags:
        """Which leads are of a bad value and kind."""
        table = np.vstack([self.is_bad, np.zeros((2, 2), dtype=np.bool_)])
        return np.asarray(table[value, _verified(cell).astype(np.int64)], dtype=np.bool_)

    def told(self, next_leads: int | None, tolerance: float) -> Origin:
        """The finding for people; `next_leads` of the next list are such leads (None: not known)."""
        shown = listed(list(self.found[:_SHOWN]))
        which = shown if len(self.found) <= _SHOWN else f"{len(self.found)} values, such as {shown}"
        kind = {"": "", "verified": " that are verified", "unverified": " that are not verified"}[self.only]
        advice = "leave such leads out, or have them verified first"
        if self.rate <= tolerance:
            advice = f"more, but no more than the {limit(tolerance)} that are accepted"
        elif next_leads is not None:
            advice = (
                f"leave the {many(next_leads, 'such lead')} of the next list out, or have "
                f"{'it' if next_leads == 1 else 'them'} verified first"
                if next_leads
                else "the next list has none of them"
            )
        expected = self.expected / self.leads
        text = (
            f"{'Of the others, leads' if self.further else 'Leads'} of the {self.name} {which}{kind} bounced at "
            f"{percent(self.rate)} ({number(self.bounces)} of {number(self.leads)}), others of the same status and "
            f"industry at {percent(expected)}: {advice}."
        )
        return Origin(
            self.name, list(self.found), self.only, self.leads, self.bounces, self.rate, expected, next_leads, text
        )


def _verified(cell: Codes) -> Flags:
    return np.asarray(cell // GROUPS == _VERIFIED)


def of_list(found: tuple[Origins, ...], leads: pd.DataFrame) -> tuple[Codes | None, ...]:
    """Of each finding, the value of each lead of a list (`Origins.values_of`); None where it has no such column."""

    def values(each: Origins) -> Codes | None:
        name = each.column if each.column in leads.columns else f"{PREFIX}{each.column}"
        return each.values_of(dimension(leads, name)) if name in leads.columns else None

    return tuple(values(each) for each in found)


def origins(contacts: Contacts) -> tuple[Origins, ...]:
    """The columns with most bounces beyond those expected, of the columns that tell leads apart."""
    if contacts.counted is not None:
        return ()
    limits = thresholds().origins
    names = [name for name in (*_OF_A_LEAD, *contacts.named) if contacts.at[name].given]
    shown: dict[str, list[Driver]] = {}
    for driver in drivers(contacts, names, ("hard",)) if names else []:
        if driver.q_value < limits.q_value and driver.bounces >= limits.bounces and driver.lift >= limits.lift:
            shown.setdefault(driver.dimension, []).append(driver)

    def beyond(name: str) -> float:
        return sum(each.bounces - each.expected * each.leads for each in shown[name])

    found: list[Origins] = []
    left = np.ones(len(contacts.leads), dtype=np.bool_)
    for column in sorted(shown, key=lambda name: (-round(beyond(name), 6), names.index(name))):
        values = tuple(each.value for each in shown[column])
        one = _of_column(contacts, column, values, left, further=bool(found))
        if one is not None and len(found) < _COLUMNS:
            found.append(one)
            left &= one.values_of(contacts.per_lead(column)) >= len(one.found)
    return tuple(found)


def _of_column(
    contacts: Contacts, column: str, values: tuple[str, ...], left: Flags, *, further: bool
) -> Origins | None:
    """What some values of one column do to the leads that are `left`; None where they do nothing to these."""
    limits = thresholds().origins
    own, cell = contacts.per_lead(column), cell_of(contacts.leads)
    place = {value: row for row, value in enumerate(values)}
    value = np.array([place.get(name, len(values)) for name in own.values], dtype=np.int64)[own.codes]
    # Both kinds of every value, and those of all others behind them.
    group = 2 * value + _verified(cell)
    bounced = contacts.leads["address"].to_numpy(dtype=np.bool_)
    size, elsewhere = 2 * len(values), left & (value == len(values))
    rest, rest_bounced = (np.bincount(cell[rows], minlength=CELLS) for rows in (elsewhere, elsewhere & bounced))
    usual = (rest_bounced.sum() + 0.5) / (rest.sum() + 1)
    usual_there = (rest_bounced + usual * _PULL) / (rest + _PULL)
    expected = sums(group[left], usual_there[cell[left]], size + 2)[:size]
    hits, leads = (np.bincount(group[rows], minlength=size + 2)[:size] for rows in (bounced & left, left))
    if further:
        # Of what another column explains already, nothing is left here.
        kept = [
            row
            for row in range(len(values))
            if (seen := hits[2 * row : 2 * row + 2].sum()) >= limits.bounces
            and seen >= limits.lift * expected[2 * row : 2 * row + 2].sum()
        ]
        if len(kept) < len(values):
            chosen = tuple(values[row] for row in kept)
            return _of_column(contacts, column, chosen, left, further=True) if kept else None
    times = ((hits + _BELIEVED) / (expected + _BELIEVED)).reshape(-1, 2)
    bad = (times >= _WORSE).ravel()
    if not bad.any():
        return None
    weight = np.append(times.ravel(), (1.0, 1.0))[group[left]]
    everyone = np.bincount(cell[left], minlength=CELLS)
    weighted = np.bincount(cell[left], weight, minlength=CELLS)
    others = np.where(everyone > 0, everyone / np.maximum(weighted, 1e-9), 1.0)
    known = frozenset(own.values[code] for code in np.unique(own.codes))
    # A kind of which there are none is neither.
    unverified, verified = (bad.reshape(-1, 2).any(0) | (leads.reshape(-1, 2).sum(0) == 0)).tolist()
    only = "" if unverified and verified else "verified" if verified else "unverified"
    told = int(leads[bad].sum()), int(hits[bad].sum()), float(expected[bad].sum())
    return Origins(column, values, times, others, known, only, *told, further=further)
