"""What was accepted and is not in the workspace yet: an append-only log on the disk, in segments.

A frame is MAGIC, the length and the CRC-32 of its payload, and the payload: a line of JSON about the request, then its
body. Requests that come together share one `fdatasync` (group commit). A segment is only ever appended to by the
process that made it, so what is torn at its end was never acknowledged. Folder 0700, files 0600.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import struct
import threading
import time
import zlib
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, TypeAlias

import orjson

from analyzer.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Waiting: TypeAlias = tuple[bytes, int, asyncio.Future[None]]

MAGIC = b"BWJ1"
_HEAD = struct.Struct("<4sII")
_SEGMENT_BYTES = 64 * 1024 * 1024
#: Left free on the disk, for what has to be written before the journal can get shorter: checkpoint, rejects.
_SPARE_BYTES = 8 * 1024 * 1024
#: Of one write, so that those that came first are answered first.
_WRITE_BYTES = 8 * 1024 * 1024
_SUFFIX = ".journal"
_CHECKPOINT = "checkpoint.json"


class Position(NamedTuple):
    """A place between two frames."""

    segment: int
    offset: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One request: where it begins and ends, and `about` it (endpoint, at). `body` is None where the frame is damaged,
    with what is there in `raw`."""

    begin: Position
    end: Position
    about: dict[str, Any]
    body: bytes | None
    raw: bytes = b""


