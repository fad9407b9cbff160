"""The literals without which an RE2 pattern cannot match, read off the pattern: texts are looked through for them.

The reading is on the safe side: what it does not know asks for no literal.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from functools import cache
from typing import TypeAlias

#: For each top branch of a pattern, groups of literals: a match holds at least one literal of each group.
Requirements: TypeAlias = Sequence[Sequence[Set[str] | Sequence[str]]]
#: Groups of literals kept for a pattern; a text must hold one literal of each.
_GROUPS = 8
_MAX_ALTERNATIVES = 48
#: Alternatives kept of what a run of pieces matches, and characters of a class.
_MAX_EXACT = 8
_MAX_CLASS = 4
#: A single letter stands in every text.
_TELLING = 2
#: Characters that stand for themselves, none of them repeated.
_PLAIN = re.compile(r"(?:[^\\\[\](){}.*+?|^$](?![*+?{]))+")


@cache
def required_literals(pattern: str) -> Requirements:
    """For each top branch of a pattern some groups: what it matches holds at least one literal of each of them.

    No group promises nothing.
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
    """The groups that leave the fewest texts, without those that another one makes sure of."""
    distinct = sorted(set(map(_shortest, groups)), key=lambda group: (-_worth(group)[0], len(group), sorted(group)))
    own = [one for one in distinct if not any(other is not one and _ensures(other, one) for other in distinct)]
    return [group for group in own if _worth(group)[0] >= _TELLING][:_GROUPS] or distinct[:1]


def _ensures(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether each literal of the first group holds one of the other group."""
    return all(any(part in literal for part in other) for literal in one)


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
