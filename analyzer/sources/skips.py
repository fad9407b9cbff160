"""How a source tells of what it leaves out."""

from __future__ import annotations

from typing import Protocol


class Skip(Protocol):
    """Told the name of what is left out and why; `bound` names the bound that it exceeds, if that is why."""

    def __call__(self, source: str, why: str, *, bound: str = "") -> None: ...
