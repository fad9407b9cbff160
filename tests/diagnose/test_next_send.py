"""The next list lead by lead, and the addresses never to write to again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from diagnose_builder import OPEN, STRICT, Block, campaign, next_list

from analyzer.api.diagnosis import run_diagnosis
from analyzer.diagnose import diagnose, next_send, suppression

HURT = (Block(700, bounced={"user_unknown": 8}), Block(300, "guessed", bounced={"user_unknown": 42}))


def test_decisions_follow_the_best_mix_in_order_of_risk() -> None:
    ahead = next_list((300, "guessed", OPEN), (500, "verified", STRICT), (5, "invalid", OPEN)).assign(company="Acme")
    correlated = campaign(*HURT, next_leads=ahead)
    diagnosis = diagnose(correlated)
    table = next_send(correlated, diagnosis)
    assert list(table.columns)[:4] == ["email", "decision", "probability", "reason"]
    assert "company" in table.columns
    assert sorted(table["email"]) == sorted(ahead["email"])
    mix = diagnosis.data_quality.forecast.best_mix.leads
    assert (table["decision"] == ["send"] * mix + ["verify_again"] * (800 - mix) + ["do_not_send"] * 5).all()
    assert table["probability"].iloc[:800].is_monotonic_increasing
    assert (table["email_status"].iloc[:500] == "verified").all()


def test_rows_without_an_address_are_answered_too(tmp_path: Path) -> None:
    listed = tmp_path / "next.csv"
    listed.write_text(
        "email,email_status,company\nann@a.example,verified,A\nnot known,guessed,B\n,guessed,C\n,,\n,,D\n"
    )
    run = run_diagnosis(
        log=pd.DataFrame({"recipient": [f"p{i}@d{i}.example" for i in range(400)], "bounced": ["false"] * 400}),
        next_list=listed,
    )
    table = next_send(run.correlated, run.diagnosis, run.ahead)
    assert table[["email", "decision", "company"]].values.tolist() == [
        ["ann@a.example", table["decision"][0], "A"],
        ["not known", "do_not_send", "B"],
        ["", "do_not_send", "C"],
        ["", "do_not_send", "D"],
    ]
    assert table["reason"].tolist()[1:] == [
        "This is no address that a mail can be sent to.",
        *["The row holds no address."] * 2,
    ]
    assert "next.csv: rows without an address: 3, for example 'not known'" in run.diagnosis.warnings
    assert [one.rows for one in run.diagnosis.inputs if one.kind == "next"] == [4]


def test_who_is_never_sent_to() -> None:
    sent = (
        Block(1, domain="known.example", bounced={"user_unknown": 1}),
        Block(3, domain="dead.example", bounced={"domain_not_found": 3}),
        Block(3, domain="alive.example", bounced={"domain_not_found": 1}),
        Block(600, bounced={"user_unknown": 6}),
    )
    ahead = pd.DataFrame(
        {
            "email": [
                "p0.0@KNOWN.example",
                "new@known.example",
                "new@dead.example",
                "new@alive.example",
                "x@y.example",
            ],
            "email_status": ["verified"] * 4 + ["invalid"],
            "industry_group": "open",
        }
    )
    correlated = campaign(*sent, next_leads=ahead)
    table = next_send(correlated, diagnose(correlated)).set_index("email")
    assert table["decision"].to_dict() == {
        "p0.0@KNOWN.example": "do_not_send",
        "new@known.example": table.loc["new@known.example", "decision"],
        "new@dead.example": "do_not_send",
        "new@alive.example": table.loc["new@alive.example", "decision"],
        "x@y.example": "do_not_send",
    }
    assert table.loc["new@alive.example", "decision"] != "do_not_send"
    assert "bounced for good" in table.loc["p0.0@KNOWN.example", "reason"]
    assert "domain takes no mail" in table.loc["new@dead.example", "reason"]


@pytest.mark.parametrize(
    ("bounced", "later", "decision"),
    [
        ({"recipient_restricted": 1}, None, "do_not_send"),
        ({"policy": 1}, None, "do_not_send"),
        ({"policy": 1}, {}, "send"),  # a later mail got through
        ({}, {"policy": 1}, "do_not_send"),
        ({"spam_content": 1}, None, "send"),
        ({"ip_blocklisted": 1}, None, "send"),
        ({"rate_limited": 1}, None, "send"),
    ],
)
def test_whom_the_receivers_own_rule_keeps_out(
    bounced: dict[str, int], later: dict[str, int] | None, decision: str
) -> None:
    """What we send or how we send can be mended; the receiver's rule stands, and another channel goes round it."""
    blocks = [Block(1, domain="bank.example", bounced=bounced)]
    if later is not None:
        blocks.append(Block(1, domain="bank.example", bounced=later, sent_at="2026-03-09T09:00:00Z"))
    correlated = campaign(*blocks, Block(600, bounced={"user_unknown": 6}))
    if later is not None:
        correlated.sends.loc[1, "recipient"] = "p0.0@bank.example"
    ahead = pd.DataFrame({"email": ["P0.0@bank.example"], "email_status": "verified", "industry_group": "open"})
    correlated = replace(correlated, next_leads=ahead)
    diagnosis = diagnose(correlated)
    lead = next_send(correlated, diagnosis).iloc[0]
    assert lead["decision"] == decision
    assert ("use another channel" in lead["reason"]) == (decision == "do_not_send")
    assert lead["probability"] < 0.1  # the address itself is good
    assert diagnosis.data_quality.forecast.max_quantity.leads == (decision == "send")


