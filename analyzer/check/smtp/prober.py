"""The probe itself: addresses in, one answer for each out, as they come.

A domain is in one session at a time: its real addresses first, and once one of them is accepted an address that cannot
exist; whether the domain takes every address is asked once, and kept. What is put off is asked again in its time.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable
from typing import TYPE_CHECKING, TypeAlias

from analyzer.check.records import DomainFacts, MailboxFacts
from analyzer.check.smtp import meaning as meanings
from analyzer.check.smtp.answers import Answers, Progress
from analyzer.check.smtp.connection import ConnectionTroubleError, Reply
from analyzer.check.smtp.dialogue import NoSmtpUtf8Error, RefusedError, Session
from analyzer.check.smtp.groups import Ask, DomainWork, Group, Pace
from analyzer.check.smtp.hosts import Hosts
from analyzer.check.smtp.meaning import Meaning
from analyzer.check.smtp.outcomes import Outcomes
from analyzer.check.smtp.schedule import Schedule

if TYPE_CHECKING:
    from analyzer.check.smtp.options import ProbeOptions
    from analyzer.check.store import Store

Target: TypeAlias = tuple[str, DomainFacts]
Targets: TypeAlias = AsyncIterable[Target] | Iterable[Target]

#: Local parts that may stand in a command as they are: no spaces or brackets but in quotes, never a control character.
_LOCAL = re.compile(r"""[^\s<>"\x00-\x1f\x7f]+|"[^\x00-\x1f\x7f]+\"""")
#: Why a domain has no host to ask, as one of our reasons; what DNS could not tell has none.
_NO_HOST = {"nxdomain": "domain_not_found", "null_mx": "no_mail_server", "no_mail": "no_mail_server"}


async def probe(
    targets: Targets,
    options: ProbeOptions,
    store: Store,
    on_progress: Callable[[Progress], None] | None = None,
) -> AsyncIterator[MailboxFacts]:
    """Ask the mail hosts of these addresses, and yield one answer for each target, in the order in which they come.

    A repeated address is asked once and answered as often as it is there. At most `options.window` addresses are held,
    and each answer is committed to `store` before it is yielded: after a kill, a second run with the same store asks
    again at most the one address that each open connection was at (`options.max_in_flight`), and no other.
    `on_progress` is called after each answer. Raises `OutputError` where the store cannot be written.
    """
    prober = _Prober(options, store)
    if on_progress is not None:
        prober.answers.on_change = lambda: on_progress(prober.progress())
    running = asyncio.ensure_future(prober.run(targets))
    try:
        while (facts := await prober.answers.queue.get()) is not None:
            yield facts
        await running
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await running


class _Prober:
    def __init__(self, options: ProbeOptions, store: Store) -> None:
        self.answers = Answers(options, store)
        self._options = options
        self._store = store
        self._schedule = Schedule(options)
        self._outcomes = Outcomes(options, store, self._schedule, self.answers)
        self._hosts = Hosts(options)
        self._pace = Pace(1.0 / options.recipients_per_second)
        self._all_in = False
        self._asked = 0

    async def run(self, targets: Targets) -> None:
        """Take in, ask and answer until all is done; None in the queue is the end, whether good or bad."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._take_in(targets))
                await self._schedule.run(
                    tasks.create_task, self._session, lambda: self._all_in and self.answers.none_open
                )
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None
        finally:
            current = asyncio.current_task()
            if current is not None and not current.cancelling():
                await self.answers.queue.put(None)

    def progress(self) -> Progress:
        """How far it is."""
        answers, schedule, outcomes = self.answers, self._schedule, self._outcomes
        return Progress(
            answers.taken_in,
            answers.done,
            answers.cached,
            self._asked,
            schedule.waiting,
            schedule.in_flight,
            tuple(outcomes.left_alone),
            outcomes.stopped,
        )

    # In

    async def _take_in(self, targets: Targets) -> None:
        async for address, facts in _each(targets):
            if await self.answers.expect(address):
                await self._take(address, facts)
        self._all_in = True
        self._schedule.wake()

    async def _take(self, address: str, facts: DomainFacts) -> None:
        """Answer what needs no asking, and queue the rest."""
        now = self._options.clock()
        known = self._store.mailbox(address, now)
        if known is not None:
            return await self.answers.give_known(known)
        without = _without_asking(address, facts)
        if without is not None:
            return await self.answers.hand_out(without)
        group = self._schedule.group(facts)
        if group.manner.answers == "alike":
            text = f"not asked: {group.name} answers every address alike"
            return await self.answers.hand_out(MailboxFacts(address, "opaque", text=text, host=facts.mx[0]))
        if group.broken or self._outcomes.stopped:
            return await self._outcomes.not_asked(group, address)
        work = self._schedule.domain(facts, lambda domain: self._store.catch_all(domain, now))
        put_off = self._store.put_off(address, now)
        if put_off is None and work.takes_all:
            await self._outcomes.takes_all_answer(group, work, Ask(address))
        elif put_off is None:
            work.asks.append(Ask(address))
        elif put_off.facts.state == "accepted" and work.takes_all:
            await self._outcomes.takes_all_answer(group, work, Ask(address, accepted=put_off.facts))
        elif put_off.facts.state == "accepted":
            await self._outcomes.hold(work, Ask(address, put_off.attempt), put_off.facts)
        else:
            self._schedule.ask_later(group, work, Ask(address, put_off.attempt), put_off.due)
        return self._schedule.add(group, work)

    # A session

    async def _session(self, group: Group) -> None:
        """Ask the domains of one provider that share a host, up to what a session may have."""
        session: Session | None = None
        work = group.take()
        try:
            while work is not None:
                session = await self._serve(group, work, session)
                work.busy = False
                if group.broken:
                    await self._outcomes.give_up(group, work)
                self._schedule.add(group, work)
                work = group.take(session.host) if session and self._may_ask(group, session) else None
            if session is not None:
                await session.quit()
        finally:
            if session is not None:
                session.close()
            self._schedule.release(group)

    async def _serve(self, group: Group, work: DomainWork, session: Session | None) -> Session | None:
        """Ask what there is of one domain; the session where it can go on, None where it is over."""
        try:
            if session is None:
                session = await self._hosts.open(work.facts.mx)
        except RefusedError as refused:
            await self._outcomes.refused(group, work, refused, work.facts.mx[0])
            return None
        except ConnectionTroubleError as trouble:
            await self._outcomes.unreachable(group, work, trouble)
            return None
        try:
            if await self._ask_domain(group, work, session):
                await session.reset()
                return session
        except RefusedError as refused:
            await self._outcomes.refused(group, work, refused, session.host)
        except ConnectionTroubleError:
            # Whoever was being asked at the time has been seen to.
            session.close()
            return None
        await session.quit()
        return None

    def _may_ask(self, group: Group, session: Session) -> bool:
        now = self._options.clock()
        return session.asked < group.per_session and group.broken is None and group.paused_until <= now

    async def _ask_domain(self, group: Group, work: DomainWork, session: Session) -> bool:
        """False where the session is over."""
        while self._may_ask(group, session):
            if work.wants_random(self._options.clock()):
                goes_on = await self._ask_random(group, work, session)
            elif work.asks:
                goes_on = await self._ask_address(group, work, session)
            else:
                return True
            if not goes_on:
                return False
        return False

    async def _ask_address(self, group: Group, work: DomainWork, session: Session) -> bool:
        """One real address; False where the session is over."""
        outcomes = self._outcomes
        ask = work.asks.popleft()
        further = session.asked > 0
        try:
            reply = await self._rcpt(group, session, ask.address.rpartition("@")[0], work.facts.domain)
        except NoSmtpUtf8Error:
            text = "not asked: the address needs SMTPUTF8, which the host does not offer"
            await self.answers.give(self._facts(ask, Meaning("no_answer", "protocol_error"), session, text=text))
            return True
        except RefusedError:
            work.asks.appendleft(ask)
            raise
        except ConnectionTroubleError as trouble:
            ask.drops += 1
            if ask.drops < 2:
                work.asks.appendleft(ask)
            else:
                facts = self._facts(ask, Meaning("no_answer", "network_error"), session, text=str(trouble))
                await outcomes.later(group, work, ask, facts)
            raise
        meaning = meanings.of_recipient(reply, session.host, ask.address)
        facts = self._facts(ask, meaning, session, reply)
        if (meaning.too_many or meaning.leaving) and further and ask.drops < 2:
            # What the host says of the session is no answer for the address: once more, in a session of its own.
            ask.drops += 1
            work.asks.appendleft(ask)
            self._learn(group, meaning, session)
            await outcomes.note(group, meaning, facts)
            return False
        if meaning.state == "accepted":
            await outcomes.accepted(work, ask, facts)
        elif meaning.state == "temporary":
            await outcomes.later(group, work, ask, facts)
        else:
            await self.answers.give(facts)
        await outcomes.note(group, meaning, facts)
        return not meaning.leaving

    async def _ask_random(self, group: Group, work: DomainWork, session: Session) -> bool:
        """The catch-all question: an address that nobody can have; False where the session is over."""
        outcomes = self._outcomes
        further = session.asked > 0
        domain = work.facts.domain
        try:
            reply = await self._rcpt(group, session, self._random_local(domain), domain)
        except ConnectionTroubleError as trouble:
            work.random_drops += 1
            if work.random_drops >= 2:
                await outcomes.random_later(group, work, Meaning("no_answer", "network_error"), str(trouble))
            raise
        meaning = meanings.of_recipient(reply, session.host, f"@{domain}")
        goes_on = not meaning.leaving
        if reply.positive:
            await outcomes.takes_all(group, work, True)
        elif (meaning.too_many or meaning.leaving) and further and work.random_drops < 2:
            work.random_drops += 1
            self._learn(group, meaning, session)
            goes_on = False
        elif meaning.state in {"temporary", "no_answer"}:
            await outcomes.random_later(group, work, meaning, str(reply))
        elif meaning.about_us:
            await outcomes.unclear(work, meaning, str(reply))
        else:
            # It was refused where a real address had just been taken: the host tells one from the other.
            await outcomes.takes_all(group, work, False)
        await outcomes.note(group, meaning, self._facts(Ask(""), meaning, session, reply))
        return goes_on

    async def _rcpt(self, group: Group, session: Session, local: str, domain: str) -> Reply:
        now = self._options.clock()
        wait = max(group.pace.wait_s(now), self._pace.wait_s(now))
        if wait > 0:
            await self._options.sleep(wait)
        self._asked += 1
        return await session.ask(f"{local}@{domain}")

    def _learn(self, group: Group, meaning: Meaning, session: Session) -> None:
        """How many recipients the provider takes in a session."""
        if meaning.too_many:
            group.per_session = max(1, min(group.per_session, session.asked - 1))

    def _facts(
        self, ask: Ask, meaning: Meaning, session: Session, reply: Reply | None = None, text: str = ""
    ) -> MailboxFacts:
        after = meaning.retry_after_s
        return self.answers.facts(
            ask.address, meaning.state, meaning.reason, reply, text=text, host=session.host, after=after
        )

    def _random_local(self, domain: str) -> str:
        """The same for a domain in every run with this store, so that greylisting knows it when it comes back."""
        return "r" + hashlib.blake2b(domain.encode(), key=self._store.salt, digest_size=8).hexdigest()


def _without_asking(address: str, facts: DomainFacts) -> MailboxFacts | None:
    if facts.state not in {"mx", "implicit_mx"} or not facts.mx:
        text = f"not asked: no mail host ({facts.state}{f': {facts.detail}' if facts.detail else ''})"
        return MailboxFacts(address, "no_answer", text=text, reason=_NO_HOST.get(facts.state, ""))
    if not _LOCAL.fullmatch(address.rpartition("@")[0]):
        text = "not asked: the address cannot be put into a command"
        return MailboxFacts(address, "no_answer", text=text, reason="address_syntax")
    return None


async def _each(targets: Targets) -> AsyncIterator[Target]:
    if isinstance(targets, AsyncIterable):
        async for target in targets:
            yield target
        return
    for number, target in enumerate(targets):
        if number % 100 == 99:
            # What is in memory already must not keep the sessions waiting.
            await asyncio.sleep(0)
        yield target
