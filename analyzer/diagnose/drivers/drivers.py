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

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from statsmodels.stats.multitest import multipletests

from analyzer.diagnose.arrays import Flags, Reals
from analyzer.diagnose.diagnosis import Driver
from analyzer.diagnose.drivers.beside import Beside
from analyzer.diagnose.drivers.counts import Label
from analyzer.diagnose.drivers.scan import FLAG_OF, Scan, likeness_of, scan_of
from analyzer.diagnose.leads.contacts import FLAGS, Contacts, Counted
from analyzer.diagnose.thresholds import thresholds

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Dimensions looked at; where two values are the same leads, the earlier one is named.
DRIVER_DIMENSIONS: tuple[str, ...] = (
    "email_status",
    "industry",
    "industry_group",
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
#: A dead address shows at the first mail: later steps only ever meet the survivors. And how strict a recipient is says
#: nothing of how well its addresses are known.
_NOT_FOR_HARD = frozenset({"step", "industry_group"})
#: What follows from a mail's step: a follow-up goes out so many days after the first mail.
_CLOCK = frozenset({"weekday", "hour"})
#: Who runs the receiving side is mostly learnt from bounces: where it is known for few, it is known for those that
#: bounced, and every provider looks bad.
KNOWN_ENOUGH = 0.9


def drivers(
    contacts: Contacts, names: Sequence[str] = (), labels: tuple[Label, ...] = ("hard", "spam")
) -> list[Driver]:
    """Values with too many address faults (label hard) or refusals as spam (label spam), most bounces first.

    names: the dimensions to look at, all of them if none are given.
    """
    if not len(contacts.leads):
        return []
    names = tuple(names) or (*DRIVER_DIMENSIONS, *contacts.named)
    scans = [scan for label in labels for scan in _scans(contacts, names, label) if scan.tested.any()]
    found: list[Driver] = []
    for label in labels:
        found += _told_apart(scans, label)
    return sorted(found, key=lambda each: (-each.bounces, names.index(each.dimension), each.value))


def _scans(contacts: Contacts, names: Sequence[str], label: Label) -> list[Scan]:
    """Every dimension that the inputs tell enough of, scanned."""
    likeness = likeness_of(contacts, label)
    found: dict[str, Scan] = {}
    mails = contacts
    for name in sorted(names, key=lambda name: name in _CLOCK):
        if not contacts.at[name].given or (label == "hard" and name in _NOT_FOR_HARD):
            continue
        if name == "provider" and share_known(contacts, name) < KNOWN_ENOUGH:
            continue
        found[name] = scan_of(mails if name in _CLOCK else contacts, name, label, likeness)
        if name == "step":
            mails = _but_steps(contacts, found[name])
        if name in _CLOCK:
            found[name] = replace(found[name], story=found[name].story | ~_recurring(mails, found[name]))
    return [found[name] for name in names if name in found]


def _recurring(contacts: Contacts, clock: Scan) -> Flags:
    """Which weekdays, or hours, have more than their part of a week's bounces without their worst week, too.

    A fault that begins or ends on a Friday makes one Friday worse than the other days of its week, and no weekday.
    """
    mails = contacts if contacts.counted is None else contacts.counted.told
    week, value, hit = mails.at["week"], mails.at[clock.dimension], getattr(mails, FLAG_OF[clock.label])
    bounced = np.zeros((len(week.values), len(value.values)))
    np.add.at(bounced, (week.codes[hit], value.codes[hit]), 1)
    # A bad day's own excess is in nobody's expected number, and is no part of a usual week either.
    usual = bounced.sum(axis=1, keepdims=True) * clock.expected / max(clock.expected.sum(), 1e-9)
    worst = (bounced - usual).argmax(axis=0)[None]
    rest, expected = (table.sum(axis=0) - np.take_along_axis(table, worst, axis=0)[0] for table in (bounced, usual))
    limits = thresholds().drivers
    return np.asarray((rest >= limits.bounces) & (rest >= limits.lift * expected), dtype=np.bool_)


def _but_steps(contacts: Contacts, steps: Scan) -> Contacts:
    """The mails at other steps than those that are at fault by themselves: the days on which these fall are not."""
    if not (bad := steps.far()).any():
        return contacts
    if contacts.counted is not None:
        told, silent = _without(contacts.counted.told, bad), contacts.counted.silent
        names = [name for name, is_bad in zip(steps.values, bad, strict=True) if is_bad]
        return replace(contacts, counted=Counted(told, silent.but_steps(names)))
    return _without(contacts, bad)


def _without(contacts: Contacts, bad: Flags) -> Contacts:
    """The mails but later ones at some steps."""
    keep = ~bad[contacts.at["step"].codes]
    keep[contacts.first] = True
    rows, place = np.flatnonzero(keep), np.cumsum(keep) - 1
    flags = {name: getattr(contacts, name)[rows] for name in FLAGS}
    at = {name: column.take(rows) for name, column in contacts.at.items()}
    return replace(contacts, lead=contacts.lead[rows], at=at, first=place[contacts.first], **flags)


def share_known(contacts: Contacts, name: str) -> float:
    """The share of mails whose value is known."""
    dimension = contacts.at[name]
    known = np.array([value != "" for value in dimension.values])
    mails = int(known[dimension.codes].sum())
    if contacts.counted is not None:
        mails += contacts.counted.silent.known.get(name, 0)
    return mails / contacts.sends if contacts.sends else 0.0


def _adjusted(scans: list[Scan]) -> list[Reals]:
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


def _shown(scans: list[Scan]) -> list[Flags]:
    """Which values of each scan are more than chance, and enough more."""
    limit = thresholds().drivers.q_value
    return [scan.worth() & (q < limit) for scan, q in zip(scans, _adjusted(scans), strict=True)] if scans else []


def _found(scans: list[Scan], label: Label) -> list[tuple[int, int]]:
    """The values of a label that are shown: the place of the scan, and the code."""
    return [
        (place, int(code))
        for place, flags in enumerate(_shown(scans))
        if scans[place].label == label
        for code in np.flatnonzero(flags)
    ]


def _told_apart(scans: list[Scan], label: Label) -> list[Driver]:
    """What is shown of a label, without what others of it explain: the surest first, then what still is beside it."""
    asked = _narrowest(scans, _found(scans, label))
    if len({place for place, _ in asked}) < 2:
        return _as_drivers(scans, asked)
    beside = Beside(scans, asked)
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


def _narrowest(scans: list[Scan], asked: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The values without a group of industries where one of its industries is shown by itself.

    Banks, insurers and hospitals may each be too few to tell, and refuse as a group; of what is told more closely the
    group is no second finding.
    """
    groups = [each for each in asked if scans[each[0]].dimension == "industry_group"]
    if not groups:
        return asked
    shown = {scans[place].values[code] for place, code in asked if scans[place].dimension == "industry"}
    told = scans[groups[0][0]].mails.leads.loc[:, ["industry", "industry_group"]].drop_duplicates()
    wide = set(told.loc[told["industry"].isin(shown), "industry_group"])
    return [each for each in asked if each not in groups or scans[each[0]].values[each[1]] not in wide]


def _surest(scans: list[Scan], each: tuple[int, int]) -> tuple[float, float, bool, int, str]:
    """What a value is ordered by: its chance, then what goes before where two are the same leads."""
    scan, code = scans[each[0]], each[1]
    # Refusals are about our mail before they are about how we came by an address.
    last = scan.label == "spam" and scan.dimension == "email_status"
    return float(scan.p[code]), float(scan.expected[code] - scan.bounces[code]), last, each[0], scan.values[code]


def _as_drivers(scans: list[Scan], chosen: list[tuple[int, int]]) -> list[Driver]:
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
