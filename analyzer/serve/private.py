"""Files that only their owner may read: written whole or not at all, and never followed through a link."""

from __future__ import annotations

import errno
import json
import os
import secrets
import stat
from pathlib import Path
from typing import IO, Any

#: What the system says where a disk, or one's share of it, has no room left.
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_GREATEST_JSON = 64 * 1024 * 1024


def write_json(path: Path, value: object) -> None:
    """Write `value` so that a reader sees the old file or the new one, never half of one."""
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as file:
            json.dump(value, file, ensure_ascii=False)
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def read_json(path: Path) -> dict[str, Any] | None:
    """The object in a file; None where there is none, or nothing that can be read as one."""
    try:
        with open_regular(path) as file:
            value = json.loads(file.read(_GREATEST_JSON))
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def open_regular(path: Path) -> IO[bytes]:
    """A plain file, to be read; `OSError` for a link, a device, a folder, and where a folder above is a link.

    Only the last two folders are looked at: those above belong to whoever started the server.
    """
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        # O_NONBLOCK, so that a pipe somebody put there does not hold the server up.
        descriptor = os.open(path.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    finally:
        os.close(folder)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileNotFoundError(path)
    return os.fdopen(descriptor, "rb")


def new_file(path: Path) -> int:
    """The descriptor of a file that was not there before, for its owner alone."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def is_own_folder(path: Path) -> bool:
    """Whether `path` is a folder of this user, and no link to one."""
    try:
        there = path.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(there.st_mode) and there.st_uid == os.geteuid()
