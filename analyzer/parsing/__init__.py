"""One message in, a report out: what kind of mail it is, and what it says of each recipient.

Structured reports first (RFC 5965, RFC 3464 with RFC 6533, RFC 8098), then the servers that write prose, then
flufl.bounce. Nothing here knows a reason or a label.
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from analyzer.bounds import DEFAULT, Bounds, Gauge
from analyzer.parsing import arf, dsn, fallback, kinds, mdn
from analyzer.parsing.addresses import from_header
from analyzer.parsing.cut import whole_addresses
from analyzer.parsing.dates import to_utc
from analyzer.parsing.diagnostics import finish
from analyzer.parsing.message import Message, shown
from analyzer.parsing.original import find_original
from analyzer.parsing.prose import written_to
from analyzer.parsing.readers import (
    FEEDBACK_READERS,
    FORWARD_READER,
    LIST_READER,
    NOTICE_READER,
    READERS,
    UNNAMED_READER,
)
from analyzer.parsing.readers.unnamed import is_about_one
from analyzer.parsing.readers.wrapped import passed_on
from analyzer.parsing.reporting import reporting_host
from analyzer.records import Failure, Kind, Original, Report

__all__ = ["UNREADABLE", "Message", "read_message"]


def read_message(data: bytes, bounds: Bounds = DEFAULT) -> Report:
    """Read one message; never raises on broken mail, which comes back as kind `other`.

    What is over one of the `bounds` is read up to it, and the report names it (`exceeded`).
    """
    try:
        return _read(data if data[-1:] == b"\n" else whole_addresses(data), Gauge(bounds))
    except Exception:  # noqa: BLE001 - one message, however broken, must never stop a run over a million others
        return Report(kind="other", format=UNREADABLE)


#: The format of a message on which a reader failed: every one is a fault of ours, worth a report.
UNREADABLE = "unreadable"


def _read(data: bytes, gauge: Gauge) -> Report:
    message = Message(data, gauge)
    carried = passed_on(message)
    if carried is not None:
        message, data = carried, carried.head + b"\n" + carried.body
    original = find_original(message)
    kind, form, reporter, failures = _judge(message, data, original)
    if len(failures) > gauge.bounds.recipients_per_report:
        failures = failures[: gauge.bounds.recipients_per_report]
        gauge.note("recipients_per_report")
    # A reader may have found our message deeper inside.
    original = message.original or original
    if not original.sender:
        original = replace(original, sender=from_header(message.get("to")))
    report = Report(
        kind=kind,
        format=form,
        failures=tuple(finish(failures) if kind in _FINISHED else failures),
        perhaps=_perhaps(message) if kind == "other" else (),
        received_at=to_utc(message.get("date")) or to_utc(message.get("received").rpartition(";")[2]),
        subject=shown(message.words("subject")),
        delivered_to=from_header(message.get("delivered-to") or message.get("x-original-to") or message.get("to")),
        reporting_mta=reporter or (reporting_host(message) if kind in _FINISHED else ""),
        original=original,
    )
    return replace(report, exceeded=gauge.exceeded) if gauge.exceeded else report


def _perhaps(message: Message) -> tuple[Failure, ...]:
    """Who has failed, if what a mail system's notice says of them is a reason: no word in it says that they have."""
    if not kinds.may_tell_of_failure(message):
        return ()
    if UNNAMED_READER.recognises(message) or is_about_one(message):
        return tuple(finish(UNNAMED_READER.failures(message)))
    failures = finish(NOTICE_READER.failures(message))
    told = kinds.names_nobody_but(frozenset(failure.recipient.lower() for failure in failures), message)
    return tuple(failures) if told else ()


