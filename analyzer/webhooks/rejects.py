"""What could not be read, kept for a look, so that it holds up nothing: a file each, 0600, in a folder of its own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from analyzer.webhooks.decoding import coded

if TYPE_CHECKING:
    from pathlib import Path

    from analyzer.webhooks.journal import Position

#: Files; what comes after them is only counted, so that no sender can fill the disk.
_MOST = 10_000
_INDENTED_BYTES = 65_536


class Rejects:
    """The folder, made when it is first needed."""

    def __init__(self, folder: Path, most: int = _MOST) -> None:
        self._folder, self._most = folder, most

    def keep(self, position: Position, endpoint: str, reason: str, content: bytes | list[Any], size: int = 0) -> None:
        """One entry under the place that it had in the journal: the same again after a crash writes the same file.

        size: bytes of the request that it came in.
        """
        self._folder.mkdir(mode=0o700, exist_ok=True)
        path = self._folder / f"{position.segment:012d}-{position.offset:010d}.json"
        if not path.exists() and sum(1 for _ in os.scandir(self._folder)) >= self._most:
            return
        told: dict[str, Any] = {"endpoint": endpoint, "reason": reason}
        if isinstance(content, list):
            told["events"] = content
        else:
            told["body"] = content.decode("utf-8", "replace")
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(opened, "wb") as file:
            # Indents make a large one that is deeply nested a hundred times larger.
            file.write(coded(told, indented=size <= _INDENTED_BYTES))
