"""Campaigns with a known truth for `decisions.py`: a world's rates and causes in, log, leads and bounces out.

Leads come by company (several at one domain, of one industry), guessing goes with the industry where the world says so,
companies and campaigns differ on the logit scale, and refusals are drawn by company. Nothing here knows how the
analyzer counts: the forecast's model, for one, is another.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit, ndtri

from analyzer.classify import classify
from analyzer.records import Verdict

Reals = NDArray[np.floating[Any]]
Ints = NDArray[np.integer[Any]]

STRICT = ("Banking", "Insurance", "Pharmaceuticals", "Hospital & Health Care", "Fintech")
OPEN = ("Computer Software", "Construction", "Marketing & Advertising", "Real Estate", "Restaurants", "Machinery")
GROUPS = ("strict", "open", "other")
STATUSES = ("verified", "guessed", "catch_all", "risky", "unknown")
PROVIDERS = ("google", "microsoft", "proofpoint", "mimecast", "other")
_GATEWAYS = (PROVIDERS.index("proofpoint"), PROVIDERS.index("mimecast"), PROVIDERS.index("other"))
SENDERS = ("outreach-north.example", "outreach-south.example", "outreach-west.example")
START = pd.Timestamp("2026-03-02T08:00:00Z")
DAYS = 28

TEXTS: dict[str, tuple[str, ...]] = {
    "user_unknown": (
        "550 5.1.1 <{to}>: Recipient address rejected: User unknown",
        "550 5.1.1 The email account that you tried to reach does not exist",
        "550 5.4.1 Recipient address rejected: Access denied",
        "550 No such mailbox here",
    ),
    "domain_not_found": ("550 5.1.2 The recipient's domain does not exist",),
    "mailbox_full": ("452 4.2.2 The recipient's inbox is out of storage space", "552 5.2.2 Mailbox full"),
    "server_error": (
        "451 4.3.0 Temporary server error, please try again later",
        "421 4.3.2 Service not available, closing transmission channel",
    ),
    "network_error": ("451 4.4.1 No answer from host", "421 4.4.2 Connection timed out"),
    "greylisted": ("451 4.7.1 Greylisted, please try again later",),
    "auth_failure": (
        "550 5.7.26 This message fails DMARC evaluation and is refused under the policy of the sending domain",
        "550 5.7.515 Access denied, sending domain {sender} does not meet the required authentication level",
        "550 5.7.1 Rejected: SPF check failed for {sender}",
        "550 5.7.30 The DKIM check did not pass for this message",
    ),
    "ip_blocklisted": (
        "554 5.7.1 Service unavailable; Client host [192.0.2.9] blocked using zen.spamhaus.org",
        "550 5.7.1 192.0.2.9 is listed at b.barracudacentral.org",
    ),
    "sender_account": (
        "550 5.4.5 Daily user sending limit exceeded for this account",
        "550 5.1.8 Access denied, bad outbound sender AS(42004)",
    ),
    "spam_content": (
        "554 5.7.1 Message rejected as spam by content filter",
        "550 Your message was scored as spam and was not accepted",
        "550 5.7.0 Message looks like unsolicited mail",
    ),
    "url_blocklisted": ("554 5.7.1 The message contains a URL that is listed in multi.surbl.org",),
    "domain_reputation": (
        "550 5.7.1 Refused because of the very low reputation of the sending domain",
        "550 5.7.1 Poor domain reputation for {sender}",
    ),
    "rate_limited": ("421 4.7.28 Unusual rate of mail from your address, slow down",),
    "policy": (
        "550 5.7.1 Message rejected by the administrator's policy of this organisation",
        "550 Administrative prohibition: blocked by the recipient company's mail rule",
    ),
    "recipient_restricted": ("550 5.7.133 Sender not authenticated for this group",),
    "complaint": ("abuse report",),
}


@cache
def judged(text: str) -> Verdict:
    """The shipped classifier's verdict on a text."""
    return classify(text)


@dataclass(frozen=True)
class Cause:
    """Refusals of one kind: the share of companies that refuse, by group, and the chance that they refuse a mail.

    `sender` narrows it to one sending domain, `provider` to one receiving side; `since` (0 to 1) is when it begins.
    """

    reasons: tuple[str, ...]
    open: float
    strict: float
    within: float = 0.85
    sender: int = -1
    provider: str = ""
    since: float = 0.0


