"""Tables in HTML and in the XML of Excel 2003, which many systems write under the name of a workbook (.xls).

Sources: HTML Living Standard 4.9 (tables); "XML Spreadsheet Reference" of Office 2003 (Worksheet, Row, Cell, Data).
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from analyzer.bounds import current
from analyzer.errors import UnreadableInputError
from analyzer.sources.tables.cells import bounded
from analyzer.sources.tables.plausible import is_address
from analyzer.sources.tables.sheets import Sheet, Sheets

if TYPE_CHECKING:
    from collections.abc import Iterator

Kind: TypeAlias = Literal["", "page", "xml"]
_Event: TypeAlias = tuple[Literal["open", "close", "text"], str, str]

_PAGE = re.compile(r"\s*(?:<!--|<(\?xml)|<(?:!doctype html|html|head|body|table|meta|style)\b)", re.IGNORECASE)
_SPREADSHEET = "urn:schemas-microsoft-com:office:spreadsheet"
_TAG = re.compile(r"(/?)\s*([a-z][a-z0-9:_-]*)(.*)", re.IGNORECASE | re.DOTALL)
#: What is shown to nobody.
_HIDDEN = ("script", "style", "title")
_BREAKS = ("br", "p", "div", "li")
_MOST_SPANNED = 1000


def markup_kind(head: str) -> Kind:
    """Whether a text that begins so is a page of HTML or XML; the XML that Excel writes as a page is one."""
    found = _PAGE.match(head.lstrip("\ufeff"))
    if found is None:
        return ""
    if found[1] and not re.search(r"<html\b", head, re.IGNORECASE):
        return "xml"
    # A comment may stand before anything.
    return "page" if re.search(r"<(?:html|body|table|head|meta)\b", head, re.IGNORECASE) else ""


def read_markup(text: str, kind: Kind, where: str) -> Sheets:
    """The tables with addresses; `UnreadableInputError` where there is none."""
    if kind == "xml" and _SPREADSHEET not in text:
        raise UnreadableInputError(
            where, "is an XML file, and no workbook", "open it in a spreadsheet and save it as .xlsx or CSV"
        )
    tables = _worksheets(text, where) if kind == "xml" else _tables(text, where)
    sheets = [Sheet(name, _even(rows)) for name, rows in tables if rows]
    found = [sheet for sheet in sheets if any(is_address(cell) for row in sheet.rows for cell in row)]
    if not sheets:
        what = (
            "a workbook without a row" if kind == "xml" else "a web page (HTML) without a table, such as one to sign in"
        )
        raise UnreadableInputError(where, f"is {what}", "export it again, as CSV if there is a choice")
    chosen = sorted(found, key=lambda sheet: -len(sheet.rows))[:1] if kind == "page" else found[:1]
    chosen = chosen or sorted(sheets, key=lambda sheet: -len(sheet.rows))[:1]
    rest = [sheet for sheet in found if sheet is not chosen[0]]
    # A page has tables for its layout; a workbook's other sheets are told.
    others = {sheet.name: len(sheet.rows) for sheet in sheets if sheet not in (*chosen, *rest)} if kind == "xml" else {}
    return Sheets([*chosen, *rest], others)


def _even(rows: list[list[str]]) -> list[list[str]]:
    width = max(map(len, rows))
    return [row + [""] * (width - len(row)) for row in rows]


@dataclass(slots=True)
class _Table:
    """The rows of a table so far; `spanned`: cells that reach down into rows to come, by column."""

    rows: list[list[str]] = field(default_factory=list)
    spanned: dict[int, int] = field(default_factory=dict)
    row: list[str] | None = None
    cell: list[str] | None = None
    across: int = 1
    down: int = 1

    def begin_row(self) -> None:
        self.end_row()
        self.row = []

    def begin_cell(self, attributes: str) -> None:
        self.end_cell()
        if self.row is None:
            self.row = []
        while self.spanned.get(len(self.row), 0):
            self.spanned[len(self.row)] -= 1
            self.row.append("")
        self.cell, self.across = [], _number(attributes, "colspan")
        self.down = _number(attributes, "rowspan")

    def end_cell(self) -> None:
        if self.cell is None or self.row is None:
            return
        text = " ".join("".join(self.cell).split())
        for place in range(len(self.row), len(self.row) + self.across):
            if self.down > 1:
                self.spanned[place] = self.down - 1
        self.row += [text, *[""] * (self.across - 1)]
        self.cell = None

    def end_row(self) -> None:
        self.end_cell()
        if self.row:
            self.rows.append(self.row)
        self.row = None


def _tables(text: str, where: str) -> list[tuple[str, list[list[str]]]]:
    """The tables of a page; one inside another is a table by itself."""
    done: list[_Table] = []
    open_: list[_Table] = []
    for event, name, content in _events(text):
        table = open_[-1] if open_ else None
        if event == "text":
            if table is not None and table.cell is not None:
                table.cell.append(html.unescape(content))
        elif (event, name) == ("open", "table"):
            open_.append(_Table())
        elif table is None:
            continue
        elif name == "table":
            table.end_row()
            done.append(open_.pop())
        elif name == "tr":
            _bounded(where, table)
            table.begin_row() if event == "open" else table.end_row()
        elif name in {"td", "th"}:
            table.begin_cell(content) if event == "open" else table.end_cell()
        elif name in _BREAKS and table.cell is not None:
            table.cell.append(" ")
    for table in open_:
        table.end_row()
    return [(f"table {number}", table.rows) for number, table in enumerate((*done, *open_), 1)]


def _worksheets(text: str, where: str) -> list[tuple[str, list[list[str]]]]:
    """The sheets of a workbook in the XML of Excel 2003."""
    found: list[tuple[str, _Table]] = []
    table, cell = _Table(), False
    for event, name, content in _events(text):
        name = name.rpartition(":")[2]
        if (event, name) == ("open", "worksheet"):
            table = _Table()
            found.append((html.unescape(_attribute(content, "Name")) or f"sheet {len(found) + 1}", table))
        elif name == "row":
            _bounded(where, table)
            table.begin_row() if event == "open" and not content.rstrip().endswith("/") else table.end_row()
        elif name == "cell" and event == "open":
            table.begin_cell("")
            at = _number(content, "Index", 0)
            if table.row is not None and at:
                bounded(where, at)
                table.row += [""] * (at - 1 - len(table.row))
            table.across = 1 + _number(content, "MergeAcross", 0)
            if content.rstrip().endswith("/"):
                table.end_cell()
        elif name == "cell":
            table.end_cell()
        elif name == "data":
            cell = event == "open"
        elif event == "text" and cell and table.cell is not None:
            table.cell.append(html.unescape(content))
    return [(name, table.rows) for name, table in found]


def _bounded(where: str, table: _Table) -> None:
    bounded(where, len(table.row or ()), len(table.rows))


def _events(text: str) -> Iterator[_Event]:
    """The tags and texts one after the other; a tag that is never closed is text."""
    place = 0
    while place < len(text):
        start = text.find("<", place)
        if start < 0:
            yield "text", "", text[place:]
            return
        if start > place:
            yield "text", "", text[place:start]
        if text.startswith("<!--", start):
            place = _after(text, "-->", start)
            continue
        if text.startswith("<![CDATA[", start):
            place = _after(text, "]]>", start)
            yield "text", "", html.escape(text[start + 9 : place - 3])
            continue
        end = text.find(">", start)
        found = _TAG.match(text[start + 1 : end if end >= 0 else start + 1])
        if found is None:
            # "a < b", or a declaration.
            place = (end + 1 if end >= 0 and text[start + 1 : start + 2] in "!?" else start + 1) or len(text)
            if place == start + 1:
                yield "text", "", "<"
            continue
        name = found[2].lower()
        place = end + 1
        if name in _HIDDEN and not found[1]:
            # What stands in it is no markup, up to its own end.
            closing = re.compile(f"</{name}", re.IGNORECASE).search(text, place)
            place = closing.start() if closing else len(text)
            continue
        yield ("close" if found[1] else "open"), name, found[3]


def _after(text: str, mark: str, start: int) -> int:
    end = text.find(mark, start)
    return end + len(mark) if end >= 0 else len(text)


def _attribute(attributes: str, name: str) -> str:
    found = re.search(rf"""\b{name}\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", attributes, re.IGNORECASE)
    return next((part for part in found.groups() if part is not None), "") if found else ""


def _number(attributes: str, name: str, default: int = 1) -> int:
    said = _attribute(attributes, name) if attributes else ""
    least = min(default, 1)
    return max(least, min(int(said), _most())) if said.isdecimal() else default


def _most() -> int:
    return max(_MOST_SPANNED, current().table_columns + 1)
