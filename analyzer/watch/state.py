"""How far a source has been taken in, durably: one SQLite file for each source, and one process at a time for each.

The file is written after the rows it speaks of, never before, so whatever ends the process, what is not in the
workspace will be read again; the workspace knows a row that it has already. https://sqlite.org/atomiccommit.html
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import sqlite3
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.errors import AnalyzerError, OutputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SCHEMA = """
CREATE TABLE IF NOT EXISTS position (one INTEGER PRIMARY KEY CHECK (one = 0), at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS taken (name TEXT PRIMARY KEY) WITHOUT ROWID;
"""
_FOLDER = "watch"


def state_folder(workspace: str, asked: Path | None) -> Path:
    """Where states are kept: beside the tables, or where `asked`, which a workspace in an object store needs."""
    if asked is not None:
        return asked
    if "://" in workspace:
        raise AnalyzerError(f"{workspace}: how far watch has come is kept on this machine; name a folder with --state")
    return Path(workspace) / _FOLDER


class State:
    """One source's state. `OutputError` where it cannot be kept, `AnalyzerError` where another process follows it."""

    def __init__(self, folder: Path, source: str) -> None:
        """source: what tells it from any other, as long as it lives; only a digest of it is written."""
        digest = hashlib.blake2b(source.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()
        self.path = folder / f"{digest}.sqlite"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = (folder / f"{digest}.lock").open("ab")
        except OSError as error:
            problem = f"watch cannot keep its state here: {error.strerror}"
            raise OutputError(str(folder), problem, "name a folder with --state") from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise AnalyzerError(f"{self.path}: another watch follows this source already; stop it first") from None
        with self._named():
            # A loop in a thread of its own may use what its starter opened.
            self._database = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
            self._database.execute("PRAGMA synchronous = FULL")
            self._database.executescript(_SCHEMA)

    def position(self) -> dict[str, Any]:
        """What `advance` was last given; empty at first."""
        with self._named():
            row = self._database.execute("SELECT at FROM position").fetchone()
        try:
            at = json.loads(row[0]) if row else {}
        except json.JSONDecodeError:
            return {}
        return at if isinstance(at, dict) else {}

    def taken(self) -> set[str]:
        """Every name that was taken in and is not gone."""
        with self._named():
            return {name for (name,) in self._database.execute("SELECT name FROM taken")}

    def advance(
        self, position: dict[str, Any] | None = None, *, taken: Iterable[str] = (), gone: Iterable[str] = ()
    ) -> None:
        """All of it or nothing, and on the disk when this returns."""
        with self._named():
            self._database.execute("BEGIN IMMEDIATE")
            try:
                if position is not None:
                    self._database.execute("INSERT OR REPLACE INTO position VALUES (0, ?)", (json.dumps(position),))
                self._database.executemany("INSERT OR IGNORE INTO taken VALUES (?)", ((name,) for name in taken))
                self._database.executemany("DELETE FROM taken WHERE name = ?", ((name,) for name in gone))
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")

    def close(self) -> None:
        """Let another process have it."""
        self._database.close()
        self._lock.close()

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            problem = f"watch cannot keep its state here: {error}"
            remedy = "free some space, or remove a broken file: all is read again"
            raise OutputError(str(self.path), problem, remedy) from None
