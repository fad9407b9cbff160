"""The pages in a real browser: with script and without, phone and desktop, light and dark."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import browsers
import pytest
from playwright.sync_api import Error
from serve_files import HOSTILE, SAMPLE, SAMPLES, bounce, campaign, hostile_campaign, mailbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page
    from serve_server import Server

SECOND = 1000
WAIT = 90 * SECOND


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsers.chromium() as running:
        yield running


def written(folder: Path, files: dict[str, bytes]) -> list[str]:
    """Files on disk, as a person has them."""
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return [str(folder / name) for name in files]


def run_to_end(page: Page, server: Server, files: list[str]) -> None:
    """The main path: choose, look, start, and the result is there."""
    page.goto(server.url)
    page.set_input_files("#files", files)
    page.get_by_role("button", name="Look at the files").click()
    page.get_by_role("heading", name="Is this right?").wait_for(timeout=WAIT)
    page.get_by_role("button", name="Start").click()
    page.get_by_role("heading", name="Result", exact=True).wait_for(timeout=WAIT)


def reload(page: Page) -> None:
    """Ask for the page anew; where it was just turning to the result by itself, Chromium takes the first ask amiss."""
    try:
        page.reload()
    except Error:
        page.goto(page.url)


def test_from_the_files_to_the_report_and_its_downloads(browser, server, tmp_path):
    with browsers.watched_page(browser, width=1280, height=900, origin=server.url) as watched:
        page = watched.page
        page.goto(server.url)
        page.set_input_files("#files", [str(SAMPLE / name) for name in SAMPLES])
        assert page.locator(".chosen li").all_inner_texts() == list(SAMPLES)
        page.get_by_role("button", name="Look at the files").click()
        page.get_by_role("heading", name="Is this right?").wait_for(timeout=WAIT)
        assert page.get_by_label("Use it as").evaluate_all("all => all.map(one => one.value)") == [
            *("bounces", "log", "leads", "next")
        ]
        assert page.get_by_label("Email Status is taken as").first.input_value() == "email_status"
        page.get_by_role("button", name="Start").click()
        reload(page)  # while it runs, or as soon as it is done
        page.get_by_role("heading", name="Result", exact=True).wait_for(timeout=WAIT)
        report = page.frame_locator("iframe")
        report.get_by_role("heading", name="Bounce report").wait_for()
        assert (
            page.locator(".verdict .answer").first.inner_text() == report.locator(".verdict .answer").first.inner_text()
        )
        names = page.locator(".files a").all_inner_texts()
        assert set(names) == {
            *(
                "report.html",
                "report.xlsx",
                "report.md",
                "suppression.csv",
                "next_send.csv",
                "bounces.csv",
                "diagnosis.json",
            )
        }
        folder = server.folder / page.url.rpartition("/")[2]
        for name in names:
            with page.expect_download() as waiting:
                page.get_by_role("link", name=name, exact=True).click()
            assert waiting.value.suggested_filename == name
            waiting.value.save_as(tmp_path / name)
            assert (tmp_path / name).read_bytes() == (folder / "out" / name).read_bytes()
        assert watched.faults == []


def test_a_running_job_shows_how_far_it_is_survives_a_reload_and_can_be_cancelled(browser, server, tmp_path):
    files = campaign(500, 1)
    files["back.mbox"] = mailbox(*(bounce(f"lead{number % 500}@firm{number % 7}.test") for number in range(25_000)))
    with browsers.watched_page(browser, width=1280, height=900, origin=server.url) as watched:
        page = watched.page
        page.goto(server.url)
        page.set_input_files("#files", written(tmp_path, files))
        page.get_by_role("button", name="Look at the files").click()
        page.get_by_role("button", name="Start").click(timeout=WAIT)
        moving = re.compile(r"Reading bounces: [\d,]+ messages")
        page.locator("#line").filter(has_text=moving).wait_for(timeout=WAIT)
        reload(page)
        page.locator("#line").filter(has_text=moving).wait_for()
        page.get_by_role("button", name="Cancel").click()
        page.get_by_role("heading", name="Cancelled").wait_for()
        assert page.get_by_role("button", name="Start again").is_visible()
        page.get_by_role("button", name="Delete these files").click()
        page.get_by_role("heading", name="Why did it bounce?").wait_for()
        assert watched.faults == []


def test_the_main_path_without_script(browser, server, tmp_path):
    with browsers.watched_page(browser, width=1280, height=900, origin=server.url, script=False) as watched:
        page = watched.page
        page.goto(server.url)
        page.set_input_files("#files", written(tmp_path, campaign()))
        page.get_by_role("button", name="Look at the files").click()
        page.get_by_role("heading", name="Is this right?").wait_for(timeout=WAIT)  # the page loads itself again
        page.get_by_role("button", name="Start").click()
        page.get_by_role("heading", name="Result", exact=True).wait_for(timeout=WAIT)
        assert page.frame_locator("iframe").get_by_role("heading", name="Bounce report").is_visible()
        page.get_by_role("button", name="Delete this result and its files").click()
        page.wait_for_url(f"{server.url}/")
        assert watched.faults == []


def test_files_can_be_dropped_and_too_large_ones_are_told_before_they_are_sent(browser, server):
    drop = """([names, size]) => {
        const all = new DataTransfer();
        for (const name of names) all.items.add(new File([new Uint8Array(size)], name));
        document.querySelector(".drop").dispatchEvent(new DragEvent("drop", {dataTransfer: all, bubbles: true}));
    }"""
    with browsers.watched_page(browser, width=1280, height=900, origin=server.url) as watched:
        page = watched.page
        page.goto(server.url)
        page.evaluate(drop, [["a.mbox"], 10])
        page.evaluate(drop, [["b.csv", "<b>c.csv"], 10])
        assert page.locator(".chosen li").all_inner_texts() == ["a.mbox", "b.csv", "<b>c.csv"]
        page.evaluate(drop, [["big.csv"], 21 * 1024 * 1024])
        assert page.locator(".upload").inner_text() == "These files are larger than 20 MB in all."
        page.get_by_role("button", name="Look at the files").click()
        assert page.url == f"{server.url}/"
        page.goto(f"{server.url}/check")
        page.evaluate(drop, [["one.csv"], 10])
        page.evaluate(drop, [["two.csv"], 10])
        assert page.locator(".chosen li").all_inner_texts() == ["two.csv"]
        assert watched.faults == []


def test_hostile_names_and_cells_stay_text(browser, server, tmp_path):
    names = {name.rpartition("/")[2].replace('"', "") or "x": data for name, data in hostile_campaign().items()}
    names = {re.sub(r"[/]", "", name): data for name, data in names.items()}
    with browsers.watched_page(browser, width=390, height=844, origin=server.url) as watched:
        page = watched.page
        run_to_end(page, server, written(tmp_path, names))
        assert page.title() == "Result – bounce analyzer"
        page.frame_locator("iframe").get_by_role("heading", name="Bounce report").wait_for()
        assert browsers.overflows(page) == []
        page.goto(f"{server.url}/ask")
        page.get_by_label("The words that came back").fill(f"550 5.1.1 User unknown {HOSTILE} {'x' * 9000}")
        page.get_by_role("button", name="Explain").click()
        page.get_by_role("heading", name="Hard bounce: user unknown").wait_for()
        assert page.locator("mark").first.inner_text().lower() == "user unknown"
        assert HOSTILE in page.locator(".said").inner_text()
        assert page.title() == "Ask – bounce analyzer"
        assert browsers.overflows(page) == []
        assert watched.faults == []


def test_a_list_is_checked_and_an_address_asked_about(browser, server, finished, tmp_path):
    (tmp_path / "list.csv").write_text("email\nkim@gmial.com\nnonsense\n")
    with browsers.watched_page(browser, width=1280, height=900, origin=server.url) as watched:
        page = watched.page
        page.goto(f"{server.url}/check")
        page.set_input_files("#files", str(tmp_path / "list.csv"))
        page.get_by_label("Bounces to take into account").select_option(finished[1].rpartition("/")[2])
        page.get_by_role("button", name="Look at the list").click()
        page.get_by_role("button", name="Check the list").click(timeout=WAIT)
        page.get_by_role("heading", name="Checked list").wait_for(timeout=WAIT)
        assert "kim@gmail.com" in page.locator("main").inner_text()
        with page.expect_download() as waiting:
            page.get_by_role("link", name="checked.csv").click()
        assert waiting.value.suggested_filename == "checked.csv"
        page.goto(f"{server.url}/ask")
        page.get_by_label("Email address").fill("bwelkner@quomoor-labs.example")
        page.get_by_label("Where to look").select_option(finished[1].rpartition("/")[2])
        page.get_by_role("button", name="Look it up").click()
        page.get_by_text("Do not write to it again. The mailbox does not exist.").wait_for()
        assert watched.faults == []


def test_every_page_can_be_used_by_everybody(browser, server, finished, tmp_path):
    """No serious fault for axe-core, and nothing wider than the window: phone and desktop, light and dark."""
    faults: list[str] = []
    with browsers.watched_page(browser, width=1280, height=900, origin=server.url, bypass_csp=True) as watched:
        page = watched.page

        def look(name: str) -> None:
            for (width, height), scheme in ((browsers.PHONE, "dark"), (browsers.DESKTOP, "light")):
                page.set_viewport_size({"width": width, "height": height})
                page.emulate_media(color_scheme=scheme)
                found = [*browsers.axe(page), *browsers.overflows(page)]
                faults.extend(f"{name}, {width}, {scheme}: {fault}" for fault in found)

        page.goto(server.url)
        look("start")
        page.keyboard.press("Tab")
        assert page.locator(":focus").inner_text() == "Skip to the content"
        page.set_input_files("#files", written(tmp_path, campaign()))
        page.get_by_role("button", name="Look at the files").click()
        page.get_by_role("heading", name="Is this right?").wait_for(timeout=WAIT)
        look("ready")
        page.get_by_role("button", name="Start").click()
        page.locator("#job").wait_for()
        look("working or done")
        page.goto(f"{server.url}{finished[1]}")
        look("result")
        page.goto(f"{server.url}/check")
        look("check")
        page.goto(f"{server.url}/ask")
        page.get_by_label("The words that came back").fill("550 5.7.1 rejected as spam")
        page.get_by_role("button", name="Explain").click()
        page.locator("#answer").wait_for()
        look("ask")
        assert faults == []


def test_another_site_can_neither_show_nor_change_anything(browser, server):
    """A page of another origin that tries: a frame, a form, a request by script."""
    with browsers.watched_page(browser, width=800, height=600, origin=server.url) as watched:
        page = watched.page
        page.goto(server.url)  # the visitor has a cookie
        jobs = page.locator(".jobs li").count()
        evil = f"""<iframe src="{server.url}/ask"></iframe>
            <form id="f" method="post" action="{server.url}/jobs/sample"><input name="form" value="x"></form>"""
        page.route("http://evil.example/", lambda route: route.fulfill(body=evil, content_type="text/html"))
        page.goto("http://evil.example/")
        told = page.evaluate(
            """async url => {
                const get = await fetch(url + "/ask").then(a => a.text(), e => "refused");
                const body = new URLSearchParams({form: "x"});
                const post = await fetch(url + "/jobs/sample", {method: "POST", body, mode: "no-cors"}).then(a => a.type, e => "refused");
                return [get, post];
            }""",
            server.url,
        )
        assert told[0] == "refused"
        assert all("<h1>Ask</h1>" not in frame.content() for frame in page.frames[1:])
        page.evaluate("document.getElementById('f').submit()")
        page.wait_for_url(f"{server.url}/jobs/sample")
        assert "sent from another site" in page.content()
        page.goto(server.url)
        assert page.locator(".jobs li").count() == jobs
