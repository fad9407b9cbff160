"""Statuses exported after the send know its outcome, and must not be what the next list is judged by."""

from __future__ import annotations

import pandas as pd
from diagnose_builder import Block, campaign, next_list

from analyzer.diagnose import diagnose
from analyzer.diagnose.leads.contacts import contacts
from analyzer.diagnose.leads.hindsight import as_known, hindsight

BAD = {"user_unknown": 60}
#: What 60 bad addresses of 400 guessed ones look like once the list has learnt of them.
EXPORTED_LATE = (Block(600), Block(340, "guessed"), Block(60, "invalid", bounced=BAD))


def test_bounces_that_turned_invalid_do_not_clear_the_guessed_ones() -> None:
    found = diagnose(campaign(*EXPORTED_LATE, next_leads=next_list((300, "guessed", ("Computer Software", "open")))))
    assert found.data_quality.recommendation == "insufficient_evidence"
    assert found.data_quality.guessed_effect == "too_little_data"
    assert any("60 leads that were written to are marked invalid" in warning for warning in found.warnings)
    why = found.data_quality.why
    assert "The email statuses of the leads look as if they were written after the send" in why
    assert "give the lead list as it was before the send" in why
    assert "no email status" not in why
    # The tables still show what the files say.
    assert {row.value for row in found.breakdown["email_status"]} == {"guessed", "invalid", "verified"}


def test_invalid_addresses_that_were_written_to_on_purpose_are_what_they_are() -> None:
    correlated = campaign(Block(600, bounced={"user_unknown": 6}), Block(100, "invalid", bounced=BAD))
    assert hindsight(correlated, contacts(correlated)).marked == 0


def test_leads_verified_after_their_mail_are_left_out_of_what_is_learnt() -> None:
    correlated = campaign(Block(300, bounced={"user_unknown": 3}), Block(100))
    late = pd.Series(["2026-01-10"] * 300 + ["2026-03-20"] * 100)
    object.__setattr__(correlated, "sends", correlated.sends.assign(verified_at=late))
    known = as_known(correlated, contacts(correlated))
    assert known.leads["email_status"].tolist() == ["verified"] * 300 + ["unknown"] * 100
    assert any("100 of 400 leads (25.0 %) were verified after" in warning for warning in diagnose(correlated).warnings)


def test_a_verification_of_the_same_day_is_one_before_the_mail() -> None:
    correlated = campaign(Block(100))
    object.__setattr__(correlated, "sends", correlated.sends.assign(verified_at="2026-03-03T23:00:00Z"))
    counted = contacts(correlated)
    assert as_known(correlated, counted) is counted
