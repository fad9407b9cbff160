"""The literals that a pattern requires, and that leaving patterns out by them never loses a match."""

from __future__ import annotations

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from analyzer.classify.literals import required_literals
from analyzer.classify.patterns import PatternIndex, options, prefilter_of, refuse_unsound
from analyzer.errors import RuleError

REQUIRED = [
    ("user unknown", [[{"user unknown"}]]),
    ("Unknown|no such user", [[{"unknown"}], [{"no such user"}]]),
    (r"\bblocked\b using", [[{"blocked using"}]]),
    (
        "(?:blocked|refused) by (?:the )?list",
        [[{"blocked by list", "refused by list", "blocked by the list", "refused by the list"}]],
    ),
    (
        "(?:blocked|refused|denied|barred|dropped) (?:the )?mail",
        [[{"blocked ", "refused ", "denied ", "barred ", "dropped "}, {"mail"}]],
    ),
    ("colou?r", [[{"color", "colour"}]]),
    ("spam.*detected", [[{"spam"}, {"detected"}]]),
    ("mail(?:s|box)* full", [[{" full"}, {"mail"}]]),
    ("x{0}abc", [[{"abc"}]]),
    ("(?:ab){2}cde", [[{"abcde"}]]),
    ("abc+de", [[{"abc"}, {"cde"}]]),
    (r"\d{3} [[:alpha:]]+", [[{" "}]]),
    (r"[^x]*", [[]]),
    ("(?i)abc", [[]]),
    ("abc|", [[{"abc"}], []]),
]


@pytest.mark.parametrize(("pattern", "literals"), REQUIRED)
def test_what_a_pattern_requires(pattern: str, literals: list[list[set[str]]]) -> None:
    found = [sorted(map(sorted, branch)) for branch in required_literals(pattern)]
    assert found == [sorted(map(sorted, branch)) for branch in literals]


_PIECES = st.sampled_from(["user", " ", "no", "such", "Ünknown", "x", r"\d", ".", r"\w", "[ab]", "[^c]", r"\b", r"\."])
_PATTERNS = st.recursive(
    _PIECES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4).map("".join),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: f"(?:{'|'.join(parts)})"),
        st.tuples(inner, st.sampled_from(["?", "*", "+", "{2}", "{0,2}", "+?"])).map(
            lambda both: f"(?:{both[0]}){both[1]}"
        ),
    ),
    max_leaves=10,
)
_TEXTS = st.lists(
    st.sampled_from(["user", "USER", "no", "such", "ünknown", "ÜNKNOWN", "x", "7", ".", " ", "a", "c"]), max_size=12
).map("".join)


@given(st.lists(_PATTERNS, min_size=1, max_size=5), _TEXTS)
def test_no_match_is_lost(patterns: list[str], line: str) -> None:
    one_by_one = [
        number for number, pattern in enumerate(patterns) if re2.compile(pattern, options()).search(line) is not None
    ]
    assert list(PatternIndex(patterns).matches(line)) == one_by_one


@given(_PATTERNS, _TEXTS)
def test_the_words_found_are_those_of_re2(pattern: str, line: str) -> None:
    found = re2.compile(pattern, options()).search(line.encode())
    said = PatternIndex([pattern]).search(0, line.encode())
    assert said == (None if found is None else found[0].decode("utf-8", "replace"))


@pytest.mark.parametrize(
    ("pattern", "line", "words"),
    [
        ("No such user", "550 NO SUCH USER here", "NO SUCH USER"),
        (r"e\.g\. \(this\)", "550 E.g. (this) one", "E.g. (this)"),
        ("task", "no \u212aelvin: ta\u017f\u212a", "ta\u017f\u212a"),
        ("[^a]b", "xb", "xb"),
        (r"\x{3042}|ab", "AB", "AB"),
        (".user", "éuser", "éuser"),
    ],
)
def test_words_are_given_as_they_stand(pattern: str, line: str, words: str) -> None:
    assert PatternIndex([pattern]).search(0, line.encode()) == words


def test_the_rarest_of_what_a_pattern_requires_is_looked_for() -> None:
    required = [required_literals("mailbox.*overquota"), required_literals("mailbox.*[0-9]")]
    found = prefilter_of(required, ["no mailbox", "mailbox closed", "mailbox is overquota"])
    assert dict(zip(found.literals, found.given, strict=True)) == {"overquota": [0], "mailbox": [1]}
    assert not found.unasking


def test_no_patterns_match_nothing() -> None:
    assert PatternIndex([]).first("anything") is None


def test_a_choice_leaves_the_others_out() -> None:
    index = PatternIndex(["spam", "spam|ham", "ham"])
    assert list(index.candidates("spam and ham")) == [0, 1, 2]
    assert list(index.candidates("spam and ham", frozenset({1, 2}))) == [1, 2]


@pytest.mark.parametrize("pattern", ["(?=a)b", r"(a)\1", "a(", "x*", "a|", "(?<!a)b"])
def test_what_is_not_linear_or_matches_nothing_is_refused(pattern: str) -> None:
    with pytest.raises(RuleError, match=r"here\.toml"):
        refuse_unsound(pattern, "here.toml")
