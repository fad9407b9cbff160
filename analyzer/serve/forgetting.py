"""`forget` among the jobs of `serve`: one that names the address goes as a whole, with what was uploaded for it.

What a report says cannot be taken out of it, and a job is a copy of files that lie elsewhere.
"""

from __future__ import annotations

import codecs
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.bounds import current
from analyzer.serve.jobs import ID, holder
from analyzer.serve.private import is_own_folder, open_regular
from analyzer.sources.archives import DAMAGE, TooMuchError, unpack, zip_members
from analyzer.sources.content import utf16_codec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import IO

    import pyarrow as pa

    from analyzer.history.traces import Traces
    from analyzer.sources.content import Content

#: Bytes searched at once, and how far into the next ones an address may reach, encoded ones too.
_PIECE, _OVERLAP = 4 << 20, 4 << 10
_PACKED: dict[bytes, Content] = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
}


def forget_in(folder: Path, traces: Traces) -> tuple[int, str]:
    """Remove the jobs of a folder that name the address: how many, and why others may still name it, "" where none may.

    A server may be at work on the folder: a page of a job that is gone says so.
    """
    removed, at_work, unread = 0, 0, 0
    for place in sorted(folder.iterdir()):
        if not ID.fullmatch(place.name) or not is_own_folder(place):
            continue
        names, searched = _named(place, traces)
        if holder(place / "lock") is not None:
            at_work += names or not searched
        elif names:
            aside = place.with_name(f".incoming-{place.name}")
            # Away from the pages at once; what cannot be deleted now goes when the server starts next.
            place.rename(aside)
            shutil.rmtree(aside, ignore_errors=True)
            removed += 1
        else:
            unread += not searched
    held = []
    if at_work:
        held.append(f"jobs at work in {folder} that may name it: {at_work:,}; run forget again when they are done")
    if unread:
        held.append(f"jobs in {folder} with files that cannot be searched: {unread:,}; delete them on their pages")
    return removed, "; ".join(held)


def _named(place: Path, traces: Traces) -> tuple[bool, bool]:
    """Whether a job's files name the address, and whether all could be searched."""
    searched = True
    for above, _, names in os.walk(place):
        for name in names:
            path = Path(above) / name
            if traces.in_text(name):
                return True, True
            try:
                with open_regular(path) as file:
                    if in_file(file, path, traces):
                        return True, True
            except FileNotFoundError:
                continue
            except (*DAMAGE, TooMuchError):
                searched = False
    return False, searched


def in_file(file: IO[bytes], path: Path, traces: Traces) -> bool:
    """Whether a file names the address, unpacked; errors of `DAMAGE`, and `TooMuchError`, where that cannot be told."""
    head = file.read(8)
    file.seek(0)
    if head.startswith(b"PAR1"):
        return _in_parquet(path, traces)
    if head.startswith(b"PK\x03\x04"):
        missed = False
        for member in zip_members(file, current()):
            if traces.in_text(member.name):
                return True
            if member.problem:
                missed = missed or not member.special
                continue
            if _in_stream(member.open(), traces, 1):
                return True
        if missed:
            raise ValueError("a member that cannot be searched")
        return False
    return _in_stream(file.read, traces)


def _in_stream(read: Callable[[int], bytes], traces: Traces, layers: int = 0) -> bool:
    before, piece = b"", read(_PIECE)
    for mark, content in _PACKED.items():
        if piece.startswith(mark):
            if layers >= current().archive_layers:
                raise ValueError("an archive inside archives")
            return _in_stream(unpack(content, piece, read, current()), traces, layers + 1)
    if layers and piece.startswith((b"PAR1", b"PK\x03\x04")):
        raise ValueError("a table or an archive inside an archive")
    codec = utf16_codec(piece)
    wide = codecs.getincrementaldecoder(codec)("replace") if codec else None
    while piece:
        text = wide.decode(piece).encode("utf-8", "replace") if wide else piece
        if traces.in_bytes(before + text):
            return True
        before, piece = text[-_OVERLAP:], read(_PIECE)
    return False


def _in_parquet(path: Path, traces: Traces) -> bool:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as table:
        for batch in table.iter_batches(batch_size=50_000):
            for column in batch.columns:
                for words in _words(column):
                    if traces.in_bytes(words):
                        return True
    return False


def _words(column: pa.Array) -> Iterator[bytes]:
    """What a column says in words, those inside lists and records too; numbers and times name nobody."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_dictionary(kind):
        yield from _words(column.dictionary)
    elif pa.types.is_struct(kind):
        for inner in column.flatten():
            yield from _words(inner)
    elif pa.types.is_map(kind):
        yield from _words(column.keys)
        yield from _words(column.items)
    elif pa.types.is_nested(kind):
        yield from _words(column.flatten())
    elif not (pa.types.is_primitive(kind) or pa.types.is_null(kind) or pa.types.is_decimal(kind)):
        values = pc.cast(column, pa.large_binary()).to_pylist()
        yield b"\n".join(filter(None, values))
