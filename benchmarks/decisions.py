"""Is the advice right? `diagnose` on simulated campaigns with known truth (`simulated.py`), scenario by scenario.

    python benchmarks/decisions.py [--runs N] [--scenario NAME] [--leads N] [--seed N] [--wrong]

What is right follows the product's rule at the world's true rates: the next campaign is drawn often, and where it goes
over the tolerance almost always or almost never the answer is clear; the rest is not scored. Regret is counted against
the best setting, for `diagnose` and for the rule "over 5 % hard: max quality".
"""

from __future__ import annotations

import argparse
import time
import warnings as python_warnings
from collections import Counter
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from decision_worlds import HURTS, NOTHING, SCENARIOS, TOLERANCE, Scenario
from simulated import Campaign, Reals, World, average, campaign_shifts, chances, outcome, simulate

from analyzer.correlate import correlate
from analyzer.diagnose import diagnose
from analyzer.diagnose.diagnosis import Diagnosis

#: Draws of the next campaign, for the truth and for the coverage of the forecast.
AHEAD = 60
#: Below this many leads of a status its rate cannot be told from the tolerance.
FEW = 150


@dataclass
class Score:
    """Counts over the runs of one scenario."""

    runs: int = 0
    right: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    false_alarms: int = 0
    regret: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def note(self, what: str, right: bool, answer: str, run: int) -> None:
        """One answer, right or wrong."""
        self.asked[what] += 1
        self.right[what] += right
        if not right:
            self.answers[f"{what}={answer}"] += 1
            self.wrong.append(f"run {run}: {what} {answer}")


# --- truth ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ahead:
    """Draws of the next campaign: address-fault bounces at max quantity and at max quality, and the leads of each."""

    quantity: Reals
    quality: Reals
    leads: int
    without: int
    tolerance: float

    def answer(self) -> str:
        """The setting that the true rates call for; "" where it is a close call."""
        high, low = (self.quantity / self.leads), (self.quality / max(self.without, 1))
        if self._under(high):
            return "max_quantity"
        if not self._over(high):
            return ""
        return "max_quality" if self._under(low) else "reverify" if self._over(low) else ""

    def _under(self, rates: Reals) -> bool:
        return bool((rates > self.tolerance).mean() <= 0.02 and rates.mean() < 0.65 * self.tolerance)

    def _over(self, rates: Reals) -> bool:
        return bool((rates > self.tolerance).mean() >= 0.85)


def next_campaigns(world: World, campaign: Campaign, rng: np.random.Generator, tolerance: float = TOLERANCE) -> Ahead:
    """The next list sent `AHEAD` times as one campaign, to companies of the same kind."""
    leads = campaign.ahead
    one = replace(leads, campaign=np.zeros_like(leads.campaign))
    # Who is guessed without the files saying so cannot be left out.
    kept = ~((leads.status == 1) & leads.told)
    drawn = [outcome(world, one, rng, campaign_shifts(world, rng)) for _ in range(AHEAD)]
    return Ahead(
        np.array([each.sum() for each in drawn], dtype=float),
        np.array([each[kept].sum() for each in drawn], dtype=float),
        len(kept),
        int(kept.sum()),
        tolerance,
    )


def true_difference(world: World, campaign: Campaign) -> float:
    """The Mantel-Haenszel risk difference at the true rates, within industry and campaign."""
    leads = campaign.sent
    value = np.clip(chances(world, leads), 1e-9, 1 - 1e-9)
    shifted = 1 / (1 + np.exp(-(np.log(value / (1 - value)) + campaign.shifts[leads.campaign])))
    whole = world.dead + world.wrong * (leads.status == 1)
    table = pd.DataFrame(
        {
            "stratum": pd.Series(leads.industry).astype(str) + leads.campaign.astype(str),
            "status": leads.status,
            "rate": (1 - whole) * average(np.round(shifted, 9), world.domain_sd) + 0.97 * whole,
        }
    )
    arms = table[table["status"] < 2].pivot_table(
        index="stratum", columns="status", values="rate", aggfunc=["mean", "count"]
    )
    arms = arms.dropna()
    n0, n1 = arms["count"][0], arms["count"][1]
    weight = n0 * n1 / (n0 + n1)
    return float((weight * (arms["mean"][1] - arms["mean"][0])).sum() / weight.sum())


