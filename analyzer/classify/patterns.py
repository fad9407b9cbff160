"""Many RE2 patterns on one text in one linear pass, and only those compiled that a text ever asks for.

One RE2 automaton of all patterns has a state for every way in which several of them are half matched, so nearly every
new text builds new ones. Here one pass (Aho and Corasick 1975) finds the literals without which a pattern cannot match,
which is the idea of RE2's own FilteredRE2, and the few patterns whose literals are all there are run, in order.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from functools import cache, lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeAlias

import re2
from ahocorasick_rs import AhoCorasick, MatchKind

from analyzer.bounds import current
from analyzer.errors import RuleError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: For each top branch of a pattern, groups of literals: a match holds at least one literal of each group.
Requirements: TypeAlias = Sequence[Sequence[Set[str] | Sequence[str]]]
#: Groups of literals kept for a pattern; a text must hold one literal of each.
_GROUPS = 3
_MAX_ALTERNATIVES = 48
#: Alternatives kept of what a run of pieces matches, and characters of a class.
_MAX_EXACT = 4
_MAX_CLASS = 4
#: Lists of literals for which the patterns are kept.
_KEPT = 1 << 13
_NUMBER_OF = itemgetter(0)
#: Characters of a literal that are looked for: more hardly leave fewer texts, and take longer to set up.
_LONGEST = 10
#: Shorter literals stand in every other text, and looking for them costs more than it saves.
_TELLING = 3
#: Characters that stand for themselves, none of them repeated.
_PLAIN = re.compile(r"(?:[^\\\[\](){}.*+?|^$](?![*+?{]))+")


@cache
def options() -> Any:
    """How every pattern of the rule base is compiled: case does not matter, groups are not kept."""
    chosen = re2.Options()
    chosen.case_sensitive = False
    chosen.never_capture = True
    chosen.log_errors = False
    return chosen


#: What patterns require that were found to be sound before.
_known: dict[str, Requirements] = {}


def know_sound(requirements: Mapping[str, Requirements]) -> None:
    """Take these patterns for sound, and what they require for known."""
    _known.update(requirements)


def refuse_unsound(pattern: str, where: str) -> None:
    """Raise `RuleError` for what RE2 refuses, hence cannot match in linear time, and for what matches an empty text."""
    if pattern in _known:
        return
    longest = current().rule_pattern_chars
    if len(pattern) > longest:
        problem = f"a pattern has {len(pattern):,} characters, over the bound rule_pattern_chars ({longest:,})"
        raise RuleError(where, problem, "make several rules of it")
    try:
        # Parsing alone finds what RE2 refuses, at a tenth of the price of compiling.
        re2.Set.SearchSet(options()).Add(pattern)
        if not all(required_literals(pattern)) and re2.compile(pattern, options()).search("") is not None:
            raise RuleError(where, f"the pattern {pattern!r} matches an empty text", "make it ask for words")
    except re2.error:
        raise RuleError(where, f"RE2 refuses the pattern {pattern!r}", _remedy(pattern)) from None


def _remedy(pattern: str) -> str:
    """What is wrong with a pattern, in RE2's words, and what to do about it."""
    try:
        re2.compile(pattern, options())
    except re2.error as error:
        said = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error.args[0])
        # It shows the piece of the pattern, line breaks and all.
        said = " ".join(said.split())
    else:
        said = ""
    if said.startswith(("invalid perl operator", "invalid escape sequence")):
        return f"write it without look-around and back references ({said})"
    if said.startswith(("missing", "unexpected")):
        return f"close every bracket, and write \\( or \\[ for one that stands in the text ({said})"
    return f"mend it ({said})" if said else "write it without look-around"


