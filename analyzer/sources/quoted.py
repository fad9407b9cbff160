"""Rows out of the lines of delimited text: a cell in quotes may go over several lines (RFC 4180 2.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

UNENDED = "is a row whose quotes do not end"
#: A cell of more lines has a quote that nobody closed.
_MOST_LINES = 100


class QuotedRows:
    """The rows of one file; `damaged(number, line)` is told of the lines that open quotes which never end."""

    def __init__(self, damaged: Callable[[int, bytes], None]) -> None:
        self._damaged = damaged
        self._open: list[tuple[int, bytes]] = []

    def add(self, number: int, line: bytes) -> list[tuple[int, bytes]]:
        """The rows that are whole with this line, each with the number of its first line."""
        uneven = line.count(b'"') % 2 == 1
        if not self._open and not uneven:
            return [(number, line)]
        self._open.append((number, line))
        if len(self._open) > 1 and uneven:
            first, whole = self._open[0][0], b"\n".join(text for _, text in self._open)
            self._open = []
            return [(first, whole)]
        return self._given_up() if len(self._open) > _MOST_LINES else []

    def rest(self) -> list[tuple[int, bytes]]:
        """Where the file ends, the rows behind one whose quotes do not."""
        rows = []
        while self._open:
            rows += self._given_up()
        return rows

    def _given_up(self) -> list[tuple[int, bytes]]:
        """The lines behind one whose quotes do not end, each on its own."""
        (number, line), *others = self._open
        self._open = []
        self._damaged(number, line)
        return [row for one in others for row in self.add(*one)]
