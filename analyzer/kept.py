"""Where what takes long to prepare is kept between two runs: the user's cache folder, or the one that is asked for.

Nothing there is needed: what is missing, broken or older than the program is made again.
"""

from __future__ import annotations

import os
from pathlib import Path

#: Another folder for it; "off" keeps nothing.
CACHE_VARIABLE = "BOUNCE_ANALYZER_CACHE"


def cache_folder() -> Path | None:
    """The folder, which may not be there yet; None where nothing is to be kept."""
    chosen = os.environ.get(CACHE_VARIABLE, "")
    if chosen == "off":
        return None
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "bounce-analyzer"
    except RuntimeError:
        return None


def keep(place: Path, content: bytes) -> None:
    """Have `place` hold the content, and never half of it; `OSError` where it cannot."""
    place.parent.mkdir(parents=True, exist_ok=True)
    # Two commands may start at once: each writes its own file, and the last one put in place stands.
    unfinished = place.with_suffix(f".{os.getpid()}")
    unfinished.write_bytes(content)
    unfinished.replace(place)
