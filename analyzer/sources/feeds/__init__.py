"""Event feeds: what e-mail providers and sequence platforms tell by webhook or export, as JSON in any arrangement.

`recognises` tells a feed from its first bytes, `items` yields its events, `events` those of one JSON value that is
decoded already, such as the body of a webhook's request.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from analyzer.bounds import DEFAULT, Gauge, current
from analyzer.records import Event, RawMessage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from analyzer.bounds import Bounds
    from analyzer.records import Item
    from analyzer.sources.feeds.reader import JsonObject, Reader, Told

    Read: TypeAlias = Callable[[int], bytes]
    from analyzer.sources.skips import Skip

__all__ = ["events", "items", "recognises"]

_BLANKS = b" \t\r\n\xef\xbb\xbf\x1e"


def recognises(head: bytes) -> bool:
    """Whether a file that begins with `head` is a feed: JSON of which a reader knows one of the first values."""
    if head.lstrip(_BLANKS)[:1] not in (b"{", b"["):
        return False
    # Most files are mails, which need none of the readers.
    from analyzer.sources.feeds.arrangement import opening_values
    from analyzer.sources.feeds.envelopes import events_in

    return any(reader is not None for value in opening_values(head) for reader, _ in events_in(value))


def items(source: str, head: bytes, read: Read, skip: Skip, bounds: Bounds = DEFAULT) -> Iterator[Item]:
    """Every event of the feed that begins with `head` and goes on with `read(n)`; `#n` behind the source numbers them.

    What cannot be read is named to `skip(source, why)`, by the number of its line or element, and passed over.
    """
    from analyzer.sources.feeds.arrangement import elements
    from analyzer.sources.feeds.envelopes import events_in

    count = unknown = 0
    first_unknown = ""
    for unit, number, value, why, bound in elements(head, read, bounds):
        if why:
            broken = f"{unit} {number:,} {why}"
            skip(source, broken, bound=bound) if bound else skip(source, broken)
            continue
        for place, (reader, event) in enumerate(events_in(value), 1):
            if reader is None:
                unknown += 1
                first_unknown = first_unknown or _place(unit, number, place, event is value)
                continue
            try:
                for told in _told(reader, event, bounds):
                    yield _item(f"{source}#{count}", told)
                    count += 1
            except _Unread as unread:
                skip(source, f"{_place(unit, number, place, event is value)} {unread}")
    if unknown:
        others = f" and {unknown - 1:,} more are" if unknown > 1 else " is"
        skip(source, f"{first_unknown}{others} JSON of no feed that is known")


def events(value: Any, source: str = "") -> Iterator[Item]:
    """The events of one decoded JSON value, in whatever envelope; `source` names it, with `#n` behind it.

    What no reader knows yields nothing, and so does what has nothing to read. Never raises on any JSON value.
    """
    from analyzer.sources.feeds.envelopes import events_in

    count = 0
    for reader, event in events_in(value):
        if reader is None:
            continue
        try:
            for told in _told(reader, event, current()):
                yield _item(f"{source}#{count}", told)
                count += 1
        except _Unread:
            continue


class _Unread(Exception):  # noqa: N818 - it never leaves this module
    """An event that gave nothing; its text says why."""


def _told(reader: Reader, event: JsonObject, bounds: Bounds) -> list[Told]:
    """What an event tells; its reports know which bounds it exceeds."""
    from analyzer.sources.feeds import fields
    from analyzer.sources.feeds.reader import NothingToReadError

    gauge = Gauge(bounds)
    before = fields.gauge.set(gauge)
    try:
        found = list(reader.read(event))
    except NothingToReadError as error:
        raise _Unread(str(error)) from None
    except Exception as error:
        raise _Unread(f"could not be read as an event of {reader.name} ({type(error).__name__})") from error
    finally:
        fields.gauge.reset(before)
    return found if not gauge.exceeded else [_exceeding(told, gauge.exceeded) for told in found]


def _exceeding(told: Told, names: tuple[str, ...]) -> Told:
    return told if told.report is None else told._replace(report=replace(told.report, exceeded=names))


def _place(unit: str, number: int, place: int, whole: bool) -> str:
    """Where an event stands: its line or element, and which one in that where several may be."""
    return f"{unit} {number:,}" if whole else f"{unit} {number:,}, event {place:,},"


def _item(source: str, told: Told) -> Item:
    return RawMessage(source, told.message) if told.report is None else Event(source, told.report, told.message)