class PatternIndex:
    """The patterns of a list, numbered as they stand there."""

    def __init__(self, patterns: Sequence[str], requirements: Sequence[Requirements] | None = None) -> None:
        """`requirements` are the patterns' `required_literals`, where they are known already."""
        self._patterns = tuple(patterns)
        self._compiled: list[Any] = [None] * len(self._patterns)
        requirements = requirements or [
            _known[pattern] if pattern in _known else required_literals(pattern) for pattern in self._patterns
        ]
        #: Whose pattern each branch is, and what a branch has when its groups are all there: bit n for group n.
        self._pattern_of: list[int] = []
        self._complete: list[int] = []
        #: Branches that ask for nothing, and for each literal what it gives to whom: a branch and the bit of a group.
        self._unasking: list[int] = []
        given: dict[str, list[tuple[int, int]]] = {}
        for number, branches in enumerate(requirements):
            for groups in branches:
                branch = len(self._pattern_of)
                self._pattern_of.append(number)
                self._complete.append((1 << len(groups)) - 1)
                if not groups:
                    self._unasking.append(branch)
                for slot, group in enumerate(groups):
                    for literal in group:
                        given.setdefault(literal[:_LONGEST], []).append((branch, 1 << slot))
        self._given = tuple(given.values())
        self._literals = AhoCorasick(list(given), matchkind=MatchKind.Standard)
        self._selected = lru_cache(_KEPT)(self._select)

    def candidates(self, line: str, chosen: frozenset[int] | None = None) -> Sequence[int]:
        """The patterns (of those chosen), in order, whose literals are all in the line: those that may match, and all
        that do."""
        found = self._literals.find_matches_as_indexes(line.casefold(), overlapping=True)
        # Texts that differ in their ids alone hold the same literals in the same order.
        return self._selected(tuple(map(_NUMBER_OF, found)), chosen)

    def _select(self, literals: tuple[int, ...], chosen: frozenset[int] | None) -> Sequence[int]:
        """The chosen patterns that are content with these literals."""
        held: dict[int, int] = {}
        for literal in frozenset(literals):
            for branch, bit in self._given[literal]:
                held[branch] = held.get(branch, 0) | bit
        complete = self._complete
        content = [branch for branch, bits in held.items() if bits == complete[branch]]
        numbers = {self._pattern_of[branch] for branch in (*content, *self._unasking)}
        return tuple(sorted(numbers if chosen is None else numbers & chosen))

    def search(self, number: int, data: bytes) -> str | None:
        """The words that a pattern matches in a line, given in UTF-8, or None."""
        compiled = self._compiled[number]
        if compiled is None:
            compiled = self._compiled[number] = re2.compile(self._patterns[number], options())
        found = compiled.search(data)
        return None if found is None else found[0].decode("utf-8", "replace")

    def matches(self, line: str) -> Iterator[int]:
        """The patterns that match the line, in order, found one at a time."""
        data = line.encode()
        return (number for number in self.candidates(line) if self.search(number, data) is not None)

    def first(self, line: str) -> int | None:
        """The first pattern that matches the line."""
        return next(self.matches(line), None)


@cache
def required_literals(pattern: str) -> Requirements:
    """For each top branch of a pattern up to three groups: what it matches holds at least one literal of each group.

    No group promises nothing. The reading is on the safe side: what it does not know asks for no literal.
    """
    found: list[list[frozenset[str]]] = []
    at = -1
    try:
        while at < len(pattern):
            exact, groups, at = _sequence(pattern, at + 1)
            if at < len(pattern) and pattern[at] == ")":
                return [[]]
            found.append(_telling([frozenset(exact)] if exact and "" not in exact else groups))
    except (_UnreadableError, IndexError, ValueError):
        return [[]]
    return found


def _telling(groups: list[frozenset[str]]) -> list[frozenset[str]]:
    """The groups that leave the fewest texts."""
    distinct = sorted(set(map(_shortest, groups)), key=lambda group: (-_worth(group)[0], len(group), sorted(group)))
    return [group for group in distinct if _worth(group)[0] >= _TELLING][:_GROUPS] or distinct[:1]


class _UnreadableError(Exception):
    """Syntax whose literals are not worth knowing."""


def _shortest(group: frozenset[str]) -> frozenset[str]:
    """The group with its case folded, without what another literal of it is a part of."""
    plain = {one.casefold() for one in group}
    return frozenset(one for one in plain if not any(other != one and other in one for other in plain))


def _worth(group: frozenset[str] | set[str]) -> tuple[int, int]:
    """Long literals are rare in texts, and few alternatives are rarer still."""
    return min(12, *map(len, group)), -len(group)


#: What a piece of a pattern matches, when that is a short list of literals; None when it is more than that.
_Exact = set[str] | None


def _alternatives(pattern: str, at: int) -> tuple[_Exact, list[frozenset[str]], int]:
    """`a|b|c` up to the end or an unmatched bracket: what it matches, else what it asks for in groups."""
    exact: _Exact = set()
    chosen: list[frozenset[str]] | None = []
    only: list[frozenset[str]] = []
    while True:
        branch, only, at = _sequence(pattern, at)
        if branch is None:
            exact = None
        elif exact is not None:
            exact |= branch
        if branch is not None and "" not in branch:
            chosen = None if chosen is None else [*chosen, frozenset(branch)]
        elif only:
            chosen = None if chosen is None else [*chosen, max(only, key=_worth)]
        else:
            chosen = None
        if at == len(pattern) or pattern[at] == ")":
            break
        at += 1
    if exact is not None and len(exact) <= _MAX_EXACT:
        return exact, [], at
    if chosen is None:
        return None, [], at
    if len(chosen) == 1 and only:
        return None, only, at
    union = frozenset[str]().union(*chosen)
    return None, [union] if len(union) <= _MAX_ALTERNATIVES else [], at


