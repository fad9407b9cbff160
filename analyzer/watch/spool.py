"""An mbox that mail is appended to (a spool), followed by its length, through rotation and truncation.

Sources: RFC 4155; Debian policy 11.6 and Postfix's `mailbox_delivery_lock` for the locks (fcntl, flock and a `.lock`
file beside it). Nothing is written: locks are only waited for and shared. A message is taken once the next one has
begun, or once the file has been left alone for a while, so never half of one.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import stat
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from analyzer.bounds import MIB, current
from analyzer.errors import UnreadableInputError
from analyzer.records import RawMessage
from analyzer.sources import mbox
from analyzer.watch.sources import HEAD_OF_GREAT, BusyError, Step, nap, opened, written

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from analyzer.watch.sources import Skip, Stopped
    from analyzer.watch.state import State

#: The last message is whole once nothing was written for so long.
_QUIET_S = 3.0
#: How long a lock of others is waited for, and after how long a `.lock` file was only left behind.
_PATIENCE_S, _STALE_S = 20.0, 600.0
#: Read under one lock.
_PAGE, _PAGE_BYTES = 500, 32 * MIB
#: What tells a file from another that took its place: this much of its head, and of what stands before our place in it.
_SAMPLE = 1024
_PERMISSIONS = "check its permissions"


@dataclass(frozen=True, slots=True)
class Place:
    """How far a file was read: `offset`, and where the last message taken begins. `number` counts messages."""

    offset: int = 0
    last: int = 0
    number: int = 0
    head: str = ""
    tail: str = ""


_START = Place()


class FollowedSpool:
    """`rotated(found)`: told that another file took the spool's place, and whether the old one was found beside it."""

    def __init__(self, path: Path, state: State, *, rotated: Callable[[bool], None]) -> None:
        self.name = str(path)
        self._path, self._state, self._rotated = path, state, rotated
        self._limit = current().message_bytes
        self.unsettled = False
        #: The place of which it was told last that its file was rotated away.
        self._told = _START

    def open(self) -> None:
        """The spool may come with the first mail; its folder must be there."""
        try:
            is_place = self._path.parent.is_dir()
            try:
                about = self._path.stat()
            except FileNotFoundError:  # not yet there, or rotated away in this moment
                about = None
        except OSError as error:
            raise UnreadableInputError(self.name, f"cannot be read: {error.strerror}", _PERMISSIONS) from None
        if not is_place or (about and not stat.S_ISREG(about.st_mode)):
            raise UnreadableInputError(self.name, "is no file", "name the spool file itself")
        if file := _opened(self._path):
            with file:
                begin = os.pread(file.fileno(), _SAMPLE, 0).lstrip(b"\r\n")[:5]
            if not b"From ".startswith(begin):
                problem = "is no mbox (it does not begin with a From line)"
                raise UnreadableInputError(self.name, problem, "name the file that mail is appended to")

    def read(self, skip: Skip) -> Iterator[Step]:
        """What was appended; where the spool was rotated, first what stands in the old files and was not taken yet."""
        place = self._place()
        # Held open from here on: should it be rotated in this moment, it is still this file that is read.
        current = _opened(self._path)
        try:
            if place.offset and not (current and _is_same(current, place)):
                yield from self._rotated_away(place)
                place = _START
            if current is not None:
                yield from self._rest(current, self._path, place, settled=False)
        finally:
            if current is not None:
                current.close()

    def _rotated_away(self, place: Place) -> Iterator[Step]:
        """The rest of the file that `place` is in, and those that took its place since and were rotated as well."""
        found = False
        for path in self._rotations():
            file = _opened(path)
            if file is None:
                continue
            with file:
                if found:
                    yield from self._rest(file, path, _START, settled=True)
                elif _is_same(file, place):
                    found = True
                    self._tell(place, found)
                    yield from self._rest(file, path, place, settled=True)
        if not found:
            self._tell(place, found)

    def _tell(self, place: Place, found: bool) -> None:
        # The place stays in the old file until the new one has a message.
        if place != self._told:
            self._told = place
            self._rotated(found)

    def _rotations(self) -> list[Path]:
        """Files beside the spool under a name that a rotation gives, the oldest first; never somebody's whose name only
        begins alike."""
        name = re.compile(re.escape(self._path.name) + r"[.-](?:\d[\d.-]*|old)")
        found = []
        try:
            for path in self._path.parent.iterdir():
                if name.fullmatch(path.name):
                    with suppress(FileNotFoundError):  # rotated away once more, or removed
                        about = path.stat()
                        if stat.S_ISREG(about.st_mode):
                            found.append((about.st_mtime_ns, path))
        except OSError as error:
            problem = f"its folder cannot be listed, to find what was rotated away: {error.strerror}"
            raise UnreadableInputError(self.name, problem, _PERMISSIONS) from None
        return [path for _, path in sorted(found)]

    def keep(self, steps: Sequence[Step], counted: Collection[str]) -> None:
        """The place behind the last of them counts."""
        self._state.advance(asdict(steps[-1].mark))

    def wait(self, seconds: float, stopped: Stopped) -> None:
        """By looking again; soon, where a message waits to be whole."""
        nap(min(seconds, _QUIET_S) if self.unsettled else seconds, stopped)

    def close(self) -> None:
        """Nothing is held."""

    def _place(self) -> Place:
        at = self._state.position()
        try:
            return Place(**at)
        except TypeError:
            return _START

    def _rest(self, file: IO[bytes], path: Path, place: Place, *, settled: bool) -> Iterator[Step]:
        while True:
            page = list(self._page(file, path, place, settled))
            if not page:
                return
            yield from page
            place = page[-1].mark

    def _page(self, file: IO[bytes], path: Path, place: Place, settled: bool) -> Iterator[Step]:
        """Some messages from `place` on, read under one lock."""
        self.unsettled = False
        with _shared_lock(file, path):
            if not _is_same(file, place):
                return  # cut short or written anew since: the next reading finds out
            about = os.fstat(file.fileno())
            whole = settled or time.time() - about.st_mtime >= _QUIET_S
            start, number = _begin(file, place)
            count = size = 0

            def read(wanted: int) -> bytes:
                # What is appended from now on by somebody who knows no locks is for the next time.
                return file.read(min(wanted, max(0, about.st_size - file.tell())))

            file.seek(start)
            for first, after, data in mbox.located(read(MIB), read, limit=self._limit):
                end = start + after
                if end >= about.st_size and not whole:
                    self.unsettled = True
                    return
                if data is None:
                    data = os.pread(file.fileno(), HEAD_OF_GREAT, start + first).split(b"\n", 1)[-1]
                mark = _place_at(file, end, start + first, number + 1)
                yield Step(RawMessage(f"{written(path)}#{number}", data), mark)
                number += 1
                count, size = count + 1, size + len(data)
                if count >= _PAGE or size >= _PAGE_BYTES:
                    return


