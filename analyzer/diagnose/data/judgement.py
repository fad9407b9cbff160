"""What is held of the data: a recommendation with the chances that it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analyzer.diagnose.diagnosis import Recommendation, StatusEffect
from analyzer.diagnose.thresholds import thresholds

#: What neither is verified nor left out by max quality.
_BETWEEN = ("catch_all", "risky", "unknown")


@dataclass(frozen=True, slots=True)
class Chances:
    """How likely each setting exceeds the tolerance; None for a setting that leaves no lead.

    `renewed` is max quality without those that are named as bad, for an old verification or where they come from;
    `spared` without catch-all, risky and unknown addresses where these are shown to be worse; None if there are none.
    `beyond`: max quality is expected beyond the tolerance by what its statuses have shown, not by what is believed of
    them.
    """

    quantity: float | None
    quality: float | None
    verified: float | None
    renewed: float | None = None
    spared: float | None = None
    beyond: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """A recommendation and what it rests on. `settled` are the chances at the lowest rates that the data
    makes likely, so that what they say is not said by doubt.

    `arms` names the statuses whose history is too thin, `more` how many sends to each would settle it.
    `shown`: guessed addresses demonstrably bounce more than verified ones. `unread`: leads that bounced for a cause
    that cannot be read, where the answer hangs on it (0 where it does not). `named`: with `reverify`, only who is named
    as bad is to be verified, for an old verification or for where they come from.
    """

    recommendation: Recommendation
    chances: Chances
    settled: Chances
    shown: bool
    arms: tuple[str, ...]
    more: int
    unread: int = 0
    named: bool = False


def shown_worse(apart: Sequence[StatusEffect], there: Sequence[str]) -> list[str]:
    """Which of the statuses that are `there` are neither verified nor guessed, and shown to bounce more than verified
    ones.
    """
    worse = [each.status for each in apart if each.effect in ("driven", "contributes")]
    return [name for name in worse if name in there and name in _BETWEEN]


def to_verify(
    judged: Judgement,
    statuses: Sequence[str],
    apart: Sequence[StatusEffect],
    *,
    aged: bool = False,
    spared: Sequence[str] = (),
) -> list[str]:
    """Whose addresses `reverify` is about: of the `statuses` on the list, those in between that are shown to bounce
    more than verified ones (all of them where none is), and verified ones where they alone would exceed the tolerance.
    Where they would not, it is about the statuses without which the list holds (`spared`).
    Where only who is named as bad is: verified ones if some are `aged`, and no status for where they come from.
    """
    if judged.recommendation != "reverify":
        return []
    if judged.named:
        return ["verified"] if aged else []
    there = [name for name in _BETWEEN if name in statuses]
    shown = shown_worse(apart, there)
    alone = judged.chances.verified
    accused = alone is not None and alone > thresholds().forecast.risk
    return ["verified", *shown] if accused else list(spared) or shown or there
