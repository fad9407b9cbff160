"""The run over one list: read every address, look its domains up, ask the hosts, and grade row by row in list order.

Rows leave as soon as all that is asked about them, and about those before them, is known.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar

from analyzer.addresses.reading import read_address
from analyzer.check.options import CheckOptions
from analyzer.check.rows import CHECK_COLUMNS, LIFTABLE, RowMaker

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator

    from analyzer.addresses.address import Address
    from analyzer.check.domains import DomainLookup
    from analyzer.check.leads import LeadList
    from analyzer.check.rows import Row
    from analyzer.check.smtp import ProbeOptions
    from analyzer.check.store import Store

_T = TypeVar("_T")
_BATCH = 1000
_EPOCH = date(1970, 1, 1)


class CheckRun:
    """The graded rows of a list, as an iterable that counts what it meets. Iterate it once.

    Rows are dicts with CHECK_COLUMNS, then the list's own columns under `own_columns`. After the last row `grades`,
    `reasons` and `warnings` hold the whole. Raises what the looking-up raises: `AnalyzerError` for a resolver that does
    not answer, `OutputError` for a cache that cannot be written.
    """

    def __init__(
        self,
        leads: LeadList,
        options: CheckOptions | None = None,
        *,
        on_progress: Callable[[str, int, int], None] | None = None,
    ) -> None:
        self.leads = leads
        self.options = options or CheckOptions()
        self.policy = self.options.chosen_policy()
        self._tell = on_progress or (lambda stage, done, total: None)
        self.own_columns, self._own_places = _own_columns(leads)
        self.columns: tuple[str, ...] = (*CHECK_COLUMNS, *self.own_columns)
        self.warnings: list[str] = [
            *leads.warnings,
            *self.options.lists.warnings,
            *self.options.history.warnings,
        ]
        self.grades: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        #: Reasons by grade: what holds leads back.
        self.reasons_of: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.cleaned = self.suggested = 0
        #: Bounces to expect of the leads that may be sent to.
        self.expected = 0.0
        self.resumed = False

    def __len__(self) -> int:
        return len(self.leads)

    def __iter__(self) -> Iterator[Row]:
        maker = self._maker()
        if not (self.options.dns or self.options.smtp):
            for number in range(len(self.leads)):
                if number % _BATCH == 0:
                    self._tell("grade", number, len(self.leads))
                yield self._finished(maker, number)
            self._tell("grade", len(self.leads), len(self.leads))
            return
        with _Loop() as loop:
            batches = self._online(maker)
            try:
                while True:
                    numbers = loop.run(anext(batches, None))
                    if numbers is None:
                        break
                    for number in numbers:
                        yield self._finished(maker, number)
            finally:
                with suppress(Exception):
                    loop.run(batches.aclose())

    def _maker(self) -> RowMaker:
        texts = self.leads.texts
        addresses: list[Address] = []
        for start in range(0, len(texts), _BATCH * 10):
            self._tell("format", start, len(texts))
            addresses += map(read_address, texts[start : start + _BATCH * 10])
        self._tell("format", len(texts), len(texts))
        self._addresses = addresses
        options = self.options
        return RowMaker(
            self.leads,
            addresses,
            policy=self.policy,
            lists=options.lists,
            history=options.history,
            today=(options.as_of - _EPOCH).days,
            allow_reserved=options.allow_reserved,
        )

    def _finished(self, maker: RowMaker, number: int) -> Row:
        """A row with the list's own cells behind it, counted."""
        row = maker.row(number)
        grade, reasons = row["grade"], row["reasons"]
        self.grades[grade] += 1
        self.reasons.update(reasons)
        if grade == "send":
            self.expected += row["bounce_chance"]
        else:
            self.reasons_of[grade][reasons[0]] += 1
        self.suggested += bool(row["suggestion"])
        self.cleaned += bool(self._addresses[number].cleaned)
        cells = self.leads.own[number]
        for name, place in self._own_places:
            row[name] = cells[place]
        return row

    # With the network

    async def _online(self, maker: RowMaker) -> AsyncGenerator[range]:
        """The numbers of the rows that can be made, in order, as the answers come in."""
        from analyzer.check.domains import DomainLookup
        from analyzer.check.store import Store

        options = self.options
        clock = options.lookup.clock
        with Store(options.cache) as store:
            key = self._key()
            if options.smtp is not None:
                if not options.resume:
                    store.finish(key, clock())
                self.resumed = store.resume(key, clock())
            lookup = DomainLookup(options.lookup, store if options.cache else None)
            ready = _Ready(self._addresses, maker)
            facts = self._look_up(lookup, maker)
            stream = self._ask(facts, lookup, maker, store, ready) if options.smtp else self._only_dns(facts)
            async for _ in stream:
                numbers = ready.next()
                if numbers:
                    yield numbers
            yield ready.rest()
            self.warnings += lookup.warnings
            if options.smtp is not None:
                store.finish(key, clock())

    async def _look_up(self, lookup: DomainLookup, maker: RowMaker) -> AsyncIterator[str]:
        """Every domain of the list, once what DNS says of it is known."""
        done, total = 0, len(maker.domains)
        self._tell("dns", 0, total)
        async for facts, listing in lookup.all_facts(maker.domains):
            maker.facts[facts.domain] = facts
            if listing:
                maker.listings[facts.domain] = listing
            done += 1
            self._tell("dns", done, total)
            yield facts.domain

    async def _only_dns(self, domains: AsyncIterator[str]) -> AsyncIterator[None]:
        async for _ in domains:
            yield None

    async def _ask(
        self, domains: AsyncIterator[str], lookup: DomainLookup, maker: RowMaker, store: Store, ready: _Ready
    ) -> AsyncIterator[None]:
        """The mailboxes' hosts, domain by domain as these become known; yields after each answer."""
        from analyzer.check.smtp import Progress, probe

        options = self.options
        by_domain: dict[str, list[int]] = defaultdict(list)
        for number, address in enumerate(self._addresses):
            if not address.fault or address.fault in LIFTABLE:
                by_domain[address.domain].append(number)
        asked = 0

        async def targets() -> AsyncIterator[tuple[str, Any]]:
            nonlocal asked
            async for domain in domains:
                for number in by_domain[domain]:
                    if maker.is_worth_asking(number):
                        asked += 1
                        ready.wait_for(number)
                        yield self._addresses[number].deliverable_form, maker.facts[domain]
                ready.known.add(domain)

        last = Progress()

        def on_progress(progress: Progress) -> None:
            nonlocal last
            last = progress
            self._tell("smtp", progress.done, asked)

        ready.asks = True
        async for answer in probe(targets(), self._probe_options(lookup), store, on_progress):
            maker.mailboxes[answer.address] = answer
            yield None
        if last.left_alone:
            self.warnings.append(f"These providers refused us and were left alone: {', '.join(last.left_alone)}.")
        if last.stopped:
            self.warnings.append(f"Nobody was asked any more: {last.stopped}.")
        if options.resume and not self.resumed:
            self.warnings.append("There was no run of this list to resume: it began anew.")

    def _probe_options(self, lookup: DomainLookup) -> ProbeOptions:
        """The options of the probe, with our own looking-up of hosts unless somebody set another."""
        from dataclasses import replace

        options = self.options.smtp
        assert options is not None
        if options.resolve is None:
            options = replace(options, resolve=lookup.addresses)
        return options

    def _key(self) -> str:
        digest = hashlib.blake2b(digest_size=16)
        for text in self.leads.texts:
            digest.update(text.encode("utf-8", "surrogatepass") + b"\0")
        return digest.hexdigest()


