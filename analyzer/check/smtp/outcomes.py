"""What follows from what a host said: an answer, another try later, a domain settled, or a provider left alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from analyzer.check.smtp.meaning import Meaning, of_refusal

if TYPE_CHECKING:
    from analyzer.check.records import MailboxFacts, MailboxState
    from analyzer.check.smtp.answers import Answers
    from analyzer.check.smtp.connection import ConnectionTroubleError
    from analyzer.check.smtp.dialogue import RefusedError
    from analyzer.check.smtp.groups import Ask, DomainWork, Group
    from analyzer.check.smtp.options import ProbeOptions
    from analyzer.check.smtp.schedule import Schedule
    from analyzer.check.store import Store

#: A host's own "try again in" counts up to here, in seconds.
_LONGEST_HINT_S = 7200
#: Of the providers heard from, so many and such a share that refuse us end the run, whether or not any of them did so
#: often enough to be left alone by itself: many small hosts are asked only once.
_REFUSING, _REFUSING_SHARE = 10, 0.2


class Outcomes:
    """Draws the consequences, for addresses, domains and providers."""

    def __init__(self, options: ProbeOptions, store: Store, schedule: Schedule, answers: Answers) -> None:
        self.stopped = ""
        self.left_alone: list[str] = []
        self._options = options
        self._store = store
        self._schedule = schedule
        self._answers = answers
        self._heard: set[str] = set()
        self._refusing: set[str] = set()

    # An address

    async def later(self, group: Group, work: DomainWork, ask: Ask, facts: MailboxFacts) -> None:
        """Ask again in its time, or answer where that was the last time."""
        times = self._times(facts.state)
        if ask.attempt >= len(times):
            await self._answers.give(facts)
            return
        due = self._options.clock() + max(times[ask.attempt], min(facts.retry_after_s or 0, _LONGEST_HINT_S))
        ask.attempt += 1
        ask.drops = 0
        self._answers.put_off(facts, ask.attempt, due)
        self._schedule.ask_later(group, work, ask, due)

    async def accepted(self, work: DomainWork, ask: Ask, facts: MailboxFacts) -> None:
        """Hold it until it is known whether the domain takes every address."""
        self._answers.put_off(facts, ask.attempt, self._options.clock())
        await self.hold(work, ask, facts)

    async def hold(self, work: DomainWork, ask: Ask, facts: MailboxFacts) -> None:
        """`accepted`, of an answer that was kept before."""
        ask.accepted = facts
        work.held.append(ask)
        if work.takes_all is not None or work.unclear is not None:
            await self._release(work)

    async def not_asked(self, group: Group, address: str) -> None:
        """An answer for an address of a provider that is left alone; not kept, so that the next run asks."""
        broken = group.broken
        said = self.stopped or (f"{broken.reply} {broken.text}".strip() if broken else "")
        who = f"{group.name} refuses" if not self.stopped else "receiving hosts refuse"
        text = f"not asked: {who} this host: {said}"
        reason = broken.reason if broken else ""
        await self._answers.hand_out(replace(self._answers.facts(address, "policy", reason, text=text), checked_at=""))

    async def takes_all_answer(self, group: Group, work: DomainWork, ask: Ask) -> None:
        """An answer for an address of a domain that takes every one."""
        state: MailboxState = "catch_all" if group.manner.answers == "each" else "opaque"
        if ask.accepted is not None:
            await self._answers.give(self._answers.relabelled(ask.accepted, state))
            return
        text = "not asked: its domain takes every address"
        await self._answers.hand_out(self._answers.facts(ask.address, state, text=text, host=work.facts.mx[0]))

    # A domain

    async def takes_all(self, group: Group, work: DomainWork, takes_all: bool) -> None:
        """The catch-all question is answered, for all of the domain's addresses."""
        work.takes_all = takes_all
        self._store.save_catch_all(work.facts.domain, takes_all, self._options.clock())
        if not takes_all:
            await self._release(work)
            return
        asks = [*work.held, *work.asks]
        work.held.clear()
        work.asks.clear()
        for ask in asks:
            await self.takes_all_answer(group, work, ask)

    async def random_later(self, group: Group, work: DomainWork, meaning: Meaning, said: str) -> None:
        """Ask the catch-all question again in its time, or leave it open where that was the last time."""
        times = self._times(meaning.state)
        if work.random_attempt >= len(times):
            await self.unclear(work, meaning, said)
            return
        work.random_attempt += 1
        self._schedule.random_later(group, work, self._options.clock() + times[work.random_attempt - 1])

    async def unclear(self, work: DomainWork, meaning: Meaning, said: str) -> None:
        """The catch-all question stays open: no address of the domain counts as accepted."""
        work.unclear, work.unclear_said = meaning, said
        await self._release(work)

    async def refused(self, group: Group, work: DomainWork, refused: RefusedError, host: str) -> None:
        """Sent away before an address was named: the domain's addresses share the answer."""
        meaning = of_refusal(refused.reply, refused.phase, host)
        after = meaning.retry_after_s
        facts = self._answers.facts("", meaning.state, meaning.reason, refused.reply, host=host, after=after)
        await self.note(group, meaning, facts)
        if group.broken or meaning.about_us == "slows":
            # Whoever is not left alone by now is asked after the pause.
            return
        if meaning.about_us == "blocks" and meaning.state == "policy" and work.asks:
            # The next one shows whether it stays with that.
            await self._answers.give(replace(facts, address=work.asks.popleft().address))
            return
        await self._all_fail(group, work, facts)

    async def unreachable(self, group: Group, work: DomainWork, trouble: ConnectionTroubleError) -> None:
        """None of the domain's hosts talked to us."""
        reason = "protocol_error" if trouble.kind in {"garbled", "out_of_step"} else "network_error"
        host = work.facts.mx[0]
        await self._all_fail(group, work, self._answers.facts("", "no_answer", reason, text=str(trouble), host=host))

    async def give_up(self, group: Group, work: DomainWork) -> None:
        """The domain's provider is left alone."""
        asks = [*work.held, *work.asks]
        work.held.clear()
        work.asks.clear()
        for ask in asks:
            await self.not_asked(group, ask.address)

    async def _all_fail(self, group: Group, work: DomainWork, facts: MailboxFacts) -> None:
        asks = list(work.asks)
        work.asks.clear()
        for ask in asks:
            await self.later(group, work, ask, replace(facts, address=ask.address))
        if work.wants_random(self._options.clock()):
            await self.random_later(group, work, Meaning(facts.state, facts.reason), f"{facts.reply} {facts.text}")

    async def _release(self, work: DomainWork) -> None:
        """Answer those that were held: accepted, or why that stays unsure."""
        held, work.held = work.held, []
        for ask in held:
            assert ask.accepted is not None
            facts = ask.accepted
            if work.unclear is not None:
                also = f"; and to an address that nobody can have: {work.unclear_said}"
                facts = self._answers.relabelled(facts, work.unclear.state, work.unclear.reason, also)
            await self._answers.give(facts)

    def _times(self, state: MailboxState) -> tuple[float, ...]:
        if state == "temporary":
            return self._options.retry_after_s
        # A host that is down may come back; one that is gone is not waited for.
        return self._options.retry_after_s[:1] if state == "no_answer" else ()

    # A provider

    async def note(self, group: Group, meaning: Meaning, facts: MailboxFacts) -> None:
        """Whether the provider still talks to us."""
        self._heard.add(group.name)
        if meaning.about_us == "blocks":
            self._refusing.add(group.name)
            if group.blocked(facts, self._options.block_limit):
                await self._leave_alone(group)
            elif len(self._refusing) >= max(_REFUSING, _REFUSING_SHARE * len(self._heard)):
                await self._stop(facts)
        elif meaning.about_us == "slows":
            self._schedule.pause(group, group.slow_down(self._options.clock(), self._options.retry_after_s))
            if group.slowed > len(self._options.retry_after_s) + 1 and group.broken is None:
                group.broken = facts
                await self._leave_alone(group)
        elif meaning.state in {"accepted", "unknown_user", "disabled", "full", "opaque"}:
            group.judged()
            self._refusing.discard(group.name)

    async def _leave_alone(self, group: Group) -> None:
        self.left_alone.append(group.name)
        assert group.broken is not None
        if len(self.left_alone) >= self._options.stop_after:
            await self._stop(group.broken)
        else:
            await self._abandon(group)

    async def _stop(self, facts: MailboxFacts) -> None:
        if self.stopped:
            return
        self.stopped = f"{facts.reply} {facts.text}".strip() or facts.reason
        for group in list(self._schedule.groups.values()):
            group.broken = group.broken or facts
            await self._abandon(group)

    async def _abandon(self, group: Group) -> None:
        works, asks = self._schedule.withdraw(group)
        for ask in asks:
            await self.not_asked(group, ask.address)
        for work in works:
            await self.give_up(group, work)
            self._schedule.add(group, work)
