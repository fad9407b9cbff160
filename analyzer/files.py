"""Writing a file so that it is either the whole new one or the old one, never half of one."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Errors that can only come from writing; any other inside the block is the block's own and passes through.
NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_REMEDIES = {
    errno.ENOSPC: "free some space or write elsewhere",
    errno.EDQUOT: "free some space or write elsewhere",
    errno.EFBIG: "write to another disk",
    errno.EACCES: "choose a folder that you may write to",
    errno.EPERM: "choose a folder that you may write to",
    errno.EROFS: "choose a folder that can be written to",
    errno.ENOENT: "make its folder first",
    errno.ENOTDIR: "choose a path whose folders are folders",
    errno.ENAMETOOLONG: "choose a shorter name",
}


@contextmanager
def atomic(path: str | Path) -> Iterator[Path]:
    """A temporary path beside `path`, with the same ending, to write to; it becomes `path` when the block ends well.

    While it is written only its owner may read it; then it has the permissions of the file it replaces, or those of
    any new file. If the block raises, it is removed and `path` is as before. A device or pipe is written to as it is.
    `OutputError` for a folder in the way, a missing folder, no permission, a full disk.
    """
    path = Path(path)
    try:
        mode = _mode(path)
    except (OSError, RuntimeError) as error:
        raise _output_error(path, error) from None
    if mode is None:
        yield path
        return
    try:
        target = path.resolve()  # a link stays, and what it points to is replaced
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.stem[:40]}-", suffix=target.suffix)
        os.close(descriptor)
    except (OSError, RuntimeError) as error:
        raise _output_error(path, error) from None
    temporary = Path(name)
    try:
        yield temporary
    except OSError as error:
        _remove(temporary)
        if error.errno in NO_SPACE:
            raise _output_error(path, error) from None
        raise
    except BaseException:
        _remove(temporary)
        raise
    try:
        temporary.chmod(mode)
        temporary.replace(target)
    except OSError as error:
        _remove(temporary)
        raise _output_error(path, error) from None


def _mode(path: Path) -> int | None:
    """The permissions that the new file shall have; None for something that is no file and must not be replaced."""
    try:
        there = path.stat()
    except FileNotFoundError:
        umask = os.umask(0o077)
        os.umask(umask)
        return 0o666 & ~umask
    if stat.S_ISDIR(there.st_mode):
        raise OutputError(str(path), "is a folder", "name a file in it")
    return stat.S_IMODE(there.st_mode) if stat.S_ISREG(there.st_mode) else None


def _remove(temporary: Path) -> None:
    with suppress(OSError):
        temporary.unlink()


def _output_error(path: Path, error: Exception) -> OutputError:
    number = error.errno if isinstance(error, OSError) else None
    says = os.strerror(number).lower() if number else str(error)
    return OutputError(str(path), f"cannot be written: {says}", _REMEDIES.get(number or 0, ""))
