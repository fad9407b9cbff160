"""Which setting for the next list: the product's rule over campaigns that call for each answer."""

from __future__ import annotations

import pytest
from diagnose_builder import OPEN, STRICT, UNCLASSIFIED, Block, campaign, next_list

from analyzer.diagnose import diagnose
from analyzer.diagnose.data.data_quality import Chances, recommend
from analyzer.diagnose.diagnosis import DataQuality, Forecast


def bad(count: int) -> dict[str, int]:
    return {"user_unknown": count}


NO_STATUS = {"have": frozenset({"campaign", "sent_at", "industry"})}
HURT = (Block(700, bounced=bad(8)), Block(300, "guessed", bounced=bad(42)))


@pytest.mark.parametrize(
    ("name", "recommendation", "effect", "blocks", "changes"),
    [
        ("guessed hurt", "max_quality", "driven", HURT, {}),
        (
            "nothing wrong",
            "max_quantity",
            "not_shown",
            (Block(700, bounced=bad(6)), Block(300, "guessed", bounced=bad(5))),
            {},
        ),
        (
            "guessed worse, yet harmless",
            "max_quantity",
            "driven",
            (Block(2700, bounced=bad(10)), Block(300, "guessed", bounced=bad(15))),
            {},
        ),
        (
            "verified are stale",
            "reverify",
            "contributes",
            (Block(700, bounced=bad(62)), Block(300, "guessed", bounced=bad(50))),
            {},
        ),
        ("all verified and stale", "reverify", "too_little_data", (Block(900, bounced=bad(80)),), {}),
        (
            "catch-all carries it",
            "reverify",
            "too_little_data",
            (Block(500, bounced=bad(4)), Block(500, "catch_all", bounced=bad(90))),
            {},
        ),
        (
            "seventeen leads",
            "insufficient_evidence",
            "too_little_data",
            (Block(12, bounced=bad(1)), Block(5, "guessed", bounced=bad(1))),
            {},
        ),
        (
            "a hundred leads",
            "insufficient_evidence",
            "too_little_data",
            (Block(60, bounced=bad(1)), Block(40, "guessed", bounced=bad(3))),
            {},
        ),
        ("no lead at all", "insufficient_evidence", "too_little_data", (), {}),
        (
            "no status, 6 %",
            "insufficient_evidence",
            "too_little_data",
            (Block(1000, "unknown", UNCLASSIFIED, bad(60)),),
            NO_STATUS,
        ),
        (
            "no status, 1 %",
            "max_quantity",
            "too_little_data",
            (Block(1000, "unknown", UNCLASSIFIED, bad(8)),),
            NO_STATUS,
        ),
        (
            "flags without a reason",
            "insufficient_evidence",
            "too_little_data",
            (Block(700, bounced={"unspecified": 20}), Block(300, "guessed", bounced={"unspecified": 45})),
            {},
        ),
        (
            "flags without a reason, too few to matter",
            "max_quantity",
            "too_little_data",
            (Block(1400, bounced={"unspecified": 4}), Block(600, "guessed", bounced={"unspecified": 2})),
            {},
        ),
        (
            "guessed are bad, and four bounces accuse no verified ones",
            "max_quality",
            "driven",
            (Block(68, bounced=bad(4)), Block(58, "guessed", bounced=bad(17))),
            {},
        ),
        (
            "guessed are bad, and the verified ones expected beyond it as well",
            "reverify",
            "driven",
            (Block(409, bounced=bad(23)), Block(58, "guessed", bounced=bad(30))),
            {},
        ),
        ("only guessed were sent", "max_quality", "too_little_data", (Block(600, "guessed", bounced=bad(70)),), {}),
    ],
)
def test_verdicts(
    name: str, recommendation: str, effect: str, blocks: tuple[Block, ...], changes: dict[str, object]
) -> None:
    found = diagnose(campaign(*blocks, **changes)).data_quality
    assert (found.recommendation, found.guessed_effect) == (recommendation, effect), f"{name}: {found.why}"


ONE = "acme.example"


