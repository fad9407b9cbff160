"""Zstandard files, as log collectors leave them: several frames, frames without data, cut off, damaged, hostile."""

from __future__ import annotations

import random
import tracemalloc
from pathlib import Path

import pytest
import zstandard

from analyzer.bounds import Bounds
from analyzer.errors import UnreadableInputError
from analyzer.sources import Reading

LINES = "".join(
    f"2026-03-02T09:{n // 60:02}:{n % 60:02}+00:00 mx1 postfix/smtp[9]: 4XyZ{n:08d}: to=<lead{n}@example.com>, "
    f"relay=mx.example.com[192.0.2.80]:25, delay=1, dsn=5.1.1, status=bounced (host mx.example.com[192.0.2.80] said: "
    f"550 5.1.1 user {n} unknown (in reply to RCPT TO command))\n"
    for n in range(600)
).encode()
SKIPPABLE = b"\x50\x2a\x4d\x18" + (7).to_bytes(4, "little") + b"0123456"


def pack(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=3).compress(data)


def streamed(data: bytes) -> bytes:
    """Without the content's size in the frame header, and with a checksum, as a program that writes on and on does."""
    packer = zstandard.ZstdCompressor(write_checksum=True).compressobj()
    pieces = [packer.compress(data[at : at + 5000]) for at in range(0, len(data), 5000)]
    return b"".join([*pieces, packer.flush()])


def recipients(path: Path, reading: Reading) -> list[str]:
    return [item.report.failures[0].recipient for item in reading]  # type: ignore[union-attr]


HALF = LINES.index(b"\n", len(LINES) // 2) + 1


@pytest.mark.parametrize(
    "data",
    [
        pack(LINES),
        streamed(LINES),
        pack(LINES[:HALF]) + pack(LINES[HALF:]),
        b"".join(pack(line) for line in LINES.splitlines(keepends=True)),
        pack(LINES[:1000]) + SKIPPABLE + pack(b"") + streamed(LINES[1000:]),
        pack(LINES) + SKIPPABLE,
        SKIPPABLE + pack(LINES),
    ],
    ids=[
        "one frame",
        "streamed",
        "two frames",
        "a frame a line",
        "frames without data",
        "metadata at the end",
        "metadata in front",
    ],
)
def test_every_line_of_every_frame_is_read(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "mail.log.zst"
    path.write_bytes(data)
    reading = Reading([path])
    assert recipients(path, reading) == [f"lead{n}@example.com" for n in range(600)]
    assert not reading.skipped


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda data: data[: len(data) * 3 // 4], "is cut off"),
        (lambda data: data[:-1], "is cut off"),
        (lambda data: data + b"no frame at all", "is cut off or damaged"),
        (lambda data: data[:3000] + b"\xff" * 64 + data[3064:], "is cut off or damaged"),
    ],
    ids=["truncated", "last byte missing", "garbage behind", "overwritten"],
)
def test_what_stands_before_the_damage_is_read_and_the_damage_is_told(tmp_path: Path, damage, why: str) -> None:
    # One frame for each fifty lines, so that there is something before the damage.
    lines = LINES.splitlines(keepends=True)
    data = b"".join(streamed(b"".join(lines[at : at + 50])) for at in range(0, 600, 50))
    path = tmp_path / "mail.log.zst"
    path.write_bytes(damage(data))
    reading = Reading([path])
    read = recipients(path, reading)
    assert read and read == [f"lead{n}@example.com" for n in range(len(read))]
    assert [(skip.source, skip.why) for skip in reading.skipped] == [(str(path), why)]


def test_a_file_that_is_cut_off_at_once_is_named(tmp_path: Path) -> None:
    path = tmp_path / "mail.log.zst"
    path.write_bytes(pack(LINES)[:40])
    with pytest.raises(UnreadableInputError, match=r"mail\.log\.zst.*cut off"):
        list(Reading([path]))


def test_a_frame_that_asks_for_more_memory_than_any_archiver_uses_is_refused(tmp_path: Path) -> None:
    greatest = zstandard.ZstdCompressionParameters(window_log=30, enable_ldm=False)
    packer = zstandard.ZstdCompressor(compression_params=greatest).compressobj()
    path = tmp_path / "mail.log.zst"
    path.write_bytes(packer.compress(LINES) + packer.flush())
    with pytest.raises(UnreadableInputError, match="too much memory"):
        list(Reading([path]))


def test_a_bomb_is_stopped_while_it_is_small(tmp_path: Path) -> None:
    line = LINES[: LINES.index(b"\n") + 1]
    path = tmp_path / "mail.log.zst"
    path.write_bytes(pack(line + b" " * (96 << 20)))
    reading = Reading([path], bounds=Bounds(archive_free_bytes=8 << 20))
    tracemalloc.start()
    try:
        read = recipients(path, reading)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert read == ["lead0@example.com"]
    assert [skip.why for skip in reading.skipped][-1] == "expands more than 250 times, like a decompression bomb"
    assert peak < 80 << 20


def test_what_does_not_compress_is_no_bomb(tmp_path: Path) -> None:
    noise = random.Random(5).randbytes(300_000).hex().encode()
    path = tmp_path / "mail.log.zst"
    path.write_bytes(pack(LINES + b"".join(noise[at : at + 100] + b"\n" for at in range(0, len(noise), 100))))
    reading = Reading([path], bounds=Bounds(archive_free_bytes=1000))
    assert len(recipients(path, reading)) == 600
    assert not reading.skipped
