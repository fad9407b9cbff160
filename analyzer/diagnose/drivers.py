"""Which mailbox, campaign, provider, title … bounces more than its mix of leads explains.

A value is held against what the others' rates, at its own mix of email status and industry group, would give it (direct
standardisation, the value itself left out), with an exact beta-binomial tail that knows how much leads of one domain
are alike. Several bad values of a column would be each other's measure and hide one another: those that stand out by
far are set aside, and the others measured by the rest. All values that were looked at count in the correction for many
tests (Benjamini & Hochberg, 1995), weighted so that every column has the same part of it however many values it has (C.
Genovese, K. Roeder, L. Wasserman, Biometrika 93, 2006): a thousand recipient domains do not hide a bad industry.

What is found is then told apart, the surest first: of a bad mailbox, the campaign that it wrote most of is no second
finding. Each further value is held against leads that are alike in what was found before.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from statsmodels.stats.multitest import multipletests

from analyzer.diagnose.arrays import Codes, Flags, Reals, grouped, sums
from analyzer.diagnose.companies import company_of
from analyzer.diagnose.contacts import CELLS, LEAD_DIMENSIONS, Contacts, Dimension, cell_of, dimension
from analyzer.diagnose.diagnosis import Driver
from analyzer.diagnose.driver_counts import (
    MIXES,
    Label,
    Table,
    alike_elsewhere,
    at_domains,
    by_mail,
    expected,
    mix_of,
    observations,
    table,
    tail,
)
from analyzer.diagnose.thresholds import thresholds
from analyzer.diagnose.variation import intraclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analyzer.diagnose.silent import Observations

#: Places of scans, each with a value's code.
_Values: TypeAlias = tuple[tuple[int, int], ...]
#: The flag of leads that each label counts.
_FLAGS: dict[Label, str] = {"hard": "address", "spam": "spam"}

#: Dimensions looked at; where two values are the same leads, the earlier one is named.
DRIVER_DIMENSIONS: tuple[str, ...] = (
    "email_status",
    "industry",
    "campaign",
    "list_source",
    "sender_domain",
    "sender",
    "provider",
    "recipient_domain",
    "country",
    "title",
    "step",
    "template",
    "weekday",
    "hour",
)
#: A dead address shows at the first mail: later steps only ever meet the survivors.
_NOT_FOR_HARD = frozenset({"step"})
#: Of more digits a step's name is no number.
_DIGITS = 18
#: Who runs the receiving side is mostly learnt from bounces: where it is known for few, it is known for those that
#: bounced, and every provider looks bad.
_KNOWN_ENOUGH = 0.9


@dataclass(frozen=True, slots=True)
class _Scan:
    """One dimension, counted, value by value.

    `likeness` is what each value's leads have in common beside their cells (of those that may be named, else 0);
    `tested` says which values count in the correction, `story` which are one recipient domain's doing.
    """

    dimension: str
    label: Label
    values: list[str]
    leads: Codes
    bounces: Codes
    expected: Reals
    likeness: Reals
    p: Reals
    tested: Flags
    story: Flags

    def worth(self) -> Flags:
        """Which values bounce enough more than expected to be named, if it is not chance."""
        limits = thresholds().drivers
        return (
            self.tested
            & ~self.story
            & (self.bounces >= limits.bounces)
            & (self.bounces >= limits.lift * np.maximum(self.expected, 1e-9))
        )


def drivers(
    contacts: Contacts, names: Sequence[str] = (), labels: tuple[Label, ...] = ("hard", "spam")
) -> list[Driver]:
    """Values with too many address faults (label hard) or refusals as spam (label spam), most bounces first.

    names: the dimensions to look at, all of them if none are given.
    """
    if not len(contacts.leads):
        return []
    names = tuple(names) or (*DRIVER_DIMENSIONS, *contacts.named)
    scans: list[_Scan] = []
    for label in labels:
        likeness = _likeness(contacts, label)
        scans += [
            _scan(contacts, name, label, likeness)
            for name in names
            if contacts.at[name].given and not (label == "hard" and name in _NOT_FOR_HARD)
            if name != "provider" or _share_known(contacts, name) >= _KNOWN_ENOUGH
        ]
    scans = [scan for scan in scans if scan.tested.any()]
    found: list[Driver] = []
    for label in labels:
        found += _told_apart(contacts, scans, label)
    return sorted(found, key=lambda each: (-each.bounces, names.index(each.dimension), each.value))


def _likeness(contacts: Contacts, label: Label) -> float:
    """How alike leads of one company are beyond their industry: what a bad industry's companies share is its doing."""
    leads = contacts.leads
    industry = leads["industry"].cat.codes.to_numpy(dtype=np.int64) + 1
    found = intraclass(leads[_FLAGS[label]].to_numpy(), industry, company_of(contacts))
    return min(max(found, 0.01), 0.9)


