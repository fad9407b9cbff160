"""`bounce-analyzer classify`: one text from the command line, or a line each from stdin, one answer a line."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.bounds import Exceeded
from analyzer.cli.options import Bound, Host, Recipient, Redact, Reply, Rules, Status
from analyzer.cli.questions import Question, cut, questions_in
from analyzer.cli.screen import say
from analyzer.readable import chance, clean, printable_json
from analyzer.redaction import masked_text, masked_value

if TYPE_CHECKING:
    from analyzer.classify import Classifier
    from analyzer.records import Verdict


def classify(
    text: Annotated[
        list[str] | None,
        typer.Argument(metavar="TEXT", help="Diagnostic texts; without one, or for -, stdin is read a line each."),
    ] = None,
    status: Status = "",
    reply: Reply = "",
    host: Host = "",
    recipient: Recipient = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object a line in place of the text.")] = False,
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
    exceeded = Exceeded()
    if text == ["-"]:
        text = None
    questions = (
        (cut(beside._replace(text=one), f"text {n}", exceeded) for n, one in enumerate(text, 1))
        if text
        else questions_in(sys.stdin.buffer, beside, "standard input", exceeded, partial(say, err=True, redact=redact))
    )
    out = sys.stdout.buffer
    # At a terminal or behind a live feed every answer counts at once; a file is written in large pieces.
    prompt = not text and (sys.stdin.isatty() or sys.stdout.isatty())
    for question in questions:
        out.write(_answer(classifier, question, as_json=as_json, explain=explain, redact=redact) + b"\n")
        if prompt:
            out.flush()
    out.flush()
    for line in exceeded.lines():
        say(line, err=True)


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
    facts = as_facts(explanation, classifier)
    return printable_json(orjson.dumps(masked_value(facts, (recipient,)) if redact else facts))


def _masked(verdict: Verdict, recipient: str) -> Verdict:
    return replace(verdict, evidence=masked_text(verdict.evidence, (recipient,)))


def readable(verdict: Verdict) -> str:
    """A verdict on one line for a person."""
    parts = [
        f"{verdict.label:<7} {verdict.reason}",
        f"{verdict.fault} fault",
        "may pass later" if verdict.transient else "will not pass later",
        chance(verdict.confidence),
        verdict.decided_by,
    ]
    if verdict.retry_after_s is not None:
        parts.append(f"again in {verdict.retry_after_s} s")
    if verdict.blocklist:
        parts.append(f"list: {verdict.blocklist}")
    if verdict.evidence:
        parts.append(f"“{clean(verdict.evidence)}”")
    return " · ".join(parts)
