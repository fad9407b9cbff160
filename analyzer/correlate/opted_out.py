"""Leads who asked not to be written to again, as logs and lists say it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analyzer.correlate.flags import read_flags
from analyzer.sources.tables.encoded import over_distinct
from analyzer.sources.tables.plausible import flag_words, normalised

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    import pandas as pd

    Flags = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]

#: Columns in which it is one word among others.
_STATES = ("state", "event", "bounced")
#: The columns that may say it.
SAID_IN = ("opted_out", *_STATES)


def opted_out(columns: Mapping[str, pd.Series[Any]], rows: int) -> Flags:
    """Which of a table's rows say so: in a column of its own with yes or a time, else as a state or an event.

    columns: those of SAID_IN that are there, as text.
    """
    chosen = np.zeros(rows, dtype=np.bool_)
    for name, column in columns.items():
        chosen |= over_distinct(column, _says if name in _STATES else _says_yes).to_numpy(dtype=np.bool_)
    return chosen


def _says(column: pd.Series[Any]) -> pd.Series[Any]:
    words = flag_words("opted_out")
    return column.map(lambda word: normalised(word) in words).astype(bool)


def _says_yes(column: pd.Series[Any]) -> pd.Series[Any]:
    return _says(column) | (read_flags(column) == "yes")
