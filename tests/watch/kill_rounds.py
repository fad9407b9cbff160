"""`ingest` and `watch`, killed with SIGKILL again and again while bounces come in, and what the workspace holds in the end.

In each round new bounces come, the command is started and killed: at a random moment of the time that it takes to keep
them, or, in every third round, right behind its next commit, before it can note how far it came. In the end the command
is let run, and every record has to be there exactly once.
"""

from __future__ import annotations

import random
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bounce_mail import as_mbox, bounces, wait_for
from kill_forks import Forks
from servers.dovecot import PASSWORD, dovecot

from analyzer.history import Workspace

#: Bounces of one round.
_EACH = 20


@dataclass
class Account:
    """What came of it. `left`: kills that left bounces of their round unkept; `amid`: kills between a commit and the note
    of how far the command came."""

    kills: int
    left: int = 0
    amid: int = 0
    committed: int = 0
    expected: int = 0
    stored: dict[str, Counter[str]] = field(default_factory=dict)
    exit_code: int = 0

    @property
    def missing(self) -> int:
        """Records that are not there, of all tables."""
        return sum(self.expected - len(rows) for rows in self.stored.values())

    @property
    def repeated(self) -> int:
        """Records that are there more than once."""
        return sum(times > 1 for rows in self.stored.values() for times in rows.values())


def _kills(
    folder: Path,
    kills: int,
    seed: int,
    come: Callable[[int], list[str]],
    last: Callable[[], list[str]],
    environment: dict[str, str],
) -> Account:
    """`come(n)`: lets the bounces of round n come; the command for them. `last()`: the command that is let run."""
    chance, workspace = random.Random(seed), folder / "workspace"
    forks, account = Forks(folder, environment), Account(kills)
    try:
        began = time.monotonic()
        forks.start(come(0))
        wait_for(workspace, _EACH, 60)
        longest_s = min(2.0, 0.7 * (time.monotonic() - began))
        forks.end(signal.SIGKILL)
        for number in range(1, kills + 1):
            before = (_versions(workspace), _noted(workspace))
            forks.start(come(number))
            if number % 3:
                time.sleep(chance.uniform(0.0, longest_s))
            else:
                _committed(workspace, before[0])
            forks.end(signal.SIGKILL)
            came = {f"lead{one}@corp.example" for one in range(_EACH * number, _EACH * (number + 1))}
            account.left += not came <= set(Workspace(workspace).bounces()["recipient"])
            account.amid += _versions(workspace) > before[0] and _noted(workspace) == before[1]
        forks.start(last())
        account.exit_code = forks.end()
    finally:
        forks.close()
    space = Workspace(workspace)
    account.expected = _EACH * (kills + 1)
    account.stored["bounces"] = Counter(space.bounces()["recipient"])
    account.committed = _versions(workspace)
    return account


def kill_ingest(folder: Path, kills: int, seed: int) -> Account:
    """Files with bounces, and a log of what was sent; in the end all of them are taken in again."""
    workspace = str(folder / "workspace")

    def come(number: int) -> list[str]:
        numbers = range(_EACH * number, _EACH * (number + 1))
        mbox, log = folder / f"{number}.mbox", folder / f"{number}.csv"
        mbox.write_bytes(as_mbox(bounces(numbers)))
        lines = [f"lead{one}@corp.example,2026-03-02T09:00:00Z,m{one}@team.example" for one in numbers]
        log.write_text("\n".join(["recipient,sent_at,message_id", *lines, ""]))
        return ["ingest", "--workspace", workspace, "--jobs", "1", "--log", str(log), "--bounces", str(mbox)]

    def last() -> list[str]:
        again = [*sorted(folder.glob("*.mbox")), *sorted(folder.glob("*.csv"))]
        options = [word for path in again for word in ("--bounces" if path.suffix == ".mbox" else "--log", str(path))]
        return ["ingest", "--workspace", workspace, "--jobs", "1", *options]

    account = _kills(folder, kills, seed, come, last, {})
    account.stored["sends"] = Counter(Workspace(workspace).sends()["recipient"])
    return account


def kill_watch_imap(folder: Path, kills: int, seed: int) -> Account:
    """A folder on a real Dovecot."""
    with dovecot() as server:
        options = ["--imap", server.url(), "--password-env", "TEAM_PASSWORD", "--ca-file", str(server.ca_file)]
        return _kill_watch(folder, kills, seed, options, server.deliver, {"TEAM_PASSWORD": PASSWORD})


def kill_watch_maildir(folder: Path, kills: int, seed: int) -> Account:
    """A Maildir."""
    maildir = folder / "maildir"
    for part in ("tmp", "new", "cur"):
        (maildir / part).mkdir(parents=True)

    def deliver(messages: list[bytes]) -> None:
        for data in messages:
            name = f"{time.time_ns()}.M1.host"
            (maildir / "tmp" / name).write_bytes(data)
            (maildir / "tmp" / name).rename(maildir / "new" / name)

    return _kill_watch(folder, kills, seed, ["--maildir", str(maildir), "--every", "0.5"], deliver, {})


def kill_watch_spool(folder: Path, kills: int, seed: int) -> Account:
    """A spool file, which is rotated now and then."""
    spool, rounds = folder / "spool", iter(range(10**9))

    def deliver(messages: list[bytes]) -> None:
        if next(rounds) % 5 == 4:
            spool.rename(folder / f"spool.{time.time_ns()}")
        # The last message is whole once the file is old enough; so the command need not wait for it.
        with spool.open("ab") as file:
            file.write(as_mbox(messages))
        import os

        os.utime(spool, (time.time() - 60, time.time() - 60))

    return _kill_watch(folder, kills, seed, ["--spool", str(spool), "--every", "0.5"], deliver, {})


def _kill_watch(
    folder: Path,
    kills: int,
    seed: int,
    options: list[str],
    deliver: Callable[[list[bytes]], None],
    environment: dict[str, str],
) -> Account:
    command = ["watch", "--workspace", str(folder / "workspace"), *options]

    def come(number: int) -> list[str]:
        deliver(bounces(range(_EACH * number, _EACH * (number + 1))))
        return command

    return _kills(folder, kills, seed, come, lambda: [*command, "--once"], environment)


def _versions(workspace: Path) -> int:
    return sum(1 for _ in (workspace / "bounces" / "_delta_log").glob("*.json"))


def _noted(workspace: Path) -> object:
    """How far a watch says that it came; nothing for an ingest, which notes its runs in a table."""
    found = []
    for path in (workspace / "watch").glob("*.sqlite"):
        database = sqlite3.connect(path, timeout=10)
        try:
            found.append(database.execute("SELECT at FROM position").fetchall())
            found.append(database.execute("SELECT count(*) FROM taken").fetchall())
        except sqlite3.OperationalError:  # killed before there was a table
            found.append(None)
        finally:
            database.close()
    return found or [sum(1 for _ in (workspace / "runs" / "_delta_log").glob("*.json"))]


def _committed(workspace: Path, before: int) -> None:
    """Wait for the next commit."""
    until = time.monotonic() + 10
    while _versions(workspace) == before and time.monotonic() < until:
        time.sleep(0.001)


WAYS: dict[str, Callable[[Path, int, int], Account]] = {
    "ingest": kill_ingest,
    "watch --imap": kill_watch_imap,
    "watch --maildir": kill_watch_maildir,
    "watch --spool": kill_watch_spool,
}
