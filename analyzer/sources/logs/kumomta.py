"""KumoMTA's log records: one JSON object on a line, of a `type`.

Source: KumoMTA's reference, "Log Record" (`recipient` is a list where several shared a transaction, since 2025.12.02).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import orjson

from analyzer.sources.logs.outcomes import Mail, complained, complaint_kind, failed, host_of, message_id_of, reached
from analyzer.sources.logs.queues import Attempt, Queues

if TYPE_CHECKING:
    from analyzer.records import Event, Failure, Kind
    from analyzer.sources.logs.entries import Entry
    from analyzer.sources.logs.outcomes import Log

#: Names that a record has, and no provider's event beside a `type` of KumoMTA's.
_OWN = (
    b'"peer_address"',
    b'"num_attempts"',
    b'"bounce_classification"',
    b'"egress_pool"',
    b'"egress_source"',
    b'"nodeid"',
)
_ENDS: dict[str, Kind] = {
    "Bounce": "bounce",
    "AdminBounce": "bounce",
    "OOB": "bounce",
    "Expiration": "bounce",
    # The server's own answer to a client that handed a mail in: nobody at the far end was asked.
    "Rejection": "other",
    "Delivery": "delivered",
    "Feedback": "complaint",
}
#: Nothing of these is an outcome, and there are as many of them as mails.
_PASSED_OVER = (b'"type":"Reception"', b'"type": "Reception"')
_TYPES = frozenset({*_ENDS, "Reception", "TransientFailure", "Delayed", "AdminRebind", "XferOut", "XferIn", "Any"})
#: What its classifier answers where no rule fits.
_NO_CLASS = "Uncategorized"
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")


class KumoMta:
    """The records of a log file, also of several nodes after one another."""

    name = "kumomta"
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
        """By a type of its own and names that only its records have."""
        text = entry.text
        if not text.lstrip().startswith(b"{") or b'"type"' not in text or not any(name in text for name in _OWN):
            return False
        record = _record(text)
        return record is not None and record.get("type") in _TYPES and "timestamp" in record

    def outcomes(self, entry: Entry) -> Iterable[Event]:
        """What the record tells the end of."""
        text = entry.text
        if text.isspace() or not text or any(mark in text[:64] for mark in _PASSED_OVER):
            return ()
        record = _record(text)
        if record is None:
            self._log.damaged(entry.number, "is no JSON object; the line may be cut off")
            return ()
        kind_of_record = str(record.get("type", ""))
        if kind_of_record == "TransientFailure":
            found = self._put_off(entry, record)
        elif kind_of_record in _ENDS:
            found = self._ended(entry, record, _ENDS[kind_of_record])
        else:
            return ()
        handed_over = self._queues.handed_over()
        return [*found, *self._delayed(handed_over)] if handed_over else found

    def rest(self) -> Iterator[Event]:
        """The recipients that still wait where the log ends."""
        return iter(self._delayed(self._queues.left()))

    def _put_off(self, entry: Entry, record: dict[str, Any]) -> Iterable[Event]:
        at = self._at(record)
        for recipient in _recipients(record):
            self._queues.wait(self._queues.opened(_key(record), at), recipient, entry, at)
        return ()

    def _ended(self, entry: Entry, record: dict[str, Any], kind: Kind) -> Iterable[Event]:
        if kind == "complaint":
            return [self._complaint(entry, record)]
        key = _key(record)
        queued = self._queues.get(key)
        failures = []
        for recipient in _recipients(record):
            waited = self._queues.settle(queued, recipient) if queued is not None else None
            cause = record
            if waited is not None and record["type"] == "Expiration":
                # The record itself says no more than how old the mail was.
                cause = _record(waited.entry.text) or record
            failures.append(_failure(record, cause, recipient, kind))
        if queued is not None and not queued.waiting:
            self._queues.gone(key)
        if not failures:
            return ()
        return [self._event(entry.number, kind, record, tuple(failures))]

    def _complaint(self, entry: Entry, record: dict[str, Any]) -> Event:
        """A report of a feedback loop; `recipient` is the address that the report was sent to."""
        report = _table(record.get("feedback_report"))
        trace = _table(report.get("supplemental_trace"))
        recipients = _texts(report.get("original_rcpt_to")) or _texts(trace.get("recipient")) or _recipients(record)
        named = report.get("feedback_type")
        feedback = named.strip().lower() if isinstance(named, str) else ""
        of = f"kumomta:{feedback}" if feedback else ""
        failures = tuple(complained(one.strip("<>"), feedback, provider_class=of) for one in recipients)
        original = report.get("original_mail_from") or trace.get("sender")
        sender = str(original).strip("<>") if original else None
        mail = _mail(record, sender)
        host = str(_table(report.get("reporting_mta")).get("name", "")).encode()
        return self._log.event(
            entry.number, complaint_kind(feedback), self.name, failures, at=self._at(record), mail=mail, host=host
        )

    def _event(self, number: int, kind: Kind, record: dict[str, Any], failures: tuple[Failure, ...]) -> Event:
        sender = record.get("sender")
        mail = _mail(record, sender.strip("<>") if isinstance(sender, str) else None)
        return self._log.event(number, kind, self.name, failures, at=self._at(record), mail=mail)

    def _delayed(self, waiting: Iterable[tuple[object, Attempt]]) -> list[Event]:
        found = []
        for _, attempt in waiting:
            record = _record(attempt.entry.text)
            if record is not None:
                failure = _failure(record, record, attempt.recipient, "delayed")
                found.append(self._event(attempt.entry.number, "delayed", record, (failure,)))
        return found

    def _at(self, record: dict[str, Any]) -> str:
        return self._log.time(str(record.get("event_time") or record.get("timestamp") or ""))


def _record(text: bytes) -> dict[str, Any] | None:
    try:
        record = orjson.loads(text)
    except orjson.JSONDecodeError:
        try:
            record = orjson.loads(text.replace(b"\0", b"").decode("utf-8", "replace"))
        except orjson.JSONDecodeError:
            return None
    return record if isinstance(record, dict) else None


def _key(record: dict[str, Any]) -> bytes:
    return str(record.get("id", "")).encode()


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [one for one in values if isinstance(one, str) and one]


def _recipients(record: dict[str, Any]) -> list[str]:
    return _texts(record.get("recipient"))


def _mail(record: dict[str, Any], sender: str | None) -> Mail:
    """Which headers and metadata a record carries is configured; names differ in case alone."""
    headers: dict[str, str] = {}
    for name, value in _table(record.get("headers")).items():
        if texts := _texts(value):
            headers[name.lower()] = texts[-1]
    for name, value in _table(record.get("meta")).items():
        if isinstance(value, (str, int)) and str(value):
            headers.setdefault(f"x-{name.lower().removeprefix('x-')}", str(value))
    message_id, subject = headers.pop("message-id", ""), headers.pop("subject", "")
    if isinstance(queue := record.get("queue"), str) and "@" in queue:
        # `campaign:tenant@domain`; both are optional.
        campaign, colon, _ = queue.partition(":")
        if colon:
            headers.setdefault("x-campaign", campaign)
    return Mail(message_id_of(message_id), sender, " ".join(subject.split()), tuple(headers.items()))


def _failure(record: dict[str, Any], cause: dict[str, Any], recipient: str, kind: Kind) -> Failure:
    """`cause` is the record that says why, which for a mail that expired is an earlier one."""
    response = _table(cause.get("response"))
    enhanced = _table(response.get("enhanced_code"))
    status = ".".join(str(enhanced.get(name, "")) for name in ("class", "subject", "detail"))
    status = status if _STATUS.fullmatch(status) else ""
    code = response.get("code")
    reply = str(code) if isinstance(code, int) and 200 <= code < 600 else ""
    content = " ".join(str(response.get("content") or "").split())
    command = response.get("command")
    said = " ".join(part for part in (reply, status, content) if part)
    remote = host_of(str(_table(cause.get("peer_address")).get("name") or ""))
    if kind == "delivered":
        return reached(recipient, said, status=status, remote_mta=remote)
    if isinstance(command, str) and command.strip():
        # The reply as other servers tell it, with what it answered.
        said = f"{said} (in reply to {command.split(':', 1)[0].split(chr(10), 1)[0].strip()} command)"
    of = cause.get("bounce_classification")
    if of in {None, _NO_CLASS}:
        of = record.get("bounce_classification")
    return failed(
        recipient,
        said,
        action="delayed" if kind == "delayed" else "failed",
        status=status,
        reply=reply,
        remote_mta=remote,
        provider_class=f"kumomta:{of}" if isinstance(of, str) and of else "",
    )
