"""The mutation driver: `python -m fuzz.mutate messages --count 10000000 --jobs 2 --seed 1 --log runs.jsonl`.

Mutant number n of a seed is the same wherever it is made, so a range of numbers is a run that anybody can repeat; with
a log, the next call goes on where the last one ended. Each range runs in a process of its own, under a bound on its
memory and with a watchdog beside it. `--show n` writes one mutant to the standard output.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from fuzz.worker import BROKEN, PROGRESS, Job, keep_case, mutant

_TOP = Path(__file__).resolve().parent.parent
#: CPU seconds that a single mutant may take before the watchdog ends its process.
_STUCK_S = 10.0
_LOOK_S = 0.25


@dataclass(slots=True)
class Outcome:
    """What a range gave. Times are of the CPU."""

    start: int
    end: int
    crashes: int = 0
    hangs: int = 0
    over_memory: int = 0
    slowest_ms: float = 0.0
    slowest: int = 0
    peak_mib: int = 0
    cpu_s: float = 0.0
    state: str = ""
    offenders: list[dict[str, Any]] = field(default_factory=list)

    @property
    def broken(self) -> int:
        """Mutants that broke a promise or a bound."""
        return self.crashes + self.hangs + self.over_memory

    def words(self) -> str:
        """One line for a person."""
        count = self.end - self.start
        rate = count / self.cpu_s if self.cpu_s else 0.0
        return (
            f"{count:,} mutants ({self.start:,} to {self.end - 1:,}): {self.crashes:,} crashes, {self.hangs:,} hangs, "
            f"{self.over_memory:,} over the memory bound; slowest {self.slowest_ms:.0f} ms (number {self.slowest:,}), "
            f"at most {self.peak_mib:,} MiB, {rate:,.0f} a second of CPU time"
        )


class _Process:
    """A worker on its range, watched."""

    def __init__(self, options: argparse.Namespace, start: int, end: int, folder: Path) -> None:
        self._options = options
        self.outcome = Outcome(start, start, state=code_state())
        self._folder = Path(tempfile.mkdtemp(dir=folder))
        self._progress, self._found = self._folder / "progress", self._folder / "found"
        self._progress.write_bytes(PROGRESS.pack(start, *[0] * 7))
        self._job = Job(
            options.target, options.seed, start, end, str(self._progress), str(self._found), options.cases,
            options.hang_ms / 1000, options.memory_mib,
        )  # fmt: skip
        command = [sys.executable, "-m", "fuzz.worker", json.dumps(asdict(self._job))]
        # Threads of a numeric library would be counted as a message's own time and memory.
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(command, cwd=_TOP, stdin=subprocess.DEVNULL, env=environment)  # noqa: S603
        self._seen = (-1, 0.0)

    def look(self) -> bool:
        """Whether it is over; ends it where one mutant takes too long."""
        if self._process.poll() is not None:
            self._gather()
            if self._process.returncode == BROKEN:
                sys.exit("fuzz: a seed itself breaks a promise, or the code does not run; see above")
            if self._process.returncode:
                self._died("crash", f"the process ended with {self._process.returncode}")
            return True
        number, spent = self._numbers()[0], _cpu_of(self._process.pid)
        if number != self._seen[0]:
            self._seen = number, spent
        elif spent - self._seen[1] > _STUCK_S:
            self.stop()
            self._died("hang", f"over {_STUCK_S:.0f} s of CPU time")
            return True
        return False

    def stop(self) -> None:
        """End it, with what it has counted."""
        self._process.kill()
        self._process.wait()
        self._gather()

    def _numbers(self) -> tuple[int, ...]:
        return PROGRESS.unpack(self._progress.read_bytes())

    def _gather(self) -> None:
        number, crashes, hangs, over, slowest_us, slowest, peak, cpu = self._numbers()
        one = self.outcome
        one.end, one.crashes, one.hangs, one.over_memory = number, crashes, hangs, over
        one.slowest_ms, one.slowest, one.peak_mib, one.cpu_s = slowest_us / 1000, slowest, peak // 1024, cpu / 1e6
        if self._found.exists():
            one.offenders = [json.loads(line) for line in self._found.read_text("utf-8").splitlines()]

    def _died(self, kind: str, what: str) -> None:
        from fuzz.targets import target_named

        number = self.outcome.end
        data = mutant(target_named(self._job.target).seeds(), self._job.seed, number)
        place = keep_case(Path(self._job.cases), self._job.target, kind, f"{what} {number}", data)
        self.outcome.offenders.append({"number": number, "kind": kind, "what": what, "case": place})
        self.outcome.end = number + 1
        if kind == "hang":
            self.outcome.hangs += 1
        else:
            self.outcome.crashes += 1


def ranges(options: argparse.Namespace, start: int, end: int) -> Iterator[Outcome]:
    """Every range as it is over; one whose process ended early is taken up again behind the place."""
    deadline = time.monotonic() + options.seconds if options.seconds else float("inf")
    waiting = [(at, min(at + options.chunk, end)) for at in range(start, end, options.chunk)][::-1]
    running: list[tuple[_Process, int]] = []
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        try:
            while (waiting or running) and time.monotonic() < deadline:
                while waiting and len(running) < options.jobs:
                    first, last = waiting.pop()
                    running.append((_Process(options, first, last, Path(folder)), last))
                time.sleep(_LOOK_S)
                for process, last in list(running):
                    if process.look():
                        running.remove((process, last))
                        if process.outcome.end < last:
                            waiting.append((process.outcome.end, last))
                        yield process.outcome
            while running:
                process, _ = running.pop()
                process.stop()
                yield process.outcome
        finally:  # somebody stopped this: what was counted by then is written down
            for process, _ in running:
                process.stop()
                _tell(options, process.outcome)


def code_state() -> str:
    """A short digest of the code, the rules and the mutations: two runs of one state are alike."""
    digest = hashlib.blake2b(digest_size=6)
    for folder in ("analyzer", "rules", "fuzz"):
        for path in sorted((_TOP / folder).rglob("*")):
            if path.suffix in {".py", ".toml", ".npz"}:
                digest.update(path.relative_to(_TOP).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the ranges, a line for each and one for the whole; 1 where anything broke a promise or a bound."""
    from fuzz.targets import target_named

    options = _options(arguments)
    if options.show is not None:
        sys.stdout.buffer.write(mutant(target_named(options.target).seeds(), options.seed, options.show))
        return 0
    if options.sum:
        return _sum(options)
    start = options.start if options.start is not None else _first_missing(options)
    # A stop is an ordinary end: what was counted so far is written down.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    found: list[Outcome] = []
    for outcome in ranges(options, start, start + options.count):
        found.append(outcome)
        _tell(options, outcome)
    whole = _together(found)
    print(f"{options.target}, seed {options.seed}: {whole.words()}", flush=True)
    return 1 if whole.broken else 0


