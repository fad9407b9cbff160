"""One page over HTTPS: no redirects, so many bytes, so many seconds."""

from __future__ import annotations

import ssl
import time
from http.client import HTTPException, HTTPSConnection
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

    #: The body behind an address; `FetchError` where there is none.
    Fetch: TypeAlias = Callable[[str], bytes]

_MOST_BYTES = 65_536
_PATIENCE_S = 5.0


class FetchError(Exception):
    """Nothing could be fetched; its text says why. `answered`: whether somebody was there and gave what is no page."""

    def __init__(self, says: str, *, answered: bool = False) -> None:
        super().__init__(says)
        self.answered = answered


class HttpsFetch:
    """Over HTTPS. `connect_to`: (host, port) to connect to instead, the name asked for stays the address's; `context`
    holds whom to trust; `patience`: seconds for each step of the connection, and half of those for the whole."""

    def __init__(
        self,
        context: ssl.SSLContext | None = None,
        connect_to: tuple[str, int] | None = None,
        patience: float = _PATIENCE_S,
    ) -> None:
        self._context = context or ssl.create_default_context()
        self._connect_to, self._patience = connect_to, patience

    def __call__(self, address: str) -> bytes:
        """The body of a 200; a redirect is none."""
        parts = urlsplit(address)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection = _Connection(parts.hostname or "", self._context, self._connect_to, self._patience)
        try:
            connection.request("GET", target, headers={"Accept": "*/*", "Connection": "close"})
            answer = connection.getresponse()
            body, until = b"", time.monotonic() + 2 * self._patience
            while len(body) <= _MOST_BYTES and (piece := answer.read1(_MOST_BYTES)):
                body += piece
                if time.monotonic() > until:
                    raise TimeoutError("it took too long")
        except (OSError, HTTPException, ValueError) as error:
            # Whoever shows a certificate that is not good is there.
            answered = isinstance(error, (ssl.SSLError, HTTPException))
            raise FetchError(f"{parts.hostname}: {error or type(error).__name__}", answered=answered) from None
        finally:
            connection.close()
        if answer.status != 200 or len(body) > _MOST_BYTES:
            says = f"{parts.hostname}: answered {answer.status} with {len(body):,} bytes"
            raise FetchError(says, answered=True)
        return body


class _Connection(HTTPSConnection):
    def __init__(self, host: str, context: ssl.SSLContext, connect_to: tuple[str, int] | None, patience: float) -> None:
        super().__init__(host, 443, timeout=patience, context=context)
        self._tls, self._to = context, connect_to or (host, 443)

    def connect(self) -> None:
        import socket

        plain = socket.create_connection(self._to, self.timeout)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)
