"""Lists of bounces that providers and people keep as CSV: an address, and the words that it was refused with.

Sources: Twilio SendGrid docs, "Bounces" (the page's CSV has status, reason, email, created); Mailgun docs,
"Suppressions" (address, code, error, created_at). Others are known by a column that names itself a bounce's or a
server's answer. A campaign's log may have one too: it goes with `--log`, and is left alone here.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from analyzer.sources.feeds import fields
from analyzer.sources.logs.outcomes import failed, text_of

if TYPE_CHECKING:
    from analyzer.records import Event
    from analyzer.sources.logs.entries import Entry
    from analyzer.sources.logs.outcomes import Log

#: Names of columns in small letters and figures alone.
_PROVIDERS = (frozenset({"status", "reason", "email", "created"}), frozenset({"address", "code", "error", "createdat"}))
_ADDRESSES = (
    *("recipient", "recipientemail", "recipientaddress", "email", "emailaddress", "address", "rcpt", "rcptto", "to"),
    *("toemail", "toaddress", "contactemail", "leademail", "empfänger", "emailadresse"),
)
_ANSWERS = (
    *("diagnostic", "diagnosticcode", "diagnostictext", "smtpresponse", "smtpreply", "smtperror", "smtptext"),
    *("serverresponse", "bouncereason", "bouncemessage", "bouncetext", "bouncedescription", "bouncedetail"),
    *("bouncedetails", "bounceerror", "ndr", "ndrtext", "bouncegrund", "serverantwort"),
)
_TIMES = (
    "created",
    "createdat",
    "bouncedat",
    "bouncedate",
    "receivedat",
    "timestamp",
    "eventtime",
    "date",
    "datetime",
    "time",
    "datum",
)
_CODES = ("status", "code", "statuscode", "smtpcode", "replycode", "dsnstatus", "bouncecode")
#: A list with one of these is a campaign's log, a list of leads, or one of our own tables.
_OF_OTHERS = frozenset(
    {
        *(
            "campaign",
            "campaignname",
            "sequence",
            "sequencename",
            "cadence",
            "cadencename",
            "step",
            "sentat",
            "sentdate",
        ),
        *("senttime", "emailstatus", "verificationstatus", "industry", "label", "fault", "decision", "grade"),
        "kind",
    }
)
#: A cell of more lines has a quote that nobody closed.
_MOST_LINES = 100
_SEPARATORS = (",", ";", "\t")


class BounceList:
    """One list; its first line names the columns."""

    name = "list"
    untagged = True

    def __init__(self, log: Log) -> None:
        self._log = log
        self._names: list[str] = []
        self._separator = ","
        self._open: list[Entry] = []

    @staticmethod
    def marks(program: bytes) -> tuple[bytes, ...]:
        """No line of it is one of syslog's."""
        return ()

    @staticmethod
    def recognises(entry: Entry) -> bool:
        """By the row of names."""
        return bool(_layout(entry.text)[0])

    def outcomes(self, entry: Entry) -> Iterable[Event]:
        """The bounce that the row tells of; a cell may go over several lines."""
        if not self._names:
            self._names, self._separator = _layout(entry.text)
            return ()
        uneven = entry.text.count(b'"') % 2 == 1
        if not self._open and not uneven:
            return self._row(entry.number, entry.text)
        # A cell of several lines, unless its quotes never end.
        self._open.append(entry)
        if len(self._open) > 1 and uneven:
            first, whole = self._open[0], b"\n".join(one.text for one in self._open)
            self._open = []
            return self._row(first.number, whole)
        return self._given_up() if len(self._open) > _MOST_LINES else ()

    def rest(self) -> Iterator[Event]:
        """The rows behind one whose quotes do not end."""
        while self._open:
            yield from self._given_up()

    def _given_up(self) -> list[Event]:
        """The lines behind one whose quotes do not end, each on its own."""
        damaged, *others = self._open
        self._open = []
        self._log.damaged(damaged.number, "is a row whose quotes do not end")
        return [event for one in others for event in self.outcomes(one)]

    def _row(self, number: int, line: bytes) -> Iterator[Event]:
        row = dict(zip(self._names, _cells(line, self._separator), strict=False))
        says = _first(row, _said_by(self._names))
        recipient = fields.recipient(_first(row, _ADDRESSES))
        if "@" not in recipient or not says:
            # Totals, blank lines, and rows of what was delivered.
            return
        code = _first(row, _CODES)
        failure = failed(recipient, text_of(says.encode()), status=fields.status(code), reply=fields.reply(code))
        at = fields.moment(_first(row, _TIMES))
        yield self._log.event(number, "bounce", self.name, (failure,), at=at)


def _layout(line: bytes) -> tuple[list[str], str]:
    """The columns' names and what separates them; ([], "") where the line is no such list's row of names."""
    line = line.removeprefix(b"\xef\xbb\xbf")
    if b"@" in line or len(line) > 4000:
        return [], ""
    for separator in _SEPARATORS:
        names = ["".join(filter(str.isalnum, name.lower())) for name in _cells(line, separator)]
        held = frozenset(names)
        if held in _PROVIDERS or (held >= _PROVIDERS[1] and not held & _OF_OTHERS):
            return names, separator
        if held.intersection(_ADDRESSES) and held.intersection(_ANSWERS) and not held & _OF_OTHERS:
            return names, separator
    return [], ""


def _said_by(names: list[str]) -> tuple[str, ...]:
    return _ANSWERS if any(name in _ANSWERS for name in names) else ("reason", "error")


def _first(row: dict[str, str], names: Iterable[str]) -> str:
    return next((row[name].strip() for name in names if row.get(name, "").strip()), "")


def _cells(line: bytes, separator: str) -> list[str]:
    text = text_of(line.replace(b"\n", b" ")) if separator != "\t" else line.decode("utf-8", "replace")
    try:
        return next(csv.reader([text.strip("\r\n")], delimiter=separator), [])
    except csv.Error:
        return []
