"""The process of one job: `python -m analyzer.serve.work FOLDER` does the step that its `job.json` asks for.

Nothing it meets may hurt the server: it is ended with its whole process group, has a bound on its memory, and is the
first that a machine short of memory gives up.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
import traceback
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.bounds import inherit
from analyzer.errors import AnalyzerError
from analyzer.redaction import masked_text
from analyzer.serve.jobs import hold, job_in
from analyzer.serve.private import FULL, write_json
from analyzer.serve.words import for_page

if TYPE_CHECKING:
    from analyzer.serve.jobs import Job

#: Seconds between two notes of how far the work is.
_EVERY_S = 0.25
#: Of the machine's memory.
_MOST_MEMORY = 0.8


class Progress:
    """Says in `state.json` how the step stands; `stage` is one of `words.STAGES`, `total` 0 where nobody knows it."""

    def __init__(self, place: Path, job: Job) -> None:
        self._path = place / "state.json"
        self._said: dict[str, Any] = {"attempt": job.attempt, "step": job.step, "started": time.time()}
        self._last = 0.0
        self._stage = ""
        self.tell("start", 0, 0)

    def tell(self, stage: str, done: int, total: int) -> None:
        """How far it is, written now and then; a new stage at once."""
        now = time.monotonic()
        if stage == self._stage and now - self._last < _EVERY_S:
            return
        self._stage, self._last = stage, now
        self._write(state="working", stage=stage, done=done, total=total)

    def end(self, state: str, error: str = "") -> None:
        """The last word."""
        self._write(state=state, error=error, ended=time.time())

    def _write(self, **more: Any) -> None:
        write_json(self._path, {**self._said, **more})


def main() -> int:
    """Do the step; 0 done, 1 failed with a sentence, 2 nothing to do here."""
    place = Path(sys.argv[1])
    os.umask(0o077)
    inherit()
    job = job_in(place)
    if job is None:
        return 2
    held = hold(place / "lock")
    _be_modest()
    _keep_together(place / "tmp")
    progress = Progress(place, job)
    try:
        _step(place, job, progress)
    except AnalyzerError as error:
        if _is_full(error):
            _end_full(place, progress)
        else:
            said = for_page(str(error), job.files)
            progress.end("failed", masked_text(said) if job.options.get("redact") else said)
    except MemoryError:
        progress.end("failed", "These files need more memory than this machine has. Give them in smaller parts.")
    except OSError as error:
        if _is_full(error):
            _end_full(place, progress)
        else:
            traceback.print_exc()
            progress.end("failed", f"The work could not go on: {(error.strerror or str(error)).lower()}.")
    except Exception as error:  # noqa: BLE001 - the page must say that it ended; the log has the rest
        traceback.print_exc()
        progress.end("failed", f"The program failed on these files ({type(error).__name__}). Its log is in {place}.")
    else:
        progress.end("done")
        held.close()
        return 0
    held.close()
    return 1


def _step(place: Path, job: Job, progress: Progress) -> None:
    if job.step == "look":
        from analyzer.serve.look import look

        write_json(place / "preview.json", look(place, job, progress.tell))
        return
    if job.kind == "check":
        from analyzer.serve.run_check import run_check

        write_json(place / "result.json", run_check(place, job, progress.tell))
        return
    from analyzer.serve.run_diagnosis import run_diagnosis

    write_json(place / "result.json", run_diagnosis(place, job, progress.tell))


def _is_full(error: BaseException | None) -> bool:
    """Whether it was a full disk that led to this error."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in FULL:
            return True
        error = error.__cause__ or error.__context__
    return False


def _end_full(place: Path, progress: Progress) -> None:
    """Say that the disk is full; half a result is shown to nobody, and without it there is room to say so."""
    for name in ("out", "known", "tmp"):
        for path in (place / name).iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
    progress.end("failed", "The disk is full. Make room on it, or delete earlier jobs, and start again.")


def _keep_together(folder: Path) -> None:
    """Whatever a reader unpacks lies in the job's folder, and goes with it.

    But for the sockets of the processes that share the work: a path to one may not be longer than 107 bytes
    (unix(7)). They stay where TMPDIR said at the start, and the server removes them.
    """
    from multiprocessing import util

    util.get_temp_dir()
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)


def _be_modest() -> None:
    """Bounds on what this process may take; where a system has none of them, it goes without."""
    import resource

    with suppress(OSError, ValueError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    with suppress(OSError, ValueError, AttributeError):
        most = int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * _MOST_MEMORY)
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    with suppress(OSError, ValueError):
        # A dump would keep addresses where nobody looks for them.
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError):
        os.nice(5)


if __name__ == "__main__":
    sys.exit(main())
