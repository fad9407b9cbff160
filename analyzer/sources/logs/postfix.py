"""Postfix: `to=<…>, relay=…, dsn=…, status=bounced (…)`, joined by queue id to what cleanup and qmgr wrote of the mail.

Sources: Postfix's own documents on `syslog_name`, `enable_long_queue_ids`, `soft_bounce`, `info_log_address_format` and
`maximal_queue_lifetime` (postconf(5)), and the manual pages of the daemons whose lines are read.
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

_DELIVERING = frozenset({b"smtp", b"lmtp", b"local", b"virtual", b"error", b"retry", b"pipe", b"discard"})
_QUEUE = frozenset({b"qmgr", b"nqmgr", b"oqmgr"})
_MARKS: dict[bytes, tuple[bytes, ...]] = {
    **dict.fromkeys(_DELIVERING, (b" status=", b": to=<")),
    **dict.fromkeys(_QUEUE, (b": from=<", b": removed")),
    b"cleanup": (b": message-id=", b"reject: ", b"header Subject: "),
    b"bounce": (b" notification: ", b" status="),
    b"smtpd": (b"reject: ",),
    b"postsuper": (b": removed", b": requeued"),
}
#: Daemons that no other server has; with these beside them a name that is not "postfix" is one of its instances.
_DAEMONS = _MARKS.keys() | {b"pickup", b"anvil", b"postscreen", b"master", b"scache", b"tlsmgr", b"verify", b"tlsproxy"}
_QUEUE_ID = re.compile(rb"(?:[0-9A-F]{6,20}|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,20}|NOQUEUE): ")

#: What stands between angle brackets: a quoted local part may hold them too.
_ANGLED = rb"[^\">]*(?:\"[^\"]*\"[^\">]*)*"
_DELIVERY = re.compile(
    rb"(?P<id>\w+): to=<(?P<to>" + _ANGLED + rb")>, (?:orig_to=<(?P<orig>" + _ANGLED + rb")>, )?"
    rb"relay=(?P<relay>[^,]*), (?:(?!dsn=|status=)[^,]*, )*(?:dsn=(?P<dsn>[\d.]+), )?"
    rb"status=(?P<status>[\w-]+)(?: \((?P<says>.*))?"
)
_FROM = re.compile(rb"(?P<id>\w+): from=<(?P<from>[^>]*)>")
_MESSAGE_ID = re.compile(rb"(?P<id>\w+): message-id=(?P<message_id>.*)")
_SUBJECT = re.compile(rb"(?P<id>\w+): (?:info|warning): header Subject: (?P<subject>.*) from \S+; from=<")
_NOTICE = re.compile(
    rb"(?P<id>\w+): (?P<whom>sender|postmaster) (?P<what>[\w-]+)(?: \w+)* notification: (?P<notice>\w+)"
)
#: `NOQUEUE: reject: RCPT from client[ip]: 554 …; from=<…> to=<…> proto=ESMTP helo=<…>`, read in pieces: whoever
#: connects chooses most of the words, and no choice of them may make it slow. Of a header the reason stands at the end.
_REFUSED = re.compile(rb"(?P<id>\w+): (?:milter-)?reject: (?P<where>[\w-]+)")
_CLIENT = re.compile(rb" from [^\s\[]*\[(?P<ip>[^\]\s]*)\](?::\d+)?(?:: |$)")
_ENVELOPE = re.compile(
    rb"; from=<(?P<from>[^<>]*)> to=<(?P<to>[^<>]*)>(?: proto=\w+)?(?: helo=<[^<>]*>)?"
    rb"(?: sasl_username=<(?P<user>[^<>]*)>)?(?:: (?P<says>.*))?"
)

#: `host mx[192.0.2.1] said: 550 …`: who says it has a column of its own, and the DSN shows the reply alone too.
_SAID = re.compile(r"host (?P<host>[^\s\[]+)\[[^\]\s]*\](?::\d+)? said: ")
_NAMES_HOST = re.compile(r"(?:\bhost|\bconnect to|\bwith) (?P<host>[\w.-]+)\[[^\]\s]*\]")
_RELAY = re.compile(rb"(?P<host>[^\[]+)\[(?P<ip>[^\]]*)\]")
#: Machines that only we can send from; a mail handed to one of them has not left us yet.
_OURS = re.compile(rb"127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|::1$|f[cd][\da-f]{2}:")
#: Services that take mail of our own users alone (RFC 8314, RFC 6409).
_SUBMISSION = (b"/submission", b"/smtps/")
_DEFERRED = frozenset({b"deferred", b"softbounce"})


class Postfix:
    """The lines of all its daemons, of any number of instances and servers in one log."""

    name = "postfix"
    untagged = False

    def __init__(self, log: Log) -> None:
        self._log = log
        self._queues = Queues()

    @staticmethod
    def marks(program: bytes) -> tuple[bytes, ...]:
        """By the daemon's name behind the instance's: `postfix/smtp`, `postfix-out/submission/smtpd`."""
        instance, _, daemon = program.rpartition(b"/")
        return _MARKS.get(daemon, ()) if instance else ()

    @staticmethod
    def recognises(entry: Entry) -> bool:
        """By the tag; under a name of its own choice an instance must write a queue id as well."""
        instance, _, daemon = entry.program.rpartition(b"/")
        if daemon not in _DAEMONS or not instance:
            return False
        return instance.startswith(b"postfix") or _QUEUE_ID.match(entry.text) is not None

    def outcomes(self, entry: Entry) -> Iterable[Event]:
        """What the line tells the end of."""
        daemon = entry.program[entry.program.rfind(b"/") + 1 :]
        if daemon in _DELIVERING:
            found = self._delivery(entry)
        elif daemon in _QUEUE:
            found = self._queue(entry)
        elif daemon == b"cleanup":
            found = self._cleanup(entry)
        elif b"reject: " in entry.text:
            found = self._refused(entry)
        elif b" status=" in entry.text:
            found = self._delivery(entry)
        elif b" notification: " in entry.text:
            found = self._noticed(entry)
        else:
            found = self._removed(entry)
        handed_over = self._queues.handed_over()
        return [*found, *self._delayed(handed_over)] if handed_over else found

    def rest(self) -> Iterator[Event]:
        """The recipients that still wait where the log ends."""
        return self._delayed(self._queues.left())

    def _delivery(self, entry: Entry) -> Iterable[Event]:
        found = _DELIVERY.match(entry.text)
        if found is None:
            if b": to=<" in entry.text:
                self._log.damaged(entry.number, "is a delivery that cannot be read; the line may be cut off")
            return ()
        status = found["status"].lower()
        at = self._log.at(entry)
        key = entry.host + b" " + found["id"]
        recipient = text_of(found["to"])
        queued = self._queues.get(key)
        if status in _DEFERRED:
            self._queues.wait(queued or self._queues.opened(key, at), recipient, entry, at)
            return ()
        mail = _NOTHING
        if queued is not None:
            self._queues.settle(queued, recipient)
            mail = queued.mail()
        kind: Kind = _KINDS.get(status, "bounce")
        failure = _reached(found) if status in {b"sent", b"deliverable"} else _failed(found, "failed")
        return [self._log.event(entry.number, kind, self.name, (failure,), at=at, mail=mail, host=entry.host)]

    def _queue(self, entry: Entry) -> Iterable[Event]:
        if b": removed" in entry.text:
            return self._removed(entry)
        found = _FROM.match(entry.text)
        if found is None:
            return ()
        at = self._log.at(entry)
        queued = self._queues.opened(entry.host + b" " + found["id"], at)
        queued.sender = text_of(found["from"])
        if b"expired, returned to sender" not in entry.text:
            return ()
        return [
            self._log.event(
                attempt.entry.number,
                "bounce",
                self.name,
                (_failed(tried, "failed"),),
                at=at,
                mail=queued.mail(),
                host=entry.host,
            )
            for attempt in self._queues.settle_all(queued)
            if (tried := _DELIVERY.match(attempt.entry.text))
        ]

    def _cleanup(self, entry: Entry) -> Iterable[Event]:
        text = entry.text
        if b"reject: " in text:
            return self._refused(entry)
        if found := _MESSAGE_ID.match(text):
            at, key = self._log.at(entry), entry.host + b" " + found["id"]
            known = self._queues.get(key)
            message_id = message_id_of(text_of(found["message_id"]))
            # Another mail under an old id; central logs may have shuffled what was told of this one.
            other = known is not None and known.message_id not in {"", message_id}
            queued = self._queues.anew(key, at) if other else self._queues.opened(key, at)
            queued.message_id = message_id
        elif b"header Subject: " in text and (found := _SUBJECT.match(text)):
            at, key = self._log.at(entry), entry.host + b" " + found["id"]
            self._queues.opened(key, at).subject = text_of(found["subject"])
        return ()

    def _noticed(self, entry: Entry) -> Iterable[Event]:
        """A notification of the mail's failure was queued: it is no mail of a campaign, and it names the mail."""
        found = _NOTICE.match(entry.text)
        if found is None:
            return ()
        notice = self._queues.opened(entry.host + b" " + found["notice"], self._log.at(entry))
        notice.sender = ""
        about = self._queues.get(entry.host + b" " + found["id"])
        if about is not None:
            notice.notification_of = about.notification_of or about.message_id
        return ()

    def _removed(self, entry: Entry) -> Iterable[Event]:
        identifier, _, what = entry.text.partition(b": ")
        key = entry.host + b" " + identifier
        if what.startswith(b"removed"):
            self._queues.gone(key)
        elif what.startswith(b"requeued") and (queued := self._queues.get(key)) is not None:
            # It goes on under another id (`postsuper -r`), with all who wait.
            self._queues.settle_all(queued)
        return ()

    def _refused(self, entry: Entry) -> Iterable[Event]:
        """Our own server would not take a mail: an outcome where the mail came from one of ours."""
        found, envelope = _REFUSED.match(entry.text), _ENVELOPE.search(entry.text)
        if found is None or envelope is None or not envelope["to"]:
            return ()
        clients = list(_CLIENT.finditer(entry.text, found.end(), envelope.start()))
        if not clients:
            return ()
        # A phase is followed by the client, a header by its own words, which may name another one.
        client = clients[0] if found["where"].isupper() else clients[-1]
        ours = (
            envelope["user"] or any(name in entry.program + b"/" for name in _SUBMISSION) or _OURS.match(client["ip"])
        )
        if not ours:
            return ()
        says = text_of(entry.text[client.end() : envelope.start()] or envelope["says"] or b"")
        queued = self._queues.get(entry.host + b" " + found["id"])
        mail = Mail(queued.message_id if queued else "", text_of(envelope["from"]), queued.subject if queued else "")
        later = says.startswith("4")
        failure = failed(text_of(envelope["to"]), says, action="delayed" if later else "failed")
        return [
            self._log.event(
                entry.number,
                "delayed" if later else "bounce",
                self.name,
                (failure,),
                at=self._log.at(entry),
                mail=mail,
                host=entry.host,
            )
        ]

    def _delayed(self, waiting: Iterable[tuple[Queued, Attempt]]) -> Iterator[Event]:
        for queued, attempt in waiting:
            tried = _DELIVERY.match(attempt.entry.text)
            if tried is not None:
                yield self._log.event(
                    attempt.entry.number,
                    "delayed",
                    self.name,
                    (_failed(tried, "delayed"),),
                    at=attempt.at,
                    mail=queued.mail(),
                    host=attempt.entry.host,
                )