def first_fixes(scenario: Scenario, campaign: Campaign) -> tuple[str, ...]:
    """How the id of the first fix may begin: where receivers refuse beside a fault of ours, whoever explains more goes
    first, by its bounces times its confidence. What they refuse may be told as two fixes: half of it may stand first.
    """
    if scenario.sides[0] != "mixed" or scenario.fixes != ("AUTH",):
        return scenario.fixes
    reason = campaign.bounces["reason"][campaign.bounces["label"] == "spam"]
    ours, theirs = (reason == "auth_failure").sum(), (reason != "auth_failure").sum()
    if 0.75 * theirs / 2 > 0.95 * ours:
        return ("RCPT",)
    return ("AUTH",) if 0.85 * ours > 0.85 * theirs else ("AUTH", "RCPT")


# --- scoring ----------------------------------------------------------------------------------------------------------


def judge(name: str, scenario: Scenario, world: World, rng: np.random.Generator, score: Score) -> None:
    """Simulate, diagnose, and hold the answers against the truth."""
    campaign = simulate(world, rng)
    with python_warnings.catch_warnings():
        python_warnings.simplefilter("ignore", RuntimeWarning)
        correlated = correlate(campaign.bounces, campaign.log, campaign.leads, campaign.next_leads)
        found = diagnose(correlated, tolerance=scenario.tolerance)
    ahead = next_campaigns(world, campaign, rng, scenario.tolerance)
    data, refusals = found.data_quality, found.deliverability
    run, score.runs = score.runs, score.runs + 1
    true = ahead.answer()
    answers = scenario.recommendations or ((true,) if true else ())
    few = np.bincount(campaign.sent.status, minlength=2)[:2].min() < FEW
    if true and (scenario.small or (scenario.thin and few)):
        answers = (true, "insufficient_evidence")
    if world.bare and not scenario.recommendations:
        answers = ("max_quantity", "insufficient_evidence")
    if answers:
        score.note("recommendation", data.recommendation in answers, f"{data.recommendation}, true {answers[0]}", run)
    if scenario.effects:
        score.note("effect", data.guessed_effect in scenario.effects, data.guessed_effect, run)
    score.note("side", refusals.side in scenario.sides, refusals.side, run)
    first = refusals.fixes[0].id if refusals.fixes else "no fix"
    if scenario.fixes:
        late = scenario.small and refusals.side == "undetermined"
        score.note("fix", late or first.startswith(first_fixes(scenario, campaign)), first, run)
    if scenario.named:
        kinds = [each.kind for each in data.explained_by]
        score.note("named", scenario.named in kinds, " ".join(kinds) or "nothing", run)
    score.false_alarms += _false_alarm(scenario, found, true)
    _coverage(world, campaign, ahead, found, score, run)
    _regret(data.recommendation, true, ahead, found, score)


def _false_alarm(scenario: Scenario, found: Diagnosis, true: str) -> bool:
    """Something was called for that nothing in the world calls for."""
    data = found.data_quality.recommendation in ("max_quality", "reverify") and true == "max_quantity"
    blamed = found.data_quality.guessed_effect in HURTS and scenario.effects == NOTHING
    side = scenario.sides[0] == "none" and found.deliverability.side in ("sender", "recipient", "mixed")
    return data or blamed or side


