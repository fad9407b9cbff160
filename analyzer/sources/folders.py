"""The files of a folder, searched through in a fixed order; of a Maildir, the messages that were delivered.

Source: Maildir as in qmail's maildir(5) (`tmp` holds deliveries under way) and Maildir++ (subfolders begin with a dot).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_MAILDIR = ("cur/", "new/")


def files(folder: str, skip: Callable[[str, str], None]) -> Iterator[tuple[str, bool]]:
    """Every file below `folder`, as (path, is a Maildir's message), in the order of their paths.

    Hidden files and folders are left out, links to folders too, as they can lead in circles; only a Maildir's own
    subfolders may begin with a dot. What is neither file nor folder is never opened: it could block for ever.
    `skip(path, why)` is told of what could not be listed.
    """
    yield from _below(folder, skip, in_maildir=False)


def _below(folder: str, skip: Callable[[str, str], None], *, in_maildir: bool) -> Iterator[tuple[str, bool]]:
    try:
        names = _names(folder)
    except OSError as error:
        skip(folder, f"cannot be listed: {error.strerror}")
        return
    is_maildir = all(name in names for name in _MAILDIR)
    names.sort()
    for name in names:
        path = os.path.join(folder, name)  # noqa: PTH118 (a hundred times cheaper than pathlib, once for each file)
        if not name.endswith("/"):
            if in_maildir or name[0] != ".":
                yield path, in_maildir
        elif is_maildir and name in _MAILDIR:
            yield from _below(path[:-1], skip, in_maildir=True)
        elif (is_maildir and name == "tmp/") or (name[0] == "." and not _looks_like_maildir(path)):
            continue
        else:
            yield from _below(path[:-1], skip, in_maildir=False)


def _names(folder: str) -> list[str]:
    """The names in a folder, those of folders with a slash behind them, so that they sort as their paths do."""
    names = []
    with os.scandir(folder) as entries:
        for entry in entries:
            try:
                if entry.is_file():
                    names.append(entry.name)
                elif entry.is_dir(follow_symlinks=False):
                    names.append(entry.name + "/")
            except OSError:  # a link in circles; nothing to read there
                continue
    return names


def _looks_like_maildir(folder: str) -> bool:
    return os.path.isdir(folder + "cur") and os.path.isdir(folder + "new")  # noqa: PTH112