@dataclass(frozen=True)
class World:
    """What is true of a sender's leads and mail. `hard` are address-fault rates by status, times `hard_by_group`.

    `risky` and `unknown` (shares of leads) bounce at `hard_other`. At a share `dead` of companies every address
    bounces, at a share `wrong` every guessed one. `heavy` company sizes have a Pareto tail. Of the email statuses a
    share `blank_status` is not in the files; `industries` says whether industries are. `down` is a day on which
    nothing gets through to anyone at gateways. `verified_days` are the ages of verifications, each with the factor on
    the hard rate of verified addresses that are so old.
    """

    leads: int = 2000
    per_domain: float = 2.0
    groups: tuple[float, float, float] = (0.25, 0.65, 0.10)
    guessed: tuple[float, float, float] = (0.35, 0.35, 0.35)
    catch_all: float = 0.0
    hard: tuple[float, float, float] = (0.01, 0.015, 0.03)
    hard_by_group: tuple[float, float, float] = (1.0, 1.0, 1.0)
    domain_sd: float = 0.6
    campaign_sd: float = 0.2
    campaigns: int = 3
    steps: int = 2
    causes: tuple[Cause, ...] = ()
    big_domain: tuple[int, tuple[str, ...]] = (0, ())
    mailbox_full: float = 0.003
    outage: str = ""
    forged: int = 0
    flag_only: bool = False
    bare: bool = False
    next_guessed: float | None = None
    message_ids: bool = True
    risky: float = 0.0
    unknown: float = 0.0
    hard_other: tuple[float, float] = (0.04, 0.04)
    dead: float = 0.0
    wrong: float = 0.0
    heavy: bool = False
    blank_status: float = 0.0
    industries: bool = True
    down: bool = False
    verified_days: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True)
class Leads:
    """A list of leads: positions in STATUSES and GROUPS, an industry and a company each.

    `told` says whose status the files carry, `age` is the position of each lead in `World.verified_days`.
    """

    status: Ints
    group: Ints
    industry: NDArray[np.object_]
    domain: Ints
    campaign: Ints
    provider: Ints
    sender: Ints
    told: NDArray[np.bool_]
    age: Ints


@dataclass(frozen=True)
class Campaign:
    """The tables that `correlate` reads, and the leads behind them."""

    log: pd.DataFrame
    leads: pd.DataFrame | None
    bounces: pd.DataFrame
    next_leads: pd.DataFrame | None
    sent: Leads
    ahead: Leads
    shifts: Reals = field(default_factory=lambda: np.zeros(1))


def people(world: World, size: int, rng: np.random.Generator, guessed: tuple[float, float, float]) -> Leads:
    """`size` leads by company; a campaign leans to an industry group, so that the two are not independent."""
    companies = np.minimum(rng.geometric(1 / world.per_domain, size), 12)
    if world.heavy:
        companies = np.minimum((rng.pareto(1.3, size) + 1).astype(int), 60)
    domain = np.repeat(np.arange(size), companies)[:size]
    count = int(domain.max()) + 1
    group = rng.choice(3, count, p=world.groups)
    names = [STRICT, OPEN, ("Widget Whispering", "")]
    industry = np.array([names[g][rng.integers(len(names[g]))] for g in group], dtype=object)
    lean = rng.dirichlet(np.full(world.campaigns, 4.0), 3)
    campaign = np.array([rng.choice(world.campaigns, p=lean[g]) for g in group])
    provider = rng.choice(len(PROVIDERS), count, p=(0.35, 0.35, 0.1, 0.05, 0.15))
    extra = world.big_domain[0]
    if extra:
        domain = np.r_[domain[: size - extra], np.full(extra, count)]
        group, provider = np.r_[group, 0], np.r_[provider, 4]
        industry, campaign = np.r_[industry, np.array([STRICT[0]], dtype=object)], np.r_[campaign, 0]
    per_lead = group[domain]
    status = np.where(rng.random(size) < np.array(guessed)[per_lead], 1, 0)
    status = np.where(rng.random(size) < world.catch_all, 2, status)
    for code, share in ((3, world.risky), (4, world.unknown)):
        status = np.where(rng.random(size) < share, code, status)
    return Leads(
        status,
        per_lead,
        industry[domain],
        domain,
        campaign[domain],
        provider[domain],
        rng.integers(3, size=size),
        rng.random(size) >= world.blank_status,
        rng.integers(max(len(world.verified_days), 1), size=size),
    )


