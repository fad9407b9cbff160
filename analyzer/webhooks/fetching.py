"""The only two things that are fetched: the certificate that SNS signs with, and the address that confirms a topic.

An address is followed only on Amazon's own SNS hosts, over HTTPS, without redirects, and only so far.
"""

from __future__ import annotations

import re
import ssl
import threading
import time
from collections import OrderedDict
from http.client import HTTPException, HTTPSConnection
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

if TYPE_CHECKING:
    from collections.abc import Callable

    #: The body behind an address; `FetchError` where there is none.
    Fetch: TypeAlias = Callable[[str], bytes]

_HOST = re.compile(r"sns\.[a-z0-9-]{3,40}\.amazonaws\.com(\.cn)?")
_CERTIFICATE = re.compile(r"/[A-Za-z0-9._-]{1,200}\.pem")
_MOST_BYTES = 65_536
_PATIENCE_S = 5.0
#: What could not be had is not asked for again for a while.
_AGAIN_S = 60.0
_KEPT = 32
#: Addresses that may fail within that time before no other is tried.
_FAILURES = 5
#: How long one request waits while another fetches; SNS asks again.
_WAIT_S = 2.0


class FetchError(Exception):
    """Nothing could be fetched; its text says why."""


def on_sns(address: str) -> bool:
    """Whether an address is one of Amazon SNS itself, over HTTPS."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return False
    plain = parts.username is None and parts.password is None and not parts.fragment and port in (None, 443)
    # `netloc` and not `hostname` alone: what a library reads as the host must be all there is. Blanks and control
    # characters, which `urlsplit` drops, make the host another one for somebody else.
    return (
        parts.scheme == "https"
        and plain
        and address.isascii()
        and address.isprintable()
        and " " not in address
        and "\\" not in address
        and _HOST.fullmatch(parts.netloc.removesuffix(":443")) is not None
    )


def is_certificate_address(address: str) -> bool:
    """Whether SNS's own certificate may lie there: its host, a `.pem`, no parameters."""
    if not on_sns(address):
        return False
    parts = urlsplit(address)
    return not parts.query and _CERTIFICATE.fullmatch(parts.path) is not None


class HttpsFetch:
    """Over HTTPS. `connect_to` (host, port) and `context` are for tests: the name asked for stays the address's."""

    def __init__(self, context: ssl.SSLContext | None = None, connect_to: tuple[str, int] | None = None) -> None:
        self._context = context or ssl.create_default_context()
        self._connect_to = connect_to

    def __call__(self, address: str) -> bytes:
        """The body of a 200; a redirect is none."""
        parts = urlsplit(address)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection = _Connection(parts.hostname or "", self._context, self._connect_to)
        try:
            connection.request("GET", target, headers={"Accept": "*/*", "Connection": "close"})
            answer = connection.getresponse()
            body, until = b"", time.monotonic() + 2 * _PATIENCE_S
            while len(body) <= _MOST_BYTES and (piece := answer.read1(_MOST_BYTES)):
                body += piece
                if time.monotonic() > until:
                    raise TimeoutError("it took too long")
        except (OSError, HTTPException, ValueError) as error:
            raise FetchError(f"{parts.hostname}: {error or type(error).__name__}") from None
        finally:
            connection.close()
        if answer.status != 200 or len(body) > _MOST_BYTES:
            raise FetchError(f"{parts.hostname}: answered {answer.status} with {len(body):,} bytes")
        return body


class _Connection(HTTPSConnection):
    def __init__(self, host: str, context: ssl.SSLContext, connect_to: tuple[str, int] | None) -> None:
        super().__init__(host, 443, timeout=_PATIENCE_S, context=context)
        self._tls, self._to = context, connect_to or (host, 443)

    def connect(self) -> None:
        import socket

        plain = socket.create_connection(self._to, self.timeout)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)


class Certificates:
    """The signing certificates that were fetched, by address. Safe from several threads, one of which fetches.

    Whoever knows a topic can name any address on Amazon's hosts. So what is there is had without waiting, and after
    some failures nothing new is asked for until a minute has passed.
    """

    def __init__(self, fetch: Fetch, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch, self._clock = fetch, clock
        self._kept: OrderedDict[str, x509.Certificate] = OrderedDict()
        #: Addresses that gave none, and when.
        self._failed: dict[str, float] = {}
        self._lock = threading.Lock()

    def at(self, address: str) -> x509.Certificate | None:
        """The certificate there, with an RSA key; None where it cannot be had now. Its dates are not checked here."""
        found = self._kept.get(address)
        if found is not None or not self._lock.acquire(timeout=_WAIT_S):
            return found
        try:
            return self._kept.get(address) or self._asked(address)
        finally:
            self._lock.release()

    def _asked(self, address: str) -> x509.Certificate | None:
        now = self._clock()
        self._failed = {name: at for name, at in self._failed.items() if now - at <= _AGAIN_S}
        if address in self._failed or len(self._failed) >= _FAILURES:
            return None
        found = self._fetched(address)
        if found is None:
            self._failed[address] = self._clock()
            return None
        self._kept[address] = found
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return found

    def _fetched(self, address: str) -> x509.Certificate | None:
        try:
            found = x509.load_pem_x509_certificate(self._fetch(address))
        except (FetchError, ValueError):
            return None
        return found if isinstance(found.public_key(), rsa.RSAPublicKey) else None
