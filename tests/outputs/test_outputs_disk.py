"""A full disk, no permission, a closed pipe, files that vanish: one line, exit code 2, and what was there before is whole.

The full disk is a real file system of one megabyte, and the missing permission that of another user: both need root.
"""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from output_campaign import Small
from output_forks import Ended, Forks
from servers.programs import started

from analyzer.errors import OutputError
from analyzer.files import atomic
from analyzer.sources import Rejects

NOBODY = 65534


def one_line(ended: Ended, *words: str) -> None:
    """A run that could not do what it was asked said so in one line."""
    lines = [line for line in ended.err.splitlines() if line.startswith("bounce-analyzer: ")]
    assert ended.code == 2, (ended.code, ended.err)
    assert len(lines) == 1, ended.err
    assert ended.err.rstrip("\n").splitlines()[-1] == lines[0]
    assert "Traceback" not in ended.err
    for word in words:
        assert word in lines[0].lower(), lines[0]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own that holds 256 kB and no more."""
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", place], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def fill(disk: Path, left: int = 8192) -> None:
    """Leave so many bytes."""
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    (disk / "ballast").write_bytes(b"x" * (free - left))


def commands(small: Small, diagnosed: Path, workspace: Path, out: Path) -> dict[str, list[object]]:
    """Each command that writes files, into `out`."""
    return {
        "parse": ["parse", small.bounces, "--jobs", "1", "--out", out / "rows.jsonl"],
        "parquet": ["parse", small.bounces, "--jobs", "1", "--out", out / "rows.parquet"],
        "rejects": ["parse", small.folder / "odd.eml", "--rejects", out / "rejects"],
        "diagnose": ["diagnose", *small.inputs(), "--next", small.ahead, "--jobs", "1", "--out", out],
        "check": ["check", small.ahead, "--allow-reserved", "--jobs", "1", "--out", out / "leads.csv"],
        "workbook": ["check", small.ahead, "--allow-reserved", "--jobs", "1", "--out", out / "leads.xlsx"],
        "export": ["export", "sendgrid", diagnosed, "--out", out],
        "suggest": ["rules", "suggest", small.bounces, "--least", "1", "--most", "200", "--out", out / "own.toml"],
        "ingest": ["ingest", "--workspace", out / "new", *small.inputs(), "--jobs", "1"],
        "weekly": ["weekly", "--workspace", workspace, "--out", out / "weeks"],
        "tables": ["workspace", "export", "--workspace", workspace, "--out", out / "tables"],
        "watch": ["watch", "--spool", small.bounces, "--once", "--workspace", out / "watched"],
    }


NAMES = list(commands(Small(Path()), Path(), Path(), Path()))


def temporary(folder: Path) -> list[str]:
    """What would be left of something half written."""
    return [str(path) for path in folder.rglob(".*") if not path.name.endswith(".crc")]


@pytest.mark.parametrize("name", [name for name in NAMES if name not in {"rejects", "export", "suggest"}])
def test_a_full_disk(name: str, disk: Path, small: Small, diagnosed: Path, workspace: Path, forks: Forks) -> None:
    old = {
        "rows.jsonl": b"old\n",
        "rows.parquet": b"old",
        "leads.csv": b"old\n",
        "leads.xlsx": b"old",
        "report.html": b"old",
    }
    for file, content in old.items():
        (disk / file).write_bytes(content)
    fill(disk)
    ended = forks.run(*commands(small, diagnosed, workspace, disk)[name])
    one_line(ended, "full" if name == "watch" else "no space left")
    assert {file: (disk / file).read_bytes() for file in old} == old
    assert temporary(disk) == []


@pytest.mark.parametrize("name", [name for name in NAMES if name not in {"rejects", "suggest", "export"}])
def test_files_that_may_not_grow(
    name: str, small: Small, diagnosed: Path, workspace: Path, forks: Forks, tmp_path: Path
) -> None:
    """A limit on the size of one file (`ulimit -f`), which answers as a quota does."""
    (tmp_path / "out").mkdir()
    ended = forks.run(*commands(small, diagnosed, workspace, tmp_path / "out")[name], file_bytes=2000)
    one_line(ended, "cannot keep its state" if name == "watch" else "too large")
    assert temporary(tmp_path) == []


@pytest.mark.parametrize("name", [name for name in NAMES if name not in {"weekly", "workbook", "parquet"}])
def test_a_folder_that_may_not_be_written(
    name: str, small: Small, diagnosed: Path, workspace: Path, forks: Forks, tmp_path: Path
) -> None:
    out = tmp_path / "locked"
    out.mkdir(mode=0o555)
    ended = forks.run(*commands(small, diagnosed, workspace, out)[name], powerless=True)
    one_line(ended, "permission denied")
    assert list(out.iterdir()) == []


@pytest.mark.parametrize("name", [name for name in NAMES if name in {"parse", "rejects", "check", "tables"}])
def test_a_file_system_that_is_read_only(
    name: str, disk: Path, small: Small, diagnosed: Path, workspace: Path, forks: Forks
) -> None:
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    ended = forks.run(*commands(small, diagnosed, workspace, disk)[name])
    one_line(ended, "read-only")


@pytest.mark.parametrize(
    "name", [name for name in NAMES if name not in {"rejects", "weekly", "ingest", "workbook", "parquet"}]
)
def test_a_file_where_the_folder_should_be(
    name: str, small: Small, diagnosed: Path, workspace: Path, forks: Forks, tmp_path: Path
) -> None:
    (tmp_path / "out").write_bytes(b"mine")
    one_line(forks.run(*commands(small, diagnosed, workspace, tmp_path / "out")[name]))
    assert (tmp_path / "out").read_bytes() == b"mine"
    assert temporary(tmp_path) == []


@pytest.mark.parametrize(
    "arguments",
    [["parse", "BOUNCES"], ["diagnose", "--json"], ["check", "NEXT", "--json"], ["export", "ses", "REPORT"], ["rules", "list"], ["--help"]],
    ids=lambda arguments: arguments[0],
)  # fmt: skip
def test_a_standard_output_that_takes_no_more(
    arguments: list[str], small: Small, diagnosed: Path, forks: Forks
) -> None:
    places = {"BOUNCES": small.bounces, "NEXT": small.ahead, "REPORT": diagnosed}
    given = [places.get(one, one) for one in arguments] + (small.inputs() if arguments[0] == "diagnose" else [])  # type: ignore[operator]
    one_line(forks.run(*given, stdout="/dev/full"), "no space left")


@pytest.mark.parametrize(
    "command", [["parse", "BOUNCES"], ["rules", "list"], ["export", "plain", "REPORT"]], ids=" ".join
)
def test_a_reader_that_goes_away(command: list[str], small: Small, diagnosed: Path) -> None:
    places = {"BOUNCES": str(small.bounces), "REPORT": str(diagnosed)}
    run = [sys.executable, "-m", "analyzer", *(places.get(one, one) for one in command)]
    with started(run, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout and running.stderr
        running.stdout.close()
        err = running.stderr.read()
    assert running.returncode == 0, err
    assert "Traceback" not in err and "Broken" not in err and "ignored" not in err


def test_what_cannot_be_read_in_a_folder_is_named_and_the_rest_is_read(
    small: Small, forks: Forks, tmp_path: Path
) -> None:
    mails = tmp_path / "mails"
    mails.mkdir()
    (mails / "good.mbox").write_bytes(small.bounces.read_bytes())
    (mails / "locked.eml").write_bytes(b"From: x\n\n")
    (mails / "locked.eml").chmod(0)
    (mails / "gone.eml").symlink_to("nowhere")
    for folder in (tmp_path, mails):
        folder.chmod(0o755)
    done = forks.run("parse", mails, "--jobs", "1", powerless=True)
    assert done.code == 0
    assert len(done.out.splitlines()) > 40
    assert "locked.eml" in done.err
    one_line(forks.run("parse", mails / "locked.eml", powerless=True), "locked.eml", "may not be read")
    one_line(forks.run("diagnose", "--log", mails / "locked.eml", powerless=True), "locked.eml", "permission denied")
    one_line(forks.run("parse", mails / "never.eml"), "never.eml", "does not exist")


def test_a_folder_that_changes_while_it_is_read(small: Small, forks: Forks, tmp_path: Path) -> None:
    """Mails come and go under the reader's feet: it reads what is there, and ends as ever."""
    mails = tmp_path / "mails"
    mails.mkdir()
    mail = small.bounces.read_bytes().split(b"\nFrom ", 2)[0].split(b"\n", 1)[1]
    for number in range(600):
        (mails / f"{number:04}.eml").write_bytes(mail)
    running = forks.start("parse", mails, "--jobs", "1", "--out", tmp_path / "rows.jsonl")
    for number in range(599, 0, -2):
        (mails / f"{number:04}.eml").unlink()
        (mails / f"new-{number:04}.eml").write_bytes(mail)
    ended = running.ended()
    assert ended.code == 0, ended.err
    assert "Traceback" not in ended.err
    rows = (tmp_path / "rows.jsonl").read_text().splitlines()
    assert 300 <= len(rows) <= 900


