"""`benchmarks/comparison.py`: fair to coarser words, and at ease where a program is not installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from analyzer import knowledge
from analyzer.parsing import read_message

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def comparison(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import comparison

    return comparison


@pytest.fixture
def other_programs(comparison):
    return comparison.other_programs


def program(other_programs, words, meanings=None):
    """A program that answers these words, and names the recipient of every message."""
    named = (frozenset({"jane.roe@receiver.example"}),)
    return other_programs.Program(
        "theirs", "1.0", "", lambda given: [other_programs.Said(named, word, final=True) for word in words], meanings
    )


def test_their_words_stand_for_reasons_that_we_have(other_programs):
    for meanings in (other_programs.SISIMAI, other_programs.ZONEMTA):
        named = {reason for words in meanings.values() for reason in words.split()}
        assert named <= set(knowledge.reasons())


@pytest.mark.parametrize(
    ("word", "reason", "label_right", "reason_right"),
    [
        ("userunknown", "user_unknown", True, True),
        ("blocked", "ip_reputation", True, True),
        ("filtered", "recipient_restricted", True, True),
        ("suspend", "user_unknown", True, False),
        ("userunknown", "ip_blocklisted", False, False),
        ("onhold", "mailbox_full", False, False),
        ("a word of its next version", "mailbox_full", False, False),
    ],
)
def test_a_coarser_right_answer_is_right(comparison, other_programs, word, reason, label_right, reason_right):
    case = comparison.Case(b"", frozenset(), frozenset({reason}), "550 x")
    (found,) = comparison.verdicts(program(other_programs, [word], other_programs.SISIMAI), [case])
    assert (found.label, found.reason) == (label_right, reason_right)


def test_our_own_words_mean_themselves(comparison, other_programs):
    case = comparison.Case(b"", frozenset(), frozenset({"ip_reputation", "ip_blocklisted"}), "550 x")
    found = comparison.verdicts(program(other_programs, ["ip_blocklisted", "unspecified"]), [case, case])
    assert [(one.answered, one.reason) for one in found] == [(True, True), (False, False)]


def test_naming_nobody_one_too_many_and_the_recipient_of_a_notice(comparison, other_programs):
    jane = "jane.roe@receiver.example"
    cases = [
        comparison.Case(b"", frozenset({jane})),
        comparison.Case(b"", frozenset({jane, "kim@receiver.example"})),
        comparison.Case(b"", frozenset()),
    ]
    found = comparison.verdicts(program(other_programs, ["", "", ""]), cases)
    assert [(one.named, one.right, one.wrongly) for one in found] == [
        (True, True, False),
        (True, False, False),
        (False, False, True),
    ]
    assert comparison.who("set: theirs", cases, found).split()[2:] == ["100.0", "%", "50.0", "%", "100.0", "%"]


def test_a_reply_in_a_report_is_read_back_as_it_was(comparison):
    text = "550 5.7.1 Die Nachricht\nwurde für immer abgewiesen"
    report = read_message(comparison.report_of(text, host="mx.lumen.example"))
    assert report.kind == "bounce"
    (failure,) = report.failures
    assert failure.diagnostic == "550 5.7.1 Die Nachricht wurde für immer abgewiesen"
    assert (failure.recipient, failure.status, failure.remote_mta) == (comparison._TO, "5.7.1", "mx.lumen.example")


@pytest.mark.parametrize(("reply", "status"), [("451 later", "4.0.0"), ("550 no", "5.0.0"), ("no such user", "5.0.0")])
def test_a_reply_without_a_status_gets_the_one_of_its_class(comparison, reply, status):
    assert f"\nStatus: {status}\n" in comparison.report_of(reply).decode()


def stand_in(folder: Path, name: str, lines: list[str]) -> None:
    """A program of that name which reads its input, and writes these lines."""
    said = folder / f"{name}.txt"
    said.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    path = folder / name
    path.write_text(f"#!/bin/sh\ncase \"$*\" in *version*) echo 9.9;; *) cat > /dev/null; cat '{said}';; esac\n")
    path.chmod(0o755)


def test_what_sisimai_writes_becomes_whom_it_names_and_why(other_programs, tmp_path, monkeypatch):
    soft = {"recipient": "Kim@lumen.example", "alias": "", "reason": "onhold", "final": 0}
    hard = {"recipient": "jo@new.example", "alias": "jo@arbor.example", "reason": "userunknown", "final": 1}
    stand_in(tmp_path, "perl", [json.dumps([soft]), json.dumps([hard]), "[]"])
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    late, gone, nothing = other_programs.sisimai([b"one", b"two", b"three"])
    assert (late.named[0], late.word, late.final) == ({"kim@lumen.example"}, "onhold", False)
    assert (gone.named, gone.word, gone.final) == (({"jo@new.example"}, {"jo@arbor.example"}), "userunknown", True)
    assert (nothing.named[0], nothing.word, nothing.final) == (frozenset(), "", False)


def test_a_program_that_answers_too_little_is_an_error(other_programs, tmp_path, monkeypatch):
    stand_in(tmp_path, "node", ['"spam"'])
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(RuntimeError, match="node answered 1 of 2"):
        other_programs.zonemta_says(["550 one", "550 two"])


def test_what_is_not_installed_is_named_and_the_rest_goes_on(tmp_path):
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / "comparison.py"), "--messages", "40", "--rounds", "1"],
        env={**os.environ, "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "Sisimai is not here: apt-get install libsisimai-perl" in lines
    assert any(line.startswith("ZoneMTA is not here: npm install zone-mta") for line in lines)
    assert any(line.startswith("formats: ours") for line in lines)
    assert any(line.startswith("fresh: ours") for line in lines)
    assert not [line for line in lines if ": Sisimai" in line or ": ZoneMTA" in line]
