"""The mailbox server that these tests share, and a watch in a thread of its own."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from servers.dovecot import PASSWORD, Dovecot, dovecot

from analyzer.sources.imap_login import Access
from analyzer.watch import Taken, Watched, watch


@pytest.fixture(scope="session")
def server() -> Iterator[Dovecot]:
    """A real Dovecot. Tests take a folder of their own in it (`server.url("name")`)."""
    with dovecot() as running:
        yield running


@pytest.fixture
def access(server, monkeypatch) -> Access:
    monkeypatch.setenv("TEAM_PASSWORD", PASSWORD)
    return Access(password_env="TEAM_PASSWORD", ca_file=server.ca_file)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "space"


class Running:
    """A watch under way. `said`: what it wrote so far."""

    def __init__(self, workspace: Path, watched: Watched, **options: object) -> None:
        self._stop, self._stream = threading.Event(), io.StringIO()
        self.taken: Taken | None = None
        self.error: Exception | None = None
        options = {"pause_s": 0.1, "every_s": 0.2, **options}
        self._thread = threading.Thread(target=self._run, args=(workspace, watched, options), daemon=True)
        self._thread.start()

    @property
    def said(self) -> str:
        return self._stream.getvalue()

    def stop(self) -> Taken:
        self._stop.set()
        self._thread.join(30)
        assert not self._thread.is_alive(), "the watch does not stop"
        if self.error is not None:
            raise self.error
        assert self.taken is not None
        return self.taken

    def _run(self, workspace: Path, watched: Watched, options: dict) -> None:
        try:
            self.taken = watch(workspace, watched, stop=self._stop, stream=self._stream, **options)
        except Exception as error:  # noqa: BLE001 (shown by the test)
            self.error = error


@pytest.fixture
def following(place) -> Iterator[Callable[..., Running]]:
    """Starts a watch into `place`; it is stopped at the end of the test."""
    started: list[Running] = []

    def start(watched: Watched, **options: object) -> Running:
        started.append(Running(place, watched, **options))
        return started[-1]

    yield start
    for running in started:
        running._stop.set()
    for running in started:
        running._thread.join(30)


@pytest.fixture(autouse=True)
def told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command says what it takes in; it is quiet unless asked."""
    monkeypatch.setenv("BOUNCE_ANALYZER_LOG", "info")
