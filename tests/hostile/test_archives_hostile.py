"""Archives that are made to hurt: each is stopped while it is small, named by its bound, and costs nothing else."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import stat
import struct
import tarfile
import tracemalloc
import zipfile

import pytest
import zstandard

from analyzer.bounds import Bounds
from analyzer.sources import Reading
from analyzer.sources.archives import zip_members

MAIL = b"Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nSubject: failure notice\n\nx\n"
SMALL = Bounds(
    archive_ratio=20,
    archive_free_bytes=1 << 20,
    message_bytes=4 << 20,
    archive_memory_bytes=64 << 20,
    archive_members=50,
)
ZEROS = bytes(64 << 20)


def zipped(*members, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


def tarred(*members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for info, data in members:
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def of_type(kind, name="a.eml"):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, "/etc/passwd"
    return info


def linked():
    info = zipfile.ZipInfo("link.eml")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return zipped((info, "/etc/passwd"), ("a.eml", MAIL))


def overlapping():
    """Many names for the same bytes of one member, as in Fifield's bomb."""
    data = bytearray(zipped(("a.eml", MAIL + ZEROS[: 1 << 20])))
    start, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    entry = bytes(data[start:end])
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 20, 20, 20 * len(entry), start, 0)
    return bytes(data[:start]) + entry * 20 + tail


def quine():
    """A gzip in a gzip in a gzip, which is as deep as it is asked."""
    data = MAIL
    for _ in range(8):
        data = gzip.compress(data)
    return data


def extended(records, size=None):
    info = tarfile.TarInfo("pax")
    info.type, info.size = tarfile.XHDTYPE, len(records) if size is None else size
    body = records.ljust(-(-len(records) // 512) * 512, b"\0")
    return info.tobuf(tarfile.GNU_FORMAT) + body + tarred((tarfile.TarInfo("a.eml"), MAIL))


def sparse():
    return extended(b"22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n37 GNU.sparse.realsize=1000000000000\n")


STOPPED = {
    "gzip bomb": (gzip.compress(MAIL + ZEROS), "archive_ratio"),
    "bzip2 bomb": (bz2.compress(MAIL + ZEROS), "archive_ratio"),
    "xz bomb": (lzma.compress(MAIL + ZEROS), "archive_ratio"),
    "zstd bomb": (zstandard.compress(MAIL + ZEROS), "archive_ratio"),
    "zip bomb": (zipped(("a.eml", MAIL + ZEROS)), "archive_ratio"),
    "many small bombs": (
        zipped(*((f"{n}.gz", gzip.compress(MAIL + ZEROS[: 1 << 19])) for n in range(40)), method=zipfile.ZIP_STORED),
        "archive_ratio",
    ),
    "overlapping members": (overlapping(), "archive_ratio"),
    "nested archives": (zipped(("b.zip", zipped(("c.zip", zipped(("a.eml", MAIL))))),), "archive_depth"),
    "compressed over and over": (quine(), "archive_layers"),
    "many members": (zipped(*((f"{n}.eml", MAIL) for n in range(60))), "archive_members"),
    "many members of a tar": (tarred(*((tarfile.TarInfo(f"{n}.eml"), MAIL) for n in range(60))), "archive_members"),
    "xz that asks for memory": (
        lzma.compress(MAIL * 100, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 30}]), "archive_memory_bytes",
    ),
    "a message that is too great": (gzip.compress(MAIL + random.Random(1).randbytes(5 << 20)), "message_bytes"),
}  # fmt: skip


@pytest.mark.parametrize("name", STOPPED)
def test_what_exceeds_a_bound_is_stopped_and_named(tmp_path, name):
    data, bound = STOPPED[name]
    (tmp_path / "hostile").write_bytes(data)
    (tmp_path / "z.eml").write_bytes(MAIL)
    reading = Reading([tmp_path], bounds=SMALL)
    assert [item.source for item in reading][-1] == str(tmp_path / "z.eml"), "the files behind it are read"
    assert bound in reading.exceeded.counts
    assert any(line.partition(" over ")[2].startswith(bound) for line in reading.summary())


