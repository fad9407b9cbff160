"""Where what takes long to prepare is kept between two runs: the user's cache folder, or the one that is asked for.

Nothing there is needed: what is missing, broken or older than the program is made again.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

#: Another folder for it; "off" keeps nothing.
CACHE_VARIABLE = "BOUNCE_ANALYZER_CACHE"
#: Files of one kind that stay in the folder: every installed version and every folder of own rules has its own.
_STAY = 16


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


def kept(place: Path) -> bytes:
    """What `keep` has put there, which counts as used now; `OSError` where there is nothing to be read."""
    content = place.read_bytes()
    with contextlib.suppress(OSError):
        os.utime(place)
    return content


def keep(place: Path, content: bytes, kind: str) -> None:
    """Have `place` hold the content, and never half of it; `OSError` where it cannot.

    Of what is kept beside it of the same kind, the longest unused goes. kind: a pattern as `Path.glob` takes it, that
    fits no file but ours: the folder may be one that the user shares with other things.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    # Two commands may start at once: each writes its own file, and the last one put in place stands.
    unfinished = place.with_suffix(f".{os.getpid()}")
    unfinished.write_bytes(content)
    unfinished.replace(place)
    for unused in sorted(place.parent.glob(kind), key=_used, reverse=True)[_STAY:]:
        unused.unlink(missing_ok=True)


def _used(place: Path) -> float:
    """When a file was used last, in seconds of the epoch; 0 of one that another command has just taken away."""
    try:
        return place.stat().st_mtime
    except OSError:
        return 0.0
