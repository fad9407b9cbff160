"""The leads of the next list, or of a list like this one: who can be written to, and at what risk.

A lead's chance starts from its cell and moves with what its own domain did to addresses of the same status before; the
same formula as for campaigns, with the correlation found within domains. `ranking` adds what else the lead carries
where that proves itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analyzer.correlate.addresses import address_keys
from analyzer.correlate.clues import organisation
from analyzer.diagnose.arrays import Codes, Flags, Reals, Texts
from analyzer.diagnose.arrived import arrived
from analyzer.diagnose.companies import company_of
from analyzer.diagnose.contacts import CELLS, GROUPS, Contacts, Dimension, cell_of, dimension
from analyzer.diagnose.diagnosis import Ranking
from analyzer.diagnose.forecast import History, Target, cell_means, target_of
from analyzer.diagnose.free_mail import consumer_domains
from analyzer.diagnose.hindsight import as_known
from analyzer.diagnose.likeness import shared
from analyzer.diagnose.named import NAMED
from analyzer.diagnose.origins import Origins, already, of_contacts, of_list, origins
from analyzer.diagnose.ranking import FAMILIES, Ranked, rank
from analyzer.diagnose.ranking_features import facts_of
from analyzer.diagnose.slips import at_slips, chance_at_slips, misspelt
from analyzer.diagnose.staleness import Staleness, age_of_contacts, days_since, staleness
from analyzer.diagnose.suppression_list import bounced_before_the_log, dead_domains, refused, suppression
from analyzer.diagnose.thresholds import thresholds
from analyzer.diagnose.unsuitable import unsuitable
from analyzer.records import EMAIL_STATUSES

if TYPE_CHECKING:
    from analyzer.correlate import Correlated

#: Why a lead is out to whom nothing can be delivered; the others may have good addresses.
_UNDELIVERABLE = ("malformed", "domain", "suppressed")
_GUESSED, _INVALID = EMAIL_STATUSES.index("guessed"), EMAIL_STATUSES.index("invalid")
_VERIFIED, _UNKNOWN = EMAIL_STATUSES.index("verified"), EMAIL_STATUSES.index("unknown")
#: Findings of a format check that do not keep a mail from being addressed.
_IN_FORM = frozenset(
    {"", "reserved_domain", "public_suffix", "unknown_suffix", "mixed_scripts", "possible_typo", "needs_smtputf8"}
)
#: No lead is more likely to bounce for what others did.
_HIGHEST = 0.97
_NO_SIGNS = re.compile(r"[\W_]+")
#: Words, dots between them, and a name of at least two labels without hyphens side by side (RE2, lower case).
_PLAIN = (
    r"^[a-z0-9_]{1,20}(?:[.+_-][a-z0-9_]{1,20}){0,2}@"
    r"(?:[a-z0-9]{1,20}(?:-[a-z0-9]{1,20}){0,2}\.){1,3}[a-z]{2,20}$"
)


@dataclass(frozen=True, slots=True)
class NextList:
    """A list to be sent, lead by lead: `cell`, `chance` of an address-fault bounce, and why one is out ("" if not).

    `own` says whether it is the list given as the next one; else it is this campaign's, taken as a model. `took` flags
    the leads whose address took a mail of ours before; `stale` is what old verifications are shown to do, `origins`
    what the values of some columns are, and `from_origin` which of these each lead has (`Origins.values_of`), None
    where the list does not say. `company` is where each lead is, `contacted` how many leads there mail went to, whose
    outcome its chance knows, and `likeness` how alike leads of one company are. `days` is how old each verification
    will be (NaN: not known), None where nothing says so; `meant` what a lead's domain is probably a misspelling of, ""
    if of none; `doubted` what else is to be cleared before a lead is used ("" if nothing), a key of `lead_words.DOUBTS`
    or a finding of `check`. `shared_by_each` is how alike a lead is to those before it in the mean, of a list that is a
    model. With `at_most` every bounce of unknown cause is counted as a bad address in `means` and
    `chance`.
    """

    cell: Codes
    chance: Reals
    barred: Texts
    means: Reals
    own: bool
    company: Codes
    contacted: Codes
    likeness: float
    ranked: Ranked | None = None
    took: Flags | None = None
    stale: Staleness | None = None
    days: Reals | None = None
    origins: tuple[Origins, ...] = ()
    from_origin: tuple[Codes | None, ...] = ()
    meant: Texts | None = None
    doubted: Texts | None = None
    at_most: bool = False
    shared_by_each: float = 0.0

    def bounded(self, means: Reals) -> NextList:
        """The same with the chances that cells with these `means` give the leads: as much as they can be."""
        most = np.minimum(self.chance * (means / self.means)[self.cell], np.maximum(self.chance, _HIGHEST))
        kept = np.isin(self.barred, _UNDELIVERABLE) | self.taken
        return replace(self, means=means, chance=np.where(kept, self.chance, most), at_most=True)

    @property
    def ranking(self) -> Ranking | None:
        """What the chances of a list of its own rest on."""
        return None if self.ranked is None else self.ranked.ranking

    def old(self, tolerance: float) -> Flags | None:
        """Which leads that can be written to are to be verified again for the age of their verification; None where
        that is not known.
        """
        if self.stale is None or self.days is None:
            return None
        verified = (self.status == _VERIFIED) & (self.barred == "") & ~self.taken & self.from_good
        return self.stale.verify_first(verified, self.days, self.chance, tolerance)

    def fresh(self, tolerance: float) -> Flags:
        """Which verified leads are to stay within the tolerance for the age of their verification."""
        if self.stale is None or self.days is None:
            return np.zeros(len(self.cell), dtype=np.bool_)
        return self.stale.fresh(self.status == _VERIFIED, self.days, tolerance)

    @property
    def from_good(self) -> Flags:
        """Which leads nothing is found against by where they come from."""
        return _from_good(self.cell, self.origins, self.from_origin)

    def from_bad(self, place: int) -> Flags | None:
        """Which leads that can be written to are of where leads bounce more; None where the list does not say.

        place: of these, in `origins`; who is of one before it is not counted again.
        """
        value = self.from_origin[place]
        if value is None:
            return None
        bad = self.origins[place].bad(self.cell, value) & (self.barred == "") & ~self.taken
        for before in range(place):
            if (counted := self.from_bad(before)) is not None:
                bad = bad & ~counted
        return np.asarray(bad, dtype=np.bool_)

    def of_bad_origin(self, tolerance: float) -> tuple[Flags, ...]:
        """For each of `origins`, who of the list is of it; nobody where its leads do not exceed the tolerance."""
        found = [self.from_bad(place) for place in range(len(self.origins))]
        nobody = np.zeros(len(self.cell), dtype=np.bool_)
        return tuple(
            nobody if there is None or each.rate <= tolerance else there
            for there, each in zip(found, self.origins, strict=True)
        )

    def named_bad(self, tolerance: float) -> Flags:
        """Who is named as bad, for an old verification or for where they come from."""
        old = self.old(tolerance)
        nobody = np.zeros(len(self.cell), dtype=np.bool_)
        named = np.logical_or.reduce([nobody if old is None else old, *self.of_bad_origin(tolerance)])
        return np.asarray(named, dtype=np.bool_)

    @property
    def taken(self) -> Flags:
        """Which leads' address took a mail of ours before."""
        return np.zeros(len(self.cell), dtype=np.bool_) if self.took is None else self.took

    @property
    def status(self) -> Codes:
        """The email status of each lead, as a position in EMAIL_STATUSES."""
        return self.cell // GROUPS

    @property
    def status_known(self) -> bool:
        """Whether any lead has an email status."""
        return bool((self.status != _UNKNOWN).any())

    def statuses(self) -> list[str]:
        """The email statuses of those who can be written to."""
        return [EMAIL_STATUSES[code] for code in np.unique(self.status[self.barred == ""])]

    def cells(self) -> Flags:
        """Which cells the list has leads in."""
        return np.bincount(self.cell, minlength=CELLS) > 0

    def quantity(self) -> Target:
        """Everyone who can be written to: max quantity."""
        return self._target(self.barred == "")

    def quality(self) -> Target:
        """The same without guessed addresses: max quality."""
        return self._target((self.barred == "") & (self.status != _GUESSED))

    def verified(self) -> Target:
        """Verified addresses only."""
        return self._target((self.barred == "") & (self.status == _VERIFIED))

    def without(self, some: Flags) -> Target:
        """Max quality without some leads."""
        return self._target((self.barred == "") & (self.status != _GUESSED) & ~some)

    def first(self, rows: Codes) -> Target:
        """Some rows only."""
        return target_of(self.cell[rows], self.chance[rows], self.means, self.shared(rows))

    def shared(self, rows: Codes) -> Reals:
        """How alike each of some rows is to those before it (`likeness.shared`).

        Where no list was given, the mean of all rows: how the log is sorted must not show.
        """
        if self.own:
            return shared(self.company[rows], self.contacted[rows], self.likeness)
        return np.full(len(rows), self.shared_by_each)

    def by_risk(self) -> Codes:
        """The rows that can be written to, least risk first; equal risks keep the list's order.

        Where no list was given they come cell by cell: how the log is sorted must not show.
        """
        free = np.flatnonzero(self.barred == "")
        if self.own:
            return free[np.argsort(self.chance[free], kind="stable")]
        return free[np.lexsort((self.cell[free], self.chance[free]))]

    def _target(self, chosen: Flags) -> Target:
        return self.first(np.flatnonzero(chosen))


