"""How a probe introduces itself, how gently it asks, and when it gives up. RFC 5321 4.5.3.2 has longer timeouts, for
mail that must not be lost; a probe loses nothing but an answer."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from analyzer.errors import UnreadableInputError

#: Seconds since the epoch.
Clock: TypeAlias = Callable[[], float]
Sleep: TypeAlias = Callable[[float], Awaitable[None]]
#: A host name to its IP addresses; `OSError` where there are none or the name server does not answer.
Resolve: TypeAlias = Callable[[str], Awaitable[Sequence[str]]]

_HOST_NAME = re.compile(r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]", re.I)
_LITERAL = re.compile(r"\[(?:IPv6:[0-9a-f:.]+|\d{1,3}(?:\.\d{1,3}){3})\]", re.IGNORECASE)
_MAILBOX = re.compile(r"[!-;=?-~]+@[a-z0-9.-]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ProbeOptions:
    """Every time is in seconds. `helo`: the full name of the host that asks, as its PTR record says it; `mail_from`: a
    mailbox that somebody reads (not "<>", which many hosts take for abuse).

    `connections`, `recipients_per_minute`, `recipients_per_session` and `pause_s` hold for each receiving provider;
    None takes what `rules/check_providers.toml` says of it. `recipients_per_second` and `max_in_flight` (connections)
    hold for the whole run; `window` is how many addresses are taken in before their answers are out. `retry_after_s`:
    when an answer of "later" is asked for again. `block_limit`: refusals of ourselves, in a row, after which a provider
    is left alone; `stop_after`: providers left alone after which the run asks nobody any more.

    `resolve` takes the system's resolver where None. Hosts with only private or loopback addresses are not asked unless
    `allow_private`: an MX record is anybody's to write, and must not send us into our own network.
    """

    helo: str
    mail_from: str
    port: int = 25
    starttls: bool = True
    connect_timeout_s: float = 20.0
    banner_timeout_s: float = 60.0
    command_timeout_s: float = 60.0
    connections: int | None = None
    recipients_per_minute: float | None = None
    recipients_per_session: int | None = None
    pause_s: float | None = None
    recipients_per_second: float = 20.0
    max_in_flight: int = 100
    window: int = 50_000
    retry_after_s: tuple[float, ...] = (300.0, 900.0, 3600.0)
    block_limit: int = 3
    stop_after: int = 3
    allow_private: bool = False
    resolve: Resolve | None = None
    clock: Clock = time.time
    sleep: Sleep = asyncio.sleep

    def __post_init__(self) -> None:
        if not (_HOST_NAME.fullmatch(self.helo) or _LITERAL.fullmatch(self.helo)):
            raise UnreadableInputError(
                "--helo", f"{self.helo!r} is no full host name", "give the name that this host's PTR record has"
            )
        if not _MAILBOX.fullmatch(self.mail_from):
            raise UnreadableInputError(
                "--mail-from", f"{self.mail_from!r} is no address", "give a mailbox of your own that somebody reads"
            )
        for name in (
            "connections",
            "recipients_per_minute",
            "recipients_per_session",
            "recipients_per_second",
            "max_in_flight",
            "window",
            "block_limit",
            "stop_after",
            "connect_timeout_s",
            "banner_timeout_s",
            "command_timeout_s",
        ):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise UnreadableInputError(name, f"{value} is not above zero", "leave it out, or give more")
        if not 0 < self.port < 65536:
            raise UnreadableInputError("port", f"{self.port} is no port", "give 1 to 65535; mail hosts listen on 25")
