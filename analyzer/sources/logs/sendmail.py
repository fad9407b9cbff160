"""Sendmail: `to=<…>,<…>, ctladdr=…, relay=…, dsn=…, stat=…`, joined by queue id to the line with sender and Message-ID.

Source: Sendmail Installation and Operation Guide, 2.1.1 "System Log" and 2.2.1.1 "Format".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from analyzer.sources.logs.linear import Linear
from analyzer.sources.logs.outcomes import Mail, failed, host_of, message_id_of, reached, text_of
from analyzer.sources.logs.queues import Attempt, Queued, Queues

if TYPE_CHECKING:
    from analyzer.records import Event, Failure, Kind
    from analyzer.sources.logs.entries import Entry
    from analyzer.sources.logs.outcomes import Log

_PROGRAMS = frozenset({b"sendmail", b"sm-mta", b"sm-msp-queue", b"sm-msp", b"sendmail-in", b"sendmail-out"})
_MARKS = (b": to=", b": from=", b"ruleset=check_rcpt", b": DSN: ", b" notify: ", b": return to sender: ")
_ID = rb"(?P<id>[0-9A-Za-z]{8,20}): "
_LINE = re.compile(_ID)
_DELIVERY = Linear(
    _ID + rb"to=(?P<to>.*?)(?: \[more\])?, (?:[a-z]+=[^,]*, )*?(?:relay=(?P<relay>[^,]*), )?(?:dsn=(?P<dsn>[\d.]+), )?"
    rb"(?:quarantine=[^,]*, )?(?:reply=(?P<reply>.*), )?stat=(?P<stat>.*)"
)
_ARRIVAL = Linear(_ID + rb"from=(?P<from><[^>]*>|[^,]*), (?:.*?\bmsgid=(?P<message_id><[^>]*>|[^,\s]+))?")
_NOTICE = re.compile(
    _ID + rb"(?P<notice>[0-9A-Za-z]{8,20}): (?:DSN|(?:sender|postmaster) notify|return to sender): (?P<says>.*)"
)
_REFUSED = Linear(
    rb"(?:" + _ID + rb")?ruleset=check_rcpt, arg1=(?P<to>[^,]+), relay=(?P<relay>.*?), reject=(?P<says>.*)"
)
_GIVEN_UP = b"Cannot send message"
_OURS = re.compile(rb"\[(?:127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|IPv6:::1)")


class Sendmail:
    """The daemon and the submission client, which share a log."""

    name = "sendmail"
    untagged = False

    def __init__(self, log: Log) -> None:
        self._log = log
        self._queues = Queues()

    @staticmethod
    def marks(program: bytes) -> tuple[bytes, ...]:
        """By the names that the daemon and its queue runners have in syslog."""
        return _MARKS if program in _PROGRAMS else ()

    @staticmethod
    def recognises(entry: Entry) -> bool:
        """By the tag and a queue id behind it: other servers install a `sendmail` too."""
        return entry.program in _PROGRAMS and _LINE.match(entry.text) is not None

    def outcomes(self, entry: Entry) -> Iterable[Event]:
        """What the line tells the end of."""
        text = entry.text
        if b": to=" in text:
            found = self._delivery(entry)
        elif b": from=" in text:
            found = self._arrival(entry)
        elif b"ruleset=check_rcpt" in text:
            found = self._refused(entry)
        elif b"DSN: " in text or b" notify: " in text or b"return to sender: " in text:
            found = self._noticed(entry)
        else:
            return ()
        handed_over = self._queues.handed_over()
        return [*found, *self._delayed(handed_over)] if handed_over else found

    def rest(self) -> Iterator[Event]:
        """The recipients that still wait where the log ends."""
        return self._delayed(self._queues.left())

    def _arrival(self, entry: Entry) -> Iterable[Event]:
        found = _ARRIVAL.match(entry.text)
        if found is not None:
            queued = self._queues.anew(entry.host + b" " + found["id"], self._log.at(entry))
            queued.sender = text_of(found["from"]).strip("<>")
            queued.message_id = message_id_of(text_of(found["message_id"] or b""))
        return ()

    def _delivery(self, entry: Entry) -> Iterable[Event]:
        found = _DELIVERY.match(entry.text)
        if found is None:
            if _LINE.match(entry.text):
                self._log.damaged(entry.number, "is a delivery that cannot be read; the line may be cut off")
            return ()
        at, key = self._log.at(entry), entry.host + b" " + found["id"]
        queued = self._queues.get(key)
        recipients = _recipients(found)
        status, stat = found["dsn"] or b"", found["stat"]
        was_sent = (status.startswith(b"2.") and not stat.startswith(b"queued")) or stat.startswith(b"Sent")
        if stat.startswith((b"Deferred", b"queued")) or (status.startswith(b"4.") and not was_sent):
            queued = queued or self._queues.opened(key, at)
            for recipient in recipients:
                self._queues.wait(queued, recipient, entry, at)
            return ()
        if queued is not None:
            for recipient in recipients:
                self._queues.settle(queued, recipient)
        failures = tuple(_reached(found, one) if was_sent else _failed(found, one, "failed") for one in recipients)
        kind: Kind = "delivered" if was_sent else "bounce"
        mail = queued.mail() if queued else None
        return [self._log.event(entry.number, kind, self.name, failures, at=at, mail=mail, host=entry.host)]

    def _noticed(self, entry: Entry) -> Iterator[Event]:
        """A notification was queued; where it says that the mail is given up, whoever still waited has failed."""
        found = _NOTICE.match(entry.text)
        if found is None:
            return
        at = self._log.at(entry)
        about = self._queues.get(entry.host + b" " + found["id"])
        notice = self._queues.opened(entry.host + b" " + found["notice"], at)
        notice.sender = ""
        if about is None:
            return
        notice.notification_of = about.notification_of or about.message_id
        if _GIVEN_UP in found["says"]:
            for attempt in self._queues.settle_all(about):
                if tried := _DELIVERY.match(attempt.entry.text):
                    yield self._log.event(
                        attempt.entry.number,
                        "bounce",
                        self.name,
                        (_failed(tried, attempt.recipient, "failed"),),
                        at=at,
                        mail=about.mail(),
                        host=entry.host,
                    )

    def _refused(self, entry: Entry) -> Iterable[Event]:
        """Our own server would not take a mail: an outcome where the mail came from this machine or a private net."""
        found = _REFUSED.match(entry.text)
        if found is None or not _OURS.search(found["relay"]):
            return ()
        says = text_of(found["says"])
        later = says.startswith("4")
        queued = self._queues.get(entry.host + b" " + found["id"]) if found["id"] else None
        failure = failed(text_of(found["to"]).strip("<>"), says, action="delayed" if later else "failed")
        return [
            self._log.event(
                entry.number,
                "delayed" if later else "bounce",
                self.name,
                (failure,),
                at=self._log.at(entry),
                mail=queued.mail() if queued else Mail(),
                host=entry.host,
            )
        ]

    def _delayed(self, waiting: Iterable[tuple[Queued, Attempt]]) -> Iterator[Event]:
        for queued, attempt in waiting:
            tried = _DELIVERY.match(attempt.entry.text)
            if tried is not None:
                failure = _failed(tried, attempt.recipient, "delayed")
                yield self._log.event(
                    attempt.entry.number,
                    "delayed",
                    self.name,
                    (failure,),
                    at=attempt.at,
                    mail=queued.mail(),
                    host=attempt.entry.host,
                )


def _recipients(found: dict[str, Any]) -> list[str]:
    """The addresses of `to=<a>,<b>`; a submission client writes them without brackets."""
    names = (text_of(name).strip().strip("<>") for name in found["to"].split(b","))
    return [name for name in names if name]


def _relay(found: dict[str, Any]) -> str:
    name = text_of(found["relay"] or b"").split(" ", 1)[0]
    return host_of(name) if "." in name else ""


def _failed(found: dict[str, Any], recipient: str, action: str) -> Failure:
    stat, reply = text_of(found["stat"]), text_of(found["reply"] or b"")
    return failed(
        recipient,
        # The reply is what the other server said; `stat` is Sendmail's own word for the kind of error.
        reply if reply[:1].isdigit() else stat.removeprefix("Deferred: "),
        action=action,
        status=(found["dsn"] or b"").decode(),
        remote_mta=_relay(found),
    )


def _reached(found: dict[str, Any], recipient: str) -> Failure:
    says = text_of(found["stat"])
    ours = _OURS.search(found["relay"] or b"")
    return reached(
        recipient,
        says,
        action="relayed" if ours else "delivered",
        status=(found["dsn"] or b"").decode(),
        remote_mta=_relay(found),
    )
