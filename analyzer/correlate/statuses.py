"""What verifiers and platforms say of an address, in the six words of `EMAIL_STATUSES`.

The vocabularies lie in `rules/statuses.toml`.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

import pandas as pd

from analyzer import knowledge
from analyzer.errors import RuleError
from analyzer.records import EMAIL_STATUSES
from analyzer.sources.tables.plausible import status_in_words

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_NUMBER = re.compile(r"-?\d+")
_CATCH_ALL_MARK = re.compile(r"(?:(?<!\s)\s+)?\(catch-all\)$")


def normalise_statuses(column: pd.Series, platform: str = "") -> pd.Series:
    """A column of verification results as `verified guessed catch_all risky unknown invalid`.

    `platform` is its name or title ("quickmail"): some platforms use a common word in their own sense. Blank and
    unknown words are "unknown". Behind a status, " (catch-all)" says that the domain takes every address.
    """
    distinct = column.astype("str").fillna("").drop_duplicates()
    platform = whose_words(distinct, platform)
    words = {value: normalise_status(value, platform) for value in distinct}
    return column.astype("str").fillna("").map(words).astype("str")


def whose_words(values: Iterable[str], platform: str = "") -> str:
    """The platform whose words a column's values are: `platform`, or else the only one with just these numbers.

    A list goes from tool to tool with its columns as they were. A number with a minus sign is nobody's word but a
    platform's code; without any, 1 to 5 may be stars.
    """
    said = {_key(value) for value in values} - {""}
    strange = said - _vocabulary(_key(platform)).keys()
    if not strange or not all(map(_NUMBER.fullmatch, said)) or not any(value.startswith("-") for value in said):
        return platform
    owners = [name for name in _platforms() if said <= _vocabulary(_key(name)).keys()]
    return owners[0] if len(owners) == 1 else platform


def normalise_status(value: str, platform: str = "") -> str:
    """One verification result."""
    words = _vocabulary(_key(platform))
    bare = _CATCH_ALL_MARK.sub("", value)
    status = words.get(_key(bare)) or status_in_words(bare, words) or "unknown"
    return "catch_all" if bare != value and status != "invalid" else status


def is_known_status(value: str, platform: str = "") -> bool:
    """Whether the vocabulary lists the word; what it does not list has become "unknown"."""
    words, bare = _vocabulary(_key(platform)), _CATCH_ALL_MARK.sub("", value)
    return _key(bare) in words or bool(status_in_words(bare, words))


def _key(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    # The sign of a number code is all that tells Instantly's "verified" from its "invalid".
    if _NUMBER.fullmatch(folded.strip()):
        return folded.strip()
    return "".join(character for character in folded if character.isalnum())


@cache
def _platforms() -> tuple[str, ...]:
    """The names of the sections that are some platform's."""
    return tuple(name for name in knowledge.load_toml(_file()) if name != "any")


def _file() -> Path:
    return knowledge.data_folder("rules") / "statuses.toml"


@cache
def _vocabulary(platform: str) -> dict[str, str]:
    path = _file()
    table: dict[str, dict[str, list[str]]] = knowledge.load_toml(path)
    words: dict[str, str] = {}
    for section in ("any", *(name for name in table if name != "any" and _key(name) == platform)):
        own: dict[str, str] = {}
        for status, names in table[section].items():
            if status not in EMAIL_STATUSES:
                raise RuleError(str(path), f"[{section}] {status} is no status", f"use {', '.join(EMAIL_STATUSES)}")
            for name in names:
                if own.setdefault(_key(name), status) != status:
                    raise RuleError(str(path), f"[{section}] lists {name!r} twice", "keep one")
        words |= own
    return words
