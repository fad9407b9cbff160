"""Columns of text as numbers into their distinct values: what a table of millions of rows is worked on as.

An encoded column is a pandas categorical whose categories are text (dtype "str") without blanks for missing values: a
column of ten million e-mail statuses is ten megabytes, and what is asked of its texts is asked six times. Plain columns
of text go through all functions here as well, so that small tables need not know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_SAMPLE = 10_000


def is_encoded(column: pd.Series) -> bool:
    """Whether the column is one that this module made, or one like it: text for categories, and no gaps."""
    if not isinstance(column.dtype, pd.CategoricalDtype) or not isinstance(column.cat.categories.dtype, pd.StringDtype):
        return False
    codes = column.cat.codes
    return not len(codes) or int(codes.min()) >= 0


def holds_encoded(frame: pd.DataFrame) -> bool:
    """Whether any column is encoded: then those that are added should be, too."""
    return any(isinstance(dtype, pd.CategoricalDtype) for dtype in frame.dtypes)


def encoded(column: pd.Series) -> pd.Series:
    """A column of text, encoded where its values repeat; as it is where they hardly do (ids of messages)."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column
    if not _repeats(column):
        # In one piece: rows can be taken out of it without putting it together each time.
        return pd.Series(pd.array(arrow(column), dtype="str"), index=column.index)
    codes, values = _factorized(column)
    return _from_codes(codes, values, column.index)


def recoded(codes: Any, values: pd.Series, index: pd.Index) -> pd.Series:
    """Row by row `values[codes]`, encoded. Values may repeat; codes are 0 and above."""
    places, distinct = _factorized(values)
    if len(distinct) < len(values):
        codes, values = places[np.asarray(codes)], distinct
    return _from_codes(codes, values, index)


def _from_codes(codes: Any, values: pd.Series, index: pd.Index) -> pd.Series:
    return pd.Series(pd.Categorical.from_codes(codes, dtype=_dtype(values), validate=False), index=index)


def constant(text: str, index: pd.Index) -> pd.Series:
    """The same text in every row, encoded."""
    return recoded(np.zeros(len(index), dtype=np.int8), pd.Series([text], dtype="str"), index)


def blank(frame: pd.DataFrame) -> pd.Series:
    """A column without a value, as the others of the frame are."""
    return filled(frame, "")


def filled(frame: pd.DataFrame, text: str) -> pd.Series:
    """A column with the same text in every row, as the others of the frame are."""
    return constant(text, frame.index) if holds_encoded(frame) else pd.Series(text, index=frame.index, dtype="str")


def distinct(column: pd.Series) -> pd.Series:
    """The categories of an encoded column, in the order of its codes."""
    return pd.Series(column.cat.categories.array)


def texts(column: pd.Series) -> pd.Series:
    """The column as plain text."""
    return column.astype("str") if isinstance(column.dtype, pd.CategoricalDtype) else column


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with no encoded column."""
    return frame.assign(**{str(name): texts(frame[name]) for name in frame.columns}) if holds_encoded(frame) else frame


def over_distinct(column: pd.Series, function: Callable[[pd.Series], pd.Series]) -> pd.Series:
    """What `function` makes of each text, asked once for each category of an encoded column; text stays encoded."""
    if not is_encoded(column):
        return function(texts(column))
    values = distinct(column)
    found = function(values)
    if found is values:
        return column
    if isinstance(found.dtype, pd.StringDtype):
        return recoded(column.cat.codes.to_numpy(), found, column.index)
    return pd.Series(found.array.take(column.cat.codes.to_numpy()), index=column.index)


def asked_once(column: pd.Series, function: Callable[[pd.Series], pd.Series]) -> pd.Series:
    """The same, and once for each distinct text of a plain column, too."""
    if is_encoded(column):
        return over_distinct(column, function)
    codes, values = pd.factorize(column)
    found = function(pd.Series(values, dtype="str"))
    return pd.Series(found.array.take(codes), index=column.index)


def spread(values: pd.Series, place: Any, like: pd.Series) -> pd.Series:
    """Row by row `values[place]`, encoded where `like` is, with its index."""
    if isinstance(like.dtype, pd.CategoricalDtype):
        return recoded(place, values.astype("str"), like.index)
    return pd.Series(values.array.take(place), index=like.index)


def either(first: pd.Series, says: Any, second: pd.Series) -> pd.Series:
    """`first` in the rows where `says`, else `second`; encoded where both are."""
    if not (is_encoded(first) and is_encoded(second)):
        return texts(first).where(says, texts(second))
    if np.all(says):
        return first
    values = pd.concat([distinct(first), distinct(second)], ignore_index=True)
    behind = second.cat.codes.to_numpy().astype(np.int32) + np.int32(len(first.cat.categories))
    codes = np.where(np.asarray(says), first.cat.codes.to_numpy(), behind)
    return recoded(codes, values, first.index)


def stacked(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The frames below one another, numbered anew; a column stays encoded where it is in all."""
    if len(frames) == 1:
        return frames[0].reset_index(drop=True)
    columns = {}
    for name in frames[0].columns:
        parts = [frame[name] for frame in frames if name in frame.columns]
        if len(parts) == len(frames) and all(map(is_encoded, parts)):
            values = pd.concat([distinct(part) for part in parts], ignore_index=True)
            starts = np.cumsum([0, *(len(part.cat.categories) for part in parts)])
            shifted = [part.cat.codes.to_numpy() + start for part, start in zip(parts, starts[:-1], strict=True)]
            columns[name] = recoded(np.concatenate(shifted), values, pd.RangeIndex(sum(map(len, parts))))
    if not columns:
        return pd.concat(frames, ignore_index=True)
    rest = pd.concat([plain(frame.drop(columns=list(columns))) for frame in frames], ignore_index=True)
    every = list(dict.fromkeys(name for frame in frames for name in frame.columns))
    return pd.DataFrame({name: columns[name] if name in columns else rest[name] for name in every})


