"""Delimited text (RFC 4180 and what spreadsheets make of it) as a frame of text.

Arrow's reader does the reading; which delimiter, and where the header is, is told from the first lines, because a
dialect guessed from the body mistakes one long bounce text for a column separator.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from analyzer.bounds import current
from analyzer.errors import UnreadableInputError
from analyzer.sources.quoted import QuotedRows
from analyzer.sources.tables.cells import Cells, bounded
from analyzer.sources.tables.plausible import is_address

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_DELIMITERS = ",;\t|"
_LOOK = 60


@dataclass(frozen=True, slots=True)
class _Layout:
    delimiter: str
    skip_lines: int
    headers: list[str]
    width: int


def read_delimited(path: Path, encoding: str, where: str) -> Cells:
    """CSV, TSV and the like in a known encoding; `UnreadableInputError` where Arrow cannot read it."""
    import pyarrow as pa

    with path.open(encoding=encoding, errors="replace", newline="") as file:
        head = file.read(256 * 1024)
    layout = _layout(head)
    bounded(where, layout.width)
    try:
        table, uneven = _read(path, encoding, layout)
        notes = []
        if _swallowed(table, uneven, layout):
            with TemporaryDirectory(prefix="table-") as folder:
                mended, opened = _with_closed_quotes(path, encoding, Path(folder) / "table")
                table, uneven = _read(mended, "utf-8-sig", layout)
            notes.append(f"a quotation mark is never closed; it was left out: line {opened[0]:,}{_and_more(opened)}")
    except (pa.ArrowInvalid, UnicodeError) as error:
        problem = " ".join(str(error).split())[:160]
        raise UnreadableInputError(where, f"is not a table that can be read ({problem})", "save it as CSV") from None
    # A line of one sign is filled up to the width of the others.
    bounded(where, layout.width, table.num_rows + len(uneven))
    frame = table.to_pandas()
    if uneven:
        frame = _with_uneven(frame, uneven, layout)
        notes.append(
            f"rows with more or fewer cells than the header: {len(uneven)}; "
            "missing cells were read as blank, surplus ones put into the last column"
        )
    return Cells(layout.headers, frame, tuple(notes))


def find_header(rows: list[list[str]]) -> tuple[int, int]:
    """(index of the header row, number of columns): the first row about as wide as most rows are.

    Titles and export dates stand above the header in reports made for people; -1 where the first row already is data.
    """
    widths = Counter(_filled_width(row) for row in rows if any(cell.strip() for cell in row))
    if not widths:
        return 0, 0
    usual = max(widths, key=lambda width: (widths[width], width))
    for index, row in enumerate(rows):
        filled = sum(bool(cell.strip()) for cell in row)
        if filled * 2 >= usual and filled > (usual > 1):
            if _is_data(row):
                return -1, max(usual, len(row))
            index = _below_groups(rows, index)
            return index, max(usual, _filled_width(rows[index]))
    return 0, usual


def _below_groups(rows: list[list[str]], first: int) -> int:
    """The row of names, where the `first` that could be it heads groups of columns: the next row names more of them."""
    below = rows[first + 1] if first + 1 < len(rows) else []
    names = [cell.strip() for cell in below if cell.strip()]
    named = sum(bool(cell.strip()) for cell in rows[first])
    if len(names) <= named or _is_data(below) or any(name[:1].isdigit() for name in names):
        return first
    return first + 1 if any(map(_is_data, rows[first + 2 : first + 3])) else first


def named_in_groups(rows: list[list[str]], at: int) -> list[str]:
    """The headers in the row `at`; those that stand there twice with the name of their group, which the row above
    has over the first column of it: "Step 2 Sent"."""
    headers = [cell.strip() for cell in rows[at]]
    again = {header for header, count in Counter(headers).items() if header and count > 1}
    above = [cell.strip() for cell in rows[at - 1]] if at else []
    groups = [cell for cell in above if cell]
    # "Exported:", "2026-03-02" stands above a table, and heads none of its columns.
    if not again or len(groups) < 2 or any(cell[:1].isdigit() or cell.endswith(":") for cell in groups):
        return headers
    group, named = "", []
    for place, header in enumerate(headers):
        group = (above[place] if place < len(above) else "") or group
        named.append(f"{group} {header}" if header in again and group else header)
    return named


def _is_data(row: list[str]) -> bool:
    return any(is_address(cell) and " " not in cell.strip() for cell in row)


def _filled_width(row: list[str]) -> int:
    return max((place for place, cell in enumerate(row, 1) if cell.strip()), default=0)


def _layout(head: str) -> _Layout:
    skip = 0
    first, _, rest = head.partition("\n")
    if first.strip().lower()[:4] == "sep=" and len(first.strip()) == 5:
        # Excel's own way of naming the delimiter.
        delimiter, head, skip = first.strip()[4], rest, 1
    else:
        delimiter = max(_DELIMITERS, key=lambda candidate: _evenness(head, candidate))
    rows, ends = _first_rows(head, delimiter)
    at, width = find_header(rows)
    if at < 0:
        return _Layout(delimiter, skip, [f"column {n}" for n in range(1, width + 1)], width)
    # Every row may end with a delimiter that the header lacks, or the other way round.
    wide = Counter(len(row) for row in rows[at + 1 :] if any(row)).most_common(1)
    width = max(width, wide[0][0]) if wide else width
    headers = [*named_in_groups(rows, at), *[""] * width][:width]
    return _Layout(delimiter, skip + ends[at], headers, width)


def _first_rows(head: str, delimiter: str) -> tuple[list[list[str]], list[int]]:
    """The first rows, and the number of lines read up to the end of each."""
    reader = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter)
    rows: list[list[str]] = []
    ends: list[int] = []
    try:
        for row in reader:
            rows.append(row)
            ends.append(reader.line_num)
            if len(rows) == _LOOK:
                break
    except csv.Error:
        # A field longer than the csv module takes: what was read so far tells enough.
        pass
    return rows, ends


def _evenness(head: str, delimiter: str) -> tuple[float, int]:
    """How well the delimiter explains the first rows: the share of rows of one width over 1, then that width."""
    widths = Counter(len(row) for row in _first_rows(head, delimiter)[0] if any(cell.strip() for cell in row))
    split = {width: count for width, count in widths.items() if width > 1}
    if not split:
        return 0.0, 0
    width = max(split, key=lambda width: (split[width], width))
    # Ragged rows are as much the delimiter's as even ones: what counts first is that rows are split at all.
    return round(sum(split.values()) / sum(widths.values()), 1), split[width] * width


def _with_uneven(frame: pd.DataFrame, uneven: list[tuple[int, str]], layout: _Layout) -> pd.DataFrame:
    """The rows that do not fit the header, brought to its width, in their places among the others."""
    import numpy as np
    import pandas as pd

    rows = [next(csv.reader([text], delimiter=layout.delimiter), [""]) for _, text in uneven]
    mended = pd.DataFrame([_even(cells, layout) for cells in rows], columns=frame.columns, dtype="str")
    # Arrow counts rows from 1, behind the lines that it was told to skip.
    places = np.array([number - layout.skip_lines - 1 for number, _ in uneven])
    whole = pd.concat([frame, mended], ignore_index=True)
    is_free = np.ones(len(whole), dtype=bool)
    if places.min() < 0 or places.max() >= len(whole) or len(set(places.tolist())) < len(places):
        return whole
    is_free[places] = False
    order = np.argsort(np.concatenate([np.flatnonzero(is_free), places]), kind="stable")
    return whole.take(order).reset_index(drop=True)


def _read(path: Path, encoding: str, layout: _Layout) -> tuple[pa.Table, list[tuple[int, str]]]:
    """The table, and the rows that are too long or too short for it, with their numbers."""
    table, uneven = _read_in(path, encoding, layout, threads=True)
    # Only one thread knows the numbers of rows.
    return _read_in(path, encoding, layout, threads=False) if uneven else (table, uneven)


def _read_in(path: Path, encoding: str, layout: _Layout, *, threads: bool) -> tuple[pa.Table, list[tuple[int, str]]]:
    import pyarrow as pa
    import pyarrow.csv

    uneven: list[tuple[int, str]] = []

    def keep(row: pyarrow.csv.InvalidRow) -> str:
        uneven.append((row.number or 0, row.text))
        return "skip"

    names = [f"c{n}" for n in range(layout.width)]
    try:
        table = pyarrow.csv.read_csv(
            str(path),
            read_options=pyarrow.csv.ReadOptions(
                column_names=names,
                skip_rows=layout.skip_lines,
                # Arrow reads UTF-8 itself, its mark as well; of any other name, Python makes UTF-8 of the file first.
                encoding="utf8" if encoding == "utf-8-sig" else encoding,
                # A row longer than a block cannot be read; mails kept in a column are long.
                block_size=min(2 * current().csv_field_bytes, (1 << 31) - 1),
                use_threads=threads,
            ),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=layout.delimiter,
                newlines_in_values=True,
                invalid_row_handler=keep,
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.large_string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        # A header without a line end is a table without rows.
        if "Empty CSV" not in str(error) and "Could not skip initial" not in str(error):
            raise
        table = pa.table({name: pa.array([], pa.large_string()) for name in names})
    return table, uneven


def _swallowed(table: pa.Table, uneven: list[tuple[int, str]], layout: _Layout) -> bool:
    """Whether an unclosed quote took rows into one cell: such a cell holds the delimiters of the rows it took."""
    if any("\n" in text and text.count('"') % 2 for _, text in uneven):
        return True
    if layout.width < 2 or not table.num_rows:
        return False
    for column in table.columns:
        cell = column[-1].as_py().rstrip()
        lines = cell.count("\n")
        if lines and cell.count(layout.delimiter) >= lines * (layout.width - 1) and "@" in cell:
            return True
    return False


def _with_closed_quotes(path: Path, encoding: str, target: Path) -> tuple[Path, list[int]]:
    """A copy of the file in UTF-8, without the quotes of lines that open some and close none; the numbers of these."""
    opened: list[int] = []
    with path.open(encoding=encoding, errors="replace", newline="") as file, target.open("wb") as out:

        def mend(number: int, line: bytes) -> None:
            opened.append(number)
            out.write(line.replace(b'"', b"") + b"\n")

        rows = QuotedRows(mend)
        for number, line in enumerate(file, 1):
            for _, row in rows.add(number, line.rstrip("\r\n").encode("utf-8", "replace")):
                out.write(row + b"\n")
        for _, row in rows.rest():
            out.write(row + b"\n")
    return target, opened


def _and_more(numbers: list[int]) -> str:
    return f" and {len(numbers) - 1:,} more" if len(numbers) > 1 else ""


def _even(cells: list[str], layout: _Layout) -> list[str]:
    if len(cells) <= layout.width:
        return cells + [""] * (layout.width - len(cells))
    last = layout.delimiter.join(cells[layout.width - 1 :]).rstrip(layout.delimiter)
    return [*cells[: layout.width - 1], last]
