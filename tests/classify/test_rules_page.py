"""docs/rules.md is true: its files are written, its commands run, and their output is what the page shows.

What the model guesses is left out of the comparison: it changes whenever the model is built anew.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from analyzer.cli import app
from analyzer.errors import AnalyzerError

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\S+)(?: (\S+))?\n(.*?)```", PAGE, flags=re.DOTALL)
COMMANDS = [content for kind, _, content in BLOCKS if kind == "console"]


@pytest.fixture(autouse=True)
def files_of_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for _, name, content in BLOCKS:
        if name:
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(content, encoding="utf-8")
    monkeypatch.chdir(tmp_path)


def without_guesses(output: str) -> list[str]:
    kept = [re.sub(r"\d+(?:\.\d+)?%", "%", line) for line in output.splitlines()]
    return [line for line in kept if "likely" not in line and "the model's guess" not in line]


@pytest.mark.parametrize("block", COMMANDS, ids=[block.splitlines()[0][2:60] for block in COMMANDS])
def test_a_command_answers_as_the_page_shows(block: str) -> None:
    command, _, shown = block.partition("\n")
    program, *arguments = shlex.split(command.removeprefix("$ "))
    assert program == "bounce-analyzer"
    result = CliRunner().invoke(app, arguments)
    output = result.stdout + result.stderr
    if isinstance(result.exception, AnalyzerError):
        output += f"bounce-analyzer: {result.exception}\n"
    assert without_guesses(output) == without_guesses(shown)


def test_the_page_shows_every_command_of_rules_and_every_field() -> None:
    shown = " ".join(COMMANDS)
    assert {"list", "show", "test", "explain", "suggest"} == set(re.findall(r"bounce-analyzer rules (\w+)", shown))
    from analyzer.classify.rules import _KEYS

    fields = set(re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (`.*?) \|", PAGE, flags=re.MULTILINE))))
    assert fields == set(_KEYS)
