"""Alarm bands: a week is held against the other weeks at the same steps, and chance alone seldom leaves its band."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analyzer.diagnose.weeks.bands import Band, week_bands


def sends(weeks: dict[str, dict[str, tuple[int, int]]]) -> pd.DataFrame:
    """{week: {step: (mails, hard bounces)}}, each mail to a lead of its own."""
    rows = [
        (f"{week}-{step}-{number}@example.com", week, step, "hard" if number < hard else "")
        for week, steps in weeks.items()
        for step, (mails, hard) in steps.items()
        for number in range(mails)
    ]
    return pd.DataFrame(rows, columns=["recipient", "week", "step", "label"], dtype="str")


WEEKS = ["2026-W01", "2026-W02", "2026-W03", "2026-W04"]


def test_an_even_series_is_within_its_bands() -> None:
    found = week_bands(sends({week: {"1": (1000, 40)} for week in WEEKS}))["hard"]
    assert list(found) == WEEKS
    for band in found.values():
        assert band.expected == pytest.approx(0.04, abs=0.001)
        assert 0.01 < band.low < 0.025
        assert 0.055 < band.high < 0.07
        assert band.says(0.04) == "within"


def test_a_week_that_went_wrong_is_above_and_does_not_judge_itself() -> None:
    found = week_bands(sends({week: {"1": (1000, 120 if week == WEEKS[3] else 40)} for week in WEEKS}))["hard"]
    assert found[WEEKS[3]].expected == pytest.approx(0.04, abs=0.001)
    assert found[WEEKS[3]].says(0.12) == "above"


def test_late_steps_are_compared_with_late_steps() -> None:
    """The last week has second mails only, which hardly ever bounce: that is no improvement."""
    steps = {WEEKS[0]: {"1": (1000, 60)}, WEEKS[1]: {"1": (1000, 60), "2": (900, 2)}, WEEKS[2]: {"1": (1000, 60), "2": (900, 2)},
             WEEKS[3]: {"2": (900, 2)}}  # fmt: skip
    last = week_bands(sends(steps))["hard"][WEEKS[3]]
    assert last.says(2 / 900) == "within"
    assert last.expected < 0.005
    assert last.says(0.03) == "above"


def test_what_does_not_compare_has_no_band() -> None:
    assert week_bands(sends({week: {"1": (500, 20)} for week in WEEKS[:2]})) == {}
    alone = week_bands(sends({week: {str(number): (500, 20)} for number, week in enumerate(WEEKS)}))
    assert alone == {"hard": {}, "spam": {}}
    assert week_bands(sends({"": {"1": (500, 20)}})) == {}
    assert week_bands(pd.DataFrame({"recipient": [], "label": []})) == {}


def test_an_even_series_seldom_leaves_its_bands() -> None:
    generator = np.random.default_rng(7)
    outside = judged = 0
    for _ in range(60):
        hard = generator.binomial(600, 0.03, size=10)
        weeks = {f"2026-W{number:02d}": {"1": (600, int(bounced))} for number, bounced in enumerate(hard, 1)}
        found = week_bands(sends(weeks))["hard"]
        for number, bounced in enumerate(hard, 1):
            judged += 1
            outside += found[f"2026-W{number:02d}"].says(bounced / 600) != "within"
    assert judged == 600
    assert outside <= 6


def test_leads_count_once_a_week_however_many_mails_they_get() -> None:
    frame = sends({week: {"1": (400, 20)} for week in WEEKS})
    twice = pd.concat([frame, frame.assign(step="2", label="")], ignore_index=True)
    assert week_bands(twice)["hard"][WEEKS[0]].expected == pytest.approx(0.05, abs=0.003)


@pytest.mark.parametrize(("rate", "said"), [(0.01, "below"), (0.02, "within"), (0.05, "within"), (0.06, "above")])
def test_a_band_says_where_a_rate_lies(rate: float, said: str) -> None:
    assert Band(0.03, 0.02, 0.05).says(rate) == said
