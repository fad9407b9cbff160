"""An address that took our mail before is judged by that, not by what others of its status did."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from diagnose_builder import Block, campaign

from analyzer.diagnose import diagnose, next_send
from analyzer.diagnose.arrived import arrived
from analyzer.diagnose.contacts import contacts

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


def test_without_times_nothing_is_known() -> None:
    correlated = campaign(*HURT)
    timeless = replace(correlated, sends=correlated.sends.assign(sent_at=pd.NaT))
    assert of(timeless).addresses == frozenset()


@pytest.mark.parametrize(("have", "took"), [(frozenset({"sent_at"}), False), (frozenset({"sent_at", "bounced"}), True)])
def test_silence_tells_of_no_mail_taken_where_nothing_tells_of_bounces(have: frozenset[str], took: bool) -> None:
    correlated = replace(later(campaign(Block(300)), 10), have=have)
    assert bool(of(correlated).addresses) == took
