"""Where messages come from: files, mailboxes, folders, archives and the standard input.

`read` is the way in. What is in a file is told from its content; nothing here knows what a bounce is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.sources.reading import Reading, Skipped
from analyzer.sources.rejects import Rejects

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from analyzer.bounds import Bounds

__all__ = ["Reading", "Rejects", "Skipped", "read"]


def read(sources: Iterable[str | Path], *, rejects: Rejects | None = None, bounds: Bounds | None = None) -> Reading:
    """Every message of `sources`, in a fixed order, one at a time; iterate the result once.

    A source is a message file, an mbox, a Maildir, a folder (searched through), a `.zip`, `.tar`, `.gz`, `.bz2` or
    `.xz` of any of them, or `-` for the standard input. Each message's `source` is its path as given (archive members
    behind their archive's path), with `#n` behind it for the n-th message of an mbox.
    Raises `UnreadableInputError` at once for a source that is missing or may not be read, and at the end of a source
    that held no message. Anything else that cannot be read is counted in `.no_mail` and `.broken`, named in
    `.skipped`, and the broken messages are kept in `rejects`; what is over one of the `bounds` is in `.exceeded`.
    """
    return Reading(sources, rejects=rejects, bounds=bounds)
