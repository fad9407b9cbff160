"""Killed with SIGKILL at random moments, again and again: nothing is lost, and nothing is there twice.

25 kills each by default; KILL_POINTS=100 for more (`benchmarks/kill_points.py` prints the account).
"""

from __future__ import annotations

import os

import pytest
from kill_rounds import WAYS


@pytest.mark.parametrize("way", WAYS)
def test_killed_at_random_moments_every_record_is_there_once(way, tmp_path):
    # The two ways that differ in their parts get the whole number; the others share what matters with them.
    kills = int(os.environ.get("KILL_POINTS", "25" if way in ("ingest", "watch --imap") else "8"))
    account = WAYS[way](tmp_path, kills, seed=7)
    assert account.exit_code == 0
    assert (account.missing, account.repeated) == (0, 0)
    assert {table: len(rows) for table, rows in account.stored.items()}["bounces"] == account.expected
    assert account.left >= 1, "some kills came before all was kept"
    assert account.amid >= 1, "some kills came between a commit and the note of how far it came"
