"""What a word, a count or a time in a column of marks says of a row: bounced, perhaps bounced, complained, never sent.

The words lie in `rules/flags.toml`.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pandas as pd

from analyzer import knowledge
from analyzer.sources.tables import parse_times
from analyzer.sources.tables.plausible import normalised

if TYPE_CHECKING:
    from collections.abc import Iterable

#: The lists of `flags.toml`; where a word stands in two, the first counts.
MEANINGS = ("not_sent", "maybe", "complaint", "yes", "sent", "no")
_BARE = frozenset({"true", "1", "10", "yes", "y", "x", "bounced", "bounce"})


def read_flags(column: pd.Series) -> pd.Series:
    """A column as "yes" (bounced), "maybe" (bounced, or held back), "complaint", "not_sent", or "" (no bounce).

    A time or a count is a yes: platforms put the moment of the bounce into such a column.
    """
    codes, distinct = pd.factorize(column.astype("str").fillna("").str.strip())
    words = pd.Series(distinct, dtype="str")
    said = words.map(_meaning).astype("str")
    said = said.mask(said.isin(("no", "sent")), "none")
    said = said.mask((said == "") & is_count_or_time(words), "yes").replace("none", "")
    return pd.Series(said.array.take(codes), index=column.index, dtype="str")


def says(column: pd.Series, meaning: str) -> pd.Series:
    """Which rows hold a word of that list of `flags.toml`."""
    codes, distinct = pd.factorize(column.astype("str").fillna("").str.strip())
    told = pd.Series([_meaning(word) == meaning for word in distinct], dtype=bool)
    return pd.Series(told.to_numpy()[codes] if len(told) else False, index=column.index, dtype=bool)


def is_known(words: pd.Series) -> pd.Series:
    """Whether a word says anything here: it is listed, or is a number or a time."""
    listed = words.map(_meaning) != ""
    return listed | _numbers(words).notna() | parse_times(words).notna()


def is_count_or_time(words: pd.Series) -> pd.Series:
    """Whether a text is a time, or a number of one or more; of one mail "100%" bounced, or "0%"."""
    number = _numbers(words)
    return (parse_times(words).notna() & number.isna()) | (number >= 1)


def _numbers(words: pd.Series) -> pd.Series:
    return pd.to_numeric(words.str.removesuffix("%").str.rstrip(), errors="coerce")


def is_plain(words: pd.Series) -> pd.Series:
    """Whether a flag is a bare yes or a time, so that it says nothing beyond "bounced"."""
    return words.map(normalised).isin(_BARE) | parse_times(words).notna()


def _meaning(word: str) -> str:
    return _vocabulary().get(normalised(word), "")


@cache
def _vocabulary() -> dict[str, str]:
    table: dict[str, Iterable[str]] = knowledge.load_toml(knowledge.data_folder("rules") / "flags.toml")
    return {normalised(word): meaning for meaning in reversed(MEANINGS) for word in table[meaning]}
