"""Many RE2 patterns on one text in one linear pass, and only those compiled that a text ever asks for.

One RE2 automaton of all patterns has a state for every way in which several of them are half matched, so nearly every
new text builds new ones. Here one pass (Aho and Corasick 1975) finds the literals without which a pattern cannot match,
which is the idea of RE2's own FilteredRE2, and the few patterns whose literals are all there are run, in order.
Of what a pattern requires the pass looks for the rarest alone; the rest is looked for in the text that has it.
"""

from __future__ import annotations

import re
from collections import Counter
from contextlib import suppress
from functools import cache, lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import re2
from ahocorasick_rs import AhoCorasick, MatchKind

from analyzer.bounds import current
from analyzer.classify.literals import required_literals
from analyzer.errors import RuleError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from analyzer.classify.literals import Requirements

#: Lists of literals for which the patterns are kept.
_KEPT = 1 << 13
_NUMBER_OF = itemgetter(0)
#: Characters of a literal that the pass looks for: more hardly leave fewer texts, and take longer to set up.
_LONGEST = 10
#: A pattern that is nothing but words, and what is written before a sign in it that would mean something else.
_WORDS = re.compile(r"(?:[^\\\[\](){}.*+?|^$]|\\[^\w\s])+", re.ASCII)
_ESCAPE = re.compile(r"\\(.)")


@cache
def options(*, for_ascii: bool = False) -> Any:
    """How every pattern of the rule base is compiled: case does not matter, groups are not kept.

    for_ascii: for texts of ASCII alone, of which every byte is a character: compiled in two thirds of the time.
    """
    chosen = re2.Options()
    if for_ascii:
        chosen.encoding = re2.Options.Encoding.LATIN1
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


class Prefilter(NamedTuple):
    """What the patterns of a list require, and what a text is looked through for first: `given` says for each of the
    `literals` which patterns may match where it stands, `unasking` are those that may match anywhere."""

    required: Sequence[Requirements]
    literals: Sequence[str]
    given: Sequence[Sequence[int]]
    unasking: Sequence[int]


def prefilter_of(required: Sequence[Requirements], texts: Iterable[str] = ()) -> Prefilter:
    """Of each branch the pass looks for the group of literals that is the rarest in `texts`, which are like those to
    come, or without texts for the most telling one."""
    often = _frequencies(
        {one[:_LONGEST] for branches in required for groups in branches for one in _all(groups)}, texts
    )
    given: dict[str, dict[int, None]] = {}
    unasking: dict[int, None] = {}
    for number, branches in enumerate(required):
        for groups in branches:
            if not groups:
                unasking[number] = None
                continue
            for literal in sorted(min(groups, key=lambda group: sum(often[one[:_LONGEST]] for one in group))):
                given.setdefault(literal[:_LONGEST], {})[number] = None
    return Prefilter(required, list(given), [list(numbers) for numbers in given.values()], list(unasking))


def _all(groups: Sequence[Iterable[str]]) -> Iterator[str]:
    return (one for group in groups for one in group)


def _frequencies(literals: set[str], texts: Iterable[str]) -> Counter[str]:
    """In how many of the texts each literal stands."""
    known = sorted(literals)
    automaton = AhoCorasick(known, matchkind=MatchKind.Standard)
    found: Counter[str] = Counter()
    for text in texts:
        matches = automaton.find_matches_as_indexes(text.casefold(), overlapping=True)
        found.update(known[number] for number in set(map(_NUMBER_OF, matches)))
    return found


class PatternIndex:
    """The patterns of a list, numbered as they stand there."""

    def __init__(self, patterns: Sequence[str], prefilter: Prefilter | None = None) -> None:
        """`prefilter` is what the patterns' `prefilter_of` gives, where that is known already."""
        self._patterns = tuple(patterns)
        #: What finds each pattern in a line of ASCII, and in any other.
        self._in_ascii: list[Callable[[bytes], str | None] | None] = [None] * len(self._patterns)
        self._in_any = self._in_ascii.copy()
        if prefilter is None:
            prefilter = prefilter_of(
                [_known[pattern] if pattern in _known else required_literals(pattern) for pattern in self._patterns]
            )
        self._required, self._given, self._unasking = prefilter.required, prefilter.given, prefilter.unasking
        self._literals = AhoCorasick(prefilter.literals, matchkind=MatchKind.Standard, store_patterns=False)
        self._selected = lru_cache(_KEPT)(self._select)

    def candidates(self, line: str, chosen: frozenset[int] | None = None) -> Iterator[int]:
        """The patterns (of those chosen), in order, whose literals are all in the line: those that may match, and all
        that do."""
        folded = line.casefold()
        found = self._literals.find_matches_as_indexes(folded, overlapping=True)
        required = self._required
        # Texts that differ in their ids alone hold the same literals in the same order.
        for number in self._selected(tuple(map(_NUMBER_OF, found)), chosen):
            if _content(required[number], folded):
                yield number

    def _select(self, literals: tuple[int, ...], chosen: frozenset[int] | None) -> Sequence[int]:
        """The chosen patterns that one of these literals speaks for."""
        numbers = set(self._unasking)
        for literal in frozenset(literals):
            numbers.update(self._given[literal])
        return tuple(sorted(numbers if chosen is None else numbers & chosen))

    def search(self, number: int, data: bytes) -> str | None:
        """The words that a pattern matches in a line, given in UTF-8, or None."""
        is_ascii = data.isascii()
        known = self._in_ascii if is_ascii else self._in_any
        search = known[number]
        if search is None:
            search = known[number] = _searcher(self._patterns[number], is_ascii)
        return search(data)

    def matches(self, line: str) -> Iterator[int]:
        """The patterns that match the line, in order, found one at a time."""
        data = line.encode()
        return (number for number in self.candidates(line) if self.search(number, data) is not None)

    def first(self, line: str) -> int | None:
        """The first pattern that matches the line."""
        return next(self.matches(line), None)


def _content(branches: Requirements, folded: str) -> bool:
    """Whether a branch finds a literal of each of its groups in a line whose case is folded."""
    for groups in branches:
        for group in groups:
            for literal in group:
                if literal in folded:
                    break
            else:
                break
        else:
            return True
    return False


def _searcher(pattern: str, is_ascii: bool) -> Callable[[bytes], str | None]:
    """What gives the words that the pattern matches in a line (which `is_ascii` or any), or None."""
    if is_ascii and pattern.isascii():
        if _WORDS.fullmatch(pattern):
            return _finder(_ESCAPE.sub(r"\1", pattern).lower().encode())
        # It may name a character beyond Latin-1 by its number.
        with suppress(re2.error):
            return _matcher(re2.compile(pattern.encode(), options(for_ascii=True)))
    return _matcher(re2.compile(pattern, options()))


def _finder(words: bytes) -> Callable[[bytes], str | None]:
    def find(data: bytes) -> str | None:
        at = data.lower().find(words)
        return None if at < 0 else data[at : at + len(words)].decode()

    return find


def _matcher(compiled: Any) -> Callable[[bytes], str | None]:
    def search(data: bytes) -> str | None:
        found = compiled.search(data)
        return None if found is None else found[0].decode("utf-8", "replace")

    return search
