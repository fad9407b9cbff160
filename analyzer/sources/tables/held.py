"""Tables that are no files of their own: what comes through the standard input, and each of several in an archive."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING

from analyzer.bounds import current, shown
from analyzer.errors import UnreadableInputError

if TYPE_CHECKING:
    from collections.abc import Iterator

#: How a person gives the standard input, and how it is called.
DASH, STANDARD_INPUT = "-", "the standard input"
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Held:
    """`path` has the bytes, those of its `member` where it is an archive of several; `name` is what people are told."""

    path: Path
    name: str
    member: str = ""

    def __str__(self) -> str:
        return self.name


@contextmanager
def standard_input() -> Iterator[Held]:
    """What comes through the standard input, which gives its bytes once; readers go over them several times."""
    with TemporaryDirectory(prefix="table-") as folder:
        yield Held(copied(sys.stdin.buffer, Path(folder) / "table", STANDARD_INPUT), STANDARD_INPUT)


def copied(source: IO[bytes], target: Path, where: str) -> Path:
    """What comes out of a pipe, as a file; `UnreadableInputError` for more of it than a table may have."""
    size, most = 0, current().table_bytes
    with target.open("wb") as out:
        while chunk := source.read(_CHUNK):
            size += len(chunk)
            if size > most:
                raise UnreadableInputError(where, f"is over {shown(most)}, the bound table_bytes", "give it in parts")
            if not chunk.strip(b"\0"):
                raise UnreadableInputError(where, "is binary data, no table", "give CSV, XLSX, Parquet or JSON lines")
            out.write(chunk)
    return target