@pytest.mark.parametrize(
    ("recommendation", "block", "changes"),
    [
        # Without guessed leads nothing is left: only a rate that is surely too high says to leave all of them out.
        ("max_quantity", Block(1000, "guessed"), {}),
        ("max_quantity", Block(1000, "guessed", bounced=bad(15)), {}),
        ("max_quantity", Block(1000, "guessed", bounced=bad(26)), {}),
        ("insufficient_evidence", Block(1000, "guessed", bounced=bad(40)), {}),
        ("max_quality", Block(1000, "guessed", bounced=bad(100)), {}),
        ("insufficient_evidence", Block(200, "guessed", bounced=bad(10)), {}),
        ("max_quality", Block(200, "guessed", bounced=bad(20)), {}),
        ("insufficient_evidence", Block(40, "guessed"), {}),
        ("insufficient_evidence", Block(40, "guessed", bounced=bad(4)), {}),
        # What one company took says little of the next ones.
        ("insufficient_evidence", Block(150, "guessed", domain=ONE), {}),
        ("max_quality", Block(200, "guessed", domain=ONE, bounced=bad(100)), {}),
        # Without guessed leads both settings are the same list.
        ("max_quantity", Block(200), {}),
        ("max_quantity", Block(200, domain=ONE), {}),
        ("max_quantity", Block(1000, bounced=bad(26)), {}),
        ("insufficient_evidence", Block(200, bounced=bad(10)), {}),
        ("reverify", Block(1000, bounced=bad(100)), {}),
        ("reverify", Block(1000, domain=ONE, bounced=bad(100)), {}),
        ("insufficient_evidence", Block(40), {}),
        ("insufficient_evidence", Block(40, bounced=bad(4)), {}),
        ("insufficient_evidence", Block(29), {}),
        # Neither verified nor guessed, and known to be so.
        ("max_quantity", Block(500, "catch_all"), {}),
        ("reverify", Block(1000, "catch_all", bounced=bad(100)), {}),
        ("reverify", Block(1000, "risky", bounced=bad(100)), {}),
        # No status at all: what leaving guessed ones out would do cannot be told.
        ("max_quantity", Block(1000, "unknown", UNCLASSIFIED), NO_STATUS),
        ("max_quantity", Block(200, "unknown", UNCLASSIFIED), NO_STATUS),
        ("insufficient_evidence", Block(40, "unknown", UNCLASSIFIED), NO_STATUS),
        ("insufficient_evidence", Block(200, "unknown", UNCLASSIFIED, bad(5)), NO_STATUS),
        ("insufficient_evidence", Block(1000, "unknown", UNCLASSIFIED, bad(100)), NO_STATUS),
    ],
)
def test_lists_of_one_status(recommendation: str, block: Block, changes: dict[str, object]) -> None:
    found = diagnose(campaign(block, **changes)).data_quality
    assert found.recommendation == recommendation, found.why
    assert "Verified addresses alone" not in found.why or block.status == "verified"


def test_a_handful_of_bounces_that_leaves_the_rate_open_calls_nothing_safe() -> None:
    for leads, bounces, answer in (
        (72, 0, "insufficient_evidence"),
        (75, 0, "max_quantity"),
        (100, 2, "insufficient_evidence"),
        (200, 2, "max_quantity"),
    ):
        assert quality(Block(leads, bounced=bad(bounces))).recommendation == answer, (leads, bounces)
    assert quality(Block(100), Block(100, "guessed")).recommendation == "max_quantity"


def test_a_company_of_wrong_patterns_is_set_apart_in_words() -> None:
    found = quality(
        Block(800, bounced=bad(6)),
        Block(500, "guessed", bounced=bad(6)),
        Block(60, "guessed", domain=ONE, bounced=bad(30)),
    )
    assert (
        "acme.example (30 of 60) guessed addresses bounced. Without them it is 12 of 1,300 leads (0.9 %)." in found.why
    )
    # No next list holds them all, and none of other companies is expected to be like them.
    assert (found.recommendation, found.forecast.best_mix.leads) == ("max_quantity", 1360)
    assert found.forecast.max_quantity.rate < 0.02


@pytest.mark.parametrize(
    ("recommendation", "quantity", "quality", "settled", "shown"),
    [
        ("max_quantity", 0.20, 0.19, 0.0, True),
        ("max_quality", 0.21, 0.20, 0.0, False),
        # With guessed leads alone nothing is left, and a doubt is no reason to send nothing.
        ("max_quality", 0.90, None, None, False),
        ("reverify", 0.90, 0.60, 0.50, True),
        # Only the doubt about the rate is over the line: leaving guessed out stands if they are shown to be worse.
        ("max_quality", 0.90, 0.30, 0.10, True),
        ("insufficient_evidence", 0.90, 0.30, 0.10, False),
        ("insufficient_evidence", None, None, None, False),
    ],
)
def test_the_rule(
    recommendation: str, quantity: float | None, quality: float | None, settled: float | None, shown: bool
) -> None:
    found = recommend(Chances(quantity, quality, quality), Chances(quantity, settled, settled), shown=shown)
    assert found == recommendation


