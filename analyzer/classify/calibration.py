"""How `rules/confidence.toml` comes about: what rules and codes answer to texts that they were not written for.

An example of a rule is judged by the rules that are left without that one; the texts of `rules/texts` and the replies
of the tests, which no rule holds as an example, are judged by all.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from analyzer import knowledge
from analyzer.classify import codes
from analyzer.classify.confidence import (
    BESIDE,
    KINDS,
    Confidences,
    beside_of,
    bounded,
    family_of,
    kind_of,
    log_odds,
)
from analyzer.classify.rules import Example
from analyzer.errors import UnreadableInputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from analyzer.classify.engine import Classifier

#: A family is taken to have shown this many texts more, with the share of its kind: few texts prove little.
_PRIOR = 20
_FOLDS = 5
_BINS = (0.0, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
_COLUMNS = 5
_SAID = {
    "sure": "codes surely alike",
    "same": "codes alike",
    "silent": "codes silent",
    "other": "codes say another label",
}


@dataclass(frozen=True, slots=True)
class Reply:
    """A labelled reply: `reasons`, the first of which gives the label, `transient` None where nobody judged it."""

    text: str
    reasons: tuple[str, ...]
    transient: bool | None
    host: str
    language: str

    @property
    def example(self) -> Example:
        """The reply as `classify` takes it."""
        return Example(self.text, host=self.host)


def replies_in(path: Path) -> list[Reply]:
    """The replies of a file: reasons, transient, host, language and text on a line, parted by blanks; # for remarks.

    `UnreadableInputError` for a line of another shape.
    """
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        parts = line.split(None, _COLUMNS - 1)
        if (
            len(parts) < _COLUMNS
            or parts[1] not in {"yes", "no", "-"}
            or set(parts[0].split("|")) - set(knowledge.reasons())
        ):
            raise UnreadableInputError(
                f"{path}, line {number}",
                "is no labelled reply",
                "write reasons, yes, no or -, host or -, language, text",
            )
        reasons, later, host, language, text = parts
        transient = {"yes": True, "no": False}.get(later)
        found.append(Reply(text, tuple(reasons.split("|")), transient, "" if host == "-" else host, language))
    return found


@dataclass(frozen=True, slots=True)
class Answer:
    """One labelled text as it was answered: `by` is rule or code, `family` a rule file and `beside` what the codes said
    to its rule, `judged` a code's own share."""

    by: str
    family: str
    beside: str
    judged: float
    right: bool


def measured(classifier: Classifier, further: Iterable[tuple[Example, str]]) -> list[Answer]:
    """What rules and codes answer to every example, without the rule that it was written for, and to `further` texts.

    `further` are (text, right reason). Codes are asked as if no rule and no model had spoken.
    """
    table = codes.table()
    rules = {rule.id: rule for rule in classifier.rules}
    label_of = {name: reason.label for name, reason in knowledge.reasons().items()}
    texts = [(one, rule.reason, rule.id) for rule in classifier.rules for one in rule.examples]
    found: list[Answer] = []
    for one, reason, own in [*texts, *((one, reason, "") for one, reason in further)]:
        seen = classifier.explain(one.text, status=one.status, reply=one.reply, host=one.host, recipient=one.recipient)
        verdict = seen.verdict
        matched = (seen.rule.id, *seen.also) if seen.rule else ()
        strong = table.strong(verdict.provider, verdict.status)
        alone = strong or table.weak(verdict.provider, verdict.status, verdict.reply, seen.phase)
        # Beside a rule the classifier does not ask for the phase.
        beside = strong or table.weak(verdict.provider, verdict.status, verdict.reply, "")
        first = next((rules[name] for name in matched if name != own), None)
        if first is not None:
            label = label_of[first.reason]
            said = beside_of(label, label_of[beside.reason], beside.confidence) if beside else "silent"
            found.append(Answer("rule", family_of(first.file), said, 0.0, label == label_of[reason]))
        if alone is not None:
            found.append(Answer("code", "", "", alone.judged, label_of[alone.reason] == label_of[reason]))
    return found


def fitted(answers: Sequence[Answer]) -> Confidences:
    """Shares of right labels: of each kind of rules, of each family drawn towards its kind, moved by what the codes
    beside the words said, and of codes by how sure they were judged to be, so that a code that was judged surer is
    never reported less sure (isotonic regression)."""
    from sklearn.isotonic import IsotonicRegression

    kinds, families = Counter[tuple[str, bool]](), Counter[tuple[str, bool]]()
    judged = Counter[tuple[float, bool]]()
    for one in answers:
        if one.by == "rule":
            kinds[kind_of(one.family), one.right] += 1
            families[one.family, one.right] += 1
        else:
            judged[one.judged, one.right] += 1
    shares = {
        name: kinds[name, True] / (kinds[name, True] + kinds[name, False])
        for name, _ in KINDS
        if kinds[name, True] + kinds[name, False]
    }
    of_family = {}
    for name in sorted({name for name, _ in families}):
        right, wrong = families[name, True], families[name, False]
        of_family[name] = (right + _PRIOR * shares[kind_of(name)]) / (right + wrong + _PRIOR)
    moves = {}
    for said in BESIDE:
        inside = [one for one in answers if one.by == "rule" and one.beside == said]
        usual = sum(of_family[one.family] for one in inside) / len(inside) if inside else 0.9
        share = (sum(one.right for one in inside) + _PRIOR * usual) / (len(inside) + _PRIOR)
        moves[said] = round(log_odds(share) - log_odds(usual), 2) + 0.0
    levels = sorted({level for level, _ in judged})
    weights = [judged[level, True] + judged[level, False] + _PRIOR for level in levels]
    seen = [(judged[level, True] + _PRIOR * level) / weight for level, weight in zip(levels, weights, strict=True)]
    rising = IsotonicRegression(increasing=True).fit_transform(levels, seen, sample_weight=weights)
    return Confidences(
        {name: bounded(share) for name, share in shares.items()},
        {name: bounded(share) for name, share in of_family.items()},
        moves,
        tuple((level, bounded(float(share))) for level, share in zip(levels, rising, strict=True)),
    )


