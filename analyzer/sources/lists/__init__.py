"""Lists of bounces and of suppressed addresses that providers, platforms and people keep: CSV, workbooks, Parquet.

What their columns and words mean is told by `layouts` and `outcomes`, which also read events of providers that have no
reader of their own. A campaign's log, or a list of leads, tells of bounces too: it goes with `--log`, and is read here
only where it was given by name and rows of it say that they bounced. `text` reads delimited text as it comes, `files`
what has to be read as a whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.bounds import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

    from analyzer.bounds import Bounds
    from analyzer.records import Event
    from analyzer.sources.skips import Skip

    Read: TypeAlias = Callable[[int], bytes]

__all__ = ["items", "recognises"]


def recognises(head: bytes, *, expected: bool = False) -> bool:
    """Whether delimited text that begins with `head` is a list of bounces.

    `expected`: somebody gave it as one of bounces, so a table of which some rows say that they bounced is a list.
    """
    # Most files are mails, which need none of what reads tables.
    from analyzer.sources.lists import text

    return text.recognises(head, expected=expected)


def items(source: str, head: bytes, read: Read, skip: Skip, bounds: Bounds = DEFAULT) -> Iterator[Event]:
    """What each row tells of the list that begins with `head` and goes on with `read(n)`, in flat memory.

    `#n` behind the source is the number of the line, from 1. Rows that cannot be read are named to `skip(source, why)`.
    """
    from analyzer.sources.lists import text

    return text.items(source, head, read, skip, bounds)