def _share_known(contacts: Contacts, name: str) -> float:
    """The share of mails whose value is known."""
    dimension = contacts.at[name]
    known = np.array([value != "" for value in dimension.values])
    mails = int(known[dimension.codes].sum())
    if contacts.counted is not None:
        mails += contacts.counted.silent.known.get(name, 0)
    return mails / contacts.sends if contacts.sends else 0.0


@dataclass(frozen=True, slots=True)
class _Seen:
    """One dimension's pairs of value and lead, row by row: those that something came back of, and the silent ones.

    `mails` are the contacts whose leads `lead` numbers.
    """

    mails: Contacts
    group: Dimension
    lead: Codes
    bounced: Flags
    silent: Observations | None

    def table(self, name: str, label: Label, sign: Codes, silent_sign: Codes, signs: int) -> Table:
        """Counted by value, mix and sign (below `signs`): those of each lead, and of each row of the silent ones."""
        mix = mix_of(cell_of(self.mails.leads), name, label)[self.lead]
        first_only = by_mail(self.mails, name, label)
        if first_only:
            mix = mix + CELLS * (self.group.codes == self.mails.at[name].codes[self.mails.first][self.lead])
        width = MIXES * signs
        keys = self.group.codes * np.int64(width) + mix * signs + sign[self.lead]
        counted = table(keys, np.ones(len(mix), dtype=np.bool_), self.bounced, width)
        if self.silent is None:
            return counted
        more = mix_of(self.silent.cell, name, label) + CELLS * (self.silent.first & first_only)
        keys = np.concatenate(
            [counted.value * width + counted.cell, self.silent.codes * width + more * signs + silent_sign]
        )
        leads = np.concatenate([counted.leads, self.silent.leads])
        return table(keys, leads, np.concatenate([counted.bounces, np.zeros(len(more))]), width)


def _seen(contacts: Contacts, name: str, label: Label, chosen: dict[str, list[str]] | None = None) -> _Seen:
    """Read one dimension; with `chosen`, silent leads are counted apart by which of these values they had."""
    silent = None
    if contacts.counted is not None and name != "recipient_domain":
        # A lead's domain is one for all its mails: there everyone is looked at, counted or not.
        silent = contacts.counted.observations(contacts, name, first_only=label == "hard", chosen=chosen)
        contacts = contacts.counted.told
    group, lead, bounced = observations(contacts, name, label)
    if silent is not None:
        group = Dimension(group.codes, silent.values)
    return _Seen(contacts, group, lead, bounced, silent)


