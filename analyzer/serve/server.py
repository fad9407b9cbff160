"""Listens: one process, plain HTTP/1.1, and patience with slow senders only up to a point."""

from __future__ import annotations

import asyncio
import os
import socket
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from analyzer.errors import OutputError
from analyzer.serve.app import create_app

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.serve.settings import Settings

#: Seconds in which a request's head must be there.
HEAD_S = 15.0
_CONNECTIONS = 100


class PunctualProtocol(H11Protocol):
    """HTTP/1.1 that gives up on who does not come to the end of a request's head.

    uvicorn waits for ever there, so that a hundred silent connections would shut everybody else out (RFC 9112, 9.5).
    """

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody connected: the first head is due."""
        super().connection_made(transport)
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        """Something came: a head is due while none is complete."""
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            if self._deadline is None:
                self._expect_head()
        else:
            self._forget()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is due any more."""
        self._forget()
        super().connection_lost(exc)

    def _expect_head(self) -> None:
        self._deadline = self.loop.call_later(HEAD_S, self.transport.close)

    def _forget(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


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
            http=PunctualProtocol,
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
        ready(_address(settings))
        uvicorn.Server(config).run(sockets=[listener])
    except KeyboardInterrupt:
        # uvicorn ends in good order and then passes the signal on.
        pass
    finally:
        listener.close()


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
