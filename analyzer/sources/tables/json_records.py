"""JSON as a table: arrays, JSON lines, the pages of an API's answer, records inside records (RFC 8259)."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, Any

from analyzer.errors import UnreadableInputError
from analyzer.sources.tables.cells import Cells, bounded, cell_text

if TYPE_CHECKING:
    from pathlib import Path


def read_json(path: Path, encoding: str, where: str) -> Cells:
    """An array, an API's answer, or a record a line; `UnreadableInputError` where there is no JSON."""
    import orjson
    import pandas as pd

    data = path.read_bytes()
    if encoding != "utf-8-sig":
        data = data.decode(encoding, errors="replace").encode()
    data = data.removeprefix(codecs.BOM_UTF8).strip()
    bad = 0
    try:
        rows = _records(orjson.loads(data))
    except orjson.JSONDecodeError:
        rows = []
        for line in data.splitlines():
            if not line.strip():
                continue
            try:
                value = orjson.loads(line)
            except orjson.JSONDecodeError:
                value = None
            if isinstance(value, dict):
                rows += _line_records(value)
            else:
                bad += 1
        if not rows:
            raise UnreadableInputError(
                where, "is not JSON that can be read", "give an array or a record a line"
            ) from None
    flat = [_flatten(row) for row in rows]
    headers = list(dict.fromkeys(header for row in flat for header in row))
    bounded(where, len(headers), len(flat))
    columns = {f"c{n}": [row.get(header, "") for row in flat] for n, header in enumerate(headers)}
    notes = (f"lines that are no JSON record left out: {bad}",) if bad else ()
    return Cells(headers, pd.DataFrame(columns, dtype="str"), notes)


#: Names that lists of records go by in the answers of APIs.
_LISTS = (
    "data",
    "items",
    "results",
    "records",
    "rows",
    "leads",
    "contacts",
    "prospects",
    "messages",
    "emails",
    "value",
)


def _records(value: Any) -> list[dict[str, Any]]:
    """The list of records in a JSON document: the document, or the list of records inside its envelope.

    What an envelope calls `data` and the like goes before a longer list beside it, such as JSON:API's `included`.
    """
    if isinstance(value, dict):
        lists = {name: item for name, item in value.items() if _is_records(item)}
        named = next((lists[name] for name in _LISTS if name in lists), None)
        value = named or (max(lists.values(), key=len) if lists else [value])
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _is_records(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(item, dict) for item in value)


def _line_records(value: dict[str, Any]) -> list[dict[str, Any]]:
    """One line of JSON lines: a record, or a page of an API's answer, which names no address itself."""
    page = any(_is_records(value.get(name)) for name in _LISTS)
    own = any("@" in item for item in value.values() if isinstance(item, str))
    return _records(value) if page and not own else [value]


def _flatten(row: dict[str, Any], prefix: str = "") -> dict[str, str]:
    """Nested records as dotted names; lists of plain values joined with commas, of records the first."""
    flat: dict[str, str] = {}
    for name, value in row.items():
        if isinstance(value, dict):
            flat |= _flatten(value, f"{prefix}{name}.")
        elif isinstance(value, list):
            plain = [cell_text(item) for item in value if not isinstance(item, (dict, list))]
            flat[prefix + name] = ", ".join(plain)
            first = next((item for item in value if isinstance(item, dict)), None)
            if first is not None and not plain:
                flat |= _flatten(first, f"{prefix}{name}.")
        else:
            flat[prefix + name] = cell_text(value)
    return flat


def unfolded(cells: Cells, where: str) -> Cells:
    """A table with the record itself as JSON in one column, as some connectors load it: that record's fields."""
    import orjson
    import pandas as pd

    names = [header.lower() for header in cells.headers]
    if "_airbyte_data" not in names:
        return cells
    rows = []
    for text in cells.frame.iloc[:, names.index("_airbyte_data")]:
        try:
            value = orjson.loads(text)
        except orjson.JSONDecodeError:
            value = None
        rows.append(_flatten(value) if isinstance(value, dict) else {})
    headers = list(dict.fromkeys(header for row in rows for header in row))
    bounded(where, len(headers), len(rows))
    columns = {f"c{n}": [row.get(header, "") for row in rows] for n, header in enumerate(headers)}
    return Cells(headers, pd.DataFrame(columns, dtype="str"), cells.notes)
