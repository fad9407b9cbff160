"""What is expected of a list that was not sent: posterior by hand, and intervals that keep what they promise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from diagnose_builder import OPEN, STRICT, Block, campaign

from analyzer.diagnose.ahead.forecast import best_mix, forecast, middle
from analyzer.diagnose.estimates.cell_rates import cell_means, levels, posterior
from analyzer.diagnose.estimates.outcomes import Target, outcomes
from analyzer.diagnose.estimates.past import History, history
from analyzer.diagnose.estimates.variation import LEVELS, PHIS, Spread, belief, intraclass, nothing_seen, spread_of
from analyzer.diagnose.leads.contacts import CELLS, GROUPS, contacts
from analyzer.diagnose.thresholds import thresholds
from analyzer.records import EMAIL_STATUSES, INDUSTRY_GROUPS

PRIOR = thresholds().forecast.prior


def cell(status: str, group: str) -> int:
    return EMAIL_STATUSES.index(status) * GROUPS + INDUSTRY_GROUPS.index(group)


def seen(phi: float = 0.005, **cells: tuple[int, int]) -> History:
    """A history of one campaign: `verified_open=(leads, bounces)`."""
    leads, bounces = np.zeros(CELLS), np.zeros(CELLS)
    for name, (count, bounced) in cells.items():
        at = cell(*name.rsplit("_", 1))
        leads[at], bounces[at] = count, bounced
    return History(leads, bounces, 1, Spread(known(phi), 0.1, 1.0), leads, bounces)


def known(phi: float) -> np.ndarray:
    """Evidence that leaves no doubt about phi, nor that the sender's usual level is what was seen."""
    at = (np.arange(len(PHIS)) == np.abs(PHIS - phi).argmin()) & (LEVELS == 1)[:, None]
    return np.where(at, 0.0, -1e6)


def target(**cells: int) -> Target:
    leads = np.zeros(CELLS, dtype=np.int64)
    for name, count in cells.items():
        leads[cell(*name.rsplit("_", 1))] = count
    return Target(leads, np.ones(CELLS))


def test_posterior_by_hand() -> None:
    found = posterior(seen(verified_open=(401, 12)), PRIOR)
    here, elsewhere, guessed = cell("verified", "open"), cell("verified", "strict"), cell("guessed", "open")
    # 401 verified leads with 12 bounces and the prior's 20 leads at 2 %: the status' rate is 12.4 / 421 = 0.02945.
    # Nothing sets the only cell that was seen apart from its status, nor those that were not.
    assert found.mean[here] == found.mean[elsewhere] == pytest.approx(12.4 / 421)
    # The cell rests on the prior and its own leads; strict ones borrow 401 / (1 + 4.01) = 80 leads.
    assert found.counted[here] == 421
    assert found.counted[elsewhere] == pytest.approx(20 + 401 / 5.01)
    # Guessed leads have the prior alone.
    assert (found.mean[guessed], found.counted[guessed]) == (pytest.approx(0.10), 20)


def test_verified_leads_are_no_worse_than_a_list_whose_statuses_nobody_knows() -> None:
    # 23 of 1,800 and the prior's 1.6 of 20: 24.6 / 1820 = 1.35 %, of which verified leads borrow 1,800 / 19 leads.
    good = posterior(seen(unknown_open=(1800, 23)), PRIOR)
    here = cell("verified", "open")
    assert (good.mean[here], good.counted[here]) == (pytest.approx(24.6 / 1820), pytest.approx(20 + 1800 / 19))
    assert good.mean[cell("guessed", "open")] == pytest.approx(0.10)
    # Of a bad list nothing is learnt about them, nor where they have a history of their own.
    bad = posterior(seen(unknown_open=(1800, 200)), PRIOR)
    assert (bad.mean[here], bad.counted[here]) == (pytest.approx(0.02), 20)
    own = posterior(seen(unknown_open=(1800, 23), verified_open=(400, 20)), PRIOR)
    assert own.mean[here] == pytest.approx(20.4 / 420)


