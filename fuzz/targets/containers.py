"""Files that hold messages: archives, compressed files, mailboxes, other encodings, whatever the content says it is."""

from __future__ import annotations

import io

from analyzer.bounds import Bounds
from analyzer.records import Event, Item
from analyzer.sources import Reading
from analyzer.sources.content import recognise, why_no_mail
from fuzz.rows import hold
from fuzz.seeds import containers as seeds
from fuzz.target import Target

#: Small bounds, so that a small file reaches them.
_MIB = 1 << 20
_BOUNDS = Bounds(
    message_bytes=_MIB,
    archive_members=50,
    archive_depth=1,
    archive_ratio=100,
    archive_free_bytes=_MIB,
    archive_held_bytes=_MIB,
    archive_memory_bytes=64 * _MIB,
)
#: The most that may come out of one input: a message's bound for each member that is read.
_MOST_BYTES = 64 * _MIB


def files(data: bytes) -> None:
    """Any bytes as a source: messages, and a reason for all that gave none; never an exception, the same twice."""
    first, why = _read(data)
    again, why_again = _read(data)
    hold(first == again, "the same bytes hold the same messages", len(first), len(again))
    hold(why == why_again, "the same bytes are passed over for the same reasons", why, why_again)
    hold(bool(first) or bool(why), "what gives nothing says why")
    hold(recognise(data[:65536]) == recognise(data[:65536]), "a file is what it is")
    hold("\n" not in why_no_mail(data[:65536]), "a reason is one line")


def _read(data: bytes) -> tuple[list[Item], list[tuple[str, str]]]:
    reading = Reading([], bounds=_BOUNDS)
    found: list[Item] = []
    size = 0
    for item in reading.opened("fuzz.bin", io.BytesIO(data)):
        if not isinstance(item, Event):
            size += len(item.data)
            hold(len(item.data) <= _BOUNDS.message_bytes + 65536, "a message is within its bound", len(item.data))
        hold(size <= _MOST_BYTES, "what is unpacked is within its bound", size)
        hold(item.source.isprintable(), "a source's name is one printable line", item.source)
        found.append(item)
    for skip in reading.skipped:
        hold(skip.source.isprintable() and "\n" not in skip.why, "what is passed over is named on one line", skip)
    return found, [(skip.source, skip.why) for skip in reading.skipped]


TARGETS = (Target("containers", files, seeds.files),)
