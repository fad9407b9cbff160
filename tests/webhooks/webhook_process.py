"""The receiver in a process of its own, over the loopback, and a client that speaks to it.

python webhook_process.py WORKSPACE CONFIG JSON      (the receiver itself; JSON are the options of `start`)
"""

from __future__ import annotations

import http.client
import json
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from webhook_forks import forks
from webhook_senders import Request


def serve(workspace: str, config: str, options: dict[str, Any]) -> int:
    """What `watch --listen` calls, with a certificate out of a file where SNS's would be fetched."""
    from analyzer import logbook
    from analyzer.webhooks import listen
    from analyzer.webhooks.service import Pace

    # As the command line does before any command.
    logbook.set_up()
    pem = options.pop("pem", "")
    if options.pop("no_table", False):
        # A workspace that cannot be written, as a full disk or a store that is away is.
        from analyzer.errors import OutputError
        from analyzer.history import Workspace

        def fail(self: Any, bounces: Any) -> Any:
            raise OutputError(self.place, "bounces cannot be written: no space")

        Workspace.add_bounces = fail  # type: ignore[method-assign]
    return listen(
        options.pop("address", "127.0.0.1:0"),
        workspace,
        config=config,
        fetch=lambda address: Path(pem).read_bytes(),
        pace=Pace(**options.pop("pace", {"every_s": 0.2})),
        **options,
    )


class Receiver:
    """A running receiver. `said` are the lines that it wrote so far."""

    def __init__(self, workspace: Path, config: Path, **options: Any) -> None:
        self.log = workspace.parent / f"{workspace.name}.log"
        self.log.write_text("")
        self.pid = forks().start(workspace, config, options, self.log)
        self.code: int | None = None
        self.port = self._port("webhooks")
        self.metrics_port = self._port("metrics") if options.get("metrics") else self.port

    @property
    def said(self) -> str:
        return self.log.read_text()

    def _port(self, what: str) -> int:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            for line in self.said.splitlines():
                if line.startswith(f"listening for {what}"):
                    return int(line.rpartition(":")[2])
            time.sleep(0.02)
        self.kill()
        raise RuntimeError(f"the receiver does not come up: {self.said}")

    def post(self, path: str, request: Request) -> tuple[int, dict[str, str], str]:
        """Status, headers and text of the answer."""
        return send(self.port, path, request)

    def get(self, path: str) -> tuple[int, str]:
        """Of /metrics and /healthz."""
        connection = http.client.HTTPConnection("127.0.0.1", self.metrics_port, timeout=30)
        connection.request("GET", path)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text

    def metrics(self) -> dict[tuple[str, ...], float]:
        """Each sample by its name and the values of its labels."""
        from prometheus_client.parser import text_string_to_metric_families

        status, text = self.get("/metrics")
        assert status == 200
        return {
            (sample.name.removeprefix("bounce_webhook_"), *sample.labels.values()): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def kill(self) -> None:
        """SIGKILL."""
        self.code = forks().end(self.pid, signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        self.code = forks().end(self.pid, signal.SIGTERM)
        return self.code


@contextmanager
def receiver(workspace: Path, config: Path, **options: Any) -> Iterator[Receiver]:
    """A receiver until the end of the block."""
    running = Receiver(workspace, config, **options)
    try:
        yield running
    finally:
        if running.code is None:
            running.kill()


def send(port: int, path: str, request: Request) -> tuple[int, dict[str, str], str]:
    """One POST on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        target = path + (f"?{urlencode(request.query)}" if request.query else "")
        connection.request("POST", target, request.body, {"content-type": "application/json", **request.headers})
        answer = connection.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read().decode()
    finally:
        connection.close()


def raw(port: int) -> socket.socket:
    """A connection for what no client would send."""
    return socket.create_connection(("127.0.0.1", port), timeout=30)


def bounces_in(workspace: Path) -> Any:
    from analyzer.history import Workspace

    return Workspace(workspace).bounces()


def write_config(folder: Path, text: str, **secrets: str) -> Path:
    """A configuration with a file for each secret."""
    for name, value in secrets.items():
        path = folder / name
        path.write_text(value)
        path.chmod(0o600)
    config = folder / "webhooks.toml"
    config.write_text(text)
    return config


if __name__ == "__main__":
    sys.exit(serve(sys.argv[1], sys.argv[2], json.loads(sys.argv[3])))
