"""Does ranking single leads beat their cells where it can, and keep out of the way where it cannot?

Simulated senders with a known truth: in some worlds a lead's chance hangs on its cell alone (email status and industry
group), in others on its company, its pattern, the age of its verification or who runs its mail as well. Each world
sends six campaigns, ranks the next list, and then sends it. Printed per world:

    used      share of the runs in which the model was used instead of the cells
    auc       cells and chosen ranking on the next list (area under the ROC curve), as the mean over the runs
    log loss  the same: mean negative log-likelihood in thousandths of a nat; "gain" is cells minus chosen
    kept      share of the next list's leads that the best mix keeps, by the cells and by the chosen ranking
    met       share of those that bounced, and the share of the runs in which it was over the tolerance (10 % allowed)

and then, over all runs with the model: foretold and met rate by decile of the foretold chance.

    python benchmarks/lead_ranking.py [--runs 20] [--leads 12000] [--tolerance 0.03] [--seed 1] [--jobs 1]
    python benchmarks/lead_ranking.py --time 2000000     (CPU seconds of ranking so many leads, against sorting them)
"""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.metrics import log_loss, roc_auc_score

from analyzer.correlate import SEND_FRAME, Correlated
from analyzer.diagnose.ahead.forecast import best_mix
from analyzer.diagnose.ahead.list_ahead import list_ahead
from analyzer.diagnose.ahead.next_list import NextList
from analyzer.diagnose.estimates.outcomes import outcomes
from analyzer.diagnose.estimates.past import history
from analyzer.diagnose.leads.contacts import contacts
from analyzer.diagnose.thresholds import thresholds
from analyzer.records import BOUNCE_COLUMNS, ByMethod, Matching

Reals = NDArray[np.floating[Any]]

STATUSES = ("verified", "guessed", "catch_all")
GROUPS = ("strict", "open", "unclassified")
HOSTS = ("google", "microsoft", "proofpoint", "ionos")
FIRST = ("anna", "ben", "carla", "david", "eva", "frank", "greta", "hugo", "ines", "jan")
LAST = ("meyer", "roth", "blom", "costa", "dale", "evans", "frost", "grant", "holm", "ivers")
START = pd.Timestamp("2026-01-05T08:00:00Z")


@dataclass(frozen=True)
class World:
    """What moves a lead's chance beyond its cell, on the log-odds: `company` and `campaign` are standard deviations,
    `month` is per month since verification, `wrong` the share of companies whose guessed pattern is wrong, `host` what
    Microsoft adds and Google takes.
    """

    name: str
    company: float = 0.0
    month: float = 0.0
    wrong: float = 0.0
    host: float = 0.0
    campaign: float = 0.15
    hard: tuple[float, float, float] = (0.012, 0.09, 0.04)
    per_company: float = 6.0


WORLDS = (
    World("cells alone"),
    World("cells alone, campaigns differ more", campaign=0.4),
    World("cells alone, small companies", per_company=1.5),
    World("companies differ a little", company=0.6),
    World("companies differ much", company=1.3),
    World("verification ages", month=0.12),
    World("wrong patterns", wrong=0.15),
    World("hosts differ", host=0.8),
    World("all of it", company=0.9, month=0.1, wrong=0.1, host=0.3),
)


@dataclass(frozen=True)
class People:
    """Leads with what they carry and their true log-odds in an average campaign."""

    frame: pd.DataFrame
    company: NDArray[np.integer[Any]]
    host: NDArray[np.integer[Any]]
    value: Reals


def people(world: World, size: int, rng: np.random.Generator, companies: dict[str, Any], prefix: str) -> People:
    """Leads dealt out to companies, with the chances that this world gives them."""
    company = rng.integers(len(companies["shift"]), size=size)
    group = companies["group"][company]
    status = np.where(rng.random(size) < np.array([0.2, 0.5, 0.35])[group], 1, 0)
    status = np.where(rng.random(size) < 0.15, 2, status)
    months = rng.gamma(1.2, 6.0, size)
    host = companies["host"][company]
    value = logit(np.array(world.hard))[status] + np.array([0.0, 0.3, 0.1])[group]
    value = value + companies["shift"][company] + world.host * ((host == 1).astype(float) - (host == 0))
    value = value + np.where(status == 1, 0.0, world.month * (months - 7))
    value = np.where((status == 1) & companies["wrong"][company], 1.0, value)
    first, last = (np.array(names, dtype=object)[rng.integers(10, size=size)] for names in (FIRST, LAST))
    number = pd.Series(np.arange(size)).astype(str).str.translate(dict(zip(range(48, 58), "abcdefghij", strict=True)))
    dotted = np.where(companies["dotted"][company], first, [name[0] for name in first])
    email = pd.Series(dotted) + "." + last + prefix + number + "@company" + pd.Series(company).astype(str) + ".example"
    frame = pd.DataFrame(
        {
            "email": email,
            "email_status": np.array(STATUSES, dtype=object)[status],
            "industry_group": np.array(GROUPS, dtype=object)[group],
            "months": np.where(status == 1, np.nan, months),
            "recipient_domain": "company" + pd.Series(company).astype(str) + ".example",
        }
    )
    return People(frame, company, host, value)


