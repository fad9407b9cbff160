"""How often do the weekly alarms cry wolf, and how soon do they see a rise? Simulated teams with known truth.

    python benchmarks/alarms.py [--teams 400] [--years 3] [--alarm H] [--seed N]

Each week is judged as the weekly report judges it: from the 26 weeks before it and nothing else. A false alarm is one
raised while nothing has changed; a rise is a doubled rate, from a week on that the alarm does not know.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np

from analyzer.diagnose.weeks.alarms import STATES, Limits, belief, limits, proven_above, watch

_ALARM, _RECOVERING = STATES.index("alarm"), STATES.index("recovering")


def draw(rng: np.random.Generator, mails: np.ndarray, rate: np.ndarray, phi: float) -> np.ndarray:
    """Bounces of weeks whose rate differs from the usual one by a beta law with correlation `phi`."""
    if phi:
        size = 1 / phi - 1
        rate = rng.beta(np.maximum(rate * size, 1e-9), np.maximum((1 - rate) * size, 1e-9))
    return rng.binomial(mails, rate)


def volumes(rng: np.random.Generator, teams: int, weeks: int, usual: int) -> np.ndarray:
    """Mails a week: around the usual number, by half up or down, and a week off in every twelve."""
    mails = rng.poisson(usual * np.exp(rng.normal(0, 0.4, (teams, weeks))))
    return np.where(rng.random((teams, weeks)) < 1 / 12, 0, mails)


def judged(mails: np.ndarray, back: np.ndarray, prior: float, strength: float, rules: Limits) -> np.ndarray:
    """The state that each week's report says, (teams, weeks); the weeks before the first whole window are left out."""
    window = rules.weeks + 1
    said = np.zeros(mails.shape, np.int8)
    for last in range(mails.shape[1]):
        first = max(0, last + 1 - window)
        part = slice(first, last + 1)
        seen = watch(mails[:, part], back[:, part], np.full(len(mails), prior), strength, rules)
        said[:, last] = seen.state[:, -1]
    return said


def raised(said: np.ndarray) -> np.ndarray:
    """The weeks in which an alarm was raised: in alarm, and not already so, or on its way back, the week before."""
    under_way = (said == _ALARM) | (said == _RECOVERING)
    before = np.concatenate([np.zeros((len(said), 1), bool), under_way[:, :-1]], axis=1)
    return (said == _ALARM) & ~before


def weeks_to_alarm(said: np.ndarray, start: int) -> np.ndarray:
    hit = said[:, start:] == _ALARM
    return np.where(hit.any(1), hit.argmax(1) + 1, np.inf)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--teams", type=int, default=400)
    parser.add_argument("--years", type=int, default=3)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--alarm", type=float)
    arguments = parser.parse_args()
    rules = limits() if arguments.alarm is None else replace(limits(), alarm=arguments.alarm)
    rng = np.random.default_rng(arguments.seed)
    hard = belief("hard")
    weeks = arguments.years * 52
    print(f"{arguments.teams} teams for {arguments.years} years, alarm at {rules.alarm}; first year among them")
    print(
        f"{'mails':>7} {'rate':>6} {'phi':>6} | false alarms a year  first year | over 5 % | "
        "weeks to see x2 (x3), seen in 12"
    )
    worst = 0.0
    for usual in (30, 200, 1000, 20000):
        for rate in (0.005, 0.02, 0.05):
            for phi in (0.0, 0.005, 0.01, 0.02):
                mails = volumes(rng, arguments.teams, weeks, usual)
                steady = np.full(mails.shape, rate)
                back = draw(rng, mails, steady, phi)
                said = judged(mails, back, hard.prior, hard.strength, rules)
                false = raised(said)
                first = false[:, :52].sum() / arguments.teams
                yearly = false.sum() / arguments.teams / arguments.years
                worst = max(worst, yearly, first)
                deff = 1 + np.maximum(mails - 1, 0) * max(phi, rules.phi)
                over = (proven_above(back, mails, deff, 0.05, rules.line_level) & (mails >= rules.min_sends)).sum()
                over = over / arguments.teams / arguments.years
                seen = []
                start = 30
                for times in (2, 3):
                    risen = steady[:, : start + 26].copy()
                    risen[:, start:] *= times
                    few = mails[:, : start + 26]
                    waits = weeks_to_alarm(
                        judged(few, draw(rng, few, risen, phi), hard.prior, hard.strength, rules), start
                    )
                    seen.append((float(np.median(waits)), float((waits <= 12).mean())))
                print(
                    f"{usual:>7} {rate:>6.1%} {phi:>6} | {yearly:>19.2f} {first:>11.2f} | {over:>8.2f} | "
                    f"{seen[0][0]:>6.0f} ({seen[1][0]:.0f})   {seen[0][1]:>5.0%} ({seen[1][1]:.0%})",
                    flush=True,
                )
    print(f"worst: {worst:.2f} false alarms a year and series")


if __name__ == "__main__":
    main()
