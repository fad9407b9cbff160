"""PowerMTA's accounting files: CSV whose first row names the columns, any of them, in any order.

Source: PowerMTA User's Guide, chapter "Accounting": record types `d` delivered, `b` bounced, `t` a try put off, `tq` a
queue put off, `r` received, `rb` and `rs` a report that came back later, `f` a complaint of a feedback loop.
"""

from __future__ import annotations

import csv
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from analyzer.sources.logs.entries import Entry
from analyzer.sources.logs.outcomes import Mail, complained, complaint_kind, failed, host_of, message_id_of, reached
from analyzer.sources.logs.queues import Attempt, Queues
from analyzer.sources.quoted import UNENDED, QuotedRows

if TYPE_CHECKING:
    from analyzer.records import Event, Kind
    from analyzer.sources.logs.outcomes import Log

#: A first row with these and one of the others is no lead list.
_NEEDED = frozenset({"type", "rcpt"})
_TELLING = frozenset(
    {
        "timelogged",
        "timequeued",
        "orig",
        "dsnstatus",
        "dsndiag",
        "dsnaction",
        "bouncecat",
        "vmta",
        "jobid",
        "dlvsourceip",
    }
)
_STATUS = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})(?:\s*\((.*)\))?")
_ACTIONS: dict[str, Kind] = {"failed": "bounce", "delayed": "delayed", "delivered": "delivered", "relayed": "delivered"}
_TYPES = frozenset({"d", "b", "t", "tq", "r", "rb", "rs", "rr", "f"})
#: What came back after the mail was handed over (remote bounce, remote status).
_REMOTE = frozenset({"rb", "rs"})
_EXPIRED = "message-expired"


class PowerMta:
    """One file, or several after one another: each begins with its own row of names."""

    name = "powermta"
    untagged = True

    def __init__(self, log: Log) -> None:
        self._log = log
        self._queues = Queues()
        # By the line of its names: files that were put one behind the other have rows of several.
        self._layouts = [(0, _Layout([], ","))]
        self._rows = QuotedRows(lambda number, _: log.damaged(number, UNENDED))

    @staticmethod
    def marks(program: bytes) -> tuple[bytes, ...]:
        """No line of it is one of syslog's."""
        return ()

    @staticmethod
    def recognises(entry: Entry) -> bool:
        """By the row of names."""
        return bool(_separator(entry.text))

    def outcomes(self, entry: Entry) -> Iterator[Event]:
        """What the rows tell the end of that are whole with this line."""
        for number, row in self._rows.add(entry.number, entry.text):
            yield from self._row(entry._replace(number=number, text=row))

    def rest(self) -> Iterator[Event]:
        """The rows behind one whose quotes do not end, and the recipients that still wait where the file ends."""
        for number, row in self._rows.rest():
            yield from self._row(Entry(number, b"", b"", b"", row))
        yield from self._delayed(self._queues.left())

    def _row(self, entry: Entry) -> list[Event]:
        if b"type" in entry.text and (separator := _separator(entry.text)):
            self._layouts.append((entry.number, _Layout(_cells(entry.text, separator), separator)))
            return []
        if not entry.text.strip():
            return []
        row = self._layouts[-1][1].row(entry.text)
        if row.type not in _TYPES:
            self._log.damaged(entry.number, "is no accounting record; the line may be cut off")
            return []
        return [*self._told(entry, row), *self._delayed(self._queues.handed_over())]

    def _told(self, entry: Entry, row: _Row) -> Iterable[Event]:
        if row.type == "f":
            return [self._complaint(entry, row)]
        if row.type in {"r", "rr"} or not row.rcpt:
            return ()
        key = row.key()
        if row.type in {"t", "tq"}:
            at = self._log.time(row.timelogged)
            self._queues.wait(self._queues.opened(key, at), row.rcpt, entry, at)
            return ()
        kind: Kind = "delivered" if row.type == "d" else "bounce"
        if row.type == "rs":
            kind = _ACTIONS.get(row.dsnaction.lower(), "other")
        queued = self._queues.get(key)
        cause = row
        if queued is not None:
            waited = self._queues.settle(queued, row.rcpt)
            self._queues.gone(key)
            if waited is not None and row.bouncecat == _EXPIRED:
                earlier = self._layout_of(waited.entry).row(waited.entry.text)
                cause = earlier if earlier.dsndiag else row
        return [self._event(entry, kind, row, cause)]

    def _layout_of(self, entry: Entry) -> _Layout:
        """The names under which the line stands."""
        return self._layouts[bisect_left(self._layouts, entry.number, key=itemgetter(0)) - 1][1]

    def _event(self, entry: Entry, kind: Kind, row: _Row, cause: _Row) -> Event:
        """`cause` is the row that says why, which for a mail that expired is an earlier one."""
        status = _STATUS.match(cause.dsnstatus)
        says = cause.dsndiag or (status[2] if status else "") or ""
        first = row.orcpt.rpartition(";")[2]
        remote = host_of(cause.dsnmta.split(" ", 1)[0])
        code = status[1] if status else ""
        if kind == "delivered":
            failure = reached(
                row.rcpt,
                says.removeprefix("smtp;"),
                action="relayed" if row.dsnaction.lower() == "relayed" else "delivered",
                original_recipient=first,
                status=code,
                remote_mta=remote,
            )
        else:
            failure = failed(
                row.rcpt,
                says,
                action="delayed" if kind == "delayed" else "failed",
                original_recipient=first,
                status=code,
                remote_mta=remote,
                provider_class=_class(row.bouncecat),
            )
        host = row.dsnreportingmta.rpartition(";")[2].split(" ", 1)[0].encode()
        at, mail = self._log.time(row.timelogged), self._layout_of(entry).mail(row)
        return self._log.event(entry.number, kind, self.name, (failure,), at=at, mail=mail, host=host)

    def _complaint(self, entry: Entry, row: _Row) -> Event:
        """A feedback loop's report: whom it is about stands in the original's recipient, where the loop tells it."""
        recipient = (row.originalrcptto or row.orcpt or row.rcpt).rpartition(";")[2].strip("<>")
        feedback = row.feedbacktype.strip().lower() or "abuse"
        failure = complained(recipient, feedback, provider_class=_class(feedback))
        at = self._log.time(row.timelogged)
        kind = complaint_kind(feedback)
        mail = self._layout_of(entry).mail(row)
        return self._log.event(entry.number, kind, self.name, (failure,), at=at, mail=mail)

    def _delayed(self, waiting: Iterable[tuple[object, Attempt]]) -> list[Event]:
        rows = [(one.entry, self._layout_of(one.entry).row(one.entry.text)) for _, one in waiting]
        return [self._event(entry, "delayed", row, row) for entry, row in rows]


