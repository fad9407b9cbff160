"""Leads whose mail was turned away before any server was asked for them say nothing of the data."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from diagnose_builder import OPEN, Block, campaign, next_list

from analyzer.diagnose import diagnose, next_send
from analyzer.diagnose.leads.asked import asked
from analyzer.diagnose.leads.contacts import contacts
from analyzer.knowledge import reasons

ASKED = (Block(300, bounced={"user_unknown": 6}), Block(150, "guessed", bounced={"user_unknown": 30}))


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("ip_blocklisted", "1,200 refused for the host or the domain that sends"),
        ("sender_account", "1,200 stopped by your own account"),
        ("network_error", "1,200 lost to a fault of a server or of the network"),
    ],
)
def test_what_was_never_asked_for_makes_the_data_no_better(reason: str, said: str) -> None:
    """Of those asked for 2 and 20 % are bad; over all leads it would be 0.6 and 4.6 %, and max quantity."""
    stopped = (Block(700, bounced={reason: 700}), Block(500, "guessed", bounced={reason: 500}))
    ahead = next_list((600, "verified", OPEN), (400, "guessed", OPEN))
    diagnosis = diagnose(campaign(*ASKED, *stopped, next_leads=ahead))
    found, alone = diagnosis.data_quality, diagnose(campaign(*ASKED, next_leads=ahead)).data_quality
    assert (found.recommendation, found.guessed_effect) == ("max_quality", "driven")
    assert found.forecast == alone.forecast
    assert found.risk_difference == alone.risk_difference
    assert "Of 1,200 of 1,650 leads nothing is known here" in found.why
    assert said in found.why
    # The leads contacted stay what they are.
    assert diagnosis.totals.leads_contacted == 1650
    # The list without one of its own is one like all of them.
    model = diagnose(campaign(*ASKED, *stopped)).data_quality.forecast
    assert model.max_quantity.leads == 1650


@pytest.mark.parametrize("reason", ["auth_failure", "spam_content", "policy", "mailbox_full", "complaint"])
def test_who_was_asked_for_and_refused_for_something_else_counts_as_good(reason: str) -> None:
    correlated = campaign(Block(300, bounced={"user_unknown": 6}), Block(300, bounced={reason: 300}))
    assert asked(correlated, contacts(correlated))[2] is None


def test_a_few_of_them_change_nothing() -> None:
    correlated = campaign(Block(960, bounced={"user_unknown": 20}), Block(40, bounced={"ip_blocklisted": 40}))
    counted = contacts(correlated)
    same, left, silent = asked(correlated, counted)
    assert same is correlated
    assert left is counted
    assert silent is None


def test_a_mail_that_got_through_before_or_after_counts() -> None:
    correlated = campaign(Block(300, bounced={"user_unknown": 6}), Block(100, bounced={"ip_blocklisted": 100}))
    again = correlated.sends.tail(60).assign(
        step="2", label="", fault="", reason="", diagnostic="", sent_at=pd.Timestamp("2026-03-09", tz="UTC")
    )
    correlated = replace(correlated, sends=pd.concat([correlated.sends, again], ignore_index=True))
    _, left, silent = asked(correlated, contacts(correlated))
    assert silent is not None
    assert (silent.leads, silent.by["host"]) == (40, 40)
    assert len(left.leads) == 360


def test_a_company_that_names_bad_addresses_while_it_refuses_our_host_asks_for_them_first() -> None:
    early, late = "2026-03-03T09:00:00Z", "2026-03-05T09:00:00Z"
    refused = Block(60, domain="asks.example", bounced={"ip_blocklisted": 60}, sent_at=early)
    other = Block(60, domain="else.example", bounced={"ip_blocklisted": 60}, sent_at=late)
    bad = Block(4, domain="asks.example", bounced={"user_unknown": 4}, sent_at=late)
    before = Block(4, domain="else.example", bounced={"user_unknown": 4}, sent_at=early)
    correlated = campaign(Block(300, bounced={"user_unknown": 6}), refused, other, bad, before)
    _, left, silent = asked(correlated, contacts(correlated))
    assert silent is not None
    assert (silent.leads, len(left.leads)) == (60, 368)


def test_a_company_that_refuses_our_host_for_good_stays_closed() -> None:
    shut = Block(200, domain="shut.example", bounced={"sender_rejected": 200})
    ahead = next_list((100, "verified", OPEN))
    ahead.loc[0, "email"] = "new@shut.example"
    correlated = campaign(*ASKED, shut, next_leads=ahead)
    table = next_send(correlated, diagnose(correlated)).set_index("email")
    assert table.loc["new@shut.example", "decision"] == "do_not_send"


@pytest.mark.parametrize(
    ("reason", "command", "left_out"),
    [
        ("ip_reputation", "end of DATA", 0),
        ("ip_reputation", "RCPT TO", 460),
        ("network_error", "end of DATA", 0),
        # Our own server takes the text of a mail before anybody is asked.
        ("sender_account", "end of DATA", 460),
    ],
)
def test_a_refusal_of_the_text_comes_after_the_recipient(reason: str, command: str, left_out: int) -> None:
    """Each lead at a company of its own: 40 of 500 are bad, and the good ones are refused at the end of the mail."""
    text = f"host mx.example[192.0.2.1] said: 550 5.7.1 Not from you (in reply to {command} command)"
    correlated = campaign(Block(40, bounced={"user_unknown": 40}), Block(460, bounced={reason: 460}, text=text))
    silent = asked(correlated, contacts(correlated))[2]
    assert (silent.leads if silent else 0) == left_out


def test_what_stops_a_mail_before_its_recipient_is_told_in_the_rules() -> None:
    early = {each.name for each in reasons().values() if each.before_recipient}
    assert {"ip_blocklisted", "greylisted", "tls_required"} <= early
    assert not early & {"user_unknown", "spam_content", "auth_failure", "sender_account", "policy"}
