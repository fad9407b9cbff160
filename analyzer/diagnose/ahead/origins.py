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
from analyzer.diagnose.diagnosis import Origin
from analyzer.diagnose.drivers.drivers import drivers
from analyzer.diagnose.leads.contacts import CELLS, GROUPS, Contacts, Dimension, cell_of, dimension
from analyzer.diagnose.leads.silent import AGES
from analyzer.diagnose.thresholds import thresholds
from analyzer.diagnose.words import limit, listed, many, number, percent
from analyzer.records import EMAIL_STATUSES
from analyzer.sources.tables.named import PREFIX

if TYPE_CHECKING:
    import pandas as pd

    from analyzer.diagnose.ahead.ranking import Learnt
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
_COMPANY = "recipient_domain"


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

    def moved(self, chance: Reals, cell: Codes, value: Codes, held: Reals | None = None) -> Reals:
        """The chances of leads, by the values they have; a value that nobody had before says nothing.

        held: how many times those of their cell the chances of such leads are already (`already`).
        """
        table, row = np.vstack([self.times, np.ones(2)]), np.minimum(value, len(self.found))
        kind = _verified(cell).astype(np.int64)
        times = table[row, kind] if held is None else table[row, kind] / held[row, kind]
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


def already(found: tuple[Origins, ...], had: tuple[Codes, ...], cell: Codes, learnt: Learnt) -> tuple[Reals, ...]:
    """Of each finding, how many times that of their cell and domain a model's chance of such leads is, (found + 1, 2):
    of others behind them, and of those that are not verified and those that are. An old list is known to it by its age.

    had: the values of the leads contacted (`Origins.values_of`), `cell` theirs.
    """
    free, tables = np.ones(len(learnt.rows), dtype=np.bool_), []
    kind = _verified(cell[learnt.rows]).astype(np.int64)
    for each, values in zip(found, had, strict=True):
        value, size = np.minimum(values[learnt.rows], len(each.found)), 2 * (len(each.found) + 1)
        at = (value * 2 + kind)[free]
        model, base = (sums(at, (learnt.weight * one)[free], size) for one in (learnt.chance, learnt.base))
        tables.append(((model + _BELIEVED) / (base + _BELIEVED)).reshape(-1, 2))
        free &= value >= len(each.found)
    return tuple(tables)


