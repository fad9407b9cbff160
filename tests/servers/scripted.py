"""An SMTP server that says what a test's script says, and writes down what it was told. Loopback only."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

#: In place of a reply: say nothing and keep the line open; hang up; begin a line and never end it; send without end.
HANG, DROP, DRIP, FLOOD = "<hang>", "<drop>", "<drip>", "<flood>"
#: What a step says: one thing every time, or one after another, the last of them from then on.
Said = str | bytes | Sequence[str | bytes]


@dataclass
class Script:
    """Replies by step. `rcpt` goes by local part; "*" stands for every other one, the random address among them."""

    rcpt: Mapping[str, Said] = field(default_factory=lambda: {"*": "250 2.1.5 Ok"})
    banner: Said = "220 mx.example.net ESMTP"
    ehlo: Said = "250-mx.example.net\r\n250-SIZE 1000\r\n250 8BITMIME"
    helo: Said = "250 mx.example.net"
    mail: Said = "250 2.1.0 Ok"
    rset: Said = "250 2.0.0 Ok"
    starttls: Said = "220 2.0.0 Ready"
    tls: ssl.SSLContext | None = None


@dataclass
class ScriptedServer:
    """What it was told, as (session, line); the sessions are numbered from 0."""

    script: Script
    port: int = 0
    told: list[tuple[int, str]] = field(default_factory=list)
    sessions: int = 0
    _said: dict[str, int] = field(default_factory=dict)

    def asked(self) -> list[str]:
        """The local parts that were asked for, in order; "*" for one of the probe's own making."""
        locals_ = [line[9:-1].rpartition("@")[0] for _, line in self.told if line.startswith("RCPT TO:<")]
        return [local if local in self.script.rcpt else "*" for local in locals_]

    def verbs(self) -> set[str]:
        """Every command that was used."""
        return {line.split(":")[0].split()[0] for _, line in self.told if line}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number, self.sessions = self.sessions, self.sessions + 1
        try:
            await self._say(writer, "banner", self.script.banner)
            while line := await reader.readline():
                text = line.decode("utf-8", "backslashreplace").rstrip("\r\n")
                self.told.append((number, text))
                verb = text.split(":")[0].split()[0].lower()
                if verb == "quit":
                    break
                await self._obey(verb, text, reader, writer)
        except (ConnectionError, _HangUpError, ssl.SSLError):
            pass
        finally:
            writer.close()

    async def _obey(self, verb: str, text: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        script = self.script
        if verb == "rcpt":
            local = text[9:-1].rpartition("@")[0]
            local = local if local in script.rcpt else "*"
            await self._say(writer, f"rcpt {local}", script.rcpt[local])
        elif verb == "starttls":
            await self._say(writer, verb, script.starttls)
            if script.tls is not None:
                await writer.start_tls(script.tls)
                # `StreamWriter.start_tls` of Python 3.11 leaves the reader with the old transport.
                reader._transport = writer.transport  # type: ignore[attr-defined]
        elif verb in {"ehlo", "helo", "mail", "rset"}:
            await self._say(writer, verb, getattr(script, verb))
        else:
            await self._say(writer, verb, "502 5.5.2 Command not recognised")

    async def _say(self, writer: asyncio.StreamWriter, step: str, said: Said) -> None:
        if not isinstance(said, str | bytes):
            at = self._said.get(step, 0)
            self._said[step] = at + 1
            said = said[min(at, len(said) - 1)]
        if said == HANG:
            await asyncio.sleep(3600)
        elif said == DROP:
            raise _HangUpError
        elif said == DRIP:
            while True:
                writer.write(b"2")
                await writer.drain()
                await asyncio.sleep(0.02)
        elif said == FLOOD:
            while True:
                writer.write(b"250-" + b"x" * 1000 + b"\r\n")
                await writer.drain()
        else:
            writer.write((said if isinstance(said, bytes) else said.encode()) + b"\r\n")
            await writer.drain()


class _HangUpError(Exception):
    """The script says to hang up."""


@asynccontextmanager
async def serving(script: Script) -> AsyncIterator[ScriptedServer]:
    """The server on a free port of the loopback."""
    scripted = ScriptedServer(script)
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await scripted.serve(reader, writer)
        finally:
            tasks.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    scripted.port = server.sockets[0].getsockname()[1]
    try:
        yield scripted
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def self_signed(folder: Path, name: str = "mx.example.net") -> tuple[Path, Path]:
    """A certificate for one name that nobody vouches for, and its key."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", f"/CN={name}", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


def server_tls(folder: Path, name: str = "mx.example.net") -> ssl.SSLContext:
    """A server's TLS with such a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*self_signed(folder, name))
    return context
