"""Mail-server logs: what the server that sent our mail wrote down of each delivery.

`recognises` tells a log from its first bytes, `items` yields an event for each delivery; `registry` says which readers
there are, and in which order they are asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.bounds import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

    from analyzer.bounds import Bounds
    from analyzer.records import Item

    Read: TypeAlias = Callable[[int], bytes]
    from analyzer.sources.skips import Skip

__all__ = ["items", "recognises"]


def recognises(head: bytes) -> bool:
    """Whether a file that begins with `head` is a log of a mail server that is known here."""
    # Most files are mails, which need none of the readers.
    from analyzer.sources.logs import registry

    return registry.recognises(head)


def items(source: str, head: bytes, read: Read, skip: Skip, bounds: Bounds = DEFAULT) -> Iterator[Item]:
    """The outcome of each delivery in the log that begins with `head` and goes on with `read(n)`, in flat memory."""
    from analyzer.sources.logs import registry

    return registry.items(source, head, read, skip, bounds)
