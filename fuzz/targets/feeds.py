"""Event feeds: files in any arrangement, one JSON value as a webhook brings it, and each of the readers alone."""

from __future__ import annotations

import io
from functools import cache, partial
from typing import Any

from analyzer.records import Event, RawMessage
from analyzer.sources.feeds import events, items
from analyzer.sources.feeds.json_values import decoded
from analyzer.sources.feeds.reader import NothingToReadError, Reader
from analyzer.sources.feeds.registry import READERS
from fuzz.rows import hold, rows_from, same_rows
from fuzz.seeds import feeds as seeds
from fuzz.target import Target


def files(data: bytes) -> None:
    """A file of events in whatever arrangement: never an exception, rows of the contract, the same twice."""
    one, skipped = _rows(data)
    other, again = _rows(data)
    same_rows(one, other)
    hold(skipped == again, "the same bytes are passed over for the same reasons", skipped, again)


def _rows(data: bytes) -> tuple[list[dict[str, Any]], list[tuple[object, ...]]]:
    skipped: list[tuple[object, ...]] = []
    found = items("feed.json", b"", io.BytesIO(data).read, lambda *told, **bound: skipped.append(told))
    return rows_from(found), skipped


def read_alone(reader: Reader, data: bytes) -> None:
    """One reader on any JSON object, recognised or not: nothing but `NothingToReadError`."""
    try:
        value = decoded(data)
    except ValueError:
        return
    rows_from(events(value, "feed.json"))
    for event in value if isinstance(value, list) else [value]:
        if not isinstance(event, dict) or not reader.recognises(event):
            continue
        try:
            told = list(reader.read(event))
        except NothingToReadError:
            continue
        rows_from(
            RawMessage("feed.json", one.message) if one.report is None else Event("feed.json", one.report, one.message)
            for one in told
        )


@cache
def _files() -> list[bytes]:
    return seeds.files()


TARGETS = (
    Target("feeds", files, _files),
    *(Target(f"feed-{reader.name}", partial(read_alone, reader), partial(seeds.of, reader.name)) for reader in READERS),
)
