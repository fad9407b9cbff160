"""One dimension counted for drivers: what each value's leads bounce, and what the other values let expect of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from analyzer.classify.providers import OTHER
from analyzer.diagnose.arrays import Codes, Flags, Reals, sums
from analyzer.diagnose.drivers.counts import (
    MIXES,
    AtCompanies,
    Label,
    Table,
    alike_elsewhere,
    at_companies,
    by_mail,
    expected,
    mix_of,
    observations,
    table,
    tail,
)
from analyzer.diagnose.estimates.variation import intraclass
from analyzer.diagnose.leads.companies import company_of
from analyzer.diagnose.leads.contacts import CELLS, Contacts, Dimension, cell_of
from analyzer.diagnose.leads.free_mail import free_mail
from analyzer.diagnose.thresholds import thresholds

if TYPE_CHECKING:
    from analyzer.diagnose.leads.silent import Observations

#: The flag of leads that each label counts.
FLAG_OF: dict[Label, str] = {"hard": "address", "spam": "spam"}
#: Of more digits a step's name is no number.
_DIGITS = 18


@dataclass(frozen=True, slots=True)
class Scan:
    """One dimension of some `mails`, counted, value by value.

    `likeness` is what each value's leads have in common beside their cells (of those that may be named, else 0);
    `tested` says which values count in the correction, `story` which are the doing of one company, of a few, or of one
    week.
    """

    mails: Contacts
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

    def far(self) -> Flags:
        """Which values stand out so far that they are at fault whatever else is looked at.

        By Bonferroni, the strictest of corrections: who is not at fault should stay among what others are held against.
        """
        far = self.p * self.tested.sum() < thresholds().drivers.q_value
        return np.asarray(self.worth() & far, dtype=np.bool_)


def likeness_of(contacts: Contacts, label: Label) -> float:
    """How alike leads of one company are beyond their industry: what a bad industry's companies share is its doing."""
    leads = contacts.leads
    industry = leads["industry"].cat.codes.to_numpy(dtype=np.int64) + 1
    found = intraclass(leads[FLAG_OF[label]].to_numpy(), industry, company_of(contacts))
    return min(max(found, 0.01), 0.9)


@dataclass(frozen=True, slots=True)
class Seen:
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

    def alone(self, name: str, label: Label) -> Table:
        """Counted by value and mix alone."""
        rows = 0 if self.silent is None else len(self.silent.codes)
        nothing = np.zeros(max(len(self.mails.leads), rows), dtype=np.int64)
        return self.table(name, label, nothing, nothing[:rows], 1)


def seen_of(contacts: Contacts, name: str, label: Label, chosen: dict[str, list[str]] | None = None) -> Seen:
    """Read one dimension; with `chosen`, silent leads are counted apart by which of these values they had."""
    silent = None
    if contacts.counted is not None and name != "recipient_domain":
        # A lead's domain is one for all its mails: there everyone is looked at, counted or not.
        silent = contacts.counted.observations(contacts, name, first_only=label == "hard", chosen=chosen)
        contacts = contacts.counted.told
    group, lead, bounced = observations(contacts, name, label)
    if silent is not None:
        group = Dimension(group.codes, silent.values)
    return Seen(contacts, group, lead, bounced, silent)


def scan_of(contacts: Contacts, name: str, label: Label, likeness: float) -> Scan:
    """Count one dimension; `likeness` is the correlation between leads of one recipient domain."""
    limits, arm = thresholds().drivers, thresholds().evidence.min_leads_per_arm
    seen = seen_of(contacts, name, label)
    counted, values = seen.alone(name, label), seen.group.values
    size = len(values)
    leads = sums(counted.value, counted.leads, size).astype(np.int64)
    bounces = sums(counted.value, counted.bounces, size).astype(np.int64)
    # A value that nearly all leads share has nothing to be compared with.
    tested = _nameable(name, values) & (leads >= limits.bounces) & (leads.sum() - leads >= arm)
    none, zeros = np.zeros(size, dtype=np.bool_), np.zeros(size)
    scan = Scan(contacts, name, label, values, leads, bounces, zeros, zeros, np.ones(size), tested, none)
    aside = asked = none
    # Who has a mailbox at Gmail shares no company: of how alike colleagues are Gmail tells nothing, nor they of it.
    free = free_mail(values) if name == "recipient_domain" else none
    there: AtCompanies | None = None
    while True:
        usual, doubt = expected(counted, aside, np.zeros(MIXES, dtype=np.int64))
        # Only these can be named; of a million domains nearly all have no bounce, and their p is left at 1.
        worth = replace(scan, expected=usual).worth()
        alike, story = scan.likeness, scan.story
        if name == "recipient_domain":
            alike = np.where(free, 0.0, alike_elsewhere(leads, bounces, aside | free))
        elif worth.any():
            if (worth & ~asked).any():
                asked = asked | worth
                there = _at_companies(seen, asked)
            if there is not None:
                alike = np.where(asked, likeness * there.together(), alike)
                story = asked & (there.top >= limits.one_domain_share * np.maximum(bounces, 1))
        p = np.ones(size)
        p[worth] = tail(bounces[worth], leads[worth], usual[worth], (doubt + alike)[worth])
        scan = replace(scan, expected=usual, likeness=alike, p=p, story=story)
        far = worth & scan.far() & ~aside
        if not far.any() or leads[~(aside | far)].sum() < arm:
            # Asked last: beside others as bad as itself no value stands out among its own companies.
            few = none if there is None else asked & (there.few_p(usual) > limits.companies_p)
            return replace(scan, story=scan.story | few)
        aside = aside | far


def _nameable(name: str, values: list[str]) -> Flags:
    """Which values can be at fault: those that are given, and of the steps all but the first.

    Who refuses does so at the first mail: it always has more than the later ones, which meet the survivors. And of the
    groups of industries only the strict one is one by what it does with mail, and all other providers are none.
    """
    known = np.array([value != "" for value in values])
    if name == "industry_group":
        known &= np.array(values) == "strict"
    if name == "provider":
        known &= np.array(values) != OTHER
    if name == "step":
        known &= np.array(values) != min((value for value in values if value), key=_step_number, default="")
    return known


def _at_companies(seen: Seen, worth: Flags) -> AtCompanies:
    """`at_companies` of the values asked for."""
    rows = np.flatnonzero(worth[seen.group.codes])
    alike = seen.silent.alike(np.flatnonzero(worth)) if seen.silent is not None else None
    company = company_of(seen.mails)[seen.lead[rows]]
    return at_companies(seen.group.codes[rows], len(worth), company, seen.bounced[rows], alike)


def _step_number(step: str) -> tuple[int, str]:
    digits = "".join(character for character in step if character.isdecimal())
    # Python refuses to make a number of thousands of digits.
    return (int(digits) if 0 < len(digits) <= _DIGITS else 0, step)
