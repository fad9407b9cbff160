"""report.html as its reader meets it: opened from disk in a real browser, on a desktop and on a phone, light and dark."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

import browsers
from analyzer.report import page, words

if TYPE_CHECKING:
    from playwright.sync_api import Browser

LOOKS = [
    pytest.param(*browsers.DESKTOP, False, id="desktop-light"),
    pytest.param(*browsers.DESKTOP, True, id="desktop-dark"),
    pytest.param(*browsers.PHONE, False, id="phone-light"),
    pytest.param(*browsers.PHONE, True, id="phone-dark"),
]


def cases() -> ModuleType:
    """The campaigns that the report's own tests tell."""
    place = Path(__file__).parents[1] / "report" / "conftest.py"
    spec = importlib.util.spec_from_file_location("report_cases", place)
    assert spec
    assert spec.loader
    made = importlib.util.module_from_spec(spec)
    sys.modules["report_cases"] = made  # dataclasses look their module up
    spec.loader.exec_module(made)
    return made


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsers.chromium() as found:
        yield found


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the sample's report."""
    from analyzer import api

    out = tmp_path_factory.mktemp("sample")
    api.diagnose_sample().write(out)
    return out


@pytest.fixture(scope="module")
def pages(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The sample's page, one whose every text is hostile, and one without any mail."""
    made = cases()
    found = {"sample": sample / "report.html"}
    for name, case in (("hostile", made.make_hostile()), ("empty", made.make_empty())):
        place = tmp_path_factory.mktemp(name) / "report.html"
        text = page.html(case.diagnosis, case.correlated, case.suppression)
        place.write_bytes(text.encode("utf-8", "replace"))
        found[name] = place
    return found


@pytest.mark.parametrize("name", ["sample", "hostile", "empty"])
@pytest.mark.parametrize(("width", "height", "dark"), LOOKS)
def test_it_opens_without_a_fault(
    browser: Browser, pages: dict[str, Path], name: str, width: int, height: int, dark: bool
) -> None:
    with browsers.watched_page(browser, width=width, height=height, dark=dark) as watched:
        watched.page.goto(pages[name].as_uri())
        assert watched.page.get_by_role("heading", name="Do now").is_visible()
        watched.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert browsers.overflows(watched.page) == []
        assert watched.faults == []
        paper = watched.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, re.findall(r"\d+", paper)[:3])) < 200) == dark


@pytest.mark.parametrize(
    ("name", "width", "height", "dark"),
    [
        ("sample", *browsers.DESKTOP, True),
        ("sample", *browsers.PHONE, False),
        ("hostile", *browsers.PHONE, True),
        ("empty", *browsers.DESKTOP, False),
    ],
)
def test_axe_finds_nothing_that_keeps_people_out(
    browser: Browser, pages: dict[str, Path], name: str, width: int, height: int, dark: bool
) -> None:
    with browsers.watched_page(browser, width=width, height=height, dark=dark, bypass_csp=True) as watched:
        watched.page.goto(pages[name].as_uri())
        watched.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert browsers.axe(watched.page) == []


def test_hostile_text_is_shown_as_text_and_does_nothing(browser: Browser, pages: dict[str, Path]) -> None:
    dialogs: list[str] = []
    with browsers.watched_page(browser, width=390, height=844) as watched:
        watched.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        watched.page.goto(pages["hostile"].as_uri())
        assert "<script>alert(1)</script><img src=x onerror=alert(2)>" in watched.page.locator("main").inner_text()
        assert watched.page.locator("img").count() == 0
        assert watched.page.locator("script").count() == 1
        assert watched.faults == []
    assert dialogs == []


