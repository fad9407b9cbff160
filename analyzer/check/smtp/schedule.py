"""When which provider is asked: sessions start as places are free, and what was put off comes back in its time.

One task waits for all of it, on the clock of the options, so that tests need no hour for an hour.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections import deque
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from analyzer.check.smtp.groups import Ask, DomainWork, Group
from analyzer.check.smtp.providers import group_of, manner_of

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from analyzer.check.records import DomainFacts
    from analyzer.check.smtp.options import ProbeOptions


class _Timer(NamedTuple):
    """`ask`: an address to ask again; `random`: a domain's catch-all question; `place`: a connection's place is free
    again; `wake`: a provider's pause is over."""

    due: float
    number: int
    kind: Literal["ask", "random", "place", "wake"]
    group: Group
    work: DomainWork | None = None
    address: Ask | None = None


class Schedule:
    """Providers, their domains, and what is due when."""

    def __init__(self, options: ProbeOptions) -> None:
        self._options = options
        self.groups: dict[str, Group] = {}
        self.in_flight = 0
        #: Addresses, and catch-all questions, that wait for their time.
        self.waiting = 0
        self._domains: dict[str, DomainWork] = {}
        self._may_start: deque[Group] = deque()
        self._timers: list[_Timer] = []
        self._numbers = itertools.count()
        self._changed = asyncio.Event()

    def group(self, facts: DomainFacts) -> Group:
        """The provider of a domain."""
        name = group_of(facts)
        found = self.groups.get(name)
        if found is None:
            found = self.groups[name] = Group.of(name, manner_of(facts, self._options))
        return found

    def domain(self, facts: DomainFacts, takes_all: Callable[[str], bool | None]) -> DomainWork:
        """The domain's addresses; `takes_all` is asked for a domain that has none yet."""
        found = self._domains.get(facts.domain)
        if found is None:
            found = self._domains[facts.domain] = DomainWork(facts, takes_all(facts.domain))
        return found

    def add(self, group: Group, work: DomainWork) -> None:
        """Queue the domain where there is something to ask; forget it where nothing is left."""
        group.add(work, self._options.clock())
        if not (work.busy or work.asks or work.held or work.later):
            self._domains.pop(work.facts.domain, None)
        self._queue(group)

    def ask_later(self, group: Group, work: DomainWork, ask: Ask, due: float) -> None:
        """Have an address asked again."""
        work.later += 1
        self.waiting += 1
        self._push(_Timer(due, next(self._numbers), "ask", group, work, ask))

    def random_later(self, group: Group, work: DomainWork, due: float) -> None:
        """Have the catch-all question asked again."""
        work.later += 1
        self.waiting += 1
        work.random_due = due
        self._push(_Timer(due, next(self._numbers), "random", group, work))

    def pause(self, group: Group, until: float) -> None:
        """Start no session with the provider before."""
        self._push(_Timer(until, next(self._numbers), "wake", group))

    def release(self, group: Group) -> None:
        """A session is over; its place stays empty for the provider's pause."""
        self.in_flight -= 1
        pause = 0.0 if group.broken else group.pause_s()
        if pause > 0:
            self._push(_Timer(self._options.clock() + pause, next(self._numbers), "place", group))
        else:
            group.active -= 1
            self._queue(group)
        self._changed.set()

    def wake(self) -> None:
        """Something changed that `run` may be waiting for."""
        self._changed.set()

    def withdraw(self, group: Group) -> tuple[list[DomainWork], list[Ask]]:
        """Take back all that the provider was to be asked: its domains, and of their addresses those put off."""
        kept: list[_Timer] = []
        works, asks = list(group.ready), []
        group.ready.clear()
        for work in works:
            work.busy = False
        for timer in self._timers:
            if timer.group is not group or timer.work is None:
                kept.append(timer)
                continue
            self._drop(timer.work)
            works.append(timer.work)
            if timer.address is not None:
                asks.append(timer.address)
        heapq.heapify(kept)
        self._timers = kept
        return works, asks

    async def run(
        self,
        start: Callable[[Coroutine[None, None, None]], object],
        session: Callable[[Group], Coroutine[None, None, None]],
        finished: Callable[[], bool],
    ) -> None:
        """Start sessions as they may be, until `finished` says that nothing is left; `wake` has it asked anew."""
        while True:
            # Before all that is looked at, so that a change in between is not slept over.
            self._changed.clear()
            now = self._options.clock()
            while self._timers and self._timers[0].due <= now:
                self._fire(heapq.heappop(self._timers))
            while self._may_start and self.in_flight < self._options.max_in_flight:
                group = self._may_start.popleft()
                group.queued = False
                if group.may_start(now):
                    group.active += 1
                    self.in_flight += 1
                    start(session(group))
                    self._queue(group)
            if finished():
                return
            await self._wait(self._timers[0].due - now if self._timers else None)

    async def _wait(self, seconds: float | None) -> None:
        waits: list[asyncio.Future[Any]] = [asyncio.ensure_future(self._changed.wait())]
        if seconds is not None:
            waits.append(asyncio.ensure_future(self._options.sleep(seconds)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def _fire(self, timer: _Timer) -> None:
        if timer.kind == "place":
            timer.group.active -= 1
        if timer.work is not None:
            self._drop(timer.work)
            if timer.address is not None:
                timer.work.asks.append(timer.address)
            timer.group.add(timer.work, self._options.clock())
        self._queue(timer.group)

    def _drop(self, work: DomainWork) -> None:
        work.later -= 1
        self.waiting -= 1

    def _push(self, timer: _Timer) -> None:
        heapq.heappush(self._timers, timer)
        if self._timers[0] is timer:
            self._changed.set()

    def _queue(self, group: Group) -> None:
        if not group.queued and group.may_start(self._options.clock()):
            group.queued = True
            self._may_start.append(group)
            self._changed.set()
