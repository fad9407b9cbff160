"""What somebody sees who types the program's name alone."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(("group", "names"), [((), "diagnose"), (("rules",), "suggest"), (("workspace",), "forget")])
def test_a_group_without_a_command_shows_its_help(group: tuple[str, ...], names: str) -> None:
    done = subprocess.run([sys.executable, "-m", "analyzer", *group], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("Usage: ")
    assert f"\n  {names}" in done.stderr
