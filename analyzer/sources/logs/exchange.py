"""Microsoft Exchange and Microsoft 365: message tracking logs, and message traces as CSV.

Sources: Microsoft Learn, "Message tracking" (fields and event types), "Message trace" (the summary and extended reports
to download) and Get-MessageTraceV2. A trace's summary tells that a mail failed, and not why: its extended report does.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from analyzer.sources.logs.outcomes import Mail, failed, host_of, message_id_of, reached
from analyzer.sources.logs.queues import Queues

if TYPE_CHECKING:
    from analyzer.records import Event, Failure, Kind
    from analyzer.sources.logs.entries import Entry
    from analyzer.sources.logs.outcomes import Log
    from analyzer.sources.logs.queues import Attempt

#: Names of columns without their hyphens, underscores and blanks.
_TRACKING = frozenset({"eventid", "recipientaddress", "recipientstatus", "senderaddress"})
_SUMMARY = frozenset({"origintimestamputc", "recipientstatus", "senderaddress"})
_TRACE = frozenset({"senderaddress", "recipientaddress"})
_TRACED = frozenset({"messagetraceid", "toip", "fromip", "networkmessageid"})
_TIMES = ("datetime", "datetimeutc", "origintimestamputc", "received", "receivedutc", "date")

_EVENTS: dict[str, Kind] = {
    "fail": "bounce",
    "failed": "bounce",
    "defer": "delayed",
    "pending": "delayed",
    "send": "delivered",
    "sendexternal": "delivered",
    "deliver": "delivered",
    "delivered": "delivered",
}
#: A status of a tracking log in braces: `[{LRT=…};{LED=550 5.1.1 …};{FQDN=mx1.example.com};{IP=192.0.2.80}]`.
_PART = re.compile(r"\{(LED|FQDN|IP)=([^{}]*)\}")
_BETWEEN_PARTS = re.compile(r";(?=\[\{)")
#: Control characters have no place in a cell; a tab may part two.
_CONTROLS = dict.fromkeys([*range(9), *range(10, 32), 127], " ")
_AMERICAN = re.compile(r"\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d\d:\d\d [AP]M")


class Exchange:
    """One file: a tracking log with its lines of `#`, or a table with a row of names."""

    name = "exchange"
    untagged = True

    def __init__(self, log: Log) -> None:
        self._log = log
        self._queues = Queues()
        self._names: list[str] = []
        self._separator = ","

    @staticmethod
    def marks(program: bytes) -> tuple[bytes, ...]:
        """No line of it is one of syslog's."""
        return ()

    @staticmethod
    def recognises(entry: Entry) -> bool:
        """By what a tracking log says of itself on its first line, or by the row of names."""
        line = entry.text.removeprefix(b"\xef\xbb\xbf")
        return line.startswith(b"#Software: Microsoft Exchange") or bool(_layout(line)[0])

    def outcomes(self, entry: Entry) -> Iterable[Event]:
        """What the row tells the end of."""
        line = entry.text.removeprefix(b"\xef\xbb\xbf")
        if line.startswith(b"#") or not self._names:
            names, separator = _layout(line.removeprefix(b"#Fields:").strip())
            if names:
                self._names, self._separator = names, separator
            return ()
        cells = _cells(line, self._separator)
        row = dict(zip(self._names, cells, strict=False))
        if len(row) < len(self._names):
            if line.strip():
                self._log.damaged(entry.number, "is a row that cannot be read; the line may be cut off")
            return ()
        return [*self._row(entry, row), *self._delayed(self._queues.handed_over())]

    def rest(self) -> Iterator[Event]:
        """The recipients that still wait where the log ends."""
        return iter(self._delayed(self._queues.left()))

    def _row(self, entry: Entry, row: dict[str, str]) -> Iterator[Event]:
        if "origintimestamputc" in row:
            # Each recipient with its events so far, the last of which is where the mail stands.
            for one in row["recipientstatus"].split(";"):
                recipient, _, events = one.partition("##")
                kind = _EVENTS.get(events.rpartition(",")[2].strip().lower())
                if kind is not None and "@" in recipient:
                    yield self._event(entry.number, kind, row, recipient.strip(), "")
            return
        kind = _EVENTS.get((row.get("eventid") or row.get("status") or row.get("event") or "").strip().lower())
        if kind is None:
            return
        recipients = [one.strip() for one in row["recipientaddress"].split(";") if "@" in one]
        says = row.get("recipientstatus") or row.get("detail") or ""
        each = [says]
        if len(recipients) > 1:
            each = _BETWEEN_PARTS.split(says) if "[{" in says else says.split(";")
        for at, recipient in enumerate(recipients):
            said = each[at] if len(each) == len(recipients) else says
            queued = self._queues.opened(_key(row), self._time(row))
            if kind == "delayed" and "eventid" in row:
                self._queues.wait(queued, recipient, entry, self._time(row))
                continue
            self._queues.settle(queued, recipient)
            if not queued.waiting:
                self._queues.gone(queued.key)
            yield self._event(entry.number, kind, row, recipient, said)

    def _delayed(self, waiting: Iterable[tuple[object, Attempt]]) -> list[Event]:
        events = []
        for _, attempt in waiting:
            row = dict(zip(self._names, _cells(attempt.entry.text, self._separator), strict=False))
            says = row.get("recipientstatus", "")
            events.append(self._event(attempt.entry.number, "delayed", row, attempt.recipient, says))
        return events

    def _event(self, number: int, kind: Kind, row: dict[str, str], recipient: str, says: str) -> Event:
        mail = Mail(
            message_id_of(row.get("messageid", "")),
            row["senderaddress"].strip("<>") if "senderaddress" in row else None,
            " ".join((row.get("messagesubject") or row.get("subject") or "").split()),
        )
        if row.get("directionality", "").strip().lower() == "incoming":
            kind = "other"  # what others wrote to us is no mail of a campaign
        host = row.get("serverhostname", "").encode()
        failure = _failure(kind, recipient, says)
        return self._log.event(number, kind, self.name, (failure,), at=self._time(row), mail=mail, host=host)

    def _time(self, row: dict[str, str]) -> str:
        text = next((row[name] for name in _TIMES if row.get(name)), "").strip()
        if _AMERICAN.fullmatch(text):
            # As PowerShell prints it; both the program and its CSV are American unless told otherwise.
            try:
                text = datetime.strptime(text, "%m/%d/%Y %I:%M:%S %p").isoformat()
            except ValueError:
                return ""
        return self._log.time(text)


