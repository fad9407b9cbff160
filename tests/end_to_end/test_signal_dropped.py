"""A signal that comes while Python cleans an object up, where what is raised is dropped, ends the run all the same."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

RUN = """
import signal, sys, time
from analyzer.cli import ending

class Gone:
    def __del__(self):
        signal.raise_signal(signal.{name})

def command():
    signal.signal(signal.SIGALRM, lambda *_: sys.exit("went on"))
    one = Gone()
    del one
    signal.alarm(20)
    {waits}

ending.run(command, redact=False)
"""


def hears_signals() -> None:
    """What runs in the background of a script has been told to ignore some, and hands that on."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.mark.parametrize(
    ("name", "code", "said"), [("SIGTERM", 143, "stopped"), ("SIGHUP", 129, "stopped"), ("SIGINT", 130, "interrupted")]
)
@pytest.mark.parametrize("waits", ["time.sleep(30)", "for _ in iter(int, 1): pass"])
def test_it_is_sent_again(name: str, code: int, said: str, waits: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", RUN.format(name=name, waits=waits)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=hears_signals,
    )
    assert (done.returncode, done.stderr) == (code, f"bounce-analyzer: {said}\n")
