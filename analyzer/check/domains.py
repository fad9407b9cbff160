"""What DNS says of a list's domains: mail servers, none, null MX, no such name; and what failures and silence do not.

RFC 5321, 5.1 (MX, and the address where there is none), RFC 7505 (null MX), RFC 2308 (how long a "no" holds). Nothing
here is ever called invalid because a name server failed.
"""

from __future__ import annotations

import asyncio
import ipaddress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from analyzer.addresses.words import under, words
from analyzer.check.options import LookupOptions
from analyzer.check.records import DomainFacts
from analyzer.errors import AnalyzerError
from analyzer.network.nameserver import DENIES_ALL, host_and_port
from analyzer.network.public import is_public

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    import dns.asyncresolver
    from dns.resolver import Answer

    from analyzer.check.store import Store

#: How long an answer is kept, whatever its TTL says, in seconds.
_SHORTEST_S, _LONGEST_S = 60.0, 86400.0
#: A "no" without an SOA record, or a failure.
_NO_S, _FAILED_S = 900.0, 30.0
_SILENT_DOMAINS = 30


class _NoAnswerInTime(Exception):  # noqa: N818 - not an error: one of the answers
    """No server answered, or they failed (`failed`)."""

    def __init__(self, failed: bool, detail: str) -> None:
        self.failed, self.detail = failed, detail
        super().__init__(detail)


@dataclass(frozen=True, slots=True)
class _Reply:
    """Records of one kind (none: empty), whether the name exists, and how long that holds in seconds."""

    answer: Answer | None
    exists: bool
    lasts_s: float


