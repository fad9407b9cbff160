"""Kills the webhook receiver with SIGKILL at random moments while four providers send, and counts every record.

Each request is sent again until it is answered with 200; some are sent once more after that. In the end every record
that was acknowledged has to be in the workspace exactly once.
`python benchmarks/webhook_kills.py [--kills 100] [--seed 1]`; exit code 1 where a record is missing or there twice.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "webhooks"))

from webhook_killing import kill_again_and_again


def main() -> int:
    """Print the account."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--longest", type=float, default=1.5, help="seconds of a receiver's life at most")
    given = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        account = kill_again_and_again(Path(folder), given.kills, given.seed, given.longest)
    print(f"kills                    {account.kills:8,}")
    print(f"  left requests to take  {account.left:8,}")
    print(f"  after a commit, before its checkpoint {account.amid:,}")
    print(f"requests acknowledged    {account.requests:8,}, {account.twice:,} of which were sent more than once")
    print(f"records acknowledged     {account.acknowledged:8,}")
    print(f"records in the workspace {sum(account.stored.values()):8,} in {account.committed:,} versions of its table")
    print(f"missing                  {account.missing:8,}")
    print(f"there more than once     {account.repeated:8,}")
    print(f"sent by nobody           {account.strange:8,}")
    print(f"exit code of the last    {account.exit_code:8}, {time.monotonic() - began:,.0f} s in all")
    return 1 if account.missing or account.repeated or account.strange or account.exit_code else 0


if __name__ == "__main__":
    sys.exit(main())
