"""Haraka's log: `[NOTICE] [uuid] [outbound] recipient <…> rejected: 550 …`, also as logfmt and as JSON.

Source: Haraka's documentation of `log.ini` (formats, timestamps) and the messages of its outbound queue. A mail's parts
for each domain have its own uuid with a number behind it; the sender and the Message-ID stand on the lines of the
connection that it came in by.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import orjson

from analyzer.sources.logs.outcomes import failed, host_of, message_id_of, reached, text_of
from analyzer.sources.logs.queues import Attempt, Queued, Queues

if TYPE_CHECKING:
    from analyzer.records import Event, Failure, Kind
    from analyzer.sources.logs.entries import Entry
    from analyzer.sources.logs.outcomes import Log

_TIME = rb"(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*Z? )?"
_COLOUR = re.compile(rb"\x1b\[[\d;]*m")
_PLAIN = re.compile(
    _TIME + rb"\[[A-Z]+\s*\] \[(?P<uuid>[0-9A-Fa-f-]{36}(?:\.\d+)*|-)\] \[(?P<origin>[^\]]*)\] (?P<message>.*)"
)
_LOGFMT = re.compile(
    _TIME
    + rb"level=[A-Z]+ uuid=(?P<uuid>\S+) (?:origin|source)=(?P<origin>\S+) (?:message=(?P<message>.*)|(?P<more>.*))"
)
_MARKS = (b"] [outbound] ", b"] [core] ", b"=outbound ", b"=core ", b'"outbound"', b'"core"')

_RECIPIENT = re.compile(r"recipient <(?P<to>[^>]*)> (?P<what>rejected|deferred): (?P<says>.*)")
_ACCEPTED = re.compile(r"recipient:? <(?P<to>[^>]*)> code=OK")
_SENDER = re.compile(r"sender:? <(?P<from>[^>]*)> code=(?:CONT|OK)")
_MESSAGE = re.compile(r"message mid=\"?(?P<message_id><[^>]*>)")
_PUT_OFF = re.compile(r"Temp failing .*? for [\d.]+ seconds: (?P<says>.*)")
_BOUNCING = re.compile(r"bouncing mail: (?:Error: )?(?P<says>.*)", re.IGNORECASE)
_TOO_MANY = re.compile(r"Too many failures \((?P<says>.*)\)$")
_SOME = re.compile(r"Some recipients ")
_UPSTREAM = re.compile(r"Upstream error: ")
_DELIVERED = re.compile(r"delivered file=")
_CREATED = re.compile(r"Created transaction: (?P<uuid>\S+)")
_PAIR = re.compile(r"([\w ]{1,60}?)=(?:\"((?:[^\"\\]|\\.)*)\"|(\S*))(?: |$)")
_LONGEST_PAIRS = 2048
_ESCAPE = re.compile(r"\\(.)")


class _Line(NamedTuple):
    uuid: str
    origin: str
    message: str


class Haraka:
    """The outbound queue's lines, and those of the connections that filled it."""

    name = "haraka"
    untagged = True

    def __init__(self, log: Log) -> None:
        self._log = log
        self._queues = Queues()

    @staticmethod
    def marks(program: bytes) -> tuple[bytes, ...]:
        """By its name, or that of the interpreter where a service runs it."""
        return _MARKS if program in {b"haraka", b"Haraka", b"node"} else ()

    @staticmethod
    def recognises(entry: Entry) -> bool:
        """By level, uuid and origin, in any of the three formats."""
        return _line(entry.text) is not None

    def outcomes(self, entry: Entry) -> Iterable[Event]:
        """What the line tells the end of."""
        text = entry.text
        if not any(mark in text for mark in _MARKS):
            return ()
        line = _line(text)
        if line is None:
            return ()
        found = self._outbound(entry, line) if line.origin == "outbound" else self._connection(entry, line)
        handed_over = self._queues.handed_over()
        return [*found, *self._delayed(handed_over)] if handed_over else found

    def rest(self) -> Iterator[Event]:
        """The recipients that still wait where the log ends."""
        return iter(self._delayed(self._queues.left()))

    def _connection(self, entry: Entry, line: _Line) -> Iterable[Event]:
        message = line.message
        if found := _SENDER.match(message):
            self._mail(entry, line).sender = found["from"]
        elif found := _ACCEPTED.match(message):
            queued = self._mail(entry, line)
            queued.recipients = (*queued.recipients[-999:], found["to"])
        elif found := _MESSAGE.match(message):
            self._mail(entry, line).message_id = message_id_of(found["message_id"])
        return ()

    def _outbound(self, entry: Entry, line: _Line) -> Iterable[Event]:
        message = line.message
        queued = self._mail(entry, line)
        at = self._log.at(entry)
        if found := _RECIPIENT.match(message):
            recipient, says = found["to"], found["says"]
            if found["what"] == "deferred":
                self._queues.wait(queued, recipient, entry, at)
                return ()
            self._settle(queued, [recipient])
            return [self._event(entry, "bounce", [failed(recipient, says)], queued, at)]
        if _DELIVERED.match(message):
            return self._delivered(entry, queued, message, at)
        if found := _PUT_OFF.match(message):
            if not _SOME.match(found["says"]):
                for recipient in self._concerned(queued):
                    self._queues.wait(queued, recipient, entry, at)
            return ()
        if found := _BOUNCING.match(message):
            return self._bounced(entry, queued, found["says"], at)
        if found := _CREATED.match(message):
            part = f"{found['uuid']}.1"  # its first one, which shares a key with all others
            notice = self._queues.opened(entry.host + b" " + _transaction(part), at)
            if notice is not queued:
                notice.sender = ""
                notice.notification_of = queued.notification_of or queued.message_id
        return ()

    def _bounced(self, entry: Entry, queued: Queued, says: str, at: str) -> Iterable[Event]:
        """The whole mail is given up: after too many tries, where the last one says why, or at once."""
        if _SOME.match(says):
            return ()
        too_many = _TOO_MANY.match(says)
        failures = []
        for recipient in self._concerned(queued):
            attempt = self._queues.settle(queued, recipient)
            cause = too_many["says"] if too_many else says
            if too_many and attempt is not None and _SOME.match(cause):
                cause = _cause(attempt) or cause
            failures.append(failed(recipient, _UPSTREAM.sub("", cause)))
        self._settle(queued, [failure.recipient for failure in failures])
        return [self._event(entry, "bounce", failures, queued, at)] if failures else ()

    def _delivered(self, entry: Entry, queued: Queued, message: str, at: str) -> Iterable[Event]:
        pairs = {
            name.strip(): _ESCAPE.sub(r"\1", quoted or plain)
            for name, quoted, plain in _PAIR.findall(message[:_LONGEST_PAIRS])
        }
        domain = pairs.get("domain", "").lower()
        concerned = [one for one in self._concerned(queued) if one.rpartition("@")[2].lower() == domain]
        counts = pairs.get("rcpts", "").split("/")
        if counts[0].isdigit() and len(concerned) != int(counts[0]):
            # Some of the domain's recipients were put off on the same connection.
            concerned = [one for one in concerned if one.lower() not in queued.waiting]
        self._settle(queued, concerned)
        says = pairs.get("response", "")
        failures = [reached(one, says, remote_mta=host_of(pairs.get("host", ""))) for one in concerned]
        return [self._event(entry, "delivered", failures, queued, at)] if failures else ()

    def _mail(self, entry: Entry, line: _Line) -> Queued:
        return self._queues.opened(entry.host + b" " + _transaction(line.uuid), self._log.at(entry))

    def _concerned(self, queued: Queued) -> list[str]:
        """Whom a line about the whole mail is about: every recipient that has not come to an end."""
        spelt = {attempt.recipient.lower(): attempt.recipient for attempt in queued.waiting.values()}
        return list({**{one.lower(): one for one in queued.recipients}, **spelt}.values())

    def _settle(self, queued: Queued, recipients: list[str]) -> None:
        ended = {one.lower() for one in recipients}
        for recipient in recipients:
            self._queues.settle(queued, recipient)
        queued.recipients = tuple(one for one in queued.recipients if one.lower() not in ended)

    def _delayed(self, waiting: Iterable[tuple[Queued, Attempt]]) -> list[Event]:
        return [
            self._event(
                attempt.entry, "delayed", [failed(attempt.recipient, cause, action="delayed")], queued, attempt.at
            )
            for queued, attempt in waiting
            if (cause := _cause(attempt))
        ]

    def _event(self, entry: Entry, kind: Kind, failures: list[Failure], queued: Queued, at: str) -> Event:
        return self._log.event(
            entry.number, kind, self.name, tuple(failures), at=at, mail=queued.mail(), host=entry.host
        )