# How files are written


def test_new_files_have_the_users_own_permissions(small: Small, diagnosed: Path, workspace: Path, forks: Forks, tmp_path: Path) -> None:  # fmt: skip
    for umask, mode in ((0o077, 0o600), (0o027, 0o640)):
        out = tmp_path / f"{umask:o}"
        out.mkdir()
        for name in ("parse", "check", "export", "tables"):
            done = forks.run(*commands(small, diagnosed, workspace, out)[name], umask=umask)
            assert done.code == 0, done.err
        modes = {stat.S_IMODE(path.stat().st_mode) for path in out.rglob("*") if path.is_file()}
        assert modes == {mode}
    kept = tmp_path / "77" / "rows.jsonl"
    assert forks.run("parse", small.bounces, "--out", kept, "--jobs", "1").code == 0
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600  # as the file it replaces


def test_what_is_being_written_is_for_its_owner_alone(tmp_path: Path) -> None:
    with atomic(tmp_path / "rows.csv") as unfinished:
        assert stat.S_IMODE(unfinished.stat().st_mode) == 0o600
        assert unfinished.parent == tmp_path
        assert unfinished.name.startswith(".rows-")
    assert [path.name for path in tmp_path.iterdir()] == ["rows.csv"]


def shared(tmp_path: Path) -> Path:
    """A folder such as /tmp."""
    place = tmp_path / "shared"
    place.mkdir()
    place.chmod(0o1777)
    return place