def chances(world: World, leads: Leads) -> Reals:
    """Each lead's address-fault chance at an average company in an average campaign."""
    base = np.array((*world.hard, *world.hard_other))[leads.status] * np.array(world.hard_by_group)[leads.group]
    if world.verified_days:
        factor = np.array([each for _, each in world.verified_days])[leads.age]
        base = np.where(leads.status == 0, base * factor, base)
    return np.asarray(np.clip(base, 1e-4, 0.9))


def average(chance: Reals, sd: float) -> Reals:
    """The mean of expit(logit(chance) + sd z) over a normal z."""
    z = ndtri((np.arange(40) + 0.5) / 40)
    values, place = np.unique(chance, return_inverse=True)
    return np.asarray(expit(logit(values)[:, None] + sd * z).mean(1)[place])


def outcome(world: World, leads: Leads, rng: np.random.Generator, shifts: Reals) -> NDArray[np.bool_]:
    """One draw of who bounces for a fault of the address."""
    at_company = rng.normal(0, world.domain_sd, int(leads.domain.max()) + 1)
    value = expit(logit(chances(world, leads)) + at_company[leads.domain] + shifts[leads.campaign])
    if world.dead or world.wrong:
        luck = rng.random(int(leads.domain.max()) + 1)[leads.domain]
        value = np.where((luck < world.dead) | ((luck > 1 - world.wrong) & (leads.status == 1)), 0.97, value)
    return np.asarray(rng.random(len(value)) < value)


def campaign_shifts(world: World, rng: np.random.Generator) -> Reals:
    """How far each campaign lies from the average one, on the logit scale."""
    return np.asarray(rng.normal(0, world.campaign_sd, world.campaigns))


def simulate(world: World, rng: np.random.Generator) -> Campaign:
    """Send a campaign in this world, and list the next one if its mix differs."""
    sent = people(world, world.leads, rng, world.guessed)
    ahead = sent
    if world.next_guessed is not None:
        part = world.next_guessed
        ahead = people(world, max(400, world.leads // 2), rng, (part, part, part))
    shifts = campaign_shifts(world, rng)
    address = outcome(world, sent, rng, shifts)
    log, bounces = _mails(world, sent, address, rng)
    bounces += _forged(world, log, rng)
    return Campaign(
        log=log,
        leads=None if world.bare else _table(world, sent, "lead"),
        bounces=pd.DataFrame(bounces),
        next_leads=None if world.next_guessed is None else _table(world, ahead, "next"),
        sent=sent,
        ahead=ahead,
        shifts=shifts,
    )


def _addresses(leads: Leads, prefix: str) -> list[str]:
    return [f"{prefix}{i}@{prefix}-company{d}.example" for i, d in enumerate(leads.domain)]


def _table(world: World, leads: Leads, prefix: str) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "email": _addresses(leads, prefix),
            "email_status": np.where(leads.told, np.array(STATUSES, dtype=object)[leads.status], ""),
        }
    )
    if world.industries:
        table["industry"] = leads.industry
    if world.verified_days:
        days = np.array([each for each, _ in world.verified_days])[leads.age]
        table["verified_at"] = np.where(
            leads.status == 0, (START - pd.to_timedelta(days, "D")).strftime("%Y-%m-%d").to_numpy(dtype=object), ""
        )
    return table


