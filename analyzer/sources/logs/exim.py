"""Exim's main log: `** address R=… T=… H=…: text`, joined by message id to the line on which the mail came in.

Source: Exim specification, chapter "Log files" (the flags, the fields and what `log_selector` adds to them).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from analyzer.sources.logs.outcomes import Mail, failed, host_of, message_id_of, reached, text_of
from analyzer.sources.logs.queues import Attempt, Queued, Queues

if TYPE_CHECKING:
    from analyzer.records import Event, Failure, Kind
    from analyzer.sources.logs.entries import Entry
    from analyzer.sources.logs.outcomes import Log

_TIME = rb"(?:\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? (?:[+-]\d{4} )?)?(?:\[\d+\] )?"
#: Since 4.97 ids have 6-11-4 characters.
_ID = rb"(?P<id>[0-9A-Za-z]{6}-[0-9A-Za-z]{6}(?:[0-9A-Za-z]{5})?-[0-9A-Za-z]{2}(?:[0-9A-Za-z]{2})?)"
_LINE = re.compile(_TIME + _ID + rb" (?P<flag><=|=>|->|>>|\*>|\*\*|==|Completed|SMTP error|[\w:]+)\s?(?P<rest>.*)")
_FLAGGED = re.compile(_TIME + _ID + rb" (?:<=|=>|->|>>|\*>|\*\*|==|Completed\s*$)")
_REJECTED = re.compile(
    _TIME
    + rb"(?:"
    + _ID.replace(b"?P<id>", b"?:")
    + rb" )?(?P<fields>(?:H=|U=).*?)(?P<later> temporarily)? rejected RCPT "
    rb"<?(?P<to>[^>:\s]+)>?: (?P<says>.*)"
)

#: `jane@example.com (parent@example.org) <first@example.net> R=…`; an address may be quoted, a pipe or a file.
_WHOM = re.compile(
    r'(?P<to>(?:"(?:[^"\\]|\\.)*"|[^\s"<])(?:"(?:[^"\\]|\\.)*"|[^\s"])*?)(?=:?\s|:?$)'
    r"(?: \([^)]*\))?(?: <(?P<first>[^>]*)>)?"
)
#: The fields between the address and the colon of the text; certificates' names hold colons, but in quotes.
_FIELDS = re.compile(r'(?P<fields>(?:[^":]|"(?:[^"\\]|\\.)*"|:(?! ))*)(?:: (?P<says>.*))?')
_HOST = re.compile(r"\bH=(?P<host>[^\s\[]+)?")
_SENDER = re.compile(r"\b[FP]=<(?P<sender>[^<>]*)>")
_CONFIRMED = re.compile(r'\bC="(?P<says>(?:[^"\\]|\\.)*)"')
_SAID = re.compile(r"\bhost (?P<host>[\w.-]+) \[[\d.:a-fA-F]+\]")
_ARRIVED = re.compile(r"\bid=(?P<id>\S+)")
_SUBJECT = re.compile(r'\bT="(?P<subject>(?:[^"\\]|\\.)*)"')
_ABOUT = re.compile(r"\bR=(?P<id>[0-9A-Za-z-]{16,23})\b")
#: A line that says no more than that it is over, or not yet time; the cause is told on an earlier one.
_NO_CAUSE = re.compile(
    r"(?:retry timeout exceeded$|retry time not (?:yet )?reached|all hosts .*? have been failing for a long time"
    r"|message .*?too old|$)",
    re.IGNORECASE,
)
_TIMED_OUT = re.compile(r":? {0,8}retry timeout exceeded$", re.IGNORECASE)
#: A client that we know: it gave a password, or it is this machine or in a private net.
_OURS = re.compile(rb"\bA=|U=|\[(?:127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|::1\])")
_ESCAPE = re.compile(r"\\([\"\\])")


class Exim:
    """The main log, as a file of its own or through syslog, with or without zone, milliseconds and process ids."""

    name = "exim"
    untagged = True

    def __init__(self, log: Log) -> None:
        self._log = log
        self._queues = Queues()

    @staticmethod
    def marks(program: bytes) -> tuple[bytes, ...]:
        """By the name that Exim has in syslog; ids hold a hyphen each way."""
        return (b"-",) if program in {b"exim", b"exim4"} else ()

    @staticmethod
    def recognises(entry: Entry) -> bool:
        """By id and flag, which nobody else writes so, or by a rejection behind its kind of time."""
        text = entry.text
        if _FLAGGED.match(text):
            return True
        return text[:1].isdigit() and b" rejected RCPT " in text and _REJECTED.match(text) is not None

    def outcomes(self, entry: Entry) -> Iterable[Event]:
        """What the line tells the end of."""
        found = _LINE.match(entry.text)
        if found is None:
            return self._rejected(entry) if b" rejected RCPT " in entry.text else ()
        key = entry.host + b" " + found["id"]
        flag = found["flag"]
        if flag == b"<=":
            self._arrival(entry, key, text_of(found["rest"]))
        elif flag in {b"=>", b"->", b">>"}:
            return self._delivery(entry, key, text_of(found["rest"]))
        elif flag == b"**":
            return self._failure(entry, key, text_of(found["rest"]))
        elif flag == b"==":
            at = self._log.at(entry)
            self._put_off(self._queues.opened(key, at), text_of(found["rest"]), entry, at)
        elif flag == b"Completed" or (flag in {b"cancelled", b"removed"} and found["rest"].startswith(b"by ")):
            self._queues.gone(key)
        return self._delayed(self._queues.handed_over())

    def rest(self) -> Iterator[Event]:
        """The recipients that still wait where the log ends."""
        return self._delayed(self._queues.left())

    def _arrival(self, entry: Entry, key: bytes, rest: str) -> None:
        queued = self._queues.anew(key, self._log.at(entry))
        sender = rest.split(" ", 1)[0]
        queued.sender = "" if sender == "<>" else sender
        arrived, subject = _ARRIVED.search(rest), _SUBJECT.search(rest)
        queued.message_id = message_id_of(arrived["id"]) if arrived else ""
        queued.subject = _ESCAPE.sub(r"\1", subject["subject"]) if subject else ""
        if not queued.sender and (about := _ABOUT.search(rest)):
            known = self._queues.get(entry.host + b" " + about["id"].encode())
            queued.notification_of = known.notification_of or known.message_id if known else ""

    def _put_off(self, queued: Queued, rest: str, entry: Entry, at: str) -> None:
        recipient, _, _, says = _parts(rest)
        if _NO_CAUSE.match(says) and recipient.lower() in queued.waiting:
            return
        self._queues.wait(queued, recipient, entry, at)

    def _delivery(self, entry: Entry, key: bytes, rest: str) -> Iterable[Event]:
        recipient, first, fields, _ = _parts(rest)
        queued = self._queues.get(key)
        if queued is not None:
            self._queues.settle(queued, recipient)
        confirmed, host = _CONFIRMED.search(fields), _HOST.search(fields)
        says = _ESCAPE.sub(r"\1", confirmed["says"]) if confirmed else ""
        failure = reached(
            recipient,
            says,
            original_recipient=first,
            status=says[4:9] if says[4:6] == "2." and says[6:7].isdigit() else "",
            remote_mta=host_of(host["host"] or "") if host else "",
        )
        return [self._event(entry, "delivered", failure, queued, fields)]

    def _failure(self, entry: Entry, key: bytes, rest: str) -> Iterable[Event]:
        recipient, first, fields, says = _parts(rest)
        queued = self._queues.get(key)
        waited = self._queues.settle(queued, recipient) if queued is not None else None
        if waited is not None and _NO_CAUSE.match(says):
            earlier = _LINE.match(waited.entry.text)
            if earlier is not None:
                _, _, earlier_fields, cause = _parts(text_of(earlier["rest"]))
                if not _NO_CAUSE.match(cause):
                    fields, says = f"{fields} {earlier_fields}", cause
        return [self._event(entry, "bounce", _failed(recipient, first, fields, says, "failed"), queued, fields)]

    def _rejected(self, entry: Entry) -> Iterable[Event]:
        """Our own server would not take a mail: an outcome where the mail came from one of ours."""
        found = _REJECTED.match(entry.text)
        if found is None or not _OURS.search(found["fields"]):
            return ()
        sender = _SENDER.search(text_of(found["fields"]))
        failure = failed(text_of(found["to"]), text_of(found["says"]), action="delayed" if found["later"] else "failed")
        return [
            self._log.event(
                entry.number,
                "delayed" if found["later"] else "bounce",
                self.name,
                (failure,),
                at=self._log.at(entry),
                mail=Mail(sender=sender["sender"] if sender else None),
                host=entry.host,
            )
        ]

    def _delayed(self, waiting: Iterable[tuple[Queued, Attempt]]) -> Iterator[Event]:
        for queued, attempt in waiting:
            found = _LINE.match(attempt.entry.text)
            if found is not None:
                recipient, first, fields, says = _parts(text_of(found["rest"]))
                failure = _failed(recipient, first, fields, says, "delayed")
                yield self._event(attempt.entry, "delayed", failure, queued, fields, attempt.at)

    def _event(
        self, entry: Entry, kind: Kind, failure: Failure, queued: Queued | None, fields: str, at: str = ""
    ) -> Event:
        mail = queued.mail() if queued is not None else _NOTHING
        if mail.sender is None and (sender := _SENDER.search(fields)):
            mail = Mail(mail.message_id, sender["sender"], mail.subject)
        return self._log.event(
            entry.number, kind, self.name, (failure,), at=at or self._log.at(entry), mail=mail, host=entry.host
        )


_NOTHING = Mail()


def _parts(rest: str) -> tuple[str, str, str, str]:
    """(address, the one it was made from, fields, text) of what follows the flag."""
    whom = _WHOM.match(rest)
    if whom is None:
        return "", "", "", rest
    found = _FIELDS.match(rest, whom.end())
    fields, says = (found["fields"], found["says"] or "") if found else ("", "")
    recipient, first = whom["to"], whom["first"] or ""
    if "@" not in recipient or recipient[0] in "|/:":
        # A mailbox of this machine, a pipe or a file: the address that led there is the one that was written to.
        recipient, first = first or recipient, ""
    return recipient, first, fields, says


def _failed(recipient: str, first: str, fields: str, says: str, action: str) -> Failure:
    said = _SAID.search(says)
    host = _HOST.search(fields)
    if len(says) > len("retry timeout exceeded") + 2:
        says = _TIMED_OUT.sub("", says)
    return failed(
        recipient,
        says,
        action=action,
        original_recipient=first,
        remote_mta=host_of(said["host"] if said else (host["host"] or "") if host else ""),
    )
