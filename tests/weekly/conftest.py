"""The histories that the tests share: a quiet one, and one in which things happen."""

from __future__ import annotations

from pathlib import Path

import pytest
from weekly_story import history, weeks, workspace

#: Fourteen weeks; the last is 2026-W14, 30 March to 5 April.
WEEKS = weeks("2026-W01", 14)
LAST = len(WEEKS) - 1


@pytest.fixture(scope="session")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nothing happens."""
    return workspace(tmp_path_factory.mktemp("quiet") / "my team's space", *history(WEEKS))


@pytest.fixture(scope="session")
def eventful(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """cem's list is bad in the last two weeks, mail from out2 fails authentication in the last, and a listing of out1
    that cost ten mails a week is over."""
    planted: dict[tuple[str, int], dict[str, int]] = {
        ("cem@out2.example", LAST - 1): {"user_unknown": 40},
        ("cem@out2.example", LAST): {"user_unknown": 45, "auth_failure": 15},
    }
    for number in range(3, LAST):
        planted["ann@out1.example", number] = {"ip_blocklisted": 12}
    return workspace(tmp_path_factory.mktemp("eventful") / "space", *history(WEEKS, planted))
