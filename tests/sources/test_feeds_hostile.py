"""Any JSON value in any place of an event: readers take what they can use, and never fail."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import orjson
import pytest
from feed_examples import EXAMPLES, SENDGRID, SES, changed
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.bounces import rows_of
from analyzer.bounds import DEFAULT
from analyzer.classify import default_classifier
from analyzer.records import BOUNCE_COLUMNS, KINDS, Event
from analyzer.sources import feeds
from analyzer.sources.feeds import arrangement
from analyzer.sources.feeds.envelopes import events_in
from analyzer.sources.feeds.reader import NothingToReadError
from analyzer.sources.feeds.registry import READERS

GMAIL = {
    "id": "1",
    "threadId": "1",
    "raw": "",
    "payload": {
        "mimeType": "multipart/report",
        "headers": [{"name": "From", "value": "mailer-daemon@mx.example"}],
        "parts": [
            {"mimeType": "text/plain", "headers": [], "body": {"size": 2, "data": "aGk="}},
            {"mimeType": "message/rfc822", "parts": [{"mimeType": "text/plain", "body": {"data": "aGk="}}]},
        ],
    },
}
GRAPH = {
    "id": "1",
    "subject": "Undeliverable: hi",
    "receivedDateTime": "2026-03-02T09:11:21Z",
    "internetMessageId": "<a@b.example>",
    "from": {"emailAddress": {"name": "x", "address": "postmaster@b.example"}},
    "toRecipients": [{"emailAddress": {"address": "ava@outreach.example"}}],
    "body": {"contentType": "html", "content": "<pre>Message-ID: <a@b></pre>"},
    "internetMessageHeaders": [{"name": "X", "value": "y"}],
    "singleValueExtendedProperties": [{"id": "String 0x1A", "value": "REPORT.IPM.Note.NDR"}],
    "attachments": [{"contentType": "message/rfc822", "contentBytes": "U3ViamVjdDogaGk="}, {"item": {"subject": "hi"}}],
}
EVENTS: list[tuple[Any, Any]] = [
    (reader, event)
    for example in EXAMPLES
    for reader, event in events_in(example.event)
    if reader is not None
] + [(reader, event) for event in (GMAIL, GRAPH) for reader, _ in events_in(event)]  # fmt: skip

_ODD = (
    None, True, False, 0, -1, 1e308, -1e-300, 2**63, 10**25, 1772442681, "", " ", "x", "\ud800", "\x00\n", "é" * 5_000, "<>", "@",
    "a@b", "<a@b.example>", "9" * 30, "999999999999999", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "{", '{"a": 1}',
    "[]", '["a"]', "=?x?b?/?=", [], {}, [[]], [{}], [None], {"": ""}, {"email": {"email": {}}}, [1, "a", {"name": [], "value": {}}],
    {"name": "a", "value": "b"},
)  # fmt: skip
ANYTHING = st.one_of(
    st.sampled_from(_ODD),
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
        max_leaves=8,
    ),
)


def places(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value inside a value."""
    found = [way] if way else []
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        found += places(inner, (*way, key))
    return found


def put(event: Any, way: tuple[Any, ...], value: Any) -> Any:
    copy = deepcopy(event)
    place = copy
    for step in way[:-1]:
        place = place[step]
    place[way[-1]] = value
    return copy


def checked(reader: Any, event: Any) -> None:
    """Read it without the guard that `items` has, and see that rows can be made and written of what comes out."""
    if not reader.recognises(event):
        return
    try:
        found = list(reader.read(event))
    except NothingToReadError:
        return
    for told in found:
        if told.report is None:
            assert isinstance(told.message, bytes)
            continue
        assert told.report.kind in KINDS
        assert told.report.failures
        for row in rows_of(Event("x", told.report, told.message), default_classifier()):
            assert tuple(row) == BOUNCE_COLUMNS
            orjson.dumps(row)


@pytest.mark.parametrize(("reader", "event"), EVENTS)
def test_every_value_replaced_by_every_odd_one(reader, event):
    # One value in each place by turns; each odd value comes to every place over the examples of a feed.
    for number, way in enumerate(places(event)):
        for step in range(0, len(_ODD), 5):
            checked(reader, put(event, way, _ODD[(number + step) % len(_ODD)]))


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_anything_anywhere(data):
    reader, event = data.draw(st.sampled_from(EVENTS))
    for _ in range(data.draw(st.integers(1, 3))):
        ways = places(event)
        if not ways:
            break
        event = put(event, data.draw(st.sampled_from(ways)), data.draw(ANYTHING))
        if not isinstance(event, dict):
            break
    checked(reader, event)


