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
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from simulated import Campaign, Cause, Leads, Reals, World, average, campaign_shifts, chances, outcome, simulate

from analyzer.correlate import correlate
from analyzer.diagnose import diagnose
from analyzer.diagnose.diagnosis import Diagnosis

TOLERANCE = 0.05
#: Draws of the next campaign, for the truth and for the coverage of the forecast.
AHEAD = 60
#: The refusals and full mailboxes that every campaign has.
USUAL = Cause(("spam_content", "policy", "rate_limited"), 0.012, 0.015, within=0.25)
CONTENT = ("spam_content", "url_blocklisted")


@dataclass(frozen=True)
class Scenario:
    """How to draw a world, and what is true in it: sides, first fixes (by the start of their id; "" is none), answers.

    `recommendations` is empty where the world's rates say it; `effects` likewise.
    """

    world: Callable[[np.random.Generator], World]
    sides: tuple[str, ...] = ("none",)
    fixes: tuple[str, ...] = ()
    recommendations: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()
    small: bool = False


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


# --- worlds -----------------------------------------------------------------------------------------------------------


def _base(rng: np.random.Generator) -> World:
    """A sender without a problem; sizes, clustering, mixes and base rates differ."""
    good, share = rng.uniform(0.004, 0.014), rng.uniform(0.15, 0.5)
    strict = rng.uniform(0.15, 0.4)
    return World(
        leads=int(np.exp(rng.uniform(np.log(500), np.log(6000)))),
        per_domain=rng.choice([1.2, 2.0, 3.5]),
        groups=(strict, 0.92 - strict, 0.08),
        guessed=(share, share, share),
        catch_all=float(rng.choice([0.0, 0.08])),
        hard=(good, good * rng.uniform(1.0, 1.3), good * 2),
        domain_sd=rng.uniform(0.3, 1.0),
        campaign_sd=rng.uniform(0.05, 0.35),
        campaigns=int(rng.integers(1, 7)),
        steps=int(rng.integers(1, 4)),
        causes=(USUAL,),
        message_ids=bool(rng.random() < 0.7),
        mailbox_full=rng.uniform(0.0, 0.006),
    )


def _innocent(world: World) -> World:
    return replace(world, hard=(world.hard[0], world.hard[0], world.hard[2]))


def _guessed_hurts(rng: np.random.Generator) -> World:
    share = rng.uniform(0.3, 0.65)
    rate = rng.uniform(0.075, 0.11) / share
    world = _base(rng)
    return replace(
        world, guessed=(share, share, share), hard=(world.hard[0], min(rate, 0.35), 0.03), leads=max(world.leads, 600)
    )


def _guessed_mild(rng: np.random.Generator) -> World:
    world = _base(rng)
    rate = world.hard[0] * rng.uniform(3, 5)
    return replace(world, hard=(world.hard[0], rate, rate), guessed=(0.3, 0.3, 0.3), leads=max(world.leads, 1500))


def _confounded(rng: np.random.Generator) -> World:
    """Strict companies bounce more for every fault, and their addresses are mostly guessed; guessing does nothing."""
    world = _innocent(_base(rng))
    high, low = rng.uniform(0.65, 0.9), rng.uniform(0.08, 0.25)
    return replace(
        world,
        guessed=(high, low, low),
        hard_by_group=(rng.uniform(5, 14), 1.0, 1.0),
        groups=(0.4, 0.55, 0.05),
        causes=(USUAL, _strict(rng)),
        leads=max(world.leads, 800),
    )


def _stale(rng: np.random.Generator) -> World:
    rate = rng.uniform(0.085, 0.15)
    world = _base(rng)
    return replace(world, hard=(rate, min(rate * rng.uniform(1.0, 1.8), 0.3), rate), leads=max(world.leads, 600))


def _strict(rng: np.random.Generator) -> Cause:
    texts = [("spam_content",), ("policy",), ("spam_content", "policy", "domain_reputation"), ("domain_reputation",)]
    return Cause(texts[rng.integers(4)], 0.0, rng.uniform(0.12, 0.35))


