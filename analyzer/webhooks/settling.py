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

from analyzer.history.tables import BOUNCES, SUSPECTED


class Settling:
    """One workspace; an object store keeps what it answers for, so there is nothing to do."""

    def __init__(self, place: str) -> None:
        tables = () if "://" in place else (BOUNCES, SUSPECTED)
        #: The newest version of each table that is on the disk.
        self._settled = {table: _newest(table) for table in (Path(place) / kind.name for kind in tables)}

    def settle(self) -> None:
        """Sync every version since the last time, and the files that each added. `OSError` where a disk fails."""
        for table, settled in self._settled.items():
            newest = _newest(table)
            if newest != settled:
                _settle(table, range(settled + 1, newest + 1))
                self._settled[table] = newest


def _settle(table: Path, versions: range) -> None:
    folders = {table / "_delta_log", table}
    for version in versions:
        entry = table / "_delta_log" / f"{version:020d}.json"
        try:
            lines = entry.read_bytes().splitlines()
        except FileNotFoundError:
            continue
        for line in lines:
            added = orjson.loads(line).get("add")
            if added:
                path = table / unquote(added["path"])
                _sync(path)
                folders.add(path.parent)
        _sync(entry)
    for folder in folders:
        _sync(folder)


def _newest(table: Path) -> int:
    """The number of the newest version; -1 where there is no table."""
    if not (table / "_delta_log").is_dir():
        return -1
    names = (entry.name.partition(".") for entry in os.scandir(table / "_delta_log"))
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
