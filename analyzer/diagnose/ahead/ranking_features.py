"""What a lead carries beyond its cell before it is sent to: its domain's past, its pattern, its age, who hosts it.

Every count of the past is taken as of a moment, so that a lead never sees its own outcome nor a later one. A mail is
past a day after it went out, bounced or not: a bounce that is back within minutes would otherwise be counted against
mails whose silence means nothing yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyzer.diagnose.arrays import Codes, Flags, Reals, Texts, grouped, sums
from analyzer.diagnose.estimates.cell_rates import cell_means, past_means
from analyzer.diagnose.estimates.past import History
from analyzer.diagnose.leads.contacts import GROUPS, STATUSES, cell_of
from analyzer.diagnose.leads.free_mail import consumer_domains
from analyzer.records import EMAIL_STATUSES

if TYPE_CHECKING:
    from analyzer.correlate import Correlated
    from analyzer.diagnose.leads.contacts import Contacts

#: Seconds since 1970; later than any mail, and so "all that is known". Keys of (group, time) stay below 2^63.
EVER = 1 << 36
DAY = 86_400
MONTH = 30.44 * DAY
#: How much domains of one status differ where the log cannot tell: as much as their rate.
_SPREAD_BELIEVED = 1.0
VERIFIED = EMAIL_STATUSES.index("verified")
#: Who runs the mail of a lead's domain, as far as it is known before the send.
HOSTS: tuple[str, ...] = ("", "google", "microsoft", "consumer", "gateway", "other")
#: How a local part is built. The last four are patterns that an address is guessed by.
SHAPES: tuple[str, ...] = ("other", "role", "digits", "word", "first.last", "f.last", "first.l")
_PATTERNS = SHAPES.index("word")
#: RE2, tried in this order on the local part in lower case.
_SHAPE_TESTS: tuple[tuple[str, str], ...] = (
    ("first.l", r"^[a-z]{2,}[._-][a-z]$"),
    ("f.last", r"^[a-z][._-][a-z]{2,}$"),
    ("first.last", r"^[a-z]{2,}[._-][a-z]{2,}$"),
    ("word", r"^[a-z]+$"),
    ("digits", r"[0-9]"),
)


@dataclass(frozen=True, slots=True)
class Facts:
    """One row a lead: `cell`, `domain` (a position in the contacts' domains, -1 for a new one), `shape` (in SHAPES),
    `consumer` (a free-mail domain) and `verified`, seconds since 1970 or NaN.
    """

    cell: Codes
    domain: Codes
    shape: Codes
    consumer: Flags
    verified: Reals

    def __len__(self) -> int:
        return len(self.cell)

    def take(self, rows: Codes | Flags | slice) -> Facts:
        """Some rows only."""
        return Facts(self.cell[rows], self.domain[rows], self.shape[rows], self.consumer[rows], self.verified[rows])

    @property
    def unverified(self) -> Flags:
        """Whose address nobody confirmed."""
        return np.asarray(self.cell // GROUPS != VERIFIED)


@dataclass(frozen=True, slots=True)
class Track:
    """What became of the leads contacted: when each was first written to and when it bounced for its address.

    Seconds since 1970; `sent` is EVER - 1 without a time, `bounced_at` EVER without a bounce. `host_of` and `host_from`
    say per domain who runs it (in HOSTS) and since when a bounce has shown that (EVER: never).
    """

    facts: Facts
    sent: Codes
    bounced: Flags
    bounced_at: Codes
    host_of: Codes
    host_from: Codes

    @property
    def timed(self) -> Flags:
        """Which leads have a time."""
        return self.sent < EVER - 1


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was known of each lead at its moment.

    `cell_chance` is its cell's, `base` what its domain's record makes of that. Leads seen and bounced before at its
    domain: of its `status`, of `any` status, and unverified ones of its `pattern`; `expected_*` is what their cells
    would bounce. `months` since it was verified (NaN: not known), `host` in HOSTS.
    """

    facts: Facts
    cell_chance: Reals
    base: Reals
    status_seen: Codes
    status_bounced: Codes
    status_expected: Reals
    any_seen: Codes
    any_bounced: Codes
    any_expected: Reals
    pattern_seen: Codes
    pattern_bounced: Codes
    pattern_expected: Reals
    months: Reals
    host: Codes


def track(correlated: Correlated, contacts: Contacts) -> Track:
    """The leads contacted, as far as the ranking needs them."""
    sends = correlated.sends
    first = contacts.first
    seconds = _seconds(sends["sent_at"]) if "sent_at" in sends.columns else np.full(len(sends), np.nan)
    sent = np.where(np.isnan(seconds), EVER - 1, seconds).astype(np.int64)
    bounced = contacts.leads["address"].to_numpy(dtype=bool)
    bounced_at = np.full(len(first), EVER, dtype=np.int64)
    rows = np.flatnonzero(contacts.address)
    np.minimum.at(bounced_at, contacts.lead[rows], np.maximum(sent, _arrived(correlated))[rows])
    # What is only believed to be an address fault has no bounce of its own: it counts from its first mail.
    bounced_at = np.where(bounced, np.where(bounced_at < EVER, bounced_at, sent[first]), EVER)
    verified = sends["verified_at"].iloc[first] if "verified_at" in sends.columns else None
    emails = sends["recipient"].iloc[first]
    consumer = pd.Index(contacts.domains, dtype=object).isin(consumer_domains())
    facts = Facts(
        cell_of(contacts.leads),
        np.asarray(contacts.domain, dtype=np.int64),
        shapes(emails),
        consumer[contacts.domain] if len(contacts.domain) else np.zeros(0, dtype=bool),
        np.full(len(first), np.nan) if verified is None else _seconds(verified),
    )
    return Track(facts, sent[first], bounced, bounced_at, *_hosts(contacts, sent))


def facts_of(leads: pd.DataFrame, domains: Texts, contacts: Contacts) -> Facts:
    """The facts of leads that are still to be written to; `domains` are theirs, in lower case."""
    codes, names = pd.factorize(domains)
    known = pd.Index(contacts.domains, dtype=object).get_indexer(pd.Index(names, dtype=object))
    consumer = pd.Index(names, dtype=object).isin(consumer_domains())
    verified = _seconds(leads["verified_at"]) if "verified_at" in leads.columns else np.full(len(leads), np.nan)
    return Facts(cell_of(leads), known[codes].astype(np.int64), shapes(leads["email"]), consumer[codes], verified)


def evidence(asked: Facts, past: Track, learnt: History, *, as_of: Codes | None, sent: Codes) -> Evidence:
    """What was known of the leads `asked` at `as_of` (seconds, one each; None: now), if written to at `sent`."""
    means = cell_means(learnt)
    of_sent = past_means(learnt)[past.facts.cell] if len(past.facts) else np.zeros(0)
    settled = np.where(past.timed, np.minimum(past.sent + DAY, EVER - 2), EVER - 2)
    known = np.minimum(np.maximum(settled, past.bounced_at), EVER - 2)
    status, shape = past.facts.cell // GROUPS, past.facts.shape

    def counted(group: Codes, wanted: Codes, inside: Flags | None = None) -> tuple[Codes, Codes, Reals]:
        chosen = np.arange(len(group)) if inside is None else np.flatnonzero(inside)
        hit = chosen[past.bounced[chosen]]
        if as_of is None:
            return (
                _total(group[chosen], None, wanted),
                _total(group[hit], None, wanted),
                _total(group[chosen], of_sent[chosen], wanted),
            )
        seen, expected = _before(group[chosen], settled[chosen], of_sent[chosen], wanted, as_of)
        return seen, _before(group[hit], known[hit], None, wanted, as_of)[0], expected

    new = asked.domain < 0
    at_status = past.facts.domain * STATUSES + status
    same = counted(at_status, np.where(new, -1, asked.domain * STATUSES + asked.cell // GROUPS))
    alike = counted(
        past.facts.domain * len(SHAPES) + shape,
        np.where(new | ~asked.unverified | (asked.shape < _PATTERNS), -1, asked.domain * len(SHAPES) + asked.shape),
        past.facts.unverified,
    )
    every = counted(past.facts.domain, asked.domain)
    # Gamma-Poisson: the cell's rate times (bounced + a) / (expected + a), where 1 / a is how much domains differ.
    firm = 1 / domain_spread(past, of_sent)[asked.cell // GROUPS]
    base = np.clip(means[asked.cell] * (same[1] + firm) / (same[2] + firm), 1e-6, 1 - 1e-6)
    # Where the pattern is right people leave all the same: no record makes a guess better than a verified address.
    least = np.minimum(means[asked.cell], means[VERIFIED * GROUPS + asked.cell % GROUPS])
    base = np.where(asked.unverified, np.maximum(base, least), base)
    with np.errstate(invalid="ignore"):
        months = (sent - asked.verified) / MONTH
        # A verification after the send was not known before it, and may be there because of how that went.
        months = np.where(months >= 0, months, np.nan)
    host = np.zeros(len(asked), dtype=np.int64)
    if len(past.host_of):
        shown = ~new & (past.host_from[asked.domain] < (EVER if as_of is None else as_of))
        host = np.where(shown, past.host_of[asked.domain], 0)
    host = np.where(asked.consumer, HOSTS.index("consumer"), host)
    return Evidence(asked, means[asked.cell], base, *same, *every, *alike, months, host)


def domain_spread(past: Track, expected: Reals) -> Reals:
    """Per status, how much domains differ: the variance of their rates in units of the squared rate.

    Moments of the domains' bounces against those `expected` of their leads (a chance each), and a belief that stands
    where there are too few: domains differ by about their own rate, give or take as much.
    """
    status = past.facts.cell // GROUPS
    found = np.full(STATUSES, _SPREAD_BELIEVED)
    domain = past.facts.domain
    for one in np.unique(status):
        rows = np.flatnonzero(status == one)
        _, group = grouped(domain[rows])
        mean, variance = sums(group, expected[rows]), sums(group, expected[rows] * (1 - expected[rows]))
        # Large domains tell their own rate only once, however many leads they have.
        weight = 1 / (1 + mean) ** 2
        told = (weight * mean**2).sum()
        excess = (weight * ((sums(group, past.bounced[rows]) - mean) ** 2 - variance)).sum()
        noise = (weight**2 * (variance + 2 * variance**2)).sum()
        believed = 1 / _SPREAD_BELIEVED**2
        precision = told**2 / max(noise, 1e-12)
        estimate = excess / max(told, 1e-12)
        found[one] = (estimate * precision + _SPREAD_BELIEVED * believed) / (precision + believed)
    return np.asarray(np.clip(found, 0.01, 20.0))


def _total(group: Codes, amount: Reals | None, wanted: Codes) -> NDArray[Any]:
    """For each wanted group, how many of its rows there are, or their total `amount`; 0 for -1."""
    size = int(max(group.max(initial=-1), wanted.max(initial=-1))) + 2
    # The last place is the one that -1 asks for.
    return np.asarray(np.bincount(group, weights=amount, minlength=size)[wanted])


def _before(group: Codes, time: Codes, amount: Reals | None, wanted: Codes, until: Codes) -> tuple[Codes, Reals]:
    """For each (wanted, until): how many of (group, time) are of that group and earlier, and their total `amount`."""
    key = group * EVER + time
    order = np.argsort(key, kind="stable")
    key = key[order]
    inside = wanted >= 0
    start = np.searchsorted(key, np.where(inside, wanted, 0) * EVER)
    stop = np.where(inside, np.searchsorted(key, np.where(inside, wanted * EVER + until, 0)), start)
    if amount is None:
        return stop - start, np.zeros(0)
    running = np.concatenate([[0.0], np.cumsum(amount[order])])
    # Differences of one long sum leave a rest of rounding where there is nothing.
    return stop - start, np.where(stop > start, running[stop] - running[start], 0.0)


def shapes(emails: pd.Series[Any]) -> Codes:
    """How each address' local part is built, as a position in SHAPES."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from analyzer.addresses.words import words

    local: Any = pa.array(emails.astype("str").fillna(""))
    local = pc.replace_substring_regex(pc.utf8_lower(local), pattern=r"(\+[^@]*)?@[^@]*$", replacement="")
    found = np.full(len(emails), SHAPES.index("other"), dtype=np.int64)
    left = np.arange(len(emails))
    role = pa.array(sorted(words().role | words().no_reply | words().abuse_desk), type=local.type)
    bare = pc.replace_substring_regex(local, pattern=r"[._\-]+", replacement="")
    is_role = _flags(pc.is_in(bare, value_set=role))
    found[is_role] = SHAPES.index("role")
    left, local = left[~is_role], local.filter(pa.array(~is_role))
    for name, pattern in _SHAPE_TESTS:
        fits = _flags(pc.match_substring_regex(local, pattern=pattern))
        found[left[fits]] = SHAPES.index(name)
        left, local = left[~fits], local.filter(pa.array(~fits))
    return found


def _flags(answer: Any) -> Flags:
    return np.asarray(answer.to_numpy(zero_copy_only=False), dtype=np.bool_)


def _seconds(times: pd.Series[Any]) -> Reals:
    """Seconds since 1970, NaN where there is no time."""
    stamps = pd.to_datetime(times, utc=True, errors="coerce").astype("datetime64[s, UTC]")
    found = stamps.astype("int64").to_numpy().astype(float)
    found[stamps.isna().to_numpy()] = np.nan
    return np.asarray(np.clip(found, 0.0, float(EVER - 1 - 2 * DAY)))


def _arrived(correlated: Correlated) -> Codes:
    """Per send, when its bounce came back; 0 where nothing did, or nothing says when."""
    found = np.zeros(len(correlated.sends), dtype=np.int64)
    bounces = correlated.bounces
    if bounces.empty:
        return found
    tied = bounces[bounces["send_id"].notna() & (bounces["fault"] == "address")]
    place = pd.Index(correlated.sends["send_id"]).get_indexer(tied["send_id"].astype("int64"))
    came = _seconds(tied["received_at"])
    known = (place >= 0) & ~np.isnan(came)
    np.maximum.at(found, place[known], came[known].astype(np.int64))
    return found


def _hosts(contacts: Contacts, sent: Codes) -> tuple[Codes, Codes]:
    """Per domain: who runs it by its first bounce that told, and from when on that was known."""
    count = len(contacts.domains)
    host_of, host_from = np.zeros(count, dtype=np.int64), np.full(count, EVER, dtype=np.int64)
    provider = contacts.at["provider"]
    kind = np.array([_host(name) for name in provider.values], dtype=np.int64)
    came_back = contacts.hard | contacts.spam | contacts.unknown | contacts.address
    rows = np.flatnonzero(came_back)
    rows = rows[kind[provider.codes[rows]] > 0]
    rows = rows[np.argsort(sent[rows], kind="stable")]
    domain, first = np.unique(contacts.at["recipient_domain"].codes[rows], return_index=True)
    host_of[domain] = kind[provider.codes[rows[first]]]
    host_from[domain] = np.minimum(sent[rows[first]] + DAY, EVER - 2)
    return host_of, host_from


def _host(provider: str) -> int:
    from analyzer.addresses.words import words

    if provider in words().gateways:
        return HOSTS.index("gateway")
    return HOSTS.index(provider if provider in ("", "google", "microsoft") else "other")
