"""Causes that can be named for a part of the address-fault bounces: stale verification, a pattern that is wrong at one
company, domains that take no mail, and misspelt domains.

Each bounce counts for one of them, in the order typo, dead domain, wrong pattern, stale. None of them moves the
recommendation: they say what to mend whatever the setting.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import binom

from analyzer.diagnose.ahead.suppression_list import dead_domains
from analyzer.diagnose.arrays import Codes, Flags, Reals, Texts, sums
from analyzer.diagnose.diagnosis import Explanation
from analyzer.diagnose.leads.free_mail import free_mail
from analyzer.diagnose.thresholds import thresholds
from analyzer.diagnose.words import listed, many, number, percent

if TYPE_CHECKING:
    from analyzer.correlate import Correlated
    from analyzer.diagnose.ahead.decisions import Chosen
    from analyzer.diagnose.ahead.next_list import NextList
    from analyzer.diagnose.leads.contacts import Contacts

#: Domains named in a text, and domains looked at for misspellings.
_NAMED = 3
_LOOKED_UP = 2000
#: From this share on, it is not one of two patterns in use at a company that is wrong.
_NEARLY_ALL = 0.6
#: From this share of bounces on, nothing gets through: some bounces are lost on their way back.
_NEARLY_NOTHING = 0.8


def explanations(
    correlated: Correlated, contacts: Contacts, ahead: NextList, chosen: Chosen, *, tolerance: float
) -> list[Explanation]:
    """The named causes that are there, most bounces first; what is old is told of the list `ahead`, too, of which it is
    `chosen` who is sent to.
    """
    bounced = contacts.leads["address"].to_numpy(dtype=np.bool_)
    if not bounced.any():
        return []
    left = bounced.copy()
    found = []
    for cause in (_typos, _dead, _patterns):
        explained, taken = cause(correlated, contacts, left)
        left &= ~taken
        if explained is not None:
            found.append(explained)
    if (stale := _stale(left, ahead, chosen, tolerance)) is not None:
        found.append(stale)
    return sorted(found, key=lambda each: -each.bounces)


def sentences(found: list[Explanation]) -> str:
    """All of them in words, "" where there is none."""
    return " ".join(each.text for each in found)


def _typos(correlated: Correlated, contacts: Contacts, left: Flags) -> tuple[Explanation | None, Flags]:
    """Domains one slip away from a well-known one, at which hardly anything got through.

    What is no known slip has to be dead as well: a server that knows no such user shows that the domain is somebody's.
    """
    from analyzer.addresses.typos import Typos

    gone = dead_domains(contacts, correlated)
    names = np.array(contacts.domains, dtype=object)
    leads, bounces = _per_domain(contacts, left)
    lost = np.flatnonzero((bounces > 0) & (bounces >= _NEARLY_NOTHING * leads))
    looked = _by_bounces(lost, bounces, contacts)[:_LOOKED_UP]
    typos = Typos()
    meant = {
        int(code): typos.suggestion(name)
        for code in looked
        if typos.listed(name := str(names[code]).lower()) or names[code] in gone
    }
    codes = np.array([code for code, name in meant.items() if name], dtype=np.int64)
    taken = left & np.isin(contacts.domain, codes)
    if not taken.any():
        return None, taken
    order = _by_bounces(codes, bounces, contacts)
    told = listed([f"{names[code]} ({meant[int(code)]}?)" for code in order[:_NAMED]])
    return _explanation(
        "typo",
        taken,
        taken,
        names[order],
        f"{many(int(taken.sum()), 'bounce')} went to misspelt domains, such as {told}: correct them.",
    ), taken


def _dead(correlated: Correlated, contacts: Contacts, left: Flags) -> tuple[Explanation | None, Flags]:
    """Domains that the bounces call dead and where nothing got through."""
    gone = dead_domains(contacts, correlated)
    names = np.array(contacts.domains, dtype=object)
    codes = np.flatnonzero(np.array([name in gone for name in contacts.domains], dtype=np.bool_))
    taken = left & np.isin(contacts.domain, codes)
    if not taken.any():
        return None, taken
    order = _by_bounces(codes, _per_domain(contacts, taken)[1], contacts)
    order = order[np.isin(order, contacts.domain[taken])]
    named = listed([str(name) for name in names[order[:_NAMED]]])
    where = f"{named}, which {'takes' if len(order) == 1 else 'take'} no mail"
    if len(order) > _NAMED:
        where = f"{many(len(order), 'domain')} that take no mail, such as {named}"
    moved = "see where this company moved" if len(order) == 1 else "see where these companies moved"
    return _explanation(
        "dead_domain",
        taken,
        np.isin(contacts.domain, order),
        names[order],
        f"{many(int(taken.sum()), 'bounce')} went to {where}: {moved}.",
    ), taken


def _patterns(correlated: Correlated, contacts: Contacts, left: Flags) -> tuple[Explanation | None, Flags]:
    """Companies where guessed addresses bounce far beyond their rate elsewhere, though the domain takes mail."""
    del correlated
    limits = thresholds().guessed
    guessed = (contacts.leads["email_status"].astype(object) == "guessed").to_numpy()
    size = len(contacts.domains)
    leads, bounces = sums(contacts.domain, guessed, size), sums(contacts.domain, guessed & left, size)
    elsewhere = (bounces.sum() - bounces) / np.maximum(leads.sum() - leads, 1)
    surprise = binom.sf(bounces - 1, leads, np.clip(elsewhere, 0.01, 0.99))
    tested = max(int((leads >= limits.pattern_bounces).sum()), 1)
    # Where verified addresses bounce as well, it is not the pattern.
    verified = (contacts.leads["email_status"].astype(object) == "verified").to_numpy()
    known, failed = sums(contacts.domain, verified, size), sums(contacts.domain, verified & left, size)
    codes = np.flatnonzero(
        (bounces >= limits.pattern_bounces)
        & (bounces >= limits.pattern_share * leads)
        & (surprise * tested <= limits.pattern_p)
        & ~free_mail(contacts.domains)
        & ~((failed > 1) & (failed >= limits.pattern_share * known))
    )
    taken = left & guessed & np.isin(contacts.domain, codes)
    if not taken.any():
        return None, taken
    names, order = np.array(contacts.domains, dtype=object), _by_bounces(codes, bounces, contacts)
    told = listed([f"{names[code]} ({number(bounces[code])} of {number(leads[code])})" for code in order[:_NAMED]])
    where = "one company" if len(order) == 1 else f"{number(len(order))} companies"
    wrong = "is wrong" if (bounces[codes] >= _NEARLY_ALL * leads[codes]).all() else "is wrong, or one of several is"
    return _explanation(
        "wrong_pattern",
        taken,
        guessed & np.isin(contacts.domain, codes),
        names[order],
        f"At {where} the pattern by which addresses are guessed {wrong}: {told} guessed addresses bounced.",
    ), taken


def _stale(left: Flags, ahead: NextList, chosen: Chosen, tolerance: float) -> Explanation | None:
    """Verified addresses whose verification is old, where those bounce more than freshly verified ones."""
    stale = ahead.stale
    explained = 0 if stale is None else stale.explained(left)
    if stale is None or not explained:
        return None
    old = ahead.old(tolerance) if ahead.own else None
    again = None if old is None else int(chosen.old.sum())
    advice = ": verify the old ones again before the next send"
    if stale.old_low <= tolerance:
        advice, again = "", 0
    elif again:
        advice = f": verify the {number(again)} of the next list again"
    elif old is not None:
        advice = "" if old.any() else ": the next list has none of them"
    text = (
        f"Verified addresses whose verification was older than {number(thresholds().guessed.stale_days)} days "
        f"bounced at {percent(stale.old_rate)}, fresher ones at {percent(stale.fresh_rate)}{advice}."
    )
    return Explanation("stale_verification", explained, int(stale.old.sum()), [], text, again)


def _explanation(kind: str, bounced: Flags, leads: Flags, domains: Texts, text: str) -> Explanation:
    return Explanation(kind, int(bounced.sum()), int(leads.sum()), [str(name) for name in domains[:20]], text)  # type: ignore[arg-type]


def _per_domain(contacts: Contacts, flag: Flags) -> tuple[Codes, Reals]:
    """Per domain of `contacts.domains`: leads, and those flagged."""
    size = len(contacts.domains)
    return np.bincount(contacts.domain, minlength=size), sums(contacts.domain, flag, size)


def _by_bounces(codes: Codes, bounces: Reals, contacts: Contacts) -> Codes:
    """Domains, those with most bounces first; of as many, by name: how the log is sorted must not show."""
    names = np.array([contacts.domains[code] for code in codes], dtype=object)
    return codes[np.lexsort((names.astype(str), -bounces[codes]))]