def _mails(
    world: World, leads: Leads, address: NDArray[np.bool_], rng: np.random.Generator
) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """The log, step after step until something comes back, and what came back."""
    size = len(leads.status)
    to = _addresses(leads, "lead")
    first_day = rng.uniform(0, DAYS, size)
    refusing = [_refusing(cause, leads, rng) for cause in world.causes]
    kinds = [rng.integers(100, size=int(leads.domain.max()) + 1) for _ in world.causes]
    full = rng.random(size) < world.mailbox_full
    outage = float(rng.uniform(5, DAYS - 5))
    extra, texts = world.big_domain
    blocked = leads.domain == leads.domain.max() if extra else np.zeros(size, dtype=bool)
    going = np.ones(size, dtype=bool)
    rows, bounces = [], []
    for step in range(world.steps):
        day = first_day + 3 * step
        for i in np.flatnonzero(going):
            reason = ""
            if address[i]:
                reason = "domain_not_found" if i % 17 == 0 else "user_unknown"
            elif blocked[i] and rng.random() < 0.97:
                reason = texts[int(leads.domain[i]) % len(texts)]
            elif full[i]:
                reason = "mailbox_full"
            elif world.outage and PROVIDERS[leads.provider[i]] == world.outage and outage <= day[i] < outage + 2:
                reason = "server_error" if rng.random() < 0.8 else ""
            elif world.down and leads.provider[i] in _GATEWAYS and outage <= day[i] < outage + 1:
                reason = "network_error"
            for cause, hit, kind in zip(world.causes, refusing, kinds, strict=True):
                if reason or not hit[i] or rng.random() > cause.within:
                    continue
                if cause.sender in (-1, leads.sender[i]) and day[i] >= cause.since * DAYS:
                    reason = cause.reasons[int(kind[leads.domain[i]]) % len(cause.reasons)]
            host = SENDERS[leads.sender[i]]
            sent_at = START + pd.Timedelta(days=float(day[i]))
            row = {
                "recipient": to[i],
                "sent_at": sent_at,
                "campaign": f"campaign {leads.campaign[i]}",
                "step": str(step + 1),
                "sender": f"{'ab'[i % 2]}@{host}",
                "message_id": f"<{i}.{step}@{host}>",
                "bounced": "bounced" if reason and world.flag_only and reason != "complaint" else "",
            }
            rows.append(row)
            if reason:
                going[i] = False
                if not world.flag_only:
                    seed = int(leads.domain[i]) if reason != "auth_failure" else int(leads.sender[i]) + len(to[0])
                    bounces.append(bounce_row(row, reason, seed, message_id=world.message_ids))
    return pd.DataFrame(rows), bounces


def _refusing(cause: Cause, leads: Leads, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Which leads sit at companies that refuse for this cause."""
    share = np.array((cause.strict, cause.open, cause.open))[leads.group]
    luck = rng.random(int(leads.domain.max()) + 1)[leads.domain]
    there = leads.provider == PROVIDERS.index(cause.provider) if cause.provider else True
    return np.asarray((luck < share) & there)


def bounce_row(row: dict[str, Any], reason: str, which: int, *, message_id: bool = True) -> dict[str, Any]:
    """A bounce row as `parse` writes it, judged by the shipped classifier."""
    template = TEXTS[reason][which % len(TEXTS[reason])]
    host = row["sender"].partition("@")[2]
    # A complaint is one by its kind, whatever it says.
    says = judged(template.format(to="someone@company.example", sender=host))
    verdict = replace(says, label="spam", fault="complaint", reason=reason) if reason == "complaint" else says
    if verdict.reason != reason:
        raise ValueError(f"{template!r} is judged {verdict.reason}, not {reason}: the truth would not be known")
    return {
        "kind": "complaint" if reason == "complaint" else "bounce",
        "received_at": (row["sent_at"] + pd.Timedelta(minutes=4)).isoformat(),
        "recipient": row["recipient"],
        "sender": row["sender"],
        "original_message_id": row["message_id"] if message_id else "",
        "status": verdict.status,
        "reply": verdict.reply,
        "diagnostic": template.format(to=row["recipient"], sender=host),
        "label": verdict.label,
        "fault": verdict.fault,
        "reason": verdict.reason,
        "transient": verdict.transient,
        "confidence": verdict.confidence,
        "decided_by": verdict.decided_by,
        "blocklist": verdict.blocklist,
        "record_id": f"{row['recipient']}/{row['step']}",
    }


def _forged(world: World, log: pd.DataFrame, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Bounces for mail that was never sent: to strangers, and to leads with a Message-ID that is not ours."""
    found = []
    for number in range(world.forged):
        row = dict(log.iloc[int(rng.integers(len(log)))])
        row["message_id"] = f"<forged.{number}@{SENDERS[0]}>"
        if number % 12:
            row["recipient"] = f"stranger{number}@elsewhere{number}.example"
        row["step"] = f"forged {number}"
        found.append(bounce_row(row, ("auth_failure", "user_unknown", "spam_content")[number % 3], number))
    return found
