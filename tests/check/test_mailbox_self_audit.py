"""Whether this host may ask: its name, its address, its PTR record, and the sender's domain."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from servers.programs import dnsmasq, free_port

from analyzer.audit.lookup import Lookup
from analyzer.check.smtp import ProbeOptions, refuse_unfit, self_audit
from analyzer.errors import AnalyzerError

HELO = "probe.example.org"
GOOD = {
    (HELO, "A"): ["8.8.4.4"],
    ("8.8.4.4", "PTR"): [HELO],
    ("example.org", "MX"): ["10 mx.example.org"],
}


@dataclass
class Answer:
    outcome: str
    records: tuple[str, ...]


class Names:
    """DNS by heart; a name without records is absent, None stands for silence."""

    def __init__(self, records: dict[tuple[str, str], list[str] | None]) -> None:
        self.records = records

    def ask(self, name: str, kind: str) -> Answer:
        found = self.records.get((name, kind), [])
        if found is None:
            return Answer("unanswered", ())
        return Answer("found" if found else "absent", tuple(found))

    def names_of(self, address: str) -> Answer:
        return self.ask(address, "PTR")


OPTIONS = ProbeOptions(helo=HELO, mail_from="postmaster@example.org")


@pytest.mark.parametrize(
    ("changes", "own", "faults", "unanswered"),
    [
        ({}, ["8.8.4.4"], [], []),
        ({("8.8.4.4", "PTR"): ["PROBE.example.org."]}, ["8.8.4.4"], [], []),
        ({(HELO, "A"): []}, ["8.8.4.4"], ["has no address"], []),
        ({("8.8.4.4", "PTR"): []}, ["8.8.4.4"], ["8.8.4.4 has no PTR record"], []),
        ({("8.8.4.4", "PTR"): ["host4.isp.example"]}, ["8.8.4.4"], ["says host4.isp.example, not probe"], []),
        ({(HELO, "A"): ["8.8.8.8", "8.8.4.4"]}, ["8.8.4.4"], [], []),
        ({}, ["9.9.9.9"], ["sends from 9.9.9.9"], []),
        ({}, ["10.1.2.3"], [], ["address that others see"]),
        ({}, [], [], ["address that others see"]),
        ({("example.org", "MX"): []}, ["8.8.4.4"], ["takes no mail"], []),
        ({("example.org", "MX"): [], ("example.org", "A"): ["8.8.8.8"]}, ["8.8.4.4"], [], []),
        ({("8.8.4.4", "PTR"): None}, ["8.8.4.4"], [], ["PTR record of 8.8.4.4"]),
        (
            dict.fromkeys((*GOOD, (HELO, "AAAA"), ("example.org", "A"), ("example.org", "AAAA"))),
            ["8.8.4.4"],
            [],
            ["the address of probe", "the mail host of example.org"],
        ),
    ],
)
def test_audit(
    changes: dict[tuple[str, str], list[str] | None], own: list[str], faults: list[str], unanswered: list[str]
) -> None:
    found = self_audit(OPTIONS, Names({**GOOD, **changes}), own)
    assert len(found.faults) == len(faults)
    assert len(found.unanswered) == len(unanswered)
    assert all(part in sentence for part, sentence in zip(faults, found.faults, strict=True))
    assert all(part in sentence for part, sentence in zip(unanswered, found.unanswered, strict=True))
    assert bool(refuse_unfit(found, force=True)) == bool(faults or unanswered)
    if faults:
        with pytest.raises(AnalyzerError, match="not probing"):
            refuse_unfit(found)
    else:
        refuse_unfit(found)


def test_an_address_in_place_of_a_name_is_a_fault() -> None:
    options = ProbeOptions(helo="[192.0.2.1]", mail_from="postmaster@example.org")
    assert "in place of a name" in self_audit(options, Names(dict(GOOD)), ["8.8.4.4"]).faults[0]


def test_against_a_real_name_server(tmp_path: Path) -> None:
    port = free_port()
    records = [f"host-record={HELO},8.8.4.4", "mx-host=example.org,mx.example.org,10"]
    with dnsmasq(tmp_path, "127.0.0.1", port, records):
        found = self_audit(OPTIONS, Lookup(f"127.0.0.1:{port}"), ["8.8.4.4"])
    assert (found.faults, found.unanswered) == ((), ())
    silent = self_audit(OPTIONS, Lookup(f"127.0.0.1:{port}", timeout=0.5), ["8.8.4.4"])
    assert silent.faults == ()
    assert len(silent.unanswered) == 2
