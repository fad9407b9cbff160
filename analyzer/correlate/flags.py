"""What a log's bounced or state column says of a row: bounced, perhaps bounced, never sent.

The words lie in `rules/flags.toml`.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import TYPE_CHECKING

import pandas as pd

from analyzer import knowledge
from analyzer.sources.tables import parse_times

if TYPE_CHECKING:
    from collections.abc import Iterable


def read_flags(column: pd.Series) -> pd.Series:
    """A column as "yes" (bounced), "maybe" (bounced, or held back), "not_sent", or "" (no bounce).

    A time or a count is a yes: platforms put the moment of the bounce into such a column.
    """
    codes, distinct = pd.factorize(column.astype("str").fillna("").str.strip())
    words = pd.Series(distinct, dtype="str")
    said = words.map(_meaning).astype("str")
    number = pd.to_numeric(words, errors="coerce")
    is_time = parse_times(words).notna() & (number.isna() | (number >= 1))
    said = said.mask((said == "") & (is_time | (number >= 1)), "yes")
    return pd.Series(said.array.take(codes), index=column.index, dtype="str")


def is_plain(words: pd.Series) -> pd.Series:
    """Whether a flag is a bare yes or a time, so that it says nothing beyond "bounced"."""
    bare = {"true", "1", "yes", "y", "x", "bounced", "bounce", "1.0"}
    return words.str.lower().isin(bare) | parse_times(words).notna()


def _meaning(word: str) -> str:
    return _vocabulary().get(_key(word), "")


def _key(text: str) -> str:
    return "".join(character for character in unicodedata.normalize("NFKC", text).casefold() if character.isalnum())


@cache
def _vocabulary() -> dict[str, str]:
    table: dict[str, Iterable[str]] = knowledge.load_toml(knowledge.data_folder("rules") / "flags.toml")
    return {_key(word): meaning for meaning in ("not_sent", "maybe", "yes") for word in table[meaning]}
