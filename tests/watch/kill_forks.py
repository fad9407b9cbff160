"""Loads what the commands need once, and forks `bounce-analyzer` from that as often as it is asked to.

python kill_forks.py      (reads a command's arguments as a JSON list, or "wait", a line each; answers with the process
                           id, and with its exit code)

So a kill falls into a command's work and not into its imports.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from servers.programs import aborted_after, finish, of_ours

#: The benchmark takes in the bounces of a thousand kills at the end.
_PATIENCE_S = 400.0


def main() -> None:
    """Serve until the input ends."""
    import imapclient  # noqa: F401
    import pandas  # noqa: F401

    import analyzer.api.workspace
    import analyzer.history
    import analyzer.sources.tables
    import analyzer.watch.mailbox
    import analyzer.watch.maildir
    import analyzer.watch.spool  # noqa: F401
    from analyzer import cli
    from analyzer.classify import classifier_of
    from analyzer.cli import watch

    if not any(command.callback is watch.watch for command in cli.app.registered_commands):
        cli.app.command()(watch.watch)
    classifier_of(None)
    running = 0
    for line in sys.stdin:
        if line.strip() == "wait":
            print(os.waitstatus_to_exitcode(os.waitpid(running, 0)[1]), flush=True)
            continue
        running = os.fork()
        if not running:
            os.close(0)
            os.dup2(2, 1)
            sys.argv = ["bounce-analyzer", *json.loads(line)]
            code = 70
            try:
                cli.main()
            except SystemExit as done:
                code = int(done.code or 0)
            finally:
                sys.stderr.flush()
                os._exit(code)
        print(running, flush=True)


class Forks:
    """The server, from the side that asks. One command runs at a time."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.log = folder / "commands.log"
        with self.log.open("wb") as out:
            self._process = subprocess.Popen(
                [sys.executable, __file__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=out,
                text=True,
                env={**of_ours(), **environment},
            )
        self._running = 0

    def start(self, arguments: list[str]) -> None:
        """Run a command."""
        self._running = self._asked(json.dumps(arguments), self._process.pid)

    def end(self, number: int = 0) -> int:
        """Send it a signal, if any, and wait; its exit code, or minus the signal that ended it."""
        if number:
            os.kill(self._running, number)
        return self._asked("wait", self._running)

    def close(self) -> None:
        """No more commands."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        finish(self._process)

    def _asked(self, what: str, pid: int) -> int:
        """The answer to `what`; the process that it waits for is ended where it does not come."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{what}\n")
        self._process.stdin.flush()
        with aborted_after(_PATIENCE_S, pid) as late:
            answer = self._process.stdout.readline()
        if late.is_set():
            raise AssertionError(f"{what}: nothing came of it in {_PATIENCE_S:g} s\n{self.log.read_text()}")
        if not answer:
            raise RuntimeError(f"no command could be started: {self.log.read_text()}")
        return int(answer)


if __name__ == "__main__":
    main()
