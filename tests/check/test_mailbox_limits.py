"""How gently the probe asks: retries in their time, limits for each receiving provider, and when it leaves one alone."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

import pytest
from servers.asking import BLOCKED, DOMAIN, GREYLISTED, UNKNOWN, ask, options
from servers.clocks import FakeClock
from servers.scripted import HANG, Script, serving

from analyzer.check.records import DomainFacts
from analyzer.check.smtp import ProbeOptions, Progress, probe
from analyzer.check.store import Store
from analyzer.errors import AnalyzerError

SLOW = "450 4.7.0 Too much mail from your host, slow down, rate limit exceeded"


def domains(count: int, *, shared_host: str = "") -> list[DomainFacts]:
    """Domains with a provider each, or with one for all."""
    names = [f"d{n}.example" for n in range(count)]
    return [DomainFacts(name, "mx", (f"mx{n}.{shared_host or name}",)) for n, name in enumerate(names)]


@pytest.mark.parametrize(
    ("replies", "state", "attempts", "waited"),
    [
        ([GREYLISTED, "250 Ok"], "accepted", 2, 300),
        ([GREYLISTED, GREYLISTED, UNKNOWN], "unknown_user", 3, 300 + 900),
        ([GREYLISTED, GREYLISTED, GREYLISTED, "250 Ok"], "accepted", 4, 300 + 900 + 3600),
        ([GREYLISTED], "temporary", 4, 300 + 900 + 3600),
        (["450 4.7.1 Greylisted, try again in 1200 seconds", "250 Ok"], "accepted", 2, 1200),
        # A host that says nothing is asked once more, not for an hour.
        ([HANG], "no_answer", 3, 300),
    ],
)
def test_what_is_put_off_is_asked_again_in_its_time(
    replies: list[str], state: str, attempts: int, waited: float
) -> None:
    clock = FakeClock()
    began = clock.now
    answers, server = ask(Script(rcpt={"anna": replies, "*": UNKNOWN}), ["anna@known.example"], clock=clock)
    assert answers["anna@known.example"].state == state
    assert server.asked().count("anna") >= attempts
    assert waited <= clock.now - began < waited + 120


def test_without_retries_the_first_answer_stands() -> None:
    answers, server = ask(Script(rcpt={"anna": GREYLISTED, "*": UNKNOWN}), ["anna@known.example"], retry_after_s=())
    assert (answers["anna@known.example"].state, server.asked()) == ("temporary", ["anna"])


def test_greylisting_holds_for_the_random_address_as_well() -> None:
    script = Script(rcpt={"anna": [GREYLISTED, "250 Ok"], "*": [GREYLISTED, "250 Ok"]})
    answers, server = ask(script, ["anna@known.example"])
    assert answers["anna@known.example"].state == "catch_all"
    random = [line for _, line in server.told if line.startswith("RCPT TO:<r")]
    assert len(random) == 2 and len(set(random)) == 1


def test_a_provider_that_refuses_us_is_left_alone() -> None:
    script = Script(rcpt={"*": BLOCKED})
    targets = [f"a{n}@known.example" for n in range(20)]
    seen: list[Progress] = []

    async def run() -> tuple[list[str], int, Store]:
        clock = FakeClock()
        store = Store()
        async with serving(script) as server:
            asked = options(server.port, clock)
            answers = [one async for one in probe([(a, DOMAIN) for a in targets], asked, store, seen.append)]
        return [one.text for one in answers], len(server.asked()), store

    texts, asked, store = asyncio.run(run())
    assert asked == 3
    assert len(texts) == 20
    assert sum(text.startswith("not asked: known.example refuses this host") for text in texts) == 17
    assert seen[-1].left_alone == ("known.example",) and seen[-1].done == 20
    # What nobody was asked is not kept: the next run asks.
    assert sum(store.mailbox(address, 1_800_000_100.0) is not None for address in targets) == 3


def test_an_answer_about_an_address_takes_the_strikes_back() -> None:
    rcpt = {f"a{n}": BLOCKED if n % 3 else UNKNOWN for n in range(12)} | {"*": UNKNOWN}
    answers, server = ask(Script(rcpt=rcpt), [f"a{n}@known.example" for n in range(12)])
    assert len(server.asked()) == 12
    assert sorted(one.state for one in answers.values()) == ["policy"] * 8 + ["unknown_user"] * 4


def test_several_providers_that_refuse_us_end_the_run() -> None:
    targets = [(f"a{n}@{facts.domain}", facts) for facts in domains(8) for n in range(10)]
    answers, server = ask(Script(rcpt={"*": BLOCKED}), targets, max_in_flight=1)
    assert len(answers) == 80
    assert {one.state for one in answers.values()} == {"policy"}
    assert len(server.asked()) <= 3 * 10
    assert any("receiving hosts refuse this host" in one.text for one in answers.values())


def test_many_small_hosts_that_refuse_us_end_the_run() -> None:
    targets = [(f"anna@{facts.domain}", facts) for facts in domains(40)]
    answers, server = ask(Script(banner=BLOCKED), targets, max_in_flight=1)
    assert len(answers) == 40
    assert server.sessions < 20


def test_a_provider_that_wants_less_is_paused_and_asked_on() -> None:
    clock = FakeClock()
    began = clock.now
    rcpt = {"anna": [SLOW, UNKNOWN], "ben": UNKNOWN, "*": UNKNOWN}
    answers, server = ask(Script(rcpt=rcpt), ["anna@known.example", "ben@known.example"], clock=clock)
    assert {one.state for one in answers.values()} == {"unknown_user"}
    assert clock.now - began >= 300
    assert server.sessions >= 2


def test_a_provider_that_never_has_enough_is_left_alone() -> None:
    answers, _ = ask(Script(banner="421 4.7.0 Too many connections from your host"), ["anna@known.example"])
    assert answers["anna@known.example"].state == "policy"
    assert "not asked" in answers["anna@known.example"].text


class Counting:
    """A host that notes how many sessions are open at once, and when each recipient was named."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.open = self.most = 0
        self.named: list[float] = []
        self.per_session: list[int] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        self.most = max(self.most, self.open)
        number = len(self.per_session)
        self.per_session.append(0)
        writer.write(b"220 Hello\r\n")
        while line := await reader.readline():
            await asyncio.sleep(0.001)
            if line.startswith(b"RCPT"):
                self.named.append(self.clock.now)
                self.per_session[number] += 1
            writer.write(b"550 5.1.1 User unknown\r\n" if line.startswith(b"RCPT") else b"250 Ok\r\n")
            if line.startswith(b"QUIT"):
                break
        self.open -= 1
        writer.close()

    def ask(self, targets: list[tuple[str, DomainFacts]], **changes: object) -> int:
        """How many were answered."""

        async def run() -> int:
            server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
            port = server.sockets[0].getsockname()[1]
            async with server:
                return len([one async for one in probe(targets, options(port, self.clock, **changes), Store())])

        return asyncio.run(asyncio.wait_for(run(), 30))


