"""The journal: what was kept comes out whole and in order, whatever was done to the files."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path

import pytest

from analyzer.errors import OutputError
from analyzer.webhooks import journal as module
from analyzer.webhooks.journal import Entry, Journal, Position


def kept(journal: Journal, *bodies: bytes) -> None:
    async def keep() -> None:
        await asyncio.gather(*(journal.append("/x", body) for body in bodies))

    asyncio.run(keep())


def bodies(journal: Journal, start: Position | None = None) -> list[bytes | None]:
    return [entry.body for entry in journal.entries(start or journal.taken)]


def newest(folder: Path) -> Path:
    return max(path for path in folder.glob("*.journal") if path.stat().st_size)


def test_what_was_kept_comes_out_in_order_after_a_start_too(tmp_path: Path) -> None:
    many = [os.urandom(size) for size in (0, 1, 5, 70_000)] + [module.MAGIC * 3, b"\n\n"]
    journal = Journal(tmp_path)
    kept(journal, *many)
    assert bodies(journal) == many
    journal.close()
    journal = Journal(tmp_path)
    kept(journal, b"later")
    assert bodies(journal) == [*many, b"later"]
    journal.close()


def test_what_is_taken_does_not_come_again_and_its_segments_go(tmp_path: Path) -> None:
    journal = Journal(tmp_path, segment_bytes=200)
    for number in range(10):
        kept(journal, b"x" * 100 + str(number).encode())
    entries = list(journal.entries(journal.taken))
    assert len(list(tmp_path.glob("*.journal"))) > 3
    journal.advance(entries[6].end, 7, None)
    assert bodies(journal) == [entry.body for entry in entries[7:]]
    journal.close()
    journal = Journal(tmp_path)
    assert bodies(journal) == [entry.body for entry in entries[7:]]
    rest = list(journal.entries(journal.taken))
    journal.advance(rest[-1].end, 3, None)
    assert journal.waiting_bytes == 0
    assert sum(path.stat().st_size for path in tmp_path.glob("*.journal")) == 0
    journal.close()


@pytest.mark.parametrize("cut", [1, 5, 11, 12, 40, 90])
def test_a_torn_end_is_left_out(tmp_path: Path, cut: int) -> None:
    journal = Journal(tmp_path)
    kept(journal, b"whole", b"y" * 60)
    journal.close()
    path = newest(tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[:-cut])
    journal = Journal(tmp_path)
    kept(journal, b"later")
    assert bodies(journal) == [b"whole", b"later"]
    journal.close()


def test_a_damaged_frame_is_told_and_those_behind_it_are_read(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    for body in (b"first", b"second", b"third"):
        kept(journal, body)
    journal.close()
    path = newest(tmp_path)
    path.write_bytes(path.read_bytes().replace(b"second", b"sec0nd"))
    journal = Journal(tmp_path)
    found = list(journal.entries(journal.taken))
    assert [entry.body for entry in found] == [b"first", None, b"third"]
    assert b"sec0nd" in found[1].raw
    assert isinstance(found[1], Entry)
    assert (found[0].end, found[1].end) == (found[1].begin, found[2].begin)
    journal.close()


@pytest.mark.parametrize("checkpoint", [b"", b"{", b"[]", b'{"segment": "x"}', b'{"segment": 1}'])
def test_a_broken_checkpoint_means_from_the_beginning(tmp_path: Path, checkpoint: bytes) -> None:
    journal = Journal(tmp_path)
    kept(journal, b"a", b"b")
    journal.close()
    (tmp_path / "checkpoint.json").write_bytes(checkpoint)
    journal = Journal(tmp_path)
    assert bodies(journal) == [b"a", b"b"]
    journal.close()


@pytest.mark.parametrize("failing", ["write", "fdatasync"])
def test_a_disk_that_fails_is_told_to_who_waits_and_the_next_is_kept(
    tmp_path: Path, failing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(tmp_path)
    kept(journal, b"before")
    real = getattr(os, failing)

    def fail(file: int, *data: bytes) -> int:
        if failing == "write":
            real(file, bytes(data[0])[:7])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module.os, failing, fail)
    with pytest.raises(OSError, match="No space left"):
        kept(journal, b"lost")
    assert journal.trouble == "No space left on device"
    monkeypatch.setattr(module.os, failing, real)
    kept(journal, b"after")
    assert journal.trouble == ""
    # After a failed sync the request may be there: its sender was told to send it again.
    assert [body for body in bodies(journal) if body != b"lost"] == [b"before", b"after"]
    journal.close()


def test_a_folder_of_other_things_is_not_made_a_journal(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("")
    tmp_path.chmod(0o755)
    with pytest.raises(OutputError, match="is no journal, and others may look into it"):
        Journal(tmp_path)
    assert tmp_path.stat().st_mode & 0o777 == 0o755
    assert [path.name for path in tmp_path.iterdir()] == ["other"]


def test_those_that_come_together_share_a_sync(tmp_path: Path) -> None:
    syncs: list[float] = []
    journal = Journal(tmp_path, synced=syncs.append)
    kept(journal, *(b"x" for _ in range(500)))
    assert len(syncs) < 50
    assert len(bodies(journal)) == 500
    journal.close()


def test_a_segment_that_is_taken_is_left_for_a_new_one(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    kept(journal, b"a")
    (entry,) = journal.entries(journal.taken)
    journal.advance(entry.end, 1, None)
    journal.turn()
    kept(journal, b"b")
    assert bodies(journal) == [b"b"]
    journal.advance(next(iter(journal.entries(journal.taken))).end, 1, None)
    assert len(list(tmp_path.glob("*.journal"))) == 1
    journal.close()


def test_a_start_that_comes_to_nothing_leaves_no_segment(tmp_path: Path) -> None:
    for _ in range(3):
        Journal(tmp_path).close()
    assert not list(tmp_path.glob("*.journal"))


def test_a_folder_that_is_gone_is_no_place_to_keep_anything(tmp_path: Path) -> None:
    folder, away = tmp_path / "journal", tmp_path / "away"
    journal = Journal(folder)
    kept(journal, b"before")
    folder.rename(away)
    for _ in range(2):
        with pytest.raises(OSError, match=r"No such file|another one"):
            kept(journal, b"lost")
    assert journal.trouble
    away.rename(folder)
    kept(journal, b"after")
    assert journal.trouble == ""
    assert [body for body in bodies(journal) if body != b"lost"] == [b"before", b"after"]
    journal.close()


def test_a_full_disk_leaves_no_file_for_each_request_and_room_for_the_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(tmp_path)
    kept(journal, b"before")
    monkeypatch.setattr(module, "_SPARE_BYTES", 2**62)
    for _ in range(20):
        with pytest.raises(OSError, match="No space left"):
            kept(journal, b"lost")
    assert len(list(tmp_path.glob("*.journal"))) <= 2
    (entry,) = journal.entries(journal.taken)
    journal.advance(entry.end, 1, None)
    monkeypatch.undo()
    kept(journal, b"after")
    assert bodies(journal) == [b"after"]
    journal.close()


def test_what_is_taken_makes_room_before_the_checkpoint_needs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(tmp_path, segment_bytes=1)
    kept(journal, b"a")
    kept(journal, b"b")
    first = next(iter(journal.entries(journal.taken)))

    def full(path: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(module, "_private", full)
    with pytest.raises(OSError, match="No space left"):
        journal.advance(first.end, 1, None)
    assert len(list(tmp_path.glob("*.journal"))) == 1
    monkeypatch.undo()
    assert bodies(journal) == [b"b"]
    journal.close()