def test_a_link_of_ours_is_followed_and_stays(tmp_path: Path) -> None:
    (tmp_path / "real.csv").write_text("old")
    (tmp_path / "link.csv").symlink_to("real.csv")
    with atomic(tmp_path / "link.csv") as unfinished:
        unfinished.write_text("new")
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_text() == "new"


@pytest.mark.parametrize("trap", ["link", "pipe"])
def test_what_somebody_else_put_into_a_shared_folder_is_not_written_through(trap: str, tmp_path: Path) -> None:
    """As the kernel's protected_symlinks and protected_fifos have it for those who open files."""
    place, precious = shared(tmp_path), tmp_path / "precious"
    precious.write_text("precious")
    if trap == "link":
        (place / "rows.csv").symlink_to(precious)
    else:
        os.mkfifo(place / "rows.csv")
    os.chown(place / "rows.csv", NOBODY, NOBODY, follow_symlinks=False)
    with pytest.raises(OutputError, match="somebody else"), atomic(place / "rows.csv") as unfinished:
        unfinished.write_text("ours")
    assert precious.read_text() == "precious"


def test_rejects_are_never_written_through_a_link(tmp_path: Path) -> None:
    place, precious = tmp_path / "rejects", tmp_path / "precious"
    place.mkdir()
    precious.write_text("precious")
    (place / "00001-a.eml").symlink_to(precious)
    (place / "00002-a.eml").symlink_to("nowhere")
    rejects = Rejects(place)
    rejects.keep("x/../../a.eml", "odd", b"data")
    assert (place / "00003-a.eml").read_bytes() == b"data"
    assert precious.read_text() == "precious"
    (place / "rejects.jsonl").unlink()
    (place / "rejects.jsonl").symlink_to(precious)
    with pytest.raises(OutputError, match="link"):
        rejects.keep("b.eml", "odd", b"data")
    assert precious.read_text() == "precious"
