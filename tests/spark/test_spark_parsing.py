"""Parsing on the workers of a cluster: the same rows as here, also when a worker dies half-way."""

from __future__ import annotations

import deltalake
import pandas as pd
import pytest

import analyzer
from analyzer.api import ingest
from analyzer.errors import AnalyzerError, UnreadableInputError
from analyzer.history import Workspace
from analyzer.records import BOUNCE_COLUMNS
from analyzer.spark import parse, table


def rows(frame: object) -> list[tuple[object, ...]]:
    """A Spark frame's rows in the order of their text."""
    return sorted((tuple(row) for row in frame.collect()), key=repr)


def local_rows(*sources: object, **options: object) -> list[tuple[object, ...]]:
    frame = analyzer.parse(*sources, **options)
    plain = frame.astype(object).where(frame.notna(), None)
    values = [tuple(row[name] for name in BOUNCE_COLUMNS) for row in plain.to_dict("records")]
    return sorted(values, key=repr)


def named(found: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    """Sources by what stands behind the folder, since Spark names a file by its address."""
    return sorted(((str(row[0]).rpartition("sample_data/")[2], *row[1:]) for row in found), key=repr)


def test_files_give_the_rows_that_they_give_here(spark, sample):
    files = spark.read.format("binaryFile").load([str(sample / "bounces.mbox"), str(sample / "bounces")])
    there = parse(files)
    assert there.columns == list(BOUNCE_COLUMNS)
    assert named(rows(there)) == named(local_rows(sample / "bounces.mbox", sample / "bounces"))


def test_all_kinds_and_messages_in_a_column(spark, sample):
    messages = [(str(path), path.read_bytes()) for path in sorted((sample / "bounces").iterdir())[:20]]
    frame = spark.createDataFrame(
        [*messages, ("noise", b"\x00\x01"), ("nothing", b"")], "name string, bytes binary"
    ).repartition(5)
    there = parse(frame, source="name", content="bytes", all_kinds=True)
    assert rows(there) == local_rows(*(name for name, _ in messages), all_kinds=True)


def test_a_worker_that_is_killed_half_way_costs_no_row(spark, sample, a_worker_is_killed):
    data = (sample / "bounces.mbox").read_bytes()
    frame = spark.createDataFrame([(f"box{n}", data) for n in range(24)], "path string, content binary").repartition(12)
    expected = len(local_rows(sample / "bounces.mbox")) * 24
    with a_worker_is_killed(1.5):
        found = parse(frame).select("source", "record_id").collect()
    assert len(found) == expected == len(set(found))


def test_a_workspace_is_read_by_week(spark, sample, tmp_path):
    ingest(tmp_path / "space", bounces=sample / "bounces.mbox", log=sample / "log.csv", leads=sample / "leads.csv")
    sends = table(spark, tmp_path / "space", "sends", since="2026-W10", until="2026-W10")
    log = Workspace(tmp_path / "space").sends(since="2026-W10", until="2026-W10")
    assert sorted(row.message_id for row in sends.select("message_id").collect()) == sorted(log["message_id"])
    first = sends.select("sent_at").first()
    assert pd.Timestamp(first.sent_at).year == 2026
    assert table(spark, tmp_path / "space", "sends", since="2031-W01").count() == 0
    assert table(spark, tmp_path / "space", "leads").count() == 3002


def test_a_folder_with_a_blank_is_read_as_any(spark, sample, tmp_path):
    ingest(tmp_path / "our space", bounces=(), log=sample / "log.csv")
    assert table(spark, tmp_path / "our space", "sends").count() == len(pd.read_csv(sample / "log.csv"))


def test_a_table_whose_files_hold_rows_that_are_gone_is_refused(spark, sample, tmp_path):
    ingest(tmp_path / "space", bounces=(), log=sample / "log.csv")
    sends = deltalake.DeltaTable(str(tmp_path / "space" / "sends"))
    feature = deltalake.table.TableFeatures.DeletionVectors
    sends.alter.add_feature(feature, allow_protocol_versions_increase=True)
    with pytest.raises(UnreadableInputError, match="its table sends uses deletionVectors"):
        table(spark, tmp_path / "space", "sends")


def test_what_is_no_table(spark, tmp_path):
    with pytest.raises(AnalyzerError, match="a workspace has sends, bounces, suspected, leads, runs"):
        table(spark, tmp_path, "mails")
    with pytest.raises(UnreadableInputError, match="holds no sends; take files in"):
        table(spark, tmp_path, "sends")
