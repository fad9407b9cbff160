"""The fixes as data: each answers its own examples, and none of its near misses."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from analyzer.diagnose.refused import fix_rules as module
from analyzer.diagnose.refused.fix_rules import FixRule, fix_rules
from analyzer.diagnose.refused.fixes import _blocklists, _for_list, mask
from analyzer.errors import RuleError
from analyzer.knowledge import reasons

RULES = fix_rules()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_examples_and_near_misses(rule: FixRule) -> None:
    assert rule.says(pd.Series(rule.examples, dtype=str)).all()
    if rule.patterns:
        assert rule.examples
        assert rule.near_misses
        assert not rule.says(pd.Series(rule.near_misses, dtype=str)).any()


def test_every_refusal_has_a_fix_on_the_side_of_its_fault() -> None:
    """What no specific fix takes falls to one without patterns, so that no reason is left without advice."""
    for reason in reasons().values():
        if reason.label != "spam":
            continue
        side = "recipient" if reason.fault == "recipient" else "sender"
        caught = [rule.side for rule in RULES if reason.name in rule.reasons and not rule.patterns]
        # A refusal that gives no reason counts as policy, and may be either side's.
        assert caught == (["sender", "recipient"] if reason.name == "policy" else [side]), reason.name


def test_no_fix_for_a_recipients_rule_touches_dns_or_the_setting() -> None:
    for rule in RULES:
        if rule.side == "recipient":
            assert not any(word in step.lower() for step in rule.steps for word in ("publish", "txt", "record"))
        assert not any("switch to max quality" in step and "do not" not in step for step in rule.steps)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ('side = "ours"', "side"),
        ('reasons = ["auth"]', "unknown: auth"),
        ("patterns = ['(?=x)']", "RE2"),
        ("colour = 1", "fields of a fix"),
        ('family = "x"', "family x needs one fallback"),
        ("steps = []", "lacks steps"),
    ],
)
def test_a_broken_fix_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str, says: str
) -> None:
    fields = {
        "id": '"X"',
        "title": '"t"',
        "side": '"sender"',
        "reasons": '["auth_failure"]',
        "steps": '["s"]',
        "verify": '["v"]',
        "source": '"RFC 7208"',
        "confidence": "0.5",
    }
    key, _, value = change.partition(" = ")
    text = "[[fix]]\n" + "\n".join(f"{name} = {content}" for name, content in (fields | {key: value}).items())
    (tmp_path / "fixes.toml").write_text(text)
    monkeypatch.setattr(module, "data_folder", lambda _: tmp_path)
    fix_rules.cache_clear()
    with pytest.raises(RuleError, match=says) as caught:
        fix_rules()
    fix_rules.cache_clear()
    assert "family" in change or "fix 1 (X)" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("no such user <jane@victim.example>", "no such user <***@victim.example>"),
        ("mailto:a.b+c@x.example;", "mailto:***@x.example;"),
        ("nothing here", "nothing here"),
    ],
)
def test_mask(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("Spamhaus PBL", "Spamhaus PBL: Not a finding of spam"),
        ("Spamhaus ZRD", "Spamhaus ZRD: The domain is less than a day old"),
        ("Spamhaus CSS", "Stop the mail that led to the listing"),
    ],
)
def test_no_mail_is_to_be_stopped_for_a_listing_that_none_led_to(name: str, first: str) -> None:
    (rule,) = (rule for rule in fix_rules() if rule.id == "BLOCKLIST")
    assert _for_list(rule, name, _blocklists()[name]).steps[0].startswith(first)