def test_the_level_of_one_campaign_is_drawn_towards_the_belief() -> None:
    # Two senders with 2 % of 1,000 in one campaign, or in each of ten: the first may usually be anywhere near it.
    one = contacts(campaign(Block(1000, bounced={"user_unknown": 20})))
    ten = contacts(campaign(*(Block(1000, campaign=f"c{i}", bounced={"user_unknown": 20}) for i in range(10))))
    doubts = []
    for counted in (one, ten):
        past = history(counted)
        weights = levels(past, posterior(past, PRIOR)).sum(1)
        middle = weights @ np.log(LEVELS)
        doubts.append((float(weights @ (np.log(LEVELS) - middle) ** 2)) ** 0.5)
    assert doubts[0] > 0.3 > 0.12 > doubts[1]


def test_what_sets_a_cell_apart_by_hand() -> None:
    # Open 3 of 300, strict 30 of 300: 16.5 expected of each at the status' 5.5 %; the pull is 100 leads at
    # (0.4 + 33) / 620 = 5.387 %: (3 + 5.387) / (16.5 + 5.387) = 0.3832 and (30 + 5.387) / 21.887 = 1.6168.
    found = posterior(seen(0.005, verified_open=(300, 3), verified_strict=(300, 30)), PRIOR)
    low, high = found.mean[cell("verified", "open")], found.mean[cell("verified", "strict")]
    assert high / low == pytest.approx(1.6168 / 0.3832, rel=1e-3)


def test_campaigns_alike_and_unlike() -> None:
    # Two groups of 100, 0 and 20 hits: p = 0.1, each deviation² = 100, binomial variance 9, half of it lost to the
    # estimated mean: (200 - 9) / (2 · 100 · 99 · 0.09 · 0.5) = 0.2144.
    flag = np.r_[np.zeros(100), np.ones(20), np.zeros(80)].astype(bool)
    group = np.repeat([0, 1], 100)
    assert intraclass(flag, np.zeros(200, dtype=np.int64), group) == pytest.approx(191 / 891)
    alike = np.tile(np.arange(100) < 10, 2)
    assert intraclass(alike, np.zeros(200, dtype=np.int64), group) <= 0


def test_history_counts_cells_and_campaigns() -> None:
    past = history(contacts(campaign(Block(101, bounced={"user_unknown": 5}), Block(201, campaign="b"))))
    here = cell("verified", "open")
    assert (past.leads[here], past.bounces[here], past.campaigns) == (302, 5, 2)


def test_campaigns_that_differ_widen_the_range() -> None:
    steady = [Block(200, campaign=f"c{i}", bounced={"user_unknown": 8}) for i in range(8)]
    unsteady = [Block(200, campaign=f"c{i}", bounced={"user_unknown": 16 * (i % 2)}) for i in range(8)]
    before = float(belief() @ PHIS)
    assert history(contacts(campaign(*steady))).campaign_phi < before / 3
    assert history(contacts(campaign(*unsteady))).campaign_phi > 0.025


def test_one_campaign_says_little_of_how_much_they_differ() -> None:
    past = history(contacts(campaign(Block(400, bounced={"user_unknown": 8}))))
    before = float(belief() @ PHIS)
    assert past.campaign_phi == pytest.approx(before, rel=0.35)
    assert Spread(nothing_seen(), 0.1, 1.0).campaign_phi == pytest.approx(before)


