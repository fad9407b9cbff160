"""A workbook's sheets as rows of text, read by a process of its own.

The library that reads workbooks (calamine: .xlsx, .xlsb, .xls, .ods) has no bounds, and ends its whole process where
there is too little memory: two cells at opposite corners of a sheet, a few hundred bytes, ask for 550 GB. So it runs in
a process that may have no more than `workbook_memory_bytes`, and that writes a line of JSON for each row.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import orjson

from analyzer.bounds import current, shown
from analyzer.errors import UnreadableInputError
from analyzer.sources.tables.cells import bounded, cell_text
from analyzer.sources.tables.sheets import Sheet, Sheets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_REMEDY = "save the sheet as .xlsx or CSV"
_AS_CSV = "save the sheet as CSV"
#: What the process says with its exit code where Python had too little memory (EX_OSERR, sysexits.h).
_NO_MEMORY = 71
_ROWS_BETWEEN = 10_000


def read_sheets(path: Path, where: str) -> Sheets:
    """The sheets that hold addresses, else the first that holds anything; none where none does.

    A sheet that someone hid comes first only where no other holds addresses; it is not read beside another.

    Raises `UnreadableInputError` for a workbook that cannot be read, or not within the bounds.
    """
    bounds = current()
    # -P: nothing is imported from the folder that the user stands in.
    limits = (str(bounds.workbook_memory_bytes), str(bounds.table_columns))
    command = [sys.executable, "-P", "-m", __name__, str(path.absolute()), *limits]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "RUST_BACKTRACE": "0"}
    with subprocess.Popen(  # noqa: S603 - our own module
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    ) as child:
        assert child.stdout is not None
        try:
            lines = map(orjson.loads, child.stdout)
            head: dict[str, Any] = next(lines, {})
            rows: list[Any] = list(_within(lines, where))
        except orjson.JSONDecodeError:  # broken off in the middle of a line
            head = {}
        except BaseException:
            child.kill()
            raise
    # The last line says that nothing is missing, or what went wrong.
    last = rows.pop() if rows else head
    if last and "wide" in last:
        bounded(where, last["wide"])
    if last and "problem" in last:
        raise UnreadableInputError(where, f"is not a workbook that can be read ({last['problem']})", _REMEDY)
    if last is not None:
        raise UnreadableInputError(where, _ended_early(child.returncode, bounds.workbook_memory_bytes), _AS_CSV)
    found: list[Sheet] = []
    for line in rows:
        if isinstance(line, dict):
            found.append(Sheet(line["sheet"], []))
        else:
            found[-1].rows.append(line)
    return Sheets([sheet for sheet in found if sheet.rows], head["others"])


def _within(lines: Iterator[Any], where: str) -> Iterator[Any]:
    """The lines, no more cells of them than a table may have: a workbook may have many sheets."""
    rows = widest = 0
    for line in lines:
        if isinstance(line, list):
            rows, widest = rows + 1, max(widest, len(line))
            if rows % _ROWS_BETWEEN == 0:
                bounded(where, widest, rows)
        yield line


def _ended_early(code: int, memory: int) -> str:
    """What is wrong with a workbook whose reader ended with `code` before it was through."""
    # Rust aborts where it gets no memory.
    if code in (_NO_MEMORY, -signal.SIGABRT):
        return f"is a workbook that takes more than {shown(memory)} of memory to read, the bound workbook_memory_bytes"
    if code >= 0:
        return f"was not read to its end: the process that reads workbooks ended with exit code {code}"
    name = signal.Signals(-code).name
    why = ", which a system does that has no memory left" if name == "SIGKILL" else ""
    return f"was not read to its end: the process that reads workbooks was ended by {name}{why}"


def _answer(path: str, columns: int) -> Iterator[object]:
    """What the process writes: a line about the sheets that are left out, for each other sheet a line with its name and
    one for each of its rows, and null at the end."""
    from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    with CalamineWorkbook.from_path(path) as book:
        # What someone hid is looked at last: an old copy of the list, as a rule.
        known = [one for one in book.sheets_metadata if one.typ == SheetTypeEnum.WorkSheet]
        known.sort(key=lambda one: one.visible != SheetVisibleEnum.Visible)
        chosen: list[str] = []
        filled: dict[str, int] = {}
        hidden = {one.name for one in known if one.visible != SheetVisibleEnum.Visible}
        for one in known:
            sheet = book.get_sheet_by_name(one.name)
            if not sheet.height or sheet.end is None:
                continue
            filled[one.name] = sheet.end[0] - (sheet.start or (0, 0))[0] + 1
            if sheet.end[1] >= columns:
                yield {"wide": sheet.end[1] + 1}
                return
            if chosen and one.name in hidden:
                continue
            if any(isinstance(cell, str) and "@" in cell for row in sheet.iter_rows() for cell in row):
                chosen.append(one.name)
        chosen = chosen or list(filled)[:1]
        yield {"others": {name: rows for name, rows in filled.items() if name not in chosen}}
        for name in chosen:
            yield {"sheet": name}
            for row in book.get_sheet_by_name(name).to_python(skip_empty_area=False):
                yield [cell_text(cell) for cell in row]
    yield None


def _main(path: str, memory: int, columns: int) -> None:
    with suppress(ImportError, ValueError, OSError):  # Windows knows no such limit
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (memory if most < 0 else min(memory, most), most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    out = sys.stdout.buffer
    try:
        for line in _answer(path, columns):
            out.write(orjson.dumps(line) + b"\n")
        out.flush()
    except MemoryError:
        os._exit(_NO_MEMORY)
    except (BrokenPipeError, KeyboardInterrupt):
        os._exit(1)
    except BaseException as error:  # noqa: BLE001 - calamine raises its own classes, plain errors and panics
        out.write(orjson.dumps({"problem": " ".join(str(error).split())[:120]}) + b"\n")


if __name__ == "__main__":
    _main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