def test_limits_hold_for_all_domains_of_a_provider_together() -> None:
    counting = Counting(FakeClock())
    targets = [(f"a{n}@{facts.domain}", facts) for facts in domains(12, shared_host="host.example") for n in range(3)]
    assert counting.ask(targets, connections=2, recipients_per_session=2, max_in_flight=50) == 36
    assert counting.most <= 2
    assert max(counting.per_session) <= 2


def test_connections_are_bounded_for_the_whole_run() -> None:
    counting = Counting(FakeClock())
    assert counting.ask([(f"anna@{facts.domain}", facts) for facts in domains(60)], max_in_flight=5) == 60
    assert 2 <= counting.most <= 5


def test_recipients_are_named_at_the_pace_of_the_provider() -> None:
    counting = Counting(FakeClock())
    targets = [(f"a{n}@{facts.domain}", facts) for facts in domains(2, shared_host="host.example") for n in range(5)]
    assert counting.ask(targets, connections=2, recipients_per_minute=30) == 10
    # One every two seconds: the tenth 18 seconds after the first.
    assert counting.named[-1] - counting.named[0] >= 17.9


def test_sessions_are_apart_by_the_pause() -> None:
    counting = Counting(FakeClock())
    began = counting.clock.now
    assert (
        counting.ask(
            [(f"a{n}@known.example", DOMAIN) for n in range(6)], connections=1, recipients_per_session=2, pause_s=40.0
        )
        == 6
    )
    # Two pauses, drawn from three quarters of it upwards.
    assert counting.named[-1] - began >= 2 * 30


