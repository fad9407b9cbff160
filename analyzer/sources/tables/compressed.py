"""A packed table: platforms deliver their exports as .zip, warehouses as .gz, .zst, .bz2 or .xz."""

from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING

from analyzer.bounds import current, shown
from analyzer.errors import UnreadableInputError
from analyzer.sources.archives import DAMAGE, TooMuchError, damage, opened_zip, unpack, zip_members

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from analyzer.sources.content import Content

_MARKS: tuple[tuple[bytes, Content], ...] = (
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
)
_ZIP = b"PK\x03\x04"
_CHUNK = 1024 * 1024
#: What stands before a part's data (APPNOTE.TXT 4.3.7); the last two are the lengths of its name and extra field.
_LOCAL = struct.Struct("<26xHH")
_AGAIN = "save it again"
# What file managers and Office put beside the data.
_CHAFF = ("__MACOSX/", ".DS_Store", "Thumbs.db")
#: Endings of tables, before those of compression too. Not .txt: what explains a folder ends so.
ENDINGS = frozenset(
    {".csv", ".tsv", ".tab", ".xlsx", ".xlsm", ".xls", ".ods", ".parquet", ".json", ".jsonl", ".ndjson", ".zip"}
)
#: What warehouses and file managers lay beside the data: `_SUCCESS`, `.part-0.crc`, `._leads.csv`, `~$leads.xlsx`.
BESIDE = (".", "_", "~$")
# Documents that are zips of their own kind, by the beginning of a part's name (ECMA-376; Apple's iWork).
_DOCUMENTS = (
    ("word/", "a Word document"),
    ("ppt/", "a PowerPoint document"),
    ("Index/", "a document of Apple Numbers or Pages"),
    ("Index.zip", "a document of Apple Numbers or Pages"),
)


def is_packed(head: bytes) -> bool:
    """Whether a file starts like a packed one; a workbook does too."""
    return head.startswith((_ZIP, *(mark for mark, _ in _MARKS)))


def tables_in_zip(path: Path) -> list[str]:
    """The names of the tables in a file that is a zip of several files; none in a workbook, which is one as well.

    A damaged one has none: reading it tells why.
    """
    try:
        with path.open("rb") as file:
            if file.read(len(_ZIP)) != _ZIP:
                return []
            with opened_zip(file, current()) as archive:
                names = archive.namelist()
    except (TooMuchError, *DAMAGE):
        return []
    return [] if _is_workbook(names) or _is_document(names) else _tables(names)


def unpacked(path: Path, head: bytes, target: Path, where: str, wanted: str = "") -> Path | None:
    """What is packed in the file, written to `target`; None for a workbook, which is a zip of its own kind.

    wanted: the name of the table in an archive of several. Raises `UnreadableInputError` for a damaged file, and for
    an archive of several tables of which none is wanted.
    """
    try:
        with path.open("rb") as file:
            if not head.startswith(_ZIP):
                content = next(content for mark, content in _MARKS if head.startswith(mark))
                return _write(unpack(content, b"", file.read, current()), target)
            with opened_zip(file, current()) as archive:
                members = archive.infolist()
            names = [info.filename for info in members]
            if _is_workbook(names):
                _bounded(members)
                _honest(file, members, where)
                return None
            if what := _is_document(names):
                raise UnreadableInputError(where, f"is {what}, no table", "save its table as CSV or XLSX")
            tables = [wanted] if wanted else _tables(names)
            if len(tables) != 1:
                held = f"holds {len(tables)} tables" if tables else "holds no table"
                raise UnreadableInputError(
                    where, f"is an archive that {held}", "unpack it, and give the one table or the folder"
                )
            for member in zip_members(file, current()):
                if member.name == tables[0]:
                    if member.problem:
                        what, _, remedy = member.problem.partition("; ")
                        raise UnreadableInputError(where, f"holds {member.name!r}, which {what}", remedy)
                    return _write(member.open(), target)
    except TooMuchError as error:
        raise UnreadableInputError(where, f"is packed, and not read ({error})", "unpack it first") from None
    except (*DAMAGE, zipfile.BadZipFile) as error:
        what, _, remedy = damage(error).partition("; ")
        raise UnreadableInputError(where, what, remedy or "export it again") from None
    return None


def _is_workbook(names: Sequence[str]) -> bool:
    return any(name.startswith(("xl/", "content.xml", "mimetype")) for name in names)


def _is_document(names: Sequence[str]) -> str:
    """What a zip with files of these names is, "" where it is an archive or a workbook."""
    return next((what for mark, what in _DOCUMENTS if any(name.startswith(mark) for name in names)), "")


def _tables(names: Sequence[str]) -> list[str]:
    """The files of an archive that are tables by their endings, by name; its only file, whatever its ending."""
    files = [name for name in names if not name.endswith("/") and not any(chaff in name for chaff in _CHAFF)]
    if len(files) < 2:
        return files
    return sorted(
        name
        for name in files
        if not any(part.startswith(BESIDE) for part in name.split("/"))
        and not ENDINGS.isdisjoint(map(str.lower, PurePosixPath(name).suffixes))
    )


def _bounded(members: list[zipfile.ZipInfo]) -> None:
    """`TooMuchError` for a workbook that says itself that it is a bomb: it is unpacked by a reader without bounds."""
    bounds = current()
    unpacked, packed = sum(info.file_size for info in members), sum(info.compress_size for info in members)
    if unpacked > bounds.table_bytes:
        raise TooMuchError("table_bytes", f"over {shown(bounds.table_bytes)} unpacked, the bound table_bytes")
    if unpacked > bounds.archive_free_bytes and unpacked > bounds.archive_ratio * packed:
        raise TooMuchError("archive_ratio", f"expands more than {bounds.archive_ratio} times, like a bomb")


def _honest(file: IO[bytes], members: list[zipfile.ZipInfo], where: str) -> None:
    """`UnreadableInputError` for a workbook with a part that unpacks to more than it says, which bounds go by."""
    for info in members:
        file.seek(info.header_offset)
        local = file.read(_LOCAL.size)
        if info.compress_type == zipfile.ZIP_STORED and info.compress_size == info.file_size:
            continue
        if info.compress_type != zipfile.ZIP_DEFLATED or len(local) < _LOCAL.size:
            raise UnreadableInputError(
                where, f"is damaged (its part {info.filename!r} is packed in no known way)", _AGAIN
            )
        file.seek(sum(_LOCAL.unpack(local)[-2:]), 1)
        inflating, size, left = zlib.decompressobj(-zlib.MAX_WBITS), 0, info.compress_size
        while not inflating.eof:
            data = inflating.unconsumed_tail or file.read(min(left, _CHUNK))
            left -= 0 if inflating.unconsumed_tail else len(data)
            piece = inflating.decompress(data, _CHUNK)
            size += len(piece)
            if size > info.file_size:
                raise UnreadableInputError(
                    where, f"is damaged (its part {info.filename!r} is longer than it says)", _AGAIN
                )
            if not data and not piece:
                break


def _write(read: Callable[[int], bytes], target: Path) -> Path:
    most, size = current().table_bytes, 0
    with target.open("wb") as out:
        while chunk := read(_CHUNK):
            size += len(chunk)
            if size > most:
                raise TooMuchError("table_bytes", f"over {shown(most)} unpacked, the bound table_bytes")
            out.write(chunk)
    return target
