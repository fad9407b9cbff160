"""Templates of texts: what stays the same between replies that say the same, as `rules suggest` groups them.

Addresses are masked as the rules see them (`text.mask`); hosts, links, ids and numbers are masked here, where they
stand. A word that changes between texts otherwise equal is a gap as well, which is the idea of log template miners
(SLCT, Vaarandi 2003).
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from analyzer.classify import providers, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from analyzer.classify.rules import Example

#: A text's tokens, masked.
Template: TypeAlias = tuple[str, ...]

#: What is kept of a text, and the tokens of it that a pattern is made of: a reply says why at its beginning.
_KEPT, TOKENS = 400, 24
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
# Control characters stand for what is masked: no text has them by then.
_NAMES = ("address", "ip", "link", "host", "id", "number")
_MARKS = {name: chr(code) for code, name in enumerate(_NAMES, 1)}
_GAP = chr(len(_NAMES) + 1)
SHOWN = str.maketrans({mark: f"<{name}>" for name, mark in _MARKS.items()} | {_GAP: "<word>"})
#: What stands for a character that no file or terminal should get; a gap as well.
_UNPRINTABLE = "\ufffd"
ANY_MARK = re.compile(f"[{''.join(_MARKS.values())}{_GAP}{_UNPRINTABLE}]+")
#: Postfix says behind a reply which command it answers.
_IN_REPLY = re.compile(r" \(in reply to [^()]{1,40}\)$")
WORD = re.compile(r"[^\W\d_]+")
_VARIABLE = re.compile(
    rf"""(?P<link> https?://[^\s<>"')\]]+ | \bwww\.[^\s<>"')\]]+ )
       | (?P<address> {re.escape(text.MASKED_ADDRESS)} )
       | (?P<ip> (?<![\d.]){re.escape(text.MASKED_IP)}(?![\d.]) )
       | (?P<host> (?<![a-z0-9_.-]) (?:[a-z0-9_-]{{1,63}}\.){{1,12}}
           (?:com|net|org|info|biz|edu|gov|email|cloud|mail|example|invalid|test|local|[a-z]{{2}}) (?![a-z0-9-]) )
       | (?P<id> (?<![a-z0-9]) (?=[a-z_-]{{0,60}}\d) (?=[\d_-]{{0,60}}[a-z])
           [a-z0-9](?:[a-z0-9]|[_-](?=[a-z0-9])){{6,}} )
       | (?P<number> \d+ (?:[.,:/-]\d+)* )""",
    re.VERBOSE,
)


@dataclass(slots=True)
class Seen:
    """Texts of one template: the first of them as the rules see it, with the codes that hold for it."""

    masked: str
    status: str
    reply: str
    count: int = 0
    providers: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Group:
    """Templates that say the same; `wordings` are the different ways, each with a text of it, the commonest first."""

    wordings: list[tuple[Template, Seen]]
    count: int
    providers: Counter[str]


def masked_of(one: Example) -> str:
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


def template_of(masked: str) -> Template:
    lowered = masked.lower()
    # A few capitals have two characters in lower case, which RE2 does not take for the same.
    line = lowered if len(lowered) == len(masked) else masked
    return tuple(_VARIABLE.sub(lambda found: _MARKS[found.lastgroup or "number"], line).split())


def grouped(seen: dict[Template, Seen]) -> list[Group]:
    """The templates, those that say the same together, the commonest first."""
    ordered = sorted(seen.items(), key=lambda item: -item[1].count)
    by_form: dict[Template, Group] = {}
    for template, form in _with_gaps(ordered):
        row = seen[template]
        group = by_form.get(form)
        if group is None:
            # The only template of its form keeps all its words.
            by_form[form] = Group([(template, row)], row.count, Counter(row.providers))
        else:
            group.wordings = [(form, group.wordings[0][1])]
            group.count += row.count
            group.providers.update(row.providers)
    groups = sorted(by_form.values(), key=lambda group: -group.count)
    return sorted(_alike_together(groups), key=lambda group: -group.count)


def _with_gaps(ordered: list[tuple[Template, Seen]]) -> Iterator[tuple[Template, Template]]:
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
    opened: dict[Template, Template] = {}
    for form in distinct:
        many = [at for at, key in enumerate(_without_each(form)) if fillings[key] >= _FILLINGS]
        opened[form] = _opened(form, many) if many else form
    for (template, _), form in zip(ordered, forms, strict=True):
        yield template, opened.get(form, form)


def _rare(template: Template, frequency: Counter[str]) -> list[int]:
    """Where words stand that are seen once, or far more seldom than their company: names, mostly."""
    often = [frequency[token] for token in template]
    usual = sorted(often)[len(often) // 2] if often else 0
    return [at for at, times in enumerate(often) if times == 1 or times * _SELDOM <= usual]


def _without_each(form: Template) -> list[int]:
    """For each token a number for the template without it; the same for templates that differ there alone."""
    return [hash((at, form[:at], form[at + 1 :])) for at in range(min(len(form), TOKENS))]


def _opened(template: Template, places: Iterable[int]) -> Template:
    """The template with gaps in these places, or as it is where too little would stay of it."""
    gaps = {at for at in places if WORD.search(template[at])}
    form = tuple(_GAP if at in gaps else token for at, token in enumerate(template))
    return form if _tells_enough(form) else template


def _tells_enough(form: Template) -> bool:
    words = sum(WORD.search(token) is not None for token in form)
    return form.count(_GAP) <= (1 - _STAYS) * len(form) and words >= _WORDS_STAY


def _alike_together(groups: list[Group]) -> list[Group]:
    """The groups with nearly equal ones joined to the commonest of them."""
    from rapidfuzz import fuzz, process

    leaders: list[Group] = []
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


def _join(leader: Group, other: Group) -> None:
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
