"""Who of a list is not written to, whatever the risk, and what is to be cleared before others are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analyzer.correlate.addresses import address_keys
from analyzer.correlate.clues import organisation
from analyzer.diagnose.ahead.suppression_list import bounced_before_the_log, dead_domains, refused, suppression
from analyzer.diagnose.ahead.unsuitable import unsuitable
from analyzer.diagnose.arrays import Codes, Flags, Texts
from analyzer.diagnose.leads.contacts import GROUPS, Contacts, Dimension, cell_of, dimension
from analyzer.diagnose.leads.free_mail import consumer_domains
from analyzer.diagnose.refused.named import NAMED
from analyzer.diagnose.thresholds import thresholds
from analyzer.records import EMAIL_STATUSES

if TYPE_CHECKING:
    from analyzer.correlate import Correlated

#: Why a lead is out to whom nothing can be delivered; the others may have good addresses.
UNDELIVERABLE = ("missing", "malformed", "domain", "suppressed")
_INVALID, _VERIFIED = EMAIL_STATUSES.index("invalid"), EMAIL_STATUSES.index("verified")
#: Findings of a format check that do not keep a mail from being addressed.
_IN_FORM = frozenset(
    {"", "reserved_domain", "public_suffix", "unknown_suffix", "mixed_scripts", "possible_typo", "needs_smtputf8"}
)
_NO_SIGNS = re.compile(r"[\W_]+")
#: Words, dots between them, and a name of at least two labels without hyphens side by side (RE2, lower case).
_PLAIN = (
    r"^[a-z0-9_]{1,20}(?:[.+_-][a-z0-9_]{1,20}){0,2}@"
    r"(?:[a-z0-9]{1,20}(?:-[a-z0-9]{1,20}){0,2}\.){1,3}[a-z]{2,20}$"
)


def barred_and_doubted(
    given: pd.DataFrame,
    email: Dimension,
    keys: pd.Series[str],
    domains: Texts,
    correlated: Correlated,
    contacts: Contacts,
    closed: frozenset[str],
) -> tuple[Texts, Texts]:
    """Why each lead of a list is out, "" if it is not; and what is to be cleared before it is used, "" for nothing.

    keys, domains: of each value of `email`; closed: the companies that refuse us as a whole.
    """
    out, doubted = unsuitable(given, email, domains)
    out[cell_of(given) // GROUPS == _INVALID] = "invalid"
    out[_among(domains, closed)[email.codes]] = "company"
    out[having(email, keys, refused(correlated))] = "refused"
    out[_malformed(email.values)[email.codes]] = "malformed"
    out[_among(domains, dead_domains(contacts, correlated))[email.codes]] = "domain"
    out[having(email, keys, frozenset(address_keys(suppression(correlated)["email"].astype("str"))))] = "suppressed"
    out[having(email, keys, correlated.opted_out)] = "opted_out"
    out[_among(np.array(email.values, dtype=object), frozenset({""}))[email.codes]] = "missing"
    bad_before, complained = bounced_before_the_log(correlated)
    doubted[having(email, keys, bad_before)] = "bounced_before_the_log"
    doubted[having(email, keys, complained)] = "complained_before_the_log"
    doubted[having(email, keys, _unread(correlated, contacts))] = "unread"
    return out, doubted


def _unread(correlated: Correlated, contacts: Contacts) -> frozenset[str]:
    """Addresses (their keys) of leads that bounced, and nothing says why."""
    leads = contacts.leads
    rows = contacts.first[(leads["unknown"] & ~leads["address"]).to_numpy(dtype=np.bool_)]
    return frozenset(address_keys(correlated.sends["recipient"].iloc[rows].astype("str").str.strip()))


def meant(given: pd.DataFrame, email: Dimension, domains: Texts, contacts: Contacts) -> Texts:
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


def having(email: Dimension, keys: pd.Series, wanted: frozenset[str]) -> Flags:
    return _among(keys.to_numpy(dtype=object), wanted)[email.codes]


def _among(texts: Texts, wanted: frozenset[str]) -> Flags:
    return np.asarray(pd.Index(texts, dtype=object).isin(sorted(wanted)), dtype=np.bool_)


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
