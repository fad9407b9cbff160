"""Takes docs/report.png anew: the top of the sample's report, as a reader sees it on a desktop.

PYTHONPATH=tests python -m browsers.take_picture
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import browsers
from analyzer import api

PICTURE = Path(__file__).parents[2] / "docs" / "report.png"
#: Pixels: down to what the weeks look like.
_HEIGHT = 1900


def main() -> None:
    """Diagnose the sample, open its page, and write the picture."""
    with tempfile.TemporaryDirectory() as folder:
        api.diagnose_sample().write(Path(folder))
        with browsers.chromium() as browser, browsers.watched_page(browser, width=1180, height=900) as watched:
            watched.page.goto((Path(folder) / "report.html").as_uri())
            clip = {"x": 0, "y": 0, "width": 1180, "height": _HEIGHT}
            watched.page.screenshot(path=PICTURE, full_page=True, clip=clip)  # type: ignore[arg-type]
    print(f"{PICTURE}: {PICTURE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