def test_a_table_sorts_by_the_column_that_is_clicked(browser: Browser, pages: dict[str, Path]) -> None:
    with browsers.watched_page(browser, width=1280, height=900) as watched:
        watched.page.goto(pages["sample"].as_uri())
        box = watched.page.locator("[aria-label=Industry] table")
        for head, number in (("Leads", 2), ("Spam: rate, range, leads", 4)):
            box.get_by_role("button", name=head, exact=True).click()
            found = [float(value) for value in box.locator(f"tbody tr > :nth-child({number})").evaluate_all(
                "cells => cells.map(cell => cell.dataset.v)")]  # fmt: skip
            assert found == sorted(found, reverse=True)
            assert box.locator("th[aria-sort=descending]").inner_text().startswith(head)
        box.get_by_role("button", name="Leads", exact=True).press("Enter")
        box.get_by_role("button", name="Leads", exact=True).press("Enter")
        leads = [int(text.replace(",", "")) for text in box.locator("tbody tr > :nth-child(2)").all_inner_texts()]
        assert leads == sorted(leads)
        assert watched.faults == []


def test_a_table_shows_only_what_is_searched_for(browser: Browser, pages: dict[str, Path]) -> None:
    with browsers.watched_page(browser, width=390, height=844) as watched:
        watched.page.goto(pages["sample"].as_uri())
        section = watched.page.locator("section[aria-labelledby=reasons]")
        rows = section.locator("tbody tr")
        before = rows.count()
        section.get_by_label("Show only rows with").fill("mailbox is full")
        assert rows.filter(visible=True).count() == 1
        assert f"1 of {before}" in section.locator("output").inner_text()
        section.get_by_label("Show only rows with").fill("nobody wrote this")
        assert rows.filter(visible=True).count() == 0
        assert "no row has that" in section.locator("output").inner_text()
        section.get_by_label("Show only rows with").fill("")
        assert rows.filter(visible=True).count() == before
        assert watched.faults == []


def test_a_word_of_the_trade_is_explained_on_pointing_focus_and_tap(browser: Browser, pages: dict[str, Path]) -> None:
    with browsers.watched_page(browser, width=1280, height=900) as watched:
        watched.page.goto(pages["sample"].as_uri())
        word = watched.page.locator(".now .term").first
        tip = watched.page.locator(f"#{word.get_attribute('aria-describedby')}")
        assert not tip.is_visible()
        word.hover()
        assert tip.is_visible()
        watched.page.mouse.move(0, 0)
        assert not tip.is_visible()
        word.focus()
        assert tip.is_visible()
        watched.page.keyboard.press("Escape")
        assert not tip.is_visible()
        box = tip.evaluate(
            "tip => { tip.style.display = 'block'; const b = tip.getBoundingClientRect(); return [b.left, b.right] }"
        )
        assert 0 <= box[0] < box[1] <= 1280


def test_a_thing_to_do_leads_to_its_details(browser: Browser, pages: dict[str, Path]) -> None:
    with browsers.watched_page(browser, width=390, height=844) as watched:
        watched.page.goto(pages["sample"].as_uri())
        for link in watched.page.locator(".now li a").all():
            target = watched.page.locator(f"[id='{link.get_attribute('href')[1:]}']")  # type: ignore[index]
            link.click()
            assert target.is_visible()
        folded = watched.page.locator("article.fix details:not([open])").first
        watched.page.goto(f"{pages['sample'].as_uri()}#{folded.locator('..').get_attribute('id')}")
        assert watched.faults == []


def test_without_script_everything_is_there(browser: Browser, pages: dict[str, Path]) -> None:
    with browsers.watched_page(browser, width=1280, height=900, script=False) as watched:
        watched.page.goto(pages["sample"].as_uri())
        assert watched.page.locator("[aria-label=Industry] tbody tr").count() > 5
        assert watched.page.locator("svg.trend").count() == 2
        assert watched.page.locator("svg.forecast").is_visible()
        assert watched.page.locator("input").count() == 0


