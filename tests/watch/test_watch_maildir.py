"""A Maildir, followed: read as programs move its messages about, and never changed."""

from __future__ import annotations

import gzip
import io
import os
import time
from datetime import date
from pathlib import Path

import pytest
from bounce_mail import ANSWER, bounce, kept, wait_for

from analyzer.errors import UnreadableInputError
from analyzer.history.iso_weeks import first_day
from analyzer.watch import Watched, watch


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    for part in ("tmp", "new", "cur"):
        (tmp_path / "mail" / part).mkdir(parents=True)
    return tmp_path / "mail"


def put(maildir: Path, number: int, place: str = "new", data: bytes | None = None) -> Path:
    path = maildir / place / (f"{1000 + number}.M1P1.host" + (":2," if place == "cur" else ""))
    (maildir / "tmp" / "x").write_bytes(bounce(number) if data is None else data)
    return (maildir / "tmp" / "x").rename(path)


def once(place: Path, watched: Watched) -> str:
    stream = io.StringIO()
    watch(place, watched, once=True, stream=stream)
    return stream.getvalue()


def listing(maildir: Path) -> list[tuple[str, int, int]]:
    return sorted(
        (str(path), path.stat().st_mtime_ns, path.stat().st_mode) for path in maildir.rglob("*") if path.is_file()
    )


def test_what_comes_is_kept_and_nothing_is_touched(maildir, place, following):
    put(maildir, 0, "cur")
    running = following(Watched(maildir=maildir))
    wait_for(place, 1)
    for number in (1, 2):
        put(maildir, number)
        before = listing(maildir)
        assert wait_for(place, number + 1) < 10
        assert listing(maildir) == before
    put(maildir, 3, "tmp")  # under way
    time.sleep(0.5)
    assert running.stop().new == 3
    assert kept(place) == [0, 1, 2]


def test_a_message_is_the_same_wherever_it_is_moved(maildir, place):
    paths = [put(maildir, number) for number in range(3)]
    assert "messages=3" in once(place, Watched(maildir=maildir))
    for path in paths:
        path.rename(maildir / "cur" / f"{path.name}:2,S")
    put(maildir, 3)
    assert "messages=1 bounces=1 new=1" in once(place, Watched(maildir=maildir))
    # What is gone is forgotten, so that the state does not grow for ever; what stays is not read again.
    for path in (maildir / "cur").iterdir():
        path.unlink()
    assert "event=taken" not in once(place, Watched(maildir=maildir))
    from analyzer.watch.state import State

    state = State(place / "watch", f"maildir|{maildir.resolve()}")
    assert state.taken() == {"1003.M1P1.host"}
    state.close()


def test_what_cannot_be_read_holds_nothing_up(maildir, place):
    put(maildir, 0)
    (maildir / "new" / "1001.dangling").symlink_to(maildir / "nowhere")
    (maildir / "new" / "1002.folder").mkdir()
    put(maildir, 3, data=b"\x00\xff" * 200)
    put(maildir, 4, data=b"")
    put(maildir, 5, data=ANSWER)
    put(maildir, 6)
    said = once(place, Watched(maildir=maildir))
    assert "event=skipped" in said
    assert kept(place) == [0, 6]


def test_messages_that_the_server_compressed(maildir, place):
    put(maildir, 0, data=gzip.compress(bounce(0)))
    put(maildir, 1)
    once(place, Watched(maildir=maildir))
    assert kept(place) == [0, 1]


def test_since(maildir, place):
    for number in range(3):
        at = time.mktime((2026, 3, 1 + number, 12, 0, 0, 0, 0, 0))
        os.utime(put(maildir, number), (at, at))
    once(place, Watched(maildir=maildir, since=date(2026, 3, 2)))
    assert kept(place) == [1, 2]
    assert first_day("2026-W10") == first_day("2026-03-02") == date(2026, 3, 2)


def test_what_is_no_maildir(tmp_path, place):
    with pytest.raises(UnreadableInputError, match="is no Maildir"):
        once(place, Watched(maildir=tmp_path))
