"""Every reader and stage keeps its promises on any input: the minute of CI. `make fuzz` takes an hour for the same."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from fuzz_strategies import inputs
from hypothesis import HealthCheck, Phase, given, settings

from fuzz.targets import TARGETS

_TOP = Path(__file__).resolve().parents[2]
#: Inputs for each target; those that write files and frames take a hundred times longer than a message does.
_COUNTS = {"messages": 250, "containers": 120, "feeds": 120, "logs": 120, "rules": 60, "table-": 8, "own-rows": 25}
_COUNT = 60
#: The same inputs at every run: what fails here fails everywhere. Another seed is for `make fuzz`.
_FIXED = {
    "derandomize": True,
    "database": None,
    "deadline": None,
    "phases": (Phase.generate, Phase.shrink),
    "suppress_health_check": list(HealthCheck),
}


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_keep_the_promises(name: str) -> None:
    target = TARGETS[name]
    for seed in target.seeds()[:40]:
        target.run(seed)


@pytest.mark.parametrize("name", TARGETS)
def test_anything_keeps_the_promises(name: str) -> None:
    target = TARGETS[name]
    count = next((count for beginning, count in _COUNTS.items() if name.startswith(beginning)), _COUNT)

    @settings(max_examples=count, **_FIXED)
    @given(inputs(target))
    def keeps(data: bytes) -> None:
        target.run(data)

    keeps()


def test_coverage_finds_no_broken_promise(tmp_path: Path) -> None:
    """All targets in one process of atheris, for a bounded number of runs."""
    command = [sys.executable, "-m", "fuzz.guided", "all", "-runs=1500", "-seed=1", f"-artifact_prefix={tmp_path}/"]
    environment = {**os.environ, "PYTHONPATH": str(_TOP)}
    run = subprocess.run(
        command, cwd=_TOP, env=environment, capture_output=True, text=True, errors="replace", timeout=300
    )
    assert run.returncode == 0, run.stderr[-3000:]
    done = re.search(r"Done (\d+) runs", run.stderr)
    assert done and int(done[1]) >= 1500
    assert not list(tmp_path.iterdir())
