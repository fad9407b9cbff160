"""A team may send from a thousand domains: each is compared by its own mails, not by those of all."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from analyzer.diagnose.weeks import changes as weekly_changes
from analyzer.diagnose.weeks.changes import changes
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


@pytest.mark.parametrize(
    ("now", "alarm", "told"),
    [
        # 9 of 1,350 before, 10 of 450 now: quiet weeks differ so far.
        (10, False, []),
        (16, False, []),
        (26, False, ["worse"]),
        # Where all hard bounces are in alarm, the reason that they rose for is named.
        (16, True, ["worse"]),
    ],
)
def test_a_rise_that_chance_explains_is_no_change(now: int, alarm: bool, told: list[str]) -> None:
    """Four reasons were looked at, and three weeks do not teach what is usual to the decimal."""
    weekly = {"user_unknown": (3, 3, 3, now), "mailbox_full": (2, 3, 2, 2), "network_error": (1, 2, 0, 1)}
    rows = [(week, reason) for reason, back in weekly.items() for week, count in enumerate(back) for _ in range(count)]
    bounced = pd.DataFrame(rows, columns=["week", "reason"]).assign(
        sender_domain="us.example", label="hard", fault="address", day="2026-03-09", recipient_domain="x.example"
    )
    mails = pd.DataFrame([(week, "", "1", 450) for week in range(4)], columns=["week", "value", "step", "sends"])
    labels = tuple(f"2026-W{number + 1:02d}" for number in range(4))
    sends = {"": mails, "sender_domain": mails.iloc[:0], "recipient_domain": mails.iloc[:0]}
    counts = Counts(Weeks(labels, tuple(range(5))), sends, {}, bounced, "")
    found = changes(counts, {}, q_value=0.01, risen=["hard"] if alarm else [])
    assert [one.kind for one in found] == told
