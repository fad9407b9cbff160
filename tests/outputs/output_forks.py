"""A process that has imported what the commands need, and forks itself for each run: a start costs milliseconds.

Reads a JSON list of arguments a line, answers with the number of the child; the child writes its screens to files.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from servers.programs import aborted_after, finish, of_ours

_IMPORTED = """
analyzer.api analyzer.cli.program analyzer.report.page analyzer.report.markdown analyzer.report.workbook
analyzer.report.terminal analyzer.report.weekly.page analyzer.report.weekly.index analyzer.export analyzer.check.run analyzer.check.start
analyzer.check.writing analyzer.diagnose analyzer.correlate analyzer.classify analyzer.sources.tables analyzer.webhooks.service
analyzer.history pandas scipy.stats xlsxwriter
"""
#: How long one run may take.
_PATIENCE_S = 180.0


@dataclass(frozen=True)
class Ended:
    """A run: its exit code (minus the signal for one that a signal killed), and what stood on its screens."""

    code: int
    out: bytes
    err: str


class Forks:
    """The process, from the side of a test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")
        self._server = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**of_ours(), **threads, "TERM": "dumb"},
            text=True,
        )
        self._line()

    def start(self, *arguments: object, **how: Any) -> Running:
        """Start a run. how: cwd, powerless, umask, file_bytes, stdin and stdout (paths), environment."""
        given = {"arguments": [str(one) for one in arguments], "folder": str(self.folder), **how}
        assert self._server.stdin is not None
        self._server.stdin.write(json.dumps(given) + "\n")
        self._server.stdin.flush()
        return Running(self, int(self._line()), how.get("stdout"))

    def run(self, *arguments: object, **how: Any) -> Ended:
        """A run to its end."""
        return self.start(*arguments, **how).ended()

    def ask(self, word: str, pid: int = 0) -> str:
        """A word to the server, and its answer; process `pid`, or the server, is ended where none comes."""
        assert self._server.stdin is not None
        self._server.stdin.write(word + "\n")
        self._server.stdin.flush()
        return self._line(pid)

    def close(self) -> None:
        """No more runs."""
        assert self._server.stdin is not None
        self._server.stdin.close()
        finish(self._server)

    def _line(self, pid: int = 0) -> str:
        assert self._server.stdout is not None
        with aborted_after(_PATIENCE_S, pid or self._server.pid) as late:
            line = self._server.stdout.readline()
        if late.is_set():
            said = self.folder / f"{pid}.err"
            told = said.read_text(errors="replace") if said.exists() else ""
            raise AssertionError(f"a run was still there after {_PATIENCE_S:g} s\n{told}")
        assert line, "the process that forks has ended"
        return line.strip()


class Running:
    """One run that has begun."""

    def __init__(self, forks: Forks, pid: int, stdout: str | None) -> None:
        self._forks, self.pid, self._stdout = forks, pid, stdout

    def signal(self, number: int, *, group: bool = False) -> None:
        """Send a signal; with `group` as a terminal does, to all the processes of the run."""
        (os.killpg if group else os.kill)(self.pid, number)

    def said(self, ending: str = "err") -> str:
        """What stands on its stderr, or stdout ("out"), by now."""
        try:
            return (self._forks.folder / f"{self.pid}.{ending}").read_text(errors="replace")
        except FileNotFoundError:
            return ""

    def ended(self) -> Ended:
        """Wait for its end."""
        code = int(self._forks.ask(json.dumps({"wait": self.pid}), self.pid))
        out = b"" if self._stdout else (self._forks.folder / f"{self.pid}.out").read_bytes()
        return Ended(code, out, (self._forks.folder / f"{self.pid}.err").read_text(errors="replace"))


def _serve() -> None:
    import importlib

    for name in _IMPORTED.split():
        importlib.import_module(name)
    gc.freeze()
    print("ready", flush=True)
    for line in sys.stdin:
        given = json.loads(line)
        if "wait" in given:
            _, status = os.waitpid(given["wait"], 0)
            print(os.waitstatus_to_exitcode(status), flush=True)
            continue
        pid = os.fork()
        if pid == 0:
            _child(given)
        print(pid, flush=True)


def _child(given: dict[str, Any]) -> None:
    os.setsid()
    screens = Path(given["folder"]) / str(os.getpid())
    # As a shell has it, whatever the test's own runner does.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    source = os.open(given.get("stdin", os.devnull), os.O_RDONLY)
    out = os.open(given.get("stdout") or f"{screens}.out", os.O_WRONLY | os.O_CREAT, 0o666)
    err = os.open(f"{screens}.err", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    for number, opened in enumerate((source, out, err)):
        os.dup2(opened, number)
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115
    os.chdir(given.get("cwd", "/"))
    os.umask(given.get("umask", 0o022))
    os.environ.update(given.get("environment", {}))
    if given.get("powerless"):
        give_up_powers()
    if most := given.get("file_bytes"):
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    sys.argv = ["bounce-analyzer", *given["arguments"]]
    from analyzer.cli import main

    code = 1
    try:
        main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException:  # noqa: BLE001
        import traceback

        traceback.print_exc()
    finally:
        try:
            import threading

            for one in threading.enumerate():
                if one is not threading.current_thread() and not one.daemon:
                    one.join(20)
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)


def give_up_powers() -> None:
    """Go on as an owner like any other: root without its way round permissions (capabilities(7), capset(2))."""
    import ctypes

    override, read_search, sys_admin = 1 << 1, 1 << 2, 1 << 21
    head = (ctypes.c_uint32 * 2)(0x20080522, 0)
    sets = (ctypes.c_uint32 * 6)()
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.capget(head, sets) == 0
    for place in (0, 1, 2):
        sets[place] &= ~(override | read_search | sys_admin)
    assert libc.capset(head, sets) == 0, os.strerror(ctypes.get_errno())


def wait_until(what: Any, seconds: float = 30.0) -> None:
    """Until `what()` is true; fails where that does not come."""
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.005)


if __name__ == "__main__":
    _serve()
