"""`forget` among the jobs of `serve`: one that names the address goes as a whole, with what was uploaded for it.

What a report says cannot be taken out of it, and a job is a copy of files that lie elsewhere.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.bounds import current
from analyzer.serve.jobs import ID, holder
from analyzer.serve.private import is_own_folder, open_regular
from analyzer.sources.archives import DAMAGE, TooMuchError, unpack, zip_members

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import IO

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
                    if _in_file(file, path, traces):
                        return True, True
            except FileNotFoundError:
                continue
            except (*DAMAGE, TooMuchError):
                searched = False
    return False, searched


def _in_file(file: IO[bytes], path: Path, traces: Traces) -> bool:
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
            if _in_stream(member.open(), traces):
                return True
        if missed:
            raise ValueError("a member that cannot be searched")
        return False
    return _in_stream(file.read, traces)


def _in_stream(read: Callable[[int], bytes], traces: Traces, layers: int = 0) -> bool:
    before, piece = b"", read(_PIECE)
    for mark, content in _PACKED.items():
        if piece.startswith(mark) and layers < current().archive_layers:
            return _in_stream(unpack(content, piece, read, current()), traces, layers + 1)
    if layers and piece.startswith((b"PAR1", b"PK\x03\x04")):
        raise ValueError("a table inside an archive")
    while piece:
        if traces.in_bytes(before + piece):
            return True
        before, piece = piece[-_OVERLAP:], read(_PIECE)
    return False


def _in_parquet(path: Path, traces: Traces) -> bool:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as table:
        for batch in table.iter_batches(batch_size=50_000):
            for column in batch.columns:
                with suppress(pa.ArrowInvalid, pa.ArrowNotImplementedError):
                    text = "\n".join(filter(None, pc.cast(column, pa.large_string()).to_pylist()))
                    if traces.in_bytes(text.encode("utf-8", "replace")):
                        return True
    return False
