"""Addresses that bounce more the later they were first written to: told, and expected to go on."""

from __future__ import annotations

import pytest
from diagnose_builder import OPEN, STRICT, Block, campaign, next_list

from analyzer.diagnose import diagnose
from analyzer.diagnose.diagnosis import DataQuality

WAVES = ("2026-03-02T09:00:00Z", "2026-03-16T09:00:00Z", "2026-03-30T09:00:00Z", "2026-04-13T09:00:00Z")


def of_waves(*waves: tuple[Block, ...], **changes: object) -> DataQuality:
    """The verdict on campaigns a fortnight apart."""
    blocks = [
        Block(**{**vars(block), "campaign": f"wave {number}", "sent_at": WAVES[number]})
        for number, wave in enumerate(waves)
        for block in wave
    ]
    return diagnose(campaign(*blocks, **changes)).data_quality


def wave(guessed: int, verified: int = 5, leads: int = 600) -> tuple[Block, ...]:
    return (
        Block(500, bounced={"user_unknown": verified}),
        Block(leads, "guessed", bounced={"user_unknown": guessed}),
    )


def test_a_source_that_runs_dry_is_told_and_expected_to_go_on() -> None:
    found = of_waves(wave(12), wave(24), wave(48))
    assert (
        "Guessed addresses bounced more the later they were first written to: 2.0 %, 4.0 % and 8.0 % of those from "
        "2026-W10, 2026-W12 and 2026-W14 on; the forecast expects the next ones to be as the last."
    ) in found.why
    assert "Verified addresses bounced more the later" not in found.why
    everyone = found.forecast.max_quantity
    # 600 of 1,100 leads at 8 % and 500 at 1 %, and not at the 4.7 % of all guessed ones.
    assert everyone.rate == pytest.approx(0.048, abs=0.008)
    assert found.recommendation == "max_quality"


def test_the_next_list_is_ranked_by_what_came_last() -> None:
    ahead = next_list((300, "verified", OPEN), (300, "guessed", OPEN))
    drifted = of_waves(wave(12), wave(24), wave(48), next_leads=ahead)
    level = of_waves(wave(28), wave(28), wave(28), next_leads=ahead)
    assert drifted.forecast.max_quantity.rate > 1.3 * level.forecast.max_quantity.rate
    assert drifted.forecast.max_quality.rate == pytest.approx(level.forecast.max_quality.rate, abs=0.004)


def test_a_rise_by_as_much_as_campaigns_may_differ_is_told_and_not_counted_on() -> None:
    found = of_waves(wave(16), wave(31), wave(47))
    assert "Guessed addresses bounced more the later they were first written to: 2.7 %, 5.2 % and 7.8 %" in found.why
    assert "campaigns may differ by as much, so the forecast takes them together" in found.why
    level = of_waves(wave(31), wave(31), wave(32))
    assert found.forecast.max_quantity.rate == pytest.approx(level.forecast.max_quantity.rate, abs=0.004)


@pytest.mark.parametrize(
    ("name", "waves"),
    [
        ("level", (wave(28), wave(26), wave(30))),
        ("one wave of four stands out", (wave(15), wave(60), wave(14), wave(20))),
        ("a last one as campaigns differ", (wave(20), wave(22), wave(32))),
        ("two waves are no trend", (wave(10), wave(50))),
        ("more of them are guessed", (wave(8, leads=100), wave(24, leads=300), wave(72, leads=900))),
        ("few bounces", (wave(0), wave(2), wave(6))),
    ],
)
def test_what_is_no_trend_is_not_called_one(name: str, waves: tuple[tuple[Block, ...], ...]) -> None:
    assert "the later they were first written to" not in of_waves(*waves).why, name


def test_one_dead_company_in_the_last_campaign_is_no_trend() -> None:
    dead = Block(45, "guessed", bounced={"domain_not_found": 45}, domain="gone.example")
    found = of_waves(wave(10), wave(10), wave(11), (*wave(10), dead))
    assert "the later they were first written to" not in found.why


def test_another_mix_of_industries_is_no_trend() -> None:
    def mixed(strict: int) -> tuple[Block, ...]:
        return (
            Block(strict, "guessed", STRICT, {"user_unknown": round(strict * 0.12)}),
            Block(700 - strict, "guessed", OPEN, {"user_unknown": round((700 - strict) * 0.02)}),
        )

    assert "the later they were first written to" not in of_waves(mixed(70), mixed(280), mixed(560)).why


def test_what_falls_is_told_and_not_counted_on() -> None:
    found = of_waves(wave(60), wave(30), wave(15))
    assert "Guessed addresses bounced less the later they were first written to: 10.0 %, 5.0 % and 2.5 %" in found.why
    assert "the forecast counts on none of that" in found.why
    assert found.forecast.max_quantity.rate == pytest.approx(0.037, abs=0.01)
