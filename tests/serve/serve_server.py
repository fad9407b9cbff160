"""A server of its own for the tests: a real process on a free port of this machine, with a folder of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from serve_client import Client
from servers.programs import TELLS_STACKS, aborted_after, finish

if TYPE_CHECKING:
    from pathlib import Path

#: `bounce-analyzer`, as a command line begins.
PROGRAM = (sys.executable, "-m", "analyzer")


@dataclass
class Server:
    """A server at work. `folder` holds its jobs."""

    url: str
    folder: Path
    process: subprocess.Popen[str]

    def client(self, **headers: str) -> Client:
        """Somebody with cookies of their own."""
        return Client(self.url, headers)

    def stop(self, number: int = signal.SIGTERM) -> None:
        if self.process.poll() is None:
            self.process.send_signal(number)
        finish(self.process)


def start(folder: Path, *options: str, token: str = "") -> Server:
    """Start a server and wait until it says where it is."""
    environment = {**os.environ, **TELLS_STACKS, "PYTHONUNBUFFERED": "1"}
    environment.pop("BOUNCE_ANALYZER_TOKEN", None)
    if token:
        environment["BOUNCE_ANALYZER_TOKEN"] = token
    process = subprocess.Popen(
        [*PROGRAM, "serve", "--port", "0", "--folder", str(folder), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert process.stdout is not None
    with aborted_after(60, process.pid):
        line = process.stdout.readline()
    found = re.search(r"http://\S+?(?=/ )", line)
    if not found:
        process.kill()
        _, said = process.communicate(timeout=20)
        raise AssertionError(f"the server did not start: {line} {said}")
    running = Server(found[0], folder, process)
    STARTED.append(running)
    return running


#: Every server, so that a test that fails leaves none behind.
STARTED: list[Server] = []
