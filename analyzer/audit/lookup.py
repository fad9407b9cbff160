"""DNS for the audit: records, or that there are none, or that nobody answered; the three are never taken for another.

A resolver is `HOST` or `HOST:PORT` (`[::1]:5353` for IPv6), else the system's own. One that does not answer keeps the
whole run waiting only so long: after that nothing more is asked.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import dns.exception
import dns.resolver
import dns.reversename

from analyzer.network.nameserver import DENIES_ALL, host_and_port

Outcome: TypeAlias = Literal["found", "absent", "unanswered"]


@dataclass(frozen=True, slots=True)
class Answer:
    """`records` as text: TXT strings joined (RFC 7208 section 3.3), names without the last dot."""

    outcome: Outcome
    records: tuple[str, ...] = ()
    why: str = ""
    #: Whether they stand under another name, which this one is an alias of.
    alias: bool = False


class NotAskedError(dns.resolver.LifetimeTimeout):
    """A name that was not asked for, because others before it had used up all patience."""


class PatientResolver(dns.resolver.Resolver):
    """A resolver that adds up how long look-ups kept it waiting for nothing, and asks no more once that is too long."""

    def __init__(self, patience: float, *, configure: bool) -> None:
        """patience: seconds. configure: take the system's servers."""
        super().__init__(configure=configure)
        self.patience, self.waited = patience, 0.0
        #: The names that got no answer, or were not asked for.
        self.unanswered: list[str] = []

    def resolve(self, qname: Any, *args: Any, **more: Any) -> dns.resolver.Answer:
        """As its base; `NotAskedError` where all patience is used up."""
        left = self.patience - self.waited
        if left <= 0:
            self.unanswered.append(str(qname))
            raise NotAskedError(timeout=0.0, errors=[])  # type: ignore[no-untyped-call]
        started = time.monotonic()
        try:
            return super().resolve(
                qname, *args, **{**more, "lifetime": min(left, more.get("lifetime") or self.lifetime)}
            )
        except (dns.exception.Timeout, dns.resolver.NoNameservers, OSError):
            self.unanswered.append(str(qname))
            self.waited += time.monotonic() - started
            raise


class Lookup:
    """One resolver, and every answer it gave in this run."""

    def __init__(self, resolver: str = "", *, timeout: float = 5.0, patience: float = 20.0) -> None:
        """`timeout`: seconds for one name, over all tries; `patience`: for all names that get no answer.

        `AnalyzerError` for a resolver that is no address.
        """
        self.timeout = timeout
        self.resolver, self.name = _resolver(resolver, patience)
        self.resolver.lifetime = timeout
        self.resolver.timeout = min(timeout, 2.0)
        self._answers: dict[tuple[str, str], Answer] = {}
        self._denies = False
        # Closed networks have resolvers that say of every name that it does not exist, the root's included.
        self._denies = not resolver and self._ask(".", "NS").outcome == "absent"

    @property
    def offline(self) -> bool:
        """Whether names were asked for and none was answered."""
        return bool(self._answers) and all(answer.outcome == "unanswered" for answer in self._answers.values())

    def ask(self, name: str, kind: str) -> Answer:
        """The records of one type at a name."""
        key = (name.lower().rstrip("."), kind)
        if key not in self._answers:
            self._answers[key] = self._ask(*key)
        return self._answers[key]

    def names_of(self, address: str) -> Answer:
        """The PTR names of an IP address."""
        return self.ask(dns.reversename.from_address(address).to_text(omit_final_dot=True), "PTR")

    def _ask(self, name: str, kind: str) -> Answer:
        if self._denies:
            return Answer("unanswered", why=f"{self.name} {DENIES_ALL}")
        try:
            found = self.resolver.resolve(name, kind, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer) as error:
            why = "does not exist" if isinstance(error, dns.resolver.NXDOMAIN) else f"has no {kind} record"
            return Answer("absent", why=f"{name} {why}")
        except dns.resolver.YXDOMAIN:
            return Answer("absent", why=f"{name} is too long a name")
        except dns.resolver.NoNameservers:
            return Answer("unanswered", why=f"{self.name} failed to look up {name}")
        except NotAskedError:
            why = f"not asked: {name} ({kind}), for {self.name} had kept us waiting for {self.resolver.patience:g} s"
            return Answer("unanswered", why=why)
        except (dns.exception.Timeout, dns.resolver.NoResolverConfiguration, OSError):
            return Answer("unanswered", why=f"no answer from {self.name} about {name}")
        except dns.exception.DNSException as error:
            return Answer("unanswered", why=f"{name} cannot be looked up: {error}")
        return Answer(
            "found", tuple(_text(record, kind) for record in found), alias=found.canonical_name != found.qname
        )


def _text(record: object, kind: str) -> str:
    if kind == "TXT":
        strings: tuple[bytes, ...] = record.strings  # type: ignore[attr-defined]
        return b"".join(strings).decode("utf-8", "replace")
    if kind == "MX":
        return f"{record.preference} {record.exchange.to_text(omit_final_dot=True)}"  # type: ignore[attr-defined]
    return str(record).rstrip(".")


def _resolver(text: str, patience: float) -> tuple[PatientResolver, str]:
    if not text:
        try:
            system = PatientResolver(patience, configure=True)
        except dns.resolver.NoResolverConfiguration:
            system = PatientResolver(patience, configure=False)
        return system, "the system's resolver"
    host, port = host_and_port(text)
    resolver = PatientResolver(patience, configure=False)
    resolver.nameservers, resolver.port = [host], port
    return resolver, text
