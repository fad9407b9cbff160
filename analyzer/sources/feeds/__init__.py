"""Event feeds: what e-mail providers and sequence platforms tell by webhook or export, as JSON in any arrangement
or as forms.

`recognises` tells a feed from its first bytes, `recognises_by_words` one of a provider that has no reader of its own.
`items` yields its events, `events` those of one JSON value that is decoded already, such as the body of a webhook's
request.
"""

from __future__ import annotations

import re
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

__all__ = ["events", "items", "recognises", "recognises_by_words"]

_FORM_BEGINS = re.compile(rb"[\w\[\]%.-]{1,200}=")
_BLANKS = b" \t\r\n\xef\xbb\xbf\x1e"


def recognises(head: bytes) -> bool:
    """Whether a file that begins with `head` is a feed: JSON or forms of which a reader knows one of the
    first values."""
    # Most files are mails, which need none of the readers.
    if not _may_be_feed(head):
        return False
    from analyzer.sources.feeds.arrangement import opening_values
    from analyzer.sources.feeds.envelopes import events_in
    from analyzer.sources.feeds.general import GENERAL

    return any(reader not in (None, GENERAL) for value in opening_values(head) for reader, _ in events_in(value))


def recognises_by_words(head: bytes, *, expected: bool = False) -> bool:
    """Whether it is JSON of which one of the first values says by its words what became of a mail.

    `expected`: somebody gave it as one of bounces, so a lead's state that says so is enough.
    """
    if not _may_be_feed(head):
        return False
    from analyzer.sources.feeds.arrangement import opening_values
    from analyzer.sources.feeds.envelopes import events_in
    from analyzer.sources.feeds.general import GENERAL

    return any(
        reader is GENERAL and GENERAL.tells(event, expected=expected)
        for value in opening_values(head)
        for reader, event in events_in(value)
    )


def _may_be_feed(head: bytes) -> bool:
    """Whether it begins as JSON does, or as the body of a form."""
    start = head.lstrip(_BLANKS)
    if start[:1] in (b"{", b"["):
        return True
    if _FORM_BEGINS.match(start) is None:
        return False
    from analyzer.sources.feeds.json_values import is_form

    return is_form(start.split(b"\n", 1)[0])


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
            found, unread = _told(reader, event, bounds)
            for told in found:
                yield _item(f"{source}#{count}", told)
                count += 1
            if unread:
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
        for told in _told(reader, event, current())[0]:
            yield _item(f"{source}#{count}", told)
            count += 1


def _told(reader: Reader, event: JsonObject, bounds: Bounds) -> tuple[list[Told], str]:
    """What an event tells, as far as it can be read, and why the rest cannot, "" where all was.

    An event may hold several: one that cannot be read takes none of those before it along. The reports
    know which bounds the event exceeds.
    """
    from analyzer.sources import fields
    from analyzer.sources.feeds.reader import NothingToReadError

    gauge, found, unread = Gauge(bounds), [], ""
    before = fields.gauge.set(gauge)
    try:
        for told in reader.read(event):
            found.append(told)  # noqa: PERF402 - what was told before an error is to stay
    except NothingToReadError as error:
        unread = str(error)
    except Exception as error:  # noqa: BLE001 - whatever a reader stumbles over, the events beside it are good
        beyond = f", beyond the first {len(found):,} told in it," if found else ""
        unread = f"could not be read{beyond} as an event of {reader.name} ({type(error).__name__})"
    finally:
        fields.gauge.reset(before)
    return (found if not gauge.exceeded else [_exceeding(told, gauge.exceeded) for told in found]), unread


def _exceeding(told: Told, names: tuple[str, ...]) -> Told:
    return told if told.report is None else told._replace(report=replace(told.report, exceeded=names))


def _place(unit: str, number: int, place: int, whole: bool) -> str:
    """Where an event stands: its line or element, and which one in that where several may be."""
    return f"{unit} {number:,}" if whole else f"{unit} {number:,}, event {place:,},"


def _item(source: str, told: Told) -> Item:
    return RawMessage(source, told.message) if told.report is None else Event(source, told.report, told.message)
