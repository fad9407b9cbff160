"""The leads of the next list, or of a list like this one, put together: who can be written to, and at what risk.

A lead's chance starts from its cell and moves with what its own domain did to addresses of the same status before; the
same formula as for campaigns, with the correlation found within domains. `ranking` adds what else the lead carries
where that proves itself, `list_chances` what is found of ages and origins; `list_bars` says who is out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analyzer.correlate.addresses import address_keys
from analyzer.diagnose.ahead.list_bars import UNDELIVERABLE, barred_and_doubted, closed_companies, having, meant
from analyzer.diagnose.ahead.list_chances import aged, as_at_slips, by_origin, for_age, from_good
from analyzer.diagnose.ahead.next_list import NextList
from analyzer.diagnose.ahead.origins import Origins, already, of_contacts, of_list, origins
from analyzer.diagnose.ahead.ranking import rank
from analyzer.diagnose.ahead.ranking_features import facts_of
from analyzer.diagnose.ahead.staleness import Staleness, age_of_contacts, days_since, staleness
from analyzer.diagnose.arrays import Codes, Reals, Texts
from analyzer.diagnose.estimates.cell_rates import cell_means
from analyzer.diagnose.estimates.likeness import shared
from analyzer.diagnose.estimates.past import History
from analyzer.diagnose.leads.arrived import arrived
from analyzer.diagnose.leads.companies import company_of
from analyzer.diagnose.leads.contacts import GROUPS, Contacts, cell_of, dimension
from analyzer.diagnose.leads.free_mail import consumer_domains
from analyzer.diagnose.leads.hindsight import as_known
from analyzer.diagnose.leads.slips import at_slips, misspelt
from analyzer.records import EMAIL_STATUSES

if TYPE_CHECKING:
    from analyzer.correlate import Correlated

_INVALID = EMAIL_STATUSES.index("invalid")


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known before any list is looked at: the campaign that it is learnt from, the cells' means, the origins
    that bounce more with the values that the leads contacted `had` of them, and what old verifications do.
    """

    correlated: Correlated
    contacts: Contacts
    past: History
    means: Reals
    bad: tuple[Origins, ...]
    had: tuple[Codes, ...]
    stale: Staleness | None


def list_ahead(
    correlated: Correlated, contacts: Contacts, past: History, everyone: tuple[Correlated, Contacts] | None = None
) -> NextList:
    """The next list of `correlated`, else one like the leads contacted.

    everyone: the whole campaign, where `contacts` are the part of it that addresses are learnt from.
    """
    every, whole = everyone or (correlated, contacts)
    whole = as_known(every, whole)
    bad = origins(contacts)
    had = of_contacts(bad, contacts)
    stale = staleness(correlated, contacts, from_good(cell_of(contacts.leads), bad, had))
    known = _Known(correlated, contacts, past, cell_means(past), bad, had, stale)
    if correlated.next_leads is None:
        return _like(known, every, whole)
    return _given(known, correlated.next_leads, closed_companies(every, whole))


def _like(known: _Known, every: Correlated, whole: Contacts) -> NextList:
    """A list like the leads contacted, at companies as large as theirs, of which nothing is known."""
    cell, had = cell_of(whole.leads), of_contacts(known.bad, whole)
    days = None if known.stale is None else age_of_contacts(every, whole)
    chance = aged(known.means[cell], cell, known.stale, days, from_good(cell, known.bad, had))
    chance = as_at_slips(by_origin(chance, cell, known.bad, had), at_slips(whole), known.contacts)
    company, alike, none = company_of(whole), known.past.spread.likeness, np.zeros_like(cell)
    return NextList(
        cell,
        chance,
        barred=np.where(cell // GROUPS == _INVALID, "invalid", "").astype(object),
        means=known.means,
        own=False,
        company=company,
        contacted=none,
        likeness=alike,
        stale=known.stale,
        days=days,
        origins=known.bad,
        from_origin=had,
        shared_by_each=round(float(shared(company, none, alike).sum()) / max(len(company), 1), 6),
    )


def _given(known: _Known, given: pd.DataFrame, closed: frozenset[str]) -> NextList:
    """The list that was given; `closed` are the companies that refuse us as a whole."""
    correlated, contacts, past = known.correlated, known.contacts, known.past
    cell, email = cell_of(given), dimension(given, "email", lower=True)
    keys = address_keys(pd.Series(email.values, dtype="str"))
    domains = _domains(keys.tolist())
    ranked = rank(correlated, contacts, past, facts_of(given, domains[email.codes], contacts))
    barred, doubted = barred_and_doubted(given, email, keys, domains, correlated, contacts, closed)
    chance, values, days = ranked.chance, of_list(known.bad, given), None
    if known.stale is not None and "verified_at" in given.columns:
        # It goes out after the last mail that is known of.
        last = pd.Series([pd.to_datetime(correlated.sends["sent_at"], utc=True).max()] * len(given))
        days = days_since(given["verified_at"], last)
        if ranked.ranking.used == "cells":
            # A model knows of the age.
            moved = aged(chance, cell, known.stale, days, from_good(cell, known.bad, values))
            ranked = replace(ranked, weights=ranked.weights + for_age(moved / chance))
            chance = moved
    held = None
    if ranked.learnt is not None:
        held = already(known.bad, known.had, cell_of(contacts.leads), ranked.learnt)
    chance = by_origin(chance, cell, known.bad, values, held)
    chance = as_at_slips(chance, misspelt(domains)[email.codes], contacts)
    before = arrived(correlated, contacts)
    took = (barred == "") & having(email, keys, before.addresses)
    chance = np.where(took, np.minimum(chance, before.chances(keys)[email.codes]), chance)
    company, written = _companies(domains, email.codes, contacts)
    return NextList(
        cell,
        np.where(np.isin(barred, UNDELIVERABLE), 1.0, chance),
        barred=barred,
        means=known.means,
        own=True,
        company=company,
        contacted=written,
        likeness=past.spread.likeness,
        ranked=ranked,
        took=took,
        stale=known.stale,
        days=days,
        origins=known.bad,
        from_origin=values,
        meant=meant(given, email, domains, contacts),
        doubted=np.where((barred == "") & ~(took & (doubted == "bounced_before_the_log")), doubted, ""),
    )


def _companies(domains: Texts, codes: Codes, contacts: Contacts) -> tuple[Codes, Codes]:
    """Each lead's company, where those at free-mail providers have one each, and how many were contacted there."""
    names = pd.Index(contacts.domains, dtype=object)
    number, unique = pd.factorize(domains)
    known = names.get_indexer(pd.Index(unique, dtype=object))
    leads = np.append(np.bincount(contacts.domain, minlength=len(names)), 0)[known]
    free = pd.Index(unique, dtype=object).isin(consumer_domains())
    company, alone = number[codes].astype(np.int64), free[number[codes]]
    company[alone] = len(unique) + np.flatnonzero(alone)
    return company, np.where(alone, 0, leads[number[codes]])


def _domains(addresses: list[str]) -> Texts:
    """What stands behind the last @ of each address, all of it where there is none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pc.replace_substring_regex(pa.array(addresses, pa.large_string()), pattern="(?s)^.*@", replacement="")
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=object)
