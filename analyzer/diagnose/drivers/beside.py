"""Values in question, each held against leads that are alike in what else is known to be at fault."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from analyzer.diagnose.arrays import Codes, grouped
from analyzer.diagnose.drivers.counts import MIXES, Table, expected, tail
from analyzer.diagnose.drivers.scan import Scan, seen_of
from analyzer.diagnose.leads.contacts import LEAD_DIMENSIONS, Contacts, Dimension, dimension

#: Places of scans, each with a value's code.
Values: TypeAlias = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class _Signed:
    """One dimension, counted by what else of the values asked for its leads had at their first mail.

    signs: (signs, dimensions), the place of that value among those asked for of a dimension from 1 on, 0 for none.
    """

    table: Table
    names: list[str]
    signs: Codes


class Beside:
    """The scans that have values in question, each value held against leads that are alike in what else is known."""

    def __init__(self, scans: list[Scan], asked: list[tuple[int, int]]) -> None:
        self._scans, self._asked = scans, asked
        chosen: dict[str, list[str]] = {}
        for place, code in asked:
            chosen.setdefault(scans[place].dimension, []).append(scans[place].values[code])
        self._chosen = {name: sorted(values) for name, values in chosen.items()}
        self._signed = {
            place: _signed(scans[place], self._chosen) for place in dict.fromkeys(place for place, _ in asked)
        }
        self._known: dict[tuple[int, Values, Values], Scan] = {}

    def given(self, kept: list[tuple[int, int]], alive: list[tuple[int, int]]) -> list[Scan]:
        """The scans as they are given some values of other dimensions, without those `alive` among the measure."""
        scans = list(self._scans)
        for place, signed in self._signed.items():
            matters = {at for at, each in enumerate(scans) if at == place or each.dimension in signed.names}
            others = tuple(sorted(each for each in kept if each[0] in matters - {place}))
            away = tuple(sorted(each for each in {*alive, *kept} - {*others} if each[0] in matters))
            key = (place, others, away)
            if key not in self._known:
                self._known[key] = self._one(*key)
            scans[place] = self._known[key]
        return scans

    def _one(self, place: int, others: Values, away: Values) -> Scan:
        scan, signed = self._scans[place], self._signed[place]
        signs, tainted = np.zeros_like(signed.signs), np.zeros(len(signed.signs), dtype=np.bool_)
        for at, code in others:
            column, value = self._sign(signed, at, code)
            signs[:, column] = np.where(signed.signs[:, column] == value, value, signs[:, column])
        for at, code in away:
            if at != place:
                column, value = self._sign(signed, at, code)
                tainted |= signed.signs[:, column] == value
        # Leads of what was found are held against their like: a bad mailbox is all of a domain that is in question.
        tainted &= ~signs.any(axis=1)
        known, sign = np.unique(signs, axis=0, return_inverse=True)
        many, all_signs = len(known), len(signs)
        whole, had = signed.table, signed.table.cell % len(signs)
        cell = whole.cell // all_signs * many + sign.ravel()[had]
        counted = whole.by(cell, MIXES * many)
        clean = np.where(tainted[had], 0, whole.leads), np.where(tainted[had], 0.0, whole.bounces)
        measure = replace(whole, leads=clean[0], bounces=clean[1]).by(cell, MIXES * many)
        aside = np.zeros(len(scan.values), dtype=np.bool_)
        aside[[code for at, code in away if at == place]] = True
        usual, doubt = expected(counted, aside, np.tile(np.arange(many), MIXES), measure)
        p, codes = scan.p.copy(), np.array([code for at, code in self._asked if at == place])
        p[codes] = tail(scan.bounces[codes], scan.leads[codes], usual[codes], (doubt + scan.likeness)[codes])
        mine = np.zeros(len(scan.values), dtype=np.bool_)
        mine[codes] = True
        return replace(scan, expected=np.where(mine, usual, scan.expected), p=p)

    def _sign(self, signed: _Signed, at: int, code: int) -> tuple[int, int]:
        """The column of `signs` for a value, and the value's place there."""
        name = self._scans[at].dimension
        return signed.names.index(name), self._chosen[name].index(self._scans[at].values[code]) + 1


def _signed(scan: Scan, chosen: dict[str, list[str]]) -> _Signed:
    """Count a scan's dimension once more, by the `chosen` values of the others."""
    # Leads of a domain are all looked at, also those of whom nothing but this is held.
    known = LEAD_DIMENSIONS if scan.dimension == "recipient_domain" else tuple(chosen)
    own = {name: values for name, values in chosen.items() if name in known and name != scan.dimension}
    seen = seen_of(scan.mails, scan.dimension, scan.label, own)
    rows = len(seen.mails.leads)
    silent_rows = 0 if seen.silent is None else len(seen.silent.codes)
    sign, signs = np.zeros(rows + silent_rows, dtype=np.int64), np.zeros((1, 0), dtype=np.int64)
    for name, values in own.items():
        place = _of_leads(seen.mails, name).places(values)
        if seen.silent is not None:
            place = np.concatenate([place, dimension(seen.silent.had[name].to_frame(name), name).places(values)])
        key, index = grouped(sign * (len(values) + 1) + place)
        order = np.argsort(key)
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order))
        sign, key = rank[index], key[order]
        signs = np.column_stack([signs[key // (len(values) + 1)], key % (len(values) + 1)])
    counted = seen.table(scan.dimension, scan.label, sign[:rows], sign[rows:], len(signs))
    return _Signed(counted, list(own), signs)


def _of_leads(contacts: Contacts, name: str) -> Dimension:
    """A dimension at the first mail of each lead."""
    if name == "recipient_domain":
        return Dimension(contacts.domain, contacts.domains)
    return dimension(contacts.leads, name) if name in LEAD_DIMENSIONS else contacts.per_lead(name)
