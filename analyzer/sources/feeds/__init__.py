"""Event feeds: what e-mail providers and sequence platforms tell by webhook or export, as JSON in any arrangement.

`recognises` tells a feed from its first bytes, `items` yields its events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from analyzer.records import Item

    Read: TypeAlias = Callable[[int], bytes]
    Skip: TypeAlias = Callable[[str, str], None]


def recognises(head: bytes) -> bool:
    """Whether a file that begins with `head` is a feed: JSON that at least one reader knows."""
    return False


def items(source: str, head: bytes, read: Read, skip: Skip) -> Iterator[Item]:
    """Every event of the feed that begins with `head` and goes on with `read(n)`; `#n` behind the source numbers them.

    What cannot be read is named to `skip(source, why)` and passed over.
    """
    yield from ()
