"""A probe of many addresses that is killed half-way, and resumed: what was asked and answered, counted on both sides.

python killing.py PORT STORE COUNT IN_FLIGHT      (the probe itself, which prints "address state" for each answer)
"""

from __future__ import annotations

import asyncio
import json
import math
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from servers.programs import of_ours, started

from analyzer.check.records import DomainFacts
from analyzer.check.smtp import ProbeOptions, probe
from analyzer.check.store import Store

HERE = Path(__file__).resolve().parent
#: Of each domain.
_ADDRESSES = 20
#: The benchmark asks for many thousands.
_PATIENCE_S = 3600.0


@dataclass(frozen=True)
class Account:
    """What the two runs did. `asked_twice`: addresses that the server was asked for more often than it had to be;
    `in_flight`: how many connections there were at most, so how many of these the kill can explain."""

    addresses: int
    answered_before_the_kill: int
    answered: Counter[str]
    wrong: list[str]
    asked_twice: list[str]
    asked: int
    in_flight: int
    seconds: float

    @property
    def missing(self) -> int:
        """Addresses without an answer in the resumed run."""
        return self.addresses - len(self.answered)

    @property
    def repeated(self) -> int:
        """Addresses with several answers in the resumed run."""
        return sum(times > 1 for times in self.answered.values())


def address(number: int, count: int) -> tuple[str, str]:
    """The n-th address of a list, in an order that mixes the domains, and what is true of it."""
    domains = max(1, count // _ADDRESSES)
    place, at = divmod(number, domains)
    domain = f"all{at}.example" if at % 25 == 0 else f"d{at}.example"
    local = {0: "u", 1: "a", 2: "a", 3: "g"}[place % 4] + f"{number}"
    if domain.startswith("all"):
        return f"{local}@{domain}", "catch_all"
    return f"{local}@{domain}", "unknown_user" if local.startswith("u") else "accepted"


def targets(count: int) -> Iterator[tuple[str, DomainFacts]]:
    """All of them with their domain's facts."""
    for number in range(count):
        name = address(number, count)[0]
        domain = name.partition("@")[2]
        yield name, DomainFacts(domain, "mx", (f"mx.{domain}",))


async def on_loopback(host: str) -> list[str]:
    return ["127.0.0.1"]


async def ask(port: int, store: Path, count: int, in_flight: int) -> None:
    """The probe: every answer on a line."""
    options = ProbeOptions(
        helo="probe.example.org",
        mail_from="postmaster@example.org",
        port=port,
        pause_s=0.0,
        recipients_per_minute=math.inf,
        recipients_per_session=1000,
        recipients_per_second=math.inf,
        connections=1,
        max_in_flight=in_flight,
        retry_after_s=(1.0, 1.0, 1.0),
        allow_private=True,
        resolve=on_loopback,
    )
    with Store(store) as kept:
        kept.resume("the list", time.time())
        async for facts in probe(targets(count), options, kept):
            print(facts.address, facts.state, flush=True)
        kept.finish("the list", time.time())


def kill_and_resume(folder: Path, count: int, in_flight: int = 50) -> Account:
    """Probe `count` addresses, kill the probe (SIGKILL) once half of them are answered, and run it again."""
    counts, store = folder / "counts.json", folder / "store.sqlite"
    began = time.monotonic()
    with counting_stub(counts) as port:
        before = len(_run(port, store, count, in_flight, until=count // 2))
        answers = _run(port, store, count, in_flight)
    seconds = time.monotonic() - began
    asked = Counter(json.loads(counts.read_text()))
    truth = dict(address(number, count) for number in range(count))
    return Account(
        addresses=count,
        answered_before_the_kill=before,
        answered=Counter(name for name, _ in answers),
        wrong=[f"{name}: {state}" for name, state in answers if truth.get(name) != state],
        asked_twice=[name for name in truth if asked[name] > (2 if name.startswith("g") else 1)],
        asked=sum(asked.values()),
        in_flight=in_flight,
        seconds=seconds,
    )


@contextmanager
def counting_stub(counts: Path) -> Iterator[str]:
    """The port of stub.py, which writes to `counts` at the end of the block."""
    command = [sys.executable, HERE / "stub.py", counts]
    with started(command, within=_PATIENCE_S, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as stub:
        assert stub.stdin is not None
        assert stub.stdout is not None
        yield stub.stdout.readline().strip()
        stub.stdin.close()


def _run(port: str, store: Path, count: int, in_flight: int, until: int | None = None) -> list[tuple[str, str]]:
    """The answers; killed after `until` of them."""
    command = [sys.executable, HERE / "killing.py", port, store, str(count), str(in_flight)]
    answers: list[tuple[str, str]] = []
    with started(command, within=_PATIENCE_S, env=of_ours(), stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        for line in running.stdout:
            name, _, state = line.strip().partition(" ")
            if not line.endswith("\n"):
                break
            answers.append((name, state))
            if until is not None and len(answers) == until:
                running.send_signal(signal.SIGKILL)
    if until is None and running.returncode != 0:
        raise RuntimeError(f"the probe ended with {running.returncode}")
    return answers


if __name__ == "__main__":
    asyncio.run(ask(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])))