def test_companies_whose_addresses_go_together_widen_the_range() -> None:
    # 100 companies of ten: in one case every tenth address bounces, in the other all of every tenth company.
    apart = [Block(10, domain=f"d{i}.example", bounced={"user_unknown": 1}) for i in range(100)]
    together = [Block(10, domain=f"d{i}.example", bounced={"user_unknown": 10 * (i % 10 == 0)}) for i in range(100)]
    one, other = (history(contacts(campaign(*blocks))) for blocks in (apart, together))
    assert one.spread.company_effect < 1.1
    assert other.spread.company_effect > 5
    ranges = [
        forecast(target(verified_open=1000), outcomes(past, PRIOR, past.leads > 0, seed=1), 0.05)
        for past in (one, other)
    ]
    apart_wide, together_wide = ((found.high - found.low) / found.rate for found in ranges)
    # Most of the range of one campaign is what the next one may differ by.
    assert together_wide > 1.03 * apart_wide


def test_the_range_by_hand() -> None:
    # 5 % lie at 0, and nothing can lie below it; 0 to 3 hold 95 %.
    draws = np.repeat([0, 1, 2, 3, 4, 5], [50, 380, 400, 120, 30, 20])
    assert middle(draws) == (0, 3)
    # 3 % lie at 0, half a per cent more than a tail: that much more than a tail, 3 %, is left out above.
    draws = np.repeat([0, 1, 2, 3, 4, 5], [30, 400, 400, 120, 30, 20])
    assert middle(draws) == (0, 4)
    # 2 % lie at 0 and are left out below, which leaves 3 % to leave out above.
    draws = np.repeat([0, 1, 2, 3, 4, 5], [20, 410, 400, 140, 20, 10])
    assert middle(draws) == (1, 3)
    assert middle(np.array([7, 7, 7])) == (7, 7)


def test_a_draw_more_without_a_bounce_moves_no_end_by_much() -> None:
    """Where the chance of no bounce crosses the lower tail, the lower end moves by one bounce and the upper one by
    hardly any, and at least 95 % stay inside.
    """
    tail = np.arange(1, 1001)
    lows, highs = [], []
    for none in range(80):
        draws = np.concatenate([np.zeros(none, dtype=np.int64), tail[: 1000 - none]])
        low, high = middle(draws)
        assert ((draws >= low) & (draws <= high)).mean() >= 0.95
        lows.append(low)
        highs.append(high)
    # A thousand different counts are a bounce apart; equal tails of 2.5 and 5 % would be 25 of them apart.
    assert np.abs(np.diff(highs)).max() <= 3
    assert lows[26] == 0 < lows[25]


def test_a_list_is_weighted_by_its_own_mix() -> None:
    past = seen(verified_open=(1000, 10), guessed_open=(1000, 120))
    drawn = outcomes(past, PRIOR, np.ones(CELLS, dtype=bool), seed=1)
    mostly_verified = forecast(target(verified_open=900, guessed_open=100), drawn, 0.05)
    mostly_guessed = forecast(target(verified_open=100, guessed_open=900), drawn, 0.05)
    means = cell_means(past)
    expected = 0.9 * means[cell("verified", "open")] + 0.1 * means[cell("guessed", "open")]
    assert mostly_verified.rate == pytest.approx(expected, rel=0.05)
    assert mostly_verified.p_over_tolerance < 0.1 < 0.9 < mostly_guessed.p_over_tolerance
    assert mostly_verified.low <= mostly_verified.rate <= mostly_verified.high
    assert mostly_verified.bounces == pytest.approx(mostly_verified.rate * 1000)


def test_the_same_seed_gives_the_same_figures() -> None:
    past = seen(verified_open=(500, 10))
    cells = np.ones(CELLS, dtype=bool)
    first, again, other = (
        forecast(target(verified_open=500), outcomes(past, PRIOR, cells, seed=seed), 0.05) for seed in (1, 1, 2)
    )
    assert first == again != other


