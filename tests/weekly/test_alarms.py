"""The CUSUM on series whose truth is known; `benchmarks/alarms.py` plays many more."""

from __future__ import annotations

import numpy as np
import pytest

from analyzer.diagnose.weeks.alarms import STATES, belief, gate, limits, proven_above, watch

RULES = limits()


def states(mails: list[int], back: list[int], prior: float = 0.02) -> list[str]:
    seen = watch(np.array([mails]), np.array([back]), np.array([prior]), 100.0, RULES)
    return [STATES[code] for code in seen.state[0]]


def test_the_first_weeks_only_teach():
    assert states([200] * 6, [4, 40, 3, 5, 4, 4])[:4] == ["learning"] * 4


def test_a_doubled_rate_is_seen_and_its_end_too():
    found = states([1000] * 16, [20, 22, 18, 21, 19, 20, 23, 20, 60, 62, 61, 20, 19, 21, 20, 22])
    assert found[:8] == ["learning"] * 4 + ["quiet"] * 4
    assert found[8:11] == ["alarm"] * 3
    assert found[11:13] == ["recovering", "quiet"]
    assert set(found[13:]) == {"quiet"}


def test_few_mails_are_carried_until_they_are_enough():
    found = states([200] * 5 + [10, 10, 10, 10], [4] * 5 + [1, 0, 0, 0])
    assert found[5:] == ["too_little", "too_little", "quiet", "too_little"]


def test_a_short_series_of_nothing_takes_its_first_bounce_calmly():
    assert "alarm" not in states([40] * 12, [0] * 11 + [2])


def test_a_bad_week_does_not_become_what_is_usual():
    mails = np.array([[500] * 12] * 2)
    back = np.array([[10] * 12, [10] * 5 + [100] + [10] * 6])
    seen = watch(mails, back, np.array([0.02, 0.02]), 100.0, RULES)
    assert seen.usual[1, -1] == pytest.approx(seen.usual[0, -1], rel=0.1)


def test_a_quiet_team_has_at_most_two_false_alarms_a_year():
    """150 teams for two years, weeks that differ as campaigns do; each week judged as its report would judge it."""
    rng = np.random.default_rng(11)
    for usual, rate, phi in ((200, 0.03, 0.01), (2000, 0.02, 0.01), (60, 0.05, 0.0)):
        mails = rng.poisson(usual * np.exp(rng.normal(0, 0.4, (150, 104))))
        size = 1 / phi - 1 if phi else 0
        rates = rng.beta(rate * size, (1 - rate) * size, mails.shape) if phi else np.full(mails.shape, rate)
        back = rng.binomial(mails, rates)
        in_alarm = np.zeros(mails.shape, bool)
        for last in range(104):
            part = slice(max(0, last - RULES.weeks), last + 1)
            seen = watch(
                mails[:, part], back[:, part], np.full(150, belief("hard").prior), belief("hard").strength, RULES
            )
            in_alarm[:, last] = seen.state[:, -1] == STATES.index("alarm")
        onsets = in_alarm & ~np.concatenate([np.zeros((150, 1), bool), in_alarm[:, :-1]], axis=1)
        assert onsets.sum() / 150 / 2 < 2, (usual, rate, phi)
        risen = back.copy()
        risen[:, 40:60] = rng.binomial(mails[:, 40:60], np.minimum(rates[:, 40:60] * 3, 1))
        seen = watch(mails[:, 26:60], risen[:, 26:60], np.full(150, 0.02), 100.0, RULES)
        caught = (seen.state[:, 14:] == STATES.index("alarm")).any(1).mean()
        assert caught > 0.9, (usual, rate, phi)


def test_above_the_line_needs_proof():
    above = proven_above(np.array([8, 60, 0]), np.array([100, 600, 10]), np.ones(3), 0.05, 0.99)
    assert above.tolist() == [False, True, False]


def test_one_of_many_has_to_stand_out_more():
    score = np.array([5.5] + [0.0] * 99)
    assert gate(score, np.ones(100, bool))[0] > RULES.q_value
    assert gate(score[:2], np.ones(2, bool))[0] < RULES.q_value
    assert gate(score, np.arange(100) == 0)[1:].min() == 1
