"""Lists of replies written apart from the rules: those that mended the rules, those that nothing learnt from (single ones
and whole styles), and those that are right and have to stay so.

The second say how the rules do on what they have not met; a rule is never changed for their sake, or they say no more.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer import knowledge
from analyzer.classify import classify
from analyzer.classify.calibration import Reply, replies_in
from analyzer.errors import UnreadableInputError

HERE = Path(__file__).parent
MET = replies_in(HERE / "replies_met.txt")
FRESH = replies_in(HERE / "replies_fresh.txt")
KEPT = replies_in(HERE / "replies_kept.txt")
NEW_STYLES = replies_in(HERE / "replies_new_styles.txt")

#: What is still wrong, by the beginning of the text, and why it is left so.
KNOWN_MISSES = {
    "552 5.2.2 Postvak van ontvanger is vol, probeer het later opnieuw": (
        "a 5xx that asks for a later try is taken at its word"
    ),
    "550 we do not want mail for this recipient": "reads like a host that takes no mail at all",
}


def right(reply: Reply) -> tuple[bool, bool, bool]:
    """Whether label, reason and transience are right."""
    verdict = classify(reply.text, host=reply.host)
    label = knowledge.reasons()[reply.reasons[0]].label
    return (
        verdict.label == label,
        verdict.reason in reply.reasons,
        reply.transient is None or verdict.transient == reply.transient,
    )


def decided_by_rule(reply: Reply) -> bool:
    return classify(reply.text, host=reply.host).decided_by.startswith("rule:")


def share(replies: list[Reply], of: int) -> float:
    return sum(right(one)[of] for one in replies) / len(replies)


def test_what_was_met_is_right_where_a_rule_decides_but_for_the_known_misses() -> None:
    wrong = [one.text for one in MET if decided_by_rule(one) and not all(right(one))]
    unknown = [text for text in wrong if not text.startswith(tuple(KNOWN_MISSES))]
    assert unknown == []
    assert len(wrong) == len(KNOWN_MISSES), "a known miss is right by now: take it off the list"


def test_what_was_met_mostly_gets_the_right_label_where_no_rule_decides() -> None:
    """By the model and the codes, which a new model may answer otherwise."""
    assert share([one for one in MET if not decided_by_rule(one)], 0) >= 0.9


def test_what_is_right_stays_right() -> None:
    assert [one.text for one in KEPT if decided_by_rule(one) and not all(right(one))] == []
    assert share([one for one in KEPT if not decided_by_rule(one)], 0) >= 0.9


def test_what_was_never_met_gets_the_right_label() -> None:
    assert share(FRESH, 0) >= 0.97


def test_what_was_never_met_mostly_gets_the_right_reason_and_transience() -> None:
    assert share(FRESH, 1) >= 0.82
    assert share(FRESH, 2) >= 0.95


def test_a_style_that_nothing_learnt_from_mostly_gets_the_right_label_and_reason() -> None:
    assert share(NEW_STYLES, 0) >= 0.93
    assert share(NEW_STYLES, 1) >= 0.76
    assert share(NEW_STYLES, 2) >= 0.95


def test_the_lists_are_broad_and_have_nothing_in_common() -> None:
    assert len(MET) >= 650
    assert len(FRESH) >= 120
    assert not {one.text for one in MET} & {one.text for one in FRESH}
    assert not {one.text for one in KEPT} & {one.text for one in (*MET, *FRESH)}
    assert not {one.text for one in NEW_STYLES} & {one.text for one in (*MET, *FRESH, *KEPT)}
    assert len({one.language for one in (*MET, *FRESH)}) >= 25
    every = set(knowledge.reasons())
    assert {one.reasons[0] for one in MET} >= every - {"not_accepting_mail"}


@pytest.mark.parametrize(
    "line", ["user_unknown no - en", "no_such_reason no - en 550 x", "user_unknown maybe - en 550 x"]
)
def test_a_line_of_another_shape_is_named(line: str, tmp_path: Path) -> None:
    (tmp_path / "replies.txt").write_text(f"# remark\n{line}\n", encoding="utf-8")
    with pytest.raises(UnreadableInputError, match="line 2"):
        replies_in(tmp_path / "replies.txt")
