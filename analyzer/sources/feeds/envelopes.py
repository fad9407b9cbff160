"""What stands round an event: lists, pages of an API, and the queues and functions that an event came through.

Sources: Amazon SNS "Message format" (the event is a JSON text in `Message`), AWS Lambda with SNS and SQS (`Records`),
Amazon EventBridge (`detail`), API Gateway (`isBase64Encoded`), Kinesis and Google Pub/Sub push (base64 in `data`),
OData (`value`), and the list endpoints of the providers' APIs.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

import orjson

from analyzer.sources.feeds.general import GENERAL
from analyzer.sources.feeds.registry import reader_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.sources.feeds.reader import JsonObject, Reader

#: The keys under which APIs and exports list events or messages.
LISTS: tuple[str, ...] = (
    "items", "value", "Messages", "messages", "results", "Bounces", "bounces", "events", "Events", "Records", "records",
    "data", "Data", "emails", "contacts", "members", "Suppressions", "SuppressedDestinationSummaries", "bounceLogs",
    "emailer_messages", "sent_to", "subscribers", "leads", "prospects", "people", "suppressions",
)  # fmt: skip
#: The keys under which something hands an event on: SNS, Lambda, SQS, EventBridge, loggers of webhooks.
_CARRIERS = ("Message", "Sns", "body", "Body", "detail", "payload", "data")
#: Objects that hold it as base64 in `data`.
_ENCODED_IN = ("message", "kinesis")
#: SNS in SQS in Lambda in a list is four.
_DEEPEST = 8


def events_in(value: Any, depth: int = 0) -> Iterator[tuple[Reader, JsonObject] | tuple[None, Any]]:
    """Every event in a JSON value with the reader that knows it; None with any other value that is no list."""
    if value.__class__ is list and depth < _DEEPEST:
        for one in value:
            yield from events_in(one, depth + 1)
        return
    if value.__class__ is not dict:
        yield None, value
        return
    reader = reader_of(value)
    if reader is not None:
        yield reader, value
        return
    inner = _carried(value) if depth < _DEEPEST else None
    if inner.__class__ is list and (inner or not GENERAL.recognises(value)):
        yield from events_in(inner, depth + 1)
        return
    found = list(events_in(inner, depth + 1)) if inner is not None else []
    if not _has_own(found) and depth < _DEEPEST:
        found = [one for one in events_in(list(_in_texts(value)), depth + 1) if one[0] is not None] or found
    if not _has_own(found) and GENERAL.recognises(value):
        # By words alone, what stands round may tell more than what is in it: the event's name, its time.
        yield GENERAL, value
        return
    if all(reader is None for reader, _ in found) and depth < _DEEPEST:
        within = events_in([held for held in _by_shape(value) if held is not inner], depth + 1)
        found = [one for one in within if one[0] is not None] or found
    yield from found or [(None, value)]


def _has_own(found: list[tuple[Reader, JsonObject] | tuple[None, Any]]) -> bool:
    """Whether a reader of its own knows one of the events."""
    return any(reader not in (None, GENERAL) for reader, _ in found)


def _carried(event: JsonObject) -> Any:
    """What an object that is no event itself holds, None where that is nothing that could be one."""
    for key in LISTS:
        listed = event.get(key)
        if listed.__class__ is list and all(one.__class__ in (dict, list) for one in listed[:3]):
            return listed
    for key in _ENCODED_IN:
        inner = event.get(key)
        if inner.__class__ is dict and (found := _from_base64(inner.get("data"))) is not None:
            return found
    for key in _CARRIERS:
        held = event.get(key)
        if event.get("isBase64Encoded") is True and (found := _from_base64(held)) is not None:
            return found
        if held.__class__ is str and held.lstrip()[:1] in ("{", "["):
            try:
                return orjson.loads(held)
            except (orjson.JSONDecodeError, UnicodeEncodeError):
                continue
        if held.__class__ in (dict, list) and held:
            return held
    return None


def _by_shape(event: JsonObject) -> Iterator[Any]:
    """What could hold an event under a name that nobody knows: objects, and lists of these."""
    # Nearly all events have a reader of their own, or come under a name that is known.
    from analyzer.sources.lists.layouts import facts
    from analyzer.sources.tables.plausible import normalised

    for name, held in event.items():
        is_list = held.__class__ is list and all(one.__class__ is dict for one in held[:3])
        if (is_list or held.__class__ is dict) and normalised(name) not in facts().not_theirs:
            yield held


def _in_texts(event: JsonObject) -> Iterator[Any]:
    """The objects that stand in it as JSON texts."""
    for held in event.values():
        if held.__class__ is str and held[:1] == "{":
            try:
                yield orjson.loads(held)
            except (orjson.JSONDecodeError, UnicodeEncodeError):
                continue


def _from_base64(held: Any) -> Any:
    """The JSON value that a text holds as base64, None where it holds none."""
    if held.__class__ is not str:
        return None
    try:
        return orjson.loads(base64.b64decode(held, validate=True))
    except (binascii.Error, ValueError):
        return None
