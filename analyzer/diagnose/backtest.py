"""What the advice would have been before each past campaign, and what then happened: does the forecast hold?

Each campaign after the first is taken as the next list of those before it. Only what had been sent by then is known to
the advice; the outcome is the campaign's own, over the leads that could be written to. What following the advice would
have avoided is known of leads that it leaves out. Of those it has verified first, nobody knows what that would have
found: only the most that it can avoid is told.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analyzer.correlate.leads import LEAD_FRAME
from analyzer.diagnose.ahead.decisions import choose
from analyzer.diagnose.data.data_quality import data_quality
from analyzer.diagnose.diagnosis import Forecast, Interval, Recommendation
from analyzer.diagnose.estimates.rates import wilson
from analyzer.diagnose.leads.asked import asked
from analyzer.diagnose.leads.contacts import contacts
from analyzer.diagnose.leads.hindsight import as_known
from analyzer.diagnose.leads.incomplete import observed
from analyzer.diagnose.words import many, number
from analyzer.sources.tables import parse_times

if TYPE_CHECKING:
    from analyzer.correlate import Correlated
    from analyzer.diagnose.leads.asked import Unasked

_TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Step:
    """One campaign, foretold and seen. Rates are address faults per lead, 0 to 1.

    `forecast` and `rate` are of everyone who could be written to (max quantity). `guessed` leads had `guessed_bounces`:
    what max quality would have avoided, and the leads that it would have left out; `quality_forecast` and
    `quality_rate` are of the others (None without any). Where the advice was reverify, `to_verify` leads were to be
    verified before, and had `to_verify_bounces`: verifying avoids none of these to all of them.
    """

    campaign: str
    began: str
    known_leads: int
    leads: int
    recommendation: Recommendation
    forecast: Forecast
    bounces: int
    rate: float | None
    within_interval: bool
    over_tolerance: bool
    guessed: int
    guessed_bounces: int
    #: What the rule of thumb says: over the tolerance so far, so leave guessed addresses out.
    naive_max_quality: bool
    quality_forecast: Forecast | None = None
    quality_rate: float | None = None
    quality_within_interval: bool = True
    to_verify: int = 0
    to_verify_bounces: int = 0


@dataclass(frozen=True, slots=True)
class Backtest:
    """All steps. `coverage`: share of outcomes inside their 95 % interval, with the Wilson interval of that share.

    `brier`: mean squared error of the chance of exceeding the tolerance (0 best, 0.25 a coin's); `over_foretold`: the
    sum of these chances, `over_came`: how many of those campaigns exceeded it. `avoided` and `lost`: bounces not had
    and deliveries not made by following the advice where it was max quality; `naive_…` by the rule of thumb. Where
    it was reverify, `to_verify` leads were to be verified before, who had `to_verify_bounces`: the most bounces that
    following it would have avoided. `skipped` names campaigns and leads that could not be tested, and why.
    """

    tolerance: float
    steps: tuple[Step, ...]
    coverage: Interval
    brier: float | None
    avoided: int
    lost: int
    naive_avoided: int
    naive_lost: int
    skipped: tuple[str, ...] = ()
    over_foretold: float = 0.0
    over_came: int = 0
    to_verify: int = 0
    to_verify_bounces: int = 0

    def to_dict(self) -> dict[str, Any]:
        """The backtest as plain lists and dicts."""
        return asdict(self)


def backtest(correlated: Correlated, *, tolerance: float, seed: int) -> Backtest:
    """Replay the campaigns of `correlated` in the order of their first mail.

    Campaigns without a name or a time cannot be put in order and are skipped. Leads of whom a part is missing, and
    those of whom no server was asked (`asked`), are left out of what was known and of what came.
    """
    given, correlated = correlated, observed(correlated, contacts(correlated))[0]
    missing = correlated.warnings[: len(correlated.warnings) - len(given.warnings)]
    sends = correlated.sends
    began = sends[sends["campaign"] != ""].groupby("campaign", observed=True)["sent_at"].min().sort_values()
    skipped = [said.removesuffix(".") for said in missing]
    skipped += [f"{name}: has no times" for name in began.index[began.isna()]]
    if (sends["campaign"] == "").any():
        skipped.append("mails without a campaign: cannot be put in order")
    began = began.dropna()
    if len(began):
        skipped.append(f"{began.index[0]}: is the first, nothing was known before it")
    steps = []
    for name, start in list(began.items())[1:]:
        before = sends[sends["sent_at"] < start]
        met, silent = _new(correlated, str(name), before)
        if silent is not None:
            skipped.append(
                f"{number(silent.leads)} of {many(silent.of, 'lead')} of {name}: their mail was turned away before any "
                "server was asked for them"
            )
        step = _step(correlated, str(name), pd.Timestamp(start), before, met, tolerance=tolerance, seed=seed)
        if step is None:
            skipped.append(f"{name}: none of its leads was new, or nothing had been sent before it")
        else:
            steps.append(step)
    return _summed(tuple(steps), tolerance, tuple(skipped))


def _new(correlated: Correlated, name: str, before: pd.DataFrame) -> tuple[pd.DataFrame, Unasked | None]:
    """The mails of a campaign to leads that were not written to before, and who of these is left out of them."""
    sends = correlated.sends
    met = sends[(sends["campaign"] == name) & ~sends["lead"].isin(before["lead"].unique())]
    came = replace(correlated, sends=met.reset_index(drop=True))
    tried, _, silent = asked(came, contacts(came))
    return tried.sends, silent


def _step(
    correlated: Correlated,
    name: str,
    start: pd.Timestamp,
    before: pd.DataFrame,
    met: pd.DataFrame,
    *,
    tolerance: float,
    seed: int,
) -> Step | None:
    if before.empty or met.empty:
        return None
    known = _known(correlated, before, met, start)
    everyone = contacts(known)
    judged, ahead = data_quality(known, as_known(known, everyone), tolerance=tolerance, seed=seed)
    counted = asked(known, everyone)[1]
    free = ahead.barred == ""
    lead = met.drop_duplicates("lead")["lead"].to_numpy()
    failed = np.isin(lead, met.loc[met["fault"] == "address", "lead"].unique()) & free
    guessed = free & (met.drop_duplicates("lead")["email_status"] == "guessed").to_numpy()
    size, bounces = int(free.sum()), int(failed.sum())
    if not size:
        return None
    foretold, without = judged.forecast.max_quantity, judged.forecast.max_quality
    rate = bounces / size
    others = int((free & ~guessed).sum())
    quality = int((failed & ~guessed).sum()) / others if others else None
    so_far = float(counted.leads["address"].mean()) if len(counted.leads) else 0.0
    verify = np.zeros(len(free), dtype=np.bool_)
    if judged.recommendation == "reverify":
        verify = free & ~choose(ahead, judged, tolerance).send
    return Step(
        campaign=name,
        began=start.strftime("%Y-%m-%d"),
        known_leads=len(counted.leads),
        leads=size,
        recommendation=judged.recommendation,
        forecast=foretold,
        bounces=bounces,
        rate=rate,
        within_interval=_holds(foretold, rate),
        over_tolerance=rate > tolerance,
        guessed=int(guessed.sum()),
        guessed_bounces=int((guessed & failed).sum()),
        naive_max_quality=so_far > tolerance,
        quality_forecast=without,
        quality_rate=quality,
        quality_within_interval=quality is None or _holds(without, quality),
        to_verify=int(verify.sum()),
        to_verify_bounces=int((verify & failed).sum()),
    )


def _holds(foretold: Forecast, rate: float) -> bool:
    low, high = foretold.low or 0.0, 1.0 if foretold.high is None else foretold.high
    return low - _TINY <= rate <= high + _TINY


def _known(correlated: Correlated, before: pd.DataFrame, met: pd.DataFrame, start: pd.Timestamp) -> Correlated:
    """The data as it stood before a campaign, with that campaign's leads as the next list."""
    arrived = parse_times(correlated.bounces["received_at"])
    late, bounces = correlated.bounces[arrived >= start], correlated.bounces[~(arrived >= start)]
    before = before.copy(deep=False)
    # Another copy of the same failure may well come after the campaign began.
    unknown = before["send_id"].isin(late["send_id"]) & ~before["send_id"].isin(bounces["send_id"])
    for column in ("label", "fault", "reason"):
        before[column] = before[column].mask(unknown, "")
    upcoming = met.drop_duplicates("lead").rename(columns={"recipient": "email"})
    return replace(
        correlated,
        sends=before,
        bounces=bounces[bounces["send_id"].isin(before["send_id"])],
        next_leads=upcoming[
            [name for name in upcoming.columns if name in LEAD_FRAME or name in correlated.drivers]
        ].reset_index(drop=True),
    )


def _summed(steps: tuple[Step, ...], tolerance: float, skipped: tuple[str, ...]) -> Backtest:
    inside = sum(step.within_interval for step in steps)
    coverage = Interval(None, None, None)
    if steps:
        low, high = wilson(inside, len(steps))
        coverage = Interval(inside / len(steps), float(low), float(high))
    told = [(chance, step.over_tolerance) for step in steps if (chance := step.forecast.p_over_tolerance) is not None]
    errors = [(chance - over) ** 2 for chance, over in told]
    followed = [step for step in steps if step.recommendation == "max_quality"]
    naive = [step for step in steps if step.naive_max_quality]
    return Backtest(
        tolerance=tolerance,
        steps=steps,
        coverage=coverage,
        brier=float(np.mean(errors)) if errors else None,
        over_foretold=float(sum(chance for chance, _ in told)),
        over_came=sum(over for _, over in told),
        avoided=sum(step.guessed_bounces for step in followed),
        lost=sum(step.guessed - step.guessed_bounces for step in followed),
        naive_avoided=sum(step.guessed_bounces for step in naive),
        naive_lost=sum(step.guessed - step.guessed_bounces for step in naive),
        skipped=skipped,
        to_verify=sum(step.to_verify for step in steps),
        to_verify_bounces=sum(step.to_verify_bounces for step in steps),
    )
