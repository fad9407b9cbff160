"""Why a recipient failed: rules on the words, tables of codes, a model where one is plugged in → `Verdict`."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from analyzer.classify.engine import Classifier, Explanation, Guess, Model
from analyzer.classify.providers import provider_of
from analyzer.classify.rules import Example, Rule, load_rules
from analyzer.records import Verdict

__all__ = [
    "Classifier",
    "Example",
    "Explanation",
    "Guess",
    "Model",
    "Rule",
    "classifier_of",
    "classify",
    "default_classifier",
    "explain",
    "load_rules",
    "provider_of",
]


@cache
def default_classifier() -> Classifier:
    """The classifier of the shipped rules, compiled once per process."""
    return classifier_of(None)


def classifier_of(own_rules: Path | None) -> Classifier:
    """The shipped rules with the rules of a user's own folder before them; `RuleError` for a rule that cannot be."""
    from analyzer.classify.prepared import prepared_rules

    rules, prefilter = prepared_rules(own_rules)
    return Classifier(rules, model_behind_rules, prefilter)


def model_behind_rules(
    masked: str, status: str, reply: str, provider: str, least: float | None = None, said: str = ""
) -> Guess | None:
    """The shipped model's guess; it is read for the first text that asks for it."""
    from analyzer.classify.model import shipped_model

    return shipped_model()(masked, status, reply, provider, least, said)


def classify(
    text: str,
    *,
    status: str | None = "",
    reply: str | int | None = "",
    host: str | None = "",
    recipient: str | None = "",
) -> Verdict:
    """Why this recipient failed, from a diagnostic text and what is known beside it ("" or None where nothing is).

    `TypeError` for anything but text; the reply code may be a number.
    """
    beside = _beside(text, status=status, reply=reply, host=host, recipient=recipient)
    return default_classifier().classify(text, **beside)


def explain(
    text: str,
    *,
    status: str | None = "",
    reply: str | int | None = "",
    host: str | None = "",
    recipient: str | None = "",
) -> Explanation:
    """`classify`, with the rule, its source, the words, the other rules that matched and what the codes would say."""
    beside = _beside(text, status=status, reply=reply, host=host, recipient=recipient)
    return default_classifier().explain(text, **beside)


def _beside(text: str, **known: str | int | None) -> dict[str, str]:
    """What is known beside the text, as text: "" for None, the digits of a number; `TypeError` for what is no text."""
    if type(known["reply"]) is int:
        known["reply"] = str(known["reply"])
    beside = {name: "" if value is None else value for name, value in known.items()}
    for name, value in {"text": text, **beside}.items():
        if not isinstance(value, str):
            raise TypeError(f"classify: the {name} is a str, not {type(value).__name__}")
    return {name: str(value) for name, value in beside.items()}
