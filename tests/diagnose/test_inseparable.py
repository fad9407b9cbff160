"""Guessed and verified addresses that never share a source, a campaign or a mailbox: which of the two costs bounces?"""

from __future__ import annotations

import pytest
from diagnose_builder import OPEN, STRICT, UNCLASSIFIED, Block, campaign

from analyzer.correlate import Correlated
from analyzer.diagnose import diagnose
from analyzer.diagnose.diagnosis import DataQuality
from analyzer.report.words import guessed_lines

GUESSED, VERIFIED = ("guessed", 600, 90), ("verified", 1700, 17)


def sent(*parts: tuple[str, tuple[str, int, int]], column: str = "list_source") -> Correlated:
    """Leads by value and (email status, leads, bad ones), each at a company of its own."""
    blocks = [Block(leads, status, bounced={"user_unknown": bad}) for _, (status, leads, bad) in parts]
    made = campaign(*blocks, drivers=(column,) if column == "shelf" else ())
    number = made.sends["lead_id"].str.partition("-")[0].astype(int)
    made.sends[column] = number.map(dict(enumerate(value for value, _ in parts)))
    return made


def told(*parts: tuple[str, tuple[str, int, int]], column: str = "list_source") -> DataQuality:
    return diagnose(sent(*parts, column=column)).data_quality


@pytest.mark.parametrize(
    ("column", "name"),
    [("list_source", "list source"), ("country", "country"), ("sender", "mailbox"), ("campaign", "campaign"),
     ("shelf", "shelf")],
)  # fmt: skip
def test_what_each_status_has_its_own_value_of_cannot_be_told_from_guessing(column: str, name: str) -> None:
    found = told(("bought", GUESSED), ("own", VERIFIED), column=column)
    assert found.guessed_effect == "not_shown"
    assert found.attributable_share.low == 0.0
    # Who is left out is the same, whatever the cause.
    assert found.recommendation == "max_quality"
    assert f"hardly any of them has the same {name} as a verified one (mostly bought against own)" in found.why
    assert f"whether guessing or the {name} costs the bounces cannot be told" in found.why
    assert f"guessed addresses of the {name} own would tell" in found.why
    assert "whatever the cause is" in found.why


def from_two_lists(*, guessed_of_own: int) -> Correlated:
    """A bought list, mostly guessed and without industries, and an own one whose guessed leads bounce so often."""
    parts = [
        ("bought", Block(540, "guessed", UNCLASSIFIED, {"user_unknown": 43})),
        ("bought", Block(40, "verified", UNCLASSIFIED, {"user_unknown": 3})),
        ("own", Block(150, "guessed", OPEN, {"user_unknown": guessed_of_own})),
        ("own", Block(1000, "verified", OPEN, {"user_unknown": 13})),
        ("own", Block(500, "verified", UNCLASSIFIED, {"user_unknown": 7})),
    ]
    made = campaign(*(block for _, block in parts))
    number = made.sends["lead_id"].str.partition("-")[0].astype(int)
    made.sends["list_source"] = number.map(dict(enumerate(source for source, _ in parts)))
    return made


def test_leads_without_an_industry_are_not_alike_for_that() -> None:
    """Among them guessed ones are of the bought list and verified ones of the own: within each list they bounce alike."""
    found = diagnose(from_two_lists(guessed_of_own=2)).data_quality
    assert found.guessed_effect == "not_shown"
    assert found.attributable_share.low == 0.0
    assert "but among leads of the same list source and industry group that is not shown" in found.why
    assert "hardly any of them" not in found.why
    shown = diagnose(from_two_lists(guessed_of_own=12)).data_quality
    assert shown.guessed_effect in ("driven", "contributes"), shown.why


def test_an_industry_group_of_each() -> None:
    made = campaign(
        Block(600, "guessed", STRICT, {"user_unknown": 90}), Block(1700, "verified", OPEN, {"user_unknown": 17})
    )
    why = diagnose(made).data_quality.why
    assert "the same industry group as a verified one (mostly strict against open)" in why
    assert "industry group, industry" not in why


def test_several_columns_that_say_the_same_are_named_together() -> None:
    made = sent(("bought", GUESSED), ("own", VERIFIED))
    made.sends["country"] = made.sends["list_source"].map({"bought": "France", "own": "Spain"})
    assert "the same list source and country as a verified one" in diagnose(made).data_quality.why


@pytest.mark.parametrize(
    "parts",
    [
        (("one", GUESSED), ("one", VERIFIED)),
        (("", GUESSED), ("own", VERIFIED)),
        (("bought", GUESSED), ("bought", ("verified", 700, 7)), ("own", ("verified", 1000, 10))),
        # Sixty of the good source are enough: a fifth of them bounced.
        (("bought", GUESSED), ("own", ("guessed", 60, 12)), ("own", VERIFIED)),
    ],
    ids=["one source", "not given", "shared", "a small overlap that shows it"],
)
def test_where_the_source_can_be_told_from_the_status_guessing_is_blamed(parts: tuple[tuple[str, object], ...]) -> None:
    assert told(*parts).guessed_effect == "driven"  # type: ignore[arg-type]


def test_an_overlap_that_shows_nothing_is_none() -> None:
    assert told(("bought", GUESSED), ("own", ("guessed", 20, 1)), ("own", VERIFIED)).guessed_effect == "not_shown"


def test_a_column_of_nearly_as_many_values_as_leads_hides_nothing() -> None:
    made = sent(("bought", GUESSED), ("own", VERIFIED), column="shelf")
    made.sends["shelf"] = [f"s{number // 2}" for number in range(len(made.sends))]
    assert diagnose(made).data_quality.guessed_effect == "driven"


def test_the_report_calls_the_difference_shown_and_the_cause_open() -> None:
    lines = guessed_lines(diagnose(sent(("bought", GUESSED), ("own", VERIFIED))))
    assert lines[0] == "Guessed addresses do worse than verified ones; that guessing is the cause cannot be told."
    assert len(lines) == 2
