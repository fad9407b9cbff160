"""Archives and compressed files, read as streams: nothing is unpacked to disk, and how far they expand is bounded.

Sources: RFC 1952 (gzip), RFC 8878 (zstd), APPNOTE.TXT (zip), POSIX.1-2001 (tar), through the standard library's
readers and `zstandard`.
"""

from __future__ import annotations

import bz2
import copy
import gzip
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections import deque
from dataclasses import dataclass
from itertools import pairwise
from typing import IO, TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from analyzer.bounds import Bounds
    from analyzer.sources.content import Content

_ZSTD_READ, _ZSTD_PIECE = 1 << 16, 1 << 10
_XZ_READ = 1 << 16
#: The most of a tar's header that says something of one file: names are some thousand bytes long at most.
_TAR_HEADER = 64 * 1024
_TAR_EXTENDED = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE)
#: What a zip's members may be packed with: LZMA asks for as much memory as it likes.
_ZIP_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)

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
    """An archive that goes beyond a bound, of that name; its text is the phrase for the summary."""

    def __init__(self, bound: str, why: str) -> None:
        self.bound = bound
        super().__init__(why)


@dataclass(frozen=True, slots=True)
class Member:
    """One file in an archive. `problem` says why it cannot be opened; `open` gives its `read(n)`.

    A link or a device (`special`) is no file, and nobody misses it.
    """

    name: str
    open: Callable[[], Callable[[int], bytes]]
    problem: str = ""
    special: bool = False


class _Header(tarfile.TarInfo):
    """A tar header whose damage is an error anywhere; the module takes it for the end behind the first member."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _Header:
        try:
            header = super().frombuf(buf, encoding, errors)
        except (tarfile.InvalidHeaderError, tarfile.TruncatedHeaderError) as error:  # type: ignore[attr-defined]
            raise tarfile.ReadError(str(error)) from None
        if header.size < 0:
            raise tarfile.ReadError("a negative size")
        return header

    def _proc_member(self, tar: tarfile.TarFile) -> tarfile.TarInfo:
        """The module reads a header of any size at once, and looks through it in quadratic time."""
        if self.size > _TAR_HEADER and (
            self.type in _TAR_EXTENDED or self.type in (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)
        ):
            raise tarfile.ReadError("an oversized header")
        return super()._proc_member(tar)  # type: ignore[misc,no-any-return]

    def _proc_pax(self, tar: tarfile.TarFile) -> tarfile.TarInfo:
        """The file behind an extended header, with what that says of it."""
        records = _pax_records(tar.fileobj.read(self._block(self.size))[: self.size])  # type: ignore[attr-defined]
        try:
            following = self.fromtarfile(tar)
        except tarfile.HeaderError as error:
            raise tarfile.ReadError(str(error)) from None
        if self.type != tarfile.XGLTYPE:
            following._apply_pax_info(records, tar.encoding, tar.errors)  # type: ignore[attr-defined]
            if following.size < 0:
                raise tarfile.ReadError("a negative size")
            if "size" in records:
                # The size decides where the next header stands.
                held = following.isreg() or following.type not in tarfile.SUPPORTED_TYPES
                tar.offset = following.offset_data + (following._block(following.size) if held else 0)  # type: ignore[attr-defined]
            if any(key.startswith("GNU.sparse.") for key in records):
                following.sparse = b""
        following.offset = self.offset
        return following


class Meter:
    """Counts what goes into and comes out of an archive, and stops it where the two are out of proportion.

    One meter goes with a file through all that is packed in it, so that many small bombs are as bounded as a big one.
    """

    def __init__(self, bounds: Bounds, packed: int = 0) -> None:
        self.bounds, self._packed, self._unpacked = bounds, packed, 0

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
            ratio = self.bounds.archive_ratio
            if self._unpacked > self.bounds.archive_free_bytes and self._unpacked > ratio * self._packed:
                raise TooMuchError("archive_ratio", f"expands more than {ratio} times, like a decompression bomb")
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


def unpack(
    content: Content, head: bytes, read: Callable[[int], bytes], bounds: Bounds, meter: Meter | None = None
) -> Callable[[int], bytes]:
    """The `read(n)` of what a "gzip", "bzip2", "xz" or "zstd" file holds; `meter` is that of the file around it."""
    if meter is None:
        meter = Meter(bounds, packed=len(head))
        read = meter.packed(read)
    packed = cast("IO[bytes]", Pipe(head, read))
    if content == "gzip":
        return meter.unpacked(_all_before_damage(gzip.GzipFile(fileobj=packed, mode="rb").read1))
    if content == "bzip2":
        return meter.unpacked(_all_before_damage(bz2.BZ2File(packed).read1))
    if content == "zstd":
        return meter.unpacked(_all_before_damage(_zstd_reader(packed, bounds)))
    return meter.unpacked(_all_before_damage(_xz_reader(packed, bounds)))


def _xz_reader(packed: IO[bytes], bounds: Bounds) -> Callable[[int], bytes]:
    """A `read1(n)` of all streams; the library's own file has no bound for the memory that a stream asks for."""
    stream = lzma.LZMADecompressor(memlimit=bounds.archive_memory_bytes)
    begun = False

    def read1(size: int) -> bytes:
        nonlocal stream, begun
        while True:
            data = b""
            if stream.needs_input and not stream.eof:
                data = packed.read(_XZ_READ)
                if not data:
                    if begun:
                        raise EOFError
                    return b""
            elif stream.eof:
                # Streams may be padded with zeros, in fours.
                data = stream.unused_data.lstrip(b"\0")
                while not data:
                    data = packed.read(_XZ_READ)
                    if not data:
                        return b""
                    data = data.lstrip(b"\0")
                stream = lzma.LZMADecompressor(memlimit=bounds.archive_memory_bytes)
            begun = True
            try:
                piece = stream.decompress(data, size)
            except lzma.LZMAError as error:
                if "emory usage limit" in str(error):
                    raise TooMuchError("archive_memory_bytes", "asks for too much memory to be unpacked") from None
                raise
            if piece:
                return piece

    return read1


