"""Archives and compressed files, read as streams: nothing is unpacked to disk, and how far they expand is bounded.

Sources: RFC 1952 (gzip), RFC 8878 (zstd), APPNOTE.TXT (zip), POSIX.1-2001 (tar), through the standard library's
readers and `zstandard`.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections import deque
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from analyzer.sources.content import Content
    from analyzer.sources.limits import Limits

#: The most that a frame may ask to be kept in memory; `zstd --long=27` asks for that much.
_ZSTD_WINDOW = 1 << 27
_ZSTD_READ, _ZSTD_PIECE = 1 << 16, 1 << 10

#: What the standard library raises on damaged, truncated or unsupported data.
DAMAGE = (
    EOFError,
    OSError,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    tarfile.TarError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
    LookupError,
    struct.error,
)


class TooMuchError(Exception):
    """An archive that goes beyond a limit; its text is the phrase for the summary."""


@dataclass(frozen=True, slots=True)
class Member:
    """One file in an archive. `problem` says why it cannot be opened; `open` gives its `read(n)`."""

    name: str
    open: Callable[[], Callable[[int], bytes]]
    problem: str = ""


class _Header(tarfile.TarInfo):
    """A tar header whose damage is an error anywhere; the module takes it for the end behind the first member."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _Header:
        try:
            return super().frombuf(buf, encoding, errors)
        except (tarfile.InvalidHeaderError, tarfile.TruncatedHeaderError) as error:  # type: ignore[attr-defined]
            raise tarfile.ReadError(str(error)) from None


class Meter:
    """Counts what goes into and comes out of an archive, and stops it where the two are out of proportion."""

    def __init__(self, limits: Limits, packed: int = 0) -> None:
        self._limits, self._packed, self._unpacked = limits, packed, 0

    def packed(self, read: Callable[[int], bytes]) -> Callable[[int], bytes]:
        """`read`, counted as what goes in."""

        def counted(size: int) -> bytes:
            data = read(size)
            self._packed += len(data)
            return data

        return counted

    def unpacked(self, read: Callable[[int], bytes]) -> Callable[[int], bytes]:
        """`read`, counted as what comes out; a `TooMuchError` beyond the limit."""

        def counted(size: int) -> bytes:
            data = read(size)
            self._unpacked += len(data)
            if self._unpacked > self._limits.free and self._unpacked > self._limits.ratio * self._packed:
                raise TooMuchError(f"expands more than {self._limits.ratio} times, like a decompression bomb")
            return data

        return counted


class Pipe:
    """A `read(n)` as the standard library's readers want it: an object with `read`."""

    def __init__(self, head: bytes, read: Callable[[int], bytes]) -> None:
        self._head, self._read = head, read

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes, first those that were looked at already."""
        if self._head:
            if size < 0:
                size = len(self._head)
            data, self._head = self._head[:size], self._head[size:]
            return data
        return self._read(size if size >= 0 else 1 << 20)


def unpack(content: Content, head: bytes, read: Callable[[int], bytes], limits: Limits) -> Callable[[int], bytes]:
    """The `read(n)` of what a "gzip", "bzip2", "xz" or "zstd" file holds."""
    meter = Meter(limits, packed=len(head))
    packed = cast("IO[bytes]", Pipe(head, meter.packed(read)))
    if content == "gzip":
        return meter.unpacked(_all_before_damage(gzip.GzipFile(fileobj=packed, mode="rb").read1))
    if content == "bzip2":
        return meter.unpacked(_all_before_damage(bz2.BZ2File(packed).read1))
    if content == "zstd":
        return meter.unpacked(_all_before_damage(_zstd_reader(packed)))
    return meter.unpacked(_all_before_damage(lzma.LZMAFile(packed).read1))


def _zstd_reader(packed: IO[bytes]) -> Callable[[int], bytes]:
    """A `read1(n)` of all frames; `EOFError` where the last one is cut off, which the library's own reader ignores."""
    import zstandard  # slow to import, and seldom needed

    frames = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    frame = frames.decompressobj()
    begun = False
    waiting = deque[memoryview]()
    unpacked = memoryview(b"")

    def read1(size: int) -> bytes:
        nonlocal frame, begun, unpacked
        while not unpacked:
            if not waiting:
                data = memoryview(packed.read(_ZSTD_READ))
                # A few bytes can stand for a whole block, and there is no bound for what one call gives.
                waiting.extend(data[at : at + _ZSTD_PIECE] for at in range(0, len(data), _ZSTD_PIECE))
            if not waiting:
                if begun:
                    raise EOFError
                return b""
            piece = waiting.popleft()
            begun = True
            try:
                unpacked = memoryview(frame.decompress(piece))
            except zstandard.ZstdError as error:
                raise zlib.error(str(error)) from None
            if frame.eof:
                if frame.unused_data:
                    waiting.appendleft(memoryview(frame.unused_data))
                frame, begun = frames.decompressobj(), False
        taken, unpacked = unpacked[:size], unpacked[size:]
        return bytes(taken)

    return read1


