"""Ctrl-C and SIGTERM, whenever they come: one line, 130 or 143, nothing half-written, and what was there before is whole."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from output_campaign import Small
from output_forks import Ended, Forks, wait_until
from servers.programs import started

SIGNALS = {signal.SIGINT: (130, "bounce-analyzer: interrupted"), signal.SIGTERM: (143, "bounce-analyzer: stopped")}
#: Signals a command, at moments between its start and its end.
ROUNDS = 3


def files(folder: Path) -> dict[str, str]:
    """Every file below a folder with its digest."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def told(ended: Ended, number: int) -> None:
    """A run that a signal ended said so in a line, and nothing else."""
    code, line = SIGNALS[signal.Signals(number)]
    assert ended.code == code, (ended.code, ended.err)
    assert ended.err.rstrip("\n").endswith(line), ended.err
    assert ended.err.count("bounce-analyzer:") == 1
    assert "Traceback" not in ended.err
    assert "Exception" not in ended.err
    assert "Error" not in ended.err


def commands(small: Small, diagnosed: Path, out: Path) -> dict[str, list[object]]:
    """Each command that writes files, into `out`."""
    return {
        "parse": ["parse", small.bounces, "--jobs", "1", "--out", out / "rows.csv"],
        "diagnose": ["diagnose", *small.inputs(), "--next", small.ahead, "--jobs", "1", "--out", out],
        "check": ["check", small.ahead, "--allow-reserved", "--jobs", "1", "--out", out / "leads.xlsx"],
        "export": ["export", "sendgrid", diagnosed, "--out", out],
    }


@pytest.mark.parametrize("name", ["parse", "diagnose", "check", "export"])
def test_every_output_is_the_old_or_the_new_one(
    name: str, small: Small, diagnosed: Path, forks: Forks, tmp_path: Path
) -> None:
    whole, out = tmp_path / "whole", tmp_path / "out"
    whole.mkdir()
    began = time.monotonic()
    assert forks.run(*commands(small, diagnosed, whole)[name]).code == 0
    took = time.monotonic() - began
    new = files(whole)
    chance = random.Random(name)
    stopped = 0
    for number in range(ROUNDS):
        out.mkdir()
        for written in new:
            (out / written).write_text("what was there before")
        old = files(out)
        running = forks.start(*commands(small, diagnosed, out)[name])
        time.sleep(took * chance.uniform(0.02, 1.0))
        sent = signal.SIGTERM if number % 2 else signal.SIGINT
        running.signal(sent)
        ended = running.ended()
        there = files(out)
        assert set(there) == set(new), sorted(set(there) ^ set(new))
        # Which tables a workbook or diagnosis holds does not depend on the run; the folder is old, or new, as a whole.
        assert all(there[one] in {old[one], new[one]} or ended.code == 0 for one in new)
        assert len({there[one] == old[one] for one in new}) == 1
        if ended.code:
            told(ended, sent)
            stopped += 1
        shutil.rmtree(out)
    assert stopped >= 1


@pytest.mark.parametrize(
    ("module", "number"),
    [("analyzer.cli.early", signal.SIGTERM), ("typer", signal.SIGINT), ("analyzer.logbook", signal.SIGTERM), ("analyzer.cli.verp", signal.SIGINT)],
)  # fmt: skip
def test_a_program_that_is_still_being_imported(module: str, number: int) -> None:
    """As soon as a module is there, which Python itself tells on stderr."""
    command = [sys.executable, "-X", "importtime", "-m", "analyzer", "--version"]
    with started(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=hears_signals
    ) as running:
        assert running.stderr is not None
        for line in running.stderr:
            if line.rstrip("\n").rpartition(" ")[2] == module:
                running.send_signal(number)
                break
        out, err = running.communicate()
    said = [line for line in err.splitlines() if not line.startswith("import time:")]
    assert (running.returncode, out, said) == (
        SIGNALS[signal.Signals(number)][0],
        "",
        [SIGNALS[signal.Signals(number)][1]],
    )


