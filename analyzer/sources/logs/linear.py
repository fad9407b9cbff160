"""Patterns of log lines that hold several free texts: RE2 runs them in time that is linear in the line, whatever it
holds.
"""

from __future__ import annotations

from typing import Any

import re2


class Linear:
    """A pattern of bytes, run by RE2; each byte is one sign, whatever charset the line is in."""

    def __init__(self, pattern: bytes) -> None:
        chosen = re2.Options()
        chosen.log_errors = False
        chosen.encoding = re2.Options.Encoding.LATIN1
        self._run = re2.compile(pattern, chosen)
        self._names = {name.decode(): number for name, number in self._run.groupindex.items()}

    def match(self, line: bytes) -> dict[str, Any] | None:
        """What the named groups hold of a line that begins so, None for a group that takes no part."""
        found = self._run.match(line)
        return found and {name: found[number] for name, number in self._names.items()}
