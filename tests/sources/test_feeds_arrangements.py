"""One feed in every arrangement that JSON comes in, whole and damaged, and the JSON that is none."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import subprocess
import sys
import tracemalloc
import zipfile

import pytest
import zstandard
from feed_examples import EXAMPLES, MAILGUN, SENDGRID, SES, TO, changed

import analyzer
from analyzer.bounds import Bounds
from analyzer.errors import UnreadableInputError
from analyzer.sources import Reading, feeds
from analyzer.sources.content import recognise

COUNT = 7
EVENTS = [changed(SENDGRID, email=f"kim{number}@lumen.example") for number in range(COUNT)]
EXPECTED = [event["email"] for event in EVENTS]
LINES = "\n".join(map(json.dumps, EVENTS))
ARRAY = json.dumps(EVENTS)


def recipients(path, data) -> list[str]:
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return [item.report.failures[0].recipient for item in Reading([path])]


@pytest.mark.parametrize(
    "data",
    {
        "lines": LINES,
        "lines, the last one ended": LINES + "\n",
        "lines of Windows": LINES.replace("\n", "\r\n"),
        "lines with blank ones between": "\n\n" + LINES.replace("\n", "\n\n \n"),
        "lines with commas": LINES.replace("\n", ",\n"),
        "a mark of UTF-8": "\ufeff" + LINES,
        "record separators (RFC 7464)": "\x1e" + LINES.replace("\n", "\n\x1e"),
        "array": ARRAY,
        "array, indented": json.dumps(EVENTS, indent=4),
        "array, a line each": "[\n" + ",\n".join(map(json.dumps, EVENTS)) + "\n]\n",
        "array, a line each, the brackets on the same lines": "[" + ",\n".join(map(json.dumps, EVENTS)) + "]\n",
        "array of arrays": json.dumps([EVENTS[:3], EVENTS[3:]]),
        "arrays, a line each": json.dumps(EVENTS[:3]) + "\n" + json.dumps(EVENTS[3:]) + "\n",
        "objects, indented": "\n".join(json.dumps(event, indent=2) for event in EVENTS),
        "objects without anything between": "".join(map(json.dumps, EVENTS)),
        "two on a line": "\n".join("".join(map(json.dumps, EVENTS[n : n + 2])) for n in range(0, COUNT, 2)),
        "a page of an API": json.dumps({"total": COUNT, "next": "x{[\\\"", "items": EVENTS, "paging": {"a": [1]}}),
        "a page, indented": json.dumps({"@odata.context": "x", "value": EVENTS}, indent=1),
        "pages, a line each": "\n".join(json.dumps({"results": [event]}) for event in EVENTS),
        "webhook requests as a logger keeps them": "\n".join(json.dumps({"at": 1, "headers": {"a": "b"}, "body": json.dumps([e])}) for e in EVENTS),
        "UTF-16": ARRAY.encode("utf-16"),
        "UTF-16 without a mark": LINES.encode("utf-16-le"),
        "gzip": gzip.compress(LINES.encode()),
        "bzip2": bz2.compress(ARRAY.encode()),
        "xz": lzma.compress(ARRAY.encode()),
        "zstd": zstandard.compress(LINES.encode()),
    }.items(),
    ids=lambda item: item[0],
)  # fmt: skip
def test_every_arrangement(tmp_path, data):
    # Its name says nothing.
    assert recipients(tmp_path / "download", data[1]) == EXPECTED


def test_events_are_numbered_behind_the_source(tmp_path):
    path = tmp_path / "e.json"
    path.write_text(ARRAY)
    assert [item.source for item in Reading([path])] == [f"{path}#{n}" for n in range(COUNT)]


def test_in_an_archive_and_a_folder(tmp_path):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("march/events.jsonl", LINES)
    (tmp_path / "box").mkdir()
    (tmp_path / "box" / "all.zip").write_bytes(held.getvalue())
    (tmp_path / "box" / "one.json").write_text(json.dumps(SES))
    rows = analyzer.parse(tmp_path / "box")
    assert [*rows["recipient"]] == [*EXPECTED, TO]
    assert rows["source"][0].endswith("all.zip/march/events.jsonl#0")


def test_feeds_of_several_providers_in_one_file(tmp_path):
    found = recipients(
        tmp_path / "all.jsonl", "\n".join(json.dumps(one) for one in (SES, SENDGRID, MAILGUN, [SES, MAILGUN]))
    )
    assert found == [TO] * 5


GREAT = 10_000


@pytest.mark.parametrize("arrangement", ["array", "page", "indented", "lines", "one object that is no event"])
def test_a_great_file_takes_little_memory(arrangement):
    """The file is made while it is read, so that only what the reading holds on to is measured."""
    one = json.dumps(changed(SES, mail__headers=[{"name": "X-A", "value": "x" * 4_000}])).encode()
    first, between, last = {
        "array": (b"[", b",", b"]"),
        "page": (b'{"count": 3, "items": [', b", ", b'], "next": {"a": [1]}} '),
        "indented": (b"[\n  ", b",\n  ", b"\n]\n"),
        "lines": (b"", b"\n", b"\n"),
        "one object that is no event": (b"", b"\n", b'\n{"a": "' + b"y" * 1_000_000 + b'"}'),
    }[arrangement]
    assert len(one) * GREAT > 40_000_000

    def pieces():
        yield first + one
        for _ in range(GREAT - 1):
            yield between + one
        yield last

    source = pieces()
    held = bytearray()

    def read(size):
        while len(held) < size and (piece := next(source, b"")):
            held.extend(piece)
        piece = bytes(held[:size])
        del held[:size]
        return piece

    skipped = []
    tracemalloc.start()
    count = sum(1 for _ in feeds.items("x", read(65536), read, lambda source, why: skipped.append(why)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == GREAT
    assert len(skipped) == (arrangement == "one object that is no event")
    assert peak < 20_000_000


@pytest.mark.parametrize(
    ("data", "expected", "skipped"),
    [
        ("\n".join([*LINES.split("\n")[:2], '{"email": "cut', *LINES.split("\n")[2:]]), EXPECTED, ["line 3 is not valid JSON"]),
        # The first line is broken.
        ('{"email": "cut\n' + LINES, EXPECTED, ["line 1 is not valid JSON"]),
        ("[\n" + ",\n".join([json.dumps(EVENTS[0]), '{"a": tru}', json.dumps(EVENTS[1])]) + "\n]", EXPECTED[:2], ["line 3 is not valid JSON"]),
        (json.dumps([EVENTS[0]], indent=1)[:-1] + ',{"a": tru},' + json.dumps(EVENTS[1]) + "]", EXPECTED[:2], ["element 2 is not valid JSON"]),
        (json.dumps(EVENTS, indent=1)[:-40], EXPECTED[:-1], ["element 7 is cut off: the file ends in it"]),
        (json.dumps(EVENTS, indent=1)[:-2], EXPECTED, ["element 8 is missing: the file ends in the middle of its list"]),
        (LINES[:-40], EXPECTED[:-1], ["line 7 is not valid JSON"]),
        (LINES + "\nnull\n3\n\"x\"", EXPECTED, ["line 8 and 2 more are JSON of no feed that is known"]),
        (json.dumps([*EVENTS, {"hello": 1}], indent=1), EXPECTED, ["element 8 is JSON of no feed that is known"]),
        (json.dumps({"hello": 1}) + "\n" + LINES, EXPECTED, ["line 1 is JSON of no feed that is known"]),
        (LINES + "\n" + "[" * 300 + "]" * 300, EXPECTED, ["line 8 is nested over 200 deep"]),
        (LINES + "\n" + "[" * 5_000 + "]" * 5_000, EXPECTED, ["line 8 is nested over 200 deep"]),
        (json.dumps(EVENTS, indent=1)[:-1] + "," + "[" * 300 + "]" * 300 + "]", EXPECTED, ["element 8 is nested over 200 deep"]),
        (json.dumps([{"id": "1", "threadId": "2"}, EVENTS[0]]), EXPECTED[:1], ["line 1, event 1, holds only the id of a message; fetch it with format=raw"]),
        (json.dumps([changed(SENDGRID, email="a@b.example")] * 2).replace('"tls": 1', '"tls": NaN'), ["a@b.example"] * 2, []),
        (json.dumps([changed(SENDGRID, email="a@b.example", lead="x")]).replace('"x"', '"\\ud800"'), ["a@b.example"], []),
        (json.dumps(changed(SENDGRID, email="a@b.example", lead="x")).replace('"x"', '"\x01"'), ["a@b.example"], []),
        (json.dumps(changed(SENDGRID, email="a@b.example", lead="x")).replace('"x"', '"é"').encode("latin-1"), ["a@b.example"], []),
    ],
)  # fmt: skip
def test_what_is_broken_is_named_and_passed_over(tmp_path, data, expected, skipped):
    path = tmp_path / "e.json"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    reading = Reading([path])
    assert [item.report.failures[0].recipient for item in reading] == expected
    assert [skip.why for skip in reading.skipped] == skipped


def test_an_element_that_is_too_long_is_passed_over():
    great = changed(SENDGRID, reason='x\\"{' * 300_000)
    for data in (
        json.dumps([EVENTS[0], great, EVENTS[1]], indent=1),
        "\n".join(map(json.dumps, (EVENTS[0], great, EVENTS[1]))),
    ):
        stream, skipped = io.BytesIO(data.encode()), {}

        def skip(source, why, *, bound="", skipped=skipped):
            skipped[bound] = why

        found = list(feeds.items("x", stream.read(65536), stream.read, skip, Bounds(json_bytes=600_000)))
        assert [item.report.failures[0].recipient for item in found] == EXPECTED[:2]
        assert " 2 is over " in skipped["json_bytes"]


KUMOMTA = {
    "type": "Bounce", "id": "1d98", "sender": "ava@outreach.example", "recipient": TO, "queue": "q1@lumen.example",
    "site": "src->mx.lumen.example", "response": {"code": 550, "content": "User unknown"}, "timestamp": 1772442681,
}  # fmt: skip


@pytest.mark.parametrize(
    "data",
    [
        json.dumps(KUMOMTA),
        "\n".join([json.dumps(KUMOMTA)] * 3),
        '{"hello": "world"}',
        "[1, 2, 3]",
        "[]",
        "{}",
        "[[[[[[[[[[[[[]]]]]]]]]]]]]",
        "{not json at all}",
        "[section]\nkey = value\n",
        '{"recipient": "a@b.example", "bounced": true, "campaign": "q1"}',
        json.dumps({"email": TO, "first_name": "Kim", "email_status": "verified"}),
        "{" * 60_000,
        '{"a": "' + "x" * 70_000,
    ],
)
def test_json_of_no_feed(tmp_path, data):
    assert not feeds.recognises(data.encode())
    path = tmp_path / "x.json"
    path.write_text(data)
    if '"site"' not in data:  # logs read that
        with pytest.raises(
            UnreadableInputError, match=r"x\.json: (is JSON of no feed that is known|has no mail header)"
        ):
            list(Reading([path]))


def test_our_own_rows_are_no_feed(tmp_path):
    source, rows = tmp_path / "e.json", tmp_path / "rows.jsonl"
    source.write_text(json.dumps([example.event for example in EXAMPLES]))
    assert (
        subprocess.run(
            [sys.executable, "-m", "analyzer", "parse", source, "--all", "--out", rows], check=True
        ).returncode
        == 0
    )
    written = rows.read_bytes()
    assert written.count(b"\n") > 80
    assert not any(feeds.recognises(line) for line in written.splitlines())


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_a_feed_is_known_by_its_first_bytes(example):
    """Also where the first event is longer than what is looked at."""
    data = json.dumps(example.event).encode()
    assert recognise(data) == "feed"
    if data.startswith(b'{"') and not example.name.startswith(
        ("ses sns", "ses lambda", "ses sqs", "ses topic", "azure")
    ):
        whole = json.dumps({**example.event, "zz": "x" * 70_000}).encode()
        assert recognise(whole[:65536]) == "feed"


@pytest.mark.parametrize("data", [LINES, ARRAY])
def test_through_the_command_line(data):
    ran = subprocess.run(
        [sys.executable, "-m", "analyzer", "parse", "-", "--out", "-"],
        input=data.encode(),
        capture_output=True,
        check=True,
    )
    rows = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [row["recipient"] for row in rows] == EXPECTED
    assert rows[0]["source"] == "-#0"
    assert b"7 messages read (7 bounce), 7 rows" in ran.stderr


def test_workers_read_the_same_as_one_process(tmp_path):
    path = tmp_path / "e.jsonl"
    path.write_text("\n".join(json.dumps(EVENTS[n % COUNT]) for n in range(1_200)))
    assert analyzer.parse(path, jobs=2).equals(analyzer.parse(path, jobs=1))
