"""A rule stub for a template: a pattern of the words that stay, an example of each wording, prompts for the rest.

Every stub is loaded and tried on its own example before it is offered.
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import TYPE_CHECKING, Any

from analyzer.classify import text
from analyzer.classify.engine import Classifier
from analyzer.classify.rules import Rule, rule_of
from analyzer.classify.templates import ANY_MARK, TOKENS, WORD
from analyzer.errors import RuleError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analyzer.classify.templates import Group, Template

#: A pattern of fewer letters would match what it should not.
_FEWEST_LETTERS = 8
_SLUG_WORDS = 5
_SPECIAL = re.compile(r"[\\.^$|?*+()\[\]{}]")

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


def rule_for(group: Group, reason: str, taken: set[str], before: list[Rule]) -> tuple[Rule | None, str]:
    """(a rule that decides the group's examples behind the rules `before` it, ""), or (None, why there is none)."""
    proven: dict[str, str] = {}
    covered = Classifier(before)
    for template, row in group.wordings:
        pattern, example = _pattern(template), example_of(row.masked)
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


def _pattern(template: Template) -> str:
    """The words in RE2, with what changes between them as non-spaces; "" where too few words are left."""
    kept = list(template)
    while kept and not WORD.search(kept[0]):
        kept.pop(0)
    del kept[TOKENS:]
    while kept and not WORD.search(kept[-1]):
        kept.pop()
    if letters_in(kept) < _FEWEST_LETTERS:
        return ""
    escaped = _SPECIAL.sub(r"\\\g<0>", " ".join(kept))
    return ANY_MARK.sub(lambda _: r"\S+", escaped)


def letters_in(tokens: Iterable[str]) -> int:
    """Letters that stay, in bytes of UTF-8: the scripts that take more of them say more with a letter."""
    words = "".join(word for token in tokens for word in WORD.findall(token))
    return len(words.encode())


def example_of(masked: str) -> str:
    for mask, stand_in in _STAND_INS.items():
        masked = masked.replace(mask, stand_in)
    return masked


def _free_id(template: Template, taken: set[str]) -> str:
    plain = unicodedata.normalize("NFKD", " ".join(template)).encode("ascii", "ignore").decode()
    words = [word for word in WORD.findall(plain) if len(word) > 1][:_SLUG_WORDS]
    name = wanted = f"own/{'-'.join(words)}" if words else "own/template"
    number = 2
    while name in taken:
        name = f"{wanted}-{number}"
        number += 1
    return name


def stub_of(rule: Rule, chance: float) -> str:
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