def _scan(contacts: Contacts, name: str, label: Label, likeness: float) -> _Scan:
    """Count one dimension; `likeness` is the correlation between leads of one recipient domain."""
    limits = thresholds().drivers
    seen = _seen(contacts, name, label)
    none = np.zeros(1, dtype=np.int64)
    nobody = np.zeros(len(seen.mails.leads), dtype=np.int64)
    silent_rows = 0 if seen.silent is None else len(seen.silent.codes)
    counted = seen.table(name, label, nobody, np.zeros(silent_rows, dtype=np.int64), 1)
    values = seen.group.values
    size = len(values)
    leads = sums(counted.value, counted.leads, size).astype(np.int64)
    bounces = sums(counted.value, counted.bounces, size).astype(np.int64)
    known = np.array([value != "" for value in values])
    if name == "step":
        # Who refuses does so at the first mail: it always has more than the later ones, which meet the survivors.
        known &= np.array(values) != min((v for v in values if v), key=_step_number, default="")
    arm = thresholds().evidence.min_leads_per_arm
    # A value that nearly all leads share has nothing to be compared with.
    tested = known & (leads >= limits.bounces) & (leads.sum() - leads >= arm)
    blank, zeros = np.zeros(size, dtype=np.bool_), np.zeros(size)
    scan = _Scan(name, label, values, leads, bounces, zeros, zeros, np.ones(size), tested, blank)
    aside, asked = blank.copy(), blank.copy()
    alike: Reals = np.zeros(size)
    story = blank.copy()
    while True:
        usual, doubt = expected(counted, aside, np.repeat(none, MIXES))
        # Only these can be named; of a million domains nearly all have no bounce, and their p is left at 1.
        worth = replace(scan, expected=usual).worth()
        if name == "recipient_domain":
            alike = alike_elsewhere(leads, bounces, aside)
        elif (new := worth & ~asked).any():
            together, top = _at_domains(seen, new)
            alike = np.where(new, likeness * together, alike)
            story = np.where(new, top >= limits.one_domain_share * np.maximum(bounces, 1), story)
            asked |= new
        p = np.ones(size)
        p[worth] = tail(bounces[worth], leads[worth], usual[worth], (doubt + alike)[worth])
        scan = replace(scan, expected=usual, likeness=alike, p=p, story=story)
        # By Bonferroni, the strictest of corrections: who is not at fault should stay among the measure.
        far = worth & ~story & ~aside & (p * tested.sum() < limits.q_value)
        if not far.any() or leads[~(aside | far)].sum() < arm:
            return scan
        aside |= far


def _at_domains(seen: _Seen, worth: Flags) -> tuple[Reals, Reals]:
    """`at_domains` of the values asked for."""
    rows = np.flatnonzero(worth[seen.group.codes])
    alike = seen.silent.alike(np.flatnonzero(worth)) if seen.silent is not None else None
    company = company_of(seen.mails)[seen.lead[rows]]
    return at_domains(seen.group.codes[rows], len(worth), company, seen.bounced[rows], alike)


def _step_number(step: str) -> tuple[int, str]:
    digits = "".join(character for character in step if character.isdecimal())
    # Python refuses to make a number of thousands of digits.
    return (int(digits) if 0 < len(digits) <= _DIGITS else 0, step)


def _adjusted(scans: list[_Scan]) -> list[Reals]:
    """The q-value of each value of each scan, 1 where it was not tested; every scan has the same part of the pool."""
    sizes = [int(scan.tested.sum()) for scan in scans]
    part = sum(sizes) / len(sizes)
    weighted = [np.minimum(scan.p[scan.tested] * size / part, 1) for scan, size in zip(scans, sizes, strict=True)]
    q = multipletests(np.concatenate(weighted), method="fdr_bh")[1]
    found: list[Reals] = []
    for scan, own in zip(scans, np.split(q, np.cumsum(sizes)[:-1]), strict=True):
        adjusted = np.ones(len(scan.values))
        adjusted[scan.tested] = own
        found.append(adjusted)
    return found


def _shown(scans: list[_Scan]) -> list[Flags]:
    """Which values of each scan are more than chance, and enough more."""
    limit = thresholds().drivers.q_value
    return [scan.worth() & (q < limit) for scan, q in zip(scans, _adjusted(scans), strict=True)] if scans else []


def _found(scans: list[_Scan], label: Label) -> list[tuple[int, int]]:
    """The values of a label that are shown: the place of the scan, and the code."""
    return [
        (place, int(code))
        for place, flags in enumerate(_shown(scans))
        if scans[place].label == label
        for code in np.flatnonzero(flags)
    ]


