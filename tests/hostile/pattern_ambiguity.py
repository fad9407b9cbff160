"""Whether a backtracking matcher takes more than linear time over a pattern, told from the pattern's own tree.

A pattern becomes a nondeterministic automaton whose steps are characters. A backtracking matcher takes more than linear
time where the automaton has two loops p and q, and one word that goes round p, round q, and from p to q: every repeat
of the word is then one more place at which to change from the one to the other (Weideman et al., "Analyzing matching
time behavior of backtracking regular expression matchers by using ambiguity of NFA", 2016). A pattern that is searched
for has a loop over anything in front. What the automaton leaves out (word boundaries, longer look-arounds, the ends of
counted repeats) can only make it find too much.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from functools import lru_cache
from re import _constants as names
from re import _parser as parser
from typing import Any

#: Characters beside ASCII that stand for all of their kind.
_OTHERS = "\x85\xa0éßıſ\u0663\u0939\u2003\u2028あ한：。\u3002\U0001f600"
#: Copies of a counted repeat: enough for the overlaps that loops make, few enough to search.
_LEAST, _MOST = 4, 8


@dataclass
class _Step:
    """A state that takes one character of `chars` (a bit for each of the alphabet)."""

    chars: int
    next: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Ambiguity:
    """Two loops and the word that goes round both: `prefix` leads to the first, `word` may be repeated at will."""

    prefix: str
    word: str


class Automaton:
    """The states of one pattern; state -1 is the end."""

    def __init__(self, pattern: re.Pattern[Any], *, searched: bool, whole: bool) -> None:
        self.pattern = pattern
        self.binary = isinstance(pattern.pattern, bytes)
        tree = parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG)
        self.alphabet = _alphabet(tree, binary=self.binary)
        self.everything = (1 << len(self.alphabet)) - 1
        self._groups = _groups(tree)
        self._newline = self._bits(lambda c: c == "\n")
        #: Every node: ("take", chars, next) | ("free", [next]) | ("behind", chars, next)
        #: | ("ahead", chars, next, whether that always holds there)
        self.nodes: list[tuple[Any, ...]] = []
        self._end = self._add(("end",))
        end = self._add(("ahead", 0, self._end, False)) if whole else self._end
        start = self._sequence(tree, end, pattern.flags)
        if searched:
            loop = self._add(None)
            around = self._add(("take", self.everything, loop))
            self.nodes[loop] = ("free", [start, around])
            start = loop
        self.start = start
        self._link()

    def _add(self, node: Any) -> int:
        self.nodes.append(node)
        return len(self.nodes) - 1

    def _bits(self, holds: Any) -> int:
        return sum(1 << at for at, char in enumerate(self.alphabet) if holds(char))

    # The tree, read backwards: every builder is told where to go afterwards.

    def _sequence(self, tree: Any, after: int, flags: int) -> int:
        for item in reversed(list(tree)):
            after = self._item(item, after, flags)
        return after

    def _item(self, item: Any, after: int, flags: int) -> int:
        op, value = item
        if (chars := self._one(item, flags)) is not None:
            return self._add(("take", chars, after))
        if op is names.BRANCH:
            return self._add(("free", [self._sequence(branch, after, flags) for branch in value[1]]))
        if op is names.SUBPATTERN:
            _, more, less, inner = value
            return self._sequence(inner, after, (flags | more) & ~less)
        if op is names.ATOMIC_GROUP:
            return self._sequence(value, after, flags)
        if op in (names.MAX_REPEAT, names.MIN_REPEAT, names.POSSESSIVE_REPEAT):
            return self._repeat(op, *value, after, flags)
        if op is names.AT:
            if value is names.AT_BEGINNING and flags & re.MULTILINE:
                return self._add(("behind", self._newline, after))
            if value in (names.AT_BEGINNING, names.AT_BEGINNING_STRING):
                return self._add(("behind", 0, after))
            if value is names.AT_END_STRING:
                return self._add(("ahead", 0, after, False))
            if value is names.AT_END:
                return self._add(("ahead", self._newline, after, False))
            return after
        if op in (names.ASSERT, names.ASSERT_NOT):
            return self._assertion(op, value, after, flags)
        if op is names.GROUPREF:
            # What it repeats is something that the group takes, whichever.
            return self._sequence(self._groups[value], after, flags)
        if op is names.GROUPREF_EXISTS:
            _, yes, no = value
            return self._add(("free", [self._sequence(b, after, flags) for b in (yes, no or [])]))
        raise AssertionError(f"no rule for {op} in {self.pattern.pattern!r}")

    def _assertion(self, op: Any, value: Any, after: int, flags: int) -> int:
        direction, inner = value
        if len(inner) == 1 and (chars := self._one(inner[0], flags)) is not None:
            if op is names.ASSERT_NOT:
                chars = self.everything & ~chars
            if direction > 0:
                # Nothing at all may follow as well, which leads nowhere that a loop could.
                return self._add(("ahead", chars, after, False))
            return self._add(("behind", chars, after))
        if direction < 0:
            return after
        # What is looked at is matched once more behind: a way of its own, which ends there.
        nowhere = self._add(("end",))
        return self._add(("free", [self._sequence(inner, nowhere, flags), after]))

    def _repeat(self, op: Any, least: int, most: Any, inner: Any, after: int, flags: int) -> int:
        if op is names.POSSESSIVE_REPEAT and len(inner) == 1 and (chars := self._one(inner[0], flags)) is not None:
            # Where it ends nothing of its own follows, whatever comes then.
            after = self._add(("ahead", self.everything & ~chars, after, True)) if most is names.MAXREPEAT else after
        if most is names.MAXREPEAT:
            loop = self._add(None)
            body = self._sequence(inner, loop, flags)
            self.nodes[loop] = ("free", [body, after])
            entry = loop
        else:
            entry = after
            for _ in range(min(most, _MOST) - min(least, _LEAST)):
                entry = self._add(("free", [self._sequence(inner, entry, flags), after]))
        for _ in range(min(least, _LEAST)):
            entry = self._sequence(inner, entry, flags)
        return entry

    def _one(self, item: Any, flags: int) -> int | None:
        """The characters that an item of one character takes; None for any other item."""
        op, value = item
        if op is names.ANY:
            return self.everything if flags & re.DOTALL else self.everything & ~self._newline
        if op is names.LITERAL:
            return self._bits(lambda c: _same(c, value, flags))
        if op is names.NOT_LITERAL:
            return self.everything & ~self._bits(lambda c: _same(c, value, flags))
        if op is names.IN:
            inverted = value[0][0] is names.NEGATE
            bits = self._bits(lambda c: any(_in(c, part, flags, self.binary) for part in value[inverted:]))
            return self.everything & ~bits if inverted else bits
        if op is names.SUBPATTERN and len(value[3]) == 1:
            return self._one(value[3][0], (flags | value[1]) & ~value[2])
        if op is names.BRANCH and all(len(branch) == 1 for branch in value[1]):
            ones = [self._one(branch[0], flags) for branch in value[1]]
            return None if None in ones else int(sum(ones)) if not _overlap(ones) else None
        return None

    # The automaton without its free steps.

    def _link(self) -> None:
        """`steps`: state by (node, characters that may come there); `first`: where the pattern begins."""
        self.states: dict[tuple[int, int], int] = {}
        self.chars: list[int] = []
        #: For each state, where a character of it leads: (characters, state).
        self.edges: list[list[tuple[int, int]]] = []
        todo: list[tuple[int, int]] = []

        def state(key: tuple[int, int]) -> int:
            if key not in self.states:
                self.states[key] = len(self.chars)
                self.chars.append(self.nodes[key[0]][1] & key[1])
                self.edges.append([])
                todo.append(key)
            return self.states[key]

        self.first = [state((node, ahead)) for node, behind, ahead in self._free(self.start)]
        while todo:
            key = todo.pop()
            here = self.states[key]
            for node, behind, ahead in self._free(self.nodes[key[0]][2]):
                chars = self.chars[here] & behind
                if chars and self.nodes[node][1] & ahead:
                    self.edges[here].append((chars, state((node, ahead))))

    def _free(self, start: int) -> list[tuple[int, int, int]]:
        """The taking nodes that no character stands before, with what the last and the next character must be of."""
        found: set[tuple[int, int, int]] = set()
        seen: set[tuple[int, int, int]] = set()
        stack = [(start, self.everything, self.everything)]
        while stack:
            here = stack.pop()
            if here in seen:
                continue
            seen.add(here)
            at, behind, ahead = here
            node = self.nodes[at]
            if node[0] == "take":
                found.add(here)
            elif node[0] == "free":
                stack += [(one, behind, ahead) for one in node[1]]
            elif node[0] == "behind":
                stack.append((node[2], behind & node[1], ahead))
            elif node[0] == "ahead":
                stack.append((node[2], behind, ahead & node[1]))
        return sorted(found)

    # Its loops.

    def _never_fails(self, state: int) -> bool:
        """Whether the match is complete behind this state: then nothing is tried again, however it got there."""
        node = next(key[0] for key, number in self.states.items() if number == state)
        todo, seen = [self.nodes[node][2]], set()
        while todo:
            at = todo.pop()
            if at == self._end:
                return True
            if at in seen:
                continue
            seen.add(at)
            here = self.nodes[at]
            if here[0] == "free":
                todo += here[1]
            elif here[0] == "ahead" and here[3]:
                todo.append(here[2])
        return False

    def ambiguity(self) -> Ambiguity | None:
        """Two loops with a word of both; None where the time is linear."""
        component = _components(self.edges)
        looping = [s for s in range(len(self.edges)) if any(component[to] == component[s] for _, to in self.edges[s])]
        reach = [_reachable(self.edges, s) for s in looping]
        failing = [q for q in looping if not self._never_fails(q)]
        for p, from_p in zip(looping, reach, strict=True):
            for q in failing:
                if q != p and q in from_p and (word := self._common_word(p, q, component)):
                    return Ambiguity(self.lead(p), word)
        return None

    def _common_word(self, p: int, q: int, component: list[int]) -> str:
        """A word that leads from p to p, from p to q and from q to q; empty where there is none."""
        back = _reachable(_reversed(self.edges), q)
        begin = (p, p, q)
        came: dict[tuple[int, int, int], tuple[tuple[int, int, int], int]] = {}
        todo = deque([begin])
        while todo:
            here = todo.popleft()
            one, two, three = here
            for chars1, to1 in self.edges[one]:
                if component[to1] != component[p]:
                    continue
                for chars3, to3 in self.edges[three]:
                    if component[to3] != component[q] or not chars1 & chars3:
                        continue
                    for chars2, to2 in self.edges[two]:
                        common = chars1 & chars2 & chars3
                        there = (to1, to2, to3)
                        if not common or there in came or to2 not in back:
                            continue
                        came[there] = (here, common)
                        if there == (p, q, q):
                            return self._spelt(came, begin, there)
                        todo.append(there)
        return ""

    def _spelt(self, came: dict[Any, Any], begin: Any, there: Any) -> str:
        word: list[str] = []
        while True:
            there, chars = came[there]
            word.append(self.char(chars))
            if there == begin:
                return "".join(reversed(word))

    def char(self, chars: int) -> str:
        """One of these characters, a letter where there is one."""
        found = [char for at, char in enumerate(self.alphabet) if chars >> at & 1]
        return next((char for char in found if char.isalnum() and char.isascii()), found[0])

    def lead(self, p: int) -> str:
        """A shortest word from the beginning to state p."""
        came: dict[int, tuple[int, int]] = {}
        todo = deque(self.first)
        seen = set(self.first)
        while todo:
            here = todo.popleft()
            if here == p:
                break
            for chars, to in self.edges[here]:
                if to not in seen:
                    seen.add(to)
                    came[to] = (here, chars)
                    todo.append(to)
        word: list[str] = []
        while p in came:
            p, chars = came[p]
            word.append(self.char(chars))
        return "".join(reversed(word))


def _groups(tree: Any) -> dict[int, Any]:
    """What stands in each group, by its number."""
    found: dict[int, Any] = {}
    todo = [tree]
    while todo:
        one = todo.pop()
        if isinstance(one, (list, tuple, parser.SubPattern)):
            if len(one) == 2 and one[0] is names.SUBPATTERN and one[1][0] is not None:
                found[one[1][0]] = one[1][3]
            todo += list(one)
    return found


def _overlap(ones: list[int | None]) -> bool:
    seen = 0
    for one in ones:
        if one is None or seen & one:
            return True
        seen |= one
    return False


def _same(char: str, code: int, flags: int) -> bool:
    if not flags & re.IGNORECASE:
        return ord(char) == code
    other = chr(code)
    return char == other or char.lower() == other.lower() or char.upper() == other.upper()


_CATEGORIES = {
    names.CATEGORY_DIGIT: r"\d",
    names.CATEGORY_NOT_DIGIT: r"\D",
    names.CATEGORY_SPACE: r"\s",
    names.CATEGORY_NOT_SPACE: r"\S",
    names.CATEGORY_WORD: r"\w",
    names.CATEGORY_NOT_WORD: r"\W",
}


@lru_cache(maxsize=100_000)
def _in_category(char: str, category: str, ascii_only: bool) -> bool:
    return re.match(category, char, re.ASCII if ascii_only else 0) is not None


def _in(char: str, part: Any, flags: int, binary: bool) -> bool:
    op, value = part
    if op is names.LITERAL:
        return _same(char, value, flags)
    if op is names.RANGE:
        forms = {char, char.lower(), char.upper()} if flags & re.IGNORECASE else {char}
        return any(len(form) == 1 and value[0] <= ord(form) <= value[1] for form in forms)
    if op is names.CATEGORY:
        return _in_category(char, _CATEGORIES[value], binary or bool(flags & re.ASCII))
    raise AssertionError(f"no rule for {op}")


def _alphabet(tree: Any, *, binary: bool) -> list[str]:
    codes = set(range(128))
    codes |= {0x80, 0xA0, 0xE9, 0xFF} if binary else {ord(char) for char in _OTHERS}
    todo = [tree]
    while todo:
        one = todo.pop()
        if isinstance(one, (list, tuple, parser.SubPattern)):
            if len(one) == 2 and one[0] in (names.LITERAL, names.NOT_LITERAL):
                codes.add(one[1])
            elif len(one) == 2 and one[0] is names.RANGE:
                codes |= {one[1][0], one[1][1], max(one[1][0] - 1, 0), min(one[1][1] + 1, 0x10FFFF)}
            else:
                todo += list(one)
    most = 0xFF if binary else 0x10FFFF
    return [chr(code) for code in sorted(codes) if code <= most and not 0xD800 <= code <= 0xDFFF]


def _reachable(edges: list[list[tuple[int, int]]], start: int) -> set[int]:
    seen: set[int] = set()
    todo = [start]
    while todo:
        for _, to in edges[todo.pop()]:
            if to not in seen:
                seen.add(to)
                todo.append(to)
    return seen


def _reversed(edges: list[list[tuple[int, int]]]) -> list[list[tuple[int, int]]]:
    back: list[list[tuple[int, int]]] = [[] for _ in edges]
    for one, out in enumerate(edges):
        for chars, to in out:
            back[to].append((chars, one))
    return back


def _components(edges: list[list[tuple[int, int]]]) -> list[int]:
    """The strongly connected component of every state (Kosaraju)."""
    order: list[int] = []
    seen: set[int] = set()
    for root in range(len(edges)):
        if root in seen:
            continue
        seen.add(root)
        stack = [(root, iter(edges[root]))]
        while stack:
            here, rest = stack[-1]
            for _, to in rest:
                if to not in seen:
                    seen.add(to)
                    stack.append((to, iter(edges[to])))
                    break
            else:
                order.append(here)
                stack.pop()
    back = _reversed(edges)
    component = [-1] * len(edges)
    for root in reversed(order):
        if component[root] >= 0:
            continue
        component[root] = root
        todo = [root]
        while todo:
            for _, to in back[todo.pop()]:
                if component[to] < 0:
                    component[to] = root
                    todo.append(to)
    return component


def ambiguity_of(pattern: re.Pattern[Any], *, searched: bool, whole: bool) -> Ambiguity | None:
    """What makes this pattern slow, if anything may.

    `searched`: it is looked for at every place of a text; `whole`: it has to reach the text's end (`fullmatch`).
    """
    return Automaton(pattern, searched=searched, whole=whole).ambiguity()
