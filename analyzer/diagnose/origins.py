"""Where leads come from: a list source, a country, a title, a column that somebody named, whose leads bounce more.

What the scan of drivers finds beyond doubt is expected of the next list too: leads of such a value bounce so many times
as others of their cell, and those others less than the cell as a whole. A next list without the value is the better for
it, and one with it can be mended by leaving it out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from analyzer.diagnose.arrays import Codes, Flags, Reals, sums
from analyzer.diagnose.contacts import CELLS, GROUPS, Contacts, Dimension, cell_of, dimension
from analyzer.diagnose.diagnosis import Origin
from analyzer.diagnose.drivers import drivers
from analyzer.diagnose.thresholds import thresholds
from analyzer.diagnose.words import listed, many, number, percent
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
#: Values named in a text.
_SHOWN = 3
_VERIFIED = EMAIL_STATUSES.index("verified")


@dataclass(frozen=True, slots=True)
class Origins:
    """The values of one column that are shown to bounce more.

    found: they, those with most bounces first; times: how many times as likely as others of their cell their leads are
    to bounce, not verified ones and verified ones apart, (found, 2); others: per cell, how likely all other leads are
    over the cell as a whole; known: the values that leads contacted had. only: see `Origin`; leads, bounces,
    expected: of what `is_bad`.
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

    @property
    def name(self) -> str:
        """What a person calls the column."""
        return _NAMES.get(self.column, self.column)

    @property
    def is_bad(self) -> Flags:
        """Of which value and kind of lead the list is better off without, (found, 2): not of both where one holds."""
        return np.asarray(self.times >= _WORSE, dtype=np.bool_)

    def of(self, leads: pd.DataFrame) -> Dimension | None:
        """The column in a list of leads; None where it has none."""
        name = self.column if self.column in leads.columns else f"{PREFIX}{self.column}"
        return dimension(leads, name) if name in leads.columns else None

    def moved(self, chance: Reals, cell: Codes, values: Dimension) -> Reals:
        """The chances of leads, by the values they have; a value that nobody had before says nothing."""
        known = np.array([value in self.known for value in values.values], dtype=np.bool_)
        times = self._per_lead(np.vstack([self.times, np.ones(2)]), cell, values)
        factor = np.where(known[values.codes], times * self.others[cell], 1.0)
        return np.asarray(np.minimum(chance * factor, np.maximum(chance, _HIGHEST)))

    def bad(self, cell: Codes, values: Dimension) -> Flags:
        """Which leads are of a bad value and kind."""
        table = np.vstack([self.is_bad, np.zeros(2, dtype=np.bool_)])
        return np.asarray(self._per_lead(table, cell, values), dtype=np.bool_)

    def _per_lead(self, table: Reals | Flags, cell: Codes, values: Dimension) -> Any:
        """The row of each lead's value (the last for any other), in the column of its kind."""
        place = {value: row for row, value in enumerate(self.found)}
        row = np.array([place.get(value, len(self.found)) for value in values.values], dtype=np.int64)
        return table[row[values.codes], _verified(cell).astype(np.int64)]

    def told(self, next_leads: int | None) -> Origin:
        """The finding for people; `next_leads` of the next list are such leads (None: not known)."""
        shown = listed(list(self.found[:_SHOWN]))
        which = shown if len(self.found) <= _SHOWN else f"{len(self.found)} values, such as {shown}"
        kind = {"": "", "verified": " that are verified", "unverified": " that are not verified"}[self.only]
        advice = "leave such leads out, or have them verified first"
        if next_leads is not None:
            advice = (
                f"leave the {many(next_leads, 'such lead')} of the next list out, or have them verified first"
                if next_leads
                else "the next list has none of them"
            )
        rate, expected = self.bounces / self.leads, self.expected / self.leads
        text = (
            f"Leads of the {self.name} {which}{kind} bounced at {percent(rate)} ({number(self.bounces)} of "
            f"{number(self.leads)}), others of the same status and industry at {percent(expected)}: {advice}."
        )
        return Origin(
            self.name, list(self.found), self.only, self.leads, self.bounces, rate, expected, next_leads, text
        )


def _verified(cell: Codes) -> Flags:
    return np.asarray(cell // GROUPS == _VERIFIED)


def origins(contacts: Contacts) -> Origins | None:
    """The column with most bounces beyond those expected, of the columns that tell leads apart; None without one."""
    if contacts.counted is not None:
        return None
    limits = thresholds().origins
    names = [name for name in (*_OF_A_LEAD, *contacts.named) if contacts.at[name].given]
    shown: dict[str, list[Driver]] = {}
    for driver in drivers(contacts, names, ("hard",)) if names else []:
        if driver.q_value < limits.q_value and driver.bounces >= limits.bounces and driver.lift >= limits.lift:
            shown.setdefault(driver.dimension, []).append(driver)
    if not shown:
        return None
    column = max(shown, key=lambda name: sum(each.bounces - each.expected * each.leads for each in shown[name]))
    found = tuple(each.value for each in shown[column])
    own, cell = contacts.per_lead(column), cell_of(contacts.leads)
    place = {value: row for row, value in enumerate(found)}
    value = np.array([place.get(name, len(found)) for name in own.values], dtype=np.int64)[own.codes]
    # Both kinds of every value, and those of all others behind them.
    group = 2 * value + _verified(cell)
    bounced = contacts.leads["address"].to_numpy(dtype=np.bool_)
    size, elsewhere = 2 * len(found), value == len(found)
    rest, rest_bounced = (np.bincount(cell[rows], minlength=CELLS) for rows in (elsewhere, elsewhere & bounced))
    usual = (rest_bounced.sum() + 0.5) / (rest.sum() + 1)
    usual_there = (rest_bounced + usual * _PULL) / (rest + _PULL)
    expected = sums(group, usual_there[cell], size + 2)[:size]
    hits, leads = (np.bincount(group[rows], minlength=size + 2)[:size] for rows in (bounced, slice(None)))
    times = ((hits + _BELIEVED) / (expected + _BELIEVED)).reshape(-1, 2)
    bad = (times >= _WORSE).ravel()
    if not bad.any():
        return None
    weight = np.append(times.ravel(), (1.0, 1.0))[group]
    everyone = np.bincount(cell, minlength=CELLS)
    others = np.where(everyone > 0, everyone / np.maximum(np.bincount(cell, weight, minlength=CELLS), 1e-9), 1.0)
    known = frozenset(own.values[code] for code in np.unique(own.codes))
    # A kind of which there are none is neither.
    unverified, verified = (bad.reshape(-1, 2).any(0) | (leads.reshape(-1, 2).sum(0) == 0)).tolist()
    only = "" if unverified and verified else "verified" if verified else "unverified"
    told = int(leads[bad].sum()), int(hits[bad].sum()), float(expected[bad].sum())
    return Origins(column, found, times, others, known, only, *told)
