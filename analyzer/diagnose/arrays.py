"""The three kinds of array that this stage passes around, and sums over groups."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

#: Positions in a list of values, or counts.
Codes: TypeAlias = NDArray[np.integer[Any]]
Flags: TypeAlias = NDArray[np.bool_]
Reals: TypeAlias = NDArray[np.floating[Any]]
Texts: TypeAlias = NDArray[np.object_]


def grouped(key: Codes) -> tuple[Codes, Codes]:
    """The different keys, and for each row which of them it has; unsorted, for that is three times as fast."""
    index, unique = pd.factorize(key)
    return np.asarray(unique), np.asarray(index)


def sums(group: Codes, amount: Codes | Flags | Reals, size: int = 0) -> Reals:
    """The total of `amount` in each group, as floats; at least `size` groups."""
    return np.bincount(group, weights=amount, minlength=size).astype(np.float64)
