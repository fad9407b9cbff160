"""How a sheet of the workbook is written: formats, cells, tables, whole frames.

Foreign text is written as strings only (XlsxWriter's `write_string`): no cell becomes a formula or a link.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from analyzer.report import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

#: Characters of one cell; a spreadsheet takes 32,767.
_CELL = 2_000
_WIDTHS = {"diagnostic": 70, "recipient": 32, "email": 32, "evidence": 70, "sender": 28, "subject": 30, "source": 36}


class Sheets:
    """The sheets of one workbook, with the formats that they share."""

    def __init__(self, book: Any) -> None:
        self.book = book
        base = {"font_name": "Calibri", "font_size": 11, "valign": "top"}
        head = {**base, "bold": True, "font_color": "#FFFFFF", "bg_color": "#33475B", "text_wrap": True}
        self.formats: dict[str, Any] = {
            "text": book.add_format(base),
            "wrap": book.add_format({**base, "text_wrap": True}),
            "head": book.add_format({**head, "valign": "vcenter"}),
            "title": book.add_format({**base, "bold": True, "font_size": 16}),
            "section": book.add_format({**base, "bold": True, "font_size": 13, "font_color": "#33475B"}),
            "bold": book.add_format({**base, "bold": True, "text_wrap": True}),
            "count": book.add_format({**base, "num_format": "#,##0"}),
            "decimal": book.add_format({**base, "num_format": "#,##0.0"}),
            "percent": book.add_format({**base, "num_format": "0.0%"}),
            # "0.0%" and "100.0%" are for none and all: as on the page.
            "percent_low": book.add_format({**base, "num_format": '"<0.1%"', "align": "right"}),
            "percent_high": book.add_format({**base, "num_format": '">99.9%"', "align": "right"}),
            "exact": book.add_format({**base, "num_format": "0.0000"}),
        }

    def cell(self, sheet: Any, row: int, column: int, value: object, kind: str = "text") -> None:
        """One value; text as a string whatever it looks like, an unknown number as an empty cell."""
        if isinstance(value, bool):
            sheet.write_string(row, column, "yes" if value else "no", self.formats["text"])
        elif isinstance(value, (int, float)) and value == value and abs(value) != float("inf"):
            sheet.write_number(row, column, value, self.formats[_number_kind(value, kind)])
        else:
            sheet.write_string(row, column, words.short(value, _CELL), self.formats[kind])

    def table(
        self, sheet: Any, top: int, head: Sequence[str], kinds: Sequence[str], rows: Iterable[Sequence[object]]
    ) -> int:
        """A head and its rows; returns the row below."""
        for column, name in enumerate(head):
            sheet.write_string(top, column, name, self.formats["head"])
        row = top
        for row, values in enumerate(rows, top + 1):
            for column, (value, kind) in enumerate(zip(values, kinds, strict=True)):
                self.cell(sheet, row, column, value, kind)
        return row + 1

    def listing(
        self,
        name: str,
        head: Sequence[str],
        kinds: Sequence[str],
        widths: Sequence[int],
        rows: Sequence[Sequence[object]],
    ) -> Any:
        """A sheet that is one table: frozen head, filter, widths."""
        sheet = self.book.add_worksheet(name)
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        sheet.freeze_panes(1, 1)
        bottom = self.table(sheet, 0, head, kinds, rows)
        sheet.autofilter(0, 0, max(bottom - 1, 1), len(head) - 1)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        return sheet

    def line(self, sheet: Any, row: int, text: str, kind: str) -> None:
        """A paragraph over the width of the sheet: a merged cell does not grow by itself, so its height is set."""
        shown = words.short(text, 1200)
        sheet.set_row(row, 15.5 * (len(shown) // 105 + 1))
        sheet.merge_range(row, 0, row, 6, "", self.formats[kind])
        sheet.write_string(row, 0, shown, self.formats[kind])

    def frame(self, name: str, frame: pd.DataFrame, cap: int, columns: list[str]) -> None:
        """A frame as it is, its first `cap` rows; cells that are not known stay empty."""
        shown = frame[columns].head(cap)
        head = [column.replace("_", " ") for column in columns] or ["nothing"]
        sheet = self.listing(name, head, ["text"] * len(head), [_WIDTHS.get(column, 18) for column in columns], [])
        values = [_shown(shown[column]) for column in columns]
        # Millions of cells: no format and no judgement per cell, but numbers and strings told apart once.
        write_string, write_number = sheet.write_string, sheet.write_number
        for row, cells in enumerate(zip(*values, strict=True), 1):
            for column, value in enumerate(cells):
                if value.__class__ is str:
                    if value:
                        write_string(row, column, value)
                elif value is not None:
                    write_number(row, column, value)
        sheet.autofilter(0, 0, max(len(shown), 1), len(head) - 1)
        if len(frame) > cap:
            told = f"The first {words.count(cap)} of {words.count(len(frame))} rows; {name.lower()}.csv has them all."
            sheet.set_header(f"&C{told}")
            sheet.write_string(len(shown) + 1, 0, told)


def _number_kind(value: float, kind: str) -> str:
    """The format of a number in a column of some kind."""
    if kind in {"text", "wrap"}:
        return "count"
    if kind == "percent" and 0 < value < 0.001:
        return "percent_low"
    return "percent_high" if kind == "percent" and 0.999 < value < 1 else kind


def _shown(column: pd.Series[Any]) -> list[str | float | None]:
    """Numbers as they are, "yes" and "no", clean text, None for what is not known; each distinct value is made once."""
    made: dict[object, str | float | None] = {}
    values = column.astype(object).where(column.notna(), None).tolist()
    for value in set(values):
        if value is None:
            made[value] = None
        elif isinstance(value, bool):
            made[value] = "yes" if value else "no"
        elif isinstance(value, (int, float)):
            made[value] = value if math.isfinite(value) else None
        else:
            made[value] = words.short(str(value), _CELL)
    return [made[value] for value in values]
