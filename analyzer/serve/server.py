"""Listens: one process, plain HTTP/1.1, and patience with slow senders only up to a point."""

from __future__ import annotations

import os
import socket
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import uvicorn

from analyzer.errors import OutputError
from analyzer.network.http_bounds import bounded
from analyzer.serve.app import create_app

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from analyzer.serve.settings import Settings

#: Seconds in which a request's head must be there.
HEAD_S = 15.0
_CONNECTIONS = 100


def serve(settings: Settings, ready: Callable[[str], Any]) -> None:
    """Serve until somebody ends it (Ctrl-C, SIGTERM). `ready` is told the address; errors as `create_app`, and
    `OutputError` for an address that cannot be had."""
    os.umask(0o077)
    listener = _listening(settings)
    settings = replace(settings, port=int(listener.getsockname()[1]))
    try:
        app = create_app(settings)
        config = uvicorn.Config(
            app,
            http=bounded(HEAD_S),
            ws="none",
            lifespan="on",
            log_level="warning",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            limit_concurrency=_CONNECTIONS,
            timeout_keep_alive=10,
            timeout_graceful_shutdown=3,
        )
        _Server(config, lambda: ready(_address(settings))).run(sockets=[listener])
    except KeyboardInterrupt:
        # uvicorn ends in good order and then passes the signal on.
        pass
    finally:
        listener.close()


class _Server(uvicorn.Server):
    """Says that it is ready once it takes signals itself: whoever reads that may at once send one."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], Any]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As ever, and then tell."""
        await super().startup(sockets)
        self._ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal ends it within seconds, the jobs' processes too; a second one would only break into that."""
        if not self.should_exit:
            super().handle_exit(sig, frame)


def _listening(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=128)
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        problem = (error.strerror or str(error)).lower()
        raise OutputError(where, f"cannot be listened at: {problem}", "name another --port") from None


def _address(settings: Settings) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{settings.port}/"
