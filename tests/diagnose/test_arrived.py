"""An address that took our mail before is judged by that, not by what others of its status did."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from diagnose_builder import Block, campaign

from analyzer.diagnose import diagnose, next_send
from analyzer.diagnose.leads.arrived import arrived
from analyzer.diagnose.leads.contacts import contacts

HURT = (Block(700, bounced={"user_unknown": 8}), Block(300, "guessed", bounced={"user_unknown": 42}))


def of(correlated):
    return arrived(correlated, contacts(correlated))


def later(correlated, days: int):
    """The same campaign, the last mail of which went out so many days after the others."""
    sends = correlated.sends.copy()
    sends["sent_at"] = pd.to_datetime(["2026-03-02T09:00Z"] * len(sends))
    sends.loc[sends.index[-1], "sent_at"] += pd.Timedelta(days=days)
    return replace(correlated, sends=sends)


def test_who_took_a_mail_is_no_longer_a_guess() -> None:
    plain = later(campaign(*HURT), 10)
    guessed = plain.sends[(plain.sends["email_status"] == "guessed")]
    took = guessed[guessed["label"] == ""]["recipient"].iloc[:5].tolist()
    ahead = pd.DataFrame({"email": [*took, "new@fresh.example"], "email_status": "guessed", "industry_group": "open"})
    correlated = replace(later(campaign(*HURT, next_leads=ahead), 10))
    table = next_send(correlated, diagnose(correlated)).set_index("email")
    assert (table.loc[took, "probability"] <= 0.01).all()
    assert table.loc[took, "reason"].str.startswith("Our earlier mail to this address was taken").all()
    assert table.loc["new@fresh.example", "probability"] > 0.05


def test_who_bounced_or_was_written_to_just_now_has_taken_nothing() -> None:
    correlated = later(campaign(*HURT), 1)
    assert of(correlated).addresses == frozenset()
    correlated = later(campaign(*HURT), 10)
    bounced = set(correlated.sends.loc[correlated.sends["label"] != "", "recipient"].str.lower())
    known = of(correlated).addresses
    assert not known & bounced
    assert len(known) == 1000 - len(bounced) - (correlated.sends["label"].iloc[-1] == "")


def test_the_chance_is_what_later_mails_of_the_campaign_found() -> None:
    base = later(campaign(*HURT), 10)
    again = base.sends.assign(sent_at=pd.Timestamp("2026-03-06T09:00Z"), step="2", label="", fault="", reason="")
    clean = again[base.sends["label"] == ""].iloc[:400].copy()
    clean.iloc[:20, clean.columns.get_loc("label")] = "hard"
    clean.iloc[:20, clean.columns.get_loc("fault")] = "address"
    correlated = replace(base, sends=pd.concat([base.sends, clean], ignore_index=True))
    assert of(correlated).chance == pytest.approx((20 + 1) / (400 + 100), abs=0.002)


@pytest.mark.parametrize(("days", "low", "high"), [(10, 0.002, 0.005), (90, 0.02, 0.04)])
def test_the_longer_ago_it_was_the_less_it_says(days: int, low: float, high: float) -> None:
    """People leave their jobs: 1 % in 30 days, as `check` has it of verifications."""
    sent = campaign(Block(2000, bounced={"user_unknown": 100}), Block(1000, bounced={"user_unknown": 50}))
    again = sent.sends[sent.sends["label"] == ""].assign(sent_at=pd.Timestamp("2026-03-06T09:00Z"), step="2")
    mails = pd.concat([sent.sends, again.iloc[:1500]], ignore_index=True)
    whole = replace(sent, sends=mails.assign(send_id=range(len(mails))))
    took = again["recipient"].iloc[1900:2000].tolist()
    ahead = pd.DataFrame({"email": took, "email_status": "verified", "industry_group": "open"})
    correlated = replace(later(whole, days), next_leads=ahead)
    diagnosis = diagnose(correlated)
    assert next_send(correlated, diagnosis)["probability"].between(low, high).all()
    assert "All of its leads took our mail before" in diagnosis.data_quality.why


def test_without_times_nothing_is_known() -> None:
    correlated = campaign(*HURT)
    timeless = replace(correlated, sends=correlated.sends.assign(sent_at=pd.NaT))
    assert of(timeless).addresses == frozenset()


@pytest.mark.parametrize(("have", "took"), [(frozenset({"sent_at"}), False), (frozenset({"sent_at", "bounced"}), True)])
def test_silence_tells_of_no_mail_taken_where_nothing_tells_of_bounces(have: frozenset[str], took: bool) -> None:
    correlated = replace(later(campaign(Block(300)), 10), have=have)
    assert bool(of(correlated).addresses) == took