@pytest.mark.parametrize(
    ("email", "in_form"),
    [
        ("info@@example.com", False),
        ("jane@examplecom", False),
        ("@example.com", False),
        ("jane@", False),
        ("jane@example..com", False),
        (f"{'x' * 65}@example.com", False),
        ("jane@[192.0.2.1]", False),
        ("jörg@example.com", True),
        ("jane@bücher.example", True),
        ("o'brien+news@example.co.uk", True),
    ],
)
def test_what_is_no_address_is_no_lead_of_the_forecast(email: str, in_form: bool) -> None:
    ahead = pd.DataFrame({"email": [email], "email_status": "verified", "industry_group": "open"})
    correlated = campaign(Block(600, bounced={"user_unknown": 6}), next_leads=ahead)
    diagnosis = diagnose(correlated)
    lead = next_send(correlated, diagnosis).iloc[0]
    assert lead["decision"] == ("send" if in_form else "do_not_send")
    assert (lead["probability"] == 1) is not in_form
    assert diagnosis.data_quality.forecast.max_quantity.leads == in_form


def test_a_domains_history_moves_its_leads() -> None:
    sent = (
        Block(10, "guessed", domain="wrong.example", bounced={"user_unknown": 9}),
        Block(10, "guessed", domain="right.example"),
        Block(600, "guessed", bounced={"user_unknown": 60}),
    )
    emails = ["a@wrong.example", "a@right.example", "a@new.example"]
    ahead = pd.DataFrame({"email": emails, "email_status": "guessed", "industry_group": "open"})
    correlated = campaign(*sent, next_leads=ahead)
    chance = next_send(correlated, diagnose(correlated)).set_index("email")["probability"]
    assert chance["a@wrong.example"] > 3 * chance["a@new.example"]
    assert chance["a@right.example"] < chance["a@new.example"]


@pytest.mark.parametrize("ahead", [None, next_list((1, "verified", OPEN)).iloc[:0]], ids=["none", "empty"])
def test_no_next_list(ahead: pd.DataFrame | None) -> None:
    correlated = campaign(*HURT, next_leads=ahead)
    table = next_send(correlated, diagnose(correlated))
    assert table.empty
    assert list(table.columns)[:4] == ["email", "decision", "probability", "reason"]


def test_suppression_takes_final_faults_and_complaints_only() -> None:
    reasons = {"user_unknown": 2, "complaint": 1, "mailbox_full": 1, "policy": 1, "auth_failure": 1, "unspecified": 1}
    found = suppression(campaign(Block(20, bounced=reasons)))
    assert found["reason"].tolist() == ["user_unknown", "user_unknown", "complaint"]
    first = found.iloc[0]
    assert (first["email"], first["fault"], first["match_method"]) == ("p0.0@d0-0.example", "address", "message_id")
    assert first["evidence"] == "550 5.1.1 No such user here"
    assert first["date"].startswith("2026-03-03T09:05:00")


@pytest.mark.parametrize(
    ("column", "value"),
    [("suspected_forged", True), ("match_method", ""), ("transient", True)],
)
def test_suppression_leaves_out_what_is_not_certain(column: str, value: object) -> None:
    correlated = campaign(Block(5, bounced={"user_unknown": 2}))
    correlated.bounces.loc[0, column] = value
    outcome = ["label", "fault", "reason", "diagnostic", "record_id"]
    correlated.sends.loc[0, outcome] = ""
    assert suppression(correlated)["email"].tolist() == ["p0.1@d0-1.example"]


def test_suppression_names_the_address_that_was_written_to() -> None:
    correlated = campaign(Block(2, bounced={"user_unknown": 1}))
    correlated.bounces["recipient"] = "forwarded@elsewhere.example"
    assert suppression(correlated)["email"].tolist() == ["p0.0@d0-0.example"]


def test_a_flag_of_the_log_is_enough() -> None:
    """Without a bounce message, what the log itself says of a send counts."""
    correlated = campaign(Block(5, bounced={"user_unknown": 2}))
    object.__setattr__(correlated, "bounces", correlated.bounces.iloc[:0])
    found = suppression(correlated)
    assert found["match_method"].tolist() == ["", ""]
    assert found["date"].tolist() == ["2026-03-03T09:00:00Z"] * 2


@pytest.mark.parametrize(
    ("bounced", "domain", "decision"),
    [
        ({"policy": 8}, "bank.example", "do_not_send"),
        ({"spam_content": 8}, "bank.example", "do_not_send"),
        ({"policy": 4}, "bank.example", "send"),  # too few to speak for the company
        ({"auth_failure": 8}, "bank.example", "send"),  # named as ours to mend
        ({"rate_limited": 8}, "bank.example", "send"),  # for now, not for good
        ({"policy": 8}, "gmail.com", "send"),  # no company
    ],
)
def test_nobody_is_sent_to_at_a_company_that_blocks_us(bounced: dict[str, int], domain: str, decision: str) -> None:
    """The report says to stop writing there: the list must not say the opposite of a colleague."""
    ahead = pd.DataFrame({"email": [f"new@{domain.upper()}"], "email_status": "verified", "industry_group": "open"})
    correlated = campaign(
        Block(8, domain=domain, bounced=bounced), Block(600, bounced={"user_unknown": 6}), next_leads=ahead
    )
    rows = correlated.sends["reason"].eq("rate_limited")
    correlated.sends.loc[rows, "transient"] = True
    diagnosis = diagnose(correlated)
    lead = next_send(correlated, diagnosis).iloc[0]
    assert lead["decision"] == decision
    assert ("refuses our mail as a whole" in lead["reason"]) == (decision == "do_not_send")
    assert lead["probability"] < 0.2  # the address itself may be good
    assert diagnosis.data_quality.forecast.max_quantity.leads == (decision == "send")
