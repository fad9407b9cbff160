"""Do guessed addresses bounce more, like for like? Worked by hand, and told apart from what only looks like it."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest
from diagnose_builder import OPEN, STRICT, Block, campaign

from analyzer.diagnose import diagnose
from analyzer.diagnose.estimates.resampling import bootstrap_totals, permutation_p
from analyzer.diagnose.estimates.strata import strata
from analyzer.diagnose.guessing.guessed import Effect, _ratio_bound, guessed_effect
from analyzer.diagnose.leads.contacts import contacts

SEED = 1


def effect(*blocks: Block) -> Effect:
    return guessed_effect(contacts(campaign(*blocks)), seed=SEED)


def bad(count: int) -> dict[str, int]:
    return {"user_unknown": count}


def test_risk_difference_ratio_and_share_by_hand() -> None:
    # Stratum open:   guessed 10 of 100, verified  8 of 400; N = 500.
    # Stratum strict: guessed 15 of  50, verified 10 of 100; N = 150.
    # MH weights n1 n0 / N: 100·400/500 = 80 and 50·100/150 = 33.33.
    # RD: (0.08 · 80 + 0.20 · 33.33) / 113.33 = 0.11529.
    # RR: (10·400/500 + 15·100/150) / (8·100/500 + 10·50/150) = 18 / 4.9333 = 3.6486.
    # Expected of guessed at the verified rate: 100·0.02 + 50·0.10 = 7; share (25 - 7) / 43 = 0.4186.
    found = effect(
        Block(100, "guessed", OPEN, bad(10)),
        Block(400, "verified", OPEN, bad(8)),
        Block(50, "guessed", STRICT, bad(15)),
        Block(100, "verified", STRICT, bad(10)),
    )
    assert found.risk_difference.estimate == pytest.approx(0.11529, abs=1e-5)
    assert found.risk_ratio == pytest.approx(3.6486, abs=1e-4)
    # Greenland & Robins' variance of its logarithm: (2.72 + 4.5556) / (18 * 4.9333) = 0.0819, so 2.08 to 6.39.
    assert found.risk_ratio_low == pytest.approx(2.08, rel=0.15)
    assert found.risk_ratio_high == pytest.approx(6.39, rel=0.15)
    assert found.share.estimate == pytest.approx(18 / 43)
    assert found.strata == 2
    assert found.verdict == "contributes"
    assert found.risk_difference.low > 0.04
    assert found.risk_difference.high < 0.21


def test_where_everything_bounced_the_difference_is_not_known_to_be_none() -> None:
    """Newcombe's hybrid score interval (1998, method 10) at 92 of 92 and 208 of 208."""
    found = effect(Block(92, "guessed", bounced=bad(92)), Block(208, bounced=bad(208))).risk_difference
    assert (found.estimate, found.low, found.high) == pytest.approx((0.0, -0.0401, 0.0181), abs=1e-3)
    some = effect(Block(92, "guessed", bounced=bad(92)), Block(208, bounced=bad(200))).risk_difference
    assert some.low < 0.02 < some.estimate < 0.06 < some.high


def test_a_ratio_has_no_upper_end_where_verified_addresses_may_not_bounce_at_all() -> None:
    found = effect(Block(300, "guessed", bounced=bad(30)), Block(300, bounced=bad(1)))
    assert found.risk_ratio == pytest.approx(30)
    assert found.risk_ratio_low is not None and 1 < found.risk_ratio_low < 10
    assert found.risk_ratio_high is None
    none = effect(Block(300, "guessed", bounced=bad(30)), Block(300))
    assert (none.risk_ratio, none.risk_ratio_low, none.risk_ratio_high) == (None, None, None)


@pytest.mark.parametrize(
    ("rates", "one", "other", "sign", "expected"),
    [
        # Newcombe's way for 30 of 300 and 6 of 300 from Wilson's bounds, beside the score interval's 2.17 and 11.59.
        ([0.1, 0.02], 0.07104, 0.04299, -1.0, 2.144),
        ([0.1, 0.02], 0.13908, 0.00920, 1.0, 11.53),
        ([0.1, 0.02], 0.13908, 0.0, 1.0, float("inf")),
        ([0.0, 0.06], 0.0, 0.16, -1.0, 0.0),
    ],
)
def test_bounds_of_a_ratio_from_those_of_two_rates(rates, one, other, sign, expected) -> None:
    assert _ratio_bound(rates, one, other, sign) == pytest.approx(expected, rel=1e-3, abs=1e-12)


