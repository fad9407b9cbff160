"""The answers of a probe on their way out: committed first, then handed to whoever reads them; and how far it is."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from analyzer.check.records import MailboxFacts, MailboxState
from analyzer.check.store import PutOff

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.check.smtp.connection import Reply
    from analyzer.check.smtp.options import ProbeOptions
    from analyzer.check.store import Store

_TEXT_LENGTH = 500
#: Answers that wait for whoever reads them.
_OUT = 1024


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a probe is. `done`: answers out, of which `cached` were known from before; `asked`: RCPT commands sent,
    those for random addresses among them; `waiting`: what is to be asked again later; `in_flight`: open connections;
    `left_alone`: providers that refuse us; `stopped`: why nobody is asked any more, "" as long as somebody is."""

    taken_in: int = 0
    done: int = 0
    cached: int = 0
    asked: int = 0
    waiting: int = 0
    in_flight: int = 0
    left_alone: tuple[str, ...] = ()
    stopped: str = ""


class Answers:
    """Addresses that were taken in and not answered yet, and the queue of what was; None in it is the end."""

    def __init__(self, options: ProbeOptions, store: Store) -> None:
        self.queue: asyncio.Queue[MailboxFacts | None] = asyncio.Queue(_OUT)
        self.taken_in = self.done = self.cached = 0
        self.on_change: Callable[[], None] = lambda: None
        self._options = options
        self._store = store
        #: With how often each is wanted.
        self._open: dict[str, int] = {}
        self._room = asyncio.Event()

    @property
    def none_open(self) -> bool:
        """Whether all that was taken in is answered."""
        return not self._open

    async def expect(self, address: str) -> bool:
        """Take an address in, once there is room; False where it is open already and the one answer will do."""
        self.taken_in += 1
        if address in self._open:
            self._open[address] += 1
            return False
        while len(self._open) >= self._options.window:
            self._room.clear()
            await self._room.wait()
        self._open[address] = 1
        return True

    async def give(self, facts: MailboxFacts) -> None:
        """Commit an answer, then hand it out."""
        self._store.save_mailbox(facts, self._options.clock())
        await self.hand_out(facts)

    async def give_known(self, facts: MailboxFacts) -> None:
        """Hand out an answer of before."""
        self.cached += self._open[facts.address]
        await self.hand_out(facts)

    async def hand_out(self, facts: MailboxFacts) -> None:
        """Hand out what is not worth keeping: an answer that nobody was asked for."""
        for _ in range(self._open.pop(facts.address)):
            self.done += 1
            await self.queue.put(facts)
        self._room.set()
        self.on_change()

    def put_off(self, facts: MailboxFacts, attempt: int, due: float) -> None:
        """Commit an answer that is not final."""
        self._store.save_put_off(PutOff(facts, attempt, due))

    def facts(
        self,
        address: str,
        state: MailboxState,
        reason: str = "",
        reply: Reply | None = None,
        *,
        text: str = "",
        host: str = "",
        after: int | None = None,
    ) -> MailboxFacts:
        """An answer of now: what was said, or `text`."""
        said = reply.text if reply else text
        code = str(reply.code) if reply else ""
        now = datetime.fromtimestamp(self._options.clock(), UTC).isoformat(timespec="seconds")
        return MailboxFacts(address, state, code, said[:_TEXT_LENGTH], host, reason, after, now)

    def relabelled(self, facts: MailboxFacts, state: MailboxState, reason: str = "", also: str = "") -> MailboxFacts:
        """The answer with another meaning, for a further reason."""
        return replace(facts, state=state, reason=reason, text=f"{facts.text}{also}"[: 2 * _TEXT_LENGTH])