def as_toml(found: Confidences) -> str:
    """The content of `rules/confidence.toml`."""
    lines = [
        "# How often rules and codes give the right label; written by `make model`, and docs/model.md says how.",
        "",
        "[kinds]",
        *(f"{name} = {share}" for name, share in found.kinds.items()),
        "",
        "# Rules by their file.",
        "[families]",
        *(f'"{name}" = {share}' for name, share in found.families.items()),
        "",
        "# What the codes beside a rule, by what they say to its label, add to the log-odds of its share.",
        "[beside]",
        *(f"{name} = {move}" for name, move in found.beside.items()),
        "",
        "# [as judged in codes.toml, measured].",
        "[codes]",
        "shares = [",
        *(f"    [{judged}, {share}]," for judged, share in found.codes),
        "]",
    ]
    return "\n".join(lines) + "\n"


def report(answers: Sequence[Answer], fresh: Sequence[Reply], classifier: Classifier) -> str:
    """The part of docs/model.md about the confidence of rules and codes: by kind, its curve, and fresh replies."""
    kinds: dict[str, list[bool]] = {}
    for one in answers:
        kinds.setdefault(f"rules: {kind_of(one.family)}" if one.by == "rule" else "codes", []).append(one.right)
    for one in answers:
        if one.by == "rule":
            kinds.setdefault(f"rules, {_SAID[one.beside]}", []).append(one.right)
    by_kind = [(name, str(len(right)), f"{sum(right) / len(right):.3f}") for name, right in sorted(kinds.items())]
    judged = list(_left_out(answers))
    curve = []
    for low, high in pairwise(_BINS):
        inside = [(share, right) for share, right in judged if low <= share < high]
        if inside:
            mean, right = (sum(values) / len(inside) for values in zip(*inside, strict=True))
            curve.append(
                (f"{low:.2f} to {high:.2f}", str(len(inside)), f"{mean:.3f}", f"{right:.3f}", "█" * round(20 * right))
            )
    label_of = {name: reason.label for name, reason in knowledge.reasons().items()}
    said: dict[str, list[tuple[float, bool, bool]]] = {}
    for reply in fresh:
        verdict = classifier.classify(reply.text, host=reply.host)
        row = (verdict.confidence, verdict.label == label_of[reply.reasons[0]], verdict.reason in reply.reasons)
        for name in (verdict.decided_by.partition(":")[0], "all"):
            said.setdefault(name, []).append(row)
    lines = []
    for name in sorted(said, key=lambda name: (name == "all", name)):
        mean, label, reason = (sum(values) / len(said[name]) for values in zip(*said[name], strict=True))
        lines.append((name, str(len(said[name])), f"{mean:.3f}", f"{label:.3f}", f"{reason:.3f}"))
    return _PART.format(
        prior=_PRIOR,
        by_kind=_table(("decided by", "texts", "label right"), by_kind),
        curve=_table(("confidence", "texts", "mean confidence", "label right", "curve"), curve),
        fresh=_table(("decided by", "texts", "mean confidence", "label right", "reason right"), lines),
    )


def _left_out(answers: Sequence[Answer]) -> Iterator[tuple[float, bool]]:
    """(confidence, whether right) of each answer, the confidence fitted without the answer's fold."""
    for fold in range(_FOLDS):
        found = fitted([one for index, one in enumerate(answers) if index % _FOLDS != fold])
        for one in answers[fold::_FOLDS]:
            if one.by == "rule":
                yield found.moved(found.of_rule(one.family), one.beside), one.right
            else:
                yield found.of_code(one.judged), one.right


def _table(head: tuple[str, ...], lines: Iterable[tuple[str, ...]]) -> str:
    rule = ("---", *("---:" for _ in head[1:]))
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *lines))


_PART = """\
## Is the confidence of rules and codes right?

A rule's confidence is the share of right labels that the rules of its file have earned, drawn towards the share of
their kind as by {prior} further texts, and moved by what the codes beside the words say: the same label or another. A
code's is the share of codes that were judged alike, rising with the judgement (isotonic regression). All of it lies in
`rules/confidence.toml`.

A rule says of its own examples what it was made to say, which proves nothing. So each example is judged by the rules
that are left without its own: the hardest texts there are, since many rules are exceptions to others. Beside them stand
the texts of `rules/texts` and the replies of `tests/classify/replies_met.txt`. A code is asked as if nothing else had
spoken, on the same texts. Many of them are there because their codes mislead, so its share is on the dark side.

{by_kind}

Each answer below got its confidence from the other four fifths.

{curve}

Replies that were written last and used for nothing (`tests/classify/replies_fresh.txt`), through the whole classifier:

{fresh}
"""
