"""Columns of a Parquet file whose texts hardly repeat are read without a dictionary, where that cannot grow too large."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analyzer.errors import UnreadableInputError
from analyzer.sources.tables import read_table


def test_texts_that_hardly_repeat_are_read_as_they_were_written(tmp_path: Path) -> None:
    """The writer gives the dictionary up half-way: its first rows stand in one, the others do not."""
    emails = [f"person.{number:06}@company-{number % 977}.example" for number in range(60_000)]
    pq.write_table(pa.table({"email": emails}), tmp_path / "a.parquet", row_group_size=25_000)
    assert read_table(tmp_path / "a.parquet", "leads").frame["email"].tolist() == emails


@pytest.mark.parametrize("first", [0, 1], ids=["the long text first", "a short text first"])
def test_a_long_text_among_many_is_counted_as_often_as_it_stands(tmp_path: Path, first: int) -> None:
    """40,000 rows, a thousand different texts, one of a megabyte: 20 GB out of a file of little more than a megabyte."""
    texts = pa.array(["x" * (1 << 20), *(f"{number:0200}" for number in range(1000))])
    places = [(row % 1000 + 1) if row % 2 == first else 0 for row in range(40_000)]
    notes = pa.DictionaryArray.from_arrays(pa.array(places, pa.int32()), texts)
    pq.write_table(
        pa.table({"email": ["kim@lumen.example"] * 40_000, "note": notes}),
        tmp_path / "a.parquet",
        dictionary_pagesize_limit=1 << 22,
    )
    with pytest.raises(UnreadableInputError, match="is over 4G unpacked"):
        read_table(tmp_path / "a.parquet", "leads")


def test_the_first_row_of_a_group_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    emails = [f"person.{number:06}@company.example" for number in range(3000)]
    pq.write_table(pa.table({"email": emails, "step": ["1"] * 3000}), tmp_path / "a.parquet", row_group_size=1000)
    looked: list[object] = []
    rows = pq.ParquetFile.iter_batches
    monkeypatch.setattr(
        pq.ParquetFile,
        "iter_batches",
        lambda file, *args, **how: looked.append(how["row_groups"]) or rows(file, *args, **how),
    )
    assert read_table(tmp_path / "a.parquet", "leads").frame["email"].tolist() == emails
    assert looked == [[0], [1], [2]]
