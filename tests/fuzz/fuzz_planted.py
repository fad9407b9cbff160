"""Targets that break on every tenth mutant or so, each in its way, for the drivers to find."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from fuzz.target import Target

_hoard: list[bytes] = []


def breaks(data: bytes) -> bool:
    return len(data) % 10 == 3


def _raise() -> None:
    raise ValueError("a reader's fault")


def _spin() -> None:
    end = time.process_time() + 0.08
    while time.process_time() < end:
        pass


def _hoard_memory() -> None:
    _hoard.append(b"x" * (130 << 20))


def _planted(name: str, fault: Callable[[], None], seeds: list[bytes]) -> Target:
    return Target(name, lambda data: fault() if breaks(data) else None, lambda: seeds)


_SEEDS = [b"two words\n" * 4, b"x"]
RAISES = _planted("raises", _raise, _SEEDS)
SLOW = _planted("slow", _spin, _SEEDS)
HOARDS = _planted("hoards", _hoard_memory, _SEEDS)
DIES = _planted("dies", lambda: os._exit(7), _SEEDS)
SEED_ITSELF = _planted("seed-itself", _raise, [b"one"])