@settings(max_examples=300, deadline=None)
@given(value=ANYTHING, key=st.sampled_from(sorted({key for _, event in EVENTS for key in event})), other=ANYTHING)
def test_no_reader_minds_what_is_no_event(value, key, other):
    for event in (
        {key: value},
        {key: value, "event": other, "email": "a@b.example"},
        {"type": other, "data": value, key: other},
    ):
        for reader in READERS:
            checked(reader, event)
        list(feeds.events(event))
    list(feeds.events(value))


@settings(max_examples=300, deadline=None)
@given(
    head=st.binary(max_size=60) | st.text(alphabet='{}[]",:\\ \n1ae', max_size=60).map(str.encode),
    pieces=st.lists(st.binary(max_size=30), max_size=5),
)
def test_any_bytes(head, pieces):
    feeds.recognises(head)
    rest = iter(pieces)
    list(feeds.items("x", head, lambda size: next(rest, b""), lambda source, why: None))


@settings(max_examples=200, deadline=None)
@given(
    values=st.lists(st.dictionaries(st.text(max_size=5), ANYTHING, max_size=4), max_size=6),
    cut=st.integers(1, 40),
    data=st.data(),
)
def test_every_cut_of_the_stream_gives_the_same_values(values, cut, data):
    """The scanner's place in strings, escapes and brackets survives the end of a piece wherever it falls."""
    text = data.draw(
        st.sampled_from([json.dumps(values), json.dumps(values, indent=1), "".join(map(json.dumps, values))])
    )
    whole = ("\n \n" + text).encode()
    stream = iter([whole[at : at + cut] for at in range(0, len(whole), cut)])
    found = [element.value for element in arrangement._by_bracket(next(stream, b""), lambda size: next(stream, b""))]
    assert json.dumps(found) == json.dumps([arrangement._decoded(json.dumps(value).encode()) for value in values])


@pytest.mark.parametrize("size", [10_000_000])
def test_long_texts_are_cut(size):
    for place in ("reason", "email", "smtp-id", "lead_id"):
        event = changed(SENDGRID, **{place: "x" * size})
        (item,) = feeds.events(event)
        rows = rows_of(item, default_classifier())
        assert all(len(str(value)) <= DEFAULT.line_bytes for value in rows[0].values())
        # An id or an address that long is none; words may be, and that some are missing is told.
        assert item.report.exceeded == (("line_bytes",) if place == "reason" else ())
    many = changed(SES, mail__destination=["a@b.example"] * 100_000, bounce__bouncedRecipients=[])
    (item,) = feeds.events(many)
    assert len(item.report.failures) == DEFAULT.recipients_per_report
    assert item.report.exceeded == ("recipients_per_report",)


def test_a_part_that_cannot_be_read_takes_none_of_those_before_it_along(monkeypatch):
    from analyzer.sources.feeds.sparkpost import SparkPost

    read = SparkPost._told

    def failing(self, event):
        if event["rcpt_to"] == "third@acme.example":
            raise KeyError("made up: no JSON value is known that does it")
        return read(self, event)

    monkeypatch.setattr(SparkPost, "_told", failing)
    batch = {
        "msys": {f"part {n}": {"type": "bounce", "rcpt_to": f"{n}@acme.example"} for n in ("first", "second", "third")}
    }
    lines = b"".join(json.dumps(one).encode() + b"\n" for one in (batch, {"msys": {"a": batch["msys"]["part first"]}}))
    skipped: list[str] = []
    found = list(feeds.items("s.jsonl", lines, lambda _: b"", lambda source, why: skipped.append(why)))
    assert [item.report.failures[0].recipient for item in found] == [
        *("first@acme.example", "second@acme.example"),
        "first@acme.example",
    ]
    assert [item.source for item in found] == ["s.jsonl#0", "s.jsonl#1", "s.jsonl#2"]
    assert skipped == ["line 1 could not be read, beyond the first 2 told in it, as an event of sparkpost (KeyError)"]
    assert len(list(feeds.events(batch))) == 2
