"""Do the forecast's ranges hold what they promise? Histories and next campaigns drawn in families of worlds.

    python benchmarks/forecast_coverage.py [--runs N] [--family NAME] [--seed N]

Only the forecast is asked, not the whole diagnosis, so that hundreds of forecasts a family take seconds. Bounces are
whole numbers: where few are expected no range holds exactly 95 %, so three figures stand side by side. `plain` counts
outcomes from the lower to the upper bound. `mid` counts an outcome that is a bound as half inside and half beyond.
`PIT` asks whether the outcome's place in the forecast (ties broken by lot) lies in its middle 95 %: that one is free of
rounding. `spread` is the root mean square of the standardised misses, (what came - mean) / standard deviation of the
draws: below 1 the forecast is wider than what comes. `below` and `above` say on which side the misses lie, `width` is
the mean width in points. Last, how often the tolerance was exceeded where so much chance of it was given.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import betaincinv, expit, logit

from analyzer.diagnose.ahead.forecast import forecast
from analyzer.diagnose.estimates.likeness import shared
from analyzer.diagnose.estimates.outcomes import Target, outcomes
from analyzer.diagnose.estimates.past import history
from analyzer.diagnose.leads.contacts import CELLS, GROUPS, Dimension
from analyzer.diagnose.thresholds import thresholds
from analyzer.records import EMAIL_STATUSES, INDUSTRY_GROUPS

Reals = NDArray[np.floating[Any]]
Ints = NDArray[np.integer[Any]]

#: The middle 95 %.
_TAIL = 0.025
_TOLERANCE = 0.05
#: Chances of exceeding the tolerance are held against what came within these.
_CHANCES = (0.0, 0.02, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 0.98, 1.0)
_USUAL = ("verified", "guessed")
_MIXED = ("verified", "guessed", "catch_all", "risky", "unknown")


@dataclass(frozen=True)
class Nature:
    """How a family of worlds behaves. Sizes are (low, high), drawn on the log scale.

    `phi` is one of several intraclass correlations within a campaign (Beta), `logit_sd` a deviation on the logit scale
    instead; both move all leads of a campaign together, unless `each_status` draws one deviation per status. `dead` is
    the share of companies where every address bounces, `wrong` where every guessed one does; companies have
    `per_domain` leads in the mean, with a heavy tail where `heavy`. `closed` leads of the history, and none of the next
    list, are at one company more, where every address bounces. `next_guessed` draws the next list's own mix.
    """

    history: tuple[int, int] = (800, 8000)
    ahead: tuple[int, int] = (400, 5000)
    campaigns: tuple[int, int] = (1, 1)
    phi: tuple[float, ...] = (0.0,)
    logit_sd: float = 0.0
    each_status: bool = False
    dead: float = 0.0
    wrong: float = 0.0
    company_sd: float = 0.3
    per_domain: float = 1.6
    heavy: bool = False
    closed: int = 0
    next_guessed: bool = False
    statuses: tuple[str, ...] = _USUAL
    rates: tuple[float, float] = (0.004, 0.02)
    leaning: bool = False


ALL_PHI = (0.0, 0.005, 0.01, 0.02)
FAMILIES: dict[str, Nature] = {
    "one campaign": Nature(phi=ALL_PHI),
    "one, logit sd 0.25": Nature(logit_sd=0.25),
    "two or three": Nature(campaigns=(2, 3), phi=ALL_PHI),
    "phi 0": Nature(campaigns=(4, 12), phi=(0.0,)),
    "phi 0.005": Nature(campaigns=(4, 12), phi=(0.005,)),
    "phi 0.01": Nature(campaigns=(4, 12), phi=(0.01,)),
    "phi 0.02": Nature(campaigns=(4, 12), phi=(0.02,)),
    "logit sd 0.2": Nature(campaigns=(4, 12), logit_sd=0.2),
    "logit sd 0.5": Nature(campaigns=(4, 12), logit_sd=0.5),
    "each status its own": Nature(campaigns=(4, 12), phi=ALL_PHI, each_status=True),
    "clustered domains": Nature(campaigns=(3, 8), phi=ALL_PHI, dead=0.01, wrong=0.08, per_domain=3.0, company_sd=0.8),
    "heavy companies": Nature(campaigns=(3, 8), phi=ALL_PHI, dead=0.006, wrong=0.05, heavy=True, company_sd=0.8),
    "ten a company": Nature(campaigns=(3, 8), phi=ALL_PHI, dead=0.02, per_domain=10.0, company_sd=0.6),
    "ten a company, one": Nature(phi=ALL_PHI, dead=0.02, per_domain=10.0, company_sd=0.6),
    "one company closed": Nature(campaigns=(1, 4), phi=ALL_PHI, per_domain=2.5, company_sd=0.6, closed=60),
    "small counts": Nature(history=(150, 600), ahead=(100, 400), campaigns=(1, 4), phi=ALL_PHI),
    "next list, other mix": Nature(campaigns=(3, 8), phi=ALL_PHI, next_guessed=True),
    "many statuses": Nature(campaigns=(3, 8), phi=ALL_PHI, statuses=_MIXED, next_guessed=True),
    "campaigns lean": Nature(campaigns=(3, 8), phi=ALL_PHI, leaning=True),
    "large": Nature(history=(20000, 60000), ahead=(10000, 50000), campaigns=(6, 20), phi=(0.0, 0.002, 0.01)),
    "hardly any bounce": Nature(campaigns=(1, 6), phi=(0.0, 0.005), rates=(0.0005, 0.002)),
}
#: What one campaign cannot know: whether campaigns differ. Shown apart, and in no mean.
APART: dict[str, Nature] = {
    "one, phi 0": Nature(phi=(0.0,)),
    "one, phi 0.005": Nature(phi=(0.005,)),
    "one, phi 0.01": Nature(phi=(0.01,)),
    "one, phi 0.02": Nature(phi=(0.02,)),
}


@dataclass(frozen=True)
class People:
    """A list of leads: positions in EMAIL_STATUSES and INDUSTRY_GROUPS, a company and a campaign each."""

    status: Ints
    group: Ints
    domain: Ints
    campaign: Ints


def _size(rng: np.random.Generator, bounds: tuple[int, int]) -> int:
    return int(np.exp(rng.uniform(*np.log(bounds))))


def people(nature: Nature, size: int, mix: Reals, campaigns: int, rng: np.random.Generator) -> People:
    """`size` leads by company; with `leaning`, campaigns prefer statuses."""
    drawn = rng.geometric(1 / nature.per_domain, size)
    if nature.heavy:
        drawn = np.minimum((rng.pareto(1.4, size) + 1).astype(int), 80)
    domain = np.repeat(np.arange(size), drawn)[:size]
    count = int(domain.max()) + 1
    group = rng.choice(3, count, p=(0.25, 0.65, 0.10))[domain]
    names = np.array([EMAIL_STATUSES.index(name) for name in nature.statuses])
    campaign = rng.integers(campaigns, size=count)[domain]
    status = names[rng.choice(len(names), size, p=mix)]
    if nature.leaning:
        lean = rng.dirichlet(np.maximum(mix * 6, 0.3), campaigns)
        status = names[(rng.random(size)[:, None] > lean.cumsum(1)[campaign]).sum(1).clip(0, len(names) - 1)]
    return People(status, group, domain, campaign)


@dataclass(frozen=True, eq=False)
class Seen:
    """What of `Contacts` the statistics asked here look at; no domain is a free-mail provider's, each campaign went out
    in a week of its own.
    """

    leads: pd.DataFrame
    domain: Ints
    domains: list[str] = field(default_factory=list)
    counted: None = None

    def per_lead(self, name: str) -> Dimension:
        """The week of each lead's first mail: the only dimension that is asked for."""
        campaign = self.leads["campaign"].cat
        return Dimension(
            campaign.codes.to_numpy(), [f"2026-W{1 + each:02d}" for each in range(len(campaign.categories))]
        )


