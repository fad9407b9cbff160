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
from analyzer.signals import held_back

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

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


def write_together(
    folder: Path, writers: Sequence[tuple[str, Callable[[Path], object]]], gone: Iterable[str] = ()
) -> None:
    """Write files into a folder that is there, all of them or none, and remove those that are `gone` then.

    Each writer is given the path of its own file in a folder aside; what it wrote is moved into place at the end, so
    that no folder mixes two runs. A file keeps the permissions of the one that it replaces; a link is replaced itself.
    """
    with tempfile.TemporaryDirectory(prefix=".writing-", dir=folder) as aside:
        for name, writer in writers:
            if (folder / name).is_dir():
                raise OutputError(str(folder / name), "is a folder, not a file", "choose another folder")
            writer(Path(aside) / name)
        with held_back():
            for name, _ in writers:
                with suppress(OSError):
                    there = (folder / name).lstat().st_mode
                    if stat.S_ISREG(there):
                        (Path(aside) / name).chmod(stat.S_IMODE(there))
                (Path(aside) / name).replace(folder / name)
            for name in gone:
                (folder / name).unlink(missing_ok=True)


def _mode(path: Path) -> int | None:
    """The permissions that the new file shall have; None for something that is no file and must not be replaced."""
    _refuse_trap(path)
    try:
        there = path.stat()
    except FileNotFoundError:
        umask = os.umask(0o077)
        os.umask(umask)
        return 0o666 & ~umask
    if stat.S_ISDIR(there.st_mode):
        raise OutputError(str(path), "is a folder", "name a file in it")
    return stat.S_IMODE(there.st_mode) if stat.S_ISREG(there.st_mode) else None


def _refuse_trap(path: Path) -> None:
    """`OutputError` for a link or a pipe that somebody else put into a folder where everybody may put things, as the
    kernel's protected_symlinks and protected_fifos refuse it (proc_sys_fs(5)); a rename would go round them."""
    try:
        there, folder = path.lstat(), path.parent.stat()
    except OSError:
        return
    shared = folder.st_mode & stat.S_ISVTX and folder.st_mode & stat.S_IWOTH
    theirs = there.st_uid not in {os.geteuid(), folder.st_uid} or (there.st_uid != os.geteuid() == folder.st_uid)
    if shared and theirs and not stat.S_ISREG(there.st_mode) and not stat.S_ISDIR(there.st_mode):
        raise OutputError(
            str(path), "was put there by somebody else, and leads elsewhere", "write to a folder of yours"
        )


def _remove(temporary: Path) -> None:
    with suppress(OSError):
        temporary.unlink()


def _output_error(path: Path, error: Exception) -> OutputError:
    number = error.errno if isinstance(error, OSError) else None
    says = os.strerror(number).lower() if number else str(error)
    return OutputError(str(path), f"cannot be written: {says}", _REMEDIES.get(number or 0, ""))
