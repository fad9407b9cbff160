"""A clock that tests set: to sleep costs no time."""

from __future__ import annotations

import asyncio


class FakeClock:
    """Seconds since the epoch; whoever sleeps moves them on."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        until = self.now + seconds
        # What is under way on the loopback gets its turn before time goes on.
        for _ in range(5):
            await asyncio.sleep(0.002)
        self.now = max(self.now, until)
