"""The verdict lead by lead: who of the next list is sent to, who is verified first, who is left out.

What is sent to is what the recommendation keeps, where that is known to hold, or the best mix where that keeps more.
Whatever the setting, a lead is verified first where something names it as bad: a misspelt domain, an origin that
bounces beyond the tolerance, an old verification where these do, a bounce of its own that says nothing of its cause or
is older than the log, a name that `check` would not let pass, or a chance by which it will rather bounce than not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from analyzer.diagnose.arrays import Flags
from analyzer.diagnose.diagnosis import Decisions, Forecast, Forecasts, Lacking, Recommendation, StatusDecisions
from analyzer.diagnose.thresholds import thresholds
from analyzer.records import EMAIL_STATUSES

if TYPE_CHECKING:
    from analyzer.diagnose.ahead.next_list import NextList

#: A lead that will rather bounce than not is none to send to, however few of them a list may hold.
_TOO_RISKY = 0.5
#: No more of a list than this is sent to only for what its bounces tell.
_PART = 0.2
_GUESSED, _VERIFIED = EMAIL_STATUSES.index("guessed"), EMAIL_STATUSES.index("verified")


class Held(Protocol):
    """What decides of a verdict on the data (`DataQuality`, which has it all)."""

    @property
    def recommendation(self) -> Recommendation: ...
    @property
    def forecast(self) -> Forecasts: ...
    @property
    def to_verify(self) -> list[str]: ...
    @property
    def to_verify_older_than(self) -> int | None: ...
    @property
    def lacking(self) -> Lacking | None: ...


@dataclass(frozen=True, slots=True)
class Decided:
    """The same before the verdict is put into words."""

    recommendation: Recommendation
    forecast: Forecasts
    to_verify: list[str]
    to_verify_older_than: int | None
    lacking: Lacking | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """Flags for each lead: who is sent to; and who is verified first for being `misspelt`, `old`, of a bad origin (one
    flag an origin of the list), `risky`, or `doubted` for what else is known of it (`NextList.doubted`), whatever the
    setting of the `recommendation`. `part`: who is sent to is a first part, for what its bounces tell.
    """

    send: Flags
    misspelt: Flags
    old: Flags
    origins: tuple[Flags, ...]
    risky: Flags
    doubted: Flags
    recommendation: Recommendation
    part: bool = False

    @property
    def first(self) -> Flags:
        """Who is verified first, whatever the setting."""
        return np.asarray(
            np.logical_or.reduce([self.misspelt, self.old, self.risky, self.doubted, *self.origins]), dtype=np.bool_
        )


def counted(ahead: NextList, chosen: Chosen) -> Decisions:
    """How many leads have which decision."""
    free = ahead.barred == ""

    def of(mine: Flags) -> tuple[int, int, int]:
        sent, here = int((chosen.send & mine).sum()), int((free & mine).sum())
        return sent, here - sent, int(mine.sum()) - here

    codes = [(name, ahead.status == code) for code, name in enumerate(EMAIL_STATUSES)]
    by_status = [StatusDecisions(name, *of(mine)) for name, mine in codes if mine.any()]
    return Decisions(*of(np.ones(len(free), dtype=np.bool_)), int(chosen.misspelt.sum()), by_status)


def choose(ahead: NextList, held: Held, tolerance: float) -> Chosen:
    """Who is sent to."""
    free, nobody = ahead.barred == "", np.zeros(len(ahead.barred), dtype=np.bool_)
    unmet = free & ~ahead.taken
    old = ahead.old(tolerance)
    found = Chosen(
        send=nobody,
        misspelt=nobody if ahead.meant is None else unmet & (ahead.meant != ""),
        old=nobody if old is None else old,
        origins=ahead.of_bad_origin(tolerance),
        risky=unmet & (ahead.chance > _TOO_RISKY),
        doubted=nobody if ahead.doubted is None else ahead.doubted != "",
        recommendation=held.recommendation,
    )
    again = _again(ahead, held)
    kept, mix = _kept(ahead, held, tolerance) & ~found.first & ~again, nobody.copy()
    mix[ahead.by_risk()[: held.forecast.best_mix.leads]] = True
    if (mix & ~again).sum() >= kept.sum():
        kept = mix & ~again
        if ahead.ranking is not None and ahead.ranking.used == "model" and held.recommendation != "max_quantity":
            # The model knows how much each age adds, and the mix takes as many of the old ones as there is room for.
            found = replace(found, old=found.old & ~kept)
    send = kept & ~found.first
    if send.any():
        return replace(found, send=send)
    send = _first_part(ahead, held, found, tolerance)
    return replace(found, send=send, part=bool(send.any()))


def _first_part(ahead: NextList, held: Held, found: Chosen, tolerance: float) -> Flags:
    """Where nobody else is sent to and more sends would tell, as many of the safest leads as that takes, one a company.

    Nobody where the list is not expected within the tolerance, nor anybody who is not.
    """
    send = np.zeros(len(ahead.barred), dtype=np.bool_)
    lacking, expected = held.lacking, held.forecast.max_quantity.rate
    if not ahead.own or lacking is None or not lacking.sends or expected is None or expected > tolerance:
        return send
    order = ahead.by_risk()
    there = ~found.first[order] & (ahead.chance[order] <= tolerance)
    if lacking.statuses:
        there &= np.isin(ahead.status[order], [EMAIL_STATUSES.index(name) for name in lacking.statuses])
    rows = order[there]
    safest = rows[np.sort(np.unique(ahead.company[rows], return_index=True)[1])]
    send[safest[: min(lacking.sends, int(_PART * len(order)))]] = True
    return send


def _again(ahead: NextList, held: Held) -> Flags:
    """Whose addresses are to be verified before anything is sent; where verified ones are, the mix is all there is."""
    if "verified" in held.to_verify:
        return np.zeros(len(ahead.barred), dtype=np.bool_)
    return np.isin(ahead.status, [EMAIL_STATUSES.index(name) for name in held.to_verify])


def _holds(forecast: Forecast) -> bool:
    """Whether what is foretold is taken to stay within the tolerance."""
    return (forecast.p_over_tolerance or 0.0) <= thresholds().forecast.risk


def _kept(ahead: NextList, held: Held, tolerance: float) -> Flags:
    """Whom the recommendation sends to."""
    kept = ahead.barred == ""
    match held.recommendation:
        case "max_quantity":
            pass
        case "max_quality" if _holds(held.forecast.max_quality):
            kept &= ahead.status != _GUESSED
        case "max_quality":
            # Likely better, and not known to hold: a part is sent first, of those who should.
            kept &= (ahead.status == _VERIFIED) & (ahead.chance <= tolerance)
        case "reverify" if held.to_verify_older_than is not None or not held.to_verify:
            # Who is named as bad is left out, and the others hold.
            kept &= ahead.status != _GUESSED
        case "reverify":
            kept &= (ahead.status != _GUESSED) & ("verified" not in held.to_verify)
        case _:
            # No setting is known to hold. Where old verifications are what is bad, nothing accuses the others; where no
            # mix is known to hold, either, verified leads that should are what tells more; of a forecast that is left
            # open the chances are the highest. Of one that was taken back there are none.
            everyone = held.forecast.max_quantity
            expected = ahead.fresh(tolerance) & (everyone.rate is not None)
            if not held.forecast.best_mix.leads and everyone.high is not None:
                expected |= ahead.chance <= tolerance
            kept &= (ahead.status == _VERIFIED) & expected
    return np.asarray(kept, dtype=np.bool_)
