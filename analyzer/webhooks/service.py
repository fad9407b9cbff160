"""The receiver as a process: journal, taker and servers, from start to a clean stop."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import signal
import socket
import ssl
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.errors import UnreadableInputError
from analyzer.logbook import Log
from analyzer.readable import clean
from analyzer.webhooks.config import Config, load_config
from analyzer.webhooks.taker import Pace, Taker

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.history import Workspace
    from analyzer.network.https import Fetch
    from analyzer.verp.keys import Keys
    from analyzer.webhooks.connections import Server

__all__ = ["Pace", "listen"]


def listen(
    address: str,
    workspace: str | Path,
    *,
    config: str | Path | Config,
    journal: str | Path | None = None,
    metrics: str | None = None,
    tls: tuple[str | Path, str | Path] | None = None,
    rules: Path | None = None,
    verp_keys: Keys | None = None,
    storage_options: dict[str, str] | None = None,
    say: Callable[[str], None] | None = None,
    fetch: Fetch | None = None,
    pace: Pace | None = None,
) -> int:
    """Receive webhooks until SIGTERM or SIGINT, then finish what was accepted and return 0. Blocks.

    address: `HOST:PORT`, `[::1]:PORT` or `PORT` (127.0.0.1); port 0 takes a free one. workspace: a folder or an address
    in an object store. config: the TOML file of the endpoints (docs/webhooks.md). journal: the folder of what was
    accepted and is not in the workspace yet, on a local disk; WORKSPACE/journal by default, needed for an object store.
    metrics: an address of its own for /metrics and /healthz, which otherwise answer on `address`. tls: paths of
    (certificate chain, key), PEM. rules: a folder of the user's own rules, before the shipped ones. verp_keys: bounces
    with a signature in their return path that none of them made go to the table `suspected`. say: is given each line
    for a person (default: stderr). fetch: gets SNS certificates and confirms subscriptions, HTTPS by default.
    pace: how often the taker commits.

    `UnreadableInputError` for a configuration, certificate or address that cannot be used; `OutputError` for a journal
    that cannot be written or that another receiver uses. Both before anything is listened on.
    """
    from analyzer.webhooks.connections import server_of
    from analyzer.webhooks.journal import Journal
    from analyzer.webhooks.meters import Meters
    from analyzer.webhooks.providers import scheme_of
    from analyzer.webhooks.receiver import Receiver, application, gates_of, inspection
    from analyzer.webhooks.rejects import Rejects
    from analyzer.webhooks.settling import Settling

    asked = config if isinstance(config, Config) else load_config(config)
    tell = say or _warn
    certificate = _certificate(tls)
    _check_exposure(address, asked, tell, covered=certificate is not None)
    gates = gates_of(asked, lambda one: scheme_of(one, f'{asked.place}, endpoint "{one.path}"', fetch))
    if rules is not None:
        from analyzer.classify import classifier_of

        classifier_of(rules)
    folder = _journal_folder(workspace, journal)
    meters = Meters()
    log = Journal(folder, synced=meters.sync_seconds.observe)
    servers: list[tuple[Server, socket.socket]] = []
    try:

        def opened() -> Workspace:
            from analyzer.history import Workspace

            return Workspace(workspace, storage_options=storage_options)

        chosen = pace or Pace()
        rejects = Rejects(folder / "rejects")
        taker = Taker(log, opened, meters, rejects, lambda: Settling(str(workspace)), chosen, rules, tell, verp_keys)
        bounds = asked.bounds
        receiver = Receiver(gates, bounds, log, meters, tell)
        sides = [(address, receiver.routes(), certificate)]
        inspected = inspection(log, taker, meters, bounds)
        if metrics:
            sides.append((metrics, inspected, None))
        else:
            sides[0][1].extend(inspected)
        for place, routes, own in sides:
            found = bind(place)
            app = application(routes)
            server = server_of(app, head_seconds=bounds.head_seconds, connections=bounds.connections, tls=own)
            servers.append((server, found))
        taker.start()
        asyncio.run(_serve(servers, say or _announce))
        whole = taker.stop()
        if not whole:
            tell(f"stopped with {log.waiting_bytes:,} bytes in {folder}, which the next start takes in")
        return 0
    finally:
        for _, found in servers:
            found.close()
        log.close()


async def _serve(servers: list[tuple[Server, socket.socket]], say: Callable[[str], None]) -> None:
    """Serve until a signal comes, then let the requests that are under way finish."""
    # What uvicorn warns of is a stranger's doing; the meters count it.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    loop = asyncio.get_running_loop()

    def stop() -> None:
        for server, _ in servers:
            # The second signal waits for nobody.
            server.force_exit = server.should_exit
            server.should_exit = True

    # Not in the main thread there are no signals to take.
    with suppress(ValueError, RuntimeError, NotImplementedError):
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop)
    # Only now, since whoever reads it may at once send a signal.
    for (server, found), what in zip(servers, ("webhooks", "metrics and health"), strict=False):
        host, port = found.getsockname()[:2]
        host = f"[{host}]" if ":" in host else host
        scheme = "https" if server.config.ssl_certfile else "http"
        say(f"listening for {what} on {scheme}://{host}:{port}")
    await asyncio.gather(*(server.serve(sockets=[found]) for server, found in servers))


def bind(address: str) -> socket.socket:
    """A listening socket at `HOST:PORT`, `[IPV6]:PORT` or `PORT` on 127.0.0.1."""
    host, port = split_address(address)
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=256)
    except OSError as error:
        # Python says the address once more behind the reason.
        reason = (error.strerror or str(error)).partition(" (while")[0]
        problem = f"cannot be listened on: {reason}"
        raise UnreadableInputError(f"address {address}", problem, "name another, such as 127.0.0.1:8025") from None


def split_address(address: str) -> tuple[str, int]:
    """(host, port) of an address; `UnreadableInputError` for what is none."""
    host, colon, port = address.strip().rpartition(":")
    if not colon:
        host = "127.0.0.1"
    host = host.removeprefix("[").removesuffix("]")
    if not port.isdigit() or not 0 <= int(port[:6]) <= 65_535 or not host:
        raise UnreadableInputError(f"address {address!r}", "is none", "give one such as 127.0.0.1:8025 or 0.0.0.0:8025")
    return host, int(port)


def on_loopback(host: str) -> bool:
    """Whether only this machine reaches a host's address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _check_exposure(address: str, config: Config, say: Callable[[str], None], *, covered: bool) -> None:
    """What may not, or had better not, be reached from elsewhere."""
    if on_loopback(split_address(address)[0]):
        return
    for endpoint in config.endpoints:
        if endpoint.auth == "none":
            raise UnreadableInputError(
                f'{config.place}, endpoint "{endpoint.path}"',
                f"takes requests from anybody (auth none), and {address} can be reached from elsewhere",
                "give it a secret, or listen on 127.0.0.1",
            )
    bare = [endpoint.path for endpoint in config.endpoints if endpoint.auth != "signature"]
    if bare and not covered:
        say(f"{', '.join(bare)}: credentials come over plain HTTP; give --tls-cert and --tls-key, or a proxy with TLS")


def _journal_folder(workspace: str | Path, journal: str | Path | None) -> Path:
    if journal is not None:
        if "://" in str(journal):
            raise UnreadableInputError(str(journal), "is no folder on a local disk", "name one with --journal")
        return Path(journal)
    if "://" in str(workspace):
        raise UnreadableInputError(str(workspace), "holds no journal, which has to be on a local disk", "add --journal")
    if Path(workspace).is_file():
        raise UnreadableInputError(str(workspace), "is a file, no workspace", "name a folder")
    return Path(workspace) / "journal"


def _certificate(tls: tuple[str | Path, str | Path] | None) -> tuple[str, str] | None:
    if tls is None:
        return None
    chain, key = str(tls[0]), str(tls[1])
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(chain, key)
    except (OSError, ssl.SSLError) as error:
        problem = f"with {key} is no certificate and key: {getattr(error, 'strerror', '') or error}"
        raise UnreadableInputError(chain, problem, "give both as PEM") from None
    return chain, key


def _announce(line: str) -> None:
    """Where it listens: its answer to whoever started it, and no line of the log."""
    print(clean(line), file=sys.stderr, flush=True)


def _warn(line: str) -> None:
    Log("webhooks").warning("notice", text=line)