@pytest.mark.parametrize(("status", "words"), [("catch_all", "catch-all"), ("unknown", "unknown-status")])
def test_statuses_shown_to_be_worse_are_to_be_verified_where_the_others_hold(status: str, words: str) -> None:
    """No guessed addresses, and the whole list is about as likely to exceed as not: these are what is bad."""
    sent = (Block(1500, bounced=bad(14)), Block(900, status, bounced=bad(116)))
    found = quality(*sent, next_leads=next_list((1500, "verified", OPEN), (900, status, OPEN)))
    assert (found.recommendation, found.to_verify) == ("reverify", [status])
    assert found.forecast.max_quantity.p_over_tolerance is not None
    assert 0.3 < found.forecast.max_quantity.p_over_tolerance < 0.75
    assert f"The verified ones are not the problem: leave the {words} addresses out" in found.why
    assert found.decisions is not None and found.decisions.send >= 1500


def test_spam_bounces_never_call_for_max_quality() -> None:
    """Guessed addresses refused as spam, at any rate: the data is not the matter."""
    found = quality(Block(700, bounced=bad(6)), Block(300, "guessed", bounced={"user_unknown": 4, "spam_content": 200}))
    assert found.recommendation == "max_quantity"
    assert found.guessed_effect == "not_shown"


def test_full_mailboxes_say_nothing_about_the_data() -> None:
    found = quality(Block(700, bounced={"mailbox_full": 80}), Block(300, "guessed", bounced={"mailbox_full": 80}))
    assert found.recommendation == "max_quantity"
    assert found.forecast.max_quantity.rate < 0.02


def test_the_next_list_decides_and_not_the_last() -> None:
    """The same history: harmless for a list with few guessed addresses, too much for one with many."""
    few = quality(*HURT, next_leads=next_list((950, "verified", OPEN), (50, "guessed", OPEN)))
    many = quality(*HURT, next_leads=next_list((300, "verified", OPEN), (700, "guessed", OPEN)))
    assert (few.recommendation, many.recommendation) == ("max_quantity", "max_quality")
    assert many.forecast.max_quantity.leads == 1000
    assert many.forecast.max_quality.leads == 300
    assert 300 <= many.forecast.best_mix.leads < 1000
    assert many.forecast.best_mix.p_over_tolerance <= 0.10


def test_a_status_never_sent_to_is_not_judged_by_belief() -> None:
    found = quality(Block(800, bounced=bad(6)), next_leads=next_list((500, "verified", OPEN), (500, "guessed", OPEN)))
    assert found.recommendation == "insufficient_evidence"
    assert "more sends to guessed addresses would tell" in found.why
    assert (found.lacking.what, found.lacking.statuses) == ("first_sends", ["guessed"])
    assert f"About {found.lacking.sends} more sends" in found.why


def test_what_would_let_the_data_tell_is_named() -> None:
    bare = next_list((500, "unknown", OPEN), (500, "unknown", OPEN))
    told = quality(*HURT, next_leads=bare)
    assert (told.recommendation, told.lacking.what) == ("insufficient_evidence", "next_email_status")
    assert "give it with its email status" in told.why
    without = quality(Block(1000, "unknown", UNCLASSIFIED, bad(100)), **NO_STATUS)
    assert without.lacking.what == "email_status"
    assert quality(Block(40, bounced=bad(4))).lacking.what == "more_sends"
    assert quality(Block(1000, bounced=bad(5))).lacking is None


def test_invalid_addresses_are_in_no_setting() -> None:
    found = quality(*HURT, next_leads=next_list((400, "verified", OPEN), (100, "invalid", OPEN)))
    assert found.forecast.max_quantity.leads == 400


def test_a_few_leads_ahead_do_not_turn_one_bounce_into_stale_data() -> None:
    """Fifteen leads: one bounce is 6.7 %, whose chance is above 20 % with the best of data."""
    found = quality(Block(900, bounced=bad(16)), next_leads=next_list((15, "verified", OPEN)))
    assert found.forecast.max_quantity.p_over_tolerance > 0.2
    assert found.recommendation == "max_quantity"


def test_the_tolerance_is_the_callers() -> None:
    strict = diagnose(campaign(*HURT), tolerance=0.05).data_quality
    lax = diagnose(campaign(*HURT), tolerance=0.15).data_quality
    assert (strict.recommendation, lax.recommendation) == ("max_quality", "max_quantity")


def test_why_says_numbers_and_doubt() -> None:
    why = quality(*HURT).why
    for words in ("14.0 % (42 of 300)", "1.1 % (8 of 700)", "95 % range", "chance of more than 5 %", "Leaving guessed"):
        assert words in why
    for jargon in ("Mantel", "bootstrap", "posterior", "p-value", "phi", "Wilson", "beta"):
        assert jargon not in why


