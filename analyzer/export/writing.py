"""The files of an export: text as the platform reads it, split at its limit, each written whole or not at all."""

from __future__ import annotations

import csv
import io
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from analyzer.errors import OutputError
from analyzer.export.cells import guarded
from analyzer.export.kinds import ENDINGS
from analyzer.files import atomic

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from analyzer.export.kinds import Layout


@dataclass(frozen=True, slots=True)
class Part:
    """One file to be written: its `name` without ending, how it is laid out, and its `table` (text, values exact).

    `plain` are the columns that hold addresses: they are written as they are.
    """

    name: str
    layout: Layout
    table: pd.DataFrame
    plain: frozenset[str]

    @property
    def file(self) -> str:
        """The name of the file."""
        return self.name + ENDINGS[self.layout.format]

    def text(self) -> str:
        """The content of the file."""
        write = {"csv": self._csv, "text": self._lines, "jsonl": self._objects, "requests": self._requests}
        return write[self.layout.format]()

    def _csv(self) -> str:
        out = io.StringIO(newline="")
        writer = csv.writer(out, lineterminator="\n")
        if self.layout.header:
            writer.writerow([guarded(str(name)) for name in self.table.columns])
        columns = (self.table.iloc[:, place] for place in range(self.table.shape[1]))
        cells = [column if column.name in self.plain else column.map(guarded) for column in columns]
        writer.writerows(zip(*cells, strict=True))
        return out.getvalue()

    def _lines(self) -> str:
        return "".join(f"{value}\n" for value in self.table.iloc[:, 0])

    def _objects(self) -> str:
        return "".join(orjson.dumps(row).decode() + "\n" for row in self.table.to_dict("records"))

    def _requests(self) -> str:
        items = self.table.to_dict("records")
        if list(self.table.columns) == [""]:
            items = self.table.iloc[:, 0].tolist()
        size = self.layout.batch
        bodies = [{self.layout.key: items[start : start + size]} for start in range(0, len(items), size)]
        return "".join(orjson.dumps(body).decode() + "\n" for body in bodies)


def split(name: str, layout: Layout, table: pd.DataFrame, plain: frozenset[str], rows: int) -> Iterator[Part]:
    """The table as one part, or as several of at most `rows` rows each (0: no limit), numbered behind the name."""
    if not rows or len(table) <= rows:
        yield Part(name, layout, table, plain)
        return
    for number, start in enumerate(range(0, len(table), rows), 1):
        yield Part(f"{name}-{number}", layout, table.iloc[start : start + rows], plain)


def write_parts(parts: Sequence[Part], out: str | Path) -> tuple[list[Path], list[str]]:
    """Write to a folder (made if need be), to a file where `out` has the parts' ending, to the standard output for "-".

    Returns the files, and a sentence for each older file beside them that an earlier export left under a name of this
    one. `OutputError` where it cannot be written.
    """
    if str(out) == "-":
        if len(parts) > 1:
            raise OutputError("-", f"takes one file, and this export is {len(parts)}", "give --out a folder")
        sys.stdout.write(parts[0].text())
        return [], []
    target = Path(out)
    ending = ENDINGS[parts[0].layout.format]
    names = {part.name: part.file for part in parts}
    stems = {_stem(part.name) for part in parts}
    if target.suffix.lower() == ending and not target.is_dir():
        if len(stems) > 1:
            raise OutputError(str(target), f"is one file, and this export is {len(parts)}", "give --out a folder")
        folder, old = target.parent, next(iter(stems))
        names = {name: target.stem + name.removeprefix(old) + target.suffix for name in names}
        stems = {target.stem}
    elif target.suffix.lower() in {".csv", ".jsonl", ".json", ".txt", ".xlsx", ".parquet"} and not target.is_dir():
        raise OutputError(
            str(target), f"does not end in {ending}, as this export does", "give a folder, or that ending"
        )
    else:
        folder = _folder(target)
    written = []
    for part in parts:
        path = folder / names[part.name]
        text = part.text()
        with atomic(path) as temporary:
            temporary.write_bytes(text.encode("utf-8", "replace"))
        written.append(path)
    return written, _stale(folder, stems, ending, written)


def _stem(name: str) -> str:
    return re.sub(r"-\d+$", "", name)


def _folder(path: Path) -> Path:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise OutputError(str(path), "is a file, not a folder", "choose another folder") from None
    except OSError as error:
        raise OutputError(str(path), f"cannot be made: {(error.strerror or str(error)).lower()}") from None
    return path


def _stale(folder: Path, stems: set[str], ending: str, written: Sequence[Path]) -> list[str]:
    """Parts of an earlier export that had more of them: imported along with these, they would bring back old rows."""
    mine = {path.name for path in written}
    return [
        f"{path} is from an earlier export and not part of this one: delete it before you import the folder."
        for stem in sorted(stems)
        for path in sorted(folder.glob(f"{stem}*{ending}"))
        if path.name not in mine and re.fullmatch(re.escape(stem) + r"(-\d+)?", path.stem)
    ]
