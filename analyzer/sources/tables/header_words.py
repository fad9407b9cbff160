"""What a header says that no list knows whole, told by its words: "Motivo del rebote" is the reason of a bounce.

The words lie in `rules/platforms/words.toml`.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from analyzer import knowledge

if TYPE_CHECKING:
    from pathlib import Path

#: "e-mail" and "e-post" are one word each, whatever stands between.
_ELECTRONIC = re.compile(r"\be[-_ ]?(mail|post)", re.IGNORECASE)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_JOINED = re.compile(r"[^\W_]+")
_WORD = re.compile(r"[^\W\d_]+|\d+")
#: Kana, Han and Hangul, which set no blanks between words, or few.
_WITHOUT_BLANKS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\u1100-\u11ff\uac00-\ud7af]")
# Letters that are no others with an accent.
_PLAIN = str.maketrans("łøıđ", "loid")
#: A header of more words is a sentence.
_MOST_WORDS = 10
_LONGEST = 200
_SHORTEST_PART = 3


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    made_of: tuple[frozenset[str], ...]
    beside: frozenset[str]


@dataclass(frozen=True, slots=True)
class Reading:
    """`field`: what a header's words make; `rank`: how plainly they do, lower is plainer; `meanings`: of its words."""

    field: str
    rank: int
    meanings: frozenset[str]


def readings(header: str) -> list[Reading]:
    """The fields that a header's words make, the plainest first; none where it has a word that is not known."""
    meanings = meanings_of(header)
    if not meanings:
        return []
    found = []
    for place, field in enumerate(_fields()):
        for order, needed in enumerate(field.made_of):
            if needed <= meanings <= needed | field.beside:
                found.append(Reading(field.name, 100 * len(meanings - needed) + 10 * order + place, meanings))
                break
    return sorted(found, key=lambda reading: reading.rank)


def meanings_of(header: str) -> frozenset[str]:
    """What the words of a header mean; nothing where one of them means nothing known."""
    words = words_of(header)
    if not words or len(words) > _MOST_WORDS:
        return frozenset()
    found: set[str] = set()
    for word in words:
        meanings = _meanings_of_word(word)
        if meanings is None:
            return frozenset()
        found |= meanings
    return frozenset(found)


def writes_day_first(header: str) -> bool:
    """Whether the header of a column of times is in a language that writes the day before the month."""
    words = words_of(header)
    return bool(listed("day_first").intersection(words)) and len(words) <= _MOST_WORDS


@cache
def listed(name: str) -> frozenset[str]:
    """The words of one of the file's own lists: "steps", "day_first", "no_address", "incoming"."""
    return frozenset(knowledge.load_toml(_file())[name]["words"])


def words_of(header: str) -> list[str]:
    """The words and numbers of a header, without case and accents: "step1_sentAt" has four.

    None of a header that is a text.
    """
    if len(header) > _LONGEST:
        return []
    # "DeBounce" is a name, and no bounce.
    spaced = _JOINED.sub(lambda found: found[0] if _is_word(found[0]) else _CAMEL.sub(" ", found[0]), header)
    joined = _ELECTRONIC.sub(r"e\1", spaced)
    return [_bare(word) for word in _WORD.findall(unicodedata.normalize("NFKC", joined))]


def is_known(text: str) -> bool:
    """Whether a word is one that headers are made of."""
    return len(text) >= _SHORTEST_PART and bool(_meanings_of_word(_bare(text)))


def _is_word(text: str) -> bool:
    return _bare(text) in _words()[0]


def _bare(word: str) -> str:
    folded = unicodedata.normalize("NFKD", word.casefold().translate(_PLAIN))
    return "".join(character for character in folded if not unicodedata.combining(character))


@cache
def _meanings_of_word(word: str) -> frozenset[str] | None:
    """The meanings of a word, of its two halves where it is written of two; empty for noise, None for a stranger."""
    words, noise = _words()
    if word in noise:
        return frozenset()
    if word in words:
        return words[word]
    if _WITHOUT_BLANKS.match(word):
        return _of_signs(word)
    for at in range(_SHORTEST_PART, len(word) - _SHORTEST_PART + 1):
        first, second = word[:at], word[at:]
        # German and Dutch join words with an s: Versandsdatum, bedrijfsnaam.
        own = words.get(first) or words.get(first.removesuffix("s"))
        if own and second in words:
            return own | words[second]
    return None


def _of_signs(word: str) -> frozenset[str] | None:
    """The meanings of the words that a text written without blanks is made of, the longest first: 送信日時."""
    words, noise = _words()
    found: set[str] = set()
    at = 0
    while at < len(word):
        end = next((end for end in range(len(word), at, -1) if word[at:end] in words or word[at:end] in noise), at)
        if end == at:
            return None
        found |= words.get(word[at:end], frozenset())
        at = end
    return frozenset(found)


@cache
def _words() -> tuple[dict[str, frozenset[str]], frozenset[str]]:
    table = knowledge.load_toml(_file())
    found: dict[str, set[str]] = {}
    for meaning, words in table["words"].items():
        for word in words:
            found.setdefault(_bare(word), set()).add(meaning)
    return {word: frozenset(meanings) for word, meanings in found.items()}, frozenset(
        map(_bare, table["noise"]["words"])
    )


@cache
def _fields() -> tuple[_Field, ...]:
    return tuple(
        _Field(one["name"], tuple(map(frozenset, one["made_of"])), frozenset(one["beside"]))
        for one in knowledge.load_toml(_file())["field"]
    )


def _file() -> Path:
    return knowledge.data_folder("rules") / "platforms" / "words.toml"