def _all_before_damage(read1: Callable[[int], bytes]) -> Callable[[int], bytes]:
    """A `read(n)` that gives everything before the damage, and raises only at the call after that."""
    raised: list[BaseException] = []

    def read(size: int) -> bytes:
        if raised:
            raise raised[0]
        pieces: list[bytes] = []
        missing = size
        while missing > 0:
            try:
                piece = read1(missing)
            except DAMAGE as error:
                if not pieces:
                    raise
                raised.append(error)
                break
            if not piece:
                break
            pieces.append(piece)
            missing -= len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    return read


def zip_members(file: IO[bytes], limits: Limits) -> Iterator[Member]:
    """The files of a zip, in the order of its directory. `zipfile.BadZipFile` if it has none that can be read."""
    meter = Meter(limits, packed=file.seek(0, 2))
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        if len(members) > limits.members:
            raise TooMuchError(f"holds more than {limits.members:,} files")
        for info in members:
            if info.filename.endswith("/") or not info.filename:
                continue
            if info.flag_bits & 0x1:
                yield Member(info.filename, _never, "is encrypted; unpack it with its password first")
                continue

            def opened(info: zipfile.ZipInfo = info) -> Callable[[int], bytes]:
                return meter.unpacked(archive.open(info).read)

            yield Member(info.filename, opened)


def tar_members(head: bytes, read: Callable[[int], bytes], limits: Limits) -> Iterator[Member]:
    """The files of a tar as it streams by; each must be read before the next is asked for."""
    count = 0
    with tarfile.open(fileobj=cast("IO[bytes]", Pipe(head, read)), mode="r|", tarinfo=_Header) as archive:
        while (info := archive.next()) is not None:
            # The module keeps every header it has seen; a long archive would fill the memory with them.
            archive.members = []  # type: ignore[attr-defined]
            if not info.isreg():
                continue
            count += 1
            if count > limits.members:
                raise TooMuchError(f"holds more than {limits.members:,} files")
            stream = archive.extractfile(info)
            if stream is None:
                continue

            def opened(stream: IO[bytes] = stream) -> Callable[[int], bytes]:
                return stream.read

            yield Member(info.name, opened)


def damage(error: BaseException) -> str:
    """One phrase for an error of DAMAGE."""
    if isinstance(error, EOFError) or "end of data" in str(error) or "Truncated" in str(error):
        return "is cut off"
    if isinstance(error, NotImplementedError):
        return "is packed in a way that is not read; unpack it first"
    if isinstance(error, RuntimeError) and "password" in str(error):
        return "is encrypted; unpack it with its password first"
    if isinstance(error, OSError) and error.errno is not None:
        return f"cannot be read: {error.strerror}"
    return "is cut off or damaged"


def _never() -> Callable[[int], bytes]:
    raise NotImplementedError
