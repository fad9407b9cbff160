"""Kills `ingest` and `watch` with SIGKILL at random moments while bounces come in, and counts every record.

In the end each command is let run once, and every record has to be in the workspace exactly once.
`python benchmarks/kill_points.py [--kills 100] [--seed 1] [WAY…]`; needs root and Dovecot for `watch --imap`; exit
code 1 where a record is missing or there twice. The webhook receiver has its own: webhook_kills.py.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "watch"))

from kill_rounds import WAYS


def main() -> int:
    """Print the account."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("ways", nargs="*", metavar="WAY", help=f"of {', '.join(WAYS)}; all unless given")
    given = parser.parse_args()
    bad = False
    print(
        f"{'':16} {'kills':>6} {'left some':>9} {'amid':>5} {'records':>8} {'missing':>8} {'twice':>6} {'seconds':>8}"
    )
    for way in given.ways or WAYS:
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            account = WAYS[way](Path(folder), given.kills, given.seed)
        records = sum(sum(rows.values()) for rows in account.stored.values())
        print(
            f"{way:16} {account.kills:6,} {account.left:9,} {account.amid:5,} {records:8,} {account.missing:8,} "
            f"{account.repeated:6,} {time.monotonic() - began:8,.0f}",
            flush=True,
        )
        bad = bad or bool(account.missing or account.repeated or account.exit_code)
    print("left some: the kill left bounces unkept; amid: it fell between a commit and the note of how far it came")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
