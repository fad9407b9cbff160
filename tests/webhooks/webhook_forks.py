"""Loads what the receiver needs once, and forks receivers from that as often as it is asked to: a start costs nothing.

Reads a line of JSON each from its standard input: {"start": [workspace, config, options, log]} is answered with the
process id, {"wait": pid} with the exit code.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import traceback
from functools import cache
from pathlib import Path
from typing import Any

from servers.programs import aborted_after, finish, of_ours

#: More than the longest drain that a test asks for.
_PATIENCE_S = 150.0


def main() -> None:
    """Serve until the input ends."""
    import pandas  # noqa: F401
    import webhook_process

    import analyzer.bounces
    import analyzer.history
    import analyzer.sources.feeds.envelopes
    import analyzer.webhooks.connections
    import analyzer.webhooks.providers
    import analyzer.webhooks.receiver
    import analyzer.webhooks.signatures.sns  # noqa: F401
    from analyzer.classify import default_classifier

    default_classifier()
    for line in sys.stdin:
        asked = json.loads(line)
        if "wait" in asked:
            print(os.waitstatus_to_exitcode(os.waitpid(asked["wait"], 0)[1]), flush=True)
            continue
        pid = os.fork()
        if pid:
            print(pid, flush=True)
            continue
        workspace, config, options, log = asked["start"]
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(out, 1)
        os.dup2(out, 2)
        os.close(0)
        code = 1
        try:
            code = webhook_process.serve(workspace, config, options)
        except BaseException:
            traceback.print_exc()
            raise
        finally:
            sys.stderr.flush()
            os._exit(code)


class Forks:
    """The server, from the side that asks."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=of_ours(),
        )
        self._logs: dict[int, Path] = {}

    def start(self, workspace: Path, config: Path, options: dict[str, Any], log: Path) -> int:
        """A receiver; its process id."""
        pid = self._asked({"start": [str(workspace), str(config), options, str(log)]}, self._process.pid)
        self._logs[pid] = log
        return pid

    def end(self, pid: int, number: int) -> int:
        """Send a receiver a signal, and wait for its end; its exit code. One that does not end tells where it stands."""
        os.kill(pid, number)
        return self._asked({"wait": pid}, pid)

    def close(self) -> None:
        """No more receivers."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        finish(self._process)

    def _asked(self, what: dict[str, Any], pid: int) -> int:
        """The answer to `what`; the process that it waits for is ended where it does not come."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()
        with aborted_after(_PATIENCE_S, pid) as late:
            answer = self._process.stdout.readline()
        if late.is_set():
            said = self._logs[pid].read_text() if pid in self._logs else ""
            raise AssertionError(f"{what}: nothing came of it in {_PATIENCE_S:g} s\n{said}")
        if not answer:
            raise RuntimeError("no receiver could be started")
        return int(answer)


@cache
def forks() -> Forks:
    """One server for all tests."""
    served = Forks()
    atexit.register(served.close)
    return served


if __name__ == "__main__":
    main()
