"""How much memory `parse` holds, on all cores, for a mailbox of any size; and that it does not grow with the mailbox.

Two mboxes of distinct messages, one ten times the other. While each is parsed, the proportional set size (PSS, Linux)
of the process and all its workers is added up twice a second: pages that they share count once. Prints the peaks, their
ratio, and the messages read. `python benchmarks/parse_memory.py --gb 5`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from itertools import count
from pathlib import Path

from parse_speed import messages

_ENVELOPE = b"From MAILER-DAEMON Mon Mar  2 10:00:00 2026\n"
_MIB = 1 << 20


def _write(mbox: Path, size: int, seed: int) -> int:
    """Write distinct messages until the mbox has `size` bytes; how many they are."""
    written = 0
    with mbox.open("wb") as box:
        for part in count():
            for message in messages(10_000, seed * 1_000_000 + part):
                box.write(_ENVELOPE + message.replace(b"\nFrom ", b"\n>From ") + b"\n")
                written += 1
                if box.tell() >= size:
                    return written
    return written


def _family(process: int) -> list[int]:
    """The process and all that descend from it."""
    found = [process]
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        for child in task.read_text().split():
            found += _family(int(child))
    return found


def _held(process: int) -> float:
    """The proportional set size of a process and its descendants, in MiB."""
    held = 0
    try:
        for one in _family(process):
            for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    held += int(line.split()[1])
    except OSError:  # one of them has ended meanwhile
        pass
    return held / 1024


def _peak(command: list[str]) -> tuple[float, str]:
    """The peak of a command's memory in MiB, and what it said."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as running:
        peak = 0.0
        while running.poll() is None:
            peak = max(peak, _held(running.pid))
            time.sleep(0.5)
        said = running.stderr.read() if running.stderr else ""
    if running.returncode:
        sys.exit(f"parse ended with {running.returncode}: {said[-500:]}")
    return peak, said.strip().splitlines()[0]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--gb", type=float, default=0.5, help="size of the larger mailbox, 10**9 bytes (0.5)")
    options.add_argument("--jobs", type=int, help="processes (as many as there are cores)")
    chosen = options.parse_args()
    jobs = ["--jobs", str(chosen.jobs)] if chosen.jobs else []
    peaks = []
    with tempfile.TemporaryDirectory() as place:
        mbox, out = Path(place, "mails.mbox"), Path(place, "out.jsonl")
        for seed, share in ((1, 0.1), (2, 1.0)):
            size = int(chosen.gb * 1e9 * share)
            written = _write(mbox, size, seed)
            peak, said = _peak([sys.executable, "-m", "analyzer", "parse", str(mbox), "--out", str(out), *jobs])
            peaks.append(peak)
            print(f"{size / 1e9:.2f} GB, {written:,} messages: peak {peak:,.0f} MiB; {said}", flush=True)
    print(f"ten times the mailbox, {peaks[1] / peaks[0]:.2f} times the memory")


if __name__ == "__main__":
    main()