def _judge(message: Message, data: bytes, original: Original) -> tuple[Kind, str, str, list[Failure]]:
    """Kind, format, reporting MTA and the failures that count for that kind."""
    feedback = arf.report_part(message)
    if feedback is not None:
        kind, reporter, complaints = arf.read_complaint(feedback, original)
        return kind, "rfc5965", reporter, complaints
    status = dsn.status_part(message)
    if status is not None and (message.content_type == "multipart/report" or not kinds.is_a_persons(message)):
        reporter, failures = dsn.read_failures(message, status)
        if failures:
            kind, counted = _by_action(failures)
            if kind == "delayed" and kinds.is_challenge(message):
                # Boxbe calls its question a delay.
                return "challenge", "challenge", "", []
            return kind, "rfc6533" if "global" in status.content_type else "rfc3464", reporter, counted
    for reader in FEEDBACK_READERS:
        if reader.recognises(message):
            return "complaint", reader.name, "", list(reader.failures(message))
    receipt = mdn.receipt_part(message)
    if receipt is not None:
        refusals = list(mdn.rejections(message, receipt))
        return ("bounce", "mdn-reject", "", refusals) if refusals else ("mdn", "rfc8098", "", [])
    if kinds.is_read_receipt(message):
        return "mdn", "read-receipt", "", []
    if FORWARD_READER.recognises(message):
        carried = list(FORWARD_READER.failures(message))
        if carried:
            return "bounce", FORWARD_READER.name, "", carried
    # A list's refusal of a post calls itself an automatic answer, and answers for the list.
    if kinds.is_autoreply(message) and not LIST_READER.recognises(message):
        # Boxbe, TMDA and their kin answer by the rules for automatic answers too.
        return ("challenge", "challenge", "", []) if kinds.is_challenge(message) else ("autoreply", "rfc3834", "", [])
    return _read_prose(message, data)


#: Kinds whose rows say why somebody failed.
_FINISHED = frozenset({"bounce", "delayed"})


def _by_action(failures: list[Failure]) -> tuple[Kind, list[Failure]]:
    """A report is what its worst recipient is; only the recipients of that kind are its rows."""
    for kind, actions in _ACTIONS_OF_KIND:
        chosen = [failure for failure in failures if failure.action in actions]
        if chosen:
            return kind, chosen
    return "other", []


_ACTIONS_OF_KIND: tuple[tuple[Kind, frozenset[str]], ...] = (
    ("bounce", frozenset({"failed"})),
    ("delayed", frozenset({"delayed"})),
    ("delivered", frozenset({"delivered", "relayed", "expanded"})),
)


def _read_prose(message: Message, data: bytes) -> tuple[Kind, str, str, list[Failure]]:
    for reader in READERS:
        if reader.recognises(message):
            failures = list(reader.failures(message))
            if failures:
                return _as_told(message, reader.name, failures)
    if kinds.is_challenge(message):
        return "challenge", "challenge", "", []
    if kinds.is_bounce_like(message):
        failures = list(fallback.failures(message, data))
        if failures:
            return _as_told(message, "flufl.bounce", failures)
    if kinds.is_null_answer(message):
        return "autoreply", "rfc3834", "", []
    return ("delivered" if kinds.is_receipt(message) else "other"), "", "", []


def _as_told(message: Message, form: str, failures: list[Failure]) -> tuple[Kind, str, str, list[Failure]]:
    """As `_judge`, of what a reader found: nobody of a delay or a delivery has failed."""
    kind = _kind_of_notice(message, failures)
    if kind == "delayed" and kinds.is_challenge(message):
        # What waits for an answer is not delivered yet, too.
        return "challenge", "challenge", "", []
    if kind in {"delayed", "delivered"}:
        failures = [replace(failure, action=kind) for failure in failures]
    return kind, form, "", [_with_original(failure, message) for failure in failures]


def _with_original(failure: Failure, message: Message) -> Failure:
    original = failure.original_recipient or written_to(failure.recipient, message)
    return replace(failure, original_recipient=original) if original != failure.original_recipient else failure


def _kind_of_notice(message: Message, failures: list[Failure]) -> Kind:
    if failures[0].diagnostic.startswith("feedback report:"):
        return "complaint"
    if failures[0].action in {"delivered", "delayed"}:
        return cast("Kind", failures[0].action)
    if kinds.is_delay(message):
        return "delayed"
    if kinds.is_success(message):
        return "delivered"
    return "bounce"