def list_ahead(
    correlated: Correlated, contacts: Contacts, past: History, everyone: tuple[Correlated, Contacts] | None = None
) -> NextList:
    """The next list of `correlated`, else one like the leads contacted.

    everyone: the whole campaign, where `contacts` are the part of it that addresses are learnt from.
    """
    every, whole = everyone or (correlated, contacts)
    whole = as_known(every, whole)
    means = cell_means(past)
    given = correlated.next_leads
    bad = origins(contacts)
    had = of_contacts(bad, contacts)
    stale = staleness(correlated, contacts, _from_good(cell_of(contacts.leads), bad, had))
    if given is None:
        cell, had = cell_of(whole.leads), of_contacts(bad, whole)
        barred = np.where(cell // GROUPS == _INVALID, "invalid", "").astype(object)
        days = None if stale is None else age_of_contacts(every, whole)
        aged = _aged(means[cell], cell, stale, days, _from_good(cell, bad, had))
        chance = _by_origin(aged, cell, bad, had)
        chance = _at_slips(chance, at_slips(whole), contacts)
        # Leads like these, at companies as large as theirs, of which nothing is known.
        company, alike = company_of(whole), past.spread.likeness
        none = np.zeros_like(cell)
        each = round(float(shared(company, none, alike).sum()) / max(len(company), 1), 6)
        return NextList(
            cell, chance, barred, means, own=False, company=company, contacted=none, likeness=alike, stale=stale,
            days=days, origins=bad, from_origin=had, shared_by_each=each,
        )  # fmt: skip
    cell = cell_of(given)
    email = dimension(given, "email", lower=True)
    keys = address_keys(pd.Series(email.values, dtype="str"))
    domains = _domains(keys.tolist())
    ranked = rank(correlated, contacts, past, facts_of(given, domains[email.codes], contacts))
    barred, doubted = unsuitable(given, email, domains)
    barred[cell // GROUPS == _INVALID] = "invalid"
    barred[_among(domains, closed_companies(every, whole))[email.codes]] = "company"
    barred[_of(email, keys, refused(correlated))] = "refused"
    barred[_malformed(email.values)[email.codes]] = "malformed"
    barred[_among(domains, dead_domains(contacts, correlated))[email.codes]] = "domain"
    barred[_of(email, keys, frozenset(address_keys(suppression(correlated)["email"].astype("str"))))] = "suppressed"
    barred[_of(email, keys, correlated.opted_out)] = "opted_out"
    bad_before, complained = bounced_before_the_log(correlated)
    doubted[_of(email, keys, bad_before)] = "bounced_before_the_log"
    doubted[_of(email, keys, complained)] = "complained_before_the_log"
    doubted[_of(email, keys, _unread(correlated, contacts))] = "unread"
    chances = ranked.chance
    values = of_list(bad, given)
    days = None
    if stale is not None and "verified_at" in given.columns:
        # It goes out after the last mail that is known of.
        last = pd.Series([pd.to_datetime(correlated.sends["sent_at"], utc=True).max()] * len(given))
        days = days_since(given["verified_at"], last)
        if ranked.ranking.used == "cells":
            # A model knows of the age.
            aged = _aged(chances, cell, stale, days, _from_good(cell, bad, values))
            ranked = replace(ranked, weights=ranked.weights + _for_age(aged / chances))
            chances = aged
    held = None if ranked.learnt is None else already(bad, had, cell_of(contacts.leads), ranked.learnt)
    chances = _by_origin(chances, cell, bad, values, held)
    before = arrived(correlated, contacts)
    took = (barred == "") & _of(email, keys, before.addresses)
    chances = _at_slips(chances, misspelt(domains)[email.codes], contacts)
    ranked_chance = np.where(took, np.minimum(chances, before.chances(keys)[email.codes]), chances)
    chance = np.where(np.isin(barred, _UNDELIVERABLE), 1.0, ranked_chance)
    company, written = _companies(domains, email.codes, contacts)
    alike = past.spread.likeness
    return NextList(
        cell, chance, barred, means, own=True, company=company, contacted=written, likeness=alike, ranked=ranked,
        took=took, stale=stale, days=days, origins=bad, from_origin=values,
        meant=_meant(given, email, domains, contacts),
        doubted=np.where((barred == "") & ~(took & (doubted == "bounced_before_the_log")), doubted, ""),
    )  # fmt: skip


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


def _aged(chance: Reals, cell: Codes, stale: Staleness | None, days: Reals | None, from_good: Flags) -> Reals:
    """The chances of leads, moved by the age of their verification (days) where old ones are shown to bounce more; not
    of those that are of a bad origin, which moves theirs.
    """
    if stale is None or days is None:
        return chance
    return np.asarray(np.minimum(chance * stale.times((cell // GROUPS == _VERIFIED) & from_good, days), _HIGHEST))


def _from_good(cell: Codes, bad: tuple[Origins, ...], values: tuple[Codes | None, ...]) -> Flags:
    """Which leads are of no bad origin, as far as it is known where they come from."""
    good = np.ones(len(cell), dtype=np.bool_)
    for each, value in zip(bad, values, strict=True):
        if value is not None:
            good &= ~each.bad(cell, value)
    return good


def _for_age(times: Reals) -> Reals:
    """What the age of a verification adds to the log-odds of leads, (leads, FAMILIES)."""
    return np.asarray(np.log(times)[:, None] * (np.array(FAMILIES) == "age"))


def _at_slips(chance: Reals, there: Flags, contacts: Contacts) -> Reals:
    """The chances of leads, where those at misspelt domains have what such leads had before."""
    known = chance_at_slips(contacts)
    return chance if known is None else np.where(there, known, chance)


def _by_origin(
    chance: Reals,
    cell: Codes,
    bad: tuple[Origins, ...],
    values: tuple[Codes | None, ...],
    held: tuple[Reals, ...] | None = None,
) -> Reals:
    """The chances of leads, moved by where they come from where some of it is shown to bounce more.

    held: of each, what the chances hold of it already (`origins.already`).
    """
    free = np.ones(len(cell), dtype=np.bool_)
    for place, (each, value) in enumerate(zip(bad, values, strict=True)):
        if value is not None:
            known = None if held is None else held[place]
            chance = np.where(free, each.moved(chance, cell, value, known), chance)
            # Further columns were looked at among the leads of no bad value before.
            free &= value >= len(each.found)
    return chance


def _unread(correlated: Correlated, contacts: Contacts) -> frozenset[str]:
    """Addresses (their keys) of leads that bounced, and nothing says why."""
    leads = contacts.leads
    rows = contacts.first[(leads["unknown"] & ~leads["address"]).to_numpy(dtype=np.bool_)]
    return frozenset(address_keys(correlated.sends["recipient"].iloc[rows].astype("str").str.strip()))


def _meant(given: pd.DataFrame, email: Dimension, domains: Texts, contacts: Contacts) -> Texts:
    """What the domain of each lead is probably a misspelling of; "" if it is none. domains: of each value of `email`.

    A slip that somebody is known to live off is one wherever it stands. What only looks like another domain is that
    domain's neighbour more often than its misspelling: a mail of ours that was taken, a verified address, a second lead
    there and a company of that name each speak for the domain as it stands.
    """
    from analyzer.addresses.typos import Typos

    codes, names = pd.factorize(domains)
    counts = np.bincount(codes, minlength=len(names))
    typos = Typos(dict(zip(names.tolist(), counts.tolist(), strict=True)))
    told = np.array([typos.suggestion(name) if typos.listed(name) else "" for name in names], dtype=object)
    flags = [contacts.leads[name].to_numpy(dtype=np.bool_) for name in ("address", "hard", "spam", "unknown")]
    silent = np.bincount(contacts.domain[~np.logical_or.reduce(flags)], minlength=len(contacts.domains)) > 0
    alive = [name for name, there in zip(contacts.domains, silent, strict=True) if there]
    lead = codes[email.codes]
    verified = np.bincount(lead[cell_of(given) // GROUPS == _VERIFIED], minlength=len(names)) > 0
    company = dimension(given, "company", lower=True)
    doubtful = (told == "") & (counts == 1) & ~verified & ~pd.Index(names, dtype=object).isin(alive)
    for row in np.flatnonzero(doubtful[lead]):
        name = names[lead[row]]
        if not _called_so(company.values[company.codes[row]], name):
            told[lead[row]] = typos.suggestion(name)
    return np.asarray(told[lead], dtype=object)


def _called_so(company: str, domain: str) -> bool:
    """Whether a company's name (lower case) has the name that a domain is registered under, signs aside."""
    return _NO_SIGNS.sub("", organisation(domain)) in _NO_SIGNS.sub("", company)


def closed_companies(correlated: Correlated, contacts: Contacts) -> frozenset[str]:
    """Domains that refuse us as a whole: several leads' latest mail, and most of the leads written to there.

    Only for good, and not for what is named as a fault of ours, which can be mended. Who has a mailbox at a free-mail
    provider shares no company with the others.
    """
    sends = correlated.sends
    if sends.empty or not contacts.spam.any():
        return frozenset()
    domain, limits = contacts.at["recipient_domain"], thresholds()
    # Few domains refuse often: only their mail is looked at.
    often = np.bincount(domain.codes[contacts.spam], minlength=len(domain.values)) >= limits.evidence.min_bounces
    there = np.flatnonzero(often[domain.codes])
    # The latest mail of each lead, undated ones first; of those at one time, the one further down the log.
    at: Codes = np.zeros(len(there), dtype=np.int64)
    if "sent_at" in sends.columns:
        times = pd.to_datetime(sends["sent_at"].iloc[there], utc=True, errors="coerce")
        at = times.fillna(pd.Timestamp(0, tz="UTC")).astype("int64").to_numpy()
    order = there[np.lexsort((at, contacts.lead[there]))]
    lead = contacts.lead[order]
    last = order[np.append(lead[1:] != lead[:-1], True)] if len(order) else order
    rows = last[contacts.spam[last]]
    for_good = ~sends["transient"].iloc[rows].astype("boolean").fillna(False).to_numpy(dtype=bool)
    mendable = sends["reason"].iloc[rows].isin([*NAMED, "greylisted", "complaint"]).to_numpy()
    hits = np.bincount(domain.codes[rows[for_good & ~mendable]], minlength=len(domain.values))
    written = np.bincount(domain.codes[last], minlength=len(domain.values))
    whole = (hits >= limits.evidence.min_bounces) & (hits >= limits.deliverability.one_domain_share * written)
    return frozenset(domain.values[code] for code in np.flatnonzero(whole)) - {"", *consumer_domains()}


def _of(email: Dimension, keys: pd.Series, wanted: frozenset[str]) -> Flags:
    return _among(keys.to_numpy(dtype=object), wanted)[email.codes]


def _among(texts: Texts, wanted: frozenset[str]) -> Flags:
    return np.asarray(pd.Index(texts, dtype=object).isin(sorted(wanted)), dtype=np.bool_)


def _domains(addresses: list[str]) -> Texts:
    """What stands behind the last @ of each address, all of it where there is none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pc.replace_substring_regex(pa.array(addresses, pa.large_string()), pattern="(?s)^.*@", replacement="")
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=object)


def _malformed(addresses: list[str]) -> Flags:
    """To which no mail can be addressed. A name that DNS may know after all is left to `check`."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from analyzer.addresses.reading import read_address

    # Nearly every address is plainly in order; what is not is read with care.
    plain = pc.match_substring_regex(pa.array(addresses, pa.large_string()), pattern=_PLAIN)
    found = np.zeros(len(addresses), dtype=np.bool_)
    for row in np.flatnonzero(~np.asarray(plain.to_numpy(zero_copy_only=False), dtype=np.bool_)):
        found[row] = read_address(addresses[row]).fault not in _IN_FORM
    return found
