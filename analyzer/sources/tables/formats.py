"""What a table file is, told from its content, and its cells as text: delimited, spreadsheet, Parquet or JSON.

Sources: ECMA-376 (XLSX is a zip with `xl/workbook`), Apache Parquet's `PAR1` mark, RFC 8259 (JSON), RFC 4180 (CSV).
"""

from __future__ import annotations

import codecs
import hashlib
import zipfile
from dataclasses import replace
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from analyzer.errors import UnreadableInputError
from analyzer.sources.content import utf16_codec
from analyzer.sources.tables.delimited import Cells, find_header, read_delimited

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

_SPREADSHEET = "save the sheet as .xlsx or CSV"
# The code pages that lead lists come in, by region; a free guess prefers exotic ones on short texts.
_CODE_PAGES = [
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257"),
    *("cp932", "gb18030", "big5", "cp949"),
]
_CHUNK = 1024 * 1024


def read_cells(path: Path) -> tuple[Cells, str]:
    """The table in the file, and the SHA-256 of its bytes; `UnreadableInputError` where there is none."""
    try:
        with path.open("rb") as file:
            head = file.read(64 * 1024)
        if not head.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0"):
            raise UnreadableInputError(str(path), "is empty", "give a table with a header row")
        if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
            return _spreadsheet(path), _sha256(path)
        if head.startswith(b"PAR1"):
            return _parquet(path), _sha256(path)
        if head.startswith(b"\x1f\x8b"):
            raise UnreadableInputError(str(path), "is compressed", "unpack it first")
        encoding, digest = _encoding(path, head)
        start = head.decode(encoding, errors="ignore").lstrip("\ufeff \t\r\n")[:2]
        if not start[:1].isascii() or start[:1] not in "[{":
            if "\0" in head.decode(encoding, errors="ignore")[:4096]:
                raise UnreadableInputError(
                    str(path), "is binary data, no table", "give CSV, XLSX, Parquet or JSON lines"
                )
            return _with_encoding(read_delimited(path, encoding), encoding), digest
        return _with_encoding(_json(path, encoding), encoding), digest
    except OSError as error:
        raise UnreadableInputError(str(path), f"cannot be read: {error.strerror}") from None


def _with_encoding(cells: Cells, encoding: str) -> Cells:
    """A guessed code page is told: where it is wrong, names are garbled and nothing else says so."""
    if encoding.startswith("utf"):
        return cells
    return replace(cells, notes=(*cells.notes, f"not UTF-8; read as {encoding}"))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _encoding(path: Path, head: bytes) -> tuple[str, str]:
    """The encoding of a text file and its SHA-256, in one pass: UTF-8 unless a mark or a byte says otherwise."""
    wide = utf16_codec(head)
    if wide:
        return wide, _sha256(path)
    decoder = codecs.getincrementaldecoder("utf-8")()
    digest = hashlib.sha256()
    odd = b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            if not odd:
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError:
                    odd = chunk
        if not odd:
            try:
                decoder.decode(b"", final=True)
            except UnicodeDecodeError:
                odd = head
    return (_code_page(odd) if odd else "utf-8-sig"), digest.hexdigest()


def _code_page(sample: bytes) -> str:
    import charset_normalizer

    # Only the lines that hold something beyond ASCII say anything about the code page.
    telling = b"\n".join(line for line in sample.splitlines() if not line.isascii())[:_CHUNK]
    best = charset_normalizer.from_bytes(telling, cp_isolation=_CODE_PAGES).best()
    if best is None:
        return "cp1252"
    if best.encoding == "cp1250" and _same_text(telling, "cp1250", "cp1252"):
        return "cp1252"
    return best.encoding


def _same_text(sample: bytes, one: str, other: str) -> bool:
    return sample.decode(one, errors="replace") == sample.decode(other, errors="replace")


