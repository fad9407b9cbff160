"""Starts real servers (Debian's packages) on the loopback, as root, each in a folder of its own, and stops them again.

A program that is missing is an error with the package's name, never a reason to skip. Nothing that is started here
outlives its block, and no test waits for it for ever.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

#: What a Python process has to be started with to write its threads' stacks when `aborted_after` ends it.
TELLS_STACKS = {"PYTHONFAULTHANDLER": "1"}
#: Between the signal that has the stacks written and the one that nothing survives.
_LAST_WORDS_S = 5.0


def of_ours() -> dict[str, str]:
    """The environment for a process that runs one of the tests' own modules, which import their neighbours."""
    paths = [str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, **TELLS_STACKS, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


def program(name: str, package: str) -> str:
    """Where a program is; an error that names the Debian package where it is not."""
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if found is None:
        raise RuntimeError(
            f"{name} is missing: these tests need it (apt-get install --no-install-recommends {package})"
        )
    return found


def free_port() -> int:
    """A port that nobody listens on, on any address of the loopback."""
    with socket.socket() as probe:
        probe.bind(("0.0.0.0", 0))
        return int(probe.getsockname()[1])


def listening(address: str, port: int) -> bool:
    """Whether somebody takes connections there."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((address, port)) == 0


def wait_until(ready: Callable[[], bool], what: str, log: Callable[[], str], seconds: float = 20.0) -> None:
    """Wait for a server to come up; an error with its log where it does not."""
    until = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > until:
            raise RuntimeError(f"{what} does not come up: {log()}")
        time.sleep(0.05)


@contextmanager
def aborted_after(seconds: float, pid: int, *, group: bool = False) -> Iterator[threading.Event]:
    """While the block runs, for so long: then the process is ended, and the event set.

    By SIGABRT first, at which Python writes the stacks of its threads to stderr (`TELLS_STACKS`), then by SIGKILL, with
    `group` for its whole group. So whoever waits for its end, or for a line of it, comes back.
    """
    over, came = threading.Event(), threading.Event()

    def watch() -> None:
        if over.wait(seconds):
            return
        came.set()
        _send(pid, signal.SIGABRT, group=False)
        if not over.wait(_LAST_WORDS_S):
            _send(pid, signal.SIGKILL, group=group)

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield came
    finally:
        over.set()
        watching.join()


@contextmanager
def started(command: Sequence[str | Path], *, within: float = 120.0, **how: Any) -> Iterator[subprocess.Popen[Any]]:
    """A process of a test (`how` as for Popen), whose own end is waited for at the end of the block.

    Where the block fails it is killed; where it takes more than `within` seconds it is aborted, and what it wrote to a
    pipe that nobody read, with its stacks, is told. It has a group of its own, and whatever it started goes with it.
    """
    how["env"] = {**(how.get("env") or os.environ), **TELLS_STACKS}
    running = subprocess.Popen(command, start_new_session=True, **how)
    try:
        with aborted_after(within, running.pid, group=True) as late:
            try:
                yield running
                running.wait()
            except BaseException as error:
                if late.is_set():
                    raise _late(command, within, running) from error
                raise
        if late.is_set():
            raise _late(command, within, running)
    finally:
        _send(running.pid, signal.SIGKILL, group=True)
        for stream in (running.stdin, running.stdout, running.stderr):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        running.wait(_LAST_WORDS_S)


def _late(command: Sequence[str | Path], within: float, running: subprocess.Popen[Any]) -> AssertionError:
    """What to say of a process that was still there; with what is left in its pipes, which nobody may hold any more."""
    _send(running.pid, signal.SIGKILL, group=True)
    told: list[Any] = []
    with suppress(subprocess.TimeoutExpired, ValueError, OSError):
        told = [part for part in running.communicate(timeout=_LAST_WORDS_S) if part]
    said = "\n".join(part if isinstance(part, str) else part.decode(errors="replace") for part in told)
    return AssertionError(f"{' '.join(map(str, command))} was still there after {within:g} s\n{said}")


def finish(running: subprocess.Popen[Any], seconds: float = 30.0) -> int:
    """Wait for the end of a process that was told to stop, and kill it where that does not come; its exit code."""
    try:
        return running.wait(seconds)
    except subprocess.TimeoutExpired:
        running.kill()
        return running.wait(seconds)


def _send(pid: int, number: int, *, group: bool) -> None:
    with suppress(ProcessLookupError):
        (os.killpg if group else os.kill)(pid, number)


@contextmanager
def background(command: Sequence[str | Path], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A program that stays in the foreground, until the end of the block."""
    with log.open("wb") as out:
        running = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
        try:
            yield running
        finally:
            running.terminate()
            finish(running, 10)


@contextmanager
def dnsmasq(folder: Path, address: str, port: int, records: Sequence[str]) -> Iterator[None]:
    """A name server that knows these records (dnsmasq's own options, without the dashes) and nothing else."""
    log = folder / "dnsmasq.log"
    command = [program("dnsmasq", "dnsmasq-base"), "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv"]
    command += ["--no-hosts", f"--listen-address={address}", "--bind-interfaces", f"--port={port}", "--user=root"]
    command += [f"--pid-file={folder / 'dnsmasq.pid'}", "--log-facility=-", "--local=/#/", "--local-ttl=60"]
    with background([*command, *(f"--{record}" for record in records)], log):
        wait_until(lambda: listening(address, port), "dnsmasq", log.read_text)
        yield


@contextmanager
def postgrey(folder: Path, port: int, delay_s: int) -> Iterator[None]:
    """A greylisting policy server for Postfix, with nobody on its white lists."""
    database, log, nobody = folder / "postgrey", folder / "postgrey.log", folder / "nobody"
    database.mkdir()
    shutil.chown(database, "postgrey", "postgrey")
    nobody.write_text("")
    command = [program("postgrey", "postgrey"), f"--inet=127.0.0.1:{port}", f"--delay={delay_s}"]
    command += [f"--dbdir={database}", f"--pidfile={database / 'pid'}", "--auto-whitelist-clients=0"]
    command += [f"--whitelist-clients={nobody}", f"--whitelist-recipients={nobody}"]
    with background(command, log):
        wait_until(lambda: listening("127.0.0.1", port), "postgrey", log.read_text)
        yield


@contextmanager
def postfix(
    folder: Path,
    port: int,
    main: Mapping[str, str],
    listeners: Mapping[str, Mapping[str, str]],
    resolver: str,
    also: Sequence[str] = (),
) -> Iterator[None]:
    """A Postfix with this main.cf and an smtpd for each address of the loopback, with parameters of its own.

    `also`: lines of master.cf for what it is to do beside taking mail in.

    It runs in a chroot, where `resolver` (an address, port 53) is its name server. Needs root.
    """
    command = [program("postfix", "postfix"), "-c", str(folder / "etc")]
    log = folder / "postfix.log"
    for name in ("etc", "data", "spool", "spool/etc"):
        (folder / name).mkdir()
    shutil.chown(folder / "data", "postfix")
    (folder / "spool/etc/resolv.conf").write_text(f"nameserver {resolver}\n")
    settings = {
        "compatibility_level": "3.6",
        "queue_directory": folder / "spool",
        "data_directory": folder / "data",
        "maillog_file": log,
        "maillog_file_prefixes": folder,
        "inet_interfaces": "all",
        "inet_protocols": "ipv4",
        "alias_maps": "",
        "mydestination": "",
        "local_recipient_maps": "",
        "mynetworks": "192.0.2.25/32",
        **main,
    }
    services = [
        "cleanup unix n - n - 0 cleanup",
        "rewrite unix - - n - - trivial-rewrite",
        "anvil unix - - n - 1 anvil",
        "tlsmgr unix - - n 1000? 1 tlsmgr",
        "postlog unix-dgram n - n - 1 postlogd",
        *also,
    ]
    for address, own in listeners.items():
        services.append(f"{address}:{port} inet n - y - - smtpd")
        services += [f"  -o {{ {name} = {value} }}" for name, value in own.items()]
    (folder / "etc/main.cf").write_text("".join(f"{name} = {value}\n" for name, value in settings.items()))
    (folder / "etc/master.cf").write_text("\n".join(services) + "\n")

    def said() -> str:
        return log.read_text() if log.exists() else "no log"

    started = subprocess.run([*command, "start"], capture_output=True, text=True, check=False)
    if started.returncode != 0:
        raise RuntimeError(f"postfix does not start: {started.stderr} {said()}")
    try:
        wait_until(lambda: all(listening(address, port) for address in listeners), "postfix", said)
        yield
    finally:
        subprocess.run([*command, "stop"], capture_output=True, check=False)