def _with(*make: Callable[[np.random.Generator], Cause], **changes: object) -> Callable[[np.random.Generator], World]:
    def world(rng: np.random.Generator) -> World:
        found = _base(rng)
        causes = (*found.causes, *(each(rng) for each in make))
        return replace(found, causes=causes, **changes)  # type: ignore[arg-type]

    return world


def _cause(
    *reasons: str, low: float = 0.03, high: float = 0.15, **limits: float | str
) -> Callable[[np.random.Generator], Cause]:
    def make(rng: np.random.Generator) -> Cause:
        share = rng.uniform(low, high)
        return Cause(reasons, share, share, **limits)  # type: ignore[arg-type]

    return make


def _one_domain(rng: np.random.Generator) -> World:
    world = _base(rng)
    return replace(world, leads=max(world.leads, 500), big_domain=(40, (("spam_content", "policy")[rng.integers(2)],)))


def _joined(
    data: Callable[[np.random.Generator], World], *make: Callable[[np.random.Generator], Cause]
) -> Callable[[np.random.Generator], World]:
    def world(rng: np.random.Generator) -> World:
        found = data(rng)
        return replace(found, causes=(*found.causes, *(each(rng) for each in make)))

    return world


def _small(data: Callable[[np.random.Generator], World]) -> Callable[[np.random.Generator], World]:
    def world(rng: np.random.Generator) -> World:
        return replace(data(rng), leads=int(rng.integers(60, 151)), campaigns=1, next_guessed=None)

    return world


def _noise(rng: np.random.Generator) -> World:
    return replace(_base(rng), mailbox_full=rng.uniform(0.04, 0.12), outage="google")


def _next_differs(rng: np.random.Generator) -> World:
    world = _guessed_hurts(rng)
    return replace(world, next_guessed=float(rng.choice([0.03, 0.06, 0.6])), leads=max(world.leads, 1200))


def _changed(data: Callable[[np.random.Generator], World], **changes: object) -> Callable[[np.random.Generator], World]:
    return lambda rng: replace(data(rng), **changes)  # type: ignore[arg-type]


