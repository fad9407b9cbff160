"""A Maildir, followed: never changed, and a message known by its name without the flags (qmail's maildir(5)).

`new` is listed before `cur`, where programs that read mail move it: on the way from one to the other none is missed.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from analyzer.bounds import MIB, current
from analyzer.errors import UnreadableInputError
from analyzer.records import RawMessage
from analyzer.sources import archives, mbox
from analyzer.sources.content import recognise
from analyzer.watch.sources import HEAD_OF_GREAT, Step, nap, opened, written

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import date
    from pathlib import Path

    from analyzer.sources.content import Content
    from analyzer.watch.sources import Skip, Stopped
    from analyzer.watch.state import State

_PARTS = ("new", "cur")
_PERMISSIONS = "check its permissions"
#: A folder's time tells of a change only once the clock has gone on from it.
_SETTLED_NS = 2_000_000_000


class FollowedMaildir:
    """`since`: messages whose files were last changed before that day (UTC) are passed over."""

    def __init__(self, folder: Path, state: State, *, since: date | None = None) -> None:
        self.name = str(folder)
        self.unsettled = False
        self._folder, self._state, self._since = folder, state, since
        self._limit = current().message_bytes
        self._taken: set[str] = set()
        self._unreadable: set[str] = set()
        #: When `new` and `cur` were last changed as of the last listing; none where that cannot be relied on.
        self._seen: tuple[int, ...] = ()

    def open(self) -> None:
        """`UnreadableInputError` for what is no Maildir."""
        for part in _PARTS:
            try:
                os.scandir(self._folder / part).close()
            except (FileNotFoundError, NotADirectoryError):
                problem = "is no Maildir (it has no new and cur)"
                raise UnreadableInputError(self.name, problem, "name the Maildir itself") from None
            except OSError as error:
                raise UnreadableInputError(self.name, f"cannot be listed: {error.strerror}", _PERMISSIONS) from None
        self._unreadable.clear()
        self._taken, self._seen = self._state.taken(), ()

    def read(self, skip: Skip) -> Iterator[Step]:
        """The messages with names that were not there before."""
        changed = self._changed()
        if changed and changed == self._seen:
            return
        present = self._present()
        gone = self._taken - present.keys()
        if gone:
            self._state.advance(gone=gone)
            self._taken -= gone
        complete = True
        for name in sorted(present.keys() - self._taken - self._unreadable):
            path = present[name]
            try:
                data = self._data(path, skip)
            except FileNotFoundError:
                complete = False  # moved or renamed since it was listed: it has its new name next time
                continue
            except OSError as error:
                self._unreadable.add(name)
                skip(path, f"cannot be read: {error.strerror}")
                continue
            yield Step(RawMessage(written(path), data) if data is not None else None, name)
        self._seen = changed if complete else ()

    def keep(self, steps: Sequence[Step], counted: Collection[str]) -> None:
        """Their names are known from now on."""
        names = [step.mark for step in steps]
        self._state.advance(taken=names)
        self._taken.update(names)

    def wait(self, seconds: float, stopped: Stopped) -> None:
        """By looking again."""
        nap(seconds, stopped)

    def close(self) -> None:
        """Nothing is held."""

    def _changed(self) -> tuple[int, ...]:
        try:
            times = tuple(os.stat(self._folder / part).st_mtime_ns for part in _PARTS)  # noqa: PTH116
        except OSError as error:
            raise UnreadableInputError(self.name, f"cannot be listed: {error.strerror}", _PERMISSIONS) from None
        return times if max(times) < time.time_ns() - _SETTLED_NS else ()

    def _present(self) -> dict[str, str]:
        present = {}
        for part in _PARTS:
            try:
                with os.scandir(self._folder / part) as entries:
                    for entry in entries:
                        if not entry.name.startswith("."):
                            present[written(entry.name.partition(":")[0])] = entry.path
            except OSError as error:
                raise UnreadableInputError(self.name, f"cannot be listed: {error.strerror}", _PERMISSIONS) from None
        return present

    def _data(self, path: str, skip: Skip) -> bytes | None:
        """The message, or the head of a great one; None for one from before `since`, and for what is no file."""
        with opened(path) as file:
            about = os.fstat(file.fileno())
            if self._since is not None:
                day = time.gmtime(about.st_mtime)
                if (day.tm_year, day.tm_mon, day.tm_mday) < (self._since.year, self._since.month, self._since.day):
                    return None
            great = about.st_size > self._limit
            if great:
                skip(path, f"is over {self._limit / MIB:,.0f} MiB: only its first MiB is read")
            data = file.read(HEAD_OF_GREAT if great else -1) or b""
        if (packed := recognise(data[:512])) in ("gzip", "bzip2", "xz", "zstd"):
            data = self._unpacked(packed, data)
        return mbox.without_envelope(data)

    def _unpacked(self, packed: Content, data: bytes) -> bytes:
        """What a server has compressed (Dovecot's zlib plugin does), as far as it can be had."""
        read = archives.unpack(packed, data, lambda _: b"", current())
        pieces: list[bytes] = []
        size = 0
        try:
            while size <= self._limit and (piece := read(MIB)):
                pieces.append(piece)
                size += len(piece)
        except (archives.TooMuchError, *archives.DAMAGE):
            pass
        return b"".join(pieces)[: HEAD_OF_GREAT if size > self._limit else None]
