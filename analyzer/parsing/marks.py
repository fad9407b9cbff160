"""One pass over a text that tells which of many marks stand in it, so that each is looked for closely only where it is.

Every reader names the mark of its own sentences; all of them are one RE2 automaton, whose time does not grow with their
number. `re` takes longer to find that a single one of them is not there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import re2

#: Bytes that an automaton may take: several times what the phrases of all languages come to.
_MOST_MEMORY = 32 << 20


def options() -> Any:
    """How RE2 compiles a pattern here."""
    chosen = re2.Options()
    chosen.log_errors = False
    chosen.never_capture = True
    # The automaton is built as texts need it. Where it outgrows this, every text takes forty times as long.
    chosen.max_mem = _MOST_MEMORY
    return chosen


class Marks:
    """A list of RE2 patterns that a text is searched for at once; complete before the first text is."""

    def __init__(self, *, ignore_case: bool = False) -> None:
        self._patterns: list[str] = []
        self._flags = "(?mi)" if ignore_case else "(?m)"
        self._set: Any = None

    def add(self, pattern: str) -> int:
        """The number by which `found` names this pattern. It may find too much, and must never find too little."""
        self._patterns.append(pattern)
        self._set = None
        return len(self._patterns) - 1

    def found(self, text: str) -> frozenset[int]:
        """The numbers of the patterns that match somewhere in the text."""
        if self._set is None:
            self._set = self._compiled()
        return _as_set(tuple(self._set.Match(text.encode("utf-8", "replace")) or ()))

    def _compiled(self) -> Any:
        together = re2.Set.SearchSet(options())
        for pattern in self._patterns:
            together.Add(self._flags + pattern)
        together.Compile()
        return together


@lru_cache(maxsize=4096)
def _as_set(numbers: tuple[int, ...]) -> frozenset[int]:
    return frozenset(numbers)


def any_of(phrases: Iterable[str]) -> str:
    """A pattern of plain phrases, any of which will do."""
    return "|".join(map(re2.escape, phrases))


def re2_pattern(pattern: re.Pattern[str]) -> str:
    """A pattern of `re` in RE2's syntax, which has no verbose form and whose `\\w` is ASCII's alone."""
    source = pattern.pattern.removeprefix("(?x)")
    if source != pattern.pattern:
        source = re.sub(r"\s+", "", source.replace("[ ]", "\0")).replace("\0", "[ ]")
    return source.replace(r"\w", r"[\pL\pN_]")


#: Of a notice's whole text, in any case; of its subject and opening words, which are in lower case.
TEXT, OPENING = Marks(ignore_case=True), Marks()
