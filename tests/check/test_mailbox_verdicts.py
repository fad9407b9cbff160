"""The whole check against real servers of which everything is known: no wrong "invalid", no wrong "send"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from servers.mail_world import WORLD, mail_world
from servers.verdicts import Verdict, as_markdown, judge

PAGE = Path(__file__).resolve().parents[2] / "docs" / "check-verdicts.md"


@pytest.fixture(scope="module")
def outcome() -> Iterator[tuple[list[Verdict], str]]:
    """The verdicts, and what Postfix logged meanwhile."""
    with mail_world() as world:
        verdicts = judge(world)
        yield verdicts, world.log.read_text()


@pytest.mark.parametrize("number", range(len(WORLD)), ids=[case.address for case in WORLD])
def test_verdict(outcome: tuple[list[Verdict], str], number: int) -> None:
    verdict = outcome[0][number]
    assert verdict.state == verdict.case.state
    assert verdict.case.grade in {"", verdict.grade}


def test_no_wrong_invalid_and_no_wrong_send(outcome: tuple[list[Verdict], str]) -> None:
    assert [one.case.address for one in outcome[0] if one.wrong_invalid or one.wrong_send] == []


def test_nothing_but_recipients_was_asked_for(outcome: tuple[list[Verdict], str]) -> None:
    # Postfix counts each session's commands: ehlo=2 starttls=1 mail=1 rcpt=1/2 rset=1 quit=1 commands=7/8
    sessions = re.findall(r"disconnect from \S+ (.*)", outcome[1])
    used = {command.partition("=")[0] for session in sessions for command in session.split()}
    assert len(sessions) >= 10
    assert used <= {"ehlo", "starttls", "mail", "rcpt", "rset", "quit", "commands"}
    assert "starttls" in used


def test_the_page_says_what_comes_out(outcome: tuple[list[Verdict], str]) -> None:
    assert PAGE.read_text(encoding="utf-8") == as_markdown(outcome[0]), "run python benchmarks/check_verdicts.py"
