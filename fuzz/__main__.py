"""`python -m fuzz --minutes 60`: every target, half of its time under mutations, half under coverage (`make fuzz`).

Prints a row for each target, keeps what breaks a promise in `--cases`, and ends with 1 where anything did.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fuzz.targets import TARGETS

_RUNS = re.compile(r"Done (\d+) runs|stat::number_of_executed_units: *(\d+)")
#: Shares of the time of what most input goes through; all others have one.
_SHARES = {"messages": 6, "feeds": 2, "logs": 2, "containers": 3, "classification": 2}
#: CPU time of one input. A table is read twice through frames, at a fifth of a millisecond for each of its columns.
_HANG_MS = {"table": 3000}


def main() -> int:
    """Every target for its share of the time."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description="Every target, for so many minutes in all.")
    parser.add_argument("--minutes", type=float, default=60.0, help="of all targets together (60)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="targets at once (every core)")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of the mutations (another one every time)")
    parser.add_argument("--cases", default="fuzz-cases", help="where offenders are kept (fuzz-cases)")
    parser.add_argument("--only", nargs="*", choices=sorted(TARGETS), help="these targets alone")
    options = parser.parse_args()
    names = options.only or list(TARGETS)
    share = options.minutes * 60 * options.jobs / sum(_SHARES.get(name, 1) for name in names)
    print(f"seed {options.seed}; {len(names)} targets, {options.minutes:g} minutes", flush=True)
    print("target                       mutants  guided runs  broken  slowest ms  peak MiB", flush=True)
    broken = 0
    with ThreadPoolExecutor(options.jobs) as pool:
        for found in pool.map(lambda name: _one(name, share * _SHARES.get(name, 1), options), names):
            broken += found
    print("nothing broke a promise" if not broken else f"{broken:,} broke a promise: see {options.cases}")
    return 1 if broken else 0


def _one(name: str, seconds: float, options: argparse.Namespace) -> int:
    """One target; how many inputs broke a promise."""
    cases = Path(options.cases).absolute()
    cases.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("r", suffix=".jsonl") as log:
        command = [name, "--count", "1000000000", "--chunk", "50000", "--seconds", f"{seconds / 2:.0f}"]
        command += ["--seed", str(options.seed), "--cases", str(cases), "--log", log.name]
        command += ["--hang-ms", str(_HANG_MS.get(name.partition("-")[0], 200))]
        mutated = _run("fuzz.mutate", *command)
        ranges = [json.loads(line) for line in log]
    if mutated.returncode not in (0, 1):
        print(mutated.stdout[-2000:], mutated.stderr[-2000:], sep="\n", file=sys.stderr, flush=True)
    options_of_guided = [f"-max_total_time={max(1, round(seconds / 2))}", "-print_final_stats=1"]
    guided = _run("fuzz.guided", name, *options_of_guided, f"-artifact_prefix={cases}/{name}-guided-")
    if guided.returncode:
        print(guided.stderr[-3000:], file=sys.stderr, flush=True)
    runs = max((int(one or other) for one, other in _RUNS.findall(guided.stdout + guided.stderr)), default=0)
    count = sum(one["end"] - one["start"] for one in ranges)
    broken: int = sum(one["crashes"] + one["hangs"] + one["over_memory"] for one in ranges)
    broken += bool(guided.returncode) + (mutated.returncode not in (0, 1))
    slowest = max((one["slowest_ms"] for one in ranges), default=0.0)
    peak = max((one["peak_mib"] for one in ranges), default=0)
    print(f"{name:<26} {count:>9,} {runs:>12,} {broken:>7,} {slowest:>11.0f} {peak:>9,}", flush=True)
    return broken


def _run(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)  # noqa: S603


if __name__ == "__main__":
    sys.exit(main())