def _transaction(uuid: str) -> bytes:
    """The uuid of the mail that a part was made from: `….1` of `….1.2`."""
    return ".".join(uuid.split(".")[:2]).encode()


def _cause(attempt: Attempt) -> str:
    line = _line(attempt.entry.text)
    if line is None:
        return ""
    found = _RECIPIENT.match(line.message) or _PUT_OFF.match(line.message)
    return _UPSTREAM.sub("", found["says"]) if found else ""


def _line(text: bytes) -> _Line | None:
    text = _COLOUR.sub(b"", text) if b"\x1b[" in text else text
    if found := _PLAIN.match(text):
        return _Line(text_of(found["uuid"]), text_of(found["origin"]), text_of(found["message"]))
    if b"level=" in text and (found := _LOGFMT.match(text)):
        message = text_of(found["message"] or found["more"])
        if message.startswith('"'):
            pairs = _PAIR.findall(f"message={message}")
            quoted = _ESCAPE.sub(r"\1", pairs[0][1]) if pairs else message
            message = f"{quoted} {message[len(pairs[0][1]) + 2 :]}".strip() if pairs else message
        return _Line(text_of(found["uuid"]), text_of(found["origin"]), message)
    at = text.find(b"{", 0, 40)
    if at >= 0 and b'"uuid"' in text and b'"level"' in text:
        return _from_json(text[at:])
    return None


def _from_json(text: bytes) -> _Line | None:
    try:
        fields = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(fields, dict) or not isinstance(fields.get("uuid"), str):
        return None
    origin, message = str(fields.get("origin") or fields.get("source") or ""), str(fields.get("message") or "")
    more = (
        f'{name}="{value}"' if " " in str(value) or not str(value) else f"{name}={value}"
        for name, value in fields.items()
        if name not in {"level", "uuid", "origin", "source", "message"}
    )
    return _Line(fields["uuid"], origin, " ".join(f"{message} {' '.join(more)}".split()))
