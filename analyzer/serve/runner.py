"""Starts the jobs' processes, a few at a time, and ends them: no job can stall the server or outlive its cancelling."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer import bounds
from analyzer.logbook import Log
from analyzer.serve.settings import TOKEN_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.serve.jobs import Job, JobFolder, Step

_LOG = Log("serve")
#: A look takes seconds; it does not wait behind long runs.
_LOOKS = 2
#: Seconds between asking a process to end and making it end.
_GRACE_S = 2.0
_PACKAGES = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class _Running:
    """A process of a job. `sockets`: where the processes that share its work meet."""

    job: str
    step: Step
    process: subprocess.Popen[bytes]
    sockets: str

    def forget(self) -> None:
        """Remove what it left."""
        shutil.rmtree(self.sockets, ignore_errors=True)


class Runner:
    """The queue and the processes of one server. To be used by one thread."""

    def __init__(self, jobs: JobFolder, *, running: int, waiting: int) -> None:
        self._jobs = jobs
        self._most: dict[Step, int] = {"look": _LOOKS, "run": running}
        self._longest = waiting
        self._queues: dict[Step, deque[str]] = {"look": deque(), "run": deque()}
        self._running: list[_Running] = []

    def is_full(self) -> bool:
        """Whether no further job can wait."""
        return sum(map(len, self._queues.values())) >= self._longest

    def expects(self, job: Job) -> bool:
        """Whether the job waits here, or its process was started here and has not been seen to end."""
        return any(one.job == job.id for one in self._running) or any(job.id in one for one in self._queues.values())

    def submit(self, job: Job) -> None:
        """Have the job's step done when there is room."""
        self._queues[job.step].append(job.id)
        self.tick()

    def tick(self) -> None:
        """Note what ended, start what may start. To be called often; it takes no time."""
        for one in [one for one in self._running if one.process.poll() is not None]:
            self._running.remove(one)
            one.forget()
            _LOG.info("ended", job=one.job, step=one.step, code=one.process.returncode)
        for step, queue in self._queues.items():
            while queue and sum(one.step == step for one in self._running) < self._most[step]:
                job = self._jobs.job(queue.popleft())
                if job and not job.cancelled:
                    self._running.append(self._started(job))
                    _LOG.info("started", job=job.id, kind=job.kind, step=job.step, files=len(job.files))

    def cancel(self, job: Job) -> Callable[[], None]:
        """Take the job off the books; what is returned ends its processes with all that they started, which takes up
        to a few seconds and may be called in a thread."""
        for queue in self._queues.values():
            with suppress(ValueError):
                queue.remove(job.id)
        ours = [one for one in self._running if one.job == job.id]
        self._running = [one for one in self._running if one.job != job.id]
        # A process of an earlier server may still be at it. Asked now: by the end of ours, the next attempt may be.
        others = None if ours else self._jobs.process(job)

        def end() -> None:
            for one in ours:
                if one.process.poll() is None:
                    _end(one.process.pid, one.process)
                one.forget()
            if others:
                _end(others, None)

        return end

    def stop(self) -> None:
        """End everything that was started here."""
        for queue in self._queues.values():
            queue.clear()
        for one in self._running:
            _end(one.process.pid, one.process)
            one.forget()
        self._running.clear()

    def _started(self, job: Job) -> _Running:
        place = self._jobs.path(job.id)
        kept = {name: value for name, value in os.environ.items() if name != TOKEN_VARIABLE}
        # Short, as the path to a socket has to be; nothing else lies there.
        sockets = tempfile.mkdtemp(prefix="bounce-analyzer-")
        # -P: nothing is imported from the folder that holds the uploads; so the package must be found another way.
        found = os.pathsep.join(filter(None, [str(_PACKAGES), kept.get("PYTHONPATH", "")]))
        with (place / "log.txt").open("wb") as log:
            process = subprocess.Popen(  # noqa: S603 - our own program; the job's id is the only thing that varies
                [sys.executable, "-P", "-m", "analyzer.serve.work", str(place)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=place / "in",
                env={**kept, **bounds.environment(), "TMPDIR": sockets, "PYTHONPATH": found},
                start_new_session=True,
                umask=0o077,
            )
        return _Running(job.id, job.step, process, sockets)


def _end(group: int, process: subprocess.Popen[bytes] | None) -> None:
    """End a process group: politely, then not."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)
        until = time.monotonic() + _GRACE_S
        while time.monotonic() < until:
            if process is not None:
                process.poll()
            if not _lives(group):
                return
            time.sleep(0.02)


def _lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
