"""Seeded choices that stay the same in every Python release.

Only `Random.random()` is promised to repeat from release to release, so every other draw here is built on it.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")

_HEX = "0123456789abcdef"
_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


class Chance:
    """A stream of choices from one seed."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)

    def under(self, probability: float) -> bool:
        """True with this probability."""
        return self._random.random() < probability

    def whole(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + int(self._random.random() * (high - low + 1))

    def pick(self, items: Sequence[T]) -> T:
        """One of the items, all alike."""
        return items[int(self._random.random() * len(items))]

    def weighted(self, weights: dict[T, float]) -> T:
        """One of the keys, by weight."""
        left = self._random.random() * sum(weights.values())
        for item, weight in weights.items():
            left -= weight
            if left < 0:
                return item
        return next(reversed(weights))

    def shuffled(self, items: Sequence[T], weight: Callable[[T], float] = lambda _: 1.0) -> list[T]:
        """All items in a chance order; the heavier come sooner."""
        keyed = [(self._random.random() / weight(item), number) for number, item in enumerate(items)]
        return [items[number] for _, number in sorted(keyed)]

    def hexes(self, length: int) -> str:
        """A string of hexadecimal digits, such as a queue id."""
        return "".join(self.pick(_HEX) for _ in range(length))

    def letters(self, length: int) -> str:
        """A string of capital letters and digits, such as a queue id."""
        return "".join(self.pick(_BASE32) for _ in range(length))
