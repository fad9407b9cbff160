"""`rules suggest`: the texts that no rule decided, as counted templates with a rule stub for each.

Addresses are masked as the rules see them (`text.mask`); hosts, links, ids and numbers are masked here, where they
stand. A word that changes between texts otherwise equal is a gap as well, which is the idea of log template miners
(SLCT, Vaarandi 2003). Every stub is loaded and tried on its own example before it is offered.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from analyzer import knowledge
from analyzer.classify import providers, text
from analyzer.classify.engine import Classifier
from analyzer.classify.rules import Example, Rule, rule_of
from analyzer.errors import RuleError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: A text's tokens, masked.
_Template: TypeAlias = tuple[str, ...]

#: What is kept of a text, and the tokens of it that a pattern is made of: a reply says why at its beginning.
_KEPT, _TOKENS = 400, 24
#: Templates that are looked through for a word that changes, and those compared with each other; rarer ones stay as
#: they are, so that a million different texts take no more time than the commonest of them.
_MOST_TEMPLATES, _MOST_COMPARED = 50_000, 1_500
#: From so many different words in one place on, the place is a gap.
_FILLINGS = 3
#: A word so many times rarer than the usual one of its template is a gap as well.
_SELDOM = 50
#: Share of a template's tokens, and how many of its words, must stay when others become gaps: in a short text the one
#: word that changes is often the one that says why.
_STAYS, _WORDS_STAY = 0.6, 4
#: From this likeness (rapidfuzz, 0 to 100) on two templates are one, up to so many wordings of it.
_ALIKE, _WORDINGS = 88.0, 4
#: A pattern of fewer letters would match what it should not.
_FEWEST_LETTERS = 8
_SLUG_WORDS = 5

# Control characters stand for what is masked: no text has them by then.
_NAMES = ("address", "ip", "link", "host", "id", "number")
_MARKS = {name: chr(code) for code, name in enumerate(_NAMES, 1)}
_GAP = chr(len(_NAMES) + 1)
_SHOWN = str.maketrans({mark: f"<{name}>" for name, mark in _MARKS.items()} | {_GAP: "<word>"})
#: What stands for a character that no file or terminal should get; a gap as well.
_UNPRINTABLE = "\ufffd"
_ANY_MARK = re.compile(f"[{''.join(_MARKS.values())}{_GAP}{_UNPRINTABLE}]+")
#: Postfix says behind a reply which command it answers.
_IN_REPLY = re.compile(r" \(in reply to [^()]{1,40}\)$")
_SPECIAL = re.compile(r"[\\.^$|?*+()\[\]{}]")
_WORD = re.compile(r"[^\W\d_]+")
_VARIABLE = re.compile(
    rf"""(?P<link> https?://[^\s<>"')\]]+ | \bwww\.[^\s<>"')\]]+ )
       | (?P<address> {re.escape(text.MASKED_ADDRESS)} )
       | (?P<ip> (?<![\d.]){re.escape(text.MASKED_IP)}(?![\d.]) )
       | (?P<host> (?<![a-z0-9_.-]) (?:[a-z0-9_-]{{1,63}}\.){{1,12}}
           (?:com|net|org|info|biz|edu|gov|email|cloud|mail|example|invalid|test|local|[a-z]{{2}}) (?![a-z0-9-]) )
       | (?P<id> (?<![a-z0-9]) (?=[a-z_-]*\d) (?=[\d_-]*[a-z]) [a-z0-9](?:[a-z0-9]|[_-](?=[a-z0-9])){{6,}} )
       | (?P<number> \d+ (?:[.,:/-]\d+)* )""",
    re.VERBOSE,
)
#: What stands in an example for what is masked; nothing in a rule file should say whom a mail was written to.
_STAND_INS = {
    text.MASKED_ADDRESS: "user@example.com",
    text.MASKED_IP: "192.0.2.1",
    text.MASKED_DOMAIN: "example.com",
    text.MASKED_HOST: "mx.example.com",
}

WHY = "Say what the receiver means by it."
SOURCE = "Say where the receiver documents it, or that it was seen only."
NEAR_MISS = "Write a reply here that reads alike and means something else, instead of: "


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
        return (
            f"{_counted(self.texts, 'text')}, {self.decided:,} decided by rules; "
            f"the other {others:,} have {_counted(self.templates, 'template')}, {len(self.found):,} shown"
        )


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


@dataclass(slots=True)
class _Seen:
    """Texts of one template: the first of them as the rules see it, with the codes that hold for it."""

    masked: str
    status: str
    reply: str
    count: int = 0
    providers: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class _Group:
    """Templates that say the same; `wordings` are the different ways, each with a text of it, the commonest first."""

    wordings: list[tuple[_Template, _Seen]]
    count: int
    providers: Counter[str]


def suggest(texts: Iterable[Example], classifier: Classifier, *, least: int = 2, most: int = 20) -> Suggestions:
    """The `most` commonest templates, of at least `least` texts each, among the texts that no rule decides.

    Only the rules of the classifier are asked; one without a model is several times quicker.
    """
    seen: dict[_Template, _Seen] = {}
    total = decided = 0
    for one in texts:
        total += 1
        verdict = classifier.classify(
            one.text, status=one.status, reply=one.reply, host=one.host, recipient=one.recipient
        )
        if verdict.decided_by.startswith("rule:"):
            decided += 1
            continue
        masked = _masked(one)
        template = _template_of(masked)
        row = seen.get(template)
        if row is None:
            row = seen[template] = _Seen(masked, verdict.status, verdict.reply)
        row.count += 1
        row.providers[verdict.provider] += 1
    groups = _grouped(seen)
    chosen = [group for group in groups if group.count >= least][:most]
    return Suggestions(total, decided, len(groups), tuple(_suggestions(chosen, total - decided, classifier)))


def _masked(one: Example) -> str:
    """The innermost reply, masked: what a rule sees of it first, cut at a word."""
    content = one.text if one.text.isascii() else one.text.encode("utf-8", "replace").decode()
    read = text.read(content)
    line = (read.inner or read.whole).line
    domain = one.recipient.rpartition("@")[2].strip(" >.").lower()
    host = providers.clean_host(one.host) if one.host else ""
    line = text.mask(line, domain if "." in domain else "", host if "." in host else "")
    line = _IN_REPLY.sub("", line)
    if len(line) > _KEPT:
        line = line[:_KEPT].rpartition(" ")[0] or line[:_KEPT]
    return line if line.isprintable() else "".join(char if char.isprintable() else _UNPRINTABLE for char in line)


def _template_of(masked: str) -> _Template:
    lowered = masked.lower()
    # A few capitals have two characters in lower case, which RE2 does not take for the same.
    line = lowered if len(lowered) == len(masked) else masked
    return tuple(_VARIABLE.sub(lambda found: _MARKS[found.lastgroup or "number"], line).split())


# Templates that say the same


def _grouped(seen: dict[_Template, _Seen]) -> list[_Group]:
    """The templates, those that say the same together, the commonest first."""
    ordered = sorted(seen.items(), key=lambda item: -item[1].count)
    by_form: dict[_Template, _Group] = {}
    for template, form in _with_gaps(ordered):
        row = seen[template]
        group = by_form.get(form)
        if group is None:
            # The only template of its form keeps all its words.
            by_form[form] = _Group([(template, row)], row.count, Counter(row.providers))
        else:
            group.wordings = [(form, group.wordings[0][1])]
            group.count += row.count
            group.providers.update(row.providers)
    groups = sorted(by_form.values(), key=lambda group: -group.count)
    return sorted(_alike_together(groups), key=lambda group: -group.count)


def _with_gaps(ordered: list[tuple[_Template, _Seen]]) -> Iterator[tuple[_Template, _Template]]:
    """Each template with its form: words of one text only, and words that change in one place, are gaps in it."""
    frequency: Counter[str] = Counter()
    for template, row in ordered:
        for token in set(template):
            frequency[token] += row.count
    forms = [_opened(template, _rare(template, frequency)) for template, _ in ordered]
    fillings: Counter[int] = Counter()
    distinct = list(dict.fromkeys(forms[:_MOST_TEMPLATES]))
    for form in distinct:
        fillings.update(_without_each(form))
    opened: dict[_Template, _Template] = {}
    for form in distinct:
        many = [at for at, key in enumerate(_without_each(form)) if fillings[key] >= _FILLINGS]
        opened[form] = _opened(form, many) if many else form
    for (template, _), form in zip(ordered, forms, strict=True):
        yield template, opened.get(form, form)


def _rare(template: _Template, frequency: Counter[str]) -> list[int]:
    """Where words stand that are seen once, or far more seldom than their company: names, mostly."""
    often = [frequency[token] for token in template]
    usual = sorted(often)[len(often) // 2] if often else 0
    return [at for at, times in enumerate(often) if times == 1 or times * _SELDOM <= usual]


def _without_each(form: _Template) -> list[int]:
    """For each token a number for the template without it; the same for templates that differ there alone."""
    return [hash((at, form[:at], form[at + 1 :])) for at in range(min(len(form), _TOKENS))]


def _opened(template: _Template, places: Iterable[int]) -> _Template:
    """The template with gaps in these places, or as it is where too little would stay of it."""
    gaps = {at for at in places if _WORD.search(template[at])}
    form = tuple(_GAP if at in gaps else token for at, token in enumerate(template))
    return form if _tells_enough(form) else template


def _tells_enough(form: _Template) -> bool:
    words = sum(_WORD.search(token) is not None for token in form)
    return form.count(_GAP) <= (1 - _STAYS) * len(form) and words >= _WORDS_STAY


def _alike_together(groups: list[_Group]) -> list[_Group]:
    """The groups with nearly equal ones joined to the commonest of them."""
    from rapidfuzz import fuzz, process

    leaders: list[_Group] = []
    signatures: list[str] = []
    for group in groups[:_MOST_COMPARED]:
        signature = " ".join(group.wordings[0][0])
        found = process.extractOne(signature, signatures, scorer=fuzz.ratio, score_cutoff=_ALIKE)
        if found is None:
            leaders.append(group)
            signatures.append(signature)
        else:
            _join(leaders[found[2]], group)
    return leaders + groups[_MOST_COMPARED:]


def _join(leader: _Group, other: _Group) -> None:
    leader.count += other.count
    leader.providers.update(other.providers)
    (ours, row), (theirs, _) = leader.wordings[0], other.wordings[0]
    if len(ours) == len(theirs):
        form = _opened(ours, (at for at, token in enumerate(ours) if token != theirs[at]))
        if form != ours:
            leader.wordings[0] = (form, row)
            return
    if len(leader.wordings) < _WORDINGS:
        leader.wordings.append(other.wordings[0])


# Stubs


def _suggestions(groups: list[_Group], undecided: int, classifier: Classifier) -> Iterator[Suggestion]:
    if not groups:
        return
    from analyzer.classify.model import Likely, shipped_model

    model = shipped_model()
    taken = {rule.id for rule in classifier.rules}
    rules: list[Rule] = []
    for group in groups:
        template, row = group.wordings[0]
        likely = Likely("", 0.0, 0.0)
        if _letters(template):
            likely = model.likely(row.masked, row.status, row.reply, top=1)[0]
        rule, note = _rule(group, likely.reason, taken, rules)
        named = [name for name, _ in group.providers.most_common(3) if name]
        one = Suggestion(
            count=group.count,
            share=group.count / undecided,
            template=" ".join(template).translate(_SHOWN) or "(empty)",
            example=_example(row.masked) or "(empty)",
            reason=likely.reason,
            chance=likely.chance,
            label_chance=likely.label_chance,
            providers=tuple(named),
            stub=_stub(rule, likely.chance) if rule else "",
            note=note,
        )
        if rule:
            rules.append(rule)
            taken.add(rule.id)
        yield one


def _rule(group: _Group, reason: str, taken: set[str], before: list[Rule]) -> tuple[Rule | None, str]:
    """(a rule that decides the group's examples behind the rules `before` it, ""), or (None, why there is none)."""
    proven: dict[str, str] = {}
    covered = Classifier(before)
    for template, row in group.wordings:
        pattern, example = _pattern(template), _example(row.masked)
        if pattern and not (decided := covered.classify(example).decided_by).startswith("rule:"):
            proven[pattern] = example
        elif pattern:
            return None, f"{decided.removeprefix('rule:')} above decides it"
    if not proven:
        return None, "it has too few words that stay the same for a pattern that is safe"
    fields = {
        "id": _free_id(group.wordings[0][0], taken),
        "reason": reason,
        "why": WHY,
        "source": SOURCE,
        "examples": list(proven.values()),
        "near_misses": [NEAR_MISS + next(iter(proven.values()))],
    }
    try:
        rule = rule_of({**fields, "patterns": list(proven)}, "stub")
    except RuleError as error:
        return None, str(error)
    tried = Classifier([*before, rule])
    if all(tried.classify(one.text).decided_by == f"rule:{rule.id}" for one in (*rule.examples, *rule.near_misses)):
        return rule, ""
    return None, "its words cannot be told from its codes"


def _pattern(template: _Template) -> str:
    """The words in RE2, with what changes between them as non-spaces; "" where too few words are left."""
    kept = list(template)
    while kept and not _WORD.search(kept[0]):
        kept.pop(0)
    del kept[_TOKENS:]
    while kept and not _WORD.search(kept[-1]):
        kept.pop()
    if _letters(kept) < _FEWEST_LETTERS:
        return ""
    escaped = _SPECIAL.sub(r"\\\g<0>", " ".join(kept))
    return _ANY_MARK.sub(lambda _: r"\S+", escaped)


def _letters(tokens: Iterable[str]) -> int:
    """Letters that stay, in bytes of UTF-8: the scripts that take more of them say more with a letter."""
    words = "".join(word for token in tokens for word in _WORD.findall(token))
    return len(words.encode())


def _example(masked: str) -> str:
    for mask, stand_in in _STAND_INS.items():
        masked = masked.replace(mask, stand_in)
    return masked


def _free_id(template: _Template, taken: set[str]) -> str:
    plain = unicodedata.normalize("NFKD", " ".join(template)).encode("ascii", "ignore").decode()
    words = [word for word in _WORD.findall(plain) if len(word) > 1][:_SLUG_WORDS]
    name = wanted = f"own/{'-'.join(words)}" if words else "own/template"
    number = 2
    while name in taken:
        name = f"{wanted}-{number}"
        number += 1
    return name


def _stub(rule: Rule, chance: float) -> str:
    """The rule in TOML, with prompts where a person has to say something."""
    if len(rule.patterns) == 1:
        pattern = f"pattern = {_toml(rule.patterns[0])}"
    else:
        pattern = "patterns = [\n" + "".join(f"  {_toml(one)},\n" for one in rule.patterns) + "]"
    lines = [
        "[[rule]]",
        f"id = {_toml(rule.id)}",
        pattern,
        f"reason = {_toml(rule.reason)}  # the model's guess ({chance:.0%}): check it",
        f"why = {_toml(rule.why)}",
        f"source = {_toml(rule.source)}",
        "examples = [\n" + "".join(f"  {_toml(one.text)},\n" for one in rule.examples) + "]",
        "near_misses = [\n" + "".join(f"  {_toml(one.text)},\n" for one in rule.near_misses) + "]",
    ]
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    """A TOML string: literal where it holds backslashes, which patterns do, and no quote."""
    content = str(value)
    return f"'{content}'" if "\\" in content and "'" not in content else json.dumps(content, ensure_ascii=False)
