"""The jobs: each is a folder that holds what was given, what was asked for, how far the work is, and what came out.

The server alone writes `job.json`, the job's own process alone `state.json`; while that process lives it holds a lock
on `lock`. So a page can be loaded again, the server started again, and a dead process is told from one that works.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import shutil
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, Any, Literal, TypeAlias

from analyzer.errors import OutputError
from analyzer.serve.private import is_own_folder, open_regular, read_json, write_json

Kind: TypeAlias = Literal["diagnose", "check"]
Step: TypeAlias = Literal["look", "run"]
#: What a page shows. `ready` is looked at and waits for a person; `interrupted`: its process is gone.
Status: TypeAlias = Literal["waiting", "working", "ready", "done", "failed", "cancelled", "interrupted"]
#: What a file is for. `bounces` are messages, feeds and logs; `unused` is left aside.
Role: TypeAlias = Literal["bounces", "log", "leads", "next", "unused"]
ROLES: tuple[Role, ...] = ("bounces", "log", "leads", "next", "unused")

ID = re.compile(r"[0-9a-f]{32}")
_INCOMING = ".incoming-"
_MARK = ".bounce-analyzer-serve"


@dataclass(frozen=True, slots=True)
class Upload:
    """One file: `stored` is the name we gave it under `in/`, `name` what the sender called it (shown, never used)."""

    stored: str
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Job:
    """What was given and asked for. `attempt` counts the processes that were started for it."""

    id: str
    kind: Kind
    created: float
    files: tuple[Upload, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)
    step: Step = "look"
    attempt: int = 1
    cancelled: bool = False


class JobFolder:
    """All jobs of a server, under one folder that is used by one server at a time."""

    def __init__(self, folder: Path) -> None:
        """`OutputError` for a folder that holds other things, that cannot be made, or that another server uses."""
        self.folder = _own(folder)
        self._held = _lock(self.folder / _MARK)
        if self._held is None:
            raise OutputError(str(folder), "is used by another serve", "stop that one, or name another --folder")
        for left in self.folder.glob(f"{_INCOMING}*"):
            shutil.rmtree(left, ignore_errors=True)

    def close(self) -> None:
        """Let another server use the folder."""
        if self._held is not None:
            self._held.close()
            self._held = None

    def path(self, job: str) -> Path:
        """The folder of a job."""
        if not ID.fullmatch(job):
            raise ValueError(job)
        return self.folder / job

    # --- taking in ----------------------------------------------------------------------------------------------------

    def incoming(self) -> Path:
        """A folder for what is being uploaded; `accept` makes it a job, or it is removed."""
        place = self.folder / f"{_INCOMING}{secrets.token_hex(16)}"
        place.mkdir(mode=0o700)
        for name in ("in", "out", "known", "tmp"):
            (place / name).mkdir(mode=0o700)
        return place

    def accept(self, place: Path, kind: Kind, files: tuple[Upload, ...], options: dict[str, Any]) -> Job:
        """Make what was uploaded a job."""
        job = Job(place.name.removeprefix(_INCOMING), kind, time.time(), files, options)
        write_json(place / "job.json", asdict(job))
        place.rename(self.path(job.id))
        return job

    # --- reading ------------------------------------------------------------------------------------------------------

    def job(self, job: str) -> Job | None:
        """A job; None where there is none, or something that is no job of ours."""
        if not ID.fullmatch(job) or not is_own_folder(self.folder / job):
            return None
        return job_in(self.folder / job)

    def all(self) -> list[Job]:
        """Every job, the newest first."""
        found = [job for path in self.folder.iterdir() if ID.fullmatch(path.name) and (job := self.job(path.name))]
        return sorted(found, key=lambda job: -job.created)

    def state(self, job: Job) -> dict[str, Any]:
        """What the process of this attempt last said; {} where it has said nothing."""
        said = read_json(self.path(job.id) / "state.json") or {}
        return said if said.get("attempt") == job.attempt else {}

    def preview(self, job: Job) -> dict[str, Any]:
        """What the look at the files found; {} before it."""
        return read_json(self.path(job.id) / "preview.json") or {}

    def result(self, job: Job) -> dict[str, Any]:
        """What the run came to; {} before that."""
        return read_json(self.path(job.id) / "result.json") or {}

    def status(self, job: Job, *, expected: bool) -> Status:
        """How a job stands. `expected`: the server has it in its queue or has started its process."""
        said = self.state(job)
        if job.cancelled:
            return "cancelled"
        match said.get("state"):
            case "done":
                return "ready" if job.step == "look" else "done"
            case "failed":
                return "failed"
        if self.process(job):
            return "working"
        if not expected:
            return "interrupted"
        return "working" if said else "waiting"

    def process(self, job: Job) -> int | None:
        """The id of the process at work, and of its group; None where none lives."""
        return holder(self.path(job.id) / "lock")

    # --- changing -----------------------------------------------------------------------------------------------------

    def change(self, job: Job, **changes: Any) -> Job:
        """Keep a job with other values."""
        changed = replace(job, **changes)
        write_json(self.path(job.id) / "job.json", asdict(changed))
        return changed

    def again(self, job: Job, step: Step, **changes: Any) -> Job:
        """Ask for a step, as a new attempt; what an earlier run left goes."""
        place = self.path(job.id)
        for name in ("out", "known", "tmp"):
            shutil.rmtree(place / name, ignore_errors=True)
            (place / name).mkdir(mode=0o700)
        (place / "result.json").unlink(missing_ok=True)
        return self.change(job, step=step, attempt=job.attempt + 1, cancelled=False, **changes)

    def remove(self, job: Job) -> None:
        """Delete a job with everything that was uploaded and found; no process of it may be alive."""
        aside = self.folder / f"{_INCOMING}{job.id}"
        # Away from the pages at once; what cannot be deleted now goes when the server starts next.
        with suppress(OSError):
            self.path(job.id).rename(aside)
            shutil.rmtree(aside, ignore_errors=True)

    def older_than(self, seconds: float) -> list[Job]:
        """Jobs made so long ago."""
        return [job for job in self.all() if time.time() - job.created > seconds]


def job_in(place: Path) -> Job | None:
    """The job whose folder this is."""
    kept = read_json(place / "job.json")
    if kept is None or kept.get("id") != place.name:
        return None
    try:
        return Job(**{**kept, "files": tuple(Upload(**one) for one in kept["files"])})
    except (TypeError, KeyError):
        return None


def hold(path: Path) -> IO[bytes]:
    """Hold the lock of a job in its own process, with that process' id in it; kept until the process ends."""
    file = path.open("a+b")
    fcntl.flock(file, fcntl.LOCK_EX)
    file.truncate(0)
    file.write(str(os.getpid()).encode())
    file.flush()
    return file


def holder(path: Path) -> int | None:
    """The id in a lock that is held; None where nobody holds it."""
    try:
        with open_regular(path) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                said = file.read(20)
                return int(said) if said.isdigit() else None
    except OSError:
        return None
    return None


def _lock(path: Path) -> IO[bytes] | None:
    file = path.open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def _own(folder: Path) -> Path:
    """The folder, made or checked, for its owner alone."""
    remedy = "name an empty folder of your own with --folder"
    try:
        place = Path(os.path.realpath(folder.expanduser()))
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not is_own_folder(place):
            raise OutputError(str(folder), "belongs to somebody else", remedy)
        if not (place / _MARK).exists() and any(place.iterdir()):
            raise OutputError(str(folder), "holds other things", remedy)
        place.chmod(0o700)
        (place / _MARK).touch(mode=0o600)
    except RuntimeError:  # "~name" of somebody whom the system does not know
        raise OutputError(str(folder), "is in the home folder of nobody", remedy) from None
    except OSError as error:
        problem = "is a file" if isinstance(error, FileExistsError) else f"cannot be used: {error.strerror}"
        raise OutputError(str(folder), problem, remedy) from None
    return place