@dataclass(frozen=True)
class Truth:
    """A world's rates by status and group, and how much one of its campaigns deviates."""

    rates: Reals
    phi: float

    def bounced(self, nature: Nature, leads: People, rng: np.random.Generator) -> NDArray[np.bool_]:
        """One draw of who bounces."""
        campaigns = int(leads.campaign.max()) + 1
        statuses = len(EMAIL_STATUSES)
        quantile = np.repeat(rng.random((campaigns, 1)), statuses, axis=1)
        if nature.each_status:
            quantile = rng.random((campaigns, statuses))
        shift = rng.normal(0, nature.logit_sd, campaigns)
        at = rng.normal(0, nature.company_sd, int(leads.domain.max()) + 1)[leads.domain]
        base = self.rates[leads.status, leads.group]
        if self.phi > 0:
            spread = 1 / self.phi - 1
            cells, place = np.unique(np.c_[leads.status, leads.group, leads.campaign], axis=0, return_inverse=True)
            mean = self.rates[cells[:, 0], cells[:, 1]]
            moved = betaincinv(mean * spread, (1 - mean) * spread, quantile[cells[:, 2], cells[:, 0]])
            base = np.clip(moved, 1e-7, 0.95)[place.ravel()]
        chance = expit(logit(base) + at - nature.company_sd**2 / 2 + shift[leads.campaign])
        luck = rng.random(int(leads.domain.max()) + 1)[leads.domain]
        chance = np.where(luck < nature.dead, 0.97, chance)
        guessed = leads.status == EMAIL_STATUSES.index("guessed")
        chance = np.where(guessed & (luck > 1 - nature.wrong), 0.95, chance)
        return np.asarray(rng.random(len(chance)) < chance)


