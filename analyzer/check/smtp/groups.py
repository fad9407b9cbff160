"""One receiving provider as it is asked: its pace, its connections, the domains with addresses to ask, and the breaker
that leaves it alone once it refuses *us*."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analyzer.check.records import MailboxFacts

if TYPE_CHECKING:
    from analyzer.check.records import DomainFacts
    from analyzer.check.smtp.meaning import Meaning
    from analyzer.check.smtp.providers import Manner

#: Pauses are drawn from so much below to so much above what was asked for, so that we do not knock in step.
_JITTER = (0.75, 1.5)


@dataclass(slots=True)
class Ask:
    """An address with its answers of "later" so far (`attempt`), and how often a connection broke over it."""

    address: str
    attempt: int = 0
    drops: int = 0
    #: The answer that waits for the catch-all question of its domain.
    accepted: MailboxFacts | None = None


@dataclass(slots=True)
class DomainWork:
    """A domain's addresses to ask. `takes_all`: what the random address showed, None as long as that is open; `unclear`
    and what was said: why it stays open for good. `held` were accepted and wait for it."""

    facts: DomainFacts
    takes_all: bool | None = None
    unclear: Meaning | None = None
    unclear_said: str = ""
    asks: deque[Ask] = field(default_factory=deque)
    held: list[Ask] = field(default_factory=list)
    #: Asks that wait for their time; a domain with neither these nor others is forgotten.
    later: int = 0
    random_attempt: int = 0
    random_drops: int = 0
    random_due: float = 0.0
    #: A session is at it, or it stands in its group's queue.
    busy: bool = False

    def wants_random(self, now: float) -> bool:
        """Whether the catch-all question is to be asked now."""
        return bool(self.held) and self.takes_all is None and self.unclear is None and self.random_due <= now

    def has_work(self, now: float) -> bool:
        """Whether anything can be asked now."""
        return bool(self.asks) or self.wants_random(now)


@dataclass(slots=True)
class Pace:
    """Turns at an even distance, handed out in the order of asking."""

    distance_s: float
    _next: float = 0.0

    def wait_s(self, now: float) -> float:
        """Take the next turn; the seconds until then."""
        turn = max(now, self._next)
        self._next = turn + self.distance_s
        return turn - now


@dataclass(slots=True)
class Group:
    """A receiving provider. `active`: connections that are open or in their pause; `strikes`: refusals of us since it
    last judged an address; `broken`: why it is left alone, for good."""

    name: str
    manner: Manner
    pace: Pace
    per_session: int
    ready: deque[DomainWork] = field(default_factory=deque)
    active: int = 0
    #: Whether it stands in the queue of groups that may start a session.
    queued: bool = False
    paused_until: float = 0.0
    strikes: int = 0
    slowed: int = 0
    broken: MailboxFacts | None = None

    @classmethod
    def of(cls, name: str, manner: Manner) -> Group:
        """A provider that nobody has asked yet."""
        return cls(name, manner, Pace(60.0 / manner.recipients_per_minute), manner.recipients_per_session)

    def add(self, work: DomainWork, now: float) -> None:
        """Queue the domain where it has something to ask and is not queued yet."""
        if not work.busy and work.has_work(now):
            work.busy = True
            self.ready.append(work)

    def may_start(self, now: float) -> bool:
        """Whether another session may begin."""
        return bool(self.ready) and self.active < self.manner.connections and self.paused_until <= now

    def take(self, host: str = "") -> DomainWork | None:
        """The next domain; with `host` only one whose best mail host that is."""
        if not self.ready or (host and self.ready[0].facts.mx[:1] != (host,)):
            return None
        return self.ready.popleft()

    def pause_s(self) -> float:
        """How long a connection's place stays empty after it."""
        return self.manner.pause_s * random.uniform(*_JITTER)  # noqa: S311  (no secret)

    def judged(self) -> None:
        """It answered for an address: it does talk to us."""
        self.strikes = 0

    def blocked(self, facts: MailboxFacts, limit: int) -> bool:
        """It refused us once more; True where that breaks it."""
        self.strikes += 1
        if self.broken is None and self.strikes >= limit:
            self.broken = facts
            return True
        return False

    def slow_down(self, now: float, pauses: tuple[float, ...]) -> float:
        """It wants less of us: half the pace, and a pause; until when."""
        pause = pauses[min(self.slowed, len(pauses) - 1)] if pauses else 60.0
        if self.paused_until <= now:
            # The sessions that were open at the time say the same once more.
            self.slowed += 1
            self.pace.distance_s = min(60.0, 2 * self.pace.distance_s)
            self.paused_until = now + pause
        return self.paused_until
