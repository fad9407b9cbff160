"""One SMTP connection: commands out, replies in, each with a deadline for the whole reply (RFC 5321 4.2, RFC 3207).

A layer of our own on asyncio's protocols. The probe needs six commands, and every way in which a host can misbehave
(drip, flood, talk out of turn, drop) must become an outcome of its own rather than an exception of a client library.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import ssl
from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeAlias

#: What a reply may have, in bytes and in lines; RFC 5321 4.5.3.1.5 asks for 512 bytes a line.
_MOST_BYTES, _MOST_LINES = 64 * 1024, 200
_LINE = re.compile(rb"([2-5]\d\d)(?:([ -])(.*))?", re.DOTALL)
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")

Trouble: TypeAlias = Literal["unreachable", "timeout", "dropped", "garbled", "out_of_step", "tls"]


class ConnectionTroubleError(Exception):
    """The connection gave no usable answer; the text says which way, for a person."""

    def __init__(self, kind: Trouble, text: str) -> None:
        self.kind: Trouble = kind
        super().__init__(text)


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply of any number of lines, as they stand behind the code."""

    code: int
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """All lines as one, with single spaces, without the status that each but the first repeats."""
        first, *rest = self.lines
        status = _STATUS.match(first)
        if status:
            rest = [line.removeprefix(status[0]) for line in rest]
        return " ".join(" ".join([first, *rest]).split())

    def __str__(self) -> str:
        return f"{self.code} {self.text}".rstrip()

    @property
    def positive(self) -> bool:
        return 200 <= self.code < 300


@cache
def _tls() -> ssl.SSLContext:
    """Encryption without a look at the certificate: nothing secret is sent, most mail hosts' certificates are for
    another name, and RFC 7435 prefers unauthenticated encryption to none."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Connection(asyncio.Protocol):
    """Opened by `connect`; one command at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._waiter: asyncio.Future[None] | None = None
        self._ended: ConnectionTroubleError | None = None

    @classmethod
    async def connect(cls, address: str, port: int, timeout: float) -> Connection:
        """A connection to an IP address; `ConnectionTroubleError` where there is none in time."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout):
                _, connection = await loop.create_connection(cls, address, port)
        except TimeoutError:
            raise ConnectionTroubleError("timeout", f"no connection to {address} within {timeout:g} s") from None
        except OSError as error:
            problem = os.strerror(error.errno) if error.errno else str(error)
            raise ConnectionTroubleError("unreachable", f"no connection to {address}: {problem}") from None
        return connection

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if len(self._buffer) > _MOST_BYTES:
            self._end(ConnectionTroubleError("garbled", f"a reply of more than {_MOST_BYTES // 1024} KiB"))
        self._wake()

    def eof_received(self) -> None:
        self._end(ConnectionTroubleError("dropped", "the host closed the connection"))

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(ConnectionTroubleError("dropped", f"the connection broke: {exc or 'closed by the host'}"))

    def _end(self, trouble: ConnectionTroubleError) -> None:
        self._ended = self._ended or trouble
        if self._transport is not None:
            self._transport.close()
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # What the dialogue calls.

    async def reply(self, timeout: float) -> Reply:
        """The next reply, whole within `timeout`: a host that drips a byte now and then does not hold us longer."""
        lines: list[bytes] = []
        code = 0
        try:
            async with asyncio.timeout(timeout):
                while True:
                    line = await self._line()
                    read = _LINE.fullmatch(line)
                    if read is None or len(lines) >= _MOST_LINES:
                        shown = line[:60].decode("ascii", "backslashreplace")
                        raise ConnectionTroubleError("garbled", f"not an SMTP reply: {shown!r}")
                    # The code of the last line counts (RFC 5321 4.2.1 wants them alike).
                    code = int(read[1])
                    lines.append(read[3] or b"")
                    if read[2] != b"-":
                        break
        except TimeoutError:
            raise ConnectionTroubleError("timeout", f"no reply within {timeout:g} s") from None
        return Reply(code, tuple(map(_decoded, lines)))

    async def command(self, line: str, timeout: float) -> Reply:
        """Send one command and read its reply."""
        if self._buffer:
            await self._unasked(timeout)
        if self._ended is not None or self._transport is None:
            raise self._ended or ConnectionTroubleError("dropped", "the connection is closed")
        self._transport.write(line.encode("utf-8", "replace") + b"\r\n")
        return await self.reply(timeout)

    async def start_tls(self, host: str, timeout: float) -> None:
        """Encrypt from here on, after the host's 220 to STARTTLS."""
        if self._buffer:
            # Whoever sends more before the handshake is out of step, or is slipping commands in (CVE-2011-0411).
            raise ConnectionTroubleError("out_of_step", "the host sent more before the TLS handshake")
        assert self._transport is not None
        loop = asyncio.get_running_loop()
        try:
            encrypted = await loop.start_tls(
                self._transport, self, _tls(), server_hostname=host, ssl_handshake_timeout=timeout
            )
        except (OSError, ssl.SSLError, ValueError) as error:
            raise ConnectionTroubleError("tls", f"the TLS handshake failed: {error}") from None
        if encrypted is None:
            raise ConnectionTroubleError("tls", "the TLS handshake failed: the host closed the connection")
        self._transport = encrypted

    async def quit(self, timeout: float) -> None:
        """Leave as RFC 5321 4.1.1.10 asks: the host counts us as there until it has answered."""
        with contextlib.suppress(ConnectionTroubleError):
            if self._ended is None:
                await self.command("QUIT", timeout)
        self.close()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    async def _line(self) -> bytes:
        """The next line without its end; some hosts end lines with a bare LF."""
        start = 0
        while (at := self._buffer.find(b"\n", start)) < 0:
            if self._ended is not None:
                raise self._ended
            start = len(self._buffer)
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        line = bytes(self._buffer[:at]).rstrip(b"\r")
        del self._buffer[: at + 1]
        return line

    async def _unasked(self, timeout: float) -> None:
        """A host that speaks out of turn: its next reply would be taken for another command's."""
        reply: Reply | None = None
        with contextlib.suppress(ConnectionTroubleError):
            reply = await self.reply(timeout)
        self.close()
        if reply is not None and reply.code == 421:
            raise ConnectionTroubleError("dropped", str(reply))
        raise ConnectionTroubleError("out_of_step", f"the host answered what was not asked: {reply or 'garbage'}")


def _decoded(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")
