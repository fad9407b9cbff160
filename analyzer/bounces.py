"""Parsing and classify, joined: messages in, bounce rows out, on one core or on all of them in the same order."""

from __future__ import annotations

import hashlib
import os
import signal
from collections import deque
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import orjson

from analyzer.addresses.key import address_key
from analyzer.bounds import DEFAULT, Bounds, current
from analyzer.classify import Classifier, classifier_of
from analyzer.classify.classes import without_words
from analyzer.errors import AnalyzerError
from analyzer.parsing import read_message
from analyzer.parsing.diagnostics import finish
from analyzer.records import Event, Failure, Item, Report, Verdict
from analyzer.signals import held_back, kept_from_children

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from concurrent.futures import Future, ProcessPoolExecutor

#: One row of `BOUNCE_COLUMNS`, by column name.
Row: TypeAlias = dict[str, Any]


class Rows(list[Row]):
    """The rows of one message that exceeds a bound; `exceeded` names which."""

    exceeded: tuple[str, ...] = ()


#: Messages that are handed to a worker at once: enough to hide the hand-over, few enough to keep memory flat.
_BATCH = 250
#: How long a pool may take to notice that its workers are gone: it takes milliseconds, or for ever.
_LAST_WAIT_S = 1.0
#: Below this many messages starting workers costs more than they save.
_WORTH_WORKERS = 4 * _BATCH


def rows_of(item: Item, classifier: Classifier, bounds: Bounds | None = None) -> list[Row]:
    """The rows of one message or event: one for each recipient it is about, one in all where it is about none.

    Of a message over one of the `bounds` they are `Rows`, which name it.
    """
    bounds = bounds or current()
    report = _told_by(item, bounds) if isinstance(item, Event) else read_message(item.data, bounds)
    if report.perhaps:
        report = _with_reasons(report, classifier)
    if report.exceeded:
        rows = Rows(_rows_of(item, report, classifier))
        rows.exceeded = report.exceeded
        return rows
    return _rows_of(item, report, classifier)


#: How sure a rule has to be of its reason to make a bounce of a notice by it.
_SURE = 0.9


def _with_reasons(report: Report, classifier: Classifier) -> Report:
    """The report as a bounce of those of whom it gives a lasting reason, in words that a rule knows; else as it is."""
    failed = tuple(failure for failure in report.perhaps if _gives_a_reason(failure, classifier))
    return replace(report, kind="bounce", format="notice", failures=failed) if failed else report


def _gives_a_reason(failure: Failure, classifier: Classifier) -> bool:
    verdict = _verdict(failure, failure.diagnostic, classifier)
    by_rule = verdict.decided_by.startswith("rule:") and verdict.reason != "unspecified"
    # A full mailbox may be emptied, but this mail has come back: who keeps trying says so.
    return by_rule and verdict.confidence >= _SURE and (not verdict.transient or verdict.fault == "mailbox")


def _rows_of(item: Item, report: Report, classifier: Classifier) -> list[Row]:
    failures = report.failures or (Failure(recipient="", action=""),)
    if report.kind in {"bounce", "complaint"}:
        return [_judged(item.source, report, failure, classifier) for failure in failures]
    return [_unjudged(item.source, report, failure) for failure in failures]


def bounce_rows(
    messages: Iterable[Item], *, jobs: int | None = 1, rules: Path | None = None, bounds: Bounds | None = None
) -> Iterator[tuple[Item, list[Row]]]:
    """Every message with its rows, in the order of the messages; `jobs` processes (None: all cores)."""
    source, bounds = iter(messages), bounds or current()
    workers = jobs if jobs is not None else os.cpu_count() or 1
    classifier = classifier_of(rules)
    if workers < 2:
        for message in source:
            yield message, rows_of(message, classifier, bounds)
        return
    first = list(islice(source, _WORTH_WORKERS))
    if len(first) < _WORTH_WORKERS:
        for message in first:
            yield message, rows_of(message, classifier, bounds)
        return
    yield from _in_parallel(chain(first, source), workers, rules, bounds)


def _in_parallel(
    messages: Iterator[Item], workers: int, rules: Path | None, bounds: Bounds
) -> Iterator[tuple[Item, list[Row]]]:
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    waiting: deque[tuple[list[Item], Future[list[list[Row]]]]] = deque()
    # An executor notices that a worker is gone, killed for its memory or with us by one signal; `multiprocessing.Pool`
    # waits for ever for a lock that such a worker held.
    pool = ProcessPoolExecutor(workers, get_context("forkserver"), _start_worker, (rules, bounds))
    try:
        while batch := list(islice(messages, _BATCH)):
            # Else workers that are just starting would say what became of their queues.
            with held_back(), kept_from_children():
                waiting.append((batch, pool.submit(_work, batch)))
            if len(waiting) > 2 * workers:
                yield from _finished(*waiting.popleft())
        while waiting:
            yield from _finished(*waiting.popleft())
    except BrokenProcessPool:
        raise AnalyzerError(
            "a worker process was ended from outside, by a lack of memory perhaps; try again with --jobs 1"
        ) from None
    finally:
        _close(pool)


def _close(pool: ProcessPoolExecutor) -> None:
    """Wait for the workers to end, but not for what dead ones will never say.

    A signal to the whole group may have killed them within an answer, for the rest of which the pool's own thread would
    wait for ever, as its other thread would for somebody to take the next batch.
    """
    inside = {name: getattr(pool, name, None) for name in ("_processes", "_call_queue", "_executor_manager_thread")}
    workers, thread = list((inside["_processes"] or {}).values()), inside["_executor_manager_thread"]
    pool.shutdown(wait=False, cancel_futures=True)
    while thread is not None and thread.is_alive():
        alive = any(worker.is_alive() for worker in workers)
        thread.join(_LAST_WAIT_S)
        if thread.is_alive() and not alive:
            if inside["_call_queue"] is not None:
                inside["_call_queue"].cancel_join_thread()
            return


