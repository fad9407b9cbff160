"""A server beside others in one process, with bounds on heads, handshakes and connections."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import uvicorn

from analyzer.network.http_bounds import bounded

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator


#: How long a connection that was answered may take to say that it is done.
_FAREWELL_S = 2.0


class Server(uvicorn.Server):
    """Leaves the signals to whoever runs several of them, and waits no longer for a handshake than for a head."""

    handshake_s = 10.0

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen on the sockets. uvicorn leaves a handshake a minute, and its connection is not counted meanwhile."""
        config, loop = self.config, asyncio.get_running_loop()

        def protocol() -> asyncio.Protocol:
            made: asyncio.Protocol = config.http_protocol_class(  # type: ignore[call-arg]
                config=config, server_state=self.server_state, app_state={}
            )
            return made

        self.servers = [
            await loop.create_server(
                protocol,
                sock=one,
                ssl=config.ssl,
                backlog=config.backlog,
                ssl_handshake_timeout=self.handshake_s if config.ssl else None,
                ssl_shutdown_timeout=_FAREWELL_S if config.ssl else None,
            )
            for one in sockets or ()
        ]
        self.started = True

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """None."""
        yield


def server_of(app: Any, *, head_seconds: float, connections: int, tls: tuple[str, str] | None = None) -> Server:
    """A server for one application, without logs of addresses, and without trust in what a proxy claims."""
    server = Server(
        uvicorn.Config(
            app,
            http=bounded(head_seconds, connections),
            ws="none",
            lifespan="off",
            loop="asyncio",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            h11_max_incomplete_event_size=16_384,
            timeout_keep_alive=max(1, int(head_seconds)),
            timeout_graceful_shutdown=20,
            ssl_certfile=tls[0] if tls else None,
            ssl_keyfile=tls[1] if tls else None,
        )
    )
    server.handshake_s = head_seconds
    return server
