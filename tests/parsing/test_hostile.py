"""No message may raise, and no pattern may take more than linear time: a quadratic one would hang this file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hostile import REPEATED, hostile, mutations

from analyzer import parsing
from analyzer.parsing import UNREADABLE, read_message
from analyzer.records import KINDS

FORMATS = sorted((Path(__file__).parent / "formats").glob("*.eml"))


@pytest.mark.parametrize("share", range(5))
def test_mutated_messages_never_raise(share):
    for number, path in enumerate(FORMATS[share::5]):
        for broken in mutations(path.read_bytes(), seed=number, count=12):
            report = read_message(broken)
            assert report.kind in KINDS
            assert report.format != UNREADABLE
            for failure in report.failures:
                assert "\n" not in failure.diagnostic
                assert len(failure.recipient) <= 320


@pytest.mark.parametrize("unit", REPEATED, ids=repr)
def test_floods_of_one_thing_are_read(unit):
    for data in hostile(unit, 50_000):
        report = read_message(data)
        assert report.kind in KINDS
        assert report.format != UNREADABLE


def test_a_fault_of_a_reader_costs_its_message_only(monkeypatch):
    def fail(message):
        raise ValueError("a reader's fault")

    monkeypatch.setattr(parsing, "find_original", fail)
    report = read_message(FORMATS[0].read_bytes())
    assert (report.kind, report.format, report.failures) == ("other", UNREADABLE, ())
