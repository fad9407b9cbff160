"""Killed at any moment, the receiver loses nothing that it answered with 200, and keeps nothing twice."""

from __future__ import annotations

from pathlib import Path

from webhook_killing import kill_again_and_again


def test_every_record_is_there_exactly_once_after_twenty_kills(tmp_path: Path) -> None:
    account = kill_again_and_again(tmp_path, kills=20, seed=20260302, longest_s=0.8)
    assert account.exit_code == 0
    assert account.acknowledged > 50
    assert (account.missing, account.repeated, account.strange, account.rejects) == (0, 0, 0, 0)
    # The kills fell where it matters: requests were left in the journal, and sent again.
    assert account.left >= 1
    assert account.amid >= 1
    assert account.twice >= 1
