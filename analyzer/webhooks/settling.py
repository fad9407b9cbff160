"""Makes a commit to a local workspace last through a loss of power.

The writer of the Delta tables leaves a new file to the operating system, which a killed process survives and a machine
without power does not. So before the journal lets go of its copy, what the commit wrote is synced. Source: Delta
transaction log protocol, "Delta log entries", "Add file".
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote

import orjson

from analyzer.history.tables import BOUNCES


class Settling:
    """One workspace; an object store keeps what it answers for, so there is nothing to do."""

    def __init__(self, place: str) -> None:
        self._table = None if "://" in place else Path(place) / BOUNCES.name
        self._last = self._newest()

    def settle(self) -> None:
        """Sync every version since the last time, and the files that each added. `OSError` where a disk fails."""
        newest = self._newest()
        if self._table is None or newest == self._last:
            return
        folders = {self._table / "_delta_log", self._table}
        for version in range(self._last + 1, newest + 1):
            entry = self._table / "_delta_log" / f"{version:020d}.json"
            try:
                lines = entry.read_bytes().splitlines()
            except FileNotFoundError:
                continue
            for line in lines:
                added = orjson.loads(line).get("add")
                if added:
                    path = self._table / unquote(added["path"])
                    _sync(path)
                    folders.add(path.parent)
            _sync(entry)
        for folder in folders:
            _sync(folder)
        self._last = newest

    def _newest(self) -> int:
        """The number of the newest version; -1 where there is no table."""
        if self._table is None or not (self._table / "_delta_log").is_dir():
            return -1
        names = (entry.name.partition(".") for entry in os.scandir(self._table / "_delta_log"))
        return max((int(stem) for stem, _, ending in names if ending == "json" and stem.isdigit()), default=-1)


def _sync(path: Path) -> None:
    """What somebody else's compaction has removed meanwhile lies in a newer file, which that one answers for."""
    try:
        opened = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
