"""What a backtest may know before a campaign: the bounces that were back by then, and none that came later."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from diagnose_builder import Block, campaign

from analyzer.diagnose.backtest import backtest


@pytest.mark.parametrize(
    ("first", "second", "advice"),
    [
        ("2026-03-03T09:05:00Z", None, "reverify"),
        # The failure is told of again, by another source, when the next campaign is out.
        ("2026-03-03T09:05:00Z", "2026-04-03T09:05:00Z", "reverify"),
        ("2026-04-03T09:05:00Z", "2026-03-03T09:05:00Z", "reverify"),
        ("2026-04-03T09:05:00Z", None, "max_quantity"),
    ],
)
def test_a_failure_is_known_from_its_first_copy_on(first: str, second: str | None, advice: str) -> None:
    made = campaign(
        Block(2000, bounced={"user_unknown": 300}),
        Block(400, campaign="summer", sent_at="2026-04-01T09:00:00Z", bounced={"user_unknown": 60}),
    )
    bounces = made.bounces.assign(received_at=first)
    if second is not None:
        again = bounces.assign(received_at=second, duplicate_of=bounces["record_id"], record_id="x")
        bounces = pd.concat([bounces, again], ignore_index=True)
    sends = made.sends.assign(lead=range(len(made.sends)))
    (step,) = backtest(replace(made, sends=sends, bounces=bounces), tolerance=0.05, seed=1).steps
    assert step.recommendation == advice