def test_best_mix_is_the_largest_within_the_tolerance() -> None:
    past = seen(verified_open=(2000, 20), guessed_open=(1000, 120))
    means = cell_means(past)
    drawn = outcomes(past, PRIOR, np.ones(CELLS, dtype=bool), seed=1)
    cells = np.repeat([cell("verified", "open"), cell("guessed", "open")], [600, 400])
    size = best_mix(cells, means[cells], means, drawn, 0.05)
    assert 600 < size < 1000

    def over(count: int) -> float:
        kept = Target(np.bincount(cells[:count], minlength=CELLS), np.ones(CELLS))
        return forecast(kept, drawn, 0.05).p_over_tolerance or 0.0

    assert over(size) <= 0.10 < over(size + 20)
    assert best_mix(cells[:600], means[cells[:600]], means, drawn, 0.05) == 600
    assert best_mix(cells[600:], means[cells[600:]], means, drawn, 0.02) == 0
    assert best_mix(cells[:0], means[cells[:0]], means, drawn, 0.05) == 0


@pytest.mark.parametrize(("phi", "campaigns"), [(0.0, 2), (0.005, 2), (0.01, 8)])
def test_ranges_cover_what_they_promise(phi: float, campaigns: int) -> None:
    """Campaigns of 700 verified and 300 guessed leads, all up or down together by `phi`: 95 % has to be 90 or more."""
    rng = np.random.default_rng(7)
    inside, rounds = 0, 120
    cells = np.array([cell("verified", "open"), cell("guessed", "open")])
    for _ in range(rounds):
        rates = (rng.uniform(0.005, 0.03), rng.uniform(0.05, 0.15))
        came = np.array([_bounces(rng, rates, phi) for _ in range(campaigns + 1)])
        sent = np.repeat([[700, 300]], campaigns, axis=0)
        leads, bounces = np.zeros(CELLS), np.zeros(CELLS)
        leads[cells], bounces[cells] = sent.sum(0), came[:-1].sum(0)
        where = np.repeat(np.arange(campaigns), 1000)
        kind = np.tile(np.repeat(cells, [700, 300]), campaigns)
        flag = np.concatenate([np.r_[np.arange(700) < x, np.arange(300) < y] for x, y in came[:-1]])
        alone = np.arange(len(flag))
        past = History(
            leads, bounces, campaigns, spread_of(flag, kind, np.arange(CELLS) // GROUPS, where, alone), leads, bounces
        )
        ahead = forecast(target(verified_open=700, guessed_open=300), outcomes(past, PRIOR, leads > 0, seed=1), 0.05)
        inside += ahead.low <= came[-1].sum() / 1000 <= ahead.high
    assert inside / rounds >= 0.90


def _bounces(rng: np.random.Generator, rates: tuple[float, float], phi: float) -> np.ndarray:
    from scipy.stats import beta

    if phi:
        spread, quantile = (1 - phi) / phi, rng.random()
        rates = tuple(beta.ppf(quantile, rate * spread, (1 - rate) * spread) for rate in rates)
    return rng.binomial([700, 300], rates)


def test_strict_and_open_cells_are_told_apart() -> None:
    past = history(
        contacts(
            campaign(
                Block(300, bounced={"user_unknown": 3}),
                Block(300, industry=STRICT, bounced={"user_unknown": 30}),
                Block(1, industry=OPEN),
            )
        )
    )
    means = cell_means(past)
    assert means[cell("verified", "strict")] > 2 * means[cell("verified", "open")]


def test_what_is_only_believed_of_a_status_is_not_raised_for_another_that_never_bounced() -> None:
    """None of 1,500 verified leads bounced: of guessed ones, which nobody wrote to, no more than before is known."""
    past = seen(verified_open=(1500, 0))
    past = replace(past, spread=Spread(nothing_seen(), 0.1, 1.0))
    assert cell_means(past)[cell("guessed", "open")] == pytest.approx(PRIOR["guessed"], rel=0.05)
    drawn = outcomes(past, PRIOR, target(guessed_open=400).leads > 0, seed=1)
    ahead = forecast(target(guessed_open=400), drawn, 0.05)
    assert ahead.rate == pytest.approx(PRIOR["guessed"], rel=0.1)
    assert ahead.high < 0.4