def _finished(batch: list[Item], result: Future[list[list[Row]]]) -> Iterator[tuple[Item, list[Row]]]:
    yield from zip(batch, result.result(), strict=True)


_worker_classifier: Classifier | None = None
_worker_bounds = DEFAULT


def _start_worker(rules: Path | None, bounds: Bounds) -> None:
    global _worker_classifier, _worker_bounds
    # A terminal sends Ctrl-C to the workers too; the parent alone has something to say about it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _worker_classifier, _worker_bounds = classifier_of(rules), bounds


def _work(batch: list[Item]) -> list[list[Row]]:
    classifier = _worker_classifier or classifier_of(None)
    return [rows_of(message, classifier, _worker_bounds) for message in batch]


def _told_by(event: Event, bounds: Bounds) -> Report:
    """The event's report; where the feed carries the bounce message, with the text that only the message has."""
    report = event.report
    if report.kind in {"bounce", "delayed"}:
        report = replace(report, failures=tuple(map(_finished_failure, report.failures)))
    if not event.message:
        return report
    told = read_message(event.message, bounds)
    by_recipient = {address_key(failure.recipient): failure for failure in told.failures}
    lone = told.failures[0] if len(told.failures) == len(report.failures) == 1 else None
    failures = tuple(
        _completed(failure, by_recipient.get(address_key(failure.recipient), lone)) for failure in report.failures
    )
    original = told.original if told.original.message_id and not report.original.message_id else report.original
    return replace(report, failures=failures, original=original, exceeded=report.exceeded + told.exceeded)


def _finished_failure(failure: Failure) -> Failure:
    """A source's words made uniform as those of a message are: one line, its codes, and the host that said it."""
    if not failure.diagnostic:
        return failure
    (finished,) = finish((failure,))
    return finished


def _completed(failure: Failure, told: Failure | None) -> Failure:
    if told is None or failure.diagnostic:
        return failure
    return replace(
        failure,
        status=failure.status or told.status,
        reply=failure.reply or told.reply,
        diagnostic=told.diagnostic,
        remote_mta=failure.remote_mta or told.remote_mta,
    )


def _verdict(failure: Failure, words: str, classifier: Classifier) -> Verdict:
    """What some words say of the failure, with all that is known beside them."""
    return classifier.classify(
        words, status=failure.status, reply=failure.reply, host=failure.remote_mta, recipient=failure.recipient
    )


def _judged(source: str, report: Report, failure: Failure, classifier: Classifier) -> Row:
    verdict = _verdict(failure, failure.diagnostic, classifier)
    if failure.provider_class and (not failure.diagnostic or verdict.reason == "unspecified"):
        codes = verdict
        if failure.diagnostic:
            codes = _verdict(failure, "", classifier)
        verdict = without_words(verdict, codes, failure.provider_class)
    row = _unjudged(source, report, failure)
    row["provider"] = verdict.provider
    row["status"] = verdict.status or failure.status
    row["reply"] = verdict.reply or failure.reply
    row["label"], row["fault"], row["reason"] = verdict.label, verdict.fault, verdict.reason
    row["transient"], row["confidence"] = verdict.transient, verdict.confidence
    row["decided_by"], row["evidence"] = verdict.decided_by, verdict.evidence
    row["blocklist"], row["retry_after_s"] = verdict.blocklist, verdict.retry_after_s
    return row


def named(source: str) -> str:
    """A file's name as a row can hold it. One whose bytes are no UTF-8, as older archives leave them, comes with halves
    of surrogate pairs in it (PEP 383), which no frame and no file takes."""
    if source.isascii():
        return source
    return "".join("\ufffd" if "\ud800" <= letter <= "\udfff" else letter for letter in source)


def _unjudged(source: str, report: Report, failure: Failure) -> Row:
    original = report.original
    return {
        "source": named(source),
        "kind": report.kind,
        "received_at": report.received_at,
        "recipient": failure.recipient,
        "original_recipient": failure.original_recipient,
        "sender": original.sender,
        "original_message_id": original.message_id,
        "subject": report.subject,
        "reporting_mta": report.reporting_mta,
        "remote_mta": failure.remote_mta,
        "provider": "",
        "action": failure.action,
        "status": failure.status,
        "reply": failure.reply,
        "diagnostic": failure.diagnostic,
        "label": "",
        "fault": "",
        "reason": "",
        "transient": None,
        "confidence": None,
        "decided_by": "",
        "evidence": "",
        "blocklist": "",
        "retry_after_s": None,
        "format": report.format,
        "record_id": _record_id(report, failure),
        "delivered_to": report.delivered_to,
        "original_headers": orjson.dumps(original.headers).decode() if original.headers else "",
        "provider_class": failure.provider_class,
    }


def _record_id(report: Report, failure: Failure) -> str:
    """The same for the same failure read twice: by our own Message-ID, else by what the report says and when."""
    ours = report.original.message_id
    # Feeds and logs name the id without its brackets.
    rest = f"<{ours.strip().strip('<>')}>" if ours else f"{report.received_at}|{failure.diagnostic}"
    text = f"{report.kind}|{address_key(failure.recipient)}|{rest}"
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