class _Ready:
    """Which rows, from the first that is not out, have all that they wait for."""

    def __init__(self, addresses: list[Address], maker: RowMaker) -> None:
        self._addresses, self._maker = addresses, maker
        self._next = 0
        self._waiting: set[int] = set()
        #: With a probe, a domain is known only when its addresses have been handed to it.
        self.asks = False
        self.known: set[str] = set()

    def wait_for(self, number: int) -> None:
        """A row needs the answer of a mailbox's host."""
        self._waiting.add(number)

    def next(self) -> range:
        """The rows that have become ready."""
        start = self._next
        while self._next < len(self._addresses) and self._is_ready(self._next):
            self._waiting.discard(self._next)
            self._next += 1
        return range(start, self._next)

    def rest(self) -> range:
        """All rows that are not out."""
        start, self._next = self._next, len(self._addresses)
        return range(start, self._next)

    def _is_ready(self, number: int) -> bool:
        address = self._addresses[number]
        if address.fault and address.fault not in LIFTABLE:
            return True
        if address.domain not in (self.known if self.asks else self._maker.facts):
            return False
        return number not in self._waiting or address.deliverable_form in self._maker.mailboxes


class _Loop:
    """An event loop that a plain iterator can drive, also where one already runs (a notebook): then in a thread."""

    def __enter__(self) -> _Loop:
        # Most checks ask nobody, and go without the event loop's modules.
        import asyncio
        from concurrent.futures import ThreadPoolExecutor

        try:
            asyncio.get_running_loop()
        except RuntimeError:
            self._thread = None
        else:
            self._thread = ThreadPoolExecutor(1, "check")
        self._runner = asyncio.Runner()
        return self

    def run(self, awaitable: Awaitable[_T]) -> _T:
        """What the awaitable comes to."""

        async def wait() -> _T:
            return await awaitable

        if self._thread is None:
            return self._runner.run(wait())
        return self._thread.submit(self._runner.run, wait()).result()

    def __exit__(self, *_: object) -> None:
        if self._thread is None:
            self._runner.close()
        else:
            self._thread.submit(self._runner.close).result()
            self._thread.shutdown()


def _own_columns(leads: LeadList) -> tuple[tuple[str, ...], tuple[tuple[str, int], ...]]:
    """The list's own columns and their places. The column of the address is there as `email_original`; where a checked
    list is checked again, its old findings go; any other name of ours is marked as the list's."""
    ours = {name.casefold() for name in CHECK_COLUMNS}
    mine = {header.casefold() for header in leads.headers}
    again = {"grade", "score", "reasons", "email_original"} <= mine
    address = next((header for header, field in (leads.mapping or {}).items() if field == "email"), "")
    named: list[tuple[str, int]] = []
    for place, header in enumerate(leads.headers):
        if header.casefold() in ours:
            if again or header == address:
                continue
            header = f"{header} (list)"
        named.append((header, place))
    return tuple(name for name, _ in named), tuple(named)
