"""`bounce-analyzer classify`: one text from the command line, or a line each from stdin, one answer a line."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from analyzer.cli.options import Bound, Redact, Rules
from analyzer.errors import UnreadableInputError
from analyzer.readable import clean, printable_json
from analyzer.redaction import masked_text, masked_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.classify import Classifier
    from analyzer.records import Verdict


class Question(NamedTuple):
    """A text with what is known beside it."""

    text: str
    status: str = ""
    reply: str = ""
    host: str = ""
    recipient: str = ""


def classify(
    text: Annotated[
        list[str] | None, typer.Argument(help="Diagnostic texts; without one, stdin is read a line each.")
    ] = None,
    status: Annotated[str, typer.Option(help="Enhanced status code beside the text, such as 5.1.1.")] = "",
    reply: Annotated[str, typer.Option(help="SMTP reply code beside the text, such as 550.")] = "",
    host: Annotated[str, typer.Option(help="The host that answered.")] = "",
    recipient: Annotated[str, typer.Option(help="The address that failed.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Answer with a JSON object a line.")] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Tell which rule decided, on which words, and what else matched.")
    ] = False,
    redact: Redact = False,
    rules: Rules = None,
    bound: Bound = None,
) -> None:
    """Tell why a mail failed, from its diagnostic text."""
    from analyzer.classify import classifier_of, default_classifier

    classifier = classifier_of(rules) if rules else default_classifier()
    beside = Question("", status, reply, host, recipient)
    questions = (_with_text(one, beside) for one in text) if text else _from_stdin(beside)
    out = sys.stdout.buffer
    # At a terminal or behind a live feed every answer counts at once; a file is written in large pieces.
    prompt = not text and (sys.stdin.isatty() or sys.stdout.isatty())
    for question in questions:
        out.write(_answer(classifier, question, as_json=as_json, explain=explain, redact=redact) + b"\n")
        if prompt:
            out.flush()
    out.flush()


def _with_text(text: str, beside: Question) -> Question:
    return Question(text, beside.status, beside.reply, beside.host, beside.recipient)


def _from_stdin(beside: Question) -> Iterator[Question]:
    for number, line in enumerate(sys.stdin.buffer, 1):
        yield question_of(line, beside, "standard input", number)


def question_of(line: bytes, beside: Question, source: str, number: int) -> Question:
    """A line of `source`: a JSON object with a text, or else plain text; options fill what the line does not say.

    `UnreadableInputError` for a JSON object without a text: it can only be an object of some other kind.
    """
    import orjson

    bare = line.strip()
    if bare.startswith(b"{"):
        try:
            row = orjson.loads(bare)
        except orjson.JSONDecodeError:
            row = None
        if isinstance(row, dict):
            if "text" not in row:
                raise UnreadableInputError(
                    f"{source}, line {number}",
                    "is a JSON object without a text",
                    'give {"text": "…"}, and beside it status, reply, host and recipient where they are known',
                )
            return Question(
                _said(row, "text", ""),
                _said(row, "status", beside.status),
                _said(row, "reply", beside.reply),
                _said(row, "host", beside.host),
                _said(row, "recipient", beside.recipient),
            )
    return _with_text(bare.decode("utf-8", "replace"), beside)


def _said(row: dict[str, Any], key: str, otherwise: str) -> str:
    value = row.get(key)
    return otherwise if value is None else str(value)


def _answer(classifier: Classifier, question: Question, *, as_json: bool, explain: bool, redact: bool) -> bytes:
    import orjson

    text, status, reply, host, recipient = question
    if not explain:
        verdict = classifier.classify(text, status=status, reply=reply, host=host, recipient=recipient)
        if redact:
            verdict = _masked(verdict, recipient)
        # The fields of a verdict are `VERDICT_COLUMNS`, in their order.
        return printable_json(orjson.dumps(verdict)) if as_json else readable(verdict).encode("utf-8", "replace")
    from analyzer.cli.explanations import as_facts, explained

    explanation = classifier.explain(text, status=status, reply=reply, host=host, recipient=recipient)
    if not as_json:
        told = explained(explanation, classifier, owner=recipient if redact else "")
        return (masked_text(told) if redact else told).encode("utf-8", "replace")
    facts = {**as_row(explanation.verdict), "explanation": as_facts(explanation, classifier)}
    return printable_json(orjson.dumps(masked_value(facts, (recipient,)) if redact else facts))


def _masked(verdict: Verdict, recipient: str) -> Verdict:
    return replace(verdict, evidence=masked_text(verdict.evidence, (recipient,)))


def as_row(verdict: Verdict) -> dict[str, Any]:
    """A verdict under the names of `VERDICT_COLUMNS`."""
    from analyzer.records import VERDICT_COLUMNS

    return {name: getattr(verdict, name) for name in VERDICT_COLUMNS}


def readable(verdict: Verdict) -> str:
    """A verdict on one line for a person."""
    parts = [
        f"{verdict.label:<7} {verdict.reason}",
        f"{verdict.fault} fault",
        "may pass later" if verdict.transient else "will not pass later",
        f"{verdict.confidence:.0%}",
        verdict.decided_by,
    ]
    if verdict.retry_after_s is not None:
        parts.append(f"again in {verdict.retry_after_s} s")
    if verdict.blocklist:
        parts.append(f"list: {verdict.blocklist}")
    if verdict.evidence:
        parts.append(f"“{clean(verdict.evidence)}”")
    return " · ".join(parts)
