"""Causes of bad addresses that can be named: old verification, a wrong pattern, dead domains, misspelt domains."""

from __future__ import annotations

import pandas as pd
import pytest
from diagnose_builder import Block, campaign

from analyzer.correlate import Correlated
from analyzer.diagnose import diagnose
from analyzer.diagnose.diagnosis import DataQuality


def bad(count: int, reason: str = "user_unknown") -> dict[str, int]:
    return {reason: count}


def told(correlated: Correlated) -> DataQuality:
    return diagnose(correlated).data_quality


def kinds(data: DataQuality) -> dict[str, int]:
    return {each.kind: each.bounces for each in data.explained_by}


def verified_ago(correlated: Correlated, *days: int) -> Correlated:
    """Each block of the campaign verified so many days before it was sent."""
    block = correlated.sends["lead_id"].str.partition("-")[0].astype(int)
    correlated.sends["verified_at"] = correlated.sends["sent_at"] - pd.to_timedelta(
        block.map(dict(enumerate(days))), "D"
    )
    return correlated


def test_old_verification_is_named_where_fresh_ones_hold() -> None:
    found = told(verified_ago(campaign(Block(300, bounced=bad(3)), Block(300, bounced=bad(36))), 10, 400))
    assert kinds(found) == {"stale_verification": 33}
    assert "older than 90 days bounced at 12.0 %, fresher ones at 1.0 %" in found.why


def test_statuses_are_not_mixed_up_where_old_verifications_are_why_verified_ones_bounce_more() -> None:
    sent = Block(300, bounced=bad(3)), Block(300, bounced=bad(60)), Block(400, "guessed", bounced=bad(8))
    aged = told(verified_ago(campaign(*sent), 10, 400, 10)).why
    assert "guessing is not what costs bounces" in aged
    assert "mixed up" not in aged
    assert "Look whether the two statuses were mixed up." in told(campaign(*sent)).why


def test_old_verification_is_not_blamed_where_fresh_ones_bounce_alike() -> None:
    found = told(verified_ago(campaign(Block(300, bounced=bad(30)), Block(300, bounced=bad(33))), 10, 400))
    assert kinds(found) == {}


def test_without_a_date_nothing_is_said_about_age() -> None:
    assert kinds(told(campaign(Block(300, bounced=bad(30))))) == {}


def test_a_pattern_that_is_wrong_at_one_company() -> None:
    found = told(
        campaign(
            Block(300),
            Block(200, "guessed", bounced=bad(10)),
            Block(9, "guessed", domain="acme.example", bounced=bad(8)),
            Block(4, domain="acme.example"),
        )
    )
    assert kinds(found) == {"wrong_pattern": 8}
    (cause,) = found.explained_by
    assert (cause.leads, cause.domains) == (9, ["acme.example"])
    assert "At one company the pattern" in found.why
    assert "acme.example (8 of 9)" in found.why


def test_one_dead_domain_is_told_as_one() -> None:
    found = told(
        campaign(Block(900, bounced=bad(9)), Block(30, domain="gone.example", bounced=bad(30, "domain_not_found")))
    )
    assert "30 bounces went to gone.example, which takes no mail: see where this company moved." in found.why


def test_a_company_whose_verified_addresses_bounce_as_well_has_no_wrong_pattern() -> None:
    found = told(
        campaign(
            Block(300),
            Block(200, "guessed", bounced=bad(10)),
            Block(9, "guessed", domain="acme.example", bounced=bad(8)),
            Block(6, domain="acme.example", bounced=bad(5)),
            Block(2, domain="acme.example"),
        )
    )
    assert "wrong_pattern" not in kinds(found)


def test_where_two_patterns_are_in_use_one_of_them_may_be_wrong() -> None:
    found = told(
        campaign(
            Block(300),
            Block(200, "guessed", bounced=bad(3)),
            Block(60, "guessed", domain="acme.example", bounced=bad(30)),
        )
    )
    assert kinds(found) == {"wrong_pattern": 30}
    assert "is wrong, or one of several is: acme.example (30 of 60) guessed addresses bounced." in found.why


def test_guessed_addresses_that_bounce_everywhere_are_no_companys_pattern() -> None:
    assert (
        kinds(told(campaign(Block(300), Block(300, "guessed", per_domain=4, bounced=bad(90))))).get("wrong_pattern", 0)
        <= 4 * 22
    )


def test_a_dead_domain_is_named_and_one_that_delivered_is_not() -> None:
    found = told(
        campaign(
            Block(300),
            Block(5, domain="gone.example", bounced=bad(5, "domain_not_found")),
            Block(5, domain="alive.example", bounced=bad(1, "domain_not_found")),
        )
    )
    assert kinds(found) == {"dead_domain": 5}
    assert found.explained_by[0].domains == ["gone.example"]


@pytest.mark.parametrize(("reason", "found"), [("domain_not_found", {"typo": 3}), ("user_unknown", {})])
def test_what_only_looks_misspelt_has_to_be_dead(reason: str, found: dict[str, int]) -> None:
    """magenta.de is a provider; a server of kagenta.de that knows no such user shows that this is somebody's own."""
    assert kinds(told(campaign(Block(300), Block(3, domain="kagenta.de", bounced=bad(3, reason))))) == found


def test_a_misspelt_domain_is_a_typo_before_it_is_a_dead_one() -> None:
    found = told(campaign(Block(300), Block(3, domain="gmial.com", bounced=bad(3, "domain_not_found"))))
    assert kinds(found) == {"typo": 3}
    assert "gmial.com (gmail.com?)" in found.why


def test_each_bounce_has_one_cause() -> None:
    correlated = campaign(
        Block(300, bounced=bad(2)),
        Block(100, bounced=bad(20)),
        Block(3, domain="gmial.com", bounced=bad(3)),
        Block(4, domain="gone.example", bounced=bad(4, "domain_not_found")),
    )
    found = told(verified_ago(correlated, 5, 300, 300, 300))
    assert sum(kinds(found).values()) <= 29
    assert kinds(found) == {"stale_verification": 19, "dead_domain": 4, "typo": 3}


def test_companies_are_named_in_one_order_however_the_log_is_sorted() -> None:
    blocks = [
        Block(6, "guessed", domain=f"{name}.example", bounced=bad(6)) for name in ("delta", "alpha", "echo", "bravo")
    ]
    rest = (Block(300), Block(300, "guessed", bounced=bad(10)))
    one, other = (told(campaign(*some, *rest)).explained_by[0] for some in (blocks, blocks[::-1]))
    assert one.domains == other.domains == ["alpha.example", "bravo.example", "delta.example", "echo.example"]
    assert one.text == other.text
