"""One server for the tests that do not end it, and somebody who asks it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from serve_files import SAMPLE, SAMPLES
from serve_server import STARTED, Server, start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from serve_client import Client


@pytest.fixture(scope="session", autouse=True)
def all_stopped() -> Iterator[None]:
    """No server outlives the tests."""
    yield
    for running in STARTED:
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
