"""One failure reported more than once: which copy is kept, and of which the others are duplicates."""

from __future__ import annotations

import numpy as np
import pandas as pd

#: Reasons that leave open what exactly was wrong; a copy with another one tells more.
_VAGUE = ("", "unspecified", "recipient_rejected", "expired", "policy", "server_error")


def duplicate_of(bounces: pd.DataFrame) -> pd.Series:
    """For each bounce the record_id of the kept copy, "" for those that are kept.

    bounces: `record_id`, `send_id` (-1 unmatched), `kind`, `label`, `reason`, `status`, `diagnostic`, `received`.
    Two bounces are one failure when they have the same record_id, or are bounces of the same send. A complaint is
    another matter than a bounce of the same send: both are kept.
    """
    # The same record read from two places may have been matched in one of them only.
    matched = bounces["send_id"].where(bounces["send_id"] >= 0)
    send = matched.fillna(matched.groupby(bounces["record_id"]).transform("first"))
    by_send = pd.Series("send ", index=bounces.index) + send.fillna(-1).astype("int64").astype("str")
    identity = by_send.where(send.notna(), "record " + bounces["record_id"])
    rank = pd.DataFrame(
        {
            "identity": identity + " " + bounces["kind"],
            "unmatched": bounces["send_id"] < 0,
            "undecided": ~bounces["label"].isin(("hard", "spam")),
            "vague": bounces["reason"].isin(_VAGUE),
            "without_status": bounces["status"] == "",
            "shortness": -bounces["diagnostic"].str.len(),
            "age": -bounces["received"].to_numpy(dtype="datetime64[ns]").view(np.int64).astype(float),
        }
    )
    best_first = rank.sort_values(
        ["identity", "unmatched", "undecided", "vague", "without_status", "shortness", "age"], kind="stable"
    )
    kept = ~best_first["identity"].duplicated()
    keeper = bounces["record_id"].reindex(best_first.index).where(kept).ffill()
    return keeper.where(~kept, "").reindex(bounces.index).fillna("").astype("str")
