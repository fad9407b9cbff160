"""A server of its own for the tests: a real process on a free port of this machine, with a folder of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from serve_client import Client
from serve_files import SAMPLE, SAMPLES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: As `bounce-analyzer`, wherever the command is registered.
PROGRAM = (
    "from analyzer import cli\n"
    "from analyzer.cli.serve import serve\n"
    "if serve not in [command.callback for command in cli.app.registered_commands]:\n"
    "    cli.app.command()(serve)\n"
    "cli.main()\n"
)


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
        self.process.wait(20)


def start(folder: Path, *options: str, token: str = "") -> Server:
    """Start a server and wait until it says where it is."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    environment.pop("BOUNCE_ANALYZER_TOKEN", None)
    if token:
        environment["BOUNCE_ANALYZER_TOKEN"] = token
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "serve", "--port", "0", "--folder", str(folder), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.search(r"http://\S+?(?=/ )", line)
    if not found:
        process.kill()
        _, said = process.communicate(timeout=20)
        raise AssertionError(f"the server did not start: {line} {said}")
    running = Server(found[0], folder, process)
    _STARTED.append(running)
    return running


#: Every server, so that a test that fails leaves none behind.
_STARTED: list[Server] = []


@pytest.fixture(scope="session", autouse=True)
def all_stopped() -> Iterator[None]:
    """No server outlives the tests."""
    yield
    for running in _STARTED:
        running.stop()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests that do not end it."""
    running = start(tmp_path_factory.mktemp("serve") / "jobs", "--max-upload", "20MB")
    yield running
    running.stop()


@pytest.fixture
def client(server: Server) -> Client:
    """Somebody who has opened the first page."""
    return server.client()


@pytest.fixture(scope="session")
def finished(server: Server) -> tuple[Client, str]:
    """The sample campaign, uploaded and run; where its job is."""
    client = server.client()
    files = {name: (SAMPLE / name).read_bytes() for name in SAMPLES}
    place = client.upload("/jobs", files).place
    client.wait(place, "ready")
    assert client.post(f"{place}/run", {"tolerance": "5"}).status == 303
    client.wait(place, "done", seconds=120)
    return client, place