NAMED = {
    "packed by LZMA": (zipped(("a.eml", MAIL), method=zipfile.ZIP_LZMA), "packed in a way that is not read"),
    "oversized header": (extended(b"", size=1 << 40), "cut off or damaged"),
    "damaged header": (extended(b"9999999 a=b\n"), "cut off or damaged"),
    "header without end": (extended(b"1 " + b"1" * 60_000), "cut off or damaged"),
    "negative size": (extended(b"13 size=-512\n"), "cut off or damaged"),
    "sparse file": (sparse(), "sparse"),
}


@pytest.mark.parametrize("name", NAMED)
def test_what_cannot_be_read_is_named(tmp_path, name):
    data, why = NAMED[name]
    (tmp_path / "hostile").write_bytes(data)
    (tmp_path / "z.eml").write_bytes(MAIL)
    reading = Reading([tmp_path], bounds=SMALL)
    assert list(reading)
    assert any(why in skip.why for skip in reading.skipped), reading.skipped


def encrypted():
    """A zip of which one member is marked as encrypted, as with a password."""
    data = bytearray(zipped(("secret.eml", MAIL), ("z.eml", MAIL)))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + at] |= 1
    return bytes(data)


def test_a_zip_member_packed_by_bzip2_is_unpacked_piece_by_piece(tmp_path):
    """Some hundred bytes of it stand for 32 MiB, and as many kilobytes would for more than any memory."""
    body = b"Subject: x\n\n" + bytes(32 << 20)
    (tmp_path / "a.zip").write_bytes(zipped(("a.eml", body), ("z.eml", MAIL), method=zipfile.ZIP_BZIP2))
    with (tmp_path / "a.zip").open("rb") as file:
        members = zip_members(file, Bounds())
        tracemalloc.start()
        try:
            assert next(members).open()(1000) == body[:1000]
            assert tracemalloc.get_traced_memory()[1] < 16 << 20
        finally:
            tracemalloc.stop()
        assert next(members).open()(1 << 20) == MAIL


def test_an_encrypted_member_is_named_and_the_others_are_read(tmp_path):
    (tmp_path / "a.zip").write_bytes(encrypted())
    reading = Reading([tmp_path])
    assert [item.source for item in reading] == [f"{tmp_path}/a.zip/z.eml"]
    assert [(skip.source, skip.why) for skip in reading.skipped] == [
        (f"{tmp_path}/a.zip/secret.eml", "is encrypted; unpack it with its password first")
    ]


SPECIAL = {
    "symbolic link": tarred((of_type(tarfile.SYMTYPE), b""), (tarfile.TarInfo("b.eml"), MAIL)),
    "hard link": tarred((of_type(tarfile.LNKTYPE), b""), (tarfile.TarInfo("b.eml"), MAIL)),
    "device": tarred((of_type(tarfile.CHRTYPE), b""), (tarfile.TarInfo("b.eml"), MAIL)),
    "pipe": tarred((of_type(tarfile.FIFOTYPE), b""), (tarfile.TarInfo("b.eml"), MAIL)),
    "link in a zip": linked(),
}


@pytest.mark.parametrize("name", SPECIAL)
def test_links_and_devices_are_no_files(tmp_path, name):
    (tmp_path / "hostile").write_bytes(SPECIAL[name])
    reading = Reading([tmp_path])
    assert [item.data for item in reading] == [MAIL]
    assert [(skip.why, skip.broken) for skip in reading.skipped] == [("is a link or a device, no file", False)]


@pytest.mark.parametrize(
    "name", ["../../../etc/passwd.eml", "/etc/passwd.eml", "a\x1b[2J.eml", "C:\\x.eml", "a/../b.eml"]
)
def test_names_in_archives_are_only_names(tmp_path, name):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "hostile.tar").write_bytes(tarred((tarfile.TarInfo(name), MAIL)))
    (item,) = Reading([tmp_path / "in"])
    assert item.source.startswith(str(tmp_path / "in")) and item.source.isprintable()
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["hostile.tar"]


def test_an_xz_of_several_streams_with_padding_is_read(tmp_path):
    half = len(MAIL) // 2
    (tmp_path / "a.xz").write_bytes(lzma.compress(MAIL[:half]) + bytes(8) + lzma.compress(MAIL[half:]))
    (item,) = Reading([tmp_path])
    assert item.data == MAIL
