"""What DNS says of domains: against dnsmasq with a known zone, and a scripted server for failures, silence and nonsense."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import dns.rcode
import pytest
from check.scripted_dns import TTL, scripted_dns
from servers.clocks import FakeClock
from servers.programs import dnsmasq, free_port

from analyzer.check.domains import DomainLookup
from analyzer.check.options import LookupOptions
from analyzer.check.records import DomainFacts
from analyzer.check.store import Store
from analyzer.errors import AnalyzerError

ZONE = (
    *("mx-host=good.example,mx.good.example,10", "host-record=mx.good.example,192.0.2.10"),
    *("mx-host=two.example,second.two.example,20", "mx-host=two.example,first.two.example,10"),
    *("host-record=first.two.example,192.0.2.11", "host-record=second.two.example,192.0.2.12"),
    *("mx-host=half.example,mx.gone.example,10", "mx-host=half.example,mx.good.example,20"),
    *("mx-host=workspace.example,aspmx.l.google.com,1", "mx-host=filtered.example,mxa-0001.gslb.pphosted.com,10"),
    *("mx-host=null.example,.,0", "host-record=implicit.example,192.0.2.13", "host-record=six.example,2001:db8::13"),
    *("host-record=silent.example,192.0.2.14", "txt-record=silent.example,v=spf1 -all"),
    *("txt-record=words.example,nothing but text", "mx-host=nowhere.example,mx.gone.example,10"),
    *("mx-host=parked.example,mx.parkmydomain.example,10", "mx-host=xn--mnchen-3ya.example,mx.good.example,10"),
    *("host-record=good.example.listed.example,127.0.1.2", "host-record=two.example.listed.example,127.0.0.1"),
    *("mx-host=itself.example,localhost,10", "mx-host=number.example,192.0.2.10,10"),
    *("address=/refusing.example/127.255.255.254", "address=/hijacked.example/198.51.100.7"),
)


@pytest.fixture(scope="module")
def resolver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    folder: Path = tmp_path_factory.mktemp("dnsmasq")
    with dnsmasq(folder, "127.0.0.1", port, ZONE):
        yield f"127.0.0.1:{port}"


def look_up(
    resolver: str, *domains: str, **options: object
) -> tuple[dict[str, DomainFacts], dict[str, str], DomainLookup]:
    """The facts and listings by domain, and the lookup itself."""
    settings = {"allow_private": True, "timeout_s": 0.3, "lifetime_s": 0.6} | options
    lookup = DomainLookup(LookupOptions(resolver=resolver, **settings))  # type: ignore[arg-type]

    async def run() -> tuple[dict[str, DomainFacts], dict[str, str]]:
        found = [one async for one in lookup.all_facts(domains)]
        return {facts.domain: facts for facts, _ in found}, {facts.domain: said for facts, said in found if said}

    return *asyncio.run(run()), lookup


@pytest.mark.parametrize(
    ("domain", "state", "mx", "provider", "gateway"),
    [
        ("good.example", "mx", ("mx.good.example",), "", ""),
        ("two.example", "mx", ("first.two.example", "second.two.example"), "", ""),
        ("half.example", "mx", ("mx.gone.example", "mx.good.example"), "", ""),
        ("workspace.example", "mx", ("aspmx.l.google.com",), "google", ""),
        ("filtered.example", "mx", ("mxa-0001.gslb.pphosted.com",), "proofpoint", "proofpoint"),
        ("null.example", "null_mx", (), "", ""),
        ("implicit.example", "implicit_mx", ("implicit.example",), "", ""),
        ("six.example", "implicit_mx", ("six.example",), "", ""),
        ("words.example", "no_mail", (), "", ""),
        ("nowhere.example", "no_mail", ("mx.gone.example",), "", ""),
        ("itself.example", "no_mail", ("localhost",), "", ""),
        ("number.example", "no_mail", ("192.0.2.10",), "", ""),
        ("gone.example", "nxdomain", (), "", ""),
        ("xn--mnchen-3ya.example", "mx", ("mx.good.example",), "", ""),
    ],
)
def test_a_domain_is_called_what_its_zone_makes_it(
    resolver: str, domain: str, state: str, mx: tuple[str, ...], provider: str, gateway: str
) -> None:
    facts = look_up(resolver, domain)[0][domain]
    assert (facts.state, facts.mx, facts.provider, facts.gateway) == (state, mx, provider, gateway)


def test_parking_and_a_sender_policy_of_nobody_are_told(resolver: str) -> None:
    facts = look_up(resolver, "parked.example", "silent.example")[0]
    assert facts["parked.example"].parked
    assert facts["silent.example"].detail == "v=spf1 -all"


def test_hosts_without_a_public_address_are_told_unless_private_networks_count(resolver: str) -> None:
    strict = look_up(resolver, "good.example", "implicit.example", allow_private=False)[0]
    assert {facts.detail for facts in strict.values()} == {"not public: 192.0.2.10", "not public: 192.0.2.13"}
    assert {facts.state for facts in strict.values()} == {"mx", "implicit_mx"}


@pytest.mark.parametrize(
    ("zone", "listed", "warned"),
    [
        ("listed.example", "good.example is listed by listed.example (127.0.1.2)", ""),
        ("refusing.example", "", "refuses queries"),
        ("hijacked.example", "", "198.51.100.7"),
        ("empty.example", "", ""),
    ],
)
def test_a_block_list_lists_only_what_it_says_it_lists(resolver: str, zone: str, listed: str, warned: str) -> None:
    _, listings, lookup = look_up(resolver, "good.example", "two.example", zones=(zone,))
    assert listings == ({"good.example": listed} if listed else {})
    if warned:
        assert len(lookup.warnings) == 1
        assert warned in lookup.warnings[0]
    elif zone == "empty.example":
        assert not lookup.warnings


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        ({}, "servfail"),
        ({"MX": dns.rcode.REFUSED}, "servfail"),
        ({"MX": None}, "timeout"),
        ({"MX": [], "A": None}, "timeout"),
        ({"MX": [], "A": [], "AAAA": dns.rcode.SERVFAIL}, "servfail"),
        # A host whose address cannot be found out just now may be there.
        ({"MX": ["10 mx.other.example."], "other A": None}, "mx"),
        # Some servers deny the whole name for a type that they do not know.
        ({"MX": dns.rcode.NXDOMAIN, "A": ["192.0.2.7"], "NS": [], "TXT": []}, "implicit_mx"),
        ({"MX": dns.rcode.NXDOMAIN, "A": dns.rcode.NXDOMAIN}, "nxdomain"),
        ({"MX": dns.rcode.NXDOMAIN, "A": dns.rcode.SERVFAIL}, "servfail"),
        ({"MX": ["0 ."]}, "null_mx"),
    ],
)
def test_failure_and_silence_say_nothing_about_a_domain(answers: dict[str, object], state: str) -> None:
    def script(name: str, kind: str) -> object:
        return answers.get(kind if name == "odd.example" else f"other {kind}", dns.rcode.SERVFAIL)

    with scripted_dns(script) as server:  # type: ignore[arg-type]
        assert look_up(server.address, "odd.example")[0]["odd.example"].state == state


def test_name_servers_of_a_parking_service_are_told() -> None:
    answers = {"MX": [], "A": ["192.0.2.7"], "NS": ["ns1.parkmydomain.example."]}
    with scripted_dns(lambda name, kind: answers.get(kind, [])) as server:
        assert look_up(server.address, "odd.example")[0]["odd.example"].parked


def test_an_answer_is_kept_as_long_as_it_holds_and_no_longer() -> None:
    clock = FakeClock()

    async def run(server_address: str) -> None:
        lookup = DomainLookup(LookupOptions(resolver=server_address, allow_private=True, clock=clock))
        await asyncio.gather(*(lookup.facts("odd.example") for _ in range(5)))
        clock.now += TTL - 1
        await lookup.facts("odd.example")

    async def later(server_address: str, store: Store) -> None:
        for seconds in (0, TTL - 1, 2):
            clock.now += seconds
            lookup = DomainLookup(LookupOptions(resolver=server_address, allow_private=True, clock=clock), store)
            await lookup.facts("odd.example")

    answers = {"MX": ["10 mx.odd.example."], "A": ["192.0.2.7"], "AAAA": []}
    with scripted_dns(lambda name, kind: answers[kind]) as server:
        asyncio.run(run(server.address))
        assert server.asked["odd.example", "MX"] == 1
        with Store() as store:
            asyncio.run(later(server.address, store))
        # Once for the first of the three, once for the last, when the answer had run out.
        assert server.asked["odd.example", "MX"] == 3


def test_a_failure_is_asked_again_and_never_kept() -> None:
    clock = FakeClock()
    with scripted_dns(lambda name, kind: dns.rcode.SERVFAIL) as server, Store() as store:
        for _ in range(2):
            lookup = DomainLookup(LookupOptions(resolver=server.address, clock=clock), store)
            assert asyncio.run(lookup.facts("odd.example")).state == "servfail"
        assert server.asked["odd.example", "MX"] >= 2


def test_no_more_domains_are_in_flight_than_were_allowed() -> None:
    with scripted_dns(lambda name, kind: dns.rcode.NXDOMAIN, delay_s=0.02) as server:
        facts = look_up(server.address, *(f"d{n}.example" for n in range(60)), in_flight=7)[0]
        assert len(facts) == 60
        assert {one.state for one in facts.values()} == {"nxdomain"}
        assert 1 < server.most_at_once <= 7


def test_a_resolver_that_never_answers_ends_the_run() -> None:
    with scripted_dns(lambda name, kind: None) as server, pytest.raises(AnalyzerError, match="does not answer"):
        look_up(server.address, *(f"d{n}.example" for n in range(40)), timeout_s=0.1, lifetime_s=0.1)


@pytest.mark.parametrize("text", ["", ":53", "127.0.0.1:0", "127.0.0.1:dns", "127.0.0.1:70000"])
def test_a_resolver_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(AnalyzerError, match="--resolver"):
        DomainLookup(LookupOptions(resolver=text))
