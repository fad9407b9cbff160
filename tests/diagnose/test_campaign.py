"""The diagnosis as a whole: its shape, its caveats, and what it does with next to nothing."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from diagnose_builder import STRICT, UNCLASSIFIED, Block, campaign

from analyzer.diagnose import diagnose
from analyzer.diagnose.diagnosis import DIMENSIONS, InputFile
from analyzer.diagnose.thresholds import thresholds
from analyzer.errors import RuleError
from analyzer.records import Matching


def test_it_is_plain_json_and_the_same_every_time() -> None:
    blocks = (Block(300, bounced={"user_unknown": 4, "policy": 3}), Block(90, "guessed", STRICT, {"user_unknown": 9}))
    inputs = [InputFile("bounces.eml", "bounces", 3, "00")]
    first = diagnose(campaign(*blocks), inputs=inputs, rules_version="r1", tool_version="t1")
    assert first == diagnose(campaign(*blocks), inputs=inputs, rules_version="r1", tool_version="t1")
    written = json.loads(json.dumps(first.to_dict(), allow_nan=False))
    assert set(written["breakdown"]) == set(DIMENSIONS)
    assert written["options"]["tolerance"] == 0.05
    assert (written["rules_version"], written["tool_version"], written["inputs"][0]["rows"]) == ("r1", "t1", 3)


def test_nothing_sent_is_said_and_not_an_error() -> None:
    found = diagnose(campaign())
    assert found.totals.leads_contacted == 0
    assert found.totals.hard.rate is None
    assert found.data_quality.recommendation == "insufficient_evidence"
    assert found.deliverability.side == "undetermined"
    assert found.warnings == ["The log holds no mail that was sent: there are no rates."]


def test_addresses_alone_are_enough() -> None:
    full = campaign(Block(400, bounced={"user_unknown": 5, "policy": 2}))
    bare = full.sends[["send_id", "recipient", "label", "fault", "reason", "transient", "diagnostic", "record_id"]]
    object.__setattr__(full, "sends", bare)
    object.__setattr__(full, "have", frozenset())
    found = diagnose(full)
    assert found.totals.hard.count == 5
    assert found.data_quality.guessed_effect == "too_little_data"
    assert found.deliverability.strict_rate.estimate is None
    for column in ("email_status", "industry", "campaign", "sent_at"):
        assert any(f"No {column} in the files" in warning for warning in found.warnings)


@pytest.mark.parametrize("empty", [None, float("nan"), pd.NA])
def test_missing_values_are_not_a_value(empty: object) -> None:
    correlated = campaign(Block(50, bounced={"policy": 1}))
    correlated.sends["industry"] = pd.Series([empty] * 50, dtype=object)
    assert diagnose(correlated).breakdown["industry"] == []


@pytest.mark.parametrize("tolerance", [0, 1, 5, -0.1])
def test_a_tolerance_is_a_rate(tolerance: float) -> None:
    with pytest.raises(ValueError, match="tolerance"):
        diagnose(campaign(Block(5)), tolerance=tolerance)


@pytest.mark.parametrize(
    ("says", "blocks", "changes"),
    [
        ("25.0 % of the leads have an industry", (Block(150), Block(50, industry=UNCLASSIFIED)), {}),
        ("40.0 % of the leads have no known email status", (Block(150), Block(100, "unknown")), {}),
        ("The counts are small (40 leads, 2 hard bounces", (Block(40, bounced={"user_unknown": 2}),), {}),
        ("3 bounces of 9 (33.3 %) could not be tied", (Block(300),), {"matching": Matching(10, 6, 5, 1, 2)}),
        ("holds no such mail: 2 bounces", (Block(300),), {"matching": Matching(10, 6, 5, 1, 2)}),
        ("from correlate", (Block(300),), {"warnings": ["A warning from correlate."]}),
    ],
)
def test_caveats(says: str, blocks: tuple[Block, ...], changes: dict[str, object]) -> None:
    warnings = diagnose(campaign(*blocks, **changes)).warnings
    assert any(says in warning for warning in warnings), warnings


def test_bounced_mails_without_a_time_are_told_where_the_others_have_one() -> None:
    """Some platforms date only what was delivered: the weeks would then look as if nothing had bounced."""
    told = campaign(Block(600, bounced={"user_unknown": 20}))
    told.sends["sent_at"] = told.sends["sent_at"].where(told.sends["label"] == "")
    says = "20 of 20 bounced mails have no time of sending in the log, though others have"
    assert [warning for warning in diagnose(told).warnings if says in warning]
    bare = campaign(Block(600, bounced={"user_unknown": 20}))
    bare.sends.loc[bare.sends.index % 2 == 0, "sent_at"] = (
        None  # half of all mails: nothing special of the bounced ones
    )
    assert not [warning for warning in diagnose(bare).warnings if "no time of sending" in warning]


def test_providers_known_from_bounces_alone_have_no_rates() -> None:
    some = campaign(Block(500, provider=""), Block(40, bounced={"user_unknown": 20}))
    assert [
        warning for warning in diagnose(some).warnings if "rates by provider are too high, compare counts" in warning
    ]


def test_a_healthy_campaign_needs_no_caveat() -> None:
    assert diagnose(campaign(Block(700, bounced={"user_unknown": 7}), Block(300, "guessed"))).warnings == []


def test_broken_thresholds_are_refused_by_name(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    from analyzer.diagnose import thresholds as module
    from analyzer.knowledge import data_folder

    text = (data_folder("rules") / "thresholds.toml").read_text(encoding="utf-8")
    (tmp_path / "thresholds.toml").write_text(text.replace("min_bounces = 5", "min_bounce = 5"), encoding="utf-8")
    monkeypatch.setattr(module, "data_folder", lambda _: tmp_path)
    thresholds.cache_clear()
    with pytest.raises(RuleError, match=r"\[evidence\] (lacks|has an unknown key) min_bounce"):
        thresholds()
    thresholds.cache_clear()