@pytest.mark.parametrize(
    ("name", "verdict", "blocks"),
    [
        ("guessed hurt", "driven", (Block(700, bounced=bad(10)), Block(300, "guessed", bounced=bad(36)))),
        (
            "they add to a bad list",
            "contributes",
            (Block(700, bounced=bad(60)), Block(300, "guessed", bounced=bad(50))),
        ),
        ("no difference", "not_shown", (Block(700, bounced=bad(20)), Block(300, "guessed", bounced=bad(9)))),
        ("guessed are better", "not_shown", (Block(700, bounced=bad(40)), Block(300, "guessed", bounced=bad(3)))),
        ("four bounces", "too_little_data", (Block(700, bounced=bad(0)), Block(300, "guessed", bounced=bad(4)))),
        ("29 guessed", "too_little_data", (Block(700, bounced=bad(9)), Block(29, "guessed", bounced=bad(9)))),
        ("no guessed", "too_little_data", (Block(700, bounced=bad(9)),)),
        ("no bounce at all", "too_little_data", (Block(700), Block(300, "guessed"))),
    ],
)
def test_ladder(name: str, verdict: str, blocks: tuple[Block, ...]) -> None:
    assert effect(*blocks).verdict == verdict, name


def test_most_bounces_being_guessed_means_nothing_when_most_leads_are() -> None:
    found = effect(Block(200, bounced=bad(8)), Block(800, "guessed", bounced=bad(32)))
    assert found.verdict == "not_shown"
    assert found.share.estimate == pytest.approx(0.0)


@pytest.mark.parametrize("by", ["industry", "campaign"])
def test_innocent_guessed_in_bad_company(by: str) -> None:
    """Simpson: guessed sit where everything bounces (12 % against 1 %), and bounce no more than their neighbours."""
    good = {"industry": OPEN} if by == "industry" else {"campaign": "good"}
    poor = {"industry": STRICT} if by == "industry" else {"campaign": "poor"}
    blocks = (
        Block(500, "verified", bounced=bad(5), **good),
        Block(100, "guessed", bounced=bad(1), **good),
        Block(100, "verified", bounced=bad(12), **poor),
        Block(500, "guessed", bounced=bad(60), **poor),
    )
    found = effect(*blocks)
    assert found.guessed.bounces / found.guessed.leads > 3 * found.verified.bounces / found.verified.leads
    assert found.verdict == "not_shown"
    assert found.risk_difference.estimate == pytest.approx(0.0, abs=1e-9)


def test_one_company_with_a_wrong_pattern_is_no_rate() -> None:
    """Forty guesses at one domain all bounce: one observation, so no difference is shown."""
    found = effect(
        Block(600, bounced=bad(6)),
        Block(260, "guessed", bounced=bad(3)),
        Block(40, "guessed", bounced=bad(40), domain="renamed.example"),
    )
    assert found.risk_difference.estimate > 0.1
    assert found.verdict == "not_shown"


def test_thirty_bounces_of_three_dead_companies_are_three() -> None:
    """The bootstrap draws only from companies that were written to; so few dead ones widen it as few bounces do."""
    lumped = campaign(Block(500, bounced=bad(30), per_domain=10), Block(500, "guessed", bounced=bad(60)))
    alone = campaign(Block(500, bounced=bad(30)), Block(500, "guessed", bounced=bad(60)))
    wide, narrow = (guessed_effect(contacts(each), seed=1).risk_difference for each in (lumped, alone))
    assert wide.estimate == narrow.estimate == pytest.approx(0.06)
    assert wide.low < -0.04
    assert narrow.low > 0.02


def test_strata_without_a_counterpart_are_merged_and_said() -> None:
    counted = contacts(campaign(Block(60, campaign="a"), Block(60, "guessed", campaign="b")))
    guessed = (counted.leads["email_status"] == "guessed").to_numpy()
    found = strata(counted.leads, guessed)
    assert found.count == 1
    assert (found.code == 0).all()
    assert found.coarse == 1.0


def test_bootstrap_keeps_the_mean_and_the_spread_of_clusters() -> None:
    """100 clusters of 5 hits each: the total has mean 500 and, by Poisson weights, variance 100 × 25."""
    cluster = np.repeat(np.arange(100), 5)
    column = np.zeros(500, dtype=np.int64)
    drawn = bootstrap_totals(cluster, column, np.ones(500, dtype=np.int64), columns=1, draws=4000, seed=3)
    assert drawn.mean() == pytest.approx(500, rel=0.02)
    assert drawn.var() == pytest.approx(2500, rel=0.1)


