"""No pattern of the package takes more than linear time: told from the tree of each, and shown on attacks made from it.

What RE2 runs is linear by its construction; everything here is what Python's `re` runs.
"""

from __future__ import annotations

import re

import pytest
from package_patterns import compiled, in_functions
from pattern_ambiguity import Automaton, ambiguity_of
from work import MOST_GROWTH, growth

IN_MODULES, (IN_FUNCTIONS, BUILT) = compiled(), in_functions()

#: Patterns of which the analysis, which leaves something out, finds too much; why each is linear all the same. Every
#: one is timed below, on the attack that the analysis has made for it.
LINEAR_ALL_THE_SAME = {
    "classify/templates.py: _VARIABLE": "a number is a match before its next part is tried, and a part ends with it",
    "history/traces.py: _BASE64": "what stands before a line break is a match before the next line is tried",
    "parsing/dsn.py: _FIELD": "a field is a match before its next folded line is tried",
    "redaction.py: _USERINFO": "it begins behind ://, and a slash ends it",
    "sources/feeds/brevo.py: _PREFIX": "one word is a match before the next is tried, and a word has an end",
    "sources/logs/haraka.py: _PAIR": "a name has 60 letters at most, and an unquoted value is always one",
}

#: Patterns that are put together when they run: from what, and why that is linear.
PUT_TOGETHER = {
    "correlate/industries.py: _words": "names of industries, from our own table",
    "export/writing.py: _stale": "a name, taken literally, and digits",
    "history/traces.py: in_text": "an address, taken literally",
    "history/traces.py: _in": "an address, taken literally",
    "redaction.py: without_addresses": "a local part, taken literally",
    "replies.py: join_lines": "the front of a line, taken literally",
    "replies.py: _repeated": "a reply code and a status",
    "serve/words.py: for_page": "sentences, from our own table",
    "sources/imap_login.py: _told": "a user's name, taken literally",
    "sources/mbox.py: _closes_later": "a boundary, taken literally",
    "sources/tables/markup.py: _attribute": "an attribute's name, from our own code",
    "sources/tables/markup.py: _events": "a tag's name, from our own code",
    "sources/tables/wide.py: _split": "names of steps, from our own table",
    "watch/spool.py: _rotations": "a file's name, taken literally",
}


def _attack(found, ambiguity, length):
    """Texts that go round both loops and then fail, one for each sort of end."""
    repeated = ambiguity.prefix + ambiguity.word * (length // len(ambiguity.word))
    for end in ("", "!", "\n", " ", "x", "@@", "\0"):
        text = repeated + end
        yield text.encode("latin-1", "replace") if isinstance(found.pattern.pattern, bytes) else text


def _run(found, text):
    if found.searched:
        return lambda: sum(1 for _ in found.pattern.finditer(text))
    return lambda: (found.pattern.fullmatch if found.whole else found.pattern.match)(text)


def _steepest(found, ambiguity, length=4000):
    attacks = range(7)
    return max(
        growth(lambda size, at=at: _run(found, list(_attack(found, ambiguity, size))[at]), length) for at in attacks
    )


def test_no_pattern_is_ambiguous_over_loops():
    ambiguous = {
        found.where: (found.pattern.pattern, ambiguity)
        for found in [*IN_MODULES, *IN_FUNCTIONS]
        if (ambiguity := ambiguity_of(found.pattern, searched=found.searched, whole=found.whole))
    }
    unexpected = {where: why for where, why in ambiguous.items() if where not in LINEAR_ALL_THE_SAME}
    assert not unexpected, "make it unambiguous, run it by RE2, or say above why it is linear"
    assert ambiguous.keys() == LINEAR_ALL_THE_SAME.keys(), "a pattern that is named above needs it no longer"


@pytest.mark.parametrize("where", LINEAR_ALL_THE_SAME)
def test_patterns_that_look_ambiguous_take_linear_time_on_their_own_attack(where):
    for found in [*IN_MODULES, *IN_FUNCTIONS]:
        if found.where == where and (ambiguity := ambiguity_of(found.pattern, searched=True, whole=found.whole)):
            assert _steepest(found, ambiguity) < MOST_GROWTH


def test_patterns_that_are_put_together_are_known():
    assert {built.where for built in BUILT} == PUT_TOGETHER.keys(), "say above what it is made of"


def _pumps(found):
    """Every loop of a pattern with a way to it, and the word that goes round it."""
    automaton = Automaton(found.pattern, searched=False, whole=found.whole)
    seen = set()
    for state, edges in enumerate(automaton.edges):
        for chars, to in edges:
            if to == state and (word := automaton.char(chars)) not in seen:
                seen.add(word)
                yield automaton.lead(state), word


@pytest.mark.parametrize("share", range(4))
def test_every_loop_of_every_pattern_pumped_up_takes_linear_time(share):
    """The attack of old on one loop alone: it is reached, goes round for long, and then the match fails."""
    for found in [*IN_MODULES, *IN_FUNCTIONS][share::4]:
        for lead, word in _pumps(found):
            for text in ("{lead}{many}\0", "{many}\0"):

                def run(size, text=text, found=found, lead=lead, word=word):
                    made = text.format(lead=lead, many=word * size)
                    return _run(found, made.encode("latin-1", "replace") if _binary(found) else made)

                assert growth(run, 3000) < MOST_GROWTH, (found.where, lead, word)


def _binary(found):
    return isinstance(found.pattern.pattern, bytes)


SLOW = [
    (r"\s+$", True), (r"(\w+)*!", False), (r"(?:ab|a|b)*c", False), (r"<\s*([^<>]*)\s*>", True), (r"\d+\d+x", False),
    (r"(?:\s*a\s*)+b", False), (r"[a-z]*[a-y]*!", False), (r"a(?=.*b)c", True), (r"(a+)\1x", True), (r"\(.*\)", True),
]  # fmt: skip
LINEAR = [
    (r"\s+", True), (r"a+b", False), (r"(?<!\s)\s+$", True), (r"<[^<>]*>", True), (r"^[ \t]*x", True), (r"[^a]*+a", False),
    (r"(?:a|b)*c", False), (r"\d{3}-\d+", True), (r"(?m)^(\w+):(.*)$", True),
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "searched"), SLOW)
def test_the_analysis_finds_what_is_slow(pattern, searched):
    assert ambiguity_of(re.compile(pattern), searched=searched, whole=False)


@pytest.mark.parametrize(("pattern", "searched"), LINEAR)
def test_the_analysis_lets_through_what_is_linear(pattern, searched):
    assert not ambiguity_of(re.compile(pattern), searched=searched, whole=False)
