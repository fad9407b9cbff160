"""What `watch` says while it runs: one line an event, `key=value`, for a person and for a journal alike.

Counts and sources only; addresses stand in the lines of `--verbose`, and nowhere else.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Mapping


class Lines:
    """Writes to `stream` (stderr)."""

    def __init__(self, source: str, *, verbose: bool = False, stream: TextIO | None = None) -> None:
        self._source, self._stream = source, stream
        self.verbose = verbose

    def say(self, event: str, **fields: object) -> None:
        """One line: the time (UTC), the event, the source, and these fields."""
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        shown: Mapping[str, object] = {"time": now, "event": event, "source": self._source, **fields}
        line = " ".join(f"{name}={_value(value)}" for name, value in shown.items())
        print(line, file=self._stream or sys.stderr, flush=True)


def _value(value: object) -> str:
    text = " ".join(str(value).split())
    text = "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
    if text and not any(letter in ' "=' for letter in text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
