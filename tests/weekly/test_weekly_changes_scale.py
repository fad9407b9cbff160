"""A team may send from a thousand domains: each is compared by its own mails, not by those of all."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from analyzer.diagnose import weekly_changes
from analyzer.diagnose.weekly_changes import changes
from analyzer.history.counts import Counts
from analyzer.history.iso_weeks import Weeks

DOMAINS, WEEKS = 60, 6


def counted() -> Counts:
    """Every domain sends in each week; domain 7 is refused for the first time in the last."""
    names = [f"us{number}.example" for number in range(DOMAINS)]
    mails = pd.DataFrame(
        [(week, name, "1", 500) for week in range(WEEKS) for name in names],
        columns=["week", "value", "step", "sends"],
    )
    whole = mails.groupby(["week", "step"], as_index=False)["sends"].sum().assign(value="")
    rows = [(week, name) for week in range(WEEKS) for name in names] + [(WEEKS - 1, names[7])] * 80
    bounced = pd.DataFrame(rows, columns=["week", "sender_domain"]).assign(
        reason="auth_failure", label="spam", fault="sender", day="2026-03-09", recipient_domain="x.example"
    )
    labels = tuple(f"2026-W{number + 1:02d}" for number in range(WEEKS))
    sends = {"": whole, "sender_domain": mails, "recipient_domain": mails.iloc[:0]}
    return Counts(Weeks(labels, tuple(range(WEEKS + 1))), sends, {}, bounced, "")


def test_what_is_looked_at_grows_with_the_mails_and_not_with_their_square(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    plain = weekly_changes.exposure

    def counting(frame: pd.DataFrame, *rest: Any) -> Any:
        seen.append(len(frame))
        return plain(frame, *rest)

    monkeypatch.setattr(weekly_changes, "exposure", counting)
    found = changes(counted(), {}, q_value=0.05)
    assert [(one.dimension, one.value, one.kind) for one in found] == [("sender_domain", "us7.example", "worse")]
    assert sum(seen) <= 4 * DOMAINS * WEEKS