class Journal:
    """One process writes, one thread of it reads. Made by `Journal(folder)`, ended by `close()`."""

    def __init__(
        self,
        folder: Path,
        *,
        segment_bytes: int = _SEGMENT_BYTES,
        synced: Callable[[float], None] = lambda seconds: None,
    ) -> None:
        """`OutputError` where the folder cannot be written or another process has it. `synced` is told each sync."""
        self.folder = folder
        self._segment_bytes, self._synced = segment_bytes, synced
        self._lock_file = _locked(folder)
        self.taken = self._read_checkpoint()
        self._segment = max((*_segments(folder), self.taken.segment), default=0)
        self._file = -1
        #: Up to here everything is on the disk.
        self.durable = Position(self._segment + 1, 0)
        try:
            self._open_next()
        except OSError as error:
            self._lock_file.close()
            raise _cannot_keep(folder, error) from None
        self._queue: deque[Waiting | None] = deque()
        self._awake = threading.Condition()
        self._closing = False
        #: Why the last write failed, "" after one that did not.
        self.trouble = ""
        self.waiting_events = 0
        self._waiting_bytes = self._size()
        #: When the oldest request that is not taken yet came, in seconds since 1970; None where all are.
        self.oldest_at: float | None = None
        #: Called after each write, from the writing thread.
        self.grown: Callable[[], None] = lambda: None
        self._thread = threading.Thread(target=self._write_on, name="journal", daemon=True)
        self._thread.start()

    @property
    def waiting_bytes(self) -> int:
        """What is not taken yet, and about what the disk holds of it."""
        return self._waiting_bytes

    async def append(self, endpoint: str, body: bytes, events: int = 1) -> None:
        """Return once the request is on the disk; `OSError` where that failed, and it may or may not be there."""
        about = orjson.dumps({"endpoint": endpoint, "at": round(time.time(), 3), "events": events})
        length = len(about) + 1 + len(body)
        checksum = zlib.crc32(body, zlib.crc32(about + b"\n"))
        frame = b"".join((_HEAD.pack(MAGIC, length, checksum), about, b"\n", body))
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        with self._awake:
            if self._closing:
                raise OSError("the journal is closed")
            self._queue.append((frame, events, done))
            self._awake.notify()
        await done

    def entries(self, start: Position) -> Iterator[Entry]:
        """Everything from `start` on that is on the disk by now, in order."""
        durable = self.durable
        for number in (one for one in _segments(self.folder) if start.segment <= one <= durable.segment):
            until = durable.offset if number == durable.segment else None
            yield from _frames(self._path(number), number, start.offset if number == start.segment else 0, until)

    def advance(self, position: Position, events: int, oldest_at: float | None) -> None:
        """Everything before `position` is in the workspace: never read it again, and remove what is behind."""
        if position.segment < self.durable.segment and not self._rest_of(position):
            position = Position(position.segment + 1, 0)
        self._remember(position, least=self.durable.segment)
        with self._awake:
            self.waiting_events = max(0, self.waiting_events - events)
            self._waiting_bytes = self._size()
            self.oldest_at = oldest_at if self._waiting_bytes > 0 else None

    def turn(self) -> None:
        """Begin a new segment, so that the one before can go: what it holds is taken, and names people."""
        with self._awake:
            self._queue.append(None)
            self._awake.notify()

    def close(self) -> None:
        """Write what waits, let go of the folder, and of a segment that is taken as a whole."""
        with self._awake:
            self._closing = True
            self._awake.notify()
        self._thread.join()
        if self._file >= 0:
            os.close(self._file)
        if not self.durable.offset:
            # Else each start that comes to nothing leaves a file.
            with suppress(OSError):
                self._path(self.durable.segment).unlink(missing_ok=True)
        elif self.taken == self.durable:
            after = self.durable.segment + 1
            with suppress(OSError):
                self._remember(Position(after, 0), least=after)
        self._lock_file.close()

    # --- writing ---------------------------------------------------------------------------------------------------

    def _write_on(self) -> None:
        while True:
            with self._awake:
                while not self._queue and not self._closing:
                    self._awake.wait()
                if not self._queue:
                    return
                batch, size, turning = [], 0, False
                while self._queue and size < _WRITE_BYTES and not turning:
                    one = self._queue.popleft()
                    turning = one is None
                    if one is not None:
                        batch.append(one)
                        size += len(one[0])
            if batch:
                self._write(batch)
            if turning and self.durable.offset:
                with suppress(OSError):
                    self._open_next()

    def _write(self, batch: list[Waiting]) -> None:
        failed: OSError | None = None
        began = time.monotonic()
        try:
            if self._file < 0 or self.durable.offset >= self._segment_bytes:
                self._open_next()
            data = b"".join(frame for frame, _, _ in batch)
            _check_space(self._file, len(data))
            _write_all(self._file, data)
            os.fdatasync(self._file)
            _check_place(self._file, self._path(self.durable.segment))
        except OSError as error:
            failed = error
            self.trouble = error.strerror or str(error)
            # What is half there stays at the end of its segment, and nothing may follow it there: after a failed sync
            # nothing is known of its pages.
            if self._file >= 0:
                os.close(self._file)
                self._file = -1
            with suppress(OSError):
                if not self.durable.offset:
                    # Nothing in it was acknowledged: else a full disk gets a file from each request.
                    self._path(self.durable.segment).unlink(missing_ok=True)
                self._open_next()
        else:
            self.trouble = ""
            with self._awake:
                self.durable = Position(self.durable.segment, self.durable.offset + len(data))
                self._waiting_bytes += len(data)
                self.waiting_events += sum(events for _, events, _ in batch)
                self.oldest_at = time.time() if self.oldest_at is None else self.oldest_at
        self._synced(time.monotonic() - began)
        by_loop: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}
        for _, _, done in batch:
            by_loop.setdefault(done.get_loop(), []).append(done)
        for loop, futures in by_loop.items():
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(_resolve, futures, failed)
        if failed is None:
            self.grown()

    def _open_next(self) -> None:
        number = self._segment + 1
        try:
            opened = os.open(self._path(number), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        except FileExistsError:
            self._segment = number
            return self._open_next()
        _sync_folder(self.folder)
        before, self._file, self._segment = self._file, opened, number
        self.durable = Position(number, 0)
        if before >= 0:
            os.close(before)
        return None

    # --- what is there -----------------------------------------------------------------------------------------------

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:012d}{_SUFFIX}"

    def _read_checkpoint(self) -> Position:
        return _checkpoint_of(self.folder)

    def _remember(self, position: Position, least: int) -> None:
        """Remove the segments before a place that are below `least`, and write the checkpoint.

        In this order, since on a full disk there is no room for a checkpoint before. Killed in between, the old one
        names a segment that is gone, and what is left behind it is taken again.
        """
        for number in _segments(self.folder):
            if number < min(position.segment, least):
                self._path(number).unlink(missing_ok=True)
        _write_checkpoint(self.folder, position)
        self.taken = position

    def _rest_of(self, position: Position) -> int:
        """Bytes behind a place in its segment."""
        try:
            return max(0, self._path(position.segment).stat().st_size - position.offset)
        except OSError:
            return 0

    def _size(self) -> int:
        """Bytes that are not taken yet."""
        taken, durable = self.taken, self.durable
        size = 0
        for number in _segments(self.folder):
            if number >= taken.segment:
                rest = durable.offset if number == durable.segment else self._rest_of(Position(number, 0))
                size += max(0, rest - (taken.offset if number == taken.segment else 0))
        return size


class Busy(Exception):  # noqa: N818 - a state, no fault
    """A receiver is at work on the journal."""


def forget_in(folder: Path, names: Callable[[bytes], bool]) -> int:
    """Remove the requests in which `names` finds what is to be forgotten, and all that were taken; how many waited.

    `Busy` where a receiver is at work. Killed in between, what was taken is taken again, and changes nothing.
    """
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Busy from None
        begin = _checkpoint_of(folder)
        # Before anything moves: its place in a segment is none any more.
        _write_checkpoint(folder, Position(begin.segment, 0))
        gone = 0
        for number in _segments(folder):
            path = folder / f"{number:012d}{_SUFFIX}"
            if number < begin.segment:
                path.unlink(missing_ok=True)
                continue
            kept, dropped = _kept_of(path, number, begin.offset if number == begin.segment else 0, names)
            gone += dropped
            temporary = path.with_suffix(".new")
            with _private(temporary) as file:
                file.write(kept)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        _sync_folder(folder)
        return gone
    except OSError as error:
        raise _cannot_keep(folder, error) from None
    finally:
        os.close(lock)


