"""OpenSMTPD: `mta delivery evpid=… from=<…> to=<…> rcpt=<…> relay="…" result="PermFail" stat="550 …"`.

Sources: smtpd(8) and the log lines of its releases 5.7 (`relay: PermFail for …`), 6.0 (`event=delivery`) and since 6.4.
Its log knows no Message-ID.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from analyzer.sources.logs.linear import Linear
from analyzer.sources.logs.outcomes import Mail, failed, host_of, reached, text_of
from analyzer.sources.logs.queues import Attempt, Queued, Queues

if TYPE_CHECKING:
    from analyzer.records import Event, Failure, Kind
    from analyzer.sources.logs.entries import Entry
    from analyzer.sources.logs.outcomes import Log

_SESSION = re.compile(rb"[0-9a-f]{16} (?:smtp|mta|mda|delivery|queue)\b")
_DELIVERY = Linear(
    rb"[0-9a-f]{16} (?:mta|mda) (?:event=)?delivery evpid=(?P<id>[0-9a-f]{16}) from=<(?P<from>[^>]*)>"
    rb" to=<(?P<to>[^>]*)>(?: rcpt=<(?P<rcpt>[^>]*)>)?.*?(?: relay=\"?(?P<relay>[^\"=]*?)\"?)?(?: delay=\S*)?"
    rb" result=\"?(?P<result>\w+)\"? stat=\"?(?P<says>.*?)\"?\s*$"
)
#: Of older releases, and of the queue of all: `relay: TempFail for 0123456789abcdef: session=…, from=<…>, …, stat=…`.
_QUEUE = Linear(
    rb"(?P<where>[\w: ]+): (?P<result>\w+) for (?P<id>[0-9a-f]{16}): .*?from=<(?P<from>[^>]*)>, to=<(?P<to>[^>]*)>"
    rb"(?:, rcpt=<(?P<rcpt>[^>]*)>)?.*?(?:, relay=(?P<relay>[^,=]*))?(?:, delay=[^,]*)?, stat=(?P<says>.*)"
)
_ADDRESS = re.compile(r"[\d.]+|\[?[0-9a-f]*:[0-9a-f:.]*\]?|\[.*\]")
_SENT = frozenset({b"ok", b"delivered"})


class OpenSmtpd:
    """The lines of its daemon, which calls itself `smtpd`."""

    name = "opensmtpd"
    untagged = False

    def __init__(self, log: Log) -> None:
        self._log = log
        self._queues = Queues()

    @staticmethod
    def marks(program: bytes) -> tuple[bytes, ...]:
        """By the daemon's name, which stands alone: Postfix writes its instance in front."""
        return (b" stat=", b"delivery evpid=") if program in {b"smtpd", b"opensmtpd"} else ()

    @staticmethod
    def recognises(entry: Entry) -> bool:
        """By the daemon's name and the 16 digits of a session, or an outcome of the older form."""
        if not OpenSmtpd.marks(entry.program):
            return False
        return _SESSION.match(entry.text) is not None or _QUEUE.match(entry.text) is not None

    def outcomes(self, entry: Entry) -> Iterable[Event]:
        """What the line tells the end of."""
        if b" stat=" not in entry.text:
            if b"delivery evpid=" in entry.text:
                self._log.damaged(entry.number, "is a delivery that cannot be read; the line may be cut off")
            return ()
        found = _DELIVERY.match(entry.text) or _QUEUE.match(entry.text)
        if found is None:
            return ()
        at, key = self._log.at(entry), entry.host + b" " + found["id"]
        result = found["result"].lower()
        if result == b"tempfail":
            self._queues.wait(self._queues.opened(key, at), text_of(found["to"]), entry, at)
            return self._delayed(self._queues.handed_over())
        queued = self._queues.get(key)
        waited = self._queues.settle(queued, text_of(found["to"])) if queued is not None else None
        self._queues.gone(key)  # an envelope has one recipient
        if result in _SENT:
            return [self._event(entry, "delivered", _reached(found), found, at)]
        if result not in {b"permfail", b"loop", b"expire"}:
            return ()
        if result == b"expire" and waited is not None:
            found = _DELIVERY.match(waited.entry.text) or _QUEUE.match(waited.entry.text) or found
        return [self._event(entry, "bounce", _failed(found, "failed"), found, at)]

    def rest(self) -> Iterator[Event]:
        """The recipients that still wait where the log ends."""
        return iter(self._delayed(self._queues.left()))

    def _delayed(self, waiting: Iterable[tuple[Queued, Attempt]]) -> list[Event]:
        return [
            self._event(attempt.entry, "delayed", _failed(found, "delayed"), found, attempt.at)
            for _, attempt in waiting
            if (found := _DELIVERY.match(attempt.entry.text) or _QUEUE.match(attempt.entry.text))
        ]

    def _event(self, entry: Entry, kind: Kind, failure: Failure, found: dict[str, Any], at: str) -> Event:
        mail = Mail(sender=text_of(found["from"]).removeprefix("@"))
        return self._log.event(entry.number, kind, self.name, (failure,), at=at, mail=mail, host=entry.host)


def _first(found: dict[str, Any]) -> str:
    """The address that was written to, where an alias or a forward led to another one."""
    first = text_of(found["rcpt"] or b"")
    return first if "@" in first else ""


def _relay(found: dict[str, Any]) -> str:
    """The name in `192.0.2.80 (mx1.example.com)`; the address where there is none."""
    names = [name for name in re.split(r"[\s()]+", text_of(found["relay"] or b"")) if "." in name or ":" in name]
    return host_of(next((name for name in names if not _ADDRESS.fullmatch(name)), names[0] if names else ""))


def _failed(found: dict[str, Any], action: str) -> Failure:
    return failed(
        text_of(found["to"]),
        text_of(found["says"]),
        action=action,
        original_recipient=_first(found),
        remote_mta=_relay(found),
    )


def _reached(found: dict[str, Any]) -> Failure:
    says = text_of(found["says"])
    return reached(
        text_of(found["to"]),
        says,
        original_recipient=_first(found),
        status=says[4:9] if says[4:6] == "2." and says[8:9].isdigit() else "",
        remote_mta=_relay(found),
    )