def _verified(cell: Codes) -> Flags:
    return np.asarray(cell // GROUPS == _VERIFIED)


def of_list(found: tuple[Origins, ...], leads: pd.DataFrame) -> tuple[Codes | None, ...]:
    """Of each finding, the value of each lead of a list (`Origins.values_of`); None where it has no such column."""

    def values(each: Origins) -> Codes | None:
        name = each.column if each.column in leads.columns else f"{PREFIX}{each.column}"
        return each.values_of(dimension(leads, name)) if name in leads.columns else None

    return tuple(values(each) for each in found)


def of_contacts(found: tuple[Origins, ...], contacts: Contacts) -> tuple[Codes, ...]:
    """Of each finding, the value of each lead contacted at its first mail (`Origins.values_of`).

    Leads of whom only counts are held are dealt the values that leads of their cell and age have.
    """
    if contacts.counted is None:
        return tuple(each.values_of(contacts.per_lead(each.column)) for each in found)
    if not found:
        return ()
    told, rows = contacts.counted.told, contacts.counted.silent.rows
    mine = contacts.lead[told.first]
    silent = np.ones(len(contacts.leads), dtype=np.bool_)
    silent[mine] = False
    at = np.flatnonzero(silent)
    cell, age = cell_of(contacts.leads)[at], contacts.first[at] - len(told.lead)
    at = at[np.lexsort((age, cell))]
    counted = rows.beside(found[0].column, {each.column: list(each.found) for each in found})
    counted = counted[counted["first"]].reset_index(drop=True)
    order = np.lexsort((counted["age"].map(AGES.index).to_numpy(), cell_of(counted)))
    dealt = counted.iloc[np.repeat(order, counted["leads"].to_numpy()[order])]
    values = []
    for each in found:
        value = np.empty(len(contacts.leads), dtype=np.int64)
        value[mine] = each.values_of(told.per_lead(each.column))
        places = {name: row for row, name in enumerate(each.found)} | {"": len(each.found)}
        value[at] = dealt[f"had_{each.column}"].map(places).to_numpy(dtype=np.int64)
        values.append(value)
    return tuple(values)


def origins(contacts: Contacts) -> tuple[Origins, ...]:
    """The columns with most bounces beyond those expected, of the columns that tell leads apart.

    None of a campaign that is counted with statuses that are not to be used: nobody knows whose these are.
    """
    if contacts.counted is not None and contacts.counted.hidden:
        return ()
    limits = thresholds().origins
    names = [name for name in (*_OF_A_LEAD, *contacts.named) if contacts.at[name].given]
    found_bad = drivers(contacts, names, ("hard",)) if names else []
    if found_bad:
        # A country is not to blame for a company in it that bounces as a whole.
        found_bad = drivers(contacts, [*names, _COMPANY], ("hard",))
    companies = frozenset(driver.value for driver in found_bad if driver.dimension == _COMPANY)
    shown: dict[str, list[Driver]] = {}
    for driver in found_bad:
        telling = driver.q_value < limits.q_value and driver.bounces >= limits.bounces and driver.lift >= limits.lift
        if telling and driver.dimension != _COMPANY:
            shown.setdefault(driver.dimension, []).append(driver)

    def beyond(name: str) -> float:
        return sum(each.bounces - each.expected * each.leads for each in shown[name])

    found: list[Origins] = []
    for column in sorted(shown, key=lambda name: (-round(beyond(name), 6), names.index(name))):
        values = tuple(each.value for each in shown[column])
        one = _of_column(contacts, column, values, found, companies) if len(found) < _COLUMNS else None
        if one is not None:
            found.append(one)
    return tuple(found)


def _of_column(
    contacts: Contacts, column: str, values: tuple[str, ...], before: list[Origins], companies: frozenset[str]
) -> Origins | None:
    """What some values of one column do to the leads that are of no value found `before`; None for nothing.

    companies: recipient domains that are bad by themselves, and left out.
    """
    limits = thresholds().origins
    leads, bounced, known = _counted(contacts, column, values, before, companies)
    others_leads, others_bounced = leads[-1], bounced[-1]
    usual = (others_bounced.sum() + 0.5) / (others_leads.sum() + 1)
    usual_there = (others_bounced + usual * _PULL) / (others_leads + _PULL)
    expected, hits, there = (_by_kind(table[:-1]) for table in (leads * usual_there, bounced, leads))
    if before or companies:
        # Of what another column or a company explains already, nothing is left here.
        kept = (hits.sum(1) >= limits.bounces) & (hits.sum(1) >= limits.lift * expected.sum(1))
        if not kept.all():
            chosen = tuple(value for value, stays in zip(values, kept, strict=True) if stays)
            return _of_column(contacts, column, chosen, before, companies) if chosen else None
    times = (hits + _BELIEVED) / (expected + _BELIEVED)
    bad = times >= _WORSE
    if not bad.any():
        return None
    verified = _verified(np.arange(CELLS))
    weighted = others_leads + (np.where(verified, times[:, 1:], times[:, :1]) * leads[:-1]).sum(0)
    others = np.where(leads.sum(0) > 0, leads.sum(0) / np.maximum(weighted, 1e-9), 1.0)
    # A kind of which there are none is neither.
    of_unverified, of_verified = (bad.any(0) | (there.sum(0) == 0)).tolist()
    only = "" if of_unverified and of_verified else "verified" if of_verified else "unverified"
    told = int(there[bad].sum()), int(hits[bad].sum()), float(expected[bad].sum())
    return Origins(column, values, times, others, known, only, *told, further=bool(before))


def _by_kind(table: Reals) -> Reals:
    """(values, cells) summed to (values, 2): what is not verified, and what is."""
    verified = _verified(np.arange(CELLS))
    return np.column_stack([table[:, ~verified].sum(1), table[:, verified].sum(1)])


def _counted(
    contacts: Contacts, column: str, values: tuple[str, ...], before: list[Origins], companies: frozenset[str]
) -> tuple[Reals, Reals, frozenset[str]]:
    """Leads of no value found `before`, nor at some `companies`, and those of them that bounced, by some values of a
    column, all others behind them, and by cell; and the values that any lead had.
    """
    told = contacts if contacts.counted is None else contacts.counted.told
    names, codes, cell = contacts.at[column].values, told.per_lead(column).codes, cell_of(told.leads)
    place = {value: row for row, value in enumerate(values)}
    row = np.array([place.get(name, len(values)) for name in names], dtype=np.int64)
    left = ~np.isin(told.domain, [code for code, name in enumerate(told.domains) if name in companies])
    for each in before:
        left &= each.values_of(told.per_lead(each.column)) >= len(each.found)
    size = len(values) + 1, CELLS
    at = (row[codes] * CELLS + cell)[left]
    bounced = sums(at, told.leads["address"].to_numpy(dtype=np.bool_)[left], size[0] * CELLS)
    leads = np.bincount(at, minlength=size[0] * CELLS).astype(np.float64)
    there = np.unique(codes)
    if contacts.counted is not None:
        chosen = {each.column: list(each.found) for each in before}
        silent = contacts.counted.observations(contacts, column, first_only=True, chosen=chosen)
        rest = np.logical_and.reduce([had == "" for had in silent.had.values()], initial=True)
        leads += sums(row[silent.codes] * CELLS + silent.cell, silent.leads * rest, size[0] * CELLS)
        there = np.union1d(there, silent.codes)
    return leads.reshape(size), bounced.reshape(size), frozenset(names[code] for code in there)
