"""`rules test`: every rule proves itself through the whole classifier, on its own examples and near misses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.classify.engine import Classifier
    from analyzer.classify.rules import Example, Rule


@dataclass(frozen=True, slots=True)
class Failed:
    """One text that a rule does not keep its word on; `decided_by` is who decided instead."""

    rule: Rule
    kind: Literal["example", "near miss"]
    example: Example
    decided_by: str
    reason: str

    def __str__(self) -> str:
        text = self.example.text if len(self.example.text) < 160 else self.example.text[:157] + "…"
        return f"{self.rule.id}: {self.kind} decided by {self.decided_by} ({self.reason}): {text}"


@dataclass(frozen=True, slots=True)
class Proof:
    """What `prove` found: `shadowed` are the rules that decide none of their examples."""

    rules: int
    texts: int
    failed: tuple[Failed, ...]
    shadowed: tuple[Rule, ...]

    @property
    def holds(self) -> bool:
        """Whether every rule kept its word."""
        return not self.failed


def prove(classifier: Classifier, only: str = "") -> Proof:
    """Run the examples and near misses of every rule, or of those whose id starts with `only`.

    No model is asked: one that was built before a rule was written may know better than its words.
    """
    classifier = classifier.without_model()
    rules = [rule for rule in classifier.rules if rule.id.startswith(only)]
    failed: list[Failed] = []
    shadowed: list[Rule] = []
    texts = 0
    for rule in rules:
        texts += len(rule.examples) + len(rule.near_misses)
        lost = list(_failures(classifier, rule))
        failed.extend(lost)
        if sum(one.kind == "example" for one in lost) == len(rule.examples):
            shadowed.append(rule)
    return Proof(len(rules), texts, tuple(failed), tuple(shadowed))


def _failures(classifier: Classifier, rule: Rule) -> Iterator[Failed]:
    for example in rule.examples:
        if (decided := _decide(classifier, example))[0] != f"rule:{rule.id}":
            yield Failed(rule, "example", example, *decided)
    for example in rule.near_misses:
        if (decided := _decide(classifier, example))[0] == f"rule:{rule.id}":
            yield Failed(rule, "near miss", example, *decided)


def _decide(classifier: Classifier, example: Example) -> tuple[str, str]:
    verdict = classifier.classify(
        example.text, status=example.status, reply=example.reply, host=example.host, recipient=example.recipient
    )
    return verdict.decided_by, verdict.reason
