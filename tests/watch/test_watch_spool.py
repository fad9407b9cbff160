"""A spool file, followed: through rotation and truncation, in step with those who write to it, never half a message."""

from __future__ import annotations

import fcntl
import io
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from bounce_mail import ANSWER, as_mbox, bounce, bounces, kept, wait_for
from servers.programs import started

from analyzer.errors import UnreadableInputError
from analyzer.watch import Watched, watch

#: Shorter than in use, so that the tests are.
QUIET_S = 0.6


@pytest.fixture
def spool(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.setattr("analyzer.watch.spool._QUIET_S", QUIET_S)
    return tmp_path / "spool"


def append(spool: Path, data: bytes) -> None:
    with spool.open("ab") as file:
        file.write(data)


def once(place: Path, spool: Path) -> str:
    stream = io.StringIO()
    watch(place, Watched(spool=spool), once=True, stream=stream)
    return stream.getvalue()


def test_what_is_appended_is_kept(spool, place, following):
    running = following(Watched(spool=spool))  # which comes with the first mail
    time.sleep(0.5)
    for number in range(3):
        append(spool, as_mbox([ANSWER, bounce(number)] if number else [bounce(number)]))
        wait_for(place, number + 1)
    before = spool.stat()
    assert running.stop().messages == 5
    assert kept(place) == [0, 1, 2]
    assert spool.stat() == before
    assert "event=taken" not in once(place, spool)


def test_half_a_message_is_not_taken(spool, place, following):
    """A writer who knows no locks stops in the middle of a message: what is whole before it is taken, it is not."""
    last = as_mbox([bounce(2)])
    append(spool, as_mbox(bounces(range(2))))
    following(Watched(spool=spool))
    wait_for(place, 2)
    # Begun only now: left alone for as long as a program may take to start, the half would count as the end.
    append(spool, last[:700])
    for start in range(700, len(last), 100):
        append(spool, last[start : start + 100])
        time.sleep(0.1)
        assert len(kept(place)) == 2 or start + 100 >= len(last)
    wait_for(place, 3)
    assert kept(place) == [0, 1, 2]


def test_a_message_that_grew_after_all_is_read_again_whole(spool, place):
    last = as_mbox([bounce(1)])
    append(spool, as_mbox([bounce(0)]) + last[:-700])
    once(place, spool)
    append(spool, last[-700:] + as_mbox([bounce(2)]))
    once(place, spool)
    assert set(kept(place)) >= {0, 1, 2}


@pytest.mark.parametrize("way", ["rename", "copytruncate", "emptied", "rewritten"])
def test_another_file_in_its_place(spool, place, way):
    """What came between the last look and the rotation stands in the old file, and is read there."""
    append(spool, as_mbox(bounces(range(4))))
    once(place, spool)
    append(spool, as_mbox(bounces([4, 5])))
    old = spool.with_name("spool.1")
    if way == "rename":
        spool.rename(old)
    elif way == "copytruncate":
        old.write_bytes(spool.read_bytes())
        spool.write_bytes(b"")
    elif way == "emptied":
        once(place, spool)
        spool.write_bytes(b"")
    else:  # a mail program took the first message out
        spool.write_bytes(as_mbox(bounces(range(1, 6))))
    append(spool, as_mbox(bounces(range(6, 20))))
    said = once(place, spool)
    assert "event=rotated" in said
    assert kept(place) == list(range(20))
    assert "event=taken" not in once(place, spool)


def test_rotated_again_and_again_while_nobody_looked(spool, place):
    """And what lies beside it under a name that only begins alike is somebody else's."""
    append(spool, as_mbox(bounces(range(2))))
    once(place, spool)
    for number in range(2, 6):
        append(spool, as_mbox([bounce(number)]))
        spool.rename(spool.with_name(f"spool-2026030{number}"))
    spool.with_name("spool.smith").write_bytes(as_mbox([bounce(99)]))
    spool.with_name("spool.0.gz").write_bytes(b"\x1f\x8b")
    assert once(place, spool).count("event=rotated") == 1
    assert kept(place) == list(range(6))
    append(spool, as_mbox([bounce(6)]))
    once(place, spool)
    assert kept(place) == list(range(7))
    assert "event=rotated" not in once(place, spool)


def test_nobody_is_disturbed_while_writing(spool, place, following):
    """A delivery that holds its lock, with the message half written: nothing is read until it lets go."""
    append(spool, as_mbox([bounce(0)]))
    program = f"""
import fcntl, sys, time
file = open({str(spool)!r}, "ab")
fcntl.lockf(file, fcntl.LOCK_EX)
data = sys.stdin.buffer.read()
file.write(data[:900]); file.flush()
print("held", flush=True)
time.sleep(2.5)
file.write(data[900:]); file.flush()
fcntl.lockf(file, fcntl.LOCK_UN)
"""
    with started([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        writer.stdin.write(as_mbox([bounce(1)]))
        writer.stdin.close()
        assert writer.stdout.readline() == b"held\n"
        following(Watched(spool=spool))
        time.sleep(1.5)  # long enough to count as left alone
        assert kept(place) == []
        wait_for(place, 2)
    assert kept(place) == [0, 1]
    # And it lets go of it itself.
    with spool.open("ab") as file:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_lock_file_is_respected_and_a_forgotten_one_is_not(spool, place, following):
    import os

    append(spool, as_mbox([bounce(0)]))
    lock = spool.with_name("spool.lock")
    lock.write_text("")
    following(Watched(spool=spool))
    time.sleep(1.5)
    assert kept(place) == []
    os.utime(lock, (1, 1))
    wait_for(place, 1)


def test_a_rotation_in_the_moment_of_starting_is_no_error(spool, place, monkeypatch):
    """There when it is looked for, and gone when it is looked at: the next mail brings the new one."""
    append(spool, as_mbox([bounce(0)]))
    real = Path.stat

    def stat(path: Path, **options: Any) -> Any:
        about, asks = real(path, **options), sys._getframe(1).f_code.co_name
        if path == spool and asks in ("exists", "open"):
            spool.rename(spool.with_name("spool.1"))
        return about if asks == "exists" else real(path, **options)

    monkeypatch.setattr(Path, "stat", stat)
    assert "event=stopped" in once(place, spool)


def test_what_is_no_file(tmp_path, place):
    with pytest.raises(UnreadableInputError, match="is no file"):
        once(place, tmp_path)
    with pytest.raises(UnreadableInputError, match="is no file"):
        once(place, tmp_path / "no" / "such")
