"""Bounces out of a column of files: what `analyzer.parse` does, on the workers."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from analyzer.records import BOUNCE_COLUMNS, BOUNCE_TYPES, COUNTED_KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pyspark.sql import DataFrame

#: Rows that go back to Spark at once.
_BATCH = 2_000
_ARROW = {bool: pa.bool_(), float: pa.float64(), int: pa.int64()}
_SPARK = {bool: "boolean", float: "double", int: "bigint"}
_SCHEMA = pa.schema([pa.field(name, _ARROW.get(BOUNCE_TYPES.get(name, str), pa.string())) for name in BOUNCE_COLUMNS])
#: The same as Spark writes it.
BOUNCES = ", ".join(f"`{name}` {_SPARK.get(BOUNCE_TYPES.get(name, str), 'string')}" for name in BOUNCE_COLUMNS)


def parse(
    files: DataFrame,
    *,
    source: str = "path",
    content: str = "content",
    all_kinds: bool = False,
    rules: str | Path | None = None,
) -> DataFrame:
    """The bounces in a column of files: a frame with BOUNCE_COLUMNS, one row per failed recipient.

    `files` has a text column `source` and a binary column `content`, as `spark.read.format("binaryFile")` gives them.
    A row may hold whatever a file may: a message, an mbox, an archive, an event feed, a log. One that cannot be read
    gives no row, as locally. `rules` is a folder of own rules that every worker sees at that path.
    """
    chosen = files.select(files[source].cast("string").alias("source"), files[content].alias("content"))
    return chosen.mapInArrow(_reader(all_kinds, str(rules) if rules else None), BOUNCES)


def _reader(all_kinds: bool, rules: str | None) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def read(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        # Imported on the worker: what travels is this function's name, not the package.
        from analyzer.bounces import rows_of
        from analyzer.classify import classifier_of
        from analyzer.sources import Reading

        classifier = classifier_of(Path(rules) if rules else None)
        found: list[dict[str, Any]] = []
        for batch in batches:
            for name, data in zip(batch.column(0), batch.column(1), strict=True):
                for item in Reading(()).opened(name.as_py() or "", io.BytesIO(data.as_py() or b"")):
                    rows = rows_of(item, classifier)
                    if all_kinds or rows[0]["kind"] in COUNTED_KINDS:
                        found += rows
                if len(found) >= _BATCH:
                    yield pa.RecordBatch.from_pylist(found, schema=_SCHEMA)
                    found = []
        if found:
            yield pa.RecordBatch.from_pylist(found, schema=_SCHEMA)

    return read
