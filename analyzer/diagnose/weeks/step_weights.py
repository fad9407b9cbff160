"""How much more or less the mails of each sequence step bounce, so that weeks with other steps compare.

A sequence's first mails meet the bad addresses; its later ones reach leads whose first mail arrived. Without this every
new sequence would look like an alarm and every week of follow-ups like a cure. A step's weight is its rate over that of
all mail, in all weeks together, drawn towards 1 where it has little mail.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from analyzer.diagnose.weeks.alarms import Measure
    from analyzer.history.counts import Counts

#: The weight of each step; a step that is not named has weight 1.
Weights: TypeAlias = "Mapping[str, float]"
#: A step is believed to be like all others, worth this many mails.
_STRENGTH = 200.0
_LEAST, _MOST = 0.02, 20.0


def step_weights(counts: Counts, measure: Measure) -> Weights:
    """The weights for `hard` or `spam`; {} where nothing bounced or the log names no step."""
    mails = counts.sends[""].groupby("step")["sends"].sum()
    rows = counts.bounced[counts.bounced["label"] == measure]
    if len(mails) < 2 or rows.empty:
        return {}
    back = rows.groupby("step").size().reindex(mails.index, fill_value=0)
    rate = len(rows) / float(mails.sum())
    own = (back + _STRENGTH * rate) / (mails + _STRENGTH)
    return {str(step): float(weight) for step, weight in (own / rate).clip(_LEAST, _MOST).items()}


def exposure(frame: pd.DataFrame, values: Sequence[str], weeks: int, weights: Weights) -> NDArray[Any]:
    """Mails of `frame` (`week`, `value`, `step`, `sends`), each weighed by its step: (values, weeks)."""
    place = pd.Index(values).get_indexer(pd.Index(frame["value"]))
    weight = frame["step"].map(weights).fillna(1.0).to_numpy(dtype=float) if weights else 1.0
    found = np.zeros((len(values), weeks))
    known = place >= 0
    mails = frame["sends"].to_numpy(dtype=float) * weight
    np.add.at(found, (place[known], frame["week"].to_numpy(dtype=np.int64)[known]), mails[known])
    return found
