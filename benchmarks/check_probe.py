"""The mailbox probe at size: 100,000 addresses on the loopback, killed half-way with SIGKILL, and resumed.

    python benchmarks/check_probe.py [--addresses N] [--in-flight N]

The server is a stub in a process of its own (`tests/servers/stub.py`), so this measures the probe and not the world,
where the pace is set by what receiving providers bear. The rate stands beside the standard library's `smtplib`, one
connection for each domain, one address after another, against the same stub.
"""

from __future__ import annotations

import argparse
import smtplib
import subprocess
import sys
import tempfile
import time
from itertools import groupby
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from servers.killing import HERE, Account, address, kill_and_resume


def plain_rate(folder: Path, count: int) -> float:
    """Addresses a second that `smtplib` asks for, without catch-all questions, retries or a store."""
    command = [sys.executable, HERE / "stub.py", folder / "plain.json"]
    stub = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert stub.stdin is not None
    assert stub.stdout is not None
    port = int(stub.stdout.readline())
    names = sorted((address(number, count)[0] for number in range(count)), key=lambda one: one.partition("@")[2])
    began = time.monotonic()
    for _, group in groupby(names, key=lambda one: one.partition("@")[2]):
        with smtplib.SMTP("127.0.0.1", port, local_hostname="probe.example.org") as client:
            client.ehlo_or_helo_if_needed()
            client.mail("postmaster@example.org")
            for name in group:
                client.rcpt(name)
            client.rset()
    took = time.monotonic() - began
    stub.stdin.close()
    stub.wait(30)
    return count / took


def show(account: Account, plain: float) -> bool:
    """Print the account; whether it is as it should be."""
    rate = account.addresses / account.seconds
    print(f"{account.addresses:>9,} addresses")
    print(f"{account.answered_before_the_kill:>9,} answered when the process was killed")
    print(f"{len(account.answered):>9,} answered by the resumed run")
    print(f"{account.missing:>9,} without an answer, {account.repeated} with several, {len(account.wrong)} wrong")
    print(f"{len(account.asked_twice):>9,} asked once more than needed (at most {account.in_flight} were in flight)")
    print(f"{account.asked:>9,} RCPT commands in all, with random addresses and retries after greylisting")
    print(f"{rate:>9,.0f} addresses a second over both runs, the kill and the start of Python among it")
    print(f"{rate / plain:>9.2f} times smtplib, which makes {plain:,.0f} a second and keeps nothing")
    return not (account.missing or account.repeated or account.wrong) and len(account.asked_twice) <= account.in_flight


def main() -> int:
    """Run it; exit code 1 where an address was lost, doubled or judged wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--addresses", type=int, default=100_000)
    parser.add_argument("--in-flight", type=int, default=100)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plain = plain_rate(folder, min(10_000, arguments.addresses))
        return 0 if show(kill_and_resume(folder, arguments.addresses, arguments.in_flight), plain) else 1


if __name__ == "__main__":
    sys.exit(main())
