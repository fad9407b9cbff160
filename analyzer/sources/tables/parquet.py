"""A Parquet file as cells of text (Apache Parquet, file format and encodings).

What a file says of itself is held against the bounds before it is read: a few bytes of run lengths stand for a billion
cells, and a text that stands once in a dictionary for as many gigabytes as it has rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.bounds import current, shown
from analyzer.errors import UnreadableInputError
from analyzer.sources.tables.cells import Cells, bounded, cell_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pyarrow as pa
    from pyarrow.parquet import FileMetaData, ParquetFile

#: Columns of text with more bytes to a row, as they are written, hardly repeat.
_DIVERSE = 8


def read_parquet(path: Path, where: str) -> Cells:
    """The columns of a Parquet file, nested ones by dotted names; `UnreadableInputError` for what cannot be read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            about = file.metadata
        bounded(where, about.num_columns, about.num_rows)
        _within(where, sum(about.row_group(n).total_byte_size for n in range(about.num_row_groups)))
        with pq.ParquetFile(path, metadata=about, read_dictionary=_texts(about)) as file:
            longest = _first_rows(file)
        packed = _but_diverse(about, _in_dictionaries(about), longest)
        table = pq.read_table(path, read_dictionary=packed, partitioning=None).flatten()
    except (pa.ArrowException, OSError, MemoryError, UnicodeDecodeError) as error:
        problem = " ".join(str(error).split())[:120]
        raise UnreadableInputError(where, f"is not a Parquet file that can be read ({problem})") from None
    names, given, columns = [str(name) for name in table.column_names], table.columns, []
    bounded(where, len(names), table.num_rows)
    del table
    size = 0
    while given:
        # Each column goes as its text comes: both at once are twice the memory.
        text = _text(given.pop(0), where, size)
        size += text.nbytes
        columns.append(text)
    places = [f"c{n}" for n in range(len(columns))]
    return Cells(names, pa.table(columns, names=places).to_pandas())


def _within(where: str, size: int) -> None:
    most = current().table_bytes
    if size > most:
        raise UnreadableInputError(where, f"is over {shown(most)} unpacked, the bound table_bytes", "give it in parts")


def _texts(about: FileMetaData) -> list[str]:
    """The columns of text that are no part of another, by what the schema says."""
    columns = (about.schema.column(n) for n in range(len(about.schema.names)))
    return [one.path for one in columns if one.physical_type == "BYTE_ARRAY" and "." not in one.path]


def _first_rows(file: ParquetFile) -> list[dict[str, int]]:
    """For each row group, the bytes of the longest text of every column whose first row stands in a dictionary.

    `OSError` for a file that says of itself what cannot be, such as a histogram of the wrong length: a reader refuses
    it at the first row. Asked for what stands there of the column, pyarrow 26 lets the exception of its C++ part out,
    which ends the process.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    found: list[dict[str, int]] = []
    for number in range(file.metadata.num_row_groups):
        first = next(file.iter_batches(batch_size=1, row_groups=[number], use_threads=False), None)
        found.append({})
        for name, column in zip(first.schema.names, first.columns, strict=True) if first else ():
            # A dictionary made for the one row is none of the file's.
            if pa.types.is_dictionary(column.type) and len(column.dictionary) > 1:
                found[-1][name] = pc.max(pc.binary_length(column.dictionary)).as_py() or 0
    return found


def _in_dictionaries(about: FileMetaData) -> list[str]:
    """The columns of text that are kept as places in a dictionary of their values, where they have one."""
    if not about.num_row_groups:
        return []
    group = about.row_group(0)
    columns = [group.column(n) for n in range(group.num_columns)]
    # A column of a damaged file may have one name here and another in the schema.
    named = frozenset(about.schema.names)
    return [
        one.path_in_schema
        for one in columns
        if one.physical_type == "BYTE_ARRAY"
        and one.has_dictionary_page
        and "." not in one.path_in_schema
        and one.path_in_schema in named
    ]


def _but_diverse(about: FileMetaData, packed: list[str], longest: list[dict[str, int]]) -> list[str]:
    """Of the columns to be read as places in a dictionary, those that repeat, or that are else too large for memory.

    To build a dictionary of millions of addresses takes several times as long as to read them. A writer gives such
    columns up half-way, so that they have a dictionary for their first rows alone; what it stands for is bounded by its
    `longest` text in each row group.
    """
    groups = [about.row_group(n) for n in range(about.num_row_groups)]
    written: dict[str, int] = dict.fromkeys(packed, 0)
    for group in groups:
        for one in (group.column(n) for n in range(group.num_columns)):
            if one.path_in_schema in written:
                written[one.path_in_schema] += one.total_uncompressed_size
    diverse = [name for name, size in written.items() if size > _DIVERSE * about.num_rows]
    most = sum(written[name] for name in diverse)
    for group, texts in zip(groups, longest, strict=True):
        for name in diverse:
            if group.num_rows and name not in texts:
                # The first row does not stand in the file's dictionary, which shows only where it is used.
                return packed
            most += texts.get(name, 0) * group.num_rows
    return packed if most > current().table_bytes else [name for name in packed if name not in diverse]


def _text(column: pa.ChunkedArray, where: str, size: int) -> pa.ChunkedArray:
    """A column as text, with which the table is no larger than it may be; `size` in bytes is that of those before."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(column.type):
        for chunk in column.chunks:
            if pa.types.is_string(chunk.dictionary.type) or pa.types.is_binary(chunk.dictionary.type):
                lengths = pc.take(pc.binary_length(chunk.dictionary), chunk.indices)
                size += pc.sum(lengths, min_count=0).as_py() or 0
        _within(where, size)
        column = pc.cast(
            column, pa.large_string() if pa.types.is_string(column.type.value_type) else column.type.value_type
        )
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        # That takes nothing, and the way back looks whether it is UTF-8.
        column = pc.cast(column, pa.binary() if pa.types.is_string(column.type) else pa.large_binary())
    try:
        text = pc.cast(column, pa.large_string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        text = pa.chunked_array([pa.array(map(_cell, _values(column)), pa.large_string())])
    return pc.fill_null(text, "") if text.null_count else text


def _values(column: pa.ChunkedArray) -> Iterator[object]:
    """The values of a type that Arrow makes no text of; a moment out of all time is its number."""
    for value in column:
        try:
            yield value.as_py()
        except (ValueError, OverflowError):
            yield getattr(value, "value", None)


def _cell(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else cell_text(value)
