"""Four writers and two readers on one workspace at once: what they got done, and whether anything was lost.

Each writer takes in its own mails, and beside them mails that all of them take in; each reader asks for the sends again
and again, and may only ever see whole commits, never fewer than before. Ends with 1 where that is not so.
`python benchmarks/many_writers.py [--seconds 60] [--place DIR]`
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pandas as pd

from analyzer.history import Workspace

_WRITERS, _READERS, _OWN = 4, 2, 20
#: Seconds that the processes may take to get ready.
_PATIENCE = 150.0


def mails(writer: int | str, turn: int) -> pd.DataFrame:
    """The mails of one turn; the same again for the same arguments."""
    names = [f"lead{writer}.{turn}.{number}@corp{number % 7}.example" for number in range(_OWN)]
    ids = [f"<{writer}.{turn}.{number}@out.example>" for number in range(_OWN)]
    return pd.DataFrame(
        {"recipient": names, "message_id": ids, "sent_at": pd.to_datetime(["2026-03-04T09:00Z"] * _OWN)}
    )


def write(place: str, writer: int, seconds: float, start: Any, told: Any) -> None:
    """Take mails in until the time is up, and say how many turns that were."""
    turn = 0
    until = _begun(start) + seconds
    while time.time() < until:
        Workspace(place).add_sends(mails(writer, turn))
        Workspace(place).add_sends(mails("all", turn))
        turn += 1
    told.put(("writer", writer, turn))


def read(place: str, reader: int, seconds: float, start: Any, told: Any) -> None:
    """Look again and again; say how often, and what was wrong."""
    seen = looks = 0
    until = _begun(start) + seconds
    while time.time() < until:
        now = len(Workspace(place).sends())
        looks += 1
        if now < seen or now % _OWN:
            told.put(("fault", reader, f"a reader saw {now:,} mails after {seen:,}, in commits of {_OWN}"))
            return
        seen = now
    told.put(("reader", reader, looks))


def _begun(start: Any) -> float:
    """When all processes are there: on a busy machine their imports take longer than a short run."""
    start.wait(timeout=_PATIENCE)
    return time.time()


def run(place: str, seconds: float) -> tuple[list[int], list[int], list[str]]:
    """Turns of each writer, looks of each reader, and every fault."""
    context = multiprocessing.get_context("spawn")
    told = context.Queue()
    start = context.Barrier(_WRITERS + _READERS)
    people = [context.Process(target=write, args=(place, number, seconds, start, told)) for number in range(_WRITERS)]
    people += [context.Process(target=read, args=(place, number, seconds, start, told)) for number in range(_READERS)]
    for one in people:
        one.start()
    for one in people:
        one.join()
    faults = [f"a process ended with {one.exitcode}" for one in people if one.exitcode]
    said = [told.get(timeout=5) for _ in range(len(people) - len(faults))]
    turns = {number: count for what, number, count in said if what == "writer"}
    faults += [text for what, _, text in said if what == "fault"]
    expected = {
        one for number, count in turns.items() for turn in range(count) for one in mails(number, turn)["message_id"]
    }
    expected |= {one for turn in range(max(turns.values(), default=0)) for one in mails("all", turn)["message_id"]}
    found = Workspace(place).sends()["message_id"].tolist()
    if len(found) != len(set(found)) or set(found) != expected:
        faults.append(
            f"{len(found):,} mails are there, {len(set(found)):,} of them once, {len(expected):,} were taken in"
        )
    return list(turns.values()), [count for what, _, count in said if what == "reader"], faults


def main() -> int:
    """Print what was done; 1 where something was lost or a process failed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=60)
    options.add_argument("--place", default="")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        turns, looks, faults = run(chosen.place or str(Path(folder) / "space"), chosen.seconds)
    commits = 2 * sum(turns)
    print(
        f"{_WRITERS} writers, {_READERS} readers, {chosen.seconds:.0f} s: {commits:,} takings-in, {sum(looks):,} looks"
    )
    for fault in faults:
        print(fault, file=sys.stderr)
    print("nothing was lost, doubled or half seen" if not faults else f"{len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
