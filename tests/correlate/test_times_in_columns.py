"""Times as exports write them, and how day and month are told apart."""

from __future__ import annotations

import time

import pandas as pd
import pytest

from analyzer.sources.tables.times import parse_times, read_times

NINE = "2026-03-02 09:11:00"


@pytest.mark.parametrize(
    "text",
    [
        *("2026-03-02 09:11", "2026-03-02T09:11:00Z", "2026-03-02T10:11:00+01:00", "2026-03-02 09:11:00 UTC"),
        *(
            "2026-03-02 09:11:00.000",
            "1772442660",
            "1772442660000",
            "1772442660000000",
            "20260302091100",
            "46083.382638888889",
        ),
        *(
            "Mon, 02 Mar 2026 09:11:00 +0000",
            "Mar 2, 2026 9:11 AM",
            "2 Mar 2026 09:11",
            "02.03.2026 09:11",
            "3/13/2026 x",
        ),
        "Mon Mar 02 2026 10:11:00 GMT+0100 (Central European Standard Time)",
        *("2026-03-02T09:11:00Z[UTC]", "2026-03-02T10:11:00+01:00[Europe/Berlin]"),
    ],
)
def test_one_moment_in_many_spellings(text: str) -> None:
    found = parse_times(pd.Series([text])).dt.round("min")
    if text.endswith("x"):
        assert found.isna().all()
    else:
        assert found[0] == pd.Timestamp(NINE, tz="UTC")


@pytest.mark.parametrize(
    ("column", "days", "order"),
    [
        (["13/03/2026", "02/03/2026"], ["2026-03-13", "2026-03-02"], "day first"),
        (["03/13/2026", "03/02/2026"], ["2026-03-13", "2026-03-02"], "month first"),
        (["02.03.2026", "03.03.2026"], ["2026-03-02", "2026-03-03"], "day first"),
        (["02/03/26", "09/03/26"], ["2026-03-02", "2026-03-09"], "day first"),
        (["03/02/2026", "03/09/2026"], ["2026-03-02", "2026-03-09"], "month first"),
        (["03/02/2026 1:00 PM"], ["2026-03-02"], "month first"),
        (["03/02/2026"], ["2026-03-02"], "month first, assumed"),
    ],
)
def test_the_whole_column_decides_day_or_month(column: list[str], days: list[str], order: str) -> None:
    times = read_times(pd.Series(column))
    assert times.values.dt.strftime("%Y-%m-%d").tolist() == days
    assert times.order == order


def test_a_serial_is_told_to_the_second() -> None:
    """A third of a day has no end in figures: midnight of a Monday must not become the Sunday before."""
    found = parse_times(pd.Series(["46082.333333", "46082.999999", "46083.0000001"]))
    assert found.dt.strftime("%d %H:%M:%S.%f").tolist() == [
        "01 08:00:00.000000",
        "02 00:00:00.000000",
        "02 00:00:00.000000",
    ]


def test_blank_and_unreadable_are_missing_and_told() -> None:
    times = read_times(pd.Series(["", "soon", "2026-03-02", None], index=[9, 8, 7, 6]))
    assert times.values.isna().to_dict() == {9: True, 8: True, 7: False, 6: True}
    assert times.unread == ("soon",)
    assert str(times.values.dtype) == "datetime64[ns, UTC]"


@pytest.mark.parametrize(
    ("column", "zoned"),
    [
        (["2026-03-02T09:11:00Z"], True),
        (["1772442660"], True),
        (["2026-03-02 09:11"], False),
        (["02.03.2026 09:11"], False),
    ],
)
def test_whether_zones_were_given(column: list[str], zoned: bool) -> None:
    assert read_times(pd.Series(column)).zoned is zoned


def test_afternoon_and_midnight() -> None:
    found = parse_times(pd.Series(["3/13/2026 12:05 am", "3/13/2026 12:05 PM", "3/13/2026 1:00 p.m."]))
    assert found.dt.strftime("%H:%M").tolist() == ["00:05", "12:05", "13:00"]


@pytest.mark.parametrize("text", ["0202-03-03", "9999-01-01", "3/3/0001", "99999999999999999999", "2026-13-45", "0"])
def test_years_that_no_campaign_can_hold_are_no_times(text: str) -> None:
    assert parse_times(pd.Series([text, "2026-03-02"])).isna().tolist() == [True, False]


def test_a_cell_of_a_million_letters_is_no_time_and_is_not_taken_apart() -> None:
    started = time.process_time()
    found = read_times(pd.Series(["2 March 2026 09:11", "x" * 1_000_000]))
    # Letter by letter it took minutes.
    assert time.process_time() - started < 5
    assert found.values.notna().tolist() == [True, False]
    assert found.unread == ("x" * 100,)
