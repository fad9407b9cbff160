"""DNS for the audit: records, or that there are none, or that nobody answered; the three are never taken for another.

A resolver is `HOST` or `HOST:PORT` (`[::1]:5353` for IPv6), else the system's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import dns.exception
import dns.resolver
import dns.reversename

from analyzer.nameserver import DENIES_ALL, host_and_port

Outcome: TypeAlias = Literal["found", "absent", "unanswered"]


@dataclass(frozen=True, slots=True)
class Answer:
    """`records` as text: TXT strings joined (RFC 7208 section 3.3), names without the last dot."""

    outcome: Outcome
    records: tuple[str, ...] = ()
    why: str = ""


class Lookup:
    """One resolver, and every answer it gave in this run."""

    def __init__(self, resolver: str = "", *, timeout: float = 5.0) -> None:
        """`timeout`: seconds for one name, over all tries. `AnalyzerError` for a resolver that is no address."""
        self.timeout = timeout
        self.resolver, self.name = _resolver(resolver)
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
        except (dns.exception.Timeout, dns.resolver.NoResolverConfiguration, OSError):
            return Answer("unanswered", why=f"no answer from {self.name} about {name}")
        except dns.exception.DNSException as error:
            return Answer("unanswered", why=f"{name} cannot be looked up: {error}")
        return Answer("found", tuple(_text(record, kind) for record in found))


def _text(record: object, kind: str) -> str:
    if kind == "TXT":
        strings: tuple[bytes, ...] = record.strings  # type: ignore[attr-defined]
        return b"".join(strings).decode("utf-8", "replace")
    if kind == "MX":
        return f"{record.preference} {record.exchange.to_text(omit_final_dot=True)}"  # type: ignore[attr-defined]
    return str(record).rstrip(".")


def _resolver(text: str) -> tuple[dns.resolver.Resolver, str]:
    if not text:
        try:
            system = dns.resolver.Resolver()
        except dns.resolver.NoResolverConfiguration:
            system = dns.resolver.Resolver(configure=False)
        return system, "the system's resolver"
    host, port = host_and_port(text)
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = [host], port
    return resolver, text
