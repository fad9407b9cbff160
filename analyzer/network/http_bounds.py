"""How long the head of a request may take, and how many connections there may be: what uvicorn leaves open."""

from __future__ import annotations

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol


def bounded(head_seconds: float, connections: int | None = None) -> type[H11Protocol]:
    """A protocol that drops a connection whose next head is not whole in time, and those beyond `connections`.

    uvicorn waits for ever for a head, so that silent connections would shut everybody else out (RFC 9112, 9.5).
    """

    class Bounded(H11Protocol):
        _late: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            if connections is not None and len(self.connections) > connections:
                transport.abort()
            else:
                self._watch()

        def connection_lost(self, exc: Exception | None) -> None:
            self._unwatch()
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self._watch()

        def on_response_complete(self) -> None:
            super().on_response_complete()
            self._watch()

        def _watch(self) -> None:
            """A timer runs while a head is awaited, from the connection or the last answer on."""
            if self.conn.their_state is not h11.IDLE:
                self._unwatch()
            elif self._late is None and not self.transport.is_closing():
                self._late = self.loop.call_later(head_seconds, self.transport.abort)

        def _unwatch(self) -> None:
            if self._late is not None:
                self._late.cancel()
                self._late = None

    return Bounded