AUTH = _cause("auth_failure")
SENDER, RECIPIENT = ("sender",), ("recipient",)
HURTS, NOTHING = ("driven", "contributes"), ("not_shown", "too_little_data")
SCENARIOS: dict[str, Scenario] = {
    "healthy": Scenario(lambda rng: _innocent(_base(rng)), effects=NOTHING),
    "guessed-hurts": Scenario(_guessed_hurts, effects=HURTS),
    "guessed-mild": Scenario(_guessed_mild, effects=HURTS),
    "guessed-confounded": Scenario(_confounded, RECIPIENT, ("RCPT-STRICT", "RCPT-POLICY"), effects=NOTHING),
    "next-list-differs": Scenario(_next_differs, effects=HURTS),
    "verified-stale": Scenario(_stale),
    "strict-block": Scenario(_with(_strict), RECIPIENT, ("RCPT-STRICT", "RCPT-POLICY")),
    "one-domain-blocks": Scenario(_one_domain, RECIPIENT, ("RCPT-DOMAIN-BLOCK", "RCPT-POLICY")),
    "auth-everywhere": Scenario(_with(AUTH), SENDER, ("AUTH",)),
    "auth-one-sender": Scenario(_with(_cause("auth_failure", sender=1, low=0.1, high=0.4)), SENDER, ("AUTH",)),
    "auth-from-a-day": Scenario(_with(_cause("auth_failure", since=0.6, low=0.1, high=0.4)), SENDER, ("AUTH",)),
    "block-list": Scenario(_with(_cause("ip_blocklisted")), SENDER, ("BLOCKLIST",)),
    "own-account": Scenario(_with(_cause("sender_account")), SENDER, ("QUOTA", "TENANT")),
    "content": Scenario(_with(_cause("spam_content", low=0.05)), SENDER, ("CONTENT", "REP", "RATE")),
    "listed-link": Scenario(_with(_cause("url_blocklisted")), SENDER, ("BLOCKLIST-URL", "CONTENT-LINK")),
    "reputation": Scenario(_with(_cause("domain_reputation", low=0.05)), SENDER, ("REP",)),
    "rate-limit": Scenario(_with(_cause("rate_limited", low=0.08, high=0.3, provider="google")), SENDER, ("RATE",)),
    "complaints": Scenario(_with(_cause("complaint", low=0.04, high=0.1, within=0.3)), SENDER, ("COMPLAINT",)),
    "guessed+strict": Scenario(
        _joined(_guessed_hurts, _strict), RECIPIENT, ("RCPT-STRICT", "RCPT-POLICY"), effects=HURTS
    ),
    "guessed+auth": Scenario(_joined(_guessed_hurts, AUTH), SENDER, ("AUTH",), effects=HURTS),
    "strict+auth": Scenario(_with(AUTH, _strict), ("mixed",), ("AUTH",)),
    "strict+content": Scenario(_with(_cause("spam_content", low=0.05), _strict), ("mixed",), ("CONTENT", "RCPT")),
    "one-domain+auth": Scenario(_joined(_one_domain, AUTH), ("mixed", "sender"), ("AUTH",)),
    "small-healthy": Scenario(
        _small(lambda rng: _innocent(_base(rng))), ("none", "undetermined"), small=True, effects=NOTHING
    ),
    "small-guessed": Scenario(_small(_guessed_hurts), ("none", "undetermined"), small=True),
    "small-auth": Scenario(_small(_with(_cause("auth_failure", low=0.12, high=0.3))), SENDER, ("AUTH",), small=True),
    "small-strict": Scenario(_small(_with(_strict)), ("recipient", "none", "undetermined"), small=True),
    "full-and-outage": Scenario(_noise),
    "forged": Scenario(_changed(_base, forged=150)),
    "flags-only": Scenario(
        _changed(_guessed_hurts, flag_only=True, causes=(USUAL, Cause(("spam_content",), 0.03, 0.03))),
        ("undetermined",),
        recommendations=("insufficient_evidence",),
        effects=NOTHING,
    ),
    "bare-bad": Scenario(
        _changed(_guessed_hurts, bare=True), recommendations=("insufficient_evidence",), effects=NOTHING
    ),
    "bare-auth": Scenario(_joined(_changed(_base, bare=True), AUTH), SENDER, ("AUTH",), effects=NOTHING),
    "bare-content": Scenario(
        _joined(_changed(_base, bare=True), _cause("spam_content", low=0.05)),
        ("undetermined", "sender"),
        effects=NOTHING,
    ),
}


# --- truth ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ahead:
    """Draws of the next campaign: address-fault bounces at max quantity and at max quality, and the leads of each."""

    quantity: Reals
    quality: Reals
    leads: int
    without: int

    def answer(self) -> str:
        """The setting that the true rates call for; "" where it is a close call."""
        high, low = (self.quantity / self.leads), (self.quality / max(self.without, 1))
        if _under(high):
            return "max_quantity"
        if not _over(high):
            return ""
        return "max_quality" if _under(low) else "reverify" if _over(low) else ""


def _under(rates: Reals) -> bool:
    return bool((rates > TOLERANCE).mean() <= 0.02 and rates.mean() < 0.65 * TOLERANCE)


def _over(rates: Reals) -> bool:
    return bool((rates > TOLERANCE).mean() >= 0.85)


