"""The dialogue of a probe: EHLO, STARTTLS where offered, MAIL FROM, RCPT TO, RSET, QUIT. Never DATA, VRFY or EXPN.

RFC 5321 3, RFC 3207 (STARTTLS), RFC 6531 (addresses beyond ASCII need SMTPUTF8).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from analyzer.check.smtp.connection import Connection, ConnectionTroubleError, Reply

if TYPE_CHECKING:
    from analyzer.check.smtp.options import ProbeOptions

#: As `analyzer.classify` names the phases.
Phase: TypeAlias = Literal["connect", "helo", "mail", "rcpt"]

_GOOD_BYE_S = 3.0


class RefusedError(Exception):
    """A refusal before any recipient was named: it cannot be about one."""

    def __init__(self, phase: Phase, reply: Reply) -> None:
        self.phase: Phase = phase
        self.reply = reply
        super().__init__(str(reply))


class NoSmtpUtf8Error(Exception):
    """The address needs SMTPUTF8 and the host does not offer it."""


class Session:
    """An open dialogue with one host; `asked` counts the recipients named in it."""

    def __init__(self, connection: Connection, host: str, extensions: frozenset[str], options: ProbeOptions) -> None:
        self.host = host
        self.asked = 0
        self._connection = connection
        self._extensions = extensions
        self._options = options
        self._transaction: Literal["", "plain", "utf8"] = ""

    async def ask(self, address: str) -> Reply:
        """RCPT TO one address, within a transaction that is opened where none is; `NoSmtpUtf8Error`, `RefusedError`
        (at MAIL FROM) or `ConnectionTroubleError` where it cannot be asked."""
        kind: Literal["plain", "utf8"] = "plain" if address.isascii() else "utf8"
        if kind == "utf8" and "SMTPUTF8" not in self._extensions:
            raise NoSmtpUtf8Error
        if kind == "utf8" and self._transaction == "plain":
            await self.reset()
        if not self._transaction:
            tail = " SMTPUTF8" if kind == "utf8" else ""
            reply = await self._send(f"MAIL FROM:<{self._options.mail_from}>{tail}")
            if not reply.positive:
                raise RefusedError("mail", reply)
            self._transaction = kind
        self.asked += 1
        return await self._send(f"RCPT TO:<{address}>")

    async def reset(self) -> None:
        """End the transaction without a mail."""
        if self._transaction:
            self._transaction = ""
            reply = await self._send("RSET")
            if not reply.positive:
                raise ConnectionTroubleError("dropped", f"RSET was answered with {reply}")

    async def quit(self) -> None:
        """Leave; a host that does not say good-bye is not waited for long."""
        await self._connection.quit(min(_GOOD_BYE_S, self._options.command_timeout_s))

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    async def _send(self, line: str) -> Reply:
        return await self._connection.command(line, self._options.command_timeout_s)


async def open_session(host: str, ip: str, options: ProbeOptions) -> Session:
    """Connect and greet, encrypted where the host offers it and can; in clear where its TLS is broken.

    `RefusedError` for a banner or greeting that sends us away, `ConnectionTroubleError` for no usable answer.
    """
    if options.starttls:
        try:
            return await _open(host, ip, options, starttls=True)
        except ConnectionTroubleError as trouble:
            if trouble.kind != "tls":
                raise
    return await _open(host, ip, options, starttls=False)


async def _open(host: str, ip: str, options: ProbeOptions, *, starttls: bool) -> Session:
    connection = await Connection.connect(ip, options.port, options.connect_timeout_s)
    try:
        banner = await connection.reply(options.banner_timeout_s)
        if banner.code != 220:
            raise RefusedError("connect", banner)
        extensions = await _greet(connection, options)
        if starttls and "STARTTLS" in extensions:
            reply = await connection.command("STARTTLS", options.command_timeout_s)
            if reply.code == 220:
                await connection.start_tls(host, options.command_timeout_s)
                # What was offered in clear does not count any more (RFC 3207 4.2).
                extensions = await _greet(connection, options)
            elif reply.code == 421:
                raise RefusedError("helo", reply)
    except RefusedError:
        await connection.quit(min(_GOOD_BYE_S, options.command_timeout_s))
        raise
    except BaseException:
        connection.close()
        raise
    return Session(connection, host, extensions, options)


async def _greet(connection: Connection, options: ProbeOptions) -> frozenset[str]:
    """EHLO, and HELO where the host does not know that; the names of the extensions."""
    reply = await connection.command(f"EHLO {options.helo}", options.command_timeout_s)
    if reply.code == 250:
        return frozenset(line.partition(" ")[0].upper() for line in reply.lines[1:])
    if reply.code in {500, 501, 502, 504}:
        reply = await connection.command(f"HELO {options.helo}", options.command_timeout_s)
        if reply.code == 250:
            return frozenset()
    raise RefusedError("helo", reply)