class _Row(NamedTuple):
    """The cells that are read, under their names in lower case; "" where the file has no such column."""

    type: str
    rcpt: str
    orig: str
    timelogged: str
    timequeued: str
    dsnaction: str
    dsnstatus: str
    dsndiag: str
    dsnmta: str
    dsnreportingmta: str
    bouncecat: str
    orcpt: str
    originalrcptto: str
    feedbacktype: str
    jobid: str
    envid: str
    #: All cells, for the headers that the file was told to carry.
    cells: tuple[str, ...]

    def key(self) -> bytes:
        """What the records of one mail to one recipient share."""
        return f"{self.envid or self.timequeued} {self.jobid} {self.orig} {self.rcpt.lower()}".encode()


class _Layout:
    """What the row of names says: where each cell stands."""

    def __init__(self, names: list[str], separator: str) -> None:
        names = [name.strip().lower() for name in names]
        self._separator, self._width = separator, len(names)
        self._blank = [""] * (self._width + 1)
        # Behind the last cell stands a blank one, for the columns that are missing.
        places = [names.index(name) if name in names else self._width for name in _Row._fields[:-1]]
        self._taken = itemgetter(*places)
        self._headers = [(name[7:], at) for at, name in enumerate(names) if name.startswith("header_")]
        self._has_sender = "orig" in names

    def row(self, line: bytes) -> _Row:
        """The cells of a line; one that was cut off has blank ones at its end."""
        cells = _cells(line, self._separator)
        cells = (cells + self._blank)[: self._width]
        cells.append("")
        return _Row._make((*self._taken(cells), tuple(cells) if self._headers else ()))

    def mail(self, row: _Row) -> Mail:
        """What the row tells of the mail itself."""
        headers = {name: value for name, at in self._headers if (value := row.cells[at])}
        message_id, subject = headers.pop("message-id", ""), headers.pop("subject", "")
        if row.jobid:
            headers["x-job-id"] = row.jobid
        if row.envid:
            headers["x-envelope-id"] = row.envid
        # A report that came later is itself sent from nobody; it is about a mail of ours all the same.
        of_another = row.type in _REMOTE and not row.orig.strip("<>")
        sender = row.orig.strip("<>") if self._has_sender and not of_another else None
        return Mail(message_id_of(message_id), sender, subject, tuple(headers.items()))


def _class(name: str) -> str:
    return f"pmta:{name}" if name else ""


def _separator(line: bytes) -> str:
    """What separates the names of a first row; "" where the line is none."""
    lowered = line.lower()
    if b"rcpt" not in lowered or b"type" not in lowered or b"@" in line:
        return ""
    for separator in (",", ";", "\t"):
        names = {name.strip().lower() for name in _cells(line, separator)}
        if names >= _NEEDED and names & _TELLING:
            return separator
    return ""


def _cells(line: bytes, separator: str) -> list[str]:
    try:
        text = line.decode()
    except UnicodeDecodeError:
        text = line.decode("cp1252", "replace")
    text = text.rstrip("\r\n").replace("\0", "")
    if '"' not in text:
        return text.split(separator)
    try:
        return next(csv.reader([text], delimiter=separator), [])
    except csv.Error:
        return []