def test_bootstrap_of_random_groups_has_the_same_spread() -> None:
    """20,000 clusters, no two alike, are drawn in random groups: a rate's spread is still √Σ(hits - p · leads)² / N."""
    rng = np.random.default_rng(5)
    leads = np.arange(1, 20_001)
    hits = rng.binomial(leads, 0.1)
    cluster = np.tile(np.arange(20_000), 2)
    column = np.repeat([0, 1], 20_000)
    drawn = bootstrap_totals(cluster, column, np.r_[leads, hits], columns=2, draws=2000, seed=3)
    expected = np.sqrt(((hits - hits.sum() / leads.sum() * leads) ** 2).sum()) / leads.sum()
    assert (drawn[:, 1] / drawn[:, 0]).std() == pytest.approx(expected, rel=0.08)


@pytest.mark.parametrize("kinds", [5_000, 20], ids=["every kind", "random groups"])
def test_how_the_log_is_sorted_does_not_show(kinds: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[bootstrap_totals.__module__], "_KINDS", kinds)
    rng = np.random.default_rng(2)
    blocks = [
        Block(int(n), status, industry, bad(int(hits)), per_domain=int(rng.integers(1, 9)), campaign=name)
        for status, top in (("verified", 3), ("guessed", 12))
        for industry in (OPEN, STRICT)
        for name in ("spring", "autumn")
        for n, hits in zip(rng.integers(20, 90, 4), rng.integers(0, top, 4), strict=True)
    ]
    sent = campaign(*blocks)
    shuffled = replace(sent, sends=sent.sends.sample(frac=1, random_state=3).reset_index(drop=True))
    found, again = diagnose(sent).data_quality, diagnose(shuffled).data_quality
    for name in ("recommendation", "risk_difference", "attributable_share", "forecast", "by_status"):
        assert getattr(again, name) == getattr(found, name), name


@pytest.mark.parametrize(
    ("hits", "p"),
    [
        # Four of ten single-lead clusters are marked and hold all three hits: C(4,3) / C(10,3) = 4 / 120.
        ([1, 1, 1, 0, 0, 0, 0, 0, 0, 0], 4 / 120),
        # The unmarked ones hold them: as many or more for the marked is certain.
        ([0, 0, 0, 0, 1, 1, 1, 0, 0, 0], 1.0),
    ],
)
def test_permutation_by_hand(hits: list[int], p: float) -> None:
    found = permutation_p(np.ones(10, dtype=np.int64), np.array(hits), np.arange(10) < 4, draws=20_000, seed=1)
    assert found == pytest.approx(p, abs=0.005)


def test_nothing_to_deal_out() -> None:
    """All marked clusters have a size that no unmarked one has."""
    size, hits = np.array([8] * 6 + [1] * 50), np.array([4] * 6 + [0] * 50)
    assert permutation_p(size, hits, np.arange(56) < 6, draws=500, seed=1) is None


def test_other_statuses_are_held_against_verified_ones_too() -> None:
    correlated = campaign(
        Block(600, bounced={"user_unknown": 6}),
        Block(200, "catch_all", bounced={"user_unknown": 20}),
        Block(100, "guessed", bounced={"user_unknown": 1}),
        Block(20, "risky", bounced={"user_unknown": 2}),
    )
    found = diagnose(correlated).data_quality
    effects = {each.status: each for each in found.by_status}
    # 20 risky ones are too few to be compared.
    assert list(effects) == ["guessed", "catch_all"]
    catch_all = effects["catch_all"]
    # 10 % against 1 %: 9 points, tenfold, and 18 of the 29 bounces would be missing at the verified rate.
    assert (catch_all.effect, catch_all.leads, catch_all.bounces) == ("driven", 200, 20)
    assert catch_all.risk_difference.estimate == pytest.approx(0.09)
    assert catch_all.risk_ratio == pytest.approx(10)
    assert catch_all.attributable_share.estimate == pytest.approx(18 / 29)
    assert "Catch-all addresses bounced at 10.0 %, like for like 9.0 points" in found.why
    assert effects["guessed"].risk_difference == found.risk_difference


def test_what_one_dead_company_does_is_not_called_guessing() -> None:
    """Most bounces of guessed addresses are at one dead domain; elsewhere guessing costs a little."""
    many = [Block(1, "guessed", bounced=bad(1)) for _ in range(12)]
    parts = (Block(640, bounced=bad(3)), Block(450, "guessed"), *many)
    gone = Block(45, "guessed", bounced={"domain_not_found": 44}, domain="gone.example")
    found, without = effect(*parts, gone), effect(*parts)
    assert (found.aside, found.aside_bounces) == (("gone.example",), 44)
    assert found.risk_difference == without.risk_difference
    assert (found.guessed.bounces, found.guessed.leads) == (56, 507)
    # Of all bounces, those at the dead company too.
    assert found.share.estimate == pytest.approx(without.share.estimate * 15 / 59)
    assert found.verdict == "contributes"
    assert without.verdict == "driven"
    told = diagnose(campaign(*parts, gone)).data_quality.why
    assert "44 of all bounces are of one company, gone.example, which bounces as a whole and is left out" in told


