"""qmail: `starting delivery 7: msg 123 to remote …`, then `delivery 7: failure: …`, joined by the delivery's number.

Sources: qmail-log(5), qmail-remote(8) and tai64nlocal(8): its lines stand behind a TAI64N stamp (multilog), the local
time that tai64nlocal makes of it, or the tag of syslog (splogger). The log knows no Message-ID.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from analyzer.sources.logs.outcomes import Mail, failed, host_of, reached, text_of
from analyzer.sources.logs.queues import Queues

if TYPE_CHECKING:
    from analyzer.records import Event, Failure, Kind
    from analyzer.sources.logs.entries import Entry
    from analyzer.sources.logs.outcomes import Log
    from analyzer.sources.logs.queues import Attempt, Queued

_PROGRAMS = frozenset({b"qmail", b"qmail-send"})
_STAMP = re.compile(rb"@(?P<tai>4[0-9a-f]{15})[0-9a-f]{8} |\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{1,9} |\d{9,10}\.\d{1,9} ")
_LINE = re.compile(
    rb"(?:new msg \d|end msg \d|info msg \d+: bytes \d|starting delivery \d|delivery \d+: [a-z]|status: local \d)"
)
_INFO = re.compile(rb"info msg (?P<msg>\d{1,20}): bytes \d+ from <(?P<from>[^>]*)>")
_START = re.compile(rb"starting delivery (?P<delivery>\d{1,20}): msg (?P<msg>\d{1,20}) to (?:local|remote) (?P<to>\S+)")
_RESULT = re.compile(rb"delivery (?P<delivery>\d{1,20}): (?P<result>success|failure|deferral): ?(?P<says>.*)")
_END = re.compile(rb"end msg (?P<msg>\d{1,20})")
#: A TAI label of the second 0 of Unix time, as qmail writes it (tai64nlocal takes off as much).
_TAI_OF_1970 = (1 << 62) + 10
#: qmail-send runs a few hundred at a time; a log that never ends them is damaged.
_MOST_DELIVERIES = 10_000
#: What qmail-remote puts around the words of the other server, `/` for the end of a line.
_HOST = re.compile(r"(?:Connected to )?(\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]*:[0-9a-f:.]+)\b")
_SAID, _GIVING_UP = "/Remote host said: ", re.compile(r"/(?:Giving up on |I'm not going to try again)[^/]*/?")


class Qmail:
    """qmail-send's log, its own or among those of syslog."""

    name = "qmail"
    untagged = True

    def __init__(self, log: Log) -> None:
        self._log = log
        self._queues = Queues()
        self._deliveries: dict[bytes, tuple[Queued, str]] = {}

    @staticmethod
    def marks(program: bytes) -> tuple[bytes, ...]:
        """By the tag that splogger gives."""
        return (b" msg ", b"delivery ") if program in _PROGRAMS else ()

    @staticmethod
    def recognises(entry: Entry) -> bool:
        """By a stamp or a tag of its own, and one of its lines behind it."""
        stamp = _STAMP.match(entry.text)
        if stamp is None and entry.program not in _PROGRAMS:
            return False
        return _LINE.match(entry.text, stamp.end() if stamp else 0) is not None

    def outcomes(self, entry: Entry) -> Iterable[Event]:
        """What the line tells the end of."""
        stamp = _STAMP.match(entry.text)
        at = self._at(entry, stamp)
        text = entry.text[stamp.end() :] if stamp else entry.text
        if found := _INFO.match(text):
            queued = self._queues.anew(entry.host + b" " + found["msg"], at)
            # The notice of a notice has no sender either, which qmail writes as #@[].
            queued.sender = text_of(found["from"]).replace("#@[]", "")
        elif found := _START.match(text):
            if len(self._deliveries) >= _MOST_DELIVERIES:
                self._deliveries.clear()
            queued = self._queues.opened(entry.host + b" " + found["msg"], at)
            self._deliveries[entry.host + b" " + found["delivery"]] = queued, text_of(found["to"])
        elif found := _RESULT.match(text):
            delivery = self._deliveries.pop(entry.host + b" " + found["delivery"], None)
            if delivery is not None:
                return self._ended(entry, at, *delivery, found["result"], found["says"])
        elif found := _END.match(text):
            self._queues.gone(entry.host + b" " + found["msg"])
        return self._delayed(self._queues.handed_over())

    def rest(self) -> Iterator[Event]:
        """The recipients that still wait where the log ends."""
        return iter(self._delayed(self._queues.left()))

    def _at(self, entry: Entry, stamp: re.Match[bytes] | None) -> str:
        if stamp is None or entry.stamp != entry.text[:40]:
            return self._log.at(entry)  # what stands in front of the tag
        if stamp["tai"]:
            return self._log.time(str(int(stamp["tai"], 16) - _TAI_OF_1970))
        return self._log.time(stamp[0].decode())

    def _ended(
        self, entry: Entry, at: str, queued: Queued, recipient: str, result: bytes, says: bytes
    ) -> Iterable[Event]:
        if result == b"deferral":
            self._queues.wait(queued, recipient, entry._replace(text=says), at)
            return self._delayed(self._queues.handed_over())
        self._queues.settle(queued, recipient)
        kind: Kind = "delivered" if result == b"success" else "bounce"
        return [*self._delayed(self._queues.handed_over()), self._event(entry, kind, queued, recipient, says, at)]

    def _delayed(self, waiting: Iterable[tuple[Queued, Attempt]]) -> list[Event]:
        return [
            self._event(attempt.entry, "delayed", queued, attempt.recipient, attempt.entry.text, attempt.at)
            for queued, attempt in waiting
        ]

    def _event(self, entry: Entry, kind: Kind, queued: Queued, recipient: str, says: bytes, at: str) -> Event:
        failure = _failure(kind, recipient, says)
        return self._log.event(entry.number, kind, self.name, (failure,), at=at, mail=_mail(queued), host=entry.host)


def _mail(queued: Queued) -> Mail:
    return Mail(sender=queued.sender)


def _failure(kind: Kind, recipient: str, says: bytes) -> Failure:
    """qmail-remote's words: blanks are written as `_`, ends of lines as `/`; the other server's own decide."""
    whole = text_of(says.replace(b"_", b" "))
    front, said, reply = whole.partition(_SAID)
    host = _HOST.match(front)
    remote = host_of(host[1]) if host else ""
    if kind == "delivered":
        return reached(recipient, reply.rstrip("/") or whole.rstrip("/"), remote_mta=remote)
    words = _GIVING_UP.sub("", reply if said else whole).rstrip("/")
    return failed(recipient, words or whole, action="delayed" if kind == "delayed" else "failed", remote_mta=remote)