def _opened(path: Path) -> IO[bytes] | None:
    """The file, or None where there is none."""
    try:
        return opened(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UnreadableInputError(str(path), f"cannot be read: {error.strerror}", _PERMISSIONS) from None


def _is_same(file: IO[bytes], place: Place) -> bool:
    """Whether the file is the one that `place` is in: nothing that was read of it has changed."""
    if not place.offset:
        return True
    if os.fstat(file.fileno()).st_size < place.offset:
        return False
    return _place_at(file, place.offset, place.last, place.number) == place


def _begin(file: IO[bytes], place: Place) -> tuple[int, int]:
    """Where the next message begins, and its number. Where the last one grew after all, it is read again."""
    start = place.offset
    while head := os.pread(file.fileno(), _SAMPLE, start):
        text = head.lstrip(b"\r\n")
        start += len(head) - len(text)
        if text:
            break
    if place.offset and os.pread(file.fileno(), 5, start) not in (b"From ", b""):
        return place.last, place.number - 1
    return start, place.number


def _place_at(file: IO[bytes], offset: int, last: int, number: int) -> Place:
    descriptor = file.fileno()
    head = os.pread(descriptor, min(offset, _SAMPLE), 0)
    tail = os.pread(descriptor, min(offset, _SAMPLE), max(0, offset - _SAMPLE))
    return Place(offset, last, number, _digest(head), _digest(tail))


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=8).hexdigest()


@contextmanager
def _shared_lock(file: IO[bytes], path: Path) -> Iterator[None]:
    """Wait until nobody writes to the file, and share it for the block; `BusyError` where that does not come."""
    until = time.monotonic() + _PATIENCE_S
    dotlock = path.with_name(path.name + ".lock")
    while _is_fresh(dotlock) or not _shared(file):
        if time.monotonic() > until:
            raise BusyError(str(path), f"another program has held its lock for {_PATIENCE_S:.0f} s")
        time.sleep(0.1)
    try:
        yield
    finally:
        fcntl.lockf(file, fcntl.LOCK_UN)
        fcntl.flock(file, fcntl.LOCK_UN)


def _is_fresh(dotlock: Path) -> bool:
    try:
        return time.time() - dotlock.stat().st_mtime < _STALE_S
    except OSError:
        return False


def _shared(file: IO[bytes]) -> bool:
    try:
        fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        fcntl.lockf(file, fcntl.LOCK_UN)
        return False
    return True