_NOTHING = Mail()
#: `deliverable` and `undeliverable` answer `sendmail -bv`, and the server's own probes, whose sender gives them away.
#: What is undeliverable is the same failure as the one in the report that is mailed for it.
_KINDS: dict[bytes, Kind] = {b"sent": "delivered", b"deliverable": "other"}


def _said(found: re.Match[bytes]) -> str:
    """The words in the brackets; on a line that was cut off the last one is missing."""
    return text_of(found["says"] or b"").removesuffix(")")


def _failed(found: re.Match[bytes], action: str) -> Failure:
    says = _said(found)
    said = _SAID.match(says)
    named = said or _NAMES_HOST.search(says)
    relay = _RELAY.match(found["relay"])
    return failed(
        text_of(found["to"]),
        says[said.end() :] if said else says,
        action=action,
        original_recipient=text_of(found["orig"] or b""),
        status=(found["dsn"] or b"").decode(),
        remote_mta=host_of(named["host"] if named else relay["host"].decode("utf-8", "replace") if relay else ""),
    )


def _reached(found: re.Match[bytes]) -> Failure:
    says = _said(found)
    relay = _RELAY.match(found["relay"])
    action = "delivered"
    if says.startswith("forwarded as"):
        action = "expanded"
    elif relay and _OURS.match(relay["ip"]):
        action = "relayed"
    return reached(
        text_of(found["to"]),
        says,
        action=action,
        original_recipient=text_of(found["orig"] or b""),
        status=(found["dsn"] or b"").decode(),
        remote_mta=host_of(relay["host"].decode("utf-8", "replace")) if relay else "",
    )
