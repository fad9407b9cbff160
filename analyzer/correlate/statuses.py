"""What verifiers and platforms say of an address, in the six words of `EMAIL_STATUSES`.

The vocabularies lie in `rules/statuses.toml`.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

import pandas as pd

from analyzer import knowledge
from analyzer.errors import RuleError
from analyzer.records import EMAIL_STATUSES

_CATCH_ALL_MARK = re.compile(r"(?:(?<!\s)\s+)?\(catch-all\)$")


def normalise_statuses(column: pd.Series, platform: str = "") -> pd.Series:
    """A column of verification results as `verified guessed catch_all risky unknown invalid`.

    `platform` is its name or title ("quickmail"): some platforms use a common word in their own sense. Blank and
    unknown words are "unknown". Behind a status, " (catch-all)" says that the domain takes every address.
    """
    distinct = column.astype("str").fillna("").drop_duplicates()
    words = {value: normalise_status(value, platform) for value in distinct}
    return column.astype("str").fillna("").map(words).astype("str")


def normalise_status(value: str, platform: str = "") -> str:
    """One verification result."""
    words = _vocabulary(_key(platform))
    bare = _CATCH_ALL_MARK.sub("", value)
    status = words.get(_key(bare), "unknown")
    return "catch_all" if bare != value and status != "invalid" else status


def is_known_status(value: str, platform: str = "") -> bool:
    """Whether the vocabulary lists the word; what it does not list has become "unknown"."""
    return _key(_CATCH_ALL_MARK.sub("", value)) in _vocabulary(_key(platform))


def _key(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    # The sign of a number code is all that tells Instantly's "verified" from its "invalid".
    if re.fullmatch(r"\s*-?\d+\s*", folded):
        return folded.strip()
    return "".join(character for character in folded if character.isalnum())


@cache
def _vocabulary(platform: str) -> dict[str, str]:
    path = knowledge.data_folder("rules") / "statuses.toml"
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
