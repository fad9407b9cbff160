"""Takes docs/serve.png anew: `PYTHONPATH=tests:tests/serve python -m take_serve_picture`."""

from __future__ import annotations

import tempfile
from pathlib import Path

import browsers
from serve_files import SAMPLE, SAMPLES
from serve_server import start

PICTURE = Path(__file__).parents[2] / "docs" / "serve.png"
WAIT = 120_000


def main() -> None:
    """Upload the sample campaign, run it, and photograph the result as a person sees it."""
    with tempfile.TemporaryDirectory() as folder, browsers.chromium() as browser:
        server = start(Path(folder) / "jobs")
        try:
            with browsers.watched_page(browser, width=1280, height=1000, origin=server.url) as watched:
                page = watched.page
                page.goto(server.url)
                page.set_input_files("#files", [str(SAMPLE / name) for name in SAMPLES])
                page.get_by_role("button", name="Look at the files").click()
                page.get_by_role("button", name="Start").click(timeout=WAIT)
                page.get_by_role("heading", name="Result", exact=True).wait_for(timeout=WAIT)
                page.frame_locator("iframe").get_by_role("heading", name="Bounce report").wait_for()
                page.screenshot(path=PICTURE)
        finally:
            server.stop()
    print(f"{PICTURE}: {PICTURE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
