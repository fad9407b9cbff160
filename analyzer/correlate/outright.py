"""Bounces that name their mail outright: by a Message-ID that one mail alone has, and that mail's own recipient.

They need no weighing of one clue against another, so they are matched as columns. The answer is what `match` finds when
it looks at them one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.correlate.message_ids import message_keys, rows_with
from analyzer.sources.tables.encoded import arrow, texts

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Outright:
    """`row`: the place of each bounce's mail among the sends, -1 for a bounce to be looked at one by one.

    `domains`: how many were found by the ids of each domain (what stands behind the last "@").
    """

    row: NDArray[np.int64]
    domains: dict[str, int]


def named_outright(bounces: pd.DataFrame, sends: pd.DataFrame, *, but: NDArray[np.bool_] | None = None) -> Outright:
    """bounces: `key`, `original_key`, `original_message_id`, `original_headers`; sends: `key`, `message_id`.

    but: rows to be left to the careful look.
    """
    row = np.full(len(bounces), -1, dtype=np.int64)
    keys = arrow(message_keys(bounces["original_message_id"]))
    # Returned headers with ids of their own, and ids in other than ASCII, are read with care.
    with_ids = pc.match_substring(arrow(bounces["original_headers"]), "message-id", ignore_case=True)
    plain = np.asarray(pc.and_(pc.string_is_ascii(keys), pc.invert(with_ids))) & (
        np.asarray(pc.binary_length(keys)) > 0
    )
    asked = np.flatnonzero(plain if but is None else plain & ~but)
    ids = pc.unique(keys.take(pa.array(asked)))
    if not len(ids):
        return Outright(row, {})
    found, which = rows_with(sends["message_id"], ids)
    alone = np.bincount(which, minlength=len(ids)) == 1
    mail = np.full(len(ids), -1, dtype=np.int64)
    mail[which] = found
    place = np.where(alone, mail, -1)[np.asarray(pc.index_in(keys.take(pa.array(asked)), value_set=ids))]
    asked, place = asked[place >= 0], place[place >= 0]
    to = texts(sends["key"].iloc[place]).to_numpy()
    named = (bounces["key"].iloc[asked].to_numpy() == to) | (bounces["original_key"].iloc[asked].to_numpy() == to)
    asked, place = asked[named], place[named]
    row[asked] = place
    behind = pc.value_counts(pc.replace_substring_regex(keys.take(pa.array(asked)), r"(?s)^.*@", ""))
    return Outright(row, {each["values"].as_py(): each["counts"].as_py() for each in behind})
