"""Every kind of source, and every way in which one can be broken."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import random
import sys
import tarfile
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import orjson
import pytest

import analyzer
from analyzer import sources
from analyzer.bounds import Bounds
from analyzer.errors import OutputError, UnreadableInputError
from analyzer.sources import Reading, Rejects

LINE = b"From jane.roe@example.com Mon Mar  2 10:00:00 2026\n"


def mail(name: str = "x") -> bytes:
    return b"Subject: %s\nTo: a@example.com\n\nbody of %s\n" % (name.encode(), name.encode())


def mbox(*names: str) -> bytes:
    return b"".join(LINE + mail(name) + b"\n" for name in names)


def zipped(members: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return held.getvalue()


def tarred(members: dict[str, bytes], mode: str = "w") -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return held.getvalue()


def put(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def found(reading: Reading, root: Path) -> dict[str, bytes]:
    """What was read, by its source below `root`, in the order of reading."""
    return {message.source.removeprefix(f"{root}/"): message.data for message in reading}


PAIR = {"#0": mail("a"), "#1": mail("b")}
ONE = {"": mail("a")}
MEMBERS = {"a.eml": mail("a"), "in/b.eml": mail("b")}
UNPACKED = {"/a.eml": mail("a"), "/in/b.eml": mail("b")}


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("a.eml", mail("a"), ONE),
        ("a.txt", mail("a"), ONE),
        ("a", mail("a"), ONE),
        ("a.csv", mail("a"), ONE),
        ("a.eml", b"\n\r\n" + mail("a"), ONE),
        ("a.eml", b"\xef\xbb\xbf" + mail("a"), ONE),
        ("a.eml", LINE + mail("a"), ONE),
        ("a.eml", b"From () 2019-10-02 05:04:34 +0000\n" + mail("a"), ONE),
        ("a.emlx", b"%d   \n" % len(mail("a")) + mail("a") + b"<?xml version='1.0'?><plist/>", ONE),
        ("a.eml", mail("a").decode().encode("utf-16"), ONE),
        ("a.eml", mail("a").decode().encode("utf-16-be"), ONE),
        ("a#1.eml", mail("a"), {"#0": mail("a")}),
        ("big.eml", mail("a") + b"x" * 300_000, {"": mail("a") + b"x" * 300_000}),
        ("box.mbox", mbox("a", "b"), PAIR),
        ("box", mbox("a", "b"), PAIR),
        ("box.eml", mbox("a", "b"), PAIR),
        ("box.mbox", mbox("a"), {"#0": mail("a")}),
        ("box#1", mbox("a", "b"), PAIR),
        ("box.mbox.gz", gzip.compress(mbox("a", "b"), mtime=0), PAIR),
        ("box.mbox.gz", gzip.compress(mbox("a"), mtime=0), {"#0": mail("a")}),
        ("a.eml.gz", gzip.compress(mail("a"), mtime=0), ONE),
        ("a.gz", gzip.compress(mail("a")[:10], mtime=0) + gzip.compress(mail("a")[10:], mtime=0), ONE),
        ("a.eml.bz2", bz2.compress(mail("a")), ONE),
        ("a.eml.xz", lzma.compress(mail("a")), ONE),
        ("a.zip", zipped(MEMBERS), UNPACKED),
        ("named-wrongly.eml", zipped(MEMBERS), UNPACKED),
        ("a.tar", tarred(MEMBERS), UNPACKED),
        ("a.tar.gz", tarred(MEMBERS, "w:gz"), UNPACKED),
        ("a.tgz", tarred(MEMBERS, "w:gz"), UNPACKED),
        ("a.tar.bz2", tarred(MEMBERS, "w:bz2"), UNPACKED),
        ("a.tar.xz", tarred(MEMBERS, "w:xz"), UNPACKED),
        ("a.zip", zipped({"box": mbox("a", "b")}), {"/box#0": mail("a"), "/box#1": mail("b")}),
        ("a.zip", zipped({"in.zip": zipped(MEMBERS)}), {f"/in.zip{name}": data for name, data in UNPACKED.items()}),
        ("a.zip", zipped({"t.tgz": tarred(MEMBERS, "w:gz")}), {f"/t.tgz{name}": data for name, data in UNPACKED.items()}),
        ("a.tar", tarred({"in.zip": zipped(MEMBERS)}), {f"/in.zip{name}": data for name, data in UNPACKED.items()}),
        ("a.zip.gz", gzip.compress(zipped(MEMBERS), mtime=0), UNPACKED),
        ("a.zip", zipped({"../../etc/a.eml": mail("a"), "/b.eml": mail("b")}), {"/../../etc/a.eml": mail("a"), "/b.eml": mail("b")}),
        ("a.zip", zipped({"__MACOSX/._a.eml": b"\0", ".b.eml": mail("b"), "a.eml": mail("a")}), {"/a.eml": mail("a")}),
    ],
)  # fmt: skip
def test_a_file_of_each_kind(tmp_path: Path, name: str, data: bytes, expected: dict[str, bytes]) -> None:
    path = put(tmp_path, {name: data}) / name
    expected = {str(path) + suffix: wanted for suffix, wanted in expected.items()}
    assert {message.source: message.data for message in sources.read([path])} == expected
    # The same file is the same in a folder.
    assert {message.source: message.data for message in sources.read([tmp_path])} == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (mail("a"), {"-": mail("a")}),
        (mbox("a", "b"), {"-#0": mail("a"), "-#1": mail("b")}),
        (zipped(MEMBERS), {f"-{name}": data for name, data in UNPACKED.items()}),
        (tarred(MEMBERS, "w:gz"), {f"-{name}": data for name, data in UNPACKED.items()}),
    ],
)
def test_standard_input(monkeypatch: pytest.MonkeyPatch, data: bytes, expected: dict[str, bytes]) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert {message.source: message.data for message in sources.read(["-"])} == expected


def test_a_pipe_is_read_like_the_standard_input(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.write(writer, mail("a"))
    os.close(writer)
    try:
        assert [message.data for message in sources.read([f"/dev/fd/{reader}"])] == [mail("a")]
    finally:
        os.close(reader)


def test_a_folder_is_searched_in_the_order_of_its_paths(tmp_path: Path) -> None:
    put(tmp_path, {name: mail(name) for name in ("b.eml", "a/2.eml", "a/10.eml", "a.eml", "c/d/e.txt", "Z")})
    reading = sources.read([tmp_path])
    assert list(found(reading, tmp_path)) == ["Z", "a.eml", "a/10.eml", "a/2.eml", "b.eml", "c/d/e.txt"]
    assert reading.messages == 6
    assert reading.summary() == []


def test_what_is_no_mail_in_a_folder_is_counted(tmp_path: Path) -> None:
    put(
        tmp_path,
        {
            "a.eml": mail("a"),
            "leads.csv": b"email,name\na@example.com,A\n",
            "README.md": b"# Bounces\n\nFrom: here\n",
            "logo.png": b"\x89PNG\r\n\x1a\n\0\0",
            "events.json": b'{"event": "bounce"}',
            "empty": b"",
            "book.xlsx": zipped({"[Content_Types].xml": b"<x/>"}),
            ".hidden": mail("hidden"),
            ".git/config.eml": mail("hidden"),
        },
    )
    reading = sources.read([tmp_path])
    assert list(found(reading, tmp_path)) == ["a.eml"]
    assert (reading.no_mail, reading.broken) == (6, 0)
    assert {Path(skip.source).name: skip.why for skip in reading.skipped} == {
        "README.md": "has no mail header",
        "book.xlsx": "is an Office document, no mail",
        "empty": "is empty",
        "events.json": "is JSON of no feed that is known",
        "leads.csv": "is a table, no mail; a campaign export goes with --log, a list of bounces needs a column bounce_reason",
        "logo.png": "is binary data, no mail",
    }
    first = reading.skipped[0]
    assert reading.summary() == [f"6 files were no message, such as {first.source}, which {first.why}"]


def test_of_files_that_are_no_message_one_is_named_that_may_hold_mail_all_the_same(tmp_path: Path) -> None:
    put(tmp_path, {"a.eml": mail("a"), "b.csv": b"a,b\n1,2\n", "c.csv": b"a,b\n1,2\n", "old.pst": b"!BDN" + bytes(99)})
    reading = sources.read([tmp_path])
    assert len(list(reading)) == 1
    why = "is an Outlook data file; export its mails as .eml or mbox"
    assert reading.summary() == [f"3 files were no message, such as {tmp_path / 'old.pst'}, which {why}"]


def test_maildir(tmp_path: Path) -> None:
    put(
        tmp_path,
        {
            "cur/1742.a.host:2,S": mail("seen"),
            "cur/1743.b.host:2,S": LINE + mail("with a From_ line") + b"\n" + LINE + mail("in its body"),
            "new/1744.c.host": mail("new"),
            "tmp/1745.d.host": mail("not delivered yet"),
            ".Bounces/cur/1746.e.host:2,": mail("in a subfolder"),
            ".Bounces/new/.keep": b"",
            ".Bounces/tmp/x": mail("no"),
            ".cache/x.eml": mail("no"),
            "dovecot-uidlist": b"3 V1 N2\n",
        },
    )
    reading = sources.read([tmp_path])
    got = found(reading, tmp_path)
    assert list(got) == [
        ".Bounces/cur/1746.e.host:2,",
        "cur/1742.a.host:2,S",
        "cur/1743.b.host:2,S",
        "new/1744.c.host",
    ]
    assert got["cur/1743.b.host:2,S"].count(b"Subject:") == 2
    assert b"not delivered" not in b"".join(got.values())


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_folder_with_traps_is_read_without_falling_in(tmp_path: Path) -> None:
    put(tmp_path, {"a.eml": mail("a"), "sub/b.eml": mail("b")})
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "sub" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "self").symlink_to(tmp_path / "self")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    (tmp_path / "link.eml").symlink_to(tmp_path / "a.eml")
    assert list(found(sources.read([tmp_path]), tmp_path)) == ["a.eml", "link.eml", "sub/b.eml"]


def test_names_that_are_no_utf8(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.eml")).write_bytes(mail("a"))
    (message,) = sources.read([tmp_path])
    assert os.fsencode(message.source).endswith(b"caf\xe9.eml")


# -- what is broken


def cut(data: bytes, share: float = 0.6) -> bytes:
    return data[: int(len(data) * share)]


def noise(size: int) -> bytes:
    return random.Random(7).randbytes(size)


def long_mail(name: str) -> bytes:
    return mail(name) + noise(20_000).hex().encode()


def encrypted_zip() -> bytes:
    """A zip whose first member says that it is encrypted."""
    data = bytearray(zipped({"secret.eml": mail("secret"), "a.eml": mail("a")}))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def zip_with_a_damaged_member() -> bytes:
    data = bytearray(zipped({"bad.eml": long_mail("bad"), "a.eml": mail("a")}))
    data[5000:5100] = bytes(100)
    return bytes(data)


def zip_with_a_method_of_the_future() -> bytes:
    data = bytearray(zipped({"odd.eml": mail("odd"), "a.eml": mail("a")}))
    data[8] = 99
    data[data.index(b"PK\x01\x02") + 10] = 99
    return bytes(data)


BROKEN = {
    "cut.zip": (cut(zipped({"a.eml": long_mail("a")})), "is cut off or damaged"),
    "cut.gz": (cut(gzip.compress(long_mail("a"), mtime=0)), "is cut off"),
    "cut.bz2": (cut(bz2.compress(long_mail("a"))), "is cut off"),
    "cut.xz": (cut(lzma.compress(long_mail("a"))), "is cut off"),
    "noise.gz": (b"\x1f\x8b\x08\0" + noise(1000), "is cut off or damaged"),
    "cut.tar": (tarred({"a.eml": long_mail("a")})[:5000], "is cut off"),
    "noise.zip": (b"PK\x03\x04" + noise(1000), "is cut off or damaged"),
    "end.zip": (b"PK\x05\x06" + noise(40), "is cut off or damaged"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_files(tmp_path: Path, name: str) -> None:
    data, why = BROKEN[name]
    put(tmp_path, {"a.eml": mail("a"), name: data})
    reading = sources.read([tmp_path])
    assert list(found(reading, tmp_path)) == ["a.eml"]
    assert reading.broken == 1
    assert reading.skipped[0].source.startswith(str(tmp_path / name))
    assert reading.skipped[0].why.startswith(why)
    with pytest.raises(UnreadableInputError) as caught:
        list(sources.read([tmp_path / name]))
    assert str(caught.value).startswith(str(tmp_path / name))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("data", "bad", "why"),
    [
        (encrypted_zip(), "secret.eml", "encrypted"),
        (zip_with_a_damaged_member(), "bad.eml", "damaged"),
        (zip_with_a_method_of_the_future(), "odd.eml", "not read"),
    ],
)
def test_a_broken_member_does_not_hide_the_others(tmp_path: Path, data: bytes, bad: str, why: str) -> None:
    path = put(tmp_path, {"x.zip": data}) / "x.zip"
    reading = sources.read([path])
    assert found(reading, path) == {"a.eml": mail("a")}
    assert [skip.source for skip in reading.skipped] == [f"{path}/{bad}"]
    assert why in reading.skipped[0].why


@pytest.mark.parametrize("name", ["box.mbox.gz", "all.tar", "all.tar.gz"])
def test_what_came_before_the_damage_is_kept(tmp_path: Path, name: str) -> None:
    if name.startswith("box"):
        data = cut(gzip.compress(LINE + mail("a") + b"\n" + LINE + long_mail("b") + b"\n" + LINE + long_mail("c")))
    else:
        data = tarred({"a.eml": mail("a"), "b.eml": long_mail("b")}, "w:gz" if name.endswith("gz") else "w")
        data = cut(data)
    path = put(tmp_path, {name: data}) / name
    reading = sources.read([path])
    assert next(iter(found(reading, path).values())) == mail("a")
    assert (reading.messages, reading.broken) in ((1, 1), (2, 1))


def test_a_tar_with_rubbish_in_the_middle_says_so(tmp_path: Path) -> None:
    first, second = tarred({"a.eml": mail("a")})[:1024], tarred({"b.eml": mail("b")})
    path = put(tmp_path, {"x.tar": first + b"rubbish!" * 64 + second}) / "x.tar"
    reading = sources.read([path])
    assert found(reading, path) == {"a.eml": mail("a")}
    assert reading.broken == 1


def test_names_in_an_archive_cannot_reach_the_terminal(tmp_path: Path) -> None:
    path = put(tmp_path, {"x.zip": zipped({"a\x1b[2J\n.eml": mail("a"), "b\r.gz": b"\x1f\x8b\x08\0"})}) / "x.zip"
    reading = sources.read([path])
    assert list(found(reading, path)) == ["a\ufffd[2J\ufffd.eml"]
    assert "\r" not in "".join(reading.summary())


def test_archives_are_followed_one_level_down(tmp_path: Path) -> None:
    deep = zipped({"deeper.zip": zipped({"deepest.zip": zipped({"a.eml": mail("a")})}), "b.eml": mail("b")})
    path = put(tmp_path, {"x.zip": deep}) / "x.zip"
    reading = sources.read([path])
    assert found(reading, path) == {"b.eml": mail("b")}
    assert "too deep" in reading.skipped[0].why


def test_compression_over_and_over(tmp_path: Path) -> None:
    data = mail("a")
    for _ in range(10):
        data = gzip.compress(data, mtime=0)
    path = put(tmp_path, {"x.gz": data}) / "x.gz"
    with pytest.raises(UnreadableInputError, match="too many times"):
        list(sources.read([path]))


SMALL = Bounds(
    message_bytes=100_000, archive_members=3, archive_ratio=20, archive_free_bytes=200_000, archive_held_bytes=50_000
)


def bomb() -> bytes:
    return LINE + mail("a") + b"\n" + b"".join(LINE + mail("b") + b"0" * 40_000 + b"\n\n" for _ in range(100))


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("x.eml", mail("a") + b"x" * 120_000, "is over 0 MiB"),
        ("x.eml.gz", gzip.compress(mail("a") + b"x" * 120_000, mtime=0), "is over 0 MiB"),
        ("x.mbox.gz", gzip.compress(bomb(), mtime=0), "expands more than 20 times"),
        ("x.mbox.xz", lzma.compress(bomb()), "expands more than 20 times"),
        ("x.zip", zipped({"x.mbox": bomb()}), "expands more than 20 times"),
        ("x.tar.gz", tarred({"x.mbox": bomb()}, "w:gz"), "expands more than 20 times"),
        ("x.zip", zipped({f"{n}.eml": mail("a") for n in range(4)}), "holds more than 3 files"),
        ("x.tar", tarred({f"{n}.eml": mail("a") for n in range(4)}), "holds more than 3 files"),
        ("x.zip.gz", gzip.compress(zipped({"a.eml": noise(60_000)})), "is an archive of over 0 MiB"),
    ],
)
def test_limits(tmp_path: Path, name: str, data: bytes, why: str) -> None:
    put(tmp_path, {"a.eml": mail("a"), name: data})
    reading = sources.read([tmp_path], bounds=SMALL)
    assert found(reading, tmp_path)["a.eml"] == mail("a")
    assert reading.broken == 1
    assert reading.skipped[0].why.startswith(why)


def test_a_box_goes_on_behind_a_message_that_is_too_big(tmp_path: Path) -> None:
    box = b"".join([LINE, mail("a"), b"\n", LINE, mail("b"), b"x" * 120_000, b"\n\n", LINE, mail("c")])
    path = put(tmp_path, {"box": box}) / "box"
    reading = sources.read([path], bounds=SMALL)
    assert found(reading, tmp_path) == {"box#0": mail("a"), "box#2": mail("c")}
    assert [skip.source for skip in reading.skipped] == [f"{path}#1"]


# -- what was given wrongly


def test_sources_may_come_as_a_list_and_what_is_no_path_is_told_in_one_line(tmp_path: Path) -> None:
    one, other = put(tmp_path, {"a.eml": mail("a")}) / "a.eml", put(tmp_path, {"b.eml": mail("b")}) / "b.eml"
    assert analyzer.parse([one, str(other)], all_kinds=True).equals(analyzer.parse(one, other, all_kinds=True))
    assert len(list(analyzer.read((one, other)))) == 2
    with pytest.raises(
        TypeError, match=r"^parse: a source is the path of a file \(str or Path\), not bytes; write mail"
    ):
        analyzer.parse(mail("a"))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^bounces: a source is the path .* not int;"):
        analyzer.diagnose(bounces=[7], log=tmp_path / "log.csv")  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda folder: folder / "nowhere.eml", "does not exist; check the path"),
        (lambda folder: folder, "holds no message"),
        (lambda folder: put(folder, {"a.mbox": b""}) / "a.mbox", "is empty"),
        (lambda folder: put(folder, {"a.csv": b"email\na@example.com\n"}) / "a.csv", "has no mail header; give a mail"),
        (lambda folder: put(folder, {"a.csv": b"email\na@example.com\n"}), "holds no message"),
        (lambda folder: put(folder, {"cur/x": b"", "new/x": b"", "tmp/x": mail()}), "holds no message"),
        (lambda folder: put(folder, {"a.zip": zipped({})}) / "a.zip", "holds no message"),
        (lambda folder: put(folder, {"a.zip": zipped({"a.txt": b"no"})}) / "a.zip", "a.txt has no mail header"),
        (lambda folder: put(folder, {"a.eml": noise(5000)}) / "a.eml", "is binary data"),
        (lambda folder: put(folder, {"a.msg": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"}) / "a.msg", "is cut off or damaged"),
        (lambda folder: "imaps://example.com/INBOX", "names no user; write it as imaps://user@host/FOLDER"),
        (lambda folder: "", "does not exist"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_line(tmp_path: Path, make, says: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UnreadableInputError) as caught:
        list(sources.read([make(tmp_path)]))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_password_in_an_address_is_not_repeated() -> None:
    with pytest.raises(UnreadableInputError) as caught:
        sources.read(["imaps://jane:secret@example.com/INBOX"])
    assert "secret" not in str(caught.value)


def test_missing_sources_are_told_before_anything_is_read(tmp_path: Path) -> None:
    path = put(tmp_path, {"a.eml": mail("a")}) / "a.eml"
    with pytest.raises(UnreadableInputError, match="does not exist"):
        sources.read([path, tmp_path / "nowhere"])


def test_an_empty_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    with pytest.raises(UnreadableInputError, match="standard input: is empty"):
        list(sources.read(["-"]))


# -- the summary, and what is kept


def test_rejects_are_kept_with_their_reason(tmp_path: Path) -> None:
    big = mail("big") + b"x" * 120_000
    put(tmp_path / "in", {"a.eml": mail("a"), "b.eml": big, "c.gz": b"\x1f\x8b\x08\0" + noise(100), "d.txt": b"no"})
    reading = sources.read([tmp_path / "in"], rejects=Rejects(tmp_path / "out"), bounds=SMALL)
    assert len(list(reading)) == 1
    lines = [orjson.loads(line) for line in (tmp_path / "out" / "rejects.jsonl").read_bytes().splitlines()]
    assert [(Path(line["source"]).name, line["file"]) for line in lines] == [("b.eml", "00001-b.eml"), ("c.gz", "")]
    assert (tmp_path / "out" / "00001-b.eml").read_bytes() == big
    over, no_mail, unread = reading.summary()[:3]
    assert over.startswith("1 message over message_bytes (100000): left out") and over.endswith("b.eml")
    assert no_mail == f"1 file was no message: {tmp_path / 'in' / 'd.txt'} has no mail header"
    assert unread == "1 could not be read:"


def test_rejects_never_write_over_each_other(tmp_path: Path) -> None:
    for _ in range(2):
        Rejects(tmp_path).keep("in/../x.zip/../../a b.eml#3", "broken", b"data")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "00001-a_b.eml_3.eml",
        "00002-a_b.eml_3.eml",
        "rejects.jsonl",
    ]


def test_a_folder_for_rejects_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="--rejects"):
        Rejects(tmp_path / "file" / "out").keep("a", "broken", b"data")


def test_the_summary_names_ten_and_counts_the_rest(tmp_path: Path) -> None:
    put(tmp_path, {f"{n:02}.gz": cut(gzip.compress(long_mail("a"), mtime=0)) for n in range(30)} | {"a.eml": mail("a")})
    reading = sources.read([tmp_path])
    list(reading)
    lines = reading.summary()
    assert lines[0] == "30 could not be read:"
    assert lines[-1] == "  and more; most often: is cut off (30)"
    assert len(lines) == 12


# -- memory


@pytest.mark.parametrize("packed", [False, True])
def test_a_big_box_is_read_in_flat_memory(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / "box"
    block = b"".join(LINE + mail(str(n)) + noise(3000).hex().encode() + b"\n\n" for n in range(160))
    count = 60_000_000 // len(block)
    with path.open("wb") as file:
        if packed:
            pack = zlib.compressobj(1, wbits=31)
            file.writelines(pack.compress(block) for _ in range(count))
            file.write(pack.flush())
        else:
            file.writelines(block for _ in range(count))
    tracemalloc.start()
    assert sum(1 for _ in sources.read([path])) == 160 * count
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20
