"""`rules suggest`: the texts that no rule decided, as counted templates with a rule stub for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer import knowledge
from analyzer.classify import stubs, templates
from analyzer.classify.stubs import NEAR_MISS, SOURCE, WHY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from analyzer.classify.engine import Classifier
    from analyzer.classify.rules import Example, Rule
    from analyzer.classify.templates import Group, Seen, Template

__all__ = ["NEAR_MISS", "SOURCE", "WHY", "Suggestion", "Suggestions", "suggest"]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One template: `count` texts, `share` (0 to 1) of all that no rule decided, an example without addresses.

    `chance` and `label_chance` are the model's, of `reason` and of its label; no reason where it has no words to go by.
    `stub` is a rule in TOML, "" where `note` says why there is none.
    """

    count: int
    share: float
    template: str
    example: str
    reason: str
    chance: float
    label_chance: float
    providers: tuple[str, ...]
    stub: str
    note: str

    def facts(self) -> list[str]:
        """The template for a person, in lines."""
        label = knowledge.reasons()[self.reason].label if self.reason else ""
        return [
            f"{_counted(self.count, 'text')}, {self.share:.1%} of the undecided"
            + (f", from {', '.join(self.providers)}" if self.providers else ""),
            f"  template  {self.template}",
            f"  example   {self.example}",
            *(
                [f"  likely    {self.reason} ({self.chance:.0%}), {label} ({self.label_chance:.0%})"]
                if self.reason
                else []
            ),
            *([f"  no stub   {self.note}"] if self.note else []),
        ]


@dataclass(frozen=True, slots=True)
class Suggestions:
    """What `suggest` found: how many texts, how many of them rules decided, how many templates the others have."""

    texts: int
    decided: int
    templates: int
    found: tuple[Suggestion, ...]

    def summary(self) -> str:
        """The counts in a line."""
        others = self.texts - self.decided
        if not others:
            how = {0: "no text", 1: "1 text, decided by a rule"}
            return how.get(self.texts, f"{self.texts:,} texts, all decided by rules")
        return (
            f"{_counted(self.texts, 'text')}, {self.decided:,} decided by rules; the other {others:,} "
            f"{'has' if others == 1 else 'have'} {_counted(self.templates, 'template')}, {len(self.found):,} shown"
        )


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def suggest(texts: Iterable[Example], classifier: Classifier, *, least: int = 2, most: int = 20) -> Suggestions:
    """The `most` commonest templates, of at least `least` texts each, among the texts that no rule decides.

    Only the rules of the classifier are asked; one without a model is several times quicker.
    """
    seen: dict[Template, Seen] = {}
    total = decided = 0
    for one in texts:
        total += 1
        verdict = classifier.classify(
            one.text, status=one.status, reply=one.reply, host=one.host, recipient=one.recipient
        )
        if verdict.decided_by.startswith("rule:"):
            decided += 1
            continue
        masked = templates.masked_of(one)
        template = templates.template_of(masked)
        row = seen.get(template)
        if row is None:
            row = seen[template] = templates.Seen(masked, verdict.status, verdict.reply)
        row.count += 1
        row.providers[verdict.provider] += 1
    groups = templates.grouped(seen)
    chosen = [group for group in groups if group.count >= least][:most]
    return Suggestions(total, decided, len(groups), tuple(_suggestions(chosen, total - decided, classifier)))


def _suggestions(groups: list[Group], undecided: int, classifier: Classifier) -> Iterator[Suggestion]:
    if not groups:
        return
    from analyzer.classify.model import Likely, shipped_model

    model = shipped_model()
    taken = {rule.id for rule in classifier.rules}
    rules: list[Rule] = []
    for group in groups:
        template, row = group.wordings[0]
        likely = Likely("", 0.0, 0.0)
        if stubs.letters_in(template):
            likely = model.likely(row.masked, row.status, row.reply, top=1)[0]
        rule, note = stubs.rule_for(group, likely.reason, taken, rules)
        named = [name for name, _ in group.providers.most_common(3) if name]
        one = Suggestion(
            count=group.count,
            share=group.count / undecided,
            template=" ".join(template).translate(templates.SHOWN) or "(empty)",
            example=stubs.example_of(row.masked) or "(empty)",
            reason=likely.reason,
            chance=likely.chance,
            label_chance=likely.label_chance,
            providers=tuple(named),
            stub=stubs.stub_of(rule, likely.chance) if rule else "",
            note=note,
        )
        if rule:
            rules.append(rule)
            taken.add(rule.id)
        yield one
