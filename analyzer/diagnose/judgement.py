"""What is held of the data: a recommendation with the chances that it rests on."""

from __future__ import annotations

from dataclasses import dataclass

from analyzer.diagnose.diagnosis import Recommendation


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
