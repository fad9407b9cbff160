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
    """How likely each setting exceeds the tolerance; None for a setting that leaves no lead."""

    quantity: float | None
    quality: float | None
    verified: float | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """A recommendation and what it rests on. `settled` are the chances at the lowest rates that the data
    makes likely, so that what they say is not said by doubt.

    `arms` names the statuses whose history is too thin, `more` how many sends to each would settle it.
    `shown`: guessed addresses demonstrably bounce more than verified ones. `unread`: leads that bounced for a cause
    that cannot be read, where the answer hangs on it (0 where it does not).
    """

    recommendation: Recommendation
    chances: Chances
    settled: Chances
    shown: bool
    arms: tuple[str, ...]
    more: int
    unread: int = 0


def to_verify(judged: Judgement, statuses: Sequence[str], apart: Sequence[StatusEffect]) -> list[str]:
    """Whose addresses `reverify` is about: of the `statuses` on the list, those in between that are shown to bounce
    more than verified ones (all of them where none is), and verified ones where they alone would exceed the tolerance.
    """
    if judged.recommendation != "reverify":
        return []
    there = [name for name in _BETWEEN if name in statuses]
    shown = [each.status for each in apart if each.status in there and each.effect in ("driven", "contributes")]
    alone = judged.chances.verified
    accused = alone is not None and alone > thresholds().forecast.risk
    return ["verified", *shown] if accused else shown or there
