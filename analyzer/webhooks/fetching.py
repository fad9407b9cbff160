"""The only two things that are fetched: the certificate that SNS signs with, and the address that confirms a topic.

An address is followed only on Amazon's own SNS hosts, over HTTPS, without redirects, and only so far.
"""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from analyzer.network.https import FetchError

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.network.https import Fetch

_HOST = re.compile(r"sns\.[a-z0-9-]{3,40}\.amazonaws\.com(\.cn)?")
_CERTIFICATE = re.compile(r"/[A-Za-z0-9._-]{1,200}\.pem")
#: What could not be had is not asked for again for a while.
_AGAIN_S = 60.0
_KEPT = 32
#: Addresses that may fail within that time before no other is tried.
_FAILURES = 5
#: How long one request waits while another fetches; SNS asks again.
_WAIT_S = 2.0


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
