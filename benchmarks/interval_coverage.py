"""Do the intervals on what was seen hold the truth in 95 %? Campaigns drawn from known rates, by family of worlds.

    python benchmarks/interval_coverage.py [--runs N] [--seed N]

Columns: the Mantel-Haenszel risk difference and ratio, the attributable share, the rate of refusals among open
industries (as `sender_rate`; `strict_rate` is made the same way), the address-fault rate of the totals, and those of
three rows of the breakdown: a status (guessed), an industry group (strict), a mailbox (a fifth of the leads). `plain`
is what Wilson's interval would hold of the totals if leads were independent. The truth is the expected value over
companies at the campaign's own mix. With 400 campaigns a true 95 is printed as 92.9 to 97.1 in 19 of 20 cells.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np
import pandas as pd
from forecast_coverage import Ints, Nature, People, Reals, Seen, Truth, _frame, _mix, _size, _truth, people
from simulated import average

from analyzer.diagnose.arrays import Flags
from analyzer.diagnose.estimates.rates import belief_of, clustered_rate, wilson
from analyzer.diagnose.guessing.guessed import guessed_effect
from analyzer.diagnose.leads.companies import companies
from analyzer.records import EMAIL_STATUSES, INDUSTRY_GROUPS

COLUMNS = ("difference", "ratio", "share", "sender rate", "totals", "status", "industry", "mailbox", "plain")
#: A row of fewer leads is not looked at.
FEWEST = 20
FAMILIES: dict[str, Nature] = {
    "independent": Nature(company_sd=0.0, per_domain=1.0 + 1e-9),
    "like companies": Nature(company_sd=0.6, per_domain=2.5),
    "dead domains": Nature(company_sd=0.6, per_domain=2.5, dead=0.01),
    "wrong patterns": Nature(company_sd=0.6, per_domain=2.5, wrong=0.06),
    "heavy companies": Nature(company_sd=0.6, heavy=True, dead=0.005, wrong=0.03),
    "small": Nature(history=(150, 500), company_sd=0.3),
    "several campaigns": Nature(campaigns=(3, 8), company_sd=0.3, leaning=True),
    "large": Nature(history=(20000, 40000), company_sd=0.6, per_domain=2.5),
    "tiny": Nature(history=(60, 150), company_sd=0.6, per_domain=2.5, dead=0.01),
    "tiny, heavy": Nature(history=(60, 200), company_sd=0.8, heavy=True, dead=0.01, wrong=0.05),
    "five a company": Nature(company_sd=0.8, per_domain=5.0, dead=0.01, wrong=0.05),
    "ten a company": Nature(company_sd=0.6, per_domain=10.0, dead=0.02),
}


def expected(nature: Nature, truth: Truth, leads: People, status: int | None = None) -> Reals:
    """Each lead's chance to bounce over all companies; as if it had another status, if one is given."""
    of = leads.status if status is None else np.full_like(leads.status, status)
    base = truth.rates[of, leads.group]
    shift = np.exp(-(nature.company_sd**2) / 2)
    odds = base / (1 - base) * shift
    rate = average(np.round(odds / (1 + odds), 12), nature.company_sd) if nature.company_sd else base
    wrong = np.where(of == EMAIL_STATUSES.index("guessed"), nature.wrong, 0.0)
    return np.asarray((1 - nature.dead - wrong) * rate + 0.97 * nature.dead + 0.95 * wrong)


def one(nature: Nature, rng: np.random.Generator, seed: int) -> dict[str, bool]:
    """One campaign: which intervals hold the truth."""
    truth, mix = _truth(nature, rng), _mix(nature, rng)
    leads = people(nature, _size(rng, nature.history), mix, int(rng.integers(*nature.campaigns, endpoint=True)), rng)
    bounced = truth.bounced(replace(nature, logit_sd=0.0), leads, rng)
    frame = _frame(leads, bounced)
    frame["industry"] = frame["industry_group"]
    found = guessed_effect(Seen(frame, leads.domain), seed=seed)  # type: ignore[arg-type]
    rates, verified = expected(nature, truth, leads), expected(nature, truth, leads, EMAIL_STATUSES.index("verified"))
    guessed = leads.status == EMAIL_STATUSES.index("guessed")
    stratum = leads.campaign * len(INDUSTRY_GROUPS) + leads.group
    table = pd.DataFrame({"stratum": stratum, "guessed": guessed, "rate": rates})
    arms = table.pivot_table(index="stratum", columns="guessed", values="rate", aggfunc=["mean", "count"]).dropna()
    weight = arms["count"][True] * arms["count"][False] / (arms["count"][True] + arms["count"][False])
    difference = float((weight * (arms["mean"][True] - arms["mean"][False])).sum() / weight.sum())
    share = float((rates - verified)[guessed].sum() / rates.sum())
    held = {}
    for name, interval, value in (
        ("difference", found.risk_difference, difference),
        ("share", found.share, max(share, 0.0)),
    ):
        if interval.low is not None and interval.high is not None:
            held[name] = interval.low - 1e-9 <= value <= interval.high + 1e-9
    if found.risk_ratio_low is not None:
        ratio = float((weight * arms["mean"][True]).sum() / (weight * arms["mean"][False]).sum())
        held["ratio"] = found.risk_ratio_low - 1e-9 <= ratio <= (found.risk_ratio_high or np.inf) + 1e-9
    part, within = rng.uniform(0.005, 0.15), rng.uniform(0.3, 1.0)
    refusing = (rng.random(int(leads.domain.max()) + 1) < part)[leads.domain]
    refused = refusing & (rng.random(len(refusing)) < within)
    rate = clustered_rate(refused, leads.domain)
    held["sender rate"] = (rate.low or 0.0) <= part * within <= (rate.high or 1.0)
    low, high = wilson(bounced.sum(), len(bounced))
    held["plain"] = bool(low <= rates.mean() <= high)
    strict = leads.group == INDUSTRY_GROUPS.index("strict")
    everyone, mailbox = np.ones(len(bounced), dtype=np.bool_), rng.random(len(bounced)) < 0.2
    for name, rows in (("totals", everyone), ("status", guessed), ("industry", strict), ("mailbox", mailbox)):
        if rows.sum() >= FEWEST:
            held[name] = _holds(bounced[rows], leads.domain[rows], float(rates[rows].mean()))
    return held


def _holds(bounced: Flags, domain: Ints, truth: float) -> bool:
    """Whether the interval of a rate, as in the totals and the breakdown, holds the truth."""
    one = np.zeros(len(bounced), dtype=np.int64)
    counted = companies(one, domain, {"hard": (one[bounced], domain[bounced])}, 1)
    low, high = counted.interval("hard", belief_of("address"))
    return bool(low[0] <= truth <= high[0])


def main() -> None:
    """Print per cent covered, by family and interval."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--runs", type=int, default=400)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    print(f"{'family':20}{'runs':>6}" + "".join(f"{name:>12}" for name in COLUMNS))
    for family, nature in FAMILIES.items():
        rows = [one(nature, np.random.default_rng([chosen.seed, run]), run) for run in range(chosen.runs)]
        cells = [[row[name] for row in rows if name in row] for name in COLUMNS]
        print(f"{family:20}{chosen.runs:6}" + "".join(f"{100 * np.mean(cell):12.1f}" for cell in cells), flush=True)


if __name__ == "__main__":
    main()
