"""Plain command lines of `parse` are read without typer, and mean the same as they do to typer."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from analyzer.cli import app, parse_run, plain
from analyzer.cli.starting import command_for

if TYPE_CHECKING:
    from pathlib import Path

PLAIN = [
    ["parse", "a.mbox"],
    ["parse", "-"],
    ["parse", "a.mbox", "b c", "--out", "-"],
    ["parse", "--out", "rows.csv", "a.mbox", "--jobs", "2"],
    ["parse", "a.mbox", "--out=rows=1.csv", "--jobs=12", "--all", "--all"],
    ["parse", "a.mbox", "--rules", "own", "--rejects", "kept/here", "--redact"],
]

NOT_PLAIN = [
    [],
    ["--help"],
    ["--log-level", "info", "parse", "a"],
    ["classify", "550 no such user"],
    ["parse"],
    ["parse", ""],
    ["parse", "--help"],
    ["parse", "a", "--out"],
    ["parse", "a", "--out", "--all"],
    ["parse", "a", "--out", ""],
    ["parse", "a", "--out", "x", "--out", "y"],
    ["parse", "a", "--jobs", "0"],
    ["parse", "a", "--jobs", "many"],
    ["parse", "a", "--jobs", "-1"],
    ["parse", "a", "--all=yes"],
    ["parse", "a", "--bound", "mime_depth=30"],
    ["parse", "a", "--purse", "x"],
    ["parse", "--", "--out"],
]


@pytest.mark.parametrize("arguments", PLAIN)
def test_typer_reads_the_same(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[dict[str, Any]] = []

    def run(
        sources: list[str],
        *,
        out: str = "-",
        all_kinds: bool = False,
        jobs: int | None = None,
        rejects: Path | None = None,
        redact: bool = False,
        rules: Path | None = None,
    ) -> None:
        called.append(locals() | {"called": None})

    monkeypatch.setattr(parse_run, "run_parse", run)
    command = plain.command_of(arguments)
    assert command is not None
    command()
    command_for(app, arguments)(arguments, standalone_mode=False)
    assert called[0] == called[1]


@pytest.mark.parametrize("arguments", NOT_PLAIN)
def test_all_else_is_left_to_typer(arguments: list[str]) -> None:
    assert plain.command_of(arguments) is None


@pytest.mark.parametrize("name", ["_BOUNCE_ANALYZER_COMPLETE", "BOUNCE_ANALYZER_LOG"])
def test_so_is_what_the_environment_asks_for(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "info")
    assert plain.command_of(PLAIN[0]) is None


def test_every_option_of_parse_is_known_or_left_to_typer() -> None:
    known = {name: option for option, (name, _) in plain.VALUES.items()}
    known |= {name: option for option, name in plain.FLAGS.items()}
    parameters = command_for(app, ["parse"]).commands["parse"].params
    assert {one.name: one.opts[0] for one in parameters} == {**known, "sources": "sources", "bound": "--bound"}


def test_a_plain_command_loads_no_typer(tmp_path: Path) -> None:
    message = tmp_path / "one.eml"
    message.write_text("From: a@sender.example\nSubject: hello\nDate: Mon, 2 Mar 2026 10:00:00 +0000\n\nHello\n")
    program = (
        "import sys\nfrom analyzer.cli import main\ntry:\n    main()\nexcept SystemExit as done:\n"
        "    print(done.code, *(name for name in ('typer', 'numpy') if name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "parse", str(message), "--out", str(tmp_path / "rows.jsonl")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "0"
