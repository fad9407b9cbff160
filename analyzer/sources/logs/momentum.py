"""Momentum (Message Systems, now Bird): lines of fields with an @ between each two, the mail log and the bounce log.

Source: Momentum documentation, "Log formats" (ec_logger and bounce_logger):
`time@message id@batch id@connection id@type@recipient@sender@…@reason`. Which fields stand between the addresses and
the reason differs by release, so those that are read are told by what they hold. An address is two fields of its own.
Types: `R` received, `D` delivered, `T` put off, `P` failed for good, `B` bounced, `O` a bounce that came back later.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from analyzer.sources.logs.outcomes import Mail, failed, host_of, reached, text_of
from analyzer.sources.logs.queues import Attempt, Queued, Queues

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from analyzer.records import Event, Failure, Kind
    from analyzer.sources.logs.entries import Entry
    from analyzer.sources.logs.outcomes import Log

_ID = rb"[0-9A-Fa-f]{2}/[0-9A-Fa-f]{2}-[0-9A-Fa-f]{1,16}-[0-9A-Fa-f]{4,16}"
_LINE = re.compile(
    rb"(?P<time>\d{10})(?:\.\d{1,9})?@(?P<id>" + _ID + rb")@(?:(?:" + _ID + rb"|-|)@){0,3}(?P<type>[A-Z])@(?P<rest>.*)"
)
_KINDS: dict[bytes, Kind] = {b"D": "delivered", b"P": "bounce", b"B": "bounce", b"O": "bounce"}
_DOMAIN = re.compile(r"(?:[\w-]{1,63}\.){1,10}(?:[A-Za-z]{2,63}|xn--[\w-]{1,59})")
_ADDRESS = re.compile(r"\[?(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]{2,45})\]?(?::\d{1,5})?")
_REPLY = re.compile(r"\s*[245]\d\d(?:[\s-]|$)")
_CLASS = re.compile(r"1|[1-9]0|100|2[1-7]|5[1-4]")


class Momentum:
    """One mail log or bounce log, also several after one another."""

    name = "momentum"
    untagged = True

    def __init__(self, log: Log) -> None:
        self._log = log
        self._queues = Queues()

    @staticmethod
    def marks(program: bytes) -> tuple[bytes, ...]:
        """No line of it is one of syslog's."""
        return ()

    @staticmethod
    def recognises(entry: Entry) -> bool:
        """By its time, its ids with a slash and a type."""
        return _LINE.match(entry.text) is not None

    def outcomes(self, entry: Entry) -> Iterable[Event]:
        """What the line tells the end of."""
        found = _LINE.match(entry.text)
        if found is None:
            if entry.text.strip():
                self._log.damaged(entry.number, "is no record of Momentum; the line may be cut off")
            return ()
        at, record = self._log.time(f"{found['time'].decode()} "), _record(found["rest"])
        if found["type"] == b"R":
            self._received(self._queues.anew(found["id"], at), record)
            return self._delayed(self._queues.handed_over())
        queued = self._queues.get(found["id"])
        record = _completed(record, queued)
        if not record.recipient:
            return ()
        if found["type"] == b"T":
            self._queues.wait(self._queues.opened(found["id"], at), record.recipient, entry, at)
            return self._delayed(self._queues.handed_over())
        kind = _KINDS.get(found["type"])
        if kind is None:
            return ()
        waited = self._queues.settle(queued, record.recipient) if queued is not None else None
        if waited is not None and kind == "bounce" and not _REPLY.match(record.says):
            # Its time in the queue was over: the last try says why.
            earlier = _LINE.match(waited.entry.text)
            cause = _record(earlier["rest"]) if earlier else record
            record = record._replace(says=cause.says, remote=cause.remote, code="")
        return [self._event(entry, kind, record, at)]

    def rest(self) -> Iterator[Event]:
        """The recipients that still wait where the log ends."""
        return iter(self._delayed(self._queues.left()))

    @staticmethod
    def _received(queued: Queued, record: _Record) -> None:
        queued.sender, queued.recipients = record.sender, (record.recipient,) if record.recipient else ()

    def _delayed(self, waiting: Iterable[tuple[Queued, Attempt]]) -> list[Event]:
        return [
            self._event(one.entry, "delayed", _completed(_record(found["rest"]), queued), one.at)
            for queued, one in waiting
            if (found := _LINE.match(one.entry.text))
        ]

    def _event(self, entry: Entry, kind: Kind, record: _Record, at: str) -> Event:
        mail = Mail(sender=record.sender)
        return self._log.event(entry.number, kind, self.name, (_failure(kind, record),), at=at, mail=mail)


class _Record(NamedTuple):
    """What a line holds; `sender` is None where it names none, "" for a notification."""

    recipient: str
    sender: str | None
    remote: str
    code: str
    says: str


def _record(rest: bytes) -> _Record:
    fields = text_of(rest).split("@")
    recipient = _address(fields)
    fields = fields[2:] if recipient else fields
    sender: str | None = _address(fields)
    if recipient and sender == "":
        sender = "" if fields[:2] == ["", ""] else None
    fields = fields[2:] if sender is not None else fields
    at = next((place for place, field in enumerate(fields) if _REPLY.match(field)), len(fields) - 1)
    before = fields[:at]
    return _Record(
        recipient,
        sender,
        next((field for field in before if _ADDRESS.fullmatch(field)), ""),
        next((field for field in before if _CLASS.fullmatch(field)), ""),
        "@".join(fields[at:]).strip(),
    )


def _address(fields: list[str]) -> str:
    """The address that the first two fields are, "" where they are none."""
    if len(fields) < 2 or not fields[0] or " " in fields[0] or _DOMAIN.fullmatch(fields[1]) is None:
        return ""
    return f"{fields[0]}@{fields[1]}"


def _completed(record: _Record, queued: Queued | None) -> _Record:
    """The record, with the addresses that the line of its reception had where its own has none."""
    if queued is None:
        return record
    known = queued.recipients[0] if queued.recipients else ""
    sender = record.sender if record.recipient and record.sender is not None else queued.sender
    return record._replace(recipient=record.recipient or known, sender=sender)


def _failure(kind: Kind, record: _Record) -> Failure:
    remote = host_of(re.sub(r"(?<=[\d\]]):\d+$", "", record.remote) if "." in record.remote else record.remote)
    if kind == "delivered":
        return reached(record.recipient, record.says if _REPLY.match(record.says) else "", remote_mta=remote)
    return failed(
        record.recipient,
        record.says,
        action="delayed" if kind == "delayed" else "failed",
        remote_mta=remote,
        # SparkPost runs on Momentum, and its classes are Momentum's.
        provider_class=f"sparkpost:{record.code}" if record.code else "",
    )