def _together(found: Sequence[Outcome]) -> Outcome:
    if not found:
        return Outcome(0, 0)
    slowest = max(found, key=lambda one: one.slowest_ms)
    return Outcome(
        min(one.start for one in found),
        max(one.end for one in found),
        sum(one.crashes for one in found),
        sum(one.hangs for one in found),
        sum(one.over_memory for one in found),
        slowest.slowest_ms,
        slowest.slowest,
        max(one.peak_mib for one in found),
        sum(one.cpu_s for one in found),
    )


def _tell(options: argparse.Namespace, outcome: Outcome) -> None:
    if outcome.end == outcome.start:
        return
    print(outcome.words(), flush=True)
    for one in outcome.offenders[:20]:
        print(f"  {one['kind']} {one['number']:,}: {one['what']} ({one['case']})", flush=True)
    if options.log:
        line = {"target": options.target, "seed": options.seed, **asdict(outcome), "at": int(time.time())}
        line["offenders"] = outcome.offenders[:100]
        with Path(options.log).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def _sum(options: argparse.Namespace) -> int:
    """A line for each state of the code that ranges of the log ran on, and one for all."""
    lines = logged(options.log, options.target, options.seed)
    names = [one.name for one in fields(Outcome)]
    found = [Outcome(**{name: line[name] for name in names}) for line in lines]
    for state in dict.fromkeys(one.state for one in found):
        _print_sum(f"code {state}", [one for one in found if one.state == state])
    _print_sum(f"{options.target}, seed {options.seed}", found)
    return 0


def _print_sum(what: str, found: Sequence[Outcome]) -> None:
    whole = _together(found)
    whole.end = whole.start + sum(one.end - one.start for one in found)
    print(f"{what}: {whole.words()}" if found else f"{what}: no mutants yet")


def _first_missing(options: argparse.Namespace) -> int:
    """The first number that the log does not hold."""
    reached = 0
    for start, end in sorted((one["start"], one["end"]) for one in logged(options.log, options.target, options.seed)):
        if start > reached:
            break
        reached = max(reached, end)
    return reached


def logged(log: str, target: str, seed: int) -> list[dict[str, Any]]:
    """The ranges of one target and seed in a log, none where there is no log."""
    if not log or not Path(log).exists():
        return []
    lines = [json.loads(line) for line in Path(log).read_text("utf-8").splitlines()]
    return [line for line in lines if (line["target"], line["seed"]) == (target, seed)]


def _cpu_of(pid: int) -> float:
    """CPU seconds that a process has used."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / 100


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m fuzz.mutate", description="Mutants of our own seeds, by number.")
    parser.add_argument("target", help="a name of fuzz.targets, such as messages, or module:ATTRIBUTE")
    parser.add_argument("--count", type=int, default=100_000, help="how many mutants (100,000)")
    parser.add_argument(
        "--from", dest="start", type=int, help="the first number (the first that the log lacks, else 0)"
    )
    parser.add_argument("--seed", type=int, default=1, help="another seed makes other mutants (1)")
    parser.add_argument("--jobs", type=int, default=1, help="processes at once (1)")
    parser.add_argument("--chunk", type=int, default=100_000, help="mutants of one process (100,000)")
    parser.add_argument("--seconds", type=float, help="end after so many seconds, with what was done by then")
    parser.add_argument("--hang-ms", type=float, default=200.0, help="CPU time above which a mutant hangs (200)")
    parser.add_argument("--memory-mib", type=int, default=512, help="bound on a process's resident memory (512)")
    parser.add_argument("--cases", default="fuzz-cases", help="where offenders are kept (fuzz-cases)")
    parser.add_argument("--log", default="", help="a file of JSON lines, one for each range, to go on from")
    parser.add_argument("--sum", action="store_true", help="print what the log holds, and run nothing")
    parser.add_argument("--show", type=int, help="write this mutant to the standard output, and nothing else")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
