"""Asks a scripted server on the loopback, as the product would ask a real one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace

from servers.clocks import FakeClock
from servers.scripted import Script, ScriptedServer, serving

from analyzer.check.records import DomainFacts, MailboxFacts
from analyzer.check.smtp import ProbeOptions, probe
from analyzer.check.store import Store

UNKNOWN = "550 5.1.1 <x@known.example>: Recipient address rejected: User unknown in virtual mailbox table"
BLOCKED = "554 5.7.1 Service unavailable; Client host [192.0.2.9] blocked using dnsbl.example.org"
GREYLISTED = "450 4.2.0 <anna@known.example>: Recipient address rejected: Greylisted, try again later"
DOMAIN = DomainFacts("known.example", "mx", ("mx.known.example",))


async def on_loopback(host: str) -> list[str]:
    return ["127.0.0.1"]


def options(port: int, clock: FakeClock, **changes: object) -> ProbeOptions:
    plain = ProbeOptions(
        helo="probe.example.org",
        mail_from="postmaster@example.org",
        port=port,
        connect_timeout_s=1.0,
        banner_timeout_s=0.3,
        command_timeout_s=0.3,
        pause_s=0.0,
        recipients_per_minute=60_000,
        recipients_per_second=1_000,
        allow_private=True,
        resolve=on_loopback,
        clock=clock,
        sleep=clock.sleep,
    )
    return replace(plain, **changes)


def ask(
    script: Script,
    targets: Iterable[str | tuple[str, DomainFacts]],
    facts: DomainFacts = DOMAIN,
    *,
    clock: FakeClock | None = None,
    store: Store | None = None,
    **changes: object,
) -> tuple[dict[str, MailboxFacts], ScriptedServer]:
    """The answers by address, and what the server was told. Addresses alone are of the domain `facts`."""

    async def run() -> tuple[dict[str, MailboxFacts], ScriptedServer]:
        when = clock or FakeClock()
        async with serving(script) as server:
            asked = options(server.port, when, **changes)
            all_facts = [(one, facts) if isinstance(one, str) else one for one in targets]
            answers = [one async for one in probe(all_facts, asked, store or Store())]
        assert len({one.address for one in answers}) == len(answers)
        return {one.address: one for one in answers}, server

    return asyncio.run(asyncio.wait_for(run(), 30))
