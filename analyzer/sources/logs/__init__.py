"""Mail-server logs: what the server that sent our mail wrote down of each delivery.

`recognises` tells a log from its first bytes, `items` yields one event for each delivery that has come to an end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from analyzer.records import Item

    Read: TypeAlias = Callable[[int], bytes]
    Skip: TypeAlias = Callable[[str, str], None]


def recognises(head: bytes) -> bool:
    """Whether a file that begins with `head` is a log of a mail server that is known here."""
    return False


def items(source: str, head: bytes, read: Read, skip: Skip) -> Iterator[Item]:
    """The outcome of each delivery in the log that begins with `head` and goes on with `read(n)`, in flat memory."""
    yield from ()