def test_one_connection_serves_the_domains_of_one_host() -> None:
    shared = [DomainFacts(f"d{n}.example", "mx", ("mx.host.example",)) for n in range(5)]
    answers, server = ask(Script(rcpt={"*": UNKNOWN}), [(f"anna@{one.domain}", one) for one in shared], connections=1)
    assert len(answers) == 5
    assert server.sessions == 1


def test_no_more_is_taken_in_than_the_window() -> None:
    taken = 0

    def targets() -> Iterator[tuple[str, DomainFacts]]:
        nonlocal taken
        for n in range(300):
            taken += 1
            yield f"a{n}@known.example", DOMAIN

    async def run() -> None:
        async with serving(Script(rcpt={"*": HANG})) as server:
            asked = options(server.port, FakeClock(), window=20, command_timeout_s=30.0)
            answers = probe(targets(), asked, Store())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(anext(answers), 0.3)

    asyncio.run(run())
    assert taken == 21


def test_a_repeated_address_is_asked_once_and_answered_each_time() -> None:
    async def run() -> tuple[list[str], list[str]]:
        async with serving(Script(rcpt={"anna": UNKNOWN, "*": UNKNOWN})) as server:
            asked = options(server.port, FakeClock())
            targets = [("anna@known.example", DOMAIN)] * 3 + [("ben@known.example", DOMAIN)]
            return [one.address async for one in probe(targets, asked, Store())], server.asked()

    answered, asked = asyncio.run(run())
    assert sorted(answered) == ["anna@known.example"] * 3 + ["ben@known.example"]
    assert sorted(asked) == ["*", "anna"]


def test_whoever_stops_reading_stops_the_probe() -> None:
    async def run() -> tuple[int, int]:
        async with serving(Script(rcpt={"*": UNKNOWN})) as server:
            answers = probe(
                [(f"a{n}@known.example", DOMAIN) for n in range(50)],
                options(server.port, FakeClock(), recipients_per_minute=60),
                Store(),
            )
            async for _ in answers:
                break
            await answers.aclose()
            return len(server.asked()), len(asyncio.all_tasks())

    asked, _ = asyncio.run(asyncio.wait_for(run(), 10))
    assert asked < 50


def test_a_list_that_breaks_off_is_an_error_and_no_silence() -> None:
    def targets() -> object:
        yield "anna@known.example", DOMAIN
        raise AnalyzerError("the list breaks off")

    async def run() -> None:
        async with serving(Script(rcpt={"*": UNKNOWN})) as server:
            async for _ in probe(targets(), options(server.port, FakeClock()), Store()):  # type: ignore[arg-type]
                pass

    with pytest.raises(AnalyzerError, match="breaks off"):
        asyncio.run(asyncio.wait_for(run(), 10))


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"helo": "localhost"}, "--helo"),
        ({"helo": "host name.example.org"}, "--helo"),
        ({"mail_from": ""}, "--mail-from"),
        ({"mail_from": "a@b\r\nDATA"}, "--mail-from"),
        ({"port": 0}, "port"),
        ({"connections": 0}, "connections"),
        ({"recipients_per_minute": 0}, "recipients_per_minute"),
    ],
)
def test_options_that_cannot_be(changes: dict[str, object], names: str) -> None:
    plain: dict[str, object] = {"helo": "probe.example.org", "mail_from": "postmaster@example.org"}
    with pytest.raises(AnalyzerError, match=names):
        ProbeOptions(**plain | changes)  # type: ignore[arg-type]
