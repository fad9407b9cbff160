"""A column that is shown to make leads bounce: email statuses are compared within it where that changes the answer."""

from __future__ import annotations

import numpy as np
import pytest
from diagnose_builder import OPEN, STRICT, Block, campaign

from analyzer.correlate import Correlated
from analyzer.diagnose import diagnose
from analyzer.diagnose.diagnosis import DataQuality
from analyzer.diagnose.estimates.strata import strata
from analyzer.diagnose.guessing.confounded import Confounder, held_fixed
from analyzer.diagnose.leads.contacts import contacts

COLUMNS = ["list_source", "country", "shelf", "sender", "template"]


def sent(*parts: tuple[str, str, int, int], column: str = "list_source") -> Correlated:
    """Leads by (value, email status, leads, bad ones), each at a company of its own."""
    blocks = [Block(leads, status, bounced={"user_unknown": bad}) for _, status, leads, bad in parts]
    correlated = campaign(*blocks, drivers=(column,) if column == "shelf" else ())
    number = correlated.sends["lead_id"].str.partition("-")[0].astype(int)
    correlated.sends[column] = number.map(dict(enumerate(value for value, *_ in parts)))
    return correlated


def told(*parts: tuple[str, str, int, int], column: str = "list_source") -> DataQuality:
    return diagnose(sent(*parts, column=column)).data_quality


@pytest.mark.parametrize("column", COLUMNS)
def test_guessed_of_a_bad_source_are_not_blamed_for_it(column: str) -> None:
    found = told(
        ("bad", "guessed", 600, 48),
        ("bad", "verified", 300, 24),
        ("good", "guessed", 400, 4),
        ("good", "verified", 1700, 17),
        column=column,
    )
    assert found.guessed_effect == "not_shown"
    assert found.risk_difference.estimate == pytest.approx(0.0, abs=1e-9)
    assert found.attributable_share.low == 0.0
    name = {"list_source": "list source", "sender": "mailbox"}.get(column, column)
    assert f"Compared within the same industry, campaign and {name}, the difference is 0 points" in found.why


def test_guessed_that_are_worse_within_each_source_stay_blamed() -> None:
    found = told(
        ("bad", "guessed", 600, 90),
        ("bad", "verified", 300, 18),
        ("good", "guessed", 400, 32),
        ("good", "verified", 1700, 17),
    )
    assert found.guessed_effect == "driven"
    # Within: 9 points of 600 and 300, weight 200; 7 points of 400 and 1,700, weight 324.
    assert found.risk_difference.estimate == pytest.approx(
        (0.09 * 200 + 0.07 * 400 * 1700 / 2100) / (200 + 400 * 1700 / 2100)
    )
    assert "industry, campaign and list source, guessing adds" in found.why


def test_verified_of_a_bad_source_do_not_hide_what_guessing_costs() -> None:
    found = told(
        ("bad", "guessed", 100, 18),
        ("bad", "verified", 500, 50),
        ("good", "guessed", 900, 63),
        ("good", "verified", 1000, 8),
    )
    assert found.guessed_effect in ("driven", "contributes")
    assert (found.risk_difference.low or 0.0) > 0.03
    assert "campaign and list source" in found.why


def test_a_bad_source_that_both_have_alike_costs_no_stratum() -> None:
    found = told(
        ("bad", "guessed", 200, 40),
        ("bad", "verified", 300, 30),
        ("good", "guessed", 800, 56),
        ("good", "verified", 1200, 12),
    )
    assert found.origin is not None
    assert "list source, guessing" not in found.why
    assert "Compared with each other, guessing adds" in found.why


def test_where_nearly_all_of_the_bad_source_are_guessed_it_is_said_that_it_may_be_the_source() -> None:
    found = told(
        ("bad", "guessed", 700, 90),
        ("bad", "verified", 4, 0),
        ("good", "guessed", 300, 12),
        ("good", "verified", 1700, 17),
    )
    assert "Guessed and verified addresses mostly do not have the same list source" in found.why


def test_each_status_is_compared_within_what_moves_it() -> None:
    found = told(
        ("bad", "catch_all", 400, 36),
        ("bad", "verified", 300, 27),
        ("bad", "guessed", 130, 36),
        ("good", "catch_all", 100, 1),
        ("good", "guessed", 600, 120),
        ("good", "verified", 1700, 17),
    )
    effects = {each.status: each.effect for each in found.by_status}
    assert effects == {"guessed": "driven", "catch_all": "not_shown"}


def test_what_a_column_moves_by_hand() -> None:
    # 60 % of the one and 20 % of the other have the value, whose leads bounce 5 points more: 2 points.
    code = np.repeat([1, 0, 1, 0], [60, 40, 20, 80])
    one = np.arange(200) < 100
    column = Confounder("list_source", code, np.array([0.0, 0.05]))
    assert column.bias(one, ~one) == pytest.approx(0.02)
    bounced = np.zeros(200, dtype=np.bool_)
    bounced[:19] = True
    # A tenth of 19 points is less than that, a tenth of 21 is more.
    assert held_fixed(one, ~one, bounced, [column]) == [column]
    bounced[:21] = True
    assert held_fixed(one, ~one, bounced, [column]) == []
    assert held_fixed(one, np.zeros(200, dtype=np.bool_), bounced, [column]) == []


def test_columns_beside_are_given_up_one_after_the_other_and_only_after_the_industry() -> None:
    counted = contacts(
        campaign(
            *(Block(9, status, industry) for industry in (OPEN, STRICT) for status in ("verified", "guessed")),
            Block(40, "guessed", OPEN),
            Block(40, "verified", OPEN),
        )
    )
    guessed = (counted.leads["email_status"] == "guessed").to_numpy()
    first = np.repeat([1, 1, 1, 1, 2, 0], [9, 9, 9, 9, 40, 40])
    found = strata(counted.leads, guessed, [first])
    # Nine of each are enough for an industry group within the value; the rest has no like of the same value.
    assert found.count == 3
    assert found.loose == pytest.approx(40 / 58)
    assert len(np.unique(found.code[:36])) == 2
    assert strata(counted.leads, guessed).loose == 0.0
