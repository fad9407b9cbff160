"""Mail-server logs: whole files, and each of the readers alone on any line."""

from __future__ import annotations

import io
from functools import cache, partial
from typing import Any

from analyzer.sources.logs import items
from analyzer.sources.logs.entries import Entry, entry_of
from analyzer.sources.logs.outcomes import Log
from analyzer.sources.logs.registry import LINE_READERS, WHOLE_READERS, Reader
from analyzer.sources.logs.times import Clock, first_year, today
from fuzz.rows import hold, rows_from, same_rows
from fuzz.seeds import logs as seeds
from fuzz.target import Target


def files(data: bytes) -> None:
    """A log of any servers: never an exception, rows of the contract, the same twice."""
    one, skipped = _rows(data)
    other, again = _rows(data)
    same_rows(one, other)
    hold(skipped == again, "the same lines are passed over for the same reasons", skipped, again)


def _rows(data: bytes) -> tuple[list[dict[str, Any]], list[tuple[object, ...]]]:
    skipped: list[tuple[object, ...]] = []
    found = items("mail.log", b"", io.BytesIO(data).read, lambda *told, **bound: skipped.append(told))
    return rows_from(found), skipped


def read_alone(reader: type[Reader], data: bytes) -> None:
    """One reader on every line, its own or not; of a file that is one server's, once the first line is."""
    last_day = today()
    log = Log("mail.log", Clock(first_year(data[:4096], last_day), last_day), lambda *told, **bound: None)
    one = reader(log)
    whole = reader in WHOLE_READERS
    for number, line in enumerate(data.split(b"\n"), 1):
        entry = Entry(number, b"", b"", b"", line) if whole else entry_of(number, line)
        if number == 1 and not reader.recognises(entry) and whole:
            return
        if not whole:
            hold(isinstance(reader.marks(entry.program), tuple), "marks are a tuple", entry.program)
        rows_from(one.outcomes(entry))
    rows_from(one.rest())


@cache
def _files() -> list[bytes]:
    return seeds.files()


TARGETS = (
    Target("logs", files, _files),
    *(
        Target(f"log-{reader.name}", partial(read_alone, reader), partial(seeds.of, reader.name))
        for reader in (*LINE_READERS, *WHOLE_READERS)
    ),
)
