"""What tests start ends with them: a hung process fails its test with where it stood, and no test waits for ever."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from servers.programs import started

#: Says its id and that of a process that it starts, and then neither ends nor hears of it where the pipe is closed.
STUCK = """
import os, subprocess, sys, time
other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(os.getpid(), other.pid, flush=True)
def stands_here():
    time.sleep(600)
stands_here()
"""
COMMAND = [sys.executable, "-c", STUCK]
PIPES = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}


def lives(pid: int) -> bool:
    """Whether a process is there and no zombie that nobody has asked for yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone(pids: list[int]) -> bool:
    until = time.monotonic() + 10
    while any(map(lives, pids)) and time.monotonic() < until:
        time.sleep(0.05)
    return not any(map(lives, pids))


def test_a_test_that_fails_takes_its_processes_with_it() -> None:
    pids: list[int] = []
    with pytest.raises(ZeroDivisionError), started(COMMAND, **PIPES) as running:
        assert running.stdout is not None
        pids += map(int, running.stdout.readline().split())
        raise ZeroDivisionError
    assert len(pids) == 2
    assert gone(pids)


@pytest.mark.parametrize("waits_for", ["its end", "a line", "its output"])
def test_a_process_that_hangs_fails_its_test_with_where_it_stood(waits_for: str) -> None:
    pids: list[int] = []
    late = pytest.raises(AssertionError, match="was still there after 3 s")
    with late as failed, started(COMMAND, within=3, **PIPES) as running:
        assert running.stdout is not None
        pids += map(int, running.stdout.readline().split())
        if waits_for == "a line":
            assert running.stdout.readline()
        elif waits_for == "its output":
            running.communicate()
    if waits_for != "its output":
        assert "in stands_here" in str(failed.value)
    assert gone(pids)


def test_one_that_ends_is_left_to_its_own_end() -> None:
    with started([sys.executable, "-c", "import time; time.sleep(0.3); raise SystemExit(3)"]) as running:
        assert running.returncode is None
    assert running.returncode == 3
    assert not lives(running.pid)