def _zstd_reader(packed: IO[bytes], bounds: Bounds) -> Callable[[int], bytes]:
    """A `read1(n)` of all frames; `EOFError` where the last one is cut off, which the library's own reader ignores."""
    import zstandard  # slow to import, and seldom needed

    # `zstd --long=27` asks for 128 MiB; the library takes powers of two.
    frames = zstandard.ZstdDecompressor(max_window_size=1 << min(bounds.archive_memory_bytes.bit_length() - 1, 31))
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
                if "too much memory" in str(error):
                    raise TooMuchError("archive_memory_bytes", "asks for too much memory to be unpacked") from None
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


def zip_members(file: IO[bytes], bounds: Bounds, meter: Meter | None = None) -> Iterator[Member]:
    """The files of a zip, in the order of its directory. `zipfile.BadZipFile` if it has none that can be read."""
    meter = meter or Meter(bounds, packed=file.seek(0, 2))
    with opened_zip(file, bounds) as archive:
        for info in archive.infolist():
            if info.filename.endswith("/") or not info.filename:
                continue
            if info.flag_bits & 0x1:
                yield Member(info.filename, _never, "is encrypted; unpack it with its password first")
                continue
            if info.compress_type not in _ZIP_METHODS:
                yield Member(info.filename, _never, damage(NotImplementedError()))
                continue
            # Unix keeps a file's kind in the upper half; other systems leave it at 0.
            mode = info.external_attr >> 16
            if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
                yield Member(info.filename, _never, "is a link or a device, no file", special=True)
                continue

            def opened(info: zipfile.ZipInfo = info) -> Callable[[int], bytes]:
                if info.compress_type == zipfile.ZIP_BZIP2:
                    return meter.unpacked(_all_before_damage(_zipped_bzip2(archive, info)))
                return meter.unpacked(archive.open(info).read)

            yield Member(info.filename, opened)


def _zipped_bzip2(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[int], bytes]:
    """The `read1(n)` of a member packed with bzip2: the module unpacks all that it has read of one at once, however
    much a few bytes stand for. Each of its blocks has a checksum of its own."""
    packed = copy.copy(info)
    packed.compress_type, packed.file_size = zipfile.ZIP_STORED, info.compress_size
    del packed.CRC
    return bz2.BZ2File(archive.open(packed)).read1


def opened_zip(file: IO[bytes], bounds: Bounds) -> zipfile.ZipFile:
    """A zip that can be read: its directory is of bounded length, and its members share no bytes.

    Overlapping members are how the densest bombs are made (Fifield, "A better zip bomb", 2019).
    """
    try:
        end = zipfile._EndRecData(file)  # type: ignore[attr-defined]
    except OSError:
        end = None
    # Every entry of the directory takes 46 bytes and its name.
    if end and 300 * bounds.archive_members < end[_DIRECTORY_SIZE] <= file.seek(0, 2):
        raise TooMuchError("archive_members", f"holds more than {bounds.archive_members:,} files")
    archive = zipfile.ZipFile(file)
    try:
        members = archive.infolist()
        if len(members) > bounds.archive_members:
            raise TooMuchError("archive_members", f"holds more than {bounds.archive_members:,} files")
        for one, other in pairwise(sorted(members, key=lambda info: info.header_offset)):
            if one.header_offset + _LOCAL_HEADER + one.compress_size > other.header_offset:
                raise TooMuchError("archive_ratio", "holds files that share their bytes, like a decompression bomb")
    except TooMuchError:
        archive.close()
        raise
    return archive


#: Of the record at a zip's end: where `zipfile` puts the size of the directory.
_DIRECTORY_SIZE = 5
#: The least that stands before a member's data.
_LOCAL_HEADER = 30


def tar_members(head: bytes, read: Callable[[int], bytes], bounds: Bounds) -> Iterator[Member]:
    """The files of a tar as it streams by; each must be read before the next is asked for."""
    count = 0
    with tarfile.open(fileobj=cast("IO[bytes]", Pipe(head, read)), mode="r|", tarinfo=_Header) as archive:
        while (info := archive.next()) is not None:
            # The module keeps every header it has seen; a long archive would fill the memory with them.
            archive.members = []  # type: ignore[attr-defined]
            if info.isdir():
                continue
            count += 1
            if count > bounds.archive_members:
                raise TooMuchError("archive_members", f"holds more than {bounds.archive_members:,} files")
            if not info.isreg():
                yield Member(info.name, _never, "is a link or a device, no file", special=True)
                continue
            if info.issparse():
                yield Member(info.name, _never, "is a sparse file, which is mostly nothing; unpack it first")
                continue
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


def _pax_records(block: bytes) -> dict[str, str]:
    """The records of an extended header (POSIX.1-2001), `length key=value`; `tarfile.ReadError` for what is none."""
    records: dict[str, str] = {}
    at = 0
    while at < len(block):
        blank = block.find(b" ", at, at + 8)
        length = int(block[at:blank]) if blank > at and block[at:blank].isdigit() else 0
        key, equals, value = block[blank + 1 : at + length].partition(b"=")
        if not blank + 1 < at + length <= len(block) or not equals or not value.endswith(b"\n"):
            raise tarfile.ReadError("a damaged header")
        records[key.decode("utf-8", "replace")] = value[:-1].decode("utf-8", "surrogateescape")
        at += length
    return records


def _never() -> Callable[[int], bytes]:
    raise NotImplementedError
