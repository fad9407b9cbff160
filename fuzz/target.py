"""What a target is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """One reader or stage under fire.

    `run` takes any bytes and raises where a promise is broken: any exception but those that are promised, which it
    catches itself. `seeds` are valid inputs to begin from.
    """

    name: str
    run: Callable[[bytes], None]
    seeds: Callable[[], list[bytes]]