def test_drawings_have_names_and_descriptions(browser: Browser, pages: dict[str, Path]) -> None:
    with browsers.watched_page(browser, width=1280, height=900) as watched:
        watched.page.goto(pages["sample"].as_uri())
        for name in ("Hard bounces by week", "Spam bounces by week", "Bad addresses expected of the next list"):
            drawing = watched.page.get_by_role("img", name=name)
            assert drawing.count() == 1
            assert len(drawing.locator("desc").text_content() or "") > 20


def test_it_prints(browser: Browser, pages: dict[str, Path]) -> None:
    with browsers.watched_page(browser, width=1280, height=900, dark=True) as watched:
        watched.page.goto(pages["sample"].as_uri())
        printed = watched.page.pdf(format="A4")
        assert printed.startswith(b"%PDF")
        assert 5 <= len(re.findall(rb"/Type\s*/Page\b(?!s)", printed)) <= 16
        watched.page.emulate_media(media="print")
        assert watched.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert not watched.page.locator("nav").is_visible()
        watched.page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert watched.page.locator(".verdict details:not([open])").count() == 0
        assert watched.faults == []


def test_the_browser_reads_the_numbers_of_the_diagnosis(browser: Browser, sample: Path) -> None:
    told = json.loads((sample / "diagnosis.json").read_text(encoding="utf-8"))
    with browsers.watched_page(browser, width=1280, height=900) as watched:
        watched.page.goto((sample / "report.html").as_uri())
        tiles = [text.replace("\xa0", " ") for text in watched.page.locator("dl.tile").all_inner_texts()]
        for name in ("hard", "address", "spam", "unknown"):
            rate = told["totals"][name]
            wanted = (
                words.percent(rate["rate"]),
                f"{rate['count']:,} of {rate['leads']:,} leads",
                words.spread(rate["low"], rate["high"]),
            )
            assert any(all(part in tile for part in wanted) for tile in tiles), (name, tiles)
        for name, way in told["data_quality"]["forecast"].items():
            row = watched.page.locator(f"tr[data-way={name}]").inner_text().replace("\xa0", " ")
            for part in (
                words.count(way["leads"]),
                words.percent(way["rate"]),
                words.spread(way["low"], way["high"]),
                words.chance(way["p_over_tolerance"]),
            ):
                assert part in row, (name, row)


def test_a_report_of_200_000_bounces_opens_quickly_and_sorts(browser: Browser, tmp_path: Path) -> None:
    made = cases()
    case = made.make_campaign()
    bounces = made._bounces(200_000)
    bounces["diagnostic"] = [f"{text} {number:x}" if text else "" for number, text in enumerate(bounces["diagnostic"])]
    bounces["reason"] = [f"{reason}_{number % 300}" for number, reason in enumerate(bounces["reason"])]
    many = [made.row(f"company{number}.example", 40, number % 9, number % 3) for number in range(20_000)]
    diagnosis = replace(
        case.diagnosis, breakdown=case.diagnosis.breakdown | {"recipient_domain": many, "industry": many}
    )
    place = tmp_path / "report.html"
    text = page.html(diagnosis, replace(case.correlated, bounces=bounces), made.suppression_of(bounces))
    place.write_text(text, encoding="utf-8")
    assert place.stat().st_size < 1_500_000
    with browsers.watched_page(browser, width=1280, height=900) as watched:
        watched.page.goto(place.as_uri())
        assert watched.page.locator("tr").count() < 1000
        section = watched.page.locator("section[aria-labelledby=reasons]")
        section.get_by_role("button", name="Bounces", exact=True).click()
        assert section.locator("th[aria-sort]").count() == 1
        assert "The first 50 of" in section.inner_text()
        assert section.get_by_role("link", name="report.xlsx").get_attribute("href") == "report.xlsx"
        took = watched.page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")
        assert took < 5_000
        assert watched.faults == []


def test_the_picture_in_the_docs_is_of_this_page() -> None:
    picture = Path(__file__).parents[2] / "docs" / "report.png"
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size < 400_000
