"""Which mailbox, campaign, provider, title … bounces more than its mix of leads explains.

A value is held against what the others' rates, at its own mix of email status and industry group, would give it (direct
standardisation, the value itself left out), with an exact beta-binomial tail that knows how much leads of one domain
are alike. All values that were looked at count in the correction for many tests (Benjamini & Hochberg, 1995).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from scipy.stats import betabinom
from statsmodels.stats.multitest import multipletests

from analyzer.diagnose.arrays import Codes, Flags, Reals, grouped, sums
from analyzer.diagnose.companies import company_of
from analyzer.diagnose.contacts import CELLS, GROUPS, Contacts, Dimension, cell_of, pairs
from analyzer.diagnose.diagnosis import Driver
from analyzer.diagnose.thresholds import thresholds
from analyzer.diagnose.variation import intraclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analyzer.diagnose.silent import Alike

Label: TypeAlias = Literal["hard", "spam"]
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
#: What changes from mail to mail of a lead. Who refuses does so at the first mail: later ones meet the survivors, so
#: first mails are held against first mails. (Columns that a person names are taken so, too.)
_PER_MAIL = frozenset({"template", "weekday", "hour"})
#: A dead address shows at the first mail: later steps only ever meet the survivors.
_NOT_FOR_HARD = frozenset({"step"})
#: Cells, with a lead's first mails told from its later ones.
_MIXES = 2 * CELLS
#: Who runs the receiving side is mostly learnt from bounces: where it is known for few, it is known for those that
#: bounced, and every provider looks bad.
_KNOWN_ENOUGH = 0.9


@dataclass(frozen=True, slots=True)
class _Scan:
    """One dimension, counted, value by value.

    `mark` is the same for two values with the same bounced leads; `tested` says which values count in the correction,
    `story` which are one recipient domain's doing.
    """

    dimension: str
    label: Label
    values: list[str]
    leads: Codes
    bounces: Codes
    expected: Reals
    p: Reals
    mark: Codes
    tested: Flags
    story: Flags


def drivers(
    contacts: Contacts, names: Sequence[str] = (), labels: tuple[Label, ...] = ("hard", "spam")
) -> list[Driver]:
    """Values with too many address faults (label hard) or refusals as spam (label spam), most bounces first.

    names: the dimensions to look at, all of them if none are given.
    """
    if not len(contacts.leads):
        return []
    cell = cell_of(contacts.leads)
    names = tuple(names) or (*DRIVER_DIMENSIONS, *contacts.named)
    scans: list[_Scan] = []
    for label in labels:
        flag = _FLAGS[label]
        everyone = np.zeros(len(contacts.leads), dtype=np.int64)
        likeness = intraclass(contacts.leads[flag].to_numpy(), everyone, company_of(contacts))
        scans += [
            _scan(contacts, name, label, cell, min(max(likeness, 0.01), 0.9))
            for name in names
            if contacts.at[name].given and not (label == "hard" and name in _NOT_FOR_HARD)
            if name != "provider" or _share_known(contacts, name) >= _KNOWN_ENOUGH
        ]
    scans = [scan for scan in scans if scan.tested.any()]
    if not scans:
        return []
    q = multipletests(np.concatenate([scan.p[scan.tested] for scan in scans]), method="fdr_bh")[1]
    parts = np.split(q, np.cumsum([int(scan.tested.sum()) for scan in scans])[:-1])
    found = [each for scan, part in zip(scans, parts, strict=True) for each in _chosen(scan, part)]
    found.sort(key=lambda each: (-each[1].bounces, names.index(each[1].dimension), each[1].value))
    return _without_twins(found)


def _share_known(contacts: Contacts, name: str) -> float:
    """The share of mails whose value is known."""
    dimension = contacts.at[name]
    known = np.array([value != "" for value in dimension.values])
    mails = int(known[dimension.codes].sum())
    if contacts.counted is not None:
        mails += contacts.counted.silent.known.get(name, 0)
    return mails / contacts.sends if contacts.sends else 0.0


def _scan(contacts: Contacts, name: str, label: Label, cell: Codes, likeness: float) -> _Scan:
    """Count one dimension; `likeness` is the correlation between leads of one recipient domain."""
    limits = thresholds().drivers
    silent = None
    if contacts.counted is not None and name != "recipient_domain":
        # A lead's domain is one for all its mails: there everyone is looked at, counted or not.
        counted = contacts.counted
        silent = counted.observations(contacts, name, first_only=label == "hard")
        contacts, cell = counted.told, cell_of(counted.told.leads)
    group, lead, bounced = _observations(contacts, name, label)
    mix = _mix(cell, name)[lead]
    by_mail = label == "spam" and (name in _PER_MAIL or name in contacts.named)
    if by_mail:
        mix = mix + CELLS * (group.codes == contacts.at[name].codes[contacts.first][lead])
    table = _table(group.codes * _MIXES + mix, np.ones(len(mix), dtype=np.bool_), bounced)
    if silent is not None:
        group = Dimension(group.codes, silent.values)
        table = table.plus(silent.codes, _mix(silent.cell, name) + CELLS * (silent.first & by_mail), silent.leads)
    size = len(group.values)
    leads = sums(table.value, table.leads, size).astype(np.int64)
    bounces = sums(table.value, table.bounces, size).astype(np.int64)
    expected, doubt = _expected(table, size)
    known = np.array([value != "" for value in group.values])
    # A value that nearly all leads share has nothing to be compared with.
    if name == "step":
        # Who refuses does so at the first mail: it always has more than the later ones, which meet the survivors.
        known &= np.array(group.values) != min((v for v in group.values if v), key=_step_number, default="")
    tested = known & (leads >= limits.bounces) & (leads.sum() - leads >= thresholds().evidence.min_leads_per_arm)
    # Only these can be named; of a million domains nearly all have no bounce, and their p is left at 1.
    worth = tested & (bounces >= limits.bounces) & (bounces >= limits.lift * expected)
    p, mark, story = np.ones(size), np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.bool_)
    if worth.any():
        rows = np.flatnonzero(worth[group.codes])
        codes, hit = group.codes[rows], bounced[rows]
        doubtful = doubt
        if name != "recipient_domain":
            alike = silent.alike(np.flatnonzero(worth)) if silent is not None else None
            pairs_alike, story = _domains(codes, size, company_of(contacts)[lead[rows]], hit, alike)
            doubtful = doubt + likeness * pairs_alike
        else:
            doubtful = doubt + _alike_elsewhere(leads, bounces)
        p[worth] = _tail(bounces[worth], leads[worth], expected[worth], doubtful[worth])
        marks = np.random.default_rng(0).integers(1, 2**40, size=len(contacts.leads))
        np.add.at(mark, codes[hit], marks[lead[rows][hit]])
    return _Scan(name, label, group.values, leads, bounces, expected, p, mark, tested, story)


def _alike_elsewhere(leads: Codes, bounces: Codes) -> Reals:
    """For each domain, how alike leads are within the other domains (`intraclass`, the domain itself left out).

    Where every company refuses all its leads or none, one more that refuses all is no finding; the bank that blocks
    while nobody else does is one.
    """
    share = bounces.sum() / max(int(leads.sum()), 1)
    variance = share * (1 - share)
    excess = (bounces - share * leads) ** 2 - leads * variance
    pairs = leads * (leads - 1) * variance
    others = pairs.sum() - pairs
    return np.where(others > 0, np.clip((excess.sum() - excess) / np.maximum(others, 1e-9), 0.0, 0.9), 0.0)


def _step_number(step: str) -> tuple[int, str]:
    digits = "".join(character for character in step if character.isdigit())
    return (int(digits) if digits else 0, step)


def _observations(contacts: Contacts, name: str, label: Label) -> tuple[Dimension, Codes, Flags]:
    """Pairs of value and lead, and whether the lead bounced there.

    Address faults are the first contact's, whichever mail brought them back; refusals count where they happened.
    """
    if contacts.counted is not None:
        group = Dimension(contacts.domain, contacts.domains)
        return (
            group,
            np.arange(len(contacts.leads)),
            contacts.leads["address" if label == "hard" else "spam"].to_numpy(),
        )
    if label == "hard":
        group = contacts.per_lead(name)
        return group, np.arange(len(contacts.leads)), contacts.leads["address"].to_numpy()
    sends = contacts.at[name]
    leads = len(contacts.leads)
    codes, lead = pairs(sends.codes, contacts.lead, leads, contacts.first)
    hit = sends.codes[contacts.spam] * np.int64(leads) + contacts.lead[contacts.spam]
    bounced = np.zeros(len(lead), dtype=np.bool_)
    at = np.flatnonzero(contacts.leads["spam"].to_numpy()[lead])
    bounced[at] = np.isin(codes[at] * np.int64(leads) + lead[at], hit)
    return Dimension(codes, sends.values), lead, bounced


def _mix(cell: Codes, name: str) -> Codes:
    """The cell whose rate a lead is expected to have; a dimension is never explained by itself."""
    if name == "email_status":
        return cell % GROUPS
    if name == "industry":
        return cell // GROUPS
    return cell


@dataclass(frozen=True, slots=True)
class _Table:
    """Leads, and those that bounced, by `value` and `cell`: one row for each pair that is there, in their order.

    What is summed over cells is so the same to the last digit, whatever the order of the rows that were counted.
    """

    value: Codes
    cell: Codes
    leads: Codes
    bounces: Reals

    def plus(self, value: Codes, cell: Codes, leads: Codes) -> _Table:
        """With leads that did not bounce."""
        keys = np.concatenate([self.value, value]) * _MIXES + np.concatenate([self.cell, cell])
        bounces = np.concatenate([self.bounces, np.zeros(len(value))])
        return _table(keys, np.concatenate([self.leads, leads]), bounces)


def _table(keys: Codes, leads: Codes | Flags, bounces: Reals | Flags) -> _Table:
    key, index = grouped(keys)
    order = np.argsort(key)
    summed = sums(index, leads, len(key)).astype(np.int64)[order]
    return _Table(key[order] // _MIXES, key[order] % _MIXES, summed, sums(index, bounces, len(key))[order])


def _expected(table: _Table, size: int) -> tuple[Reals, Reals]:
    """Bounces of each value at the rates that the other values have in its cells, and 1 / the leads that tell them.

    The cells of a value are shrunk onto the campaign's own rate by the leads of one bounce, shared among them: what has
    no bounce elsewhere is no driver 900 times the usual, and its chance is then about the one that Fisher's test gives.
    """
    value, inside, own = table.value, table.cell, table.leads
    leads, bounces = sums(inside, own, _MIXES), sums(inside, table.bounces, _MIXES)
    rest, rest_bounces = leads[inside] - own, bounces[inside] - table.bounces
    usual = max(bounces.sum(), 1) / max(leads.sum(), 1)
    pull = 1 / (usual * np.bincount(value, minlength=size)[value])
    rate = (rest_bounces + usual * pull) / (rest + pull)
    share = own / np.maximum(sums(value, own, size), 1)[value]
    doubt = sums(value, share**2 / (rest + pull), size)
    return sums(value, own * rate, size), doubt


def _domains(codes: Codes, size: int, domain: Codes, bounced: Flags, alike: Alike | None) -> tuple[Reals, Flags]:
    """Per value, the share of its pairs of leads that share a domain; and which values are one domain's story.

    `alike`: the leads of whom only counts are held.
    """
    weight = np.ones(len(codes), dtype=np.int64)
    pairs: Reals = np.zeros(size)
    if alike is not None:
        codes, domain = np.concatenate([codes, alike.codes]), np.concatenate([domain, alike.domain])
        bounced = np.concatenate([bounced, np.zeros(len(alike.codes), dtype=np.bool_)])
        weight, pairs = np.concatenate([weight, alike.leads]), alike.pairs
    key, index = grouped(codes * (domain.max() + 1) + domain)
    value = key // (domain.max() + 1)
    leads, bounces = sums(index, weight), sums(index, bounced)
    total = sums(codes, weight, size) + (alike.elsewhere if alike is not None else 0)
    within = sums(value, leads * (leads - 1), size) + pairs
    top = np.zeros(size)
    np.maximum.at(top, value, bounces)
    story = top >= thresholds().drivers.one_domain_share * np.maximum(sums(codes, bounced, size), 1)
    return within / np.maximum(total * (total - 1), 1), story


def _tail(bounces: Codes, leads: Codes, expected: Reals, likeness: Reals) -> Reals:
    """The chance of as many bounces or more: beta-binomial with the expected rate and that correlation between leads.

    Doubt about the expected rate works like a correlation too: all leads of the value share it.
    """
    rate = np.clip(expected / leads, 1e-6, 1 - 1e-6)
    # To twelve digits: what the order of a sum over domains leaves in the last ones, the tail makes a thousandfold.
    spread = 1 / np.clip(np.round(likeness, 12), 1e-6, 0.99) - 1
    return np.asarray(betabinom.sf(bounces - 1, leads, rate * spread, (1 - rate) * spread), dtype=np.float64)


def _chosen(scan: _Scan, q: Reals) -> list[tuple[int, Driver]]:
    """The values worth naming, each with its mark; `q` goes with the tested ones."""
    limits = thresholds().drivers
    adjusted = np.ones(len(scan.values))
    adjusted[scan.tested] = q
    lift = scan.bounces / np.maximum(scan.expected, 1e-9)
    enough = (lift >= limits.lift) & (scan.bounces >= limits.bounces)
    return [
        (
            int(scan.mark[at]),
            Driver(
                scan.dimension,
                scan.values[at],
                scan.label,
                int(scan.leads[at]),
                int(scan.bounces[at]),
                float(scan.bounces[at] / scan.leads[at]),
                float(scan.expected[at] / scan.leads[at]),
                float(lift[at]),
                float(adjusted[at]),
            ),
        )
        for at in np.flatnonzero((adjusted < limits.q_value) & enough & ~scan.story)
    ]


def _without_twins(found: list[tuple[int, Driver]]) -> list[Driver]:
    """A mailbox and its domain, with the same leads and bounces, are one finding under two names: the first is kept."""
    kept: dict[tuple[str, int, int], Driver] = {}
    for mark, driver in found:
        kept.setdefault((driver.label, driver.leads, mark), driver)
    return list(kept.values())