def numbered(column: pd.Series, *, gaps: bool = False) -> tuple[Any, pd.Series]:
    """(each row's number, the different values), numbered as they come; rows without a value have the number -1, with
    `gaps` one as if they had a value.

    A column that is encoded, or numbered so already, needs no looking up of ten million values.
    """
    if is_encoded(column):
        codes = column.cat.codes.to_numpy()
        order = _order(codes, len(column.cat.categories))
        found = distinct(column).iloc[order].reset_index(drop=True)
        if (order == np.arange(len(order))).all():
            return codes, found
        place = np.empty(len(column.cat.categories), dtype=np.int64)
        place[order] = np.arange(len(order))
        return place[codes], found
    if column.dtype == np.int64 and len(column) and _come_in_order(column.to_numpy()):
        return column.to_numpy(), pd.Series(np.arange(column.max() + 1))
    codes, found = pd.factorize(column, use_na_sentinel=not gaps)
    return codes, pd.Series(found)


def _come_in_order(codes: Any) -> bool:
    """Whether the first row has 0, and no row a number that is more than one above those before it."""
    highest = np.maximum.accumulate(codes)
    return bool(codes[0] == 0 and codes.min() == 0 and (highest[1:] - highest[:-1] <= 1).all())


def _order(codes: Any, size: int) -> Any:
    """The codes (0 to size - 1) that any row has, by the first row of each."""
    if len(codes) and _come_in_order(codes):
        return np.arange(int(codes.max()) + 1)
    # Where there are few values, the first rows have them all.
    for rows in (codes[: 100 * size], codes):
        first = np.full(size, len(rows))
        first[rows[::-1]] = np.arange(len(rows))[::-1]
        if (first < len(rows)).all():
            break
    return np.argsort(first, kind="stable")[: int((first < len(rows)).sum())]


def in_order(column: pd.Series) -> pd.Series:
    """An encoded column with its categories sorted, so that it sorts and groups as its texts do."""
    if not is_encoded(column):
        return column
    values = distinct(column)
    order = values.argsort(kind="stable").to_numpy()
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    return recoded(place[column.cat.codes.to_numpy()], values.iloc[order].reset_index(drop=True), column.index)


def places_in(values: pd.Series, among: pd.Series) -> Any:
    """For each text its first place in `among`, -1 where it is not there."""
    found = pc.index_in(arrow(values), value_set=arrow(among))
    return np.asarray(pc.fill_null(found, -1)).astype(np.int64)


def arrow(column: pd.Series) -> pa.Array:
    """The texts as one Arrow array."""
    array = _in_chunks(column)
    return array.chunk(0) if array.num_chunks == 1 else array.combine_chunks()


def _in_chunks(column: pd.Series) -> pa.ChunkedArray:
    array = pa.array(column, type=pa.large_string(), from_pandas=True)
    return array if isinstance(array, pa.ChunkedArray) else pa.chunked_array([array])


def _factorized(column: pd.Series) -> tuple[Any, pd.Series]:
    """(codes, distinct values), numbered as they come."""
    # Arrow gives all chunks of a column one dictionary.
    found = _in_chunks(column).dictionary_encode()
    if not found.num_chunks:
        return np.zeros(0, dtype=np.int32), pd.Series([], dtype="str")
    codes = np.concatenate([chunk.indices.to_numpy(zero_copy_only=False) for chunk in found.chunks])
    return codes, pd.Series(pd.array(found.chunk(0).dictionary, dtype="str"))


def _dtype(values: pd.Series) -> Any:
    """pandas proves that categories differ, with an object for each; these come from a dictionary, and do."""
    quick = getattr(pd.CategoricalDtype, "_from_fastpath", None)
    categories = pd.Index(values)
    return quick(categories, False) if quick else pd.CategoricalDtype(categories)


def _repeats(column: pd.Series) -> bool:
    """Whether values come twice or more, by the collisions in a sample (about n² / 2 D where n of D are drawn)."""
    rows = len(column)
    if not rows:
        return True
    places = np.unique(np.random.default_rng(0).integers(0, rows, min(_SAMPLE, rows)))
    found, at = [], 0
    # Out of each chunk by itself: Arrow would put them together first.
    for chunk in _in_chunks(column).chunks:
        first, last = np.searchsorted(places, (at, at + len(chunk)))
        found.append(chunk.take(pa.array(places[first:last] - at)))
        at += len(chunk)
    collisions = len(places) - pc.count_distinct(pa.chunked_array(found)).as_py()
    return bool(collisions >= len(places) * min(0.5, len(places) / rows))