class DomainLookup:
    """Looks domains up, each once while its answer holds; `store` keeps answers between runs. For one event loop.

    `queries` counts questions asked, `warnings` holds sentences about the resolver.
    """

    def __init__(self, options: LookupOptions | None = None, store: Store | None = None) -> None:
        self.options = options or LookupOptions()
        self._resolver = _resolver(self.options)
        self._store = store
        self._facts: dict[str, tuple[float, DomainFacts]] = {}
        self._hosts: dict[str, tuple[float, tuple[str, ...]]] = {}
        self._asking: dict[str, asyncio.Task[DomainFacts]] = {}
        self.queries = 0
        self.warnings: list[str] = []
        self._answered = self._believed = False
        self._silent = 0

    async def facts(self, domain: str) -> DomainFacts:
        """What DNS says of one domain (A-labels, lower case)."""
        now = self.options.clock()
        held = self._facts.get(domain)
        if held and held[0] > now:
            return held[1]
        if self._store is not None and (stored := self._store.domain(domain, now)):
            self._facts[domain] = (now + _SHORTEST_S, stored)
            return stored
        task = self._asking.get(domain)
        if task is None:
            task = asyncio.ensure_future(self._look_up(domain))
            self._asking[domain] = task
        try:
            return await asyncio.shield(task)
        finally:
            if task.done():
                self._asking.pop(domain, None)

    async def all_facts(self, domains: Iterable[str]) -> AsyncIterator[tuple[DomainFacts, str]]:
        """The facts of many domains as they come in, each with its listing on a block list ("" none), at most
        `in_flight` at once.

        `AnalyzerError` where the resolver answers nothing at all, or denies every name.
        """
        await self._see_that_it_knows_names()
        waiting = iter(dict.fromkeys(domains))
        running: set[asyncio.Task[tuple[DomainFacts, str]]] = set()
        try:
            while True:
                while len(running) < self.options.in_flight and (domain := next(waiting, None)) is not None:
                    running.add(asyncio.ensure_future(self._facts_and_listing(domain)))
                if not running:
                    return
                done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                self._end_in_silence()
                for task in done:
                    yield task.result()
        finally:
            for task in running:
                task.cancel()

    async def _see_that_it_knows_names(self) -> None:
        """The root has name servers; who denies it would have every lead's domain struck off."""
        if self.options.resolver is not None or self._believed:
            return
        try:
            root = await self._query("", "NS")
        except _NoAnswerInTime:
            return
        if root.answer is None:
            raise AnalyzerError(
                f"the DNS resolver of this system {DENIES_ALL}; name another with --resolver HOST:PORT, "
                "or check without --dns"
            )
        self._believed = True

    async def _facts_and_listing(self, domain: str) -> tuple[DomainFacts, str]:
        facts = await self.facts(domain)
        for zone in self.options.zones:
            said = await self.listed(domain, zone)
            if said:
                return facts, f"{domain} is listed by {zone} ({said})"
        return facts, ""

    async def addresses(self, host: str) -> tuple[str, ...]:
        """The IP addresses of a host (IPv4 first); `OSError` where there are none, or nobody answers."""
        try:
            found = await self._host(host)
        except _NoAnswerInTime as error:
            raise OSError(f"{host}: {error.detail}") from None
        if not found:
            raise OSError(f"{host} has no address")
        return found

    async def _look_up(self, domain: str) -> DomainFacts:
        now = self.options.clock
        try:
            facts, lasts_s = await self._ask_mx(domain)
            lasts_s = min(max(lasts_s, _SHORTEST_S), _LONGEST_S)
            if self._store is not None:
                self._store.save_domains([facts], now(), lasts_s)
        except _NoAnswerInTime as error:
            state = "servfail" if error.failed else "timeout"
            facts, lasts_s = DomainFacts(domain, state, detail=error.detail), _FAILED_S  # type: ignore[arg-type]
            self._silent += not error.failed
        self._facts[domain] = (now() + lasts_s, facts)
        return facts

    def _end_in_silence(self) -> None:
        """A resolver that has never answered is not there: waiting for every domain would take hours for nothing."""
        if not self._answered and self._silent >= _SILENT_DOMAINS:
            where = self.options.resolver or "of this system"
            raise AnalyzerError(
                f"the DNS resolver {where} does not answer; name another with --resolver HOST:PORT, "
                "or check without --dns"
            )

    async def _ask_mx(self, domain: str) -> tuple[DomainFacts, float]:
        reply = await self._query(domain, "MX")
        if reply.answer is None:
            return await self._ask_address(domain, reply)
        records = sorted(
            (record.preference, record.exchange.to_text(omit_final_dot=True).lower()) for record in reply.answer
        )
        hosts = tuple(dict.fromkeys(host for _, host in records if host and host != "."))
        if not hosts:
            return DomainFacts(domain, "null_mx", detail="MX 0 ."), reply.lasts_s
        facts = _with_provider(DomainFacts(domain, "mx", hosts))
        if any(under(host, words().parked_mx) for host in hosts):
            return replace(facts, parked=True, detail=f"MX {hosts[0]} is a parking service"), reply.lasts_s
        if facts.provider:
            # Its hosts are known to be there.
            return facts, reply.lasts_s
        return await self._with_hosts(facts), reply.lasts_s

    async def _with_hosts(self, facts: DomainFacts) -> DomainFacts:
        """An MX record that leads nowhere is none: at least one of its hosts must have an address."""
        private: list[str] = []
        for host in facts.mx[:4]:
            if _is_no_host(host):
                continue
            try:
                found = await self._host(host)
            except _NoAnswerInTime:
                return facts
            if any(is_public(address) for address in found) or (found and self.options.allow_private):
                return facts
            private += found
        if private:
            return replace(facts, detail=f"not public: {', '.join(dict.fromkeys(private))}")
        names = ", ".join(facts.mx[:4])
        return DomainFacts(facts.domain, "no_mail", facts.mx, detail=f"no address for MX {names}")

    async def _ask_address(self, domain: str, mx: _Reply) -> tuple[DomainFacts, float]:
        """No MX record: the domain's own address serves. What has none cannot be reached; what is not there, neither.

        Some servers deny a name for record types they do not know: a "no such name" is believed when told twice.
        """
        for kind in ("A", "AAAA"):
            reply = await self._query(domain, kind)
            if reply.answer is not None:
                return await self._implicit(domain, reply), min(mx.lasts_s, reply.lasts_s)
            if not reply.exists and not mx.exists:
                return DomainFacts(domain, "nxdomain", detail="NXDOMAIN"), mx.lasts_s
        return DomainFacts(domain, "no_mail", detail="no MX, A or AAAA record"), mx.lasts_s

    async def _implicit(self, domain: str, reply: _Reply) -> DomainFacts:
        answer: Any = reply.answer
        addresses = [record.address for record in answer]
        facts = _with_provider(DomainFacts(domain, "implicit_mx", (domain,), detail=f"A {addresses[0]}"))
        if not (self.options.allow_private or any(map(is_public, addresses))):
            return replace(facts, detail=f"not public: {', '.join(addresses)}")
        try:
            servers = await self._query(domain, "NS")
            names = [record.target.to_text(omit_final_dot=True).lower() for record in servers.answer or ()]
            parking = next((name for name in names if under(name, words().parked_ns)), "")
            if parking:
                return replace(facts, parked=True, detail=f"NS {parking} is a parking service")
            policy = await self._query(domain, "TXT")
            texts = [b"".join(record.strings).decode("utf-8", "replace") for record in policy.answer or ()]
            if any(" ".join(text.lower().split()) == "v=spf1 -all" for text in texts):
                return replace(facts, detail="v=spf1 -all")
        except _NoAnswerInTime:
            pass
        return facts

    async def _host(self, host: str) -> tuple[str, ...]:
        now = self.options.clock()
        held = self._hosts.get(host)
        if held and held[0] > now:
            return held[1]
        found: list[str] = []
        lasts_s = _LONGEST_S
        for kind in ("A", "AAAA"):
            reply = await self._query(host, kind)
            found += [record.address for record in reply.answer or ()]
            lasts_s = min(lasts_s, reply.lasts_s)
        self._hosts[host] = (now + max(lasts_s, _SHORTEST_S), tuple(found))
        return tuple(found)

    async def _query(self, name: str, kind: str) -> _Reply:
        import dns.exception
        import dns.resolver

        self.queries += 1
        try:
            answer = await self._resolver.resolve(f"{name}.", kind, search=False, raise_on_no_answer=False)
        except dns.resolver.NXDOMAIN as error:
            self._answered = True
            return _Reply(None, False, _negative_ttl(next(iter(error.kwargs["responses"].values()), None)))
        except dns.resolver.NoNameservers as error:
            self._answered = True
            raise _NoAnswerInTime(True, _failure(error)) from None
        except dns.exception.Timeout:
            raise _NoAnswerInTime(False, "no answer in time") from None
        except (dns.exception.DNSException, UnicodeError, ValueError) as error:
            # A name that DNS cannot carry (an empty or overlong label), or an answer that cannot be read.
            raise _NoAnswerInTime(True, " ".join(str(error).split())[:120] or type(error).__name__) from None
        except OSError as error:
            raise _NoAnswerInTime(False, error.strerror or str(error)) from None
        self._answered = True
        if answer.rrset is None:
            return _Reply(None, True, _negative_ttl(answer.response))
        return _Reply(answer, True, float(answer.rrset.ttl))

    async def listed(self, domain: str, zone: str) -> str:
        """What a DNS block list says of a domain: the answer (`127.0.1.2`) where it is listed, else "".

        127.255.255.x means that the list refuses our resolver, anything outside 127.0.0.0/8 that somebody else answers;
        neither is a listing. A list that fails to answer is told once in `warnings`.
        """
        try:
            reply = await self._query(f"{domain}.{zone}", "A")
        except _NoAnswerInTime as error:
            self._warn(f"The block list {zone} did not answer for every domain ({error.detail}).")
            return ""
        said: list[str] = [record.address for record in reply.answer or ()]
        for address in said:
            if address.startswith("127.255.255."):
                self._warn(
                    f"The block list {zone} refuses queries from this resolver ({address}): nothing was taken from it. "
                    "Ask it through a resolver of your own (--resolver)."
                )
                return ""
        listings = [address for address in said if address.startswith("127.") and address != "127.0.0.1"]
        if said and not listings:
            self._warn(f"{zone} answers {said[0]}, which no block list does: nothing was taken from it.")
        return listings[0] if listings else ""

    def _warn(self, text: str) -> None:
        if text not in self.warnings:
            self.warnings.append(text)


