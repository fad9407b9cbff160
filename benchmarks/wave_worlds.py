"""A second kind of simulated sender, built otherwise than `simulated.py`, so that advice is not judged by one maker.

Risk is a product: status × age × a company's gamma frailty × the wave's own factor; some companies take mail for any
address. A refusal is a threshold: every company has a patience, lower in strict industries, and refuses a mail whose
badness (of the mailbox, on that day) exceeds it. So what is our doing is what would not have been refused at no
badness, lead by lead: the truth about the side is counted, not declared. Then the files are spoilt: statuses swapped or
blank, rows written twice, bounces forged, repeated, unreadable or late, delays that end well, flags in place of texts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyzer.classify import classify
from analyzer.records import Verdict

Reals = NDArray[np.floating[Any]]
Ints = NDArray[np.integer[Any]]
Flags = NDArray[np.bool_]

STATUSES = ("verified", "guessed", "catch_all", "risky", "unknown")
STRICT = ("Banking", "Insurance", "Hospital & Health Care", "Pharmaceuticals", "Law Practice", "Biotechnology")
OPEN = ("Computer Software", "Retail", "Construction", "Marketing and Advertising", "Logistics and Supply Chain")
VENDORS = ("google", "microsoft", "proofpoint", "mimecast", "barracuda", "postfix")
START = pd.Timestamp("2026-01-12T07:30:00Z")
WAVE_DAYS = 9.0

DEAD = (
    "550-5.1.1 The email account that you tried to reach does not exist. Please try double-checking",
    "550 5.4.1 Recipient address rejected: Access denied. AS(201806281)",
    "550 5.1.1 User Unknown",
    "550 Invalid Recipient - no such user",
    "550 5.1.1 recipient rejected: user unknown",
    "550 5.1.1 <{to}>: Recipient address rejected: User unknown in virtual mailbox table",
)
UNWANTED = (
    "550-5.7.1 Our system has detected that this message is likely unsolicited mail",
    "550 5.7.1 Message rejected as spam by Content Filtering.",
    "554 5.7.0 Message blocked: spam detected",
    "554 Email rejected due to security policies",
    "550 permanent failure for one or more recipients: blocked as spam",
    "554 5.7.1 Spam message rejected",
)
AUTH = (
    "550-5.7.26 Unauthenticated email from {sender} is not accepted due to domain's DMARC policy",
    "550 5.7.515 Access denied, sending domain {sender} doesn't meet the required authentication level",
    "550 5.7.23 The message was rejected because of Sender Policy Framework violation",
    "550 Rejected by header based DKIM check: dkim=fail for {sender}",
)
LISTED = (
    "554 5.7.1 Service unavailable; Client host [198.51.100.7] blocked using zen.spamhaus.org",
    "550 5.7.1 Service unavailable, Client host [198.51.100.7] blocked using Spamhaus",
)
LIMIT = ("550-5.4.5 Daily user sending quota exceeded", "550 5.1.8 Access denied, bad outbound sender")
OWN_RULE = (
    "550 5.7.1 Rejected by the recipient organisation's mail policy: external sender not allowed",
    "550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required",
)
FULL = ("452 4.2.2 The email account that you tried to reach is over quota", "552 5.2.2 mailbox full")
LATE = ("451 4.4.1 Connection timed out", "421 4.3.2 Service not available, try again later")
MUTE = ("550 5.0.0 rejected", "delivery failed", "554 transaction failed")


@dataclass(frozen=True)
class Mailbox:
    """One of the sender's mailboxes: its badness (0 is healthy), and what receivers say of it by name.

    `named` are texts, given by a share `named_share` of companies from `since` (share of the time) on.
    """

    badness: float = 0.0
    named: tuple[str, ...] = ()
    named_share: float = 0.0
    since: float = 0.0


@dataclass(frozen=True)
class Sender:
    """What is true. `risk` is the address-fault rate by STATUSES; shares of guessed leads by (strict, open).

    `patience` is how many standard deviations strict and open companies are from refusing a healthy sender.
    """

    leads: int = 3000
    waves: int = 4
    risk: tuple[float, ...] = (0.008, 0.02, 0.02, 0.03, 0.02)
    guessed: tuple[float, float] = (0.3, 0.3)
    others: tuple[float, float, float] = (0.0, 0.0, 0.0)
    strict: float = 0.3
    size_sd: float = 0.8
    frailty: float = 0.5
    takes_all: float = 0.05
    wave_sd: float = 0.2
    patience: tuple[float, float] = (2.9, 2.9)
    mailboxes: tuple[Mailbox, ...] = (Mailbox(), Mailbox(), Mailbox())
    blocker: int = 0
    own_rule: float = 0.002
    swapped: float = 0.0
    blank: float = 0.0
    no_industry: float = 0.0
    doubled: float = 0.0
    forged: int = 0
    mute: float = 0.02
    delays: float = 0.02
    full: float = 0.003
    outage: float = 0.0
    flags: bool = False
    by_recipient: bool = False
    ahead: tuple[float, float] | None = None
    ahead_strict: float = -1.0


@dataclass(frozen=True)
class People:
    """Leads: true and told status (told -1: blank), company, strictness, industry, wave, mailbox, vendor."""

    true: Ints
    told: Ints
    company: Ints
    strict: Flags
    industry: NDArray[np.object_]
    wave: Ints
    mailbox: Ints
    vendor: Ints


@dataclass(frozen=True)
class Sent:
    """The files, the people in them, and who was refused: through us, and at no badness all the same."""

    log: pd.DataFrame
    leads: pd.DataFrame
    bounces: pd.DataFrame
    ahead_leads: pd.DataFrame | None
    people: People
    ahead: People
    ours: Flags
    theirs: Flags
    named: dict[str, int]


def people(sender: Sender, size: int, rng: np.random.Generator, guessed: tuple[float, float], strict: float) -> People:
    """Companies of lognormal size, each in one wave for most of its leads."""
    sizes = np.maximum(rng.lognormal(0.2, sender.size_sd, size).round().astype(int), 1)
    company = np.repeat(np.arange(size), np.minimum(sizes, max(size // 12, 3)))[:size]
    count = int(company.max()) + 1
    is_strict = rng.random(count) < strict
    if sender.blocker:
        company = np.r_[company[: size - sender.blocker], np.full(sender.blocker, count)]
        is_strict, count = np.r_[is_strict, False], count + 1
    industry = np.where(is_strict, rng.choice(STRICT, count), rng.choice(OPEN, count)).astype(object)
    industry[rng.random(count) < sender.no_industry] = ""
    lead_strict = is_strict[company]
    part = np.where(lead_strict, *guessed)
    draw = rng.random(size)
    edges = np.cumsum([*sender.others])
    true = np.where(draw < edges[-1], 2 + np.searchsorted(edges, draw, side="right").clip(0, 2), 0)
    true = np.where((true == 0) & (rng.random(size) < part), 1, true)
    told = np.where((true < 2) & (rng.random(size) < sender.swapped), 1 - true, true)
    told = np.where(rng.random(size) < sender.blank, -1, told)
    wave = np.where(rng.random(size) < 0.8, rng.integers(sender.waves, size=count)[company], rng.integers(sender.waves))
    vendor = rng.choice(len(VENDORS), count, p=(0.3, 0.35, 0.1, 0.08, 0.05, 0.12))[company]
    return People(
        true,
        told,
        company,
        lead_strict,
        industry[company],
        wave,
        rng.integers(len(sender.mailboxes), size=size),
        vendor,
    )


def wave_factors(sender: Sender, rng: np.random.Generator, count: int) -> Reals:
    """How good or bad each wave's list is: factors round 1."""
    return np.asarray(np.exp(rng.normal(-(sender.wave_sd**2) / 2, sender.wave_sd, count)))


