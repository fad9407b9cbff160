"""Does the scan of drivers name what is at fault, and nothing else? Campaigns with known truth, family by family.

    python benchmarks/driver_scan.py [--runs N] [--family NAME] [--seed N] [--wrong]

Leads come by company as in `simulated.py`; each has a list source, a country, a title and a receiving provider, each
mail a mailbox and a template. `named` counts the campaigns in which what was planted is named, `beside` those in which
anything else is that is not at fault. What would be right to name as well (`Plant.too`, `Family.too`) counts for
neither: where strict industries refuse, one of them may be named as well as the group; of a bad mailbox that is half of
its domain, the domain.
"""

from __future__ import annotations

import argparse
import time
import warnings as python_warnings
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit
from simulated import DAYS, PROVIDERS, SENDERS, START, STRICT, Leads, Reals, World, bounce_row, chances, people

from analyzer.correlate import correlate
from analyzer.diagnose.diagnosis import Driver
from analyzer.diagnose.drivers.drivers import drivers
from analyzer.diagnose.leads.contacts import contacts

SOURCES = ("Crawler", "Webinar", "Partner", "Trade fair", "Directory", "Referral")
COUNTRIES = ("DE", "FR", "US", "GB", "ES", "IT", "NL", "PL")
TITLES = ("CEO", "CFO", "CTO", "Head of Sales", "Buyer", "HR Manager", "Office Manager", "Founder")
TEMPLATES = ("short", "long", "question", "case study")
MAILBOXES = tuple(f"{letter}@{domain}" for domain in SENDERS for letter in "ab")
#: The share of companies that refuse without a cause, and the chance that such a one refuses a mail.
_USUAL, _WITHIN = 0.015, 0.6

Texts = NDArray[np.object_]


@dataclass(frozen=True)
class Plant:
    """Leads or mails of one value that bounce more: at address faults by a factor, or refused by a share of companies.

    `value` stands in `dimension`; `too` are further dimensions that are right to name with it.
    """

    dimension: str
    value: str
    factor: float = 1.0
    refused: float = 0.0
    too: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Which bounces it makes."""
        return "hard" if self.factor > 1 else "spam"


@dataclass(frozen=True)
class Family:
    """Worlds alike: what is planted; and whether sources, countries and mailboxes go with the industry group."""

    world: World
    plants: tuple[Plant, ...] = ()
    leaning: bool = False
    too: tuple[str, ...] = ()


_BASE = World(
    leads=2500,
    guessed=(0.35, 0.35, 0.35),
    hard=(0.015, 0.015, 0.015),
    campaigns=4,
    steps=2,
    catch_all=0.05,
    per_domain=2.5,
)
#: Strict industries have more bad addresses and refuse more, and their addresses are mostly guessed.
_GROUPS = replace(_BASE, guessed=(0.7, 0.2, 0.3), hard_by_group=(4.0, 1.0, 1.0))
_STRICT_TOO = ("industry", "industry_group", "email_status")
FAMILIES: dict[str, Family] = {
    "chance alone": Family(_BASE),
    "chance, six thousand leads": Family(replace(_BASE, leads=6000, domain_sd=1.0)),
    "chance, large companies": Family(replace(_BASE, heavy=True, dead=0.004), too=("recipient_domain",)),
    "all goes with the industry": Family(
        _GROUPS, (Plant("industry_group", "strict", refused=0.12, too=_STRICT_TOO),), leaning=True, too=_STRICT_TOO
    ),
    "a bad list source": Family(_BASE, (Plant("list_source", "Crawler", factor=5.0),)),
    "a bad country": Family(_BASE, (Plant("country", "PL", factor=5.0),)),
    "a bad title": Family(_BASE, (Plant("title", "Founder", factor=5.0),)),
    "a bad campaign": Family(_BASE, (Plant("campaign", "campaign 1", factor=4.0),)),
    "guessed addresses": Family(
        replace(_BASE, hard=(0.01, 0.06, 0.01)), (Plant("email_status", "guessed", factor=1.01),), too=("email_status",)
    ),
    "a mailbox refused": Family(_BASE, (Plant("sender", MAILBOXES[2], refused=0.12),)),
    "a sender domain refused": Family(_BASE, (Plant("sender_domain", SENDERS[1], refused=0.1, too=("sender",)),)),
    "a provider refuses": Family(_BASE, (Plant("provider", "microsoft", refused=0.1),)),
    "a template refused": Family(_BASE, (Plant("template", "long", refused=0.12),)),
    "an industry refuses": Family(
        _BASE, (Plant("industry", STRICT[0], refused=0.3, too=("industry_group",)),), too=("industry_group",)
    ),
    "strict industries refuse a little": Family(
        replace(_BASE, leads=1500), (Plant("industry_group", "strict", refused=0.07, too=("industry",)),)
    ),
    "a bad source, a mailbox refused": Family(
        _BASE, (Plant("list_source", "Crawler", factor=5.0), Plant("sender", MAILBOXES[2], refused=0.12))
    ),
}


def _drawn(
    values: tuple[str, ...], group: NDArray[np.integer[Any]], rng: np.random.Generator, *, leaning: bool
) -> Texts:
    """A value for each row, by the row's industry group where they lean."""
    part = rng.dirichlet(np.full(len(values), 3.0), 3 if leaning else 1)
    found = np.empty(len(group), dtype=object)
    for place in range(3):
        here = group == place
        found[here] = rng.choice(np.array(values, dtype=object), here.sum(), p=part[place % len(part)])
    return found


