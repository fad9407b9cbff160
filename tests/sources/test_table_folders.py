"""A folder given as a log or a list stands for the tables in it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from analyzer import diagnose
from analyzer.api.workspace import ingest
from analyzer.errors import UnreadableInputError
from analyzer.sources.tables.folders import tables_in

LOG = (
    "recipient,sent_at,campaign\n{0}1@corp{0}.example,2026-03-02 09:00,{0}\n{0}2@corp{0}.example,2026-03-02 09:01,{0}\n"
)


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    """What a platform has exported: a file for each campaign, one in a folder, with what else lies there."""
    folder = tmp_path / "exports of März"
    (folder / "older").mkdir(parents=True)
    (folder / "b.csv").write_text(LOG.format("b"))
    (folder / "A.CSV").write_text(LOG.format("a"))
    (folder / "older" / "c.csv").write_text(LOG.format("c"))
    pd.DataFrame({"recipient": ["d1@corpd.example"], "sent_at": ["2026-03-02 09:02"], "campaign": ["d"]}).to_parquet(
        folder / "part-00000.snappy.parquet"
    )
    for beside in ("_SUCCESS", ".b.csv.crc", "~$b.csv", "README.txt", "._b.csv", "chart.png"):
        (folder / beside).write_text("no table")
    return folder


def test_a_folder_is_the_tables_in_it_by_their_names(exports: Path) -> None:
    found = [Path(str(one)).name for one in tables_in(exports)]
    assert found == ["A.CSV", "b.csv", "c.csv", "part-00000.snappy.parquet"]
    frame = pd.DataFrame({"recipient": ["a@b.example"]})
    assert tables_in(frame) == [frame]
    assert tables_in([str(exports / "b.csv"), exports / "older"]) == [
        str(exports / "b.csv"),
        exports / "older" / "c.csv",
    ]


def test_a_campaign_is_diagnosed_from_a_folder_of_logs(exports: Path) -> None:
    bounces = pd.DataFrame(
        {"recipient": ["b1@corpb.example"], "label": "hard", "fault": "address", "reason": "user_unknown"}
    )
    found = diagnose(bounces=bounces, log=exports)
    assert found.totals.leads_contacted == 7
    assert [Path(one.path).name for one in found.inputs if one.kind == "log"] == [
        *("A.CSV", "b.csv", "c.csv", "part-00000.snappy.parquet")
    ]


def test_history_takes_a_folder_in(exports: Path, tmp_path: Path) -> None:
    run = ingest(tmp_path / "workspace", log=str(exports))
    assert sum(change.added for change in run.changes if change.table == "sends") == 7


@pytest.mark.parametrize(
    ("made", "problem"),
    [
        (("table", "notes.txt"), "without a table"),
        (("table", "_delta_log", "0.json"), "is a Delta table"),
        (("table", "campaign=q1", "part-0.parquet"), "partitioned table"),
    ],
)
def test_a_folder_that_is_no_list_of_tables(tmp_path: Path, made: tuple[str, ...], problem: str) -> None:
    path = tmp_path.joinpath(*made)
    path.parent.mkdir(parents=True)
    path.write_text("{}")
    with pytest.raises(UnreadableInputError, match=problem):
        tables_in(tmp_path / "table")
