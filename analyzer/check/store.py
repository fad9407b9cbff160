"""What was found out about mailboxes and domains, kept in one SQLite file between runs: nothing is asked twice while
its answer holds, and a run that was killed goes on where it was.

Every answer is committed before anybody sees it. The file is in write-ahead mode with `synchronous=NORMAL`: a commit
outlives the process, however that ends; after a power failure the last commits may be missing, never half there.
https://sqlite.org/wal.html
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from analyzer.check.records import DomainFacts, MailboxFacts, MailboxState
from analyzer.errors import OutputError, UnreadableInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType

_DAY = 86400.0
#: How long an answer holds, in seconds. A mailbox that is not there is reused seldom and late; a full one is emptied.
LASTS_S: dict[MailboxState, float] = {
    "accepted": 30 * _DAY,
    "unknown_user": 90 * _DAY,
    "disabled": 90 * _DAY,
    "full": 7 * _DAY,
    "catch_all": 14 * _DAY,
    "opaque": 14 * _DAY,
    "temporary": _DAY,
    "policy": _DAY,
    "no_answer": _DAY,
}
CATCH_ALL_LASTS_S = 14 * _DAY
#: Of the files that this version writes.
_VERSION = 1
_FACTS = "state TEXT NOT NULL, reply TEXT, text TEXT, host TEXT, reason TEXT, retry_after_s INTEGER, checked_at TEXT"
_SCHEMA = f"""
CREATE TABLE mailbox (address TEXT PRIMARY KEY, {_FACTS}, told_at REAL NOT NULL, until REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE put_off (address TEXT PRIMARY KEY, {_FACTS}, attempt INTEGER NOT NULL, due REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE catch_all (domain TEXT PRIMARY KEY, takes_all INTEGER NOT NULL, until REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE domain (domain TEXT PRIMARY KEY, facts TEXT NOT NULL, until REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE run (key TEXT PRIMARY KEY, started_at REAL NOT NULL, finished_at REAL) WITHOUT ROWID;
CREATE TABLE salt (salt BLOB NOT NULL);
"""
_COLUMNS = "address, state, reply, text, host, reason, retry_after_s, checked_at"
_STATES = frozenset(get_args(MailboxState))


@dataclass(frozen=True, slots=True)
class PutOff:
    """An address whose answer is not final. `facts` is the last one: "accepted" where only the catch-all question of
    its domain is open. `attempt` counts the answers of "later"; `due` is when to ask again."""

    facts: MailboxFacts
    attempt: int
    due: float


class Store:
    """One file, or memory where `path` is None. Times are seconds since the epoch. One process and one thread at a time
    writes; `OutputError` where another holds the file."""

    def __init__(self, path: Path | None = None) -> None:
        self._where = str(path) if path else "the cache in memory"
        #: Answers since then hold whatever their age; see `resume`.
        self._since = float("inf")
        if path is not None:
            _create_private(path)
        try:
            self._db = sqlite3.connect(path or ":memory:", isolation_level=None, timeout=10.0)
        except sqlite3.Error as error:
            raise OutputError(self._where, f"cannot be opened: {error}", "name another file") from None
        with self._named_errors():
            # Nothing of a file is touched that is none of ours.
            self._prepare()
            if path is not None:
                _keep_private(path)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self.salt: bytes = self._db.execute("SELECT salt FROM salt").fetchone()[0]

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            self._db.close()

    def forget(self, names: Callable[[str], bool]) -> int:
        """Remove every answer that `names` finds an address in, and its bytes from the file; how many."""
        with self._named_errors():
            self._db.execute("PRAGMA secure_delete = ON")
            gone = 0
            for table in ("mailbox", "put_off"):
                rows = self._db.execute(f"SELECT address, coalesce(text, '') FROM {table}").fetchall()  # noqa: S608
                found = [(address,) for address, text in rows if names(address) or names(text)]
                self._db.executemany(f"DELETE FROM {table} WHERE address = ?", found)  # noqa: S608
                gone += len(found)
            self._db.execute("VACUUM")
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return gone

    # Runs

    def resume(self, key: str, now: float) -> bool:
        """Begin or go on with the run of this key (a digest of the list and of what was asked of it).

        True where it was begun before and not finished. Until `finish`, what it has found out since it began is not
        asked again, however old it is by now.
        """
        with self._named_errors():
            row = self._db.execute(
                "SELECT started_at FROM run WHERE key = ? AND finished_at IS NULL", (key,)
            ).fetchone()
            if row is None:
                self._db.execute("INSERT OR REPLACE INTO run VALUES (?, ?, NULL)", (key, now))
        self._since = row[0] if row else now
        return row is not None

    def finish(self, key: str, now: float) -> None:
        """The run is through; the next one of this key begins anew."""
        with self._named_errors():
            self._db.execute("UPDATE run SET finished_at = ? WHERE key = ?", (now, key))
        self._since = float("inf")

    # Mailboxes

    def mailbox(self, address: str, now: float) -> MailboxFacts | None:
        """The answer for this address that still holds, or None."""
        with self._named_errors():
            row = self._db.execute(
                f"SELECT {_COLUMNS} FROM mailbox WHERE address = ? AND (until > ? OR told_at >= ?)",  # noqa: S608
                (address, now, self._since),
            ).fetchone()
        return self._facts(row) if row else None

    def save_mailbox(self, facts: MailboxFacts, now: float) -> None:
        """Commit an answer, in place of an older one and of a pending retry."""
        with self._transaction():
            self._db.execute("DELETE FROM put_off WHERE address = ?", (facts.address,))
            self._db.execute(
                "INSERT OR REPLACE INTO mailbox VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*_row(facts), now, now + LASTS_S[facts.state]),
            )

    def put_off(self, address: str, now: float) -> PutOff | None:
        """The pending retry of this address, or None; one of a run that was given up a day ago counts no more."""
        with self._named_errors():
            row = self._db.execute(
                f"SELECT attempt, due, {_COLUMNS} FROM put_off WHERE address = ? AND (due > ? OR due >= ?)",  # noqa: S608
                (address, now - _DAY, self._since),
            ).fetchone()
        return PutOff(self._facts(row[2:]), row[0], row[1]) if row else None

    def save_put_off(self, put_off: PutOff) -> None:
        """Commit that an address is to be asked again."""
        with self._named_errors():
            self._db.execute(
                "INSERT OR REPLACE INTO put_off VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*_row(put_off.facts), put_off.attempt, put_off.due),
            )

    # Domains

    def catch_all(self, domain: str, now: float) -> bool | None:
        """Whether the domain takes every address; None where nobody asked lately."""
        with self._named_errors():
            row = self._db.execute(
                "SELECT takes_all FROM catch_all WHERE domain = ? AND until > ?", (domain, now)
            ).fetchone()
        return bool(row[0]) if row else None

    def save_catch_all(self, domain: str, takes_all: bool, now: float) -> None:
        """Commit what the random address of a domain showed."""
        with self._named_errors():
            self._db.execute(
                "INSERT OR REPLACE INTO catch_all VALUES (?, ?, ?)", (domain, takes_all, now + CATCH_ALL_LASTS_S)
            )

    def domain(self, domain: str, now: float) -> DomainFacts | None:
        """What DNS said of the domain and still holds, or None."""
        with self._named_errors():
            row = self._db.execute("SELECT facts FROM domain WHERE domain = ? AND until > ?", (domain, now)).fetchone()
        if row is None:
            return None
        try:
            fields = json.loads(row[0])
            return DomainFacts(**fields | {"mx": tuple(fields["mx"])})
        except (ValueError, TypeError, KeyError):
            raise self._broken("a row of `domain` cannot be read") from None

    def save_domains(self, facts: Iterable[DomainFacts], now: float, lasts_s: float) -> None:
        """Commit what DNS said of some domains, good for `lasts_s` seconds."""
        with self._transaction():
            self._db.executemany(
                "INSERT OR REPLACE INTO domain VALUES (?, ?, ?)",
                ((one.domain, json.dumps(_fields(one)), now + lasts_s) for one in facts),
            )

    def forget_stale(self, now: float) -> None:
        """Remove what does not hold any more, and retries that are a week overdue."""
        with self._transaction():
            for table in ("mailbox", "catch_all", "domain"):
                self._db.execute(f"DELETE FROM {table} WHERE until <= ?", (now,))  # noqa: S608  (names from above)
            self._db.execute("DELETE FROM put_off WHERE due <= ?", (now - 7 * _DAY,))

    def _prepare(self) -> None:
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        tables = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if version == _VERSION:
            return
        if version or tables:
            raise UnreadableInputError(self._where, "is not a cache of this version", "name another file, or remove it")
        self._db.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {_VERSION}; COMMIT;")
        self._db.execute("INSERT INTO salt VALUES (?)", (secrets.token_bytes(16),))

    def _facts(self, row: tuple[object, ...]) -> MailboxFacts:
        if row[1] not in _STATES:
            raise self._broken(f"the state {row[1]!r} is unknown")
        return MailboxFacts(*row)  # type: ignore[arg-type]

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._named_errors():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    @contextlib.contextmanager
    def _named_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise OutputError(
                self._where, f"cannot be used: {error}", "close what else uses it, or free space"
            ) from None
        except sqlite3.DatabaseError as error:
            raise self._broken(str(error)) from None

    def _broken(self, problem: str) -> UnreadableInputError:
        return UnreadableInputError(self._where, f"is no cache of checks: {problem}", "name another file, or remove it")


def _create_private(path: Path) -> None:
    """The file for its owner alone: it holds people's addresses. SQLite gives the files beside it the same mode."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise OutputError(str(path), f"cannot be opened: {error.strerror}", "name another file") from None


def _keep_private(path: Path) -> None:
    try:
        path.chmod(0o600)
    except OSError as error:
        raise OutputError(str(path), f"cannot be opened: {error.strerror}", "name another file") from None


def _row(facts: MailboxFacts) -> tuple[object, ...]:
    return (
        facts.address,
        facts.state,
        facts.reply,
        facts.text,
        facts.host,
        facts.reason,
        facts.retry_after_s,
        facts.checked_at,
    )


def _fields(facts: DomainFacts) -> dict[str, object]:
    return {name: getattr(facts, name) for name in DomainFacts.__slots__}