SLIPS = (
    Block(38, domain="gmial.com", bounced={"domain_not_found": 38}),
    Block(22, "guessed", domain="hotmial.com", bounced={"domain_not_found": 22}),
)


def test_misspelt_domains_befall_every_status_and_are_not_compared() -> None:
    """Half of the bad addresses are typing errors, at a few domains: beside them nothing would show."""
    parts = (Block(1140, bounced=bad(17)), Block(660, "guessed", bounced=bad(43)))
    found, without = effect(*parts, *SLIPS), effect(*parts)
    assert (found.slips, without.slips) == (60, 0)
    assert found.risk_difference == without.risk_difference
    assert (found.verdict, without.verdict) == ("contributes", "driven")
    # The arms and the shares are of all leads and bounces.
    assert ((found.guessed.bounces, found.guessed.leads), found.verified.bounces) == ((65, 682), 55)
    assert found.share.estimate == pytest.approx(without.share.estimate * 60 / 120)
    told = diagnose(campaign(*parts, *SLIPS)).data_quality.why
    assert "60 of all bounces are at misspelt domains, which are left out of the comparison. Compared" in told


def test_typing_errors_among_guessed_addresses_alone_are_not_called_guessing() -> None:
    typed = Block(40, "guessed", domain="gmial.com", bounced={"domain_not_found": 40})
    assert effect(Block(700, bounced=bad(14)), Block(300, "guessed", bounced=bad(6)), typed).verdict == "not_shown"
    # Nothing is left to compare.
    none = effect(Block(700, bounced=bad(14)), typed)
    assert (none.verdict, none.guessed.bounces) == ("too_little_data", 40)


def test_a_few_typing_errors_stay_where_they_are() -> None:
    few = effect(Block(700, bounced=bad(40)), Block(300, "guessed", bounced=bad(60)), Block(5, domain="gmial.com"))
    assert few.slips == 0


def test_a_company_and_misspelt_domains_are_left_out_together() -> None:
    many = [Block(1, "guessed", bounced=bad(1)) for _ in range(12)]
    parts = (Block(640, bounced=bad(3)), Block(450, "guessed"), *many)
    gone = Block(45, "guessed", bounced={"domain_not_found": 44}, domain="gone.example")
    found, without = effect(*parts, gone, *SLIPS), effect(*parts)
    assert (found.aside, found.aside_bounces, found.slips) == (("gone.example",), 44, 60)
    assert found.risk_difference == without.risk_difference
    assert found.share.estimate == pytest.approx(without.share.estimate * 15 / 119)


def _closed(domain: str, verified: int, guessed: int) -> tuple[Block, Block]:
    return (
        Block(verified, domain=domain, bounced={"domain_not_found": verified}),
        Block(guessed, "guessed", domain=domain, bounced={"domain_not_found": guessed}),
    )


def test_a_company_that_is_closed_to_every_status_is_not_compared() -> None:
    parts = (Block(1810, bounced=bad(18)), Block(966, "guessed", bounced=bad(35)))
    found, without = effect(*parts, *_closed("closed.example", 15, 9)), effect(*parts)
    assert (found.aside, found.aside_bounces) == (("closed.example",), 24)
    assert found.risk_difference == without.risk_difference
    two = (*parts, *_closed("closed.example", 20, 10), *_closed("shut.example", 20, 9))
    assert effect(*two).aside == ("closed.example", "shut.example")
    told = diagnose(campaign(*two)).data_quality.why
    assert "59 of all bounces are of 2 companies, closed.example and shut.example, which bounce as a whole" in told


@pytest.mark.parametrize(
    "gone",
    [
        # Verification would have found it out: that is what a guess lacks.
        (Block(24, "guessed", domain="closed.example", bounced={"domain_not_found": 24}),),
        (Block(10, domain="half.example", bounced=bad(3)), Block(10, "guessed", domain="half.example", bounced=bad(9))),
        _closed("small.example", 12, 1),
        tuple(each for number in range(5) for each in _closed(f"small{number}.example", 4, 2)),
    ],
    ids=["guessed alone", "verified ones hold", "one guess", "small ones"],
)
def test_a_company_that_may_tell_of_the_status_is_compared(gone: tuple[Block, ...]) -> None:
    assert effect(Block(700, bounced=bad(20)), Block(300, "guessed", bounced=bad(12)), *gone).aside == ()
