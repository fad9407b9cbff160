"""What a backtest may know before a campaign: the bounces that were back by then, and none that came later.

Leads of whom a part is missing are nobody's: neither what was known nor what came.
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from diagnose_builder import Block, campaign

from analyzer.correlate import Correlated
from analyzer.diagnose.backtest import backtest

DAY = "2026-03-{:02}T09:00:00Z"


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


def _by_lead(made: Correlated) -> Correlated:
    return replace(made, sends=made.sends.assign(lead=pd.factorize(made.sends["recipient"])[0]))


def test_leads_that_the_log_has_from_mid_sequence_on_are_not_known() -> None:
    # Every day until the 20th 40 leads begin, 4 of whom bounce, and have their second mail a week later. The log is
    # from the 8th on: of those who began before it only the 36 of a day whom the first mail reached.
    blocks = [
        block
        for day in range(1, 21)
        for block in (
            Block(40, sent_at=DAY.format(day), bounced={"user_unknown": 4}, domain=f"{day}.example"),
            Block(36, sent_at=DAY.format(day + 7), step="2", domain=f"{day}.example"),
        )
    ]
    made = campaign(
        *blocks, Block(400, campaign="summer", sent_at="2026-04-01T09:00:00Z", bounced={"user_unknown": 40})
    )
    spring = made.sends["campaign"] == "spring"
    place = made.sends.groupby(["campaign", "sent_at", "step"]).cumcount() + 4 * (made.sends["step"] == "2")
    mail = "p" + place.astype("str") + "." + made.sends["recipient"].str.partition("@")[2]
    sends = made.sends.assign(recipient=made.sends["recipient"].mask(spring, mail))
    log = sends[sends["sent_at"] >= pd.Timestamp(DAY.format(8))].reset_index(drop=True)
    tested = backtest(_by_lead(replace(made, sends=log)), tolerance=0.05, seed=1)
    (step,) = tested.steps
    assert step.known_leads == 13 * 40
    assert step.forecast.rate == pytest.approx(0.1, abs=0.02)
    assert tested.skipped[0].startswith("252 of 1,172 leads are in the log with later steps only")
    assert not tested.skipped[0].endswith(".")


def test_mailboxes_whose_bounces_were_not_given_are_neither_known_nor_came() -> None:
    blocks = [
        Block(300, campaign=name, sent_at=at, sender=f"s{box}@sender.example", bounced={"user_unknown": bounced})
        for name, at in (("spring", DAY.format(3)), ("summer", "2026-04-01T09:00:00Z"))
        for box, bounced in enumerate((30, 28, 32, 0, 0, 0))
    ]
    tested = backtest(_by_lead(campaign(*blocks)), tolerance=0.05, seed=1)
    (step,) = tested.steps
    assert (step.known_leads, step.leads, step.bounces) == (900, 900, 90)
    assert tested.skipped[0].startswith("No bounce of 3 of the 6 sending mailboxes was given")


def test_leads_to_verify_again_bound_what_verifying_would_have_avoided() -> None:
    made = _by_lead(
        campaign(
            Block(1000, bounced={"user_unknown": 120}),
            Block(400, campaign="summer", sent_at="2026-04-01T09:00:00Z", bounced={"user_unknown": 50}),
        )
    )
    tested = backtest(made, tolerance=0.05, seed=1)
    (step,) = tested.steps
    assert (step.recommendation, step.to_verify, step.to_verify_bounces) == ("reverify", 400, 50)
    assert (tested.to_verify, tested.to_verify_bounces) == (400, 50)
    calm = backtest(_by_lead(campaign(Block(1000), Block(400, campaign="b", sent_at="2026-04-01T09:00:00Z"))),
                    tolerance=0.05, seed=1)  # fmt: skip
    assert (calm.to_verify, calm.to_verify_bounces) == (0, 0)


def test_leads_of_whom_no_server_was_asked_are_neither_known_nor_came() -> None:
    blocks = [
        Block(600, campaign=name, sent_at=at, bounced={"ip_blocklisted": 300, "user_unknown": 24})
        for name, at in (("spring", DAY.format(3)), ("summer", "2026-04-01T09:00:00Z"))
    ]
    tested = backtest(_by_lead(campaign(*blocks)), tolerance=0.05, seed=1)
    (step,) = tested.steps
    assert (step.known_leads, step.leads, step.bounces) == (300, 300, 24)
    # 24 of 300 are 8 %: over the tolerance, which 24 of 600 would not be.
    assert (step.over_tolerance, step.naive_max_quality) == (True, True)
    assert tested.skipped[1].startswith("300 of 600 leads of summer: their mail was turned away")


def test_a_campaign_that_was_turned_away_as_a_whole_is_no_outcome() -> None:
    made = campaign(
        Block(600, bounced={"user_unknown": 24}),
        Block(200, campaign="summer", sent_at="2026-04-01T09:00:00Z", bounced={"ip_blocklisted": 200}),
    )
    assert backtest(_by_lead(made), tolerance=0.05, seed=1).steps == ()