def simulate(world: World, leads: int, rng: np.random.Generator) -> tuple[Correlated, NDArray[np.bool_]]:
    """Six campaigns over twelve weeks, the next list, and who of it bounces when it is sent."""
    count = max(int(leads / world.per_company), 2)
    companies = {
        "shift": rng.normal(0, world.company, count),
        "wrong": rng.random(count) < world.wrong,
        "group": rng.choice(3, count, p=[0.25, 0.6, 0.15]),
        "host": rng.choice(4, count, p=[0.4, 0.4, 0.1, 0.1]),
        "dotted": rng.random(count) < 0.7,
    }
    sent = people(world, leads, rng, companies, "x")
    campaign = rng.integers(6, size=leads)
    shifts = rng.normal(0, world.campaign, 7)
    bounced = rng.random(leads) < expit(sent.value + shifts[campaign])
    refused = ~bounced & (rng.random(leads) < 0.02)
    at = START + pd.to_timedelta(campaign * 14 + rng.uniform(0, 12, leads), unit="D")
    came = bounced | refused
    columns: dict[str, Any] = dict.fromkeys(SEND_FRAME, "")
    columns |= {
        "send_id": np.arange(leads),
        "lead": np.arange(leads),
        "recipient": sent.frame["email"],
        "sent_at": at.round("s"),
        "campaign": np.array([f"campaign {i}" for i in range(6)], dtype=object)[campaign],
        "email_status": sent.frame["email_status"],
        "industry_group": sent.frame["industry_group"],
        "verified_at": at - pd.to_timedelta(sent.frame["months"] * 30.44, unit="D"),
        "recipient_domain": sent.frame["recipient_domain"],
        "provider": np.where(came, np.array(HOSTS, dtype=object)[sent.host], ""),
        "label": np.select([bounced, refused], ["hard", "spam"], ""),
        "fault": np.select([bounced, refused], ["address", "content"], ""),
        "reason": np.select([bounced, refused], ["user_unknown", "spam_content"], ""),
        "transient": False,
    }
    sends = pd.DataFrame(columns)[list(SEND_FRAME)]
    back = sends[sends["label"] != ""]
    bounces = pd.DataFrame(dict.fromkeys(BOUNCE_COLUMNS, ""), index=back.index).assign(
        kind="bounce",
        received_at=(back["sent_at"] + pd.Timedelta(minutes=3)).dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
        recipient=back["recipient"],
        fault=back["fault"],
        reason=back["reason"],
        transient=False,
        match_method="message_id",
        send_id=back["send_id"].astype("Int64"),
        duplicate_of="",
        suspected_forged=False,
        forged_why="",
    )
    ahead = people(world, max(leads // 3, 10), rng, companies, "n")
    listed = ahead.frame.drop(columns=["recipient_domain", "months"]).assign(
        verified_at=START + pd.Timedelta(days=84) - pd.to_timedelta(ahead.frame["months"] * 30.44, unit="D")
    )
    correlated = Correlated(
        sends=sends,
        bounces=bounces,
        leads=pd.DataFrame(columns=["email"]),
        matching=Matching(len(bounces), len(bounces), 0, 0, 0, ByMethod(message_id=len(bounces))),
        warnings=[],
        have=frozenset({"email_status", "industry", "campaign", "sent_at"}),
        next_leads=listed,
    )
    return correlated, rng.random(len(listed)) < expit(ahead.value + shifts[6])


@dataclass(frozen=True)
class Run:
    """One world, once: figures of (cells, chosen), and the chances and outcomes behind the table by decile."""

    used: bool
    auc: tuple[float, float]
    loss: tuple[float, float]
    kept: tuple[float, float]
    met: tuple[float, float]
    chances: tuple[Reals, Reals]
    bounced: NDArray[np.bool_]


def run(seed: int, world: World, leads: int, tolerance: float) -> Run:
    """Rank the next list of one simulated sender both ways, and send it."""
    correlated, bounced = simulate(world, leads, np.random.default_rng(seed))
    counted = contacts(correlated)
    past = history(counted)
    chosen = list_ahead(correlated, counted, past)
    if chosen.ranked is None or chosen.ranking is None:
        raise ValueError("a next list is always ranked")
    cells = replace(chosen, chance=np.where(chosen.barred == "", chosen.ranked.evidence.base, 1.0))
    drawn = outcomes(past, thresholds().forecast.prior, chosen.cells(), seed=seed)
    free = chosen.barred == ""

    def mix(ahead: NextList) -> tuple[float, float]:
        order = ahead.by_risk()
        shared = ahead.shared(order)
        size = best_mix(ahead.cell[order], ahead.chance[order], ahead.means, drawn, tolerance, shared)
        return size / max(len(order), 1), float(bounced[order[:size]].mean()) if size else 0.0

    kept, met = zip(*(mix(ahead) for ahead in (cells, chosen)), strict=True)
    both = (cells.chance[free], chosen.chance[free])
    return Run(
        chosen.ranking.used == "model",
        tuple(float(roc_auc_score(bounced[free], chance)) for chance in both),
        tuple(float(log_loss(bounced[free], chance)) for chance in both),
        kept,
        met,
        both,
        bounced[free],
    )


def main() -> None:
    """Print the table of worlds and the calibration."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--leads", type=int, default=12_000)
    parser.add_argument("--tolerance", type=float, default=0.03)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--world", default="", help="only those whose name holds this")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--time", type=int, default=0, metavar="LEADS")
    options = parser.parse_args()
    if options.time:
        timed(options.time)
        return
    print(f"{options.runs} runs a world, {options.leads:,} leads contacted, tolerance {options.tolerance:.1%}")
    print(f"{'world':36}{'used':>6}{'auc':>14}{'log loss':>16}{'gain':>7}{'kept':>14}{'met':>14}{'over':>12}")
    helped: list[Run] = []
    for world in (one for one in WORLDS if options.world in one.name):
        seeds = [options.seed * 1000 + number for number in range(options.runs)]
        job = partial(run, world=world, leads=options.leads, tolerance=options.tolerance)
        if options.jobs > 1:
            with ProcessPoolExecutor(options.jobs) as pool:
                found = list(pool.map(job, seeds))
        else:
            found = [job(seed) for seed in seeds]
        helped += [one for one in found if one.used]
        print(_line(world, found, options.tolerance), flush=True)
    if helped:
        _by_decile(helped)


def _line(world: World, found: list[Run], tolerance: float) -> str:
    used = np.mean([one.used for one in found])
    auc, loss, kept, met = (np.array([getattr(one, name) for one in found]) for name in ("auc", "loss", "kept", "met"))
    over = (met > tolerance).mean(0)
    gain = (loss[:, 0] - loss[:, 1]) * 1000
    return (
        f"{world.name:36}{used:>6.0%}{auc[:, 0].mean():>7.3f}{auc[:, 1].mean():>7.3f}"
        f"{1000 * loss[:, 0].mean():>8.1f}{1000 * loss[:, 1].mean():>8.1f}{gain.mean():>+7.2f}"
        f"{kept[:, 0].mean():>7.0%}{kept[:, 1].mean():>7.0%}{met[:, 0].mean():>7.2%}{met[:, 1].mean():>7.2%}"
        f"{over[0]:>6.0%}{over[1]:>6.0%}"
    )


def _by_decile(found: list[Run]) -> None:
    print(f"\nby decile of what was foretold, over the {len(found)} runs with the model:")
    print(f"{'':6}{'cells foretold':>16}{'met':>8}{'ratio':>7}{'model foretold':>17}{'met':>8}{'ratio':>7}")
    bounced = np.concatenate([one.bounced for one in found])
    columns = []
    for which in (0, 1):
        chance = np.concatenate([one.chances[which] for one in found])
        place = np.argsort(np.argsort(chance, kind="stable"), kind="stable") * 10 // len(chance)
        columns.append([(chance[place == number].mean(), bounced[place == number].mean()) for number in range(10)])
    for number, ((told, met), (model_told, model_met)) in enumerate(zip(*columns, strict=True), start=1):
        print(
            f"{number:>6}{told:>16.2%}{met:>8.2%}{met / told:>7.2f}"
            f"{model_told:>17.2%}{model_met:>8.2%}{model_met / model_told:>7.2f}"
        )


def timed(leads: int) -> None:
    """CPU seconds of ranking a list, beside those of sorting its addresses once."""
    world = replace(WORLDS[-1], per_company=3.0)
    correlated, _ = simulate(world, leads, np.random.default_rng(1))
    given = correlated.next_leads
    if given is not None:
        correlated = replace(
            correlated, next_leads=pd.concat([given.assign(email=p + given["email"]) for p in "abc"], ignore_index=True)
        )
    counted = contacts(correlated)
    past = history(counted)
    began = time.process_time()
    ahead = list_ahead(correlated, counted, past)
    spent = time.process_time() - began
    began = time.process_time()
    correlated.sends["recipient"].sort_values()
    sort = time.process_time() - began
    used = ahead.ranking.used if ahead.ranking else "-"
    print(
        f"{len(ahead.cell):,} leads after {leads:,} contacted: {spent:.1f} s of CPU ({used}), {spent / sort:.1f} sorts"
    )


if __name__ == "__main__":
    main()
