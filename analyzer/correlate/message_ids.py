"""The Message-IDs of a log: in the spelling that they are compared by, and the rows that hold one of some.

Ten million of them are gone through a part at a time, so that no more than a part is ever held in a second spelling.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.correlate.clues import normalise_message_id
from analyzer.sources.tables.encoded import arrow, texts

if TYPE_CHECKING:
    from typing import Any, TypeAlias

    from numpy.typing import NDArray

    Places: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.integer[Any]]]
    Rows: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]

_PART = 500_000
_SIMPLE = r"^<?[^<> \t\r\n]*>?$"
_TEXT = pa.large_string()
Found = TypeVar("Found")


def message_keys(column: pd.Series) -> pd.Series:
    """Message-IDs without brackets, blanks and case (RFC 5322, 3.6.4)."""
    return pd.Series(pd.array(_keys(arrow(column)), dtype="str"), index=column.index)


def fronts(keys: pd.Series) -> pd.Series:
    """What stands before the first "@", the whole where there is none."""
    return pd.Series(pd.array(_fronts(arrow(keys)), dtype="str"), index=keys.index)


def rows_with(column: pd.Series, ids: pa.Array) -> tuple[Places, Places]:
    """(the places of the rows whose key is one of `ids`, which of them each has); `ids` are different keys."""

    def search(place: int) -> tuple[Places, Places]:
        keys = _keys(arrow(texts(column.iloc[place : place + _PART])))
        which = np.asarray(pc.fill_null(pc.index_in(keys, value_set=ids), -1)).astype(np.int64)
        rows = np.flatnonzero(which >= 0)
        return rows + place, which[rows]

    found = _by_parts(search, len(column))
    return np.concatenate([rows for rows, _ in found]), np.concatenate([which for _, which in found])


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
            rows |= _with_front(keys, starts)
        return rows, domains & _domains(keys) if domains else frozenset()

    if not (len(ids) or len(starts) or domains):
        return np.zeros(len(column), dtype=bool), frozenset()
    found = _by_parts(search, len(column))
    return np.concatenate([rows for rows, _ in found]), frozenset().union(*(names for _, names in found))


def _by_parts(search: Callable[[int], Found], rows: int) -> list[Found]:
    """What `search` finds in the part that begins at each place; Arrow leaves Python's lock alone meanwhile."""
    if rows <= _PART:
        return [search(0)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(search, range(0, rows, _PART)))


def _keys(ids: pa.Array) -> pa.Array:
    # Nearly all are ASCII without blanks or brackets inside: trimmed and folded ten times as fast, to the same.
    keys = pc.ascii_lower(pc.ascii_trim(ids, "<>"))
    if not keys.null_count and _is_plain(_letters(keys)[1]):
        return keys
    keys = pc.utf8_lower(pc.utf8_trim(ids, "<>"))
    simple = pc.match_substring_regex(ids, _SIMPLE)
    if pc.all(simple).as_py() in (True, None):
        return keys
    mended = [normalise_message_id(text) for text in ids.filter(pc.invert(simple)).to_pylist()]
    return pc.replace_with_mask(keys, pc.invert(simple), pa.array(mended, _TEXT))


def _is_plain(letters: NDArray[np.uint8]) -> bool:
    """Whether all bytes are ASCII, none of them a blank or a bracket."""
    if not len(letters):
        return True
    inside = letters.tobytes()
    return bool(letters.min() > ord(" ") and letters.max() < 128) and b"<" not in inside and b">" not in inside


def _letters(keys: pa.Array) -> tuple[Places, NDArray[np.uint8]]:
    """(where each text begins and the last one ends, the bytes of all of them one after the other)."""
    _, places, data = keys.buffers()
    ends = np.frombuffer(places, dtype=np.int64)[keys.offset : keys.offset + len(keys) + 1]
    if not len(ends) or data is None:
        return np.zeros(len(keys) + 1, dtype=np.int64), np.zeros(0, dtype=np.uint8)
    return ends - ends[0], np.frombuffer(data, dtype=np.uint8)[ends[0] : ends[-1]]


def _with_front(keys: pa.Array, starts: pa.Array) -> Rows:
    """The keys whose front is one of `starts`; only fronts as long as one of these are cut out."""
    ends, letters = _letters(keys)
    at = np.flatnonzero(letters == ord("@"))
    rows = np.zeros(len(keys), dtype=bool)
    if len(at) == len(keys) and bool(((ends[:-1] <= at) & (at < ends[1:])).all()):
        rows = np.isin(at - ends[:-1], np.unique(np.asarray(pc.binary_length(starts))))
        keys = keys.filter(pa.array(rows))
    else:
        rows[:] = True
    rows[rows] = np.asarray(pc.is_in(_fronts(keys), value_set=starts), dtype=bool)
    return rows


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
