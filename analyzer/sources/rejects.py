"""What could not be read, kept for a look: one file each in a folder, and a list that says why."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from analyzer.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Never through a link that somebody put there: what is written is a stranger's.
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_MORE = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


class Rejects:
    """The folder of `--rejects DIR`. It is made with the first rejected message, and never emptied."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self._count = 0

    def keep(self, source: str, why: str, data: bytes | Iterable[bytes] = b"") -> None:
        """Write `data`, if any, as `00001-name.eml`, and a line to `rejects.jsonl`; `OutputError` if it cannot.

        Of a message that is too great to be held `data` are the pieces, which are written as they come.
        """
        try:
            if not self._count:
                self.folder.mkdir(parents=True, exist_ok=True)
            self._count += 1
            name = ""
            if data:
                name = self._free_name(source)
                with os.fdopen(os.open(self.folder / name, _NEW, 0o666), "wb") as file:
                    for piece in (data,) if isinstance(data, bytes) else data:
                        file.write(piece)
            line = {"source": source.encode("utf-8", "backslashreplace").decode(), "why": why, "file": name}
            with os.fdopen(os.open(self.folder / "rejects.jsonl", _MORE, 0o666), "ab") as listing:
                listing.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
        except OSError as error:
            says = "its list is a link" if error.errno == errno.ELOOP else (error.strerror or str(error)).lower()
            raise OutputError(
                str(self.folder), f"cannot be written to: {says}", "name another folder for --rejects"
            ) from None

    def _free_name(self, source: str) -> str:
        stem = _UNSAFE.sub("_", source.rsplit("/", 1)[-1]).strip("._")[-80:].removesuffix(".eml") or "message"
        number = self._count
        while os.path.lexists(self.folder / (name := f"{number:05}-{stem}.eml")):
            number += 1
        return name