def _coverage(world: World, campaign: Campaign, ahead: Ahead, found: Diagnosis, score: Score, run: int) -> None:
    if world.bare or world.flag_only:
        return
    difference = found.data_quality.risk_difference
    if difference.low is not None and difference.high is not None:
        truth = true_difference(world, campaign)
        score.asked["covers difference"] += 1
        score.right["covers difference"] += difference.low <= truth <= difference.high
    forecast = found.data_quality.forecast.max_quantity
    if forecast.leads == ahead.leads and forecast.low is not None and forecast.high is not None:
        rates = ahead.quantity / ahead.leads
        score.asked["covers forecast"] += AHEAD
        score.right["covers forecast"] += int(((rates >= forecast.low - 1e-9) & (rates <= forecast.high + 1e-9)).sum())


def _regret(answer: str, true: str, ahead: Ahead, found: Diagnosis, score: Score) -> None:
    """Bad addresses beyond the tolerance, and good leads not written to, each beyond what the best setting gives."""
    if not true:
        return
    hard = found.totals.hard.rate or 0.0
    for who, chosen in (("ours", answer), ("naive", "max_quality" if hard > ahead.tolerance else "max_quantity")):
        bad, lost = _cost(chosen, ahead)
        best_bad, best_lost = _cost(true, ahead)
        score.regret[who] += max(0, round(bad - best_bad)) + max(0, round(lost - best_lost))


def _cost(answer: str, ahead: Ahead) -> tuple[float, float]:
    if answer == "reverify":
        return 0.0, float((ahead.leads - ahead.quantity).mean())
    if answer == "max_quality":
        lost = (ahead.leads - ahead.quantity) - (ahead.without - ahead.quality)
        return float(np.maximum(ahead.quality - ahead.tolerance * ahead.without, 0).mean()), float(lost.mean())
    return float(np.maximum(ahead.quantity - ahead.tolerance * ahead.leads, 0).mean()), 0.0


COLUMNS = ("recommendation", "effect", "side", "fix", "named", "covers difference", "covers forecast")


def _line(name: str, score: Score) -> str:
    cells = [
        f"{100 * score.right[what] / score.asked[what]:6.1f}" if score.asked[what] else "     –" for what in COLUMNS
    ]
    alarms = 100 * score.false_alarms / max(score.runs, 1)
    runs = max(score.runs, 1)
    return (
        f"{name:26}{score.runs:5} {' '.join(cells)} {alarms:7.1f} {score.regret['ours'] / runs:8.1f} "
        f"{score.regret['naive'] / runs:8.1f}  "
        + "; ".join(f"{answer} ×{count}" for answer, count in score.answers.most_common(4))
    )


def main() -> None:
    """Print the table: per cent right where the truth is clear, coverage, false alarms, mean regret in leads a run."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--runs", type=int, default=20)
    options.add_argument("--scenario", action="append", choices=list(SCENARIOS))
    options.add_argument("--leads", type=int, default=0, help="the same size for every campaign (but the small ones)")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--wrong", action="store_true", help="list the wrong answers by run")
    chosen = options.parse_args()
    started = time.perf_counter()
    head = "runs recomm effect   side    fix  named RD cov  fc cov  alarms   regret    naive  wrong answers"
    print(f"{'scenario':26} {head}")
    overall = Score()
    for name in chosen.scenario or SCENARIOS:
        scenario, score = SCENARIOS[name], Score()
        for run in range(chosen.runs):
            rng = np.random.default_rng([chosen.seed, list(SCENARIOS).index(name), run])
            world = scenario.world(rng)
            if chosen.leads and not scenario.small:
                world = replace(world, leads=chosen.leads)
            judge(name, scenario, world, rng, score)
        print(_line(name, score), flush=True)
        if chosen.wrong:
            print(*(f"    {line}" for line in score.wrong), sep="\n")
        overall.runs += score.runs
        overall.false_alarms += score.false_alarms
        overall.right += score.right
        overall.asked += score.asked
        overall.regret += score.regret
    print(_line("all", overall))
    print(f"{time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
