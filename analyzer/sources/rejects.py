"""What could not be read, kept for a look: one file each in a folder, and a list that says why."""

from __future__ import annotations

import re
from pathlib import Path

import orjson

from analyzer.errors import OutputError

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


class Rejects:
    """The folder of `--rejects DIR`. It is made with the first rejected message, and never emptied."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self._count = 0

    def keep(self, source: str, why: str, data: bytes = b"") -> None:
        """Write `data`, if any, as `00001-name.eml`, and a line to `rejects.jsonl`; `OutputError` if it cannot."""
        try:
            if not self._count:
                self.folder.mkdir(parents=True, exist_ok=True)
            self._count += 1
            name = ""
            if data:
                name = self._free_name(source)
                (self.folder / name).write_bytes(data)
            line = {"source": source.encode("utf-8", "backslashreplace").decode(), "why": why, "file": name}
            with (self.folder / "rejects.jsonl").open("ab") as listing:
                listing.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
        except OSError as error:
            raise OutputError(
                str(self.folder), f"cannot be written to: {error.strerror}", "name another folder for --rejects"
            ) from None

    def _free_name(self, source: str) -> str:
        stem = _UNSAFE.sub("_", source.rsplit("/", 1)[-1]).strip("._")[-80:].removesuffix(".eml") or "message"
        number = self._count
        while (self.folder / (name := f"{number:05}-{stem}.eml")).exists():
            number += 1
        return name
