"""The mail hosts of a domain, tried in their order (RFC 5321 5.1), until one of them talks to us."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

from analyzer.check.smtp.connection import ConnectionTroubleError
from analyzer.check.smtp.dialogue import RefusedError, Session, open_session
from analyzer.check.smtp.meaning import of_refusal
from analyzer.network.public import is_public

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analyzer.check.smtp.options import ProbeOptions

#: Of a host and of a domain, so many addresses and hosts are tried.
_MOST_ADDRESSES, _MOST_HOSTS = 4, 8
#: A host that did not answer is left out for so long, whichever domain asks for it next.
_DEAD_S = 300.0


class Hosts:
    """Opens sessions; remembers for a while which hosts did not answer."""

    def __init__(self, options: ProbeOptions) -> None:
        self._options = options
        self._dead: dict[str, tuple[float, ConnectionTroubleError]] = {}

    async def open(self, mx: Sequence[str]) -> Session:
        """A session with the first host that takes one.

        `RefusedError` where one sent us away and none took us (at once where it refused *us*: the others of that domain
        are run by the same people), `ConnectionTroubleError` where none was to be reached.
        """
        failed: RefusedError | ConnectionTroubleError | None = None
        for host in mx[:_MOST_HOSTS]:
            try:
                return await self._open(host)
            except RefusedError as refused:
                if of_refusal(refused.reply, refused.phase, host).about_us:
                    raise
                failed = refused
            except ConnectionTroubleError as trouble:
                failed = failed if isinstance(failed, RefusedError) else trouble
        raise failed or ConnectionTroubleError("unreachable", "the domain names no mail host")

    async def _open(self, host: str) -> Session:
        now = self._options.clock()
        until, trouble = self._dead.get(host, (0.0, None))
        if trouble is not None and until > now:
            raise trouble
        try:
            return await self._open_any(host, await self._addresses(host))
        except ConnectionTroubleError as trouble:
            if trouble.kind in {"unreachable", "timeout"}:
                if len(self._dead) >= 10_000:
                    self._dead = {name: one for name, one in self._dead.items() if one[0] > now}
                self._dead[host] = (self._options.clock() + _DEAD_S, trouble)
            raise

    async def _open_any(self, host: str, addresses: Sequence[str]) -> Session:
        failed: ConnectionTroubleError | None = None
        for address in addresses:
            try:
                return await open_session(host, address, self._options)
            except ConnectionTroubleError as trouble:
                failed = trouble
        raise failed or ConnectionTroubleError("unreachable", f"{host} has no address")

    async def _addresses(self, host: str) -> list[str]:
        """IPv4 first: that is the address with the PTR record, as a rule."""
        resolve = self._options.resolve or _by_system
        try:
            async with asyncio.timeout(self._options.connect_timeout_s):
                found = list(dict.fromkeys(await resolve(host)))
        except (OSError, TimeoutError) as error:
            raise ConnectionTroubleError("unreachable", f"{host} cannot be resolved: {error or 'no answer'}") from None
        open_to_all = [one for one in found if self._options.allow_private or is_public(one)]
        if found and not open_to_all:
            raise ConnectionTroubleError("unreachable", f"{host} has only private addresses ({', '.join(found[:3])})")
        return sorted(open_to_all, key=lambda one: ":" in one)[:_MOST_ADDRESSES]


async def _by_system(host: str) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]