def frames(family: Family, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The log, the leads and what came back of one campaign."""
    world = family.world
    leads = people(world, world.leads, rng, world.guessed)
    size, companies = world.leads, int(leads.domain.max()) + 1
    by_company = leads.group[np.unique(leads.domain, return_index=True)[1]]
    at: dict[str, Texts] = {
        "list_source": _drawn(SOURCES, leads.group, rng, leaning=family.leaning),
        "country": _drawn(COUNTRIES, by_company, rng, leaning=family.leaning)[leads.domain],
        "title": _drawn(TITLES, leads.group, rng, leaning=False),
        "campaign": np.array([f"campaign {number}" for number in leads.campaign], dtype=object),
        "email_status": np.array(("verified", "guessed", "catch_all", "risky", "unknown"), dtype=object)[leads.status],
        "industry": leads.industry,
        "industry_group": np.array(("strict", "open", "unclassified"), dtype=object)[leads.group],
        "sender": _drawn(MAILBOXES, leads.group, rng, leaning=family.leaning),
    }
    at["provider"] = np.array(PROVIDERS, dtype=object)[leads.provider]
    at["sender_domain"] = np.array([box.partition("@")[2] for box in at["sender"]], dtype=object)
    chance = chances(world, leads)
    for plant in family.plants:
        if plant.factor > 1:
            chance = np.where(at[plant.dimension] == plant.value, np.clip(chance * plant.factor, 0, 0.9), chance)
    value = expit(logit(chance) + rng.normal(0, world.domain_sd, companies)[leads.domain])
    address = rng.random(size) < np.where(rng.random(companies)[leads.domain] < world.dead, 0.97, value)
    return _sent(family, leads, at, address, rng)


def _sent(
    family: Family, leads: Leads, at: dict[str, Texts], address: NDArray[np.bool_], rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    size, companies = len(address), int(leads.domain.max()) + 1
    usual = rng.random(companies)[leads.domain] < _USUAL
    lucks: list[Reals] = [rng.random(companies)[leads.domain] for _ in family.plants]
    to = [f"lead{number}@company{domain}.example" for number, domain in enumerate(leads.domain)]
    listed = ("email_status", "industry", "list_source", "country", "title", "provider")
    table = pd.DataFrame({"email": to} | {name: at[name] for name in listed})
    day, going = rng.uniform(0, DAYS, size), np.ones(size, dtype=bool)
    rows, bounces = [], []
    for step in range(family.world.steps):
        at["template"] = _drawn(TEMPLATES, leads.group, rng, leaning=False)
        refused = usual & (rng.random(size) < _WITHIN)
        for plant, luck in zip(family.plants, lucks, strict=True):
            refused |= (luck < plant.refused) & (at[plant.dimension] == plant.value) & (rng.random(size) < 0.85)
        for row in np.flatnonzero(going):
            sent = {
                "recipient": to[row],
                "sent_at": START + pd.Timedelta(days=float(day[row] + 3 * step)),
                "campaign": at["campaign"][row],
                "step": str(step + 1),
                "sender": at["sender"][row],
                "template": at["template"][row],
                "message_id": f"<{row}.{step}@{at['sender_domain'][row]}>",
            }
            rows.append(sent)
            if address[row] or refused[row]:
                going[row] = False
                reason = "user_unknown" if address[row] else ("spam_content", "policy")[int(leads.domain[row]) % 2]
                bounces.append(bounce_row(sent, reason, int(leads.domain[row])))
    return pd.DataFrame(rows), table, pd.DataFrame(bounces)


def _right(plant: Plant, each: Driver) -> bool:
    return (each.dimension, each.value, each.label) == (plant.dimension, plant.value, plant.label)


def judge(family: Family, found: list[Driver]) -> tuple[bool, list[str]]:
    """Whether all that was planted is named, and what is named that is not at fault."""
    named = all(any(_right(plant, each) for each in found) for plant in family.plants)
    if any(plant.dimension == "industry_group" for plant in family.plants):
        # One of its industries, told by itself, says it more closely.
        named = any(each.label == "spam" and each.dimension in ("industry", "industry_group") for each in found)
    beside = [
        f"{each.dimension} {each.value} ({each.label})"
        for each in found
        if each.dimension not in family.too
        and not any(_right(plant, each) or each.dimension in plant.too for plant in family.plants)
    ]
    return named, beside


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--runs", type=int, default=40)
    options.add_argument("--family", action="append", choices=list(FAMILIES))
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--wrong", action="store_true", help="list by run what was missed and what was named beside")
    chosen = options.parse_args()
    started = time.perf_counter()
    print(f"{'family':36} {'campaigns':>9} {'named':>7} {'beside':>7}")
    for name in chosen.family or FAMILIES:
        family, counts = FAMILIES[name], Counter[str]()
        for run in range(chosen.runs):
            rng = np.random.default_rng([chosen.seed, list(FAMILIES).index(name), run])
            log, leads, bounces = frames(family, rng)
            with python_warnings.catch_warnings():
                python_warnings.simplefilter("ignore", RuntimeWarning)
                found = drivers(contacts(correlate(bounces, log, leads)))
            named, beside = judge(family, found)
            counts["named"] += named
            counts["beside"] += bool(beside)
            if chosen.wrong and (beside or not named):
                print(f"    run {run}: {'' if named else 'missed; '}{'; '.join(beside)}")
        planted = f"{counts['named']:7}" if family.plants else f"{'–':>7}"
        print(f"{name:36} {chosen.runs:9} {planted} {counts['beside']:7}", flush=True)
    print(f"{time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