def hears_signals() -> None:
    """What runs in the background of a script has been told to ignore Ctrl-C, and hands that on."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _stopped_at(forks: Forks, begun: Callable[[], bool], number: int, *arguments: object) -> Ended:
    running = forks.start(*arguments)
    wait_until(begun)
    running.signal(number)
    return running.ended()


@pytest.mark.parametrize("number", SIGNALS)
def test_tables_that_no_thread_can_stop_reading(number: int, small: Small, forks: Forks, tmp_path: Path) -> None:
    """Two logs out of pipes that nobody writes to: the run ends, and what was copied of them is gone."""
    scratch, pipes = tmp_path / "scratch", [tmp_path / "one", tmp_path / "other"]
    scratch.mkdir()
    for pipe in pipes:
        os.mkfifo(pipe)
    writers = [os.open(pipe, os.O_RDWR) for pipe in pipes]
    logs = [part for pipe in pipes for part in ("--log", pipe)]
    running = forks.start("diagnose", "--bounces", small.bounces, *logs, environment={"TMPDIR": str(scratch)})
    wait_until(lambda: len(list(scratch.glob("table-*/table"))) == 2)
    running.signal(number)
    told(running.ended(), number)
    assert not list(scratch.iterdir())
    for writer in writers:
        os.close(writer)


@pytest.mark.parametrize(("number", "group"), [(signal.SIGINT, True), (signal.SIGTERM, False), (signal.SIGTERM, True)])
@pytest.mark.parametrize("moment", ["workers start", "rows are written"])
def test_parse_on_two_cores(number: int, group: bool, moment: str, small: Small, tmp_path: Path) -> None:
    """A terminal sends Ctrl-C to the workers as well; a supervisor sends SIGTERM to the parent alone, or to all."""
    many, out = tmp_path / "many.mbox", tmp_path / "out"
    many.write_bytes(small.bounces.read_bytes() * 100)
    out.mkdir()
    command = [sys.executable, "-m", "analyzer", "parse", many, "--jobs", "2", "--out", out / "rows.csv"]

    with started(command, stderr=subprocess.PIPE, text=True, preexec_fn=hears_signals) as running:

        def begun() -> bool:
            if moment == "workers start":
                return any("multiprocessing.forkserver" in line for line in commands_of(running.pid))
            return any(path.stat().st_size for path in out.iterdir())

        wait_until(begun)
        (os.killpg if group else os.kill)(running.pid, number)
        _, err = running.communicate()
    told(Ended(running.returncode, b"", err), number)
    assert list(out.iterdir()) == []


def test_a_worker_that_is_killed_ends_the_run_with_a_word(small: Small, tmp_path: Path) -> None:
    many, out = tmp_path / "many.mbox", tmp_path / "rows.csv"
    many.write_bytes(small.bounces.read_bytes() * 100)
    command = [sys.executable, "-m", "analyzer", "parse", many, "--jobs", "2", "--out", out]
    with started(command, stderr=subprocess.PIPE, text=True) as running:
        wait_until(lambda: len(workers_of(running.pid)) >= 2)
        os.kill(workers_of(running.pid)[-1], signal.SIGKILL)
        _, err = running.communicate()
    assert running.returncode == 2
    assert "a worker process was ended from outside" in err and "--jobs 1" in err and err.count("\n") == 1
    assert list(tmp_path.iterdir()) == [many]


def workers_of(group: int) -> list[int]:
    """The workers among the processes of a group: children of its fork server."""
    parents = {}
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            with suppress(OSError):
                if os.getpgid(int(place.name)) == group:
                    parents[int(place.name)] = int((place / "stat").read_text().rpartition(")")[2].split()[1])
    return sorted(one for one, parent in parents.items() if parent in parents and parent != group)


def commands_of(group: int) -> list[str]:
    """The command lines of a process group."""
    found = []
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            with suppress(OSError):
                if os.getpgid(int(place.name)) == group:
                    found.append((place / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
    return found


@pytest.mark.parametrize("number", SIGNALS)
def test_ingest_and_weekly_leave_a_workspace_that_goes_on(
    number: int, small: Small, forks: Forks, tmp_path: Path
) -> None:
    place, out = tmp_path / "workspace", tmp_path / "out"
    ingest = ["ingest", "--workspace", place, *small.inputs(), "--jobs", "1"]

    def begun() -> bool:
        return (place / "sends").exists()

    ended = _stopped_at(forks, begun, number, *ingest)
    if ended.code:
        told(ended, number)
    assert forks.run(*ingest).code == 0
    info = forks.run("workspace", "info", "--workspace", place).out.decode()
    with small.log.open() as log:
        assert f"sends: {len(log.readlines()) - 1:,} rows" in info
    weekly = ["weekly", "--workspace", place, "--out", out]
    aside = tmp_path / "aside"
    aside.mkdir()
    running = forks.start(*weekly, environment={"BOUNCE_ANALYZER_LOG": "info", "TMPDIR": str(aside)})
    wait_until(lambda: "event=counting" in running.said())
    running.signal(number)
    told(running.ended(), number)
    assert list(aside.iterdir()) == []
    assert not out.exists() or all(not path.name.startswith(".") for path in out.rglob("*"))
    assert forks.run(*weekly).code == 0


@pytest.mark.parametrize("number", SIGNALS)
def test_a_check_that_waits_for_the_network(number: int, forks: Forks, tmp_path: Path) -> None:
    """Nobody answers at this resolver, so the look-ups are under way when the signal comes."""
    import socket

    leads, out = tmp_path / "leads.txt", tmp_path / "out.csv"
    leads.write_text("".join(f"jane{n}@corp{n}.invalid-test.net\n" for n in range(40)))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        silent.settimeout(30)
        where = f"127.0.0.1:{silent.getsockname()[1]}"
        running = forks.start("check", leads, "--dns", "--resolver", where, "--out", out, "--jobs", "1")
        silent.recv(512)
        began = time.monotonic()
        running.signal(number)
        told(running.ended(), number)
    assert time.monotonic() - began < 10
    assert [path.name for path in tmp_path.iterdir()] == ["leads.txt"]


@pytest.mark.parametrize("number", SIGNALS)
def test_services_end_in_good_order(number: int, small: Small, forks: Forks, tmp_path: Path) -> None:
    maildir = tmp_path / "Maildir"
    for name in ("cur", "new", "tmp"):
        (maildir / name).mkdir(parents=True)
    place = tmp_path / "workspace"
    watching = forks.start(
        "watch", "--maildir", maildir, "--workspace", place, environment={"BOUNCE_ANALYZER_LOG": "info"}
    )
    wait_until(lambda: "event=following" in watching.said())
    watching.signal(number)
    ended = watching.ended()
    assert ended.code == 0
    assert "event=stopped" in ended.err.splitlines()[-1]
    serving = forks.start("serve", "--port", "0", "--folder", tmp_path / "serve")
    wait_until(lambda: "The page" in serving.said("out"))
    serving.signal(number)
    ended = serving.ended()
    assert (ended.code, ended.err) in {(0, ""), (143, "bounce-analyzer: stopped\n")}