def test_a_list_that_cannot_be_brought_within_the_tolerance_says_so() -> None:
    past = (Block(20, bounced={}), Block(700, "catch_all", bounced=bad(140)))
    found = quality(*past, next_leads=next_list((5, "verified", OPEN), (395, "catch_all", OPEN)))
    assert found.forecast.best_mix.leads < 40
    assert "The list cannot be brought within 5 % by leaving leads out" in found.why
    assert "safest" not in found.why


def test_without_a_status_nobody_can_say_what_max_quality_would_do() -> None:
    found = quality(Block(3000, "unknown", bounced=bad(30)), **NO_STATUS)
    assert "max quality would leave out cannot be told: none has an email status" in found.why
    assert found.forecast.max_quality == Forecast(3000, 0.0, None, None, None, None)
    assert found.forecast.max_quantity.rate is not None
    # Nor of a next list without statuses, whatever was learnt of others.
    found = quality(*HURT, next_leads=next_list((300, "unknown", OPEN)))
    assert found.forecast.max_quality == Forecast(300, 0.0, None, None, None, None)
    assert found.forecast.max_quantity.rate is not None


def test_a_forecast_says_whom_it_leaves_out() -> None:
    ahead = next_list((300, "verified", OPEN), (5, "invalid", OPEN))
    assert "sent to everyone but the 5 leads that no setting sends to (do_not_send), should" in (
        quality(*HURT, next_leads=ahead).why
    )
    assert "sent to everyone, should" in quality(*HURT, next_leads=ahead[:300]).why


def test_why_gives_both_bounds_where_bounces_say_nothing() -> None:
    why = quality(Block(700, bounced={"unspecified": 20}), Block(300, "guessed", bounced={"unspecified": 45})).why
    for words in ("(6.5 %) bounced and nothing says why", "0 % of the leads are bad", "6.5 %"):
        assert words in why


def test_why_tells_whose_bounces_say_nothing_and_foretells_nothing_by_the_others() -> None:
    silent = campaign(Block(600, bounced={"unspecified": 12}), Block(400, "guessed", bounced={"unspecified": 60}))
    why = diagnose(silent).data_quality.why
    assert "60 of 400 guessed addresses (15.0 %) and 12 of 600 verified addresses (2.0 %)" in why
    assert "sent to everyone, would bounce at anything from 0 %" in why
    assert "should bounce at" not in why


def test_bounces_without_a_cause_leave_the_forecast_open_between_none_and_all() -> None:
    """Else a log of bare flags would be told that 0 % bounce."""
    ways = quality(Block(600, bounced={"unspecified": 12}), Block(400, "guessed", bounced={"unspecified": 60})).forecast
    for way in (ways.max_quantity, ways.max_quality, ways.best_mix):
        assert (way.rate, way.p_over_tolerance, way.low) == (None, None, 0.0)
    assert ways.max_quantity.high > 0.10  # 7.2 % bounced, if all of it is the address
    assert ways.max_quality.high < ways.max_quantity.high
    # What is within the tolerance even then.
    assert 0 < ways.best_mix.leads < 1000


def test_the_same_advice_either_way_keeps_its_forecast() -> None:
    found = quality(Block(700, bounced={"unspecified": 3}), Block(300, "guessed", bounced={"unspecified": 2}))
    assert found.recommendation == "max_quantity"
    assert found.forecast.max_quantity.rate is not None


def test_reverify_says_whose_addresses() -> None:
    risky = quality(Block(320, bounced=bad(2)), Block(180, "guessed"), Block(300, "catch_all", bounced=bad(46)))
    assert (risky.recommendation, risky.to_verify) == ("reverify", ["catch_all"])
    assert "leave the catch-all addresses out, or have each one verified" in risky.why
    stale = quality(Block(700, bounced=bad(70)), Block(300, "guessed", bounced=bad(30)))
    assert (stale.recommendation, stale.to_verify) == ("reverify", ["verified"])
    assert quality(Block(700, bounced=bad(7)), Block(300, "guessed", bounced=bad(3))).to_verify == []


def test_why_admits_that_guessing_is_not_the_cause() -> None:
    found = quality(
        Block(500, bounced=bad(5)),
        Block(100, "guessed", bounced=bad(1)),
        Block(100, industry=STRICT, bounced=bad(12)),
        Block(500, "guessed", STRICT, bad(60)),
    )
    assert found.guessed_effect == "not_shown"
    assert "not because guessing is shown to be the cause" in found.why
    assert "verified ones, too, bounced at 12.0 % in strict industries and at 1.0 % in open ones" in found.why


def quality(*blocks: Block, **changes: object) -> DataQuality:
    return diagnose(campaign(*blocks, **changes)).data_quality
