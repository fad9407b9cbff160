"""An SMTP server for many thousands of addresses, in a process of its own, that counts who was asked how often.

    python stub.py COUNTS

Prints its port, serves on the loopback until its standard input ends, and writes {address: times} to COUNTS as JSON.
What an address is, its local part says: u… is unknown, g… is greylisted at first, everything else is known; domains
that begin with "all" take every address.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from pathlib import Path
from typing import ClassVar

GREETING = b"220 mx.stub.example ESMTP\r\n"
EHLO = b"250-mx.stub.example\r\n250 8BITMIME\r\n"
OK = b"250 2.0.0 Ok\r\n"
BYE = b"221 2.0.0 Bye\r\n"
UNKNOWN = b"550 5.1.1 Recipient address rejected: User unknown\r\n"
GREYLISTED = b"451 4.7.1 Greylisted, please try again later\r\n"


class Stub(asyncio.Protocol):
    """One connection."""

    asked: ClassVar[Counter[str]] = Counter()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._rest = b""
        transport.write(GREETING)

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\r\n")
        for line in lines:
            self._transport.write(self._reply(line))
            if line == b"QUIT":
                self._transport.close()

    def _reply(self, line: bytes) -> bytes:
        if line.startswith(b"EHLO"):
            return EHLO
        if not line.startswith(b"RCPT TO:<"):
            return BYE if line == b"QUIT" else OK
        address = line[9:-1].decode()
        self.asked[address] += 1
        local, _, domain = address.partition("@")
        if domain.startswith("all"):
            return OK
        if local.startswith("g") and self.asked[address] == 1:
            return GREYLISTED
        return OK if local[0] in "ag" else UNKNOWN


async def main(counts: Path) -> None:
    """Serve until nobody wants it any more."""
    server = await asyncio.get_running_loop().create_server(Stub, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()
    counts.write_text(json.dumps(Stub.asked))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