def _told_apart(contacts: Contacts, scans: list[_Scan], label: Label) -> list[Driver]:
    """What is shown of a label, without what others of it explain: the surest first, then what still is beside it."""
    asked = _found(scans, label)
    if len({place for place, _ in asked}) < 2:
        return _as_drivers(scans, asked)
    beside = _Beside(contacts, scans, asked)
    kept: list[tuple[int, int]] = []
    alive = asked
    while True:
        # What may yet be found is no good measure: a bad mailbox would hide the bad domain of others.
        now = beside.given(kept, alive)
        alive = [each for each in _found(now, label) if each in asked]
        left = [each for each in alive if each not in kept]
        if not left:
            break
        kept.append(min(left, key=lambda each: _surest(now, each)))
    # What was found first may be explained by what was found after it.
    for each in list(kept):
        rest = [other for other in kept if other != each]
        if each not in _found(beside.given(rest, kept), label):
            kept = rest
    return _as_drivers(beside.given(kept, kept), kept)


def _surest(scans: list[_Scan], each: tuple[int, int]) -> tuple[float, float, bool, int, str]:
    """What a value is ordered by: its chance, then what goes before where two are the same leads."""
    scan, code = scans[each[0]], each[1]
    # Refusals are about our mail before they are about how we came by an address.
    last = scan.label == "spam" and scan.dimension == "email_status"
    return float(scan.p[code]), float(scan.expected[code] - scan.bounces[code]), last, each[0], scan.values[code]


def _as_drivers(scans: list[_Scan], chosen: list[tuple[int, int]]) -> list[Driver]:
    adjusted = _adjusted(scans) if chosen else []
    found = []
    for place, code in chosen:
        scan = scans[place]
        leads, bounces, usual = int(scan.leads[code]), int(scan.bounces[code]), float(scan.expected[code])
        lift = bounces / max(usual, 1e-9)
        q = float(adjusted[place][code])
        found.append(
            Driver(
                scan.dimension, scan.values[code], scan.label, leads, bounces, bounces / leads, usual / leads, lift, q
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class _Signed:
    """One dimension, counted by what else of the values asked for its leads had at their first mail.

    signs: (signs, dimensions), the place of that value among those asked for of a dimension from 1 on, 0 for none.
    """

    table: Table
    names: list[str]
    signs: Codes


class _Beside:
    """The scans that have values in question, each value held against leads that are alike in what else is known."""

    def __init__(self, contacts: Contacts, scans: list[_Scan], asked: list[tuple[int, int]]) -> None:
        self._scans, self._asked = scans, asked
        chosen: dict[str, list[str]] = {}
        for place, code in asked:
            chosen.setdefault(scans[place].dimension, []).append(scans[place].values[code])
        self._chosen = {name: sorted(values) for name, values in chosen.items()}
        self._signed = {
            place: _signed(contacts, scans[place], self._chosen) for place in dict.fromkeys(place for place, _ in asked)
        }
        self._known: dict[tuple[int, _Values, _Values], _Scan] = {}

    def given(self, kept: list[tuple[int, int]], alive: list[tuple[int, int]]) -> list[_Scan]:
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

    def _one(self, place: int, others: _Values, away: _Values) -> _Scan:
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


def _signed(contacts: Contacts, scan: _Scan, chosen: dict[str, list[str]]) -> _Signed:
    """Count a scan's dimension once more, by the `chosen` values of the others."""
    # Leads of a domain are all looked at, also those of whom nothing but this is held.
    known = LEAD_DIMENSIONS if scan.dimension == "recipient_domain" else tuple(chosen)
    own = {name: values for name, values in chosen.items() if name in known and name != scan.dimension}
    seen = _seen(contacts, scan.dimension, scan.label, own)
    rows = len(seen.mails.leads)
    silent_rows = 0 if seen.silent is None else len(seen.silent.codes)
    sign, signs = np.zeros(rows + silent_rows, dtype=np.int64), np.zeros((1, 0), dtype=np.int64)
    for name, values in own.items():
        place = _places(_of_leads(seen.mails, name), values)
        if seen.silent is not None:
            place = np.concatenate([place, _places(dimension(seen.silent.had[name].to_frame(name), name), values)])
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


def _places(column: Dimension, values: list[str]) -> Codes:
    """The place of each row's value among some, from 1 on; 0 for others."""
    place = {value: number for number, value in enumerate(values, start=1)}
    return np.array([place.get(value, 0) for value in column.values], dtype=np.int64)[column.codes]
