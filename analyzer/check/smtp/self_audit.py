"""Whether this host may ask at all: its name has an address, which leads back to the name; its sender takes mail.

Receiving hosts look at the same before they look at a recipient (RFC 5321 4.1.4, RFC 8601 section 3: forward-confirmed
reverse DNS), and put who fails on a list rather than answer.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from analyzer.errors import AnalyzerError
from analyzer.network.public import is_public

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analyzer.check.smtp.options import ProbeOptions


class Found(Protocol):
    """`outcome`: `found`, `absent` (there is none) or `unanswered` (nobody could say)."""

    @property
    def outcome(self) -> str: ...
    @property
    def records(self) -> tuple[str, ...]: ...


class NameLookup(Protocol):
    """DNS, as `analyzer.audit.lookup.Lookup` has it."""

    def ask(self, name: str, kind: str) -> Found: ...
    def names_of(self, address: str) -> Found: ...


@dataclass(frozen=True, slots=True)
class SelfAudit:
    """Sentences. `faults` are known to be wrong; `unanswered` could not be looked at; `good` is in order."""

    faults: tuple[str, ...] = ()
    unanswered: tuple[str, ...] = ()
    good: tuple[str, ...] = ()


def self_audit(options: ProbeOptions, lookup: NameLookup, own_addresses: Sequence[str] | None = None) -> SelfAudit:
    """What DNS says of the probe's own name and sender. `own_addresses`: what this host sends from; None finds out."""
    faults: list[str] = []
    unanswered: list[str] = []
    good: list[str] = []
    addresses = _addresses(options.helo, lookup, faults, unanswered)
    if addresses:
        _reverse(options.helo, addresses, lookup, faults, unanswered, good)
        _sends_from(options.helo, addresses, _own() if own_addresses is None else own_addresses, faults, unanswered)
    _sender(options.mail_from, lookup, faults, unanswered, good)
    return SelfAudit(tuple(faults), tuple(unanswered), tuple(good))


def refuse_unfit(audit: SelfAudit, *, force: bool = False) -> list[str]:
    """Sentences to warn with; `AnalyzerError` for a host that receiving hosts would refuse, unless `force`."""
    if audit.faults and not force:
        raise AnalyzerError(
            f"not probing: {'; '.join(audit.faults)}. Receiving hosts refuse such a host, and may list it; "
            "put the DNS records right, or force it"
        )
    warnings = list(audit.faults)
    if audit.unanswered:
        warnings.append(f"Not looked at, as nobody answered: {'; '.join(audit.unanswered)}")
    return warnings


def _addresses(helo: str, lookup: NameLookup, faults: list[str], unanswered: list[str]) -> tuple[str, ...]:
    if helo.startswith("["):
        faults.append(f"{helo} is an address in place of a name")
        return ()
    answers = [lookup.ask(helo, kind) for kind in ("A", "AAAA")]
    addresses = tuple(address for answer in answers for address in answer.records if answer.outcome == "found")
    if not addresses:
        known = all(answer.outcome == "absent" for answer in answers)
        (faults if known else unanswered).append(f"{helo} has no address" if known else f"the address of {helo}")
    return addresses


def _reverse(
    helo: str,
    addresses: Sequence[str],
    lookup: NameLookup,
    faults: list[str],
    unanswered: list[str],
    good: list[str],
) -> None:
    """One address that leads back is enough: a name may have others, which others send from."""
    wrong: list[str] = []
    silent: list[str] = []
    for address in addresses:
        answer = lookup.names_of(address)
        names = [name.lower().rstrip(".") for name in answer.records]
        if helo.lower() in names:
            good.append(f"{helo} is {address}, which is {helo}")
        elif answer.outcome == "unanswered":
            silent.append(f"the PTR record of {address}")
        else:
            wrong.append(f"the PTR record of {address} says {names[0]}" if names else f"{address} has no PTR record")
    if not good:
        (unanswered if silent else faults).extend(silent or [f"{', '.join(wrong)}, not {helo}"])


def _sends_from(
    helo: str, addresses: Sequence[str], own: Sequence[str], faults: list[str], unanswered: list[str]
) -> None:
    """Behind a router the address that others see is not ours to know."""
    public = [address for address in own if is_public(address)]
    if not public:
        unanswered.append("the address that others see this host by")
    elif not set(public) & set(addresses):
        faults.append(f"this host sends from {', '.join(public)}, which is not {helo}")


def _sender(mail_from: str, lookup: NameLookup, faults: list[str], unanswered: list[str], good: list[str]) -> None:
    domain = mail_from.rpartition("@")[2]
    outcomes = set()
    for kind in ("MX", "A", "AAAA"):
        outcome = lookup.ask(domain, kind).outcome
        if outcome == "found":
            good.append(f"{domain} takes mail")
            return
        outcomes.add(outcome)
    if outcomes == {"absent"}:
        faults.append(f"{domain}, the domain of --mail-from, takes no mail")
    else:
        unanswered.append(f"the mail host of {domain}")


def _own() -> list[str]:
    """The addresses that this host's routes lead out from; nothing is sent for it (a UDP socket only looks)."""
    found: list[str] = []
    for family, target in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((target, 25))
                found.append(str(probe.getsockname()[0]))
        except OSError:
            continue
    return found