def _truth(nature: Nature, rng: np.random.Generator) -> Truth:
    good = rng.uniform(*nature.rates)
    times = {"verified": 1.0, "guessed": rng.uniform(1.0, 12.0), "invalid": 20.0}
    rates = np.array([min(good * times.get(name, rng.uniform(1.0, 6.0)), 0.4) for name in EMAIL_STATUSES])
    groups = np.array([1.0 if name == "open" else rng.uniform(0.6, 1.8) for name in INDUSTRY_GROUPS])
    return Truth(np.clip(rates[:, None] * groups[None, :], 1e-5, 0.5), float(rng.choice(nature.phi)))


def _mix(nature: Nature, rng: np.random.Generator) -> Reals:
    if nature.statuses == _USUAL:
        share = rng.uniform(0.05, 0.95) if nature.next_guessed else rng.uniform(0.15, 0.6)
        return np.array([1 - share, share])
    return rng.dirichlet(np.full(len(nature.statuses), 1.5))


def _frame(leads: People, bounced: NDArray[np.bool_]) -> pd.DataFrame:
    columns: dict[str, Any] = {"address": bounced}
    for name, codes, values in (
        ("email_status", leads.status, EMAIL_STATUSES),
        ("industry_group", leads.group, INDUSTRY_GROUPS),
        ("campaign", leads.campaign, tuple(str(i) for i in range(int(leads.campaign.max()) + 1))),
    ):
        columns[name] = pd.Categorical.from_codes(codes, categories=pd.Index(values, dtype=object))
    return pd.DataFrame(columns)


@dataclass
class Tally:
    """What became of the forecasts of one family, summed over runs."""

    runs: int = 0
    plain: float = 0.0
    mid: float = 0.0
    pit: float = 0.0
    squares: float = 0.0
    below: int = 0
    above: int = 0
    width: float = 0.0
    #: The chance of exceeding the tolerance that was given, and whether it was exceeded.
    chances: list[tuple[float, bool]] = field(default_factory=list)

    def line(self, name: str) -> str:
        """One row of the table, in per cent but for the spread."""
        runs = max(self.runs, 1)
        held, sides = (self.plain, self.mid, self.pit), (self.below, self.above, self.width)
        cells = ["".join(f"{100 * part / runs:8.1f}" for part in parts) for parts in (held, sides)]
        return f"{name:22}{self.runs:6}{cells[0]}{(self.squares / runs) ** 0.5:8.2f}{cells[1]}"

    def kept(self) -> str:
        """How often the tolerance was exceeded, by the chance that was given: per cent and forecasts."""
        given, came = np.array([each[0] for each in self.chances]), np.array([each[1] for each in self.chances])
        place = np.searchsorted(_CHANCES[1:-1], given)
        rows = [
            f"{100 * given[place == at].mean():8.1f}{100 * came[place == at].mean():8.1f}{(place == at).sum():8}"
            for at in np.unique(place)
        ]
        return "\n".join([f"{'chance':>8}{'came':>8}{'lists':>8}", *rows])


