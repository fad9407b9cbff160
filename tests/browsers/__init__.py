"""Debian's Chromium, driven by Playwright, for the tests that look at a page as its reader does.

    with browsers.chromium() as browser, browsers.watched_page(browser, width=390, height=844) as watched:
        watched.page.goto(path.as_uri())
        assert watched.faults == []
        assert browsers.axe(watched.page) == []

A page is watched from the start: what its console says, what breaks in its script, and what it asks of anybody else
than its own origin. Everything else is refused, so a test never reaches out of the machine.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Route

#: The browser's own download does not work here, so Debian's package is what is driven.
EXECUTABLE = Path("/usr/bin/chromium")
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
#: A desktop window and a phone.
DESKTOP, PHONE = (1280, 900), (390, 844)
#: What axe calls a fault that keeps people out.
_GRAVE = frozenset({"serious", "critical"})


@dataclass
class Watched:
    """A page and what was seen of it: `errors` (console and script), `warnings` (console), `left` (URLs asked for
    outside its origin)."""

    page: Page
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        """Everything that must not be there."""
        return [*self.errors, *(f"asked for {url}" for url in self.left)]


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless Chromium, ended behind the block; an `AssertionError` where there is none."""
    assert EXECUTABLE.exists(), f"{EXECUTABLE} is not there: install Debian's chromium (.ci/run does)"
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(EXECUTABLE), headless=True, args=list(_ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def watched_page(
    browser: Browser,
    *,
    width: int,
    height: int,
    dark: bool = False,
    origin: str = "",
    script: bool = True,
    bypass_csp: bool = False,
    accept_downloads: bool = True,
) -> Iterator[Watched]:
    """A page of `width` × `height` pixels in a context of its own.

    `origin` ("http://127.0.0.1:8080") may be asked beside files. `script=False` switches the page's script off. `bypass_csp=True` is for `axe` alone: a
    strict policy keeps it out; keep it off where the policy itself is looked at.
    """
    context: BrowserContext = browser.new_context(
        viewport={"width": width, "height": height},
        device_scale_factor=1,
        color_scheme="dark" if dark else "light",
        java_script_enabled=script,
        bypass_csp=bypass_csp,
        accept_downloads=accept_downloads,
    )
    try:
        page = context.new_page()
        watched = Watched(page)
        page.on("console", lambda message: _heard(watched, message))
        page.on("pageerror", lambda error: watched.errors.append(f"script: {error}"))
        context.route("**/*", lambda route: _passed(watched, route, origin))
        yield watched
    finally:
        context.close()


def _heard(watched: Watched, message: ConsoleMessage) -> None:
    if message.type == "error":
        watched.errors.append(f"console: {message.text}")
    elif message.type == "warning":
        watched.warnings.append(message.text)


def _passed(watched: Watched, route: Route, origin: str) -> None:
    """Files, data and the own origin pass; anything else is noted and refused."""
    url = route.request.url
    parts = urlsplit(url)
    if parts.scheme in {"file", "data", "blob", "about"} or (origin and f"{parts.scheme}://{parts.netloc}" == origin):
        route.continue_()
        return
    watched.left.append(url)
    route.abort()


def axe(page: Page) -> list[str]:
    """The grave faults that axe-core finds, one sentence each; the page's context needs `bypass_csp=True`."""
    from axe_playwright_python.sync_playwright import Axe

    found: dict[str, Any] = Axe().run(page).response
    return [
        f"{violation['impact']}: {violation['help']} ({violation['id']}): "
        + "; ".join(node["html"][:160] for node in violation["nodes"][:3])
        for violation in found["violations"]
        if violation["impact"] in _GRAVE
    ]


def overflows(page: Page) -> list[str]:
    """What stands out over the right edge of the page, so that a phone would scroll sideways; [] where nothing does.

    Boxes that scroll by themselves may hold wider content.
    """
    # Before its style sheets are there, a page has no layout to speak of.
    page.wait_for_load_state("load")
    found: list[str] = page.evaluate(
        """() => {
            const width = document.documentElement.clientWidth;
            if (document.documentElement.scrollWidth <= width) return [];
            const scrolls = element => element && element !== document.body &&
                (["auto", "scroll", "hidden"].includes(getComputedStyle(element).overflowX) ||
                 scrolls(element.parentElement));
            return [...document.body.querySelectorAll("*")]
                .filter(e => e.getBoundingClientRect().right > width + 1 && !scrolls(e.parentElement))
                .slice(0, 5).map(e => e.outerHTML.slice(0, 160));
        }"""
    )
    wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    return found or (["the page is wider than its window"] if wide else [])
