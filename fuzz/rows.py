"""What every row of `parse` promises, whatever it was read from: the schema of `BOUNCE_COLUMNS`, held to the letter."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from analyzer import knowledge
from analyzer.bounces import Row, rows_of
from analyzer.classify import default_classifier
from analyzer.records import BOUNCE_COLUMNS, BOUNCE_TYPES, COUNTED_KINDS, KINDS, Item, Verdict

_COLUMNS = frozenset(BOUNCE_COLUMNS)
_TEXTS = tuple(name for name in BOUNCE_COLUMNS if name not in BOUNCE_TYPES)
_ACTIONS = frozenset({"", "failed", "delayed", "delivered", "relayed", "expanded"})
_MEANING = {name: (reason.label, reason.fault) for name, reason in knowledge.reasons().items()}
_DECIDED_BY = re.compile(r"rule:[^\s/]+/\S+|code|model|default")
_STATUS = re.compile(r"|[245]\.\d{1,3}\.\d{1,3}")
_REPLY = re.compile(r"|[2-6]\d\d")
_RECORD_ID = re.compile(r"[0-9a-f]{24}")
#: Longest wait that a text is believed, in seconds.
_WEEK_S = 7 * 86400
#: Longest evidence that is shown, in characters.
_EVIDENCE = 200


class PromiseError(AssertionError):
    """A result that breaks what its reader promises."""


def hold(holds: bool, promise: str, *found: object) -> None:
    """Raise `PromiseError` unless the promise holds; an assert that `python -O` leaves in."""
    if not holds:
        raise PromiseError(f"{promise}: {', '.join(repr(one)[:300] for one in found)}")


def rows_from(items: Iterable[Item]) -> list[Row]:
    """The rows of messages and events, each checked."""
    classifier = default_classifier()
    found: list[Row] = []
    for item in items:
        rows = rows_of(item, classifier)
        hold(bool(rows), "every message has a row")
        for row in rows:
            check_row(row)
        found += rows
    return found


def check_row(row: Row) -> None:
    """One row: every column, of its type, with values of the contract that fit each other."""
    hold(row.keys() == _COLUMNS, "a row has the columns of the contract", sorted(row.keys() ^ _COLUMNS))
    for name in _TEXTS:
        text = row[name]
        hold(text.__class__ is str, "a column of text holds text", name, text)
        if not text.isascii():
            hold(_is_unicode(text), "text can be written as UTF-8", name, text)
    hold(is_one_line(row["subject"]), "a subject is one line", row["subject"])
    kind = row["kind"]
    hold(kind in KINDS, "kind is one of the contract's", kind)
    hold(row["action"] in _ACTIONS, "action is one of RFC 3464's", row["action"])
    hold(_RECORD_ID.fullmatch(row["record_id"]) is not None, "record_id is 24 hexadecimal digits", row["record_id"])
    if kind in COUNTED_KINDS:
        _check_judgement(row)
        diagnostic = row["diagnostic"]
        hold(diagnostic == diagnostic.strip() and is_one_line(diagnostic), "a diagnostic is one line", diagnostic)
    else:
        hold(
            (row["label"], row["fault"], row["reason"], row["transient"], row["confidence"])
            == ("", "", "", None, None),
            "what is no bounce is not judged",
            row["label"],
            row["reason"],
        )


def check_verdict(verdict: Verdict) -> None:
    """A verdict on its own, as `classify` answers it."""
    _check_judgement({name: getattr(verdict, name) for name in verdict.__dataclass_fields__})


def same_rows(one: Sequence[Any], other: Sequence[Any]) -> None:
    """Two readings of the same bytes."""
    hold(len(one) == len(other), "the same bytes give the same number of rows", len(one), len(other))
    for first, second in zip(one, other, strict=True):
        if first != second:
            differing = sorted(name for name in first if first[name] != second.get(name))
            hold(False, "the same bytes give the same row", differing, first, second)


def _check_judgement(row: Row) -> None:
    reason = row["reason"]
    hold(reason in _MEANING, "reason is one of the contract's", reason)
    hold((row["label"], row["fault"]) == _MEANING[reason], "label and fault are the reason's", reason, row["label"])
    hold(row["transient"].__class__ is bool, "transient is yes or no", row["transient"])
    confidence = row["confidence"]
    hold(confidence.__class__ is float and 0 < confidence <= 1, "confidence is a share", confidence)
    hold(_DECIDED_BY.fullmatch(row["decided_by"]) is not None, "decided_by says what decided", row["decided_by"])
    hold(_STATUS.fullmatch(row["status"]) is not None, "status is an enhanced status code", row["status"])
    hold(_REPLY.fullmatch(row["reply"]) is not None, "reply is an SMTP reply code", row["reply"])
    hold(len(row["evidence"]) <= _EVIDENCE, "evidence is short", len(row["evidence"]))
    wait = row["retry_after_s"]
    hold(wait is None or (wait.__class__ is int and 0 < wait <= _WEEK_S), "a wait is of seconds, up to a week", wait)
    hold(wait is None or row["transient"], "only what passes is waited for", wait)


def is_one_line(text: str) -> bool:
    """Whether no reader of the text, a terminal or `str.splitlines`, sees a second line."""
    return len(text.splitlines()) < 2


def _is_unicode(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