def _spreadsheet(path: Path) -> Cells:
    import pandas as pd

    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile:
        # An old .xls is no zip; a damaged one is calamine's to refuse.
        names = ["xl/workbook"]
    if not any(name.startswith(("xl/workbook", "content.xml")) for name in names):
        raise UnreadableInputError(str(path), "is an archive, no table", "unpack it first")
    try:
        sheets = pd.read_excel(path, sheet_name=None, header=None, dtype=object, engine="calamine")
    except Exception as error:  # noqa: BLE001 - calamine raises its own classes, plain errors and panics
        problem = " ".join(str(error).split())[:120]
        raise UnreadableInputError(str(path), f"is not a workbook that can be read ({problem})", _SPREADSHEET) from None
    filled = {str(name): sheet for name, sheet in sheets.items() if not sheet.empty}
    if not filled:
        raise UnreadableInputError(str(path), "is empty", "give a table with a header row")
    texts = {name: sheet.map(cell_text) for name, sheet in filled.items()}
    name = next((name for name, text in texts.items() if _holds_address(text)), next(iter(texts)))
    notes = (f"read from the sheet {name!r}; others were left out",) if len(texts) > 1 else ()
    rows = texts[name].to_numpy().tolist()
    at, width = find_header(rows[:60])
    headers = [f"column {n}" for n in range(1, width + 1)] if at < 0 else [cell.strip() for cell in rows[at]]
    frame = pd.DataFrame(rows[at + 1 :], columns=[f"c{n}" for n in range(len(rows[0]))], dtype="str")
    headers = [*headers, *[""] * frame.shape[1]][: frame.shape[1]]
    return Cells(headers, frame, notes)


def _holds_address(text: pd.DataFrame) -> bool:
    return any(text[column].str.contains("@", regex=False).any() for column in text.columns)


def cell_text(value: Any) -> str:
    """One cell of a workbook or a JSON value as a CSV would hold it."""
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e18:
        return str(int(value))
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    return str(value).strip()


def _parquet(path: Path) -> Cells:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.read_table(path).flatten()
    except (pa.ArrowException, OSError) as error:
        problem = " ".join(str(error).split())[:120]
        raise UnreadableInputError(str(path), f"is not a Parquet file that can be read ({problem})") from None
    columns = []
    for column in table.columns:
        if pa.types.is_dictionary(column.type):
            column = pc.cast(column, column.type.value_type)
        try:
            text = pc.cast(column, pa.large_string())
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            text = pa.chunked_array([pa.array([cell_text(value) for value in column.to_pylist()], pa.large_string())])
        columns.append(pc.fill_null(text, ""))
    names = [f"c{n}" for n in range(len(columns))]
    return Cells([str(name) for name in table.column_names], pa.table(columns, names=names).to_pandas())


def _json(path: Path, encoding: str) -> Cells:
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
                rows.append(value)
            else:
                bad += 1
        if not rows:
            raise UnreadableInputError(
                str(path), "is not JSON that can be read", "give an array or a record a line"
            ) from None
    flat = [_flatten(row) for row in rows]
    headers = list(dict.fromkeys(header for row in flat for header in row))
    columns = {f"c{n}": [row.get(header, "") for row in flat] for n, header in enumerate(headers)}
    notes = (f"lines that are no JSON record left out: {bad}",) if bad else ()
    return Cells(headers, pd.DataFrame(columns, dtype="str"), notes)


def _records(value: Any) -> list[dict[str, Any]]:
    """The list of records in a JSON document: the document, or the longest list of records inside its envelope."""
    if isinstance(value, dict):
        lists = [item for item in value.values() if isinstance(item, list) and any(isinstance(x, dict) for x in item)]
        value = max(lists, key=len) if lists else [value]
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _flatten(row: dict[str, Any], prefix: str = "") -> dict[str, str]:
    """Nested records as dotted names; lists of plain values joined with commas."""
    flat: dict[str, str] = {}
    for name, value in row.items():
        if isinstance(value, dict):
            flat |= _flatten(value, f"{prefix}{name}.")
        elif isinstance(value, list):
            flat[prefix + name] = ", ".join(cell_text(item) for item in value if not isinstance(item, (dict, list)))
        else:
            flat[prefix + name] = cell_text(value)
    return flat
