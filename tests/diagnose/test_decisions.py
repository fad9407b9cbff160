"""The verdict lead by lead: next_send.csv asks for what the report advises, and for no more."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module

import pandas as pd
import pytest
from diagnose_builder import OPEN, Block, campaign, next_list

from analyzer.correlate import Correlated
from analyzer.diagnose import diagnose, next_send
from analyzer.diagnose.diagnosis import Decisions, Diagnosis, InputFile, StatusDecisions
from analyzer.report.sentences import actions
from analyzer.report.words import decisions_line, mix_line


def bad(count: int, reason: str = "user_unknown") -> dict[str, int]:
    return {reason: count}


def told(correlated: Correlated) -> tuple[Diagnosis, pd.DataFrame]:
    diagnosis = diagnose(correlated)
    table = next_send(correlated, diagnosis)
    counts = diagnosis.data_quality.decisions
    assert counts is not None
    assert table["decision"].value_counts().to_dict() == {
        name: number for name in ("send", "verify_again", "do_not_send") if (number := getattr(counts, name))
    }
    return diagnosis, table


def aged(fresh_bad: int, old_bad: int, *, fresh: int, old: int) -> Correlated:
    """1,000 leads verified 10 days and 900 verified 300 days before their mail; and a next list of such leads."""
    ahead = next_list((fresh, "verified", OPEN), (old, "verified", OPEN))
    days = ahead["email"].str.startswith("n0-").map({True: 10, False: 300})
    ahead["verified_at"] = pd.Timestamp("2026-03-03T09:00:00Z") - pd.to_timedelta(days, "D")
    correlated = campaign(Block(1000, bounced=bad(fresh_bad)), Block(900, bounced=bad(old_bad)), next_leads=ahead)
    block = correlated.sends["lead_id"].str.partition("-")[0].astype(int)
    correlated.sends["verified_at"] = correlated.sends["sent_at"] - pd.to_timedelta(block.map({0: 10, 1: 300}), "D")
    return correlated


def advice(diagnosis: Diagnosis) -> str:
    return " ".join(f"{action.what} {action.detail}" for action in actions(diagnosis))


@pytest.mark.parametrize(
    ("fresh_bad", "old_bad", "recommendation"),
    [(15, 160, "reverify"), (44, 150, "insufficient_evidence")],
    ids=["fresh ones hold", "fresh ones are near the limit"],
)
def test_only_old_verifications_are_renewed(fresh_bad: int, old_bad: int, recommendation: str) -> None:
    diagnosis, table = told(aged(fresh_bad, old_bad, fresh=1200, old=400 if fresh_bad < 20 else 60))
    quality = diagnosis.data_quality
    assert quality.recommendation == recommendation
    fresh = table["email"].str.startswith("n0-")
    assert set(table.loc[fresh, "decision"]) == {"send"}
    assert set(table.loc[~fresh, "decision"]) == {"verify_again"}
    assert table.loc[~fresh, "reason"].str.startswith("Its verification is older than 90 days").all()
    assert f"Have the {int((~fresh).sum())} old addresses verified again before the next sequence." in advice(diagnosis)
    assert quality.to_verify_older_than == (90 if recommendation == "reverify" else None)


def test_no_renewal_is_advised_where_the_next_list_holds_nothing_old() -> None:
    diagnosis, table = told(aged(15, 160, fresh=1200, old=0))
    assert set(table["decision"]) == {"send"}
    assert "verified again" not in advice(diagnosis)
    assert "the next list has none of them" in diagnosis.data_quality.why


def test_a_list_of_leads_alike_is_sent_whole_or_by_its_setting() -> None:
    """Two of 1,500 leads are within any tolerance with luck: that is no mix."""
    ahead = next_list((1000, "verified", OPEN), (400, "guessed", OPEN))
    sent = (Block(1500, bounced=bad(55)), Block(600, "guessed", bounced=bad(95)))
    whole, table = told(campaign(*sent[:1], next_leads=ahead[ahead["email_status"] == "verified"]))
    assert whole.data_quality.recommendation == "max_quantity"
    assert whole.data_quality.forecast.best_mix.leads == 0
    assert set(table["decision"]) == {"send"}
    assert decisions_line(whole.data_quality) == "next_send.csv says to send to all 1,000 leads of the next list."
    assert "about as risky as each other" in mix_line(whole.data_quality)
    setting, table = told(campaign(*sent, next_leads=ahead))
    assert setting.data_quality.recommendation == "max_quality"
    by_status = table.groupby("email_status")["decision"].unique()
    assert by_status["verified"].tolist() == ["send"]
    assert "verify_again" in by_status["guessed"]


def test_leads_of_the_best_mix_are_sent_to_where_other_statuses_are_to_be_verified() -> None:
    """Catch-all addresses are what is bad: guessed ones, within the tolerance, are not left out with them."""
    sent = (
        Block(1500, bounced=bad(14)),
        Block(600, "guessed", bounced=bad(24)),
        Block(900, "catch_all", bounced=bad(180)),
    )
    ahead = next_list((700, "verified", OPEN), (500, "guessed", OPEN), (300, "catch_all", OPEN))
    diagnosis, table = told(campaign(*sent, next_leads=ahead))
    quality = diagnosis.data_quality
    assert (quality.recommendation, quality.to_verify) == ("reverify", ["catch_all"])
    assert quality.forecast.best_mix.leads >= 1200
    by_status = table.groupby("email_status")["decision"].unique()
    assert {name: found.tolist() for name, found in by_status.items()} == {
        "verified": ["send"],
        "guessed": ["send"],
        "catch_all": ["verify_again"],
    }


def test_of_a_setting_that_is_likely_to_hold_but_not_known_to_a_part_is_sent_first() -> None:
    sent = (
        Block(1500, bounced=bad(20)),
        Block(800, "unknown", bounced=bad(35)),
        Block(600, "guessed", bounced=bad(95)),
    )
    ahead = next_list((300, "verified", OPEN), (700, "unknown", OPEN), (400, "guessed", OPEN))
    correlated = campaign(*sent, next_leads=ahead)
    diagnosis = diagnose(correlated)
    quality = diagnosis.data_quality
    assert quality.recommendation == "max_quality"
    ways = quality.forecast
    unsure = replace(ways.max_quality, p_over_tolerance=0.34)
    doubtful = replace(ways, max_quality=unsure, best_mix=replace(ways.best_mix, leads=0))
    for forecasts, statuses in ((ways, {"verified", "unknown"}), (doubtful, {"verified"})):
        table = next_send(correlated, replace(diagnosis, data_quality=replace(quality, forecast=forecasts)))
        assert statuses == set(table.loc[table["decision"] == "send", "email_status"]) - {"guessed"}


def test_a_misspelt_domain_is_told_with_what_was_meant() -> None:
    ahead = next_list((200, "verified", OPEN))
    ahead.loc[:1, "email"] = ["ann@gmial.com", "bob@gmail.com"]
    diagnosis, table = told(campaign(Block(900, bounced=bad(9)), next_leads=ahead))
    lead = table.set_index("email").loc["ann@gmial.com"]
    assert (lead["decision"], lead["reason"]) == ("verify_again", "Its domain looks misspelt (gmail.com?).")
    assert (table["decision"] == "verify_again").sum() == 1
    assert "1 first (1 of these at misspelt domains)" in decisions_line(diagnosis.data_quality)


def test_a_misspelt_domain_that_is_known_to_be_dead_is_told_with_what_was_meant() -> None:
    ahead = next_list((200, "verified", OPEN))
    ahead.loc[0, "email"] = "ann@gmial.com"
    gone = Block(6, domain="gmial.com", bounced={"domain_not_found": 6})
    _, table = told(campaign(Block(900, bounced=bad(9)), gone, next_leads=ahead))
    lead = table.set_index("email").loc["ann@gmial.com"]
    assert lead["decision"] == "do_not_send"
    assert lead["reason"] == "Its domain takes no mail, and looks misspelt (gmail.com?)."


def test_a_domain_that_took_our_mail_is_spelt_as_it_should_be() -> None:
    ahead = next_list((30, "verified", OPEN), (1, "unknown", OPEN))
    ahead["email"] = [*(f"p{number}@northwind.example" for number in range(30)), "q@nortwind.example"]
    unmet = campaign(Block(900, bounced=bad(9)), next_leads=ahead.replace({r"\.example$": ".com"}, regex=True))
    assert told(unmet)[1].set_index("email").loc["q@nortwind.com", "decision"] == "verify_again"
    met = campaign(
        Block(900, bounced=bad(9)),
        Block(3, domain="nortwind.com"),
        next_leads=ahead.replace({r"\.example$": ".com"}, regex=True),
    )
    assert set(told(met)[1]["decision"]) == {"send"}


@pytest.mark.parametrize(
    ("email", "status", "company", "decision"),
    [
        ("q@nortwind.com", "unknown", "", "verify_again"),
        ("q@nortwind.com", "unknown", "Northwind Traders", "verify_again"),
        ("q@nortwind.com", "verified", "", "send"),
        ("q@nortwind.com", "unknown", "Nort-Wind AG", "send"),
        ("q@mail.nortwind.com", "unknown", "Nortwind", "send"),
        ("q@kagenta.de", "unknown", "Kagenta GmbH", "send"),  # magenta.de hands out mailboxes
        ("q@gmial.com", "verified", "Gmial", "verify_again"),  # a slip that everybody knows
    ],
)
def test_a_neighbour_of_another_domain_is_not_misspelt_for_that(email, status, company, decision) -> None:
    """Another company of the list is called nearly so; only what nothing speaks for looks like a slip."""
    ahead = next_list((30, "verified", OPEN), (1, status, OPEN)).assign(company="")
    ahead["email"] = [*(f"p{number}@northwind.com" for number in range(30)), email]
    ahead.loc[30, "company"] = company
    table = told(campaign(Block(900, bounced=bad(9)), Block(90, "unknown", bounced=bad(1)), next_leads=ahead))[1]
    assert table.set_index("email").loc[email, "decision"] == decision
    two = pd.concat([ahead, ahead.tail(1).assign(email="r" + email)], ignore_index=True)
    table = told(campaign(Block(900, bounced=bad(9)), Block(90, "unknown", bounced=bad(1)), next_leads=two))[1]
    assert (table.set_index("email").loc["r" + email, "decision"] == "send") == ("gmial" not in email)


def test_a_lead_that_bounced_for_no_known_cause_is_verified_before_it_is_written_to_again() -> None:
    correlated = campaign(Block(600, bounced=bad(6)), Block(20, bounced=bad(10, "unspecified")))
    recipients = correlated.sends.loc[correlated.sends["lead_id"].str.startswith("1-"), "recipient"]
    ahead = pd.DataFrame(
        {"email": recipients.str.upper().tolist(), "email_status": "verified", "industry_group": "open"}
    )
    _, table = told(replace(correlated, next_leads=ahead))
    table = table.set_index(table["email"].str.lower())
    bounced = [f"p1.{number}@d1-{number}.example" for number in range(10)]
    assert set(table.loc[bounced, "decision"]) == {"verify_again"}
    assert table.loc[bounced, "reason"].str.startswith("An earlier mail to this address bounced").all()


def test_whom_to_verify_where_the_verified_ones_are_in_order() -> None:
    """The advice is to leave catch-all ones out: none of them is sent to, though some would still fit in."""
    ahead = next_list((600, "verified", OPEN), (300, "catch_all", OPEN), (100, "guessed", OPEN))
    sent = (
        Block(1000, bounced=bad(10)),
        Block(400, "catch_all", bounced=bad(80)),
        Block(300, "guessed", bounced=bad(15)),
    )
    diagnosis, table = told(campaign(*sent, next_leads=ahead))
    assert diagnosis.data_quality.to_verify == ["catch_all"]
    by_status = table.groupby("email_status")["decision"].unique()
    decided = diagnosis.data_quality.decisions
    assert decided is not None
    counted = pd.crosstab(table["email_status"], table["decision"]).reindex(
        columns=["send", "verify_again", "do_not_send"], fill_value=0
    )
    assert {one.status: [one.send, one.verify_again, one.do_not_send] for one in decided.by_status} == {
        str(status): row.tolist() for status, row in counted.iterrows()
    }
    assert by_status["catch_all"].tolist() == ["verify_again"]
    assert by_status["verified"].tolist() == ["send"]


def test_of_a_campaign_that_nothing_is_known_of_no_list_is_judged() -> None:
    correlated = campaign(Block(300), next_leads=next_list((200, "verified", OPEN)))
    log = [InputFile("log.csv", "log", 300, "")]
    diagnosis = diagnose(correlated, inputs=log)
    quality = diagnosis.data_quality
    assert quality.recommendation == "insufficient_evidence"
    assert (quality.forecast.max_quantity.leads, quality.forecast.max_quantity.rate) == (200, None)
    assert quality.decisions == Decisions(0, 200, 0, 0, [StatusDecisions("verified", 0, 200, 0)])
    assert set(next_send(correlated, diagnosis)["decision"]) == {"verify_again"}


def test_leads_of_other_statuses_carry_a_status() -> None:
    diagnosis = diagnose(campaign(Block(300, "catch_all", bounced=bad(30)), Block(200, "risky", bounced=bad(20))))
    assert "None of the leads is guessed or verified" in diagnosis.data_quality.why
    assert "Give the lead list with its email status" not in advice(diagnosis)


def test_without_a_bad_address_nothing_is_said_of_companies() -> None:
    correlated = campaign(Block(600, bounced=bad(40, "unspecified")))
    assert "company by company" not in diagnose(correlated).data_quality.why


@pytest.mark.parametrize(
    ("found", "leads", "kept"), [(4, 1000, 0), (86, 1000, 0), (86, 500, 86), (120, 2000, 120), (3, 20, 3)]
)
def test_a_few_of_very_many_are_no_best_mix(monkeypatch, found, leads, kept) -> None:
    """At least a tenth of the list, or as many as the tolerance allows five bounces in."""
    monkeypatch.setattr(import_module("analyzer.diagnose.data.data_quality"), "best_mix", lambda *_: found)
    diagnosis, _ = told(campaign(Block(900, bounced=bad(45)), next_leads=next_list((leads, "verified", OPEN))))
    assert diagnosis.data_quality.forecast.best_mix.leads == kept


def test_where_more_sends_would_tell_and_nobody_is_sent_to_a_first_part_is() -> None:
    """200 guessed leads, 6 of them bad: whether the next 1,500 stay within 5 % cannot be told, and should."""
    ahead = next_list((1500, "guessed", OPEN))
    number = ahead["email"].str.extract(r"^n0-(\d+)@")[0].astype(int)
    # Three leads to a company.
    ahead["email"] = [f"n0-{i}@next{i // 3}.example" for i in number]
    correlated = campaign(Block(200, "guessed", bounced={"user_unknown": 6}), next_leads=ahead)
    diagnosis = diagnose(correlated)
    found = diagnosis.data_quality
    assert (found.recommendation, found.forecast.best_mix.leads) == ("insufficient_evidence", 0)
    assert found.lacking is not None
    table = next_send(correlated, diagnosis)
    sent = table[table["decision"] == "send"]
    assert len(sent) == found.lacking.sends <= 300
    assert sent["email"].str.partition("@")[2].is_unique
    assert (sent["probability"] <= 0.05).all()
    assert found.decisions is not None
    assert found.decisions.send == len(sent)
    assert (
        f"sends to {len(sent)} of 1,500 leads, a first part: the safest lead of each of as many companies" in found.why
    )


def test_no_first_part_is_sent_of_a_list_that_is_expected_beyond_the_tolerance() -> None:
    correlated = campaign(
        Block(150, "guessed", bounced={"user_unknown": 11}), next_leads=next_list((1500, "guessed", OPEN))
    )
    diagnosis = diagnose(correlated)
    found = diagnosis.data_quality
    assert found.recommendation == "insufficient_evidence"
    assert (found.forecast.max_quantity.rate or 0.0) > 0.05
    assert not (next_send(correlated, diagnosis)["decision"] == "send").any()
