"""The Message-IDs of a log: in the spelling that they are compared by, and the rows that hold one of some.

Ten million of them are gone through a part at a time, so that no more than a part is ever held in a second spelling.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.correlate.clues import normalise_message_id
from analyzer.sources.tables.encoded import arrow, texts

if TYPE_CHECKING:
    from typing import TypeAlias

    Rows: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]

_PART = 500_000
_SIMPLE = r"^<?[^<> \t\r\n]*>?$"
_TEXT = pa.large_string()


def message_keys(column: pd.Series) -> pd.Series:
    """Message-IDs without brackets, blanks and case (RFC 5322, 3.6.4)."""
    return pd.Series(pd.array(_keys(arrow(column)), dtype="str"), index=column.index)


def fronts(keys: pd.Series) -> pd.Series:
    """What stands before the first "@", the whole where there is none."""
    return pd.Series(pd.array(_fronts(arrow(keys)), dtype="str"), index=keys.index)


def find_ids(
    column: pd.Series, wanted: Collection[str], wanted_fronts: Collection[str], wanted_domains: Collection[str]
) -> tuple[Rows, frozenset[str]]:
    """(the rows whose key is `wanted`, or whose front is one of `wanted_fronts`; those of the domains that occur).

    A domain is what stands behind the last "@", the whole id where there is none.
    """
    ids, starts = (pa.array(sorted(found), _TEXT) for found in (wanted, wanted_fronts))
    domains = frozenset(wanted_domains) - {""}

    def search(place: int) -> tuple[Rows, frozenset[str]]:
        keys = _keys(arrow(texts(column.iloc[place : place + _PART])))
        rows = np.zeros(len(keys), dtype=bool)
        if len(ids):
            rows |= np.asarray(pc.is_in(keys, value_set=ids))
        if len(starts):
            rows |= np.asarray(pc.is_in(_fronts(keys), value_set=starts))
        return rows, domains & _domains(keys) if domains else frozenset()

    if len(column) <= _PART:
        return search(0)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = list(pool.map(search, range(0, len(column), _PART)))
    return np.concatenate([rows for rows, _ in found]), frozenset().union(*(names for _, names in found))


def _keys(ids: pa.Array) -> pa.Array:
    # Text of ASCII alone is trimmed and folded ten times as fast, to the same.
    if pc.all(pc.string_is_ascii(ids)).as_py():
        keys = pc.ascii_lower(pc.ascii_trim(ids, "<>"))
    else:
        keys = pc.utf8_lower(pc.utf8_trim(ids, "<>"))
    simple = pc.match_substring_regex(ids, _SIMPLE)
    if pc.all(simple).as_py() in (True, None):
        return keys
    mended = [normalise_message_id(text) for text in ids.filter(pc.invert(simple)).to_pylist()]
    return pc.replace_with_mask(keys, pc.invert(simple), pa.array(mended, _TEXT))


def _fronts(keys: pa.Array) -> pa.Array:
    return pc.list_element(pc.split_pattern(keys, "@", max_splits=1), 0) if len(keys) else keys


def _domains(keys: pa.Array) -> frozenset[str]:
    """What stands behind the last "@" of any key. Nearly all are of a few domains: these need only be recognised."""
    common = _behind(keys[:1000])
    rest = keys
    for domain in sorted(common)[:8]:
        rest = rest.filter(pc.invert(pc.ends_with(rest, f"@{domain}")))
    return common | _behind(rest)


def _behind(keys: pa.Array) -> frozenset[str]:
    return frozenset(pc.unique(pc.replace_substring_regex(keys, r"(?s)^.*@", "")).to_pylist())
