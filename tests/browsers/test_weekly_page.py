"""The week's page and the index of weeks as their reader meets them: on a desktop and a phone, light and dark."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import browsers

sys.path.insert(0, str(Path(__file__).parents[1] / "weekly"))
import weekly_story as story

if TYPE_CHECKING:
    from playwright.sync_api import Browser

WEEKS = story.weeks("2026-W01", 10)
#: Nobody breaks a line in this.
LONG = "Spring-2026-" + "wholesale-distribution-and-logistics-" * 4 + "<b>x</b>"
LOOKS = [
    pytest.param(*browsers.DESKTOP, False, id="desktop-light"),
    pytest.param(*browsers.DESKTOP, True, id="desktop-dark"),
    pytest.param(*browsers.PHONE, False, id="phone-light"),
    pytest.param(*browsers.PHONE, True, id="phone-dark"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsers.chromium() as found:
        yield found


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A quiet week, one of alarms with a campaign of a very long name, and the index of both."""
    from analyzer.api.weekly import run_weekly

    last = len(WEEKS) - 1
    planted = {
        ("cem@out2.example", last): {"user_unknown": 90, "auth_failure": 25},
        ("ann@out1.example", last): {"spam_content": 60},
    }
    sends, bounces = story.history(WEEKS, planted)
    sends["campaign"] = sends["campaign"].where(sends["campaign"] != "Q1 software", LONG)
    place = tmp_path_factory.mktemp("weekly")
    story.workspace(place / "space", sends, bounces)
    for week in WEEKS[-2:]:
        run_weekly(place / "space", week=week).write(place / "out")
    out = place / "out"
    return {
        "quiet": out / WEEKS[-2] / "weekly.html",
        "alarms": out / WEEKS[-1] / "weekly.html",
        "index": out / "index.html",
    }


@pytest.mark.parametrize("name", ["quiet", "alarms", "index"])
@pytest.mark.parametrize(("width", "height", "dark"), LOOKS)
def test_it_opens_without_a_fault_and_keeps_nobody_out(
    browser: Browser, reports: dict[str, Path], name: str, width: int, height: int, dark: bool
) -> None:
    with browsers.watched_page(browser, width=width, height=height, dark=dark) as watched:
        watched.page.goto(reports[name].as_uri())
        watched.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert watched.page.locator("h1").count() == 1
        assert browsers.overflows(watched.page) == []
        assert watched.faults == []
        paper = watched.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, paper.strip("rgba()").split(",")[:3])) < 200) == dark
    with browsers.watched_page(browser, width=width, height=height, dark=dark, bypass_csp=True) as watched:
        watched.page.goto(reports[name].as_uri())
        watched.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert browsers.axe(watched.page) == []


def test_the_index_leads_to_each_week(browser: Browser, reports: dict[str, Path]) -> None:
    with browsers.watched_page(browser, width=390, height=844) as watched:
        watched.page.goto(reports["index"].as_uri())
        for label in WEEKS[-2:]:
            watched.page.get_by_role("link", name=label).click()
            assert label in watched.page.title()
            assert watched.page.url == reports["quiet" if label == WEEKS[-2] else "alarms"].as_uri()
            watched.page.go_back()
        assert watched.faults == []