def run_family(nature: Nature, runs: int, seed: int) -> Tally:
    """`runs` worlds, one forecast each."""
    tally = Tally()
    for number in range(runs):
        rng = np.random.default_rng([seed, number])
        truth, mix = _truth(nature, rng), _mix(nature, rng)
        campaigns = int(rng.integers(nature.campaigns[0], nature.campaigns[1] + 1))
        sent = people(nature, _size(rng, nature.history), mix, campaigns, rng)
        bounced = truth.bounced(nature, sent, rng)
        if nature.closed:
            # Its leads are of the first campaign, and of the mix of all.
            one = np.arange(len(bounced)) < nature.closed
            sent = replace(sent, domain=np.where(one, sent.domain.max() + 1, sent.domain))
            sent = replace(sent, campaign=np.where(one, 0, sent.campaign), group=np.where(one, 1, sent.group))
            bounced = bounced | one
        frame = _frame(sent, bounced)
        ahead_mix = _mix(nature, rng) if nature.next_guessed else mix
        ahead = people(nature, _size(rng, nature.ahead), ahead_mix, 1, rng)
        came = int(truth.bounced(nature, ahead, rng).sum())
        past = history(Seen(frame, sent.domain))  # type: ignore[arg-type]
        cells = np.bincount(ahead.status * GROUPS + ahead.group, minlength=CELLS)
        alike = shared(ahead.domain, np.zeros_like(ahead.domain), past.spread.likeness)
        target = Target(cells, np.ones(CELLS), float(alike.sum()))
        drawn = outcomes(past, thresholds().forecast.prior, cells > 0, seed=number)
        _note(tally, forecast(target, drawn, _TOLERANCE), drawn.bounces(target), came, target.size, rng)
    return tally


def _note(tally: Tally, found: Any, drawn: Ints, came: int, size: int, rng: np.random.Generator) -> None:
    low, high = round(found.low * size, 6), round(found.high * size, 6)
    tally.runs += 1
    tally.below += came < low
    tally.above += came > high
    inside = low <= came <= high
    tally.plain += inside
    # With both bounds the same, all of what the forecast holds is that one outcome.
    tally.mid += inside - 0.5 * (came in (low, high) and low < high)
    place = (drawn < came).mean() + rng.random() * (drawn == came).mean()
    tally.pit += _TAIL <= place <= 1 - _TAIL
    tally.squares += ((came - drawn.mean()) / drawn.std()) ** 2
    tally.width += (high - low) / size
    tally.chances.append((found.p_over_tolerance, came > _TOLERANCE * size))


def main(families: Callable[[], dict[str, Nature]] = lambda: FAMILIES | APART) -> None:
    """Print one row per family, and the mean over those that count."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--runs", type=int, default=400)
    options.add_argument("--family", action="append", choices=list(families()))
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    print(f"{'family':22}{'runs':>6}{'plain':>8}{'mid':>8}{'PIT':>8}{'spread':>8}{'below':>8}{'above':>8}{'width':>8}")
    overall = Tally()
    for name in chosen.family or families():
        tally = run_family(families()[name], chosen.runs, chosen.seed)
        print(tally.line(name), flush=True)
        if name in FAMILIES:
            for part in vars(overall):
                setattr(overall, part, getattr(overall, part) + getattr(tally, part))
    print(overall.line("all but the last four"))
    print(overall.kept())


if __name__ == "__main__":
    main()