def risks(sender: Sender, some: People, factors: Reals) -> Reals:
    """Each lead's chance over all companies, before frailty: 0 where a company takes all is in the mean as well."""
    return np.asarray(np.array(sender.risk)[some.true] * factors[some.wave])


def dead_addresses(sender: Sender, some: People, rng: np.random.Generator, factors: Reals) -> Flags:
    """One draw of whose address is at fault."""
    count = int(some.company.max()) + 1
    shape = 1 / max(sender.frailty, 1e-6)
    frailty = rng.gamma(shape, 1 / shape, count) if sender.frailty else np.ones(count)
    frailty = np.where(rng.random(count) < sender.takes_all, 0.0, frailty / max(1 - sender.takes_all, 0.1))
    chance = np.minimum(risks(sender, some, factors) * frailty[some.company], 0.97)
    return np.asarray(rng.random(len(chance)) < chance)


def send(sender: Sender, rng: np.random.Generator) -> Sent:
    """Send the waves, and write what a team would have on disk afterwards."""
    sent = people(sender, sender.leads, rng, sender.guessed, sender.strict)
    dead = dead_addresses(sender, sent, rng, wave_factors(sender, rng, sender.waves))
    days = sent.wave * WAVE_DAYS + rng.uniform(0, WAVE_DAYS - 2, sender.leads)
    ours, theirs, why = _refusals(sender, sent, days, rng)
    log, bounces, named = _files(sender, sent, days, dead, ours, theirs, why, rng)
    ahead, ahead_table = sent, None
    if sender.ahead is not None:
        strict = sender.strict if sender.ahead_strict < 0 else sender.ahead_strict
        plain = replace(sender, blocker=0)
        ahead = people(plain, max(sender.leads // 2, 300), rng, sender.ahead, strict)
        ahead_table = _table(ahead, "new")
    return Sent(log, _table(sent, "p"), bounces, ahead_table, sent, ahead, ours & ~dead, theirs & ~dead, named)


def _refusals(
    sender: Sender, some: People, days: Reals, rng: np.random.Generator
) -> tuple[Flags, Flags, NDArray[np.object_]]:
    """Who is refused through us and who anyway, and the reply's kind."""
    count, size = int(some.company.max()) + 1, len(some.true)
    patience = (np.where(some.strict, *sender.patience)) + rng.normal(0, 0.8, count)[some.company]
    noise = rng.normal(0, 0.6, size)
    badness = np.array([each.badness for each in sender.mailboxes])[some.mailbox]
    theirs = noise > patience
    ours = (noise + badness > patience) & ~theirs
    why = np.where(theirs | ours, "unwanted", "").astype(object)
    rule = rng.random(size) < sender.own_rule
    if sender.blocker:
        rule |= (some.company == count - 1) & (rng.random(size) < 0.95)
    why[rule & (why == "")] = "own rule"
    theirs |= rule
    ours &= ~theirs
    asks = rng.random((len(sender.mailboxes), count))
    end = sender.waves * WAVE_DAYS
    for place, box in enumerate(sender.mailboxes):
        if not box.named:
            continue
        hit = (some.mailbox == place) & (asks[place][some.company] < box.named_share) & (days >= box.since * end)
        why[hit], ours[hit], theirs[hit] = f"named {place}", True, False
    return ours, theirs, why


def _files(
    sender: Sender,
    some: People,
    days: Reals,
    dead: Flags,
    ours: Flags,
    theirs: Flags,
    why: NDArray[np.object_],
    rng: np.random.Generator,
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, int]]:
    size = len(some.true)
    full, mute = rng.random(size) < sender.full, rng.random(size) < sender.mute
    delayed = rng.random(size) < sender.delays
    start = rng.uniform(2, sender.waves * WAVE_DAYS - 3)
    out = (days > start) & (days < start + 1.5) & (some.vendor == 1) & (rng.random(size) < sender.outage)
    to = [f"{'abcdefgh'[i % 8]}.person{i}@firm{c}.example" for i, c in enumerate(some.company)]
    host = [f"go{place}.sender.example" for place in range(len(sender.mailboxes))]
    at = START + pd.to_timedelta(days, unit="D")
    log = pd.DataFrame(
        {
            "recipient": to,
            "sent_at": at,
            "campaign": [f"wave {wave + 1}" for wave in some.wave],
            "step": "1",
            "sender": [f"sales@{host[box]}" for box in some.mailbox],
            "message_id": [f"<w{i}@{host[box]}>" for i, box in enumerate(some.mailbox)],
            "bounced": "",
        }
    )
    rows: list[dict[str, Any]] = []
    named: dict[str, int] = {}
    back = dead | full | out | delayed | (why != "")
    flag = np.zeros(size, dtype=np.bool_)
    for i in np.flatnonzero(back):
        kind, texts = "bounce", UNWANTED
        if dead[i]:
            texts = DEAD
        elif why[i] == "own rule":
            texts = OWN_RULE
        elif why[i].startswith("named"):
            texts = sender.mailboxes[int(why[i].split()[1])].named
            named[why[i]] = named.get(why[i], 0) + 1
        elif full[i]:
            texts = FULL
        elif out[i]:
            texts = LATE
        elif why[i] == "":
            kind, texts = "delayed", LATE
        text = texts[(some.vendor[i] if len(texts) == len(VENDORS) else some.company[i]) % len(texts)]
        if mute[i] and kind == "bounce":
            text = MUTE[some.company[i] % len(MUTE)]
        flag[i] = kind == "bounce"
        if sender.flags:
            continue
        row = _bounce(to[i], log["sender"][i], log["message_id"][i], at[i], text, kind, host[some.mailbox[i]])
        if sender.by_recipient:
            row["original_message_id"] = ""
        rows += [row] * (2 if rng.random() < sender.doubled else 1)
    if sender.flags:
        log["bounced"] = np.where(flag, "true", "")
    for number in range(sender.forged):
        text = (DEAD[2], UNWANTED[2], AUTH[2])[number % 3]
        stranger = f"who{number}@nowhere{number % 40}.example"
        rows.append(_bounce(stranger, f"x@{host[0]}", f"<f{number}@{host[0]}>", at[0], text, "bounce", host[0]))
    if sender.doubled:
        log = pd.concat([log, log[rng.random(size) < sender.doubled]], ignore_index=True)
    return log, pd.DataFrame(rows), named


@cache
def _judged(text: str) -> Verdict:
    return classify(text)


def _bounce(to: str, sender: str, message: str, at: pd.Timestamp, text: str, kind: str, host: str) -> dict[str, Any]:
    verdict = _judged(text.format(to="x@y.example", sender=host))
    return {
        "kind": kind,
        "received_at": (at + pd.Timedelta(minutes=2)).isoformat(),
        "recipient": to,
        "sender": sender,
        "original_message_id": message,
        "status": verdict.status,
        "reply": verdict.reply,
        "diagnostic": text.format(to=to, sender=host),
        "label": verdict.label,
        "fault": verdict.fault,
        "reason": verdict.reason,
        "transient": verdict.transient,
        "confidence": verdict.confidence,
        "decided_by": verdict.decided_by,
        "blocklist": verdict.blocklist,
        "record_id": f"{message}{kind}",
    }


def _table(some: People, prefix: str) -> pd.DataFrame:
    names = np.array([*STATUSES, ""], dtype=object)
    own = prefix == "p"
    return pd.DataFrame(
        {
            "email": [
                f"{'abcdefgh'[i % 8]}.person{i}@firm{c}.example" if own else f"{prefix}{i}@{prefix}firm{c}.example"
                for i, c in enumerate(some.company)
            ],
            "email_status": names[some.told],
            "industry": some.industry,
        }
    )
