"""The warnings of a diagnosis say what is so: what is counted, and how many."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from diagnose_builder import Block, campaign

from analyzer.correlate import Correlated
from analyzer.diagnose.caveats import warnings
from analyzer.diagnose.estimates.rates import totals
from analyzer.diagnose.leads.contacts import contacts


def told(correlated: Correlated) -> list[str]:
    counted = contacts(correlated)
    return warnings(correlated, counted, totals(counted))


@pytest.mark.parametrize(
    ("block", "says"),
    [
        (Block(150), ["Only 150 leads and no bounce: read the rates with their intervals."]),
        # What nothing says the cause of has come back all the same.
        (
            Block(150, bounced={"unspecified": 15}),
            [
                "The counts are small (150 leads, 0 hard bounces, 0 spam bounces and 15 unknown bounces): read the "
                "rates with their intervals."
            ],
        ),
        (
            Block(150, bounced={"user_unknown": 1}),
            [
                "The counts are small (150 leads, 1 hard bounce and 0 spam bounces): read the rates with their "
                "intervals."
            ],
        ),
        (Block(300, bounced={"unspecified": 30}), []),
        (Block(300), []),
    ],
)
def test_small_counts_are_told_with_every_kind_of_bounce(block: Block, says: list[str]) -> None:
    assert [line for line in told(campaign(block)) if "read the rates" in line] == says


@pytest.mark.parametrize(
    ("lost", "says"),
    [
        (1, "1 bounce of 40 (2.5 %) could not be tied to a mail in the log and is not in the rates."),
        (2, "2 bounces of 40 (5.0 %) could not be tied to a mail in the log and are not in the rates."),
    ],
)
def test_one_lost_bounce_is_told_in_the_singular(lost: int, says: str) -> None:
    made = campaign(Block(1000, bounced={"user_unknown": 30}))
    matching = replace(made.matching, bounces=40, matched=40 - lost, unmatched=lost)
    assert says in told(replace(made, matching=matching))


@pytest.mark.parametrize(("forged", "says"), [(1, "1 bounce. It is forged"), (3, "3 bounces. They are forged")])
def test_one_forged_bounce_is_told_in_the_singular(forged: int, says: str) -> None:
    made = campaign(Block(1000, bounced={"user_unknown": 30}))
    matching = replace(made.matching, bounces=40, unmatched=forged, suspected_forged=forged)
    assert any(says in line for line in told(replace(made, matching=matching)))


@pytest.mark.parametrize(
    ("late", "says"),
    [
        (1, "1 of 500 leads (0.2 %) was verified after it was written to"),
        (7, "7 of 500 leads (1.4 %) were verified after they were written to"),
    ],
)
def test_one_late_verification_is_told_in_the_singular(late: int, says: str) -> None:
    made = campaign(Block(500, bounced={"user_unknown": 9}))
    sent = pd.to_datetime(made.sends["sent_at"], utc=True)
    verified = sent - pd.Timedelta(days=9)
    verified.iloc[:late] = sent.iloc[:late] + pd.Timedelta(days=9)
    found = told(replace(made, sends=made.sends.assign(verified_at=verified)))
    assert any(line.startswith(says) for line in found)