def _resolver(options: LookupOptions) -> dns.asyncresolver.Resolver:
    import dns.asyncresolver
    import dns.resolver

    try:
        resolver = dns.asyncresolver.Resolver(configure=options.resolver is None)
    except dns.resolver.NoResolverConfiguration:
        raise AnalyzerError("this system names no DNS resolver; name one with --resolver HOST:PORT") from None
    if options.resolver is not None:
        host, port = host_and_port(options.resolver)
        resolver.nameservers = [host]
        resolver.port = port
    resolver.timeout, resolver.lifetime = options.timeout_s, options.lifetime_s
    resolver.use_edns(0, 0, 1232)
    return resolver


def _with_provider(facts: DomainFacts) -> DomainFacts:
    from analyzer.classify.providers import of_host

    provider = next((name for name in map(of_host, facts.mx) if name), "")
    gateway = next((name for name in map(of_host, facts.mx) if name in words().gateways), "")
    return replace(facts, provider=provider, gateway=gateway)


def _is_no_host(name: str) -> bool:
    """Whether an MX record names what no sender can reach: itself, or an address where RFC 1035, 3.3.9 wants a name."""
    if name == "localhost" or name.endswith((".localhost", ".localdomain")):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _negative_ttl(response: Any) -> float:
    """RFC 2308, 5: the SOA's TTL or its minimum, whichever is less."""
    import dns.rdatatype

    for rrset in getattr(response, "authority", ()):
        if rrset.rdtype == dns.rdatatype.SOA:
            return float(min(rrset.ttl, rrset[0].minimum))
    return _NO_S


def _failure(error: Any) -> str:
    """Which code the servers answered: SERVFAIL, REFUSED, …"""
    codes = [str(one[3]) for one in error.kwargs.get("errors", ()) if len(one) > 3]
    return ", ".join(dict.fromkeys(code.rpartition(" ")[2] for code in codes)) or "SERVFAIL"
