"""Whatever hosts say, in whatever order: every address gets one answer, and the probe comes to its end."""

from __future__ import annotations

import asyncio
import random

import pytest
from servers.asking import BLOCKED, GREYLISTED, UNKNOWN, options
from servers.clocks import FakeClock
from servers.scripted import DROP, FLOOD, Script, serving

from analyzer.check.records import DomainFacts
from analyzer.check.smtp import probe
from analyzer.check.store import Store

SAID = [
    *["250 Ok"] * 6,
    *[UNKNOWN] * 6,
    *[GREYLISTED] * 2,
    "421 4.7.0 Too many connections",
    "421 Bye",
    "452 4.5.3 Too many recipients",
    "450 4.7.1 Rate limit exceeded",
    "550 Rejected",
    "252 Perhaps",
    BLOCKED,
    DROP,
    FLOOD,
    "nonsense",
    "250 Ok\r\n250 Ok",
]


class Moody(dict[str, list[str]]):
    """A different answer for every local part, and for each time."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__({"*": chance.choices(SAID, k=40)})
        self.chance = chance

    def __contains__(self, key: object) -> bool:
        return True

    def __missing__(self, key: str) -> list[str]:
        self[key] = self.chance.choices(SAID, k=10)
        return self[key]


@pytest.mark.parametrize("seed", range(8))
def test_every_address_gets_one_answer(seed: int) -> None:
    chance = random.Random(seed)
    script = Script(
        rcpt=Moody(chance),
        banner=chance.choices(["220 Hello", "421 Later", DROP, BLOCKED], [30, 2, 1, 0.3], k=60),
        mail=chance.choices(["250 Ok", GREYLISTED, "550 5.1.8 Sender domain not found", DROP], [30, 2, 0.5, 1], k=60),
        rset=chance.choices(["250 Ok", "421 Enough"], [10, 1], k=20),
    )
    domains = [DomainFacts(f"d{n}.example", "mx", (f"mx.host{n % 4}.example", "mx2.example")) for n in range(12)]
    targets = [(f"a{n}@{domains[n % 12].domain}", domains[n % 12]) for n in range(90)]
    limits: dict[str, object] = {
        "connections": chance.choice([1, 2, 5]),
        "recipients_per_session": chance.choice([1, 3, 50]),
        "max_in_flight": chance.choice([1, 3, 50]),
        "window": chance.choice([1, 10, 500]),
        "pause_s": chance.choice([0.0, 5.0]),
        "retry_after_s": chance.choice([(), (300.0,), (300.0, 900.0, 3600.0)]),
        "block_limit": chance.choice([2, 50]),
        "stop_after": chance.choice([1, 3]),
    }

    async def run() -> list[str]:
        store = Store()
        async with serving(script) as server:
            asked = options(server.port, FakeClock(), **limits)
            return [one.address async for one in probe(targets, asked, store)]

    answered = asyncio.run(asyncio.wait_for(run(), 60))
    assert sorted(answered) == sorted(address for address, _ in targets)
