"""One range of mutants in one process: `python -m fuzz.worker '{"target": …}'`, started and watched by `fuzz.mutate`.

What it has counted stands in a small shared file after every mutant, so that it is known whatever the process dies of.
"""

from __future__ import annotations

import gc
import hashlib
import json
import mmap
import resource
import struct
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from fuzz.mutation import mutated
from fuzz.target import Target

#: number of the mutant under way, crashes, hangs, over memory, slowest (µs), its number, peak RSS (KiB), CPU (µs)
PROGRESS = struct.Struct("<8q")
#: Exit code where not even a seed runs: that is no find, and the ranges to come would fare alike.
BROKEN = 3
#: Address space, in bytes: beyond any bound that is set, so that a bomb ends the process and not the machine.
_ADDRESS_SPACE = 6 << 30
#: A slow mutant is run so many times more, and the quickest counts: the first time may have compiled something.
_TIMES_MORE = 2


@dataclass(frozen=True, slots=True)
class Job:
    """What to run. `hang_s` is CPU time for one mutant, `memory_mib` resident memory of the whole process."""

    target: str
    seed: int
    start: int
    end: int
    progress: str
    found: str
    cases: str
    hang_s: float
    memory_mib: int


def mutant(seeds: Sequence[bytes], seed: int, number: int) -> bytes:
    """Mutant `number` of `seed`, the same always: one of the seeds, changed, with another one at hand."""
    chance = Random((seed << 48) | number)  # noqa: S311
    one, other = (seeds[int(chance.random() * len(seeds))] for _ in range(2))
    return mutated(chance, one, other)


def run(job: Job) -> None:
    """The range, mutant by mutant."""
    from fuzz.targets import target_named

    target = target_named(job.target)
    seeds = target.seeds()
    try:
        for data in seeds:  # what is compiled or loaded on first use belongs to no mutant
            target.run(data)
    except Exception:  # noqa: BLE001
        traceback.print_exc()
        sys.exit(BROKEN)
    gc.collect()
    gc.freeze()
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
    with open(job.progress, "r+b") as file, mmap.mmap(file.fileno(), PROGRESS.size) as shared:  # noqa: PTH123
        _Range(job, target, seeds, shared).run()


class _Range:
    def __init__(self, job: Job, target: Target, seeds: Sequence[bytes], shared: mmap.mmap) -> None:
        self._job, self._target, self._seeds, self._shared = job, target, seeds, shared
        self._crashes = self._hangs = self._over = self._slowest_us = self._slowest = 0
        self._began = time.process_time()
        self._peak_kib = _own_peak_kib if _peak_kib() > _own_peak_kib() else _peak_kib

    def run(self) -> None:
        job, target, cpu = self._job, self._target, time.process_time
        slow = job.hang_s / 4
        for number in range(job.start, job.end):
            data = mutant(self._seeds, job.seed, number)
            self._note(number)
            before = cpu()
            try:
                target.run(data)
            except Exception as error:  # noqa: BLE001  (finding these is what this is for)
                self._crashes += 1
                self._keep(number, data, "crash", told(error))
                continue
            took = cpu() - before
            if took >= slow:
                took = min(took, *(self._again(data) for _ in range(_TIMES_MORE)))
                if took >= job.hang_s:
                    self._hangs += 1
                    self._keep(number, data, "hang", f"{took * 1000:.0f} ms of CPU time")
            if took * 1e6 > self._slowest_us:
                self._slowest_us, self._slowest = int(took * 1e6), number
            if self._peak_kib() > job.memory_mib * 1024:
                self._over += 1
                self._keep(number, data, "memory", f"{self._peak_kib() // 1024} MiB resident")
                self._note(number + 1)
                return
        self._note(job.end)

    def _again(self, data: bytes) -> float:
        before = time.process_time()
        self._target.run(data)
        return time.process_time() - before

    def _note(self, number: int) -> None:
        PROGRESS.pack_into(
            self._shared, 0, number, self._crashes, self._hangs, self._over, self._slowest_us, self._slowest,
            self._peak_kib(), int((time.process_time() - self._began) * 1e6),
        )  # fmt: skip

    def _keep(self, number: int, data: bytes, kind: str, what: str) -> None:
        place = keep_case(Path(self._job.cases), self._job.target, kind, what, data)
        line = {"number": number, "kind": kind, "what": what, "case": place}
        with Path(self._job.found).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def keep_case(folder: Path, target: str, kind: str, what: str, data: bytes) -> str:
    """Write an offender down, the first of its sort; its file's name."""
    sort = hashlib.blake2b((kind if kind == "hang" else what.partition(" | ")[0]).encode(), digest_size=4).hexdigest()
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / f"{target.replace(':', '-')}-{kind}-{sort}.bin"
    if not place.exists():
        place.write_bytes(data)
    return place.name


def told(error: BaseException) -> str:
    """An exception in one line: what and where, and behind a bar what it said of this input."""
    frames = traceback.extract_tb(error.__traceback__)
    where = next((one for one in reversed(frames) if "/analyzer/" in one.filename), frames[-1])
    said = " ".join(str(error).split())
    promise, _, detail = said.partition(": ")
    place = f"{'/'.join(Path(where.filename).parts[-3:])}:{where.lineno}"
    return f"{type(error).__name__} at {place} {promise[:120]} | {detail[:300]}"


def _peak_kib() -> int:
    """Peak resident memory, of the process that started this one too where that was greater."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _own_peak_kib() -> int:
    """Peak resident memory of this process alone: twenty times as slow to ask for."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.partition("VmHWM:")[2].split(None, 1)[0])


if __name__ == "__main__":
    run(Job(**json.loads(sys.argv[1])))
