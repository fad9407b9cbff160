"""A command starts at once: it loads neither Pydantic nor the frames for one message, and says what typer would."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import typer

from analyzer.cli import app
from analyzer.cli.starting import command_for

_RUN = """
import sys
from analyzer.cli import main
try:
    main()
except SystemExit:
    print("loaded:", *(name for name in ("pydantic", "pandas", "pyarrow", "numpy") if name in sys.modules))
"""


def test_one_message_loads_only_what_it_needs(tmp_path: Path) -> None:
    message = tmp_path / "one.eml"
    message.write_text("From: a@sender.example\nSubject: hello\nDate: Mon, 2 Mar 2026 10:00:00 +0000\n\nHello\n")
    done = subprocess.run(
        [sys.executable, "-c", _RUN, "parse", str(message), "--jobs", "1"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "loaded:"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["parse", "x", "--jobs", "0"], "0 is out of range; give a number of 1 or more"),
        (["parse", "x", "--jobs", "many"], "many is no whole number"),
        (["parse"], "Missing argument"),
        (["purse"], "No such command"),
    ],
)
def test_what_no_option_can_be_is_told_as_ever(arguments: list[str], says: str) -> None:
    with pytest.raises(typer.TyperException) as raised:
        command_for(app, arguments)(arguments, standalone_mode=False)
    assert says in raised.value.format_message()


@pytest.mark.parametrize("arguments", [["--help"], ["rules", "--help"], []])
def test_without_a_command_of_its_own_all_are_there(arguments: list[str]) -> None:
    assert {"parse", "diagnose", "rules", "workspace"} <= set(command_for(app, arguments).commands)


def test_a_check_of_a_plain_list_loads_no_reader_of_tables_or_bounces(tmp_path: Path) -> None:
    listed = tmp_path / "leads.txt"
    listed.write_text("jane.roe@acme-parts.com\nbob@acme-parts.com\n")
    heavy = ("pandas", "pyarrow", "asyncio", "email_validator", "analyzer.sources", "analyzer.parsing")
    run = _RUN.replace('("pydantic", "pandas", "pyarrow", "numpy")', repr(heavy))
    done = subprocess.run([sys.executable, "-c", run, "check", str(listed)], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1].strip() == "loaded:"
