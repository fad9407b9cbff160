"""What the sentences on the data say, and to whom the next list is sent where nothing is known to hold."""

from __future__ import annotations

import pandas as pd
import pytest
from diagnose_builder import OPEN, UNCLASSIFIED, Block, campaign, next_list

from analyzer.diagnose import diagnose, next_send
from analyzer.diagnose.diagnosis import DataQuality


def bad(count: int, reason: str = "user_unknown") -> dict[str, int]:
    return {reason: count}


def judged(*blocks: Block, ahead: pd.DataFrame | None = None) -> DataQuality:
    return diagnose(campaign(*blocks, next_leads=ahead)).data_quality


HURT = (Block(500, bounced=bad(7)), Block(500, "guessed", bounced=bad(54)))


@pytest.mark.parametrize(
    ("name", "blocks", "ahead", "says"),
    [
        (
            "no guessed ones are there to leave out",
            (Block(800, "catch_all", bounced=bad(84)),),
            None,
            "There are no verified addresses in it: its addresses need verifying before they are used.",
        ),
        (
            "a next list without statuses",
            HURT,
            next_list((500, "unknown", OPEN)),
            "The next list carries no email status, so what is known of guessed and verified addresses tells nothing",
        ),
        (
            "a status that nobody wrote to",
            (Block(1500, bounced=bad(26)),),
            next_list((560, "guessed", OPEN), (240, "verified", OPEN)),
            "No mail went to guessed addresses before, and 70.0 % of the next list is of them",
        ),
        (
            "guessed ones bounce less",
            (Block(760, bounced=bad(75)), Block(740, "guessed", bounced=bad(20))),
            None,
            "guessed ones bounce 7.2 points less",
        ),
        (
            "invalid ones were written to",
            (*HURT, Block(100, "invalid", bounced=bad(50))),
            None,
            "50 of the 111 address-fault bounces came of addresses that are marked invalid, of which 100 were written",
        ),
        (
            "one campaign only",
            (Block(450, bounced=bad(22)), Block(450, "guessed", bounced=bad(26))),
            None,
            "for one campaign does not show how much the next one differs",
        ),
        (
            "a company that is closed",
            (
                Block(600, bounced=bad(6)),
                Block(500, "guessed", bounced=bad(8)),
                Block(30, "guessed", bounced=bad(28), domain="shut.example"),
                Block(15, bounced=bad(15), domain="shut.example"),
            ),
            None,
            "Most are of shut.example (43 of 45), where nearly every address is bad; without it it is 14 of 1,100",
        ),
    ],
)
def test_the_sentence_says_what_is_so(
    name: str, blocks: tuple[Block, ...], ahead: pd.DataFrame | None, says: str
) -> None:
    why = judged(*blocks, ahead=ahead).why
    assert says in why, name
    assert "leaving guessed ones out is not enough" not in why


def test_who_is_sent_to_where_the_data_cannot_tell_is_told() -> None:
    """Of the guessed addresses nothing is known; the verified ones and a few more are sent to."""
    ahead = next_list((560, "guessed", OPEN), (240, "verified", OPEN))
    found = judged(Block(1500, bounced=bad(26)), ahead=ahead)
    assert found.recommendation == "insufficient_evidence"
    sent = found.forecast.best_mix.leads
    assert 240 <= sent < 400
    assert f"Until then next_send.csv sends to {sent} of 800 leads, the safest, which stay within 5 %" in found.why


def test_verified_leads_that_should_hold_are_sent_to_where_no_mix_is_known_to() -> None:
    """Else nothing is sent that could tell more."""
    parts = (
        Block(430, bounced=bad(20)),
        Block(115, "guessed", bounced=bad(3)),
        Block(85, "catch_all", UNCLASSIFIED, bounced=bad(2)),
    )
    ahead = next_list((170, "verified", OPEN), (185, "guessed", OPEN), (60, "catch_all", UNCLASSIFIED))
    correlated = campaign(*parts, next_leads=ahead)
    found = diagnose(correlated)
    quality = found.data_quality
    assert (quality.recommendation, quality.forecast.best_mix.leads) == ("insufficient_evidence", 0)
    sent = next_send(correlated, found).groupby("email_status")["decision"].unique()
    assert sent["verified"].tolist() == ["send"]
    assert sent["guessed"].tolist() == sent["catch_all"].tolist() == ["verify_again"]
    assert "sends to 170 of 415 leads, verified ones that are each expected within 5 %" in quality.why


def test_no_more_statuses_are_accused_than_bring_the_list_within_the_tolerance() -> None:
    """Catch-all addresses bounce more than verified ones, and yet within what is accepted."""
    sent = (
        Block(1500, bounced=bad(20)),
        Block(800, "catch_all", bounced=bad(26)),
        Block(400, "risky", bounced=bad(64)),
        Block(800, "guessed", bounced=bad(110)),
    )
    ahead = next_list((900, "verified", OPEN), (600, "catch_all", OPEN), (400, "risky", OPEN), (900, "guessed", OPEN))
    correlated = campaign(*sent, next_leads=ahead)
    found = diagnose(correlated)
    quality = found.data_quality
    assert {each.status: each.effect for each in quality.by_status}["catch_all"] == "contributes"
    assert (quality.recommendation, quality.to_verify) == ("reverify", ["risky"])
    decided = next_send(correlated, found).groupby("email_status")["decision"].unique()
    assert decided["catch_all"].tolist() == decided["verified"].tolist() == ["send"]
    assert decided["risky"].tolist() == ["verify_again"]


@pytest.mark.parametrize(
    ("others", "says"),
    [
        (("unknown", 800), "so the guessed ones cannot be compared: 66.7 % of the leads have no known email status."),
        (("catch_all", 800), "so the guessed ones cannot be compared."),
    ],
)
def test_what_is_missing_for_a_comparison_is_told_of_the_leads_written_to(others: tuple[str, int], says: str) -> None:
    """The next list may hold verified addresses, and most of the others may be such without a word that says so."""
    status, leads = others
    found = diagnose(campaign(Block(400, "guessed", bounced={"user_unknown": 60}), Block(leads, status)))
    assert f"No verified address was written to, {says}" in found.data_quality.why


def test_nobody_is_told_to_send_nothing_where_the_list_sends_to_some() -> None:
    """No part of the list is sure enough, and the verified ones of it are not accused."""
    past = (Block(400, bounced=bad(5)), Block(900, "catch_all", bounced=bad(120)))
    ahead = next_list((60, "verified", OPEN), (740, "catch_all", OPEN))
    correlated = campaign(*past, next_leads=ahead)
    found = diagnose(correlated)
    sent = int((next_send(correlated, found)["decision"] == "send").sum())
    why = found.data_quality.why
    assert sent == 60, why
    assert "cannot be brought within 5 % by leaving leads out" in why
    assert "next_send.csv sends to the 60 leads that nothing is found against; have the other addresses" in why
    assert "before anything is sent" not in why
