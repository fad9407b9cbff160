"""What the loop of `watch` asks of a source that it follows."""

from __future__ import annotations

import errno
import os
import stat
import time
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Protocol, TypeAlias

from analyzer.bounds import MIB
from analyzer.errors import UnreadableInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from pathlib import Path

    from analyzer.records import RawMessage

#: Whether the watch is to end.
Stopped: TypeAlias = "Callable[[], bool]"
#: `skip(source, why)`: told of a message that could not be had.
Skip: TypeAlias = "Callable[[str, str], None]"
#: Of a message over the limit this much is read: the report stands before the returned original.
HEAD_OF_GREAT = MIB
_GLANCE_S = 0.25


class BusyError(UnreadableInputError):
    """A source that cannot be read just now, as another program holds it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step through a source: a message, or None where there was nothing to take; `mark` is the place behind it."""

    message: RawMessage | None
    mark: Any


class Followed(Protocol):
    """A mailbox that grows. Nothing of it counts as taken before `keep` says so."""

    name: str
    #: Whether the last reading left a message that is not whole yet.
    unsettled: bool

    def open(self) -> None:
        """Get at it; errors that another try may cure are `ConnectionTroubleError` and `BusyError`."""

    def read(self, skip: Skip) -> Iterator[Step]:
        """All that is there and was not taken yet, in a fixed order; `keep` may be called between two steps."""

    def keep(self, steps: Sequence[Step], counted: Collection[str]) -> None:
        """These steps are durable. `counted`: the sources of the messages that were bounces or complaints."""

    def wait(self, seconds: float, stopped: Stopped) -> None:
        """Until more may be there; `seconds` at most where the source does not tell by itself."""

    def close(self) -> None:
        """Let go of it."""


def opened(path: str | Path) -> IO[bytes]:
    """A plain file, to be read without a buffer; `OSError` for anything else: a pipe would be waited for, and a device
    may never end."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is no file", str(path))
    # What a buffer holds would hide what others write.
    return os.fdopen(descriptor, "rb", buffering=0)


def written(name: str | Path) -> str:
    """A file's name as it can be kept and shown: bytes that are no UTF-8 as their numbers, such as a Maildir may
    hold."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def nap(seconds: float, stopped: Stopped) -> None:
    """Sleep, unless the watch is to end."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0 and not stopped():
        time.sleep(min(_GLANCE_S, left))