def next_campaigns(world: World, campaign: Campaign, rng: np.random.Generator) -> Ahead:
    """The next list sent `AHEAD` times as one campaign, to companies of the same kind."""
    leads = campaign.ahead
    one = Leads(
        leads.status,
        leads.group,
        leads.industry,
        leads.domain,
        np.zeros_like(leads.campaign),
        leads.provider,
        leads.sender,
    )
    kept = leads.status != 1
    drawn = [outcome(world, one, rng, campaign_shifts(world, rng)) for _ in range(AHEAD)]
    return Ahead(
        np.array([each.sum() for each in drawn], dtype=float),
        np.array([each[kept].sum() for each in drawn], dtype=float),
        len(kept),
        int(kept.sum()),
    )


def true_difference(world: World, campaign: Campaign) -> float:
    """The Mantel-Haenszel risk difference at the true rates, within industry and campaign."""
    leads = campaign.sent
    value = np.clip(chances(world, leads), 1e-9, 1 - 1e-9)
    shifted = 1 / (1 + np.exp(-(np.log(value / (1 - value)) + campaign.shifts[leads.campaign])))
    table = pd.DataFrame(
        {
            "stratum": pd.Series(leads.industry).astype(str) + leads.campaign.astype(str),
            "status": leads.status,
            "rate": average(np.round(shifted, 9), world.domain_sd),
        }
    )
    arms = table[table["status"] < 2].pivot_table(
        index="stratum", columns="status", values="rate", aggfunc=["mean", "count"]
    )
    arms = arms.dropna()
    n0, n1 = arms["count"][0], arms["count"][1]
    weight = n0 * n1 / (n0 + n1)
    return float((weight * (arms["mean"][1] - arms["mean"][0])).sum() / weight.sum())


# --- scoring ----------------------------------------------------------------------------------------------------------


def judge(name: str, scenario: Scenario, world: World, rng: np.random.Generator, score: Score) -> None:
    """Simulate, diagnose, and hold the answers against the truth."""
    campaign = simulate(world, rng)
    with python_warnings.catch_warnings():
        python_warnings.simplefilter("ignore", RuntimeWarning)
        correlated = correlate(campaign.bounces, campaign.log, campaign.leads, campaign.next_leads)
        found = diagnose(correlated)
    ahead = next_campaigns(world, campaign, rng)
    data, refusals = found.data_quality, found.deliverability
    run, score.runs = score.runs, score.runs + 1
    true = ahead.answer()
    answers = scenario.recommendations or ((true,) if true else ())
    if scenario.small and true:
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
        score.note("fix", late or first.startswith(scenario.fixes), first, run)
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
    for who, chosen in (("ours", answer), ("naive", "max_quality" if hard > TOLERANCE else "max_quantity")):
        bad, lost = _cost(chosen, ahead)
        best_bad, best_lost = _cost(true, ahead)
        score.regret[who] += max(0, round(bad - best_bad)) + max(0, round(lost - best_lost))


def _cost(answer: str, ahead: Ahead) -> tuple[float, float]:
    if answer == "reverify":
        return 0.0, float((ahead.leads - ahead.quantity).mean())
    if answer == "max_quality":
        lost = (ahead.leads - ahead.quantity) - (ahead.without - ahead.quality)
        return float(np.maximum(ahead.quality - TOLERANCE * ahead.without, 0).mean()), float(lost.mean())
    return float(np.maximum(ahead.quantity - TOLERANCE * ahead.leads, 0).mean()), 0.0


COLUMNS = ("recommendation", "effect", "side", "fix", "covers difference", "covers forecast")


def _line(name: str, score: Score) -> str:
    cells = [
        f"{100 * score.right[what] / score.asked[what]:6.1f}" if score.asked[what] else "     –" for what in COLUMNS
    ]
    alarms = 100 * score.false_alarms / max(score.runs, 1)
    runs = max(score.runs, 1)
    return (
        f"{name:20}{score.runs:5} {' '.join(cells)} {alarms:7.1f} {score.regret['ours'] / runs:8.1f} "
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
    print(f"{'scenario':20} runs recomm effect   side    fix  RD cov  fc cov  alarms   regret    naive  wrong answers")
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