def _sequence(pattern: str, at: int) -> tuple[_Exact, list[frozenset[str]], int]:
    """Pieces behind each other. `run` is what the pieces since the last unknown one match together."""
    groups: list[frozenset[str]] = []
    run: set[str] = {""}
    whole = True

    def close(following: set[str]) -> set[str]:
        if "" not in run:
            groups.append(frozenset(run))
        return following

    while at < len(pattern) and pattern[at] not in "|)":
        plain = _PLAIN.match(pattern, at)
        if plain:
            run = {head + plain[0] for head in run}
            at = plain.end()
            continue
        exact, inner, at = _atom(pattern, at)
        least, most, at = _quantifier(pattern, at)
        if exact is not None and most == 1:
            exact = exact if least else exact | {""}
            if len(run) * len(exact) <= _MAX_EXACT:
                run = {head + tail for head in run for tail in exact}
            else:
                whole, run = False, close(exact)
            continue
        whole = False
        if exact is not None and least and len(run) * len(exact) <= _MAX_EXACT:
            run = {head + tail for head in run for tail in exact}
            run = close(exact)
        else:
            run = close({""})
        if least:
            groups.extend(inner)
    if whole:
        return run, [], at
    close(set())
    return None, groups, at


def _atom(pattern: str, at: int) -> tuple[_Exact, list[frozenset[str]], int]:
    """One piece: what it matches, else what it asks for; and where it ends. A place between characters matches ""."""
    char = pattern[at]
    if char == "\\":
        return _escape(pattern, at + 1)
    if char == "[":
        end = _class_end(pattern, at + 1)
        return _class(pattern[at + 1 : end - 1]), [], end
    if char == "(":
        return _group(pattern, at + 1)
    if char == ".":
        return None, [], at + 1
    if char in "^$":
        return {""}, [], at + 1
    if char in "*+?":
        raise _UnreadableError
    return {char}, [], at + 1


def _escape(pattern: str, at: int) -> tuple[_Exact, list[frozenset[str]], int]:
    char = pattern[at]
    if char in "bBAz":
        return {""}, [], at + 1
    if char in "pPx":
        if pattern[at + 1] == "{":
            return None, [], pattern.index("}", at) + 1
        return None, [], at + (3 if char == "x" else 2)
    if char == "Q" or char.isdigit():
        raise _UnreadableError
    if char.isalpha():
        return None, [], at + 1
    return {char}, [], at + 1


def _class(inside: str) -> _Exact:
    if len(inside) == 3 and inside[1] == "-":
        found = {chr(code) for code in range(ord(inside[0]), ord(inside[2]) + 1)}
    elif inside[0] == "^" or set("-\\[") & set(inside):
        return None
    else:
        found = set(inside)
    return found if len(found) <= _MAX_CLASS else None


def _class_end(pattern: str, at: int) -> int:
    if pattern[at] == "^":
        at += 1
    if pattern[at] == "]":
        at += 1
    while pattern[at] != "]":
        if pattern[at] == "\\":
            at += 1
        elif pattern.startswith("[:", at):
            at = pattern.index(":]", at) + 1
        at += 1
    return at + 1


def _group(pattern: str, at: int) -> tuple[_Exact, list[frozenset[str]], int]:
    if pattern[at] == "?":
        end = at + 1
        while pattern[end] not in ":>)":
            end += 1
        if pattern[end] == ")":
            # A flag for all that follows.
            raise _UnreadableError
        at = end + 1
    exact, groups, at = _alternatives(pattern, at)
    if pattern[at] != ")":
        raise _UnreadableError
    return exact, groups, at + 1


def _quantifier(pattern: str, at: int) -> tuple[int, int, int]:
    """(least, most, where the quantifier ends), with 2 for any number above one."""
    if at == len(pattern) or pattern[at] not in "*+?{":
        return 1, 1, at
    char = pattern[at]
    if char == "{":
        close = pattern.find("}", at)
        low, comma, high = pattern[at + 1 : close].partition(",") if close > 0 else ("", "", "")
        if not low.isdigit() or not (high.isdigit() or not high):
            # RE2 reads such a brace as itself.
            return 1, 1, at
        least, most = int(low), int(high) if high else 2 if comma else int(low)
        at = close + 1
    else:
        least, most = int(char == "+"), 1 if char == "?" else 2
        at += 1
    if at < len(pattern) and pattern[at] == "?":
        at += 1
    return min(least, 2), min(max(most, 0), 2), at
