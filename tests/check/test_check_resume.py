"""A check of mailboxes that is killed half-way and resumed: every row comes out, in order, and nobody is asked twice."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

from servers.killing import counting_stub
from servers.programs import dnsmasq, free_port, started, wait_until

LEADS = 400
DOMAINS = 20


def test_nothing_is_lost_and_nothing_asked_twice(tmp_path: Path) -> None:
    leads, cache, out = tmp_path / "leads.txt", tmp_path / "cache.sqlite", tmp_path / "checked.jsonl"
    counts, names = tmp_path / "counts.json", free_port()
    addresses = [f"{'au'[n % 2]}{n}@d{n % DOMAINS}.bulk.example" for n in range(LEADS)]
    leads.write_text("\n".join(addresses) + "\n")
    command = [
        *(sys.executable, "-m", "analyzer", "check", str(leads), "--out", str(out), "--smtp", "--force", "--resume"),
        *("--helo", "probe.example.org", "--mail-from", "me@example.org", "--rate", "200"),
        # All the domains are on one host: with the usual two connections most of the time would go by in pauses.
        *("--provider-rate", "60000", "--connections", "8"),
        *("--resolver", f"127.0.0.1:{names}", "--allow-private", "--cache", str(cache)),
    ]
    zone = dnsmasq(tmp_path, "127.0.0.1", names, ["address=/bulk.example/127.0.0.1"])
    with counting_stub(counts) as port, zone:
        command += ["--smtp-port", port]
        with started(command, stderr=subprocess.DEVNULL) as first:
            wait_until(lambda: answered(cache) > LEADS // 4, "the check", lambda: f"{answered(cache)} answers", 60)
            first.send_signal(signal.SIGKILL)
        before = answered(cache)
        assert before < LEADS
        assert not out.exists()
        second = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert second.returncode == 0, second.stderr
    assert "it began anew" not in second.stderr
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert [row["email"] for row in rows] == addresses
    assert Counter(row["mailbox"] for row in rows) == {"accepted": LEADS // 2, "unknown_user": LEADS // 2}
    # A question that was on its way when the process died may have been heard, at most one a domain.
    asked = {address: times for address, times in json.loads(counts.read_text()).items() if address in set(addresses)}
    assert set(asked) == set(addresses)
    assert sum(asked.values()) - LEADS <= DOMAINS
    assert max(asked.values()) <= 2


def answered(cache: Path) -> int:
    """How many answers the cache holds."""
    import sqlite3

    if not cache.exists():
        return 0
    try:
        with sqlite3.connect(f"file:{cache}?mode=ro", uri=True) as database:
            return int(database.execute("SELECT count(*) FROM mailbox").fetchone()[0])
    except sqlite3.Error:
        return 0