def _failure(kind: Kind, recipient: str, says: str) -> Failure:
    parts = {name: said.strip() for name, said in _PART.findall(says)}
    words = parts.get("LED", "" if "[{" in says else says).strip()
    remote = host_of(parts.get("FQDN") or parts.get("IP") or "")
    if kind == "delivered":
        return reached(recipient, words, action="relayed", remote_mta=remote)
    return failed(recipient, words, action="delayed" if kind == "delayed" else "failed", remote_mta=remote)


def _key(row: dict[str, str]) -> bytes:
    """What the rows of one mail share."""
    return (row.get("networkmessageid") or row.get("messageid") or row.get("messagetraceid") or "").encode()


def _layout(line: bytes) -> tuple[list[str], str]:
    """The columns' names and what separates them; ([], "") where the line is no row of names."""
    lowered = line.lower()
    if b"sender" not in lowered or b"recipient" not in lowered or b"@" in line:
        return [], ""
    for separator in (",", ";", "\t"):
        names = [re.sub(r"[-_ ]", "", name.strip().lower()) for name in _cells(line, separator)]
        held = set(names)
        if held >= _TRACKING or held >= _SUMMARY or (held >= _TRACE and held & _TRACED and held & {"status", "event"}):
            return names, separator
    return [], ""


def _cells(line: bytes, separator: str) -> list[str]:
    text = line.decode("utf-8", "replace").rstrip("\r\n").translate(_CONTROLS)
    if '"' not in text:
        return text.split(separator)
    try:
        return next(csv.reader([text], delimiter=separator), [])
    except csv.Error:
        return []