def _kept_of(path: Path, number: int, offset: int, names: Callable[[bytes], bool]) -> tuple[bytes, int]:
    """The frames of a segment from `offset` on that stay, and how many go."""
    data, kept, gone = path.read_bytes(), [], 0
    for entry in _frames(path, number, offset, None):
        frame = data[entry.begin.offset : entry.end.offset]
        if names(frame if entry.body is None else entry.body):
            gone += 1
        else:
            kept.append(frame)
    return b"".join(kept), gone


def _checkpoint_of(folder: Path) -> Position:
    try:
        value = orjson.loads((folder / _CHECKPOINT).read_bytes())
        return Position(int(value["segment"]), int(value["offset"]))
    except (OSError, ValueError, KeyError, TypeError):
        # From the beginning: what is taken twice changes nothing.
        return Position(0, 0)


def _write_checkpoint(folder: Path, position: Position) -> None:
    temporary = (folder / _CHECKPOINT).with_suffix(".new")
    with _private(temporary) as file:
        file.write(orjson.dumps({"segment": position.segment, "offset": position.offset}))
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(folder / _CHECKPOINT)
    _sync_folder(folder)


def _frames(path: Path, number: int, offset: int, until: int | None) -> Iterator[Entry]:
    """The frames of a segment from `offset` to `until` (None: its end); what is torn at its end is left out."""
    try:
        with path.open("rb") as file:
            file.seek(offset)
            data = file.read() if until is None else file.read(max(0, until - offset))
    except FileNotFoundError:
        return
    at = 0
    while at < len(data):
        end = _end_of(data, at)
        if end:
            about, _, body = data[at + _HEAD.size : end].partition(b"\n")
            yield Entry(Position(number, offset + at), Position(number, offset + end), orjson.loads(about), body)
            at = end
            continue
        # Damage: on to the next frame that is whole; none means that the segment is torn here.
        following = data.find(MAGIC, at + 1)
        while following >= 0 and not _end_of(data, following):
            following = data.find(MAGIC, following + 1)
        if following < 0:
            return
        places = Position(number, offset + at), Position(number, offset + following)
        yield Entry(*places, {}, None, data[at:following])
        at = following


def _end_of(data: bytes, at: int) -> int:
    """Where the frame at a place ends; 0 where there is none that is whole."""
    if at + _HEAD.size > len(data):
        return 0
    magic, length, checksum = _HEAD.unpack_from(data, at)
    end = at + _HEAD.size + int(length)
    if magic != MAGIC or end > len(data) or zlib.crc32(memoryview(data)[at + _HEAD.size : end]) != checksum:
        return 0
    return end


def _resolve(futures: list[asyncio.Future[None]], failed: OSError | None) -> None:
    for one in futures:
        if not one.done():
            one.set_exception(failed) if failed else one.set_result(None)


def _check_space(file: int, needed: int) -> None:
    """`OSError` where a write would leave less than the spare on the disk."""
    disk = os.fstatvfs(file)
    if disk.f_bavail * disk.f_frsize < needed + _SPARE_BYTES:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _check_place(file: int, path: Path) -> None:
    """`OSError` where a segment is not where the next start looks for it: its folder was removed or moved."""
    if not os.path.samestat(os.fstat(file), path.stat()):
        raise OSError(errno.ESTALE, "its folder is another one now")


def _write_all(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def _segments(folder: Path) -> list[int]:
    return sorted(int(path.stem) for path in folder.glob(f"*{_SUFFIX}") if path.stem.isdigit())


def _private(path: Path) -> BinaryIO:
    """An empty file that only its owner may read, to write to."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


def _sync_folder(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _locked(folder: Path) -> BinaryIO:
    """The folder, made where it is missing, for this process alone."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if folder.stat().st_mode & 0o077:
            if any(path.name != "lock" for path in folder.iterdir()) and not (folder / "lock").exists():
                problem = "is no journal, and others may look into it"
                raise OutputError(str(folder), problem, "name a folder of its own with --journal")
            folder.chmod(0o700)
        file = _private(folder / "lock")
    except OSError as error:
        raise _cannot_keep(folder, error) from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise OutputError(str(folder), "another receiver uses this journal", "name another with --journal") from None
    return file


def _cannot_keep(folder: Path, error: OSError) -> OutputError:
    problem = f"the journal cannot be kept there: {error.strerror or error}"
    return OutputError(str(folder), problem, "name another folder with --journal")
