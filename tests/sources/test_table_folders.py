"""A folder or zip given as a log or a list stands for the tables in it."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from analyzer import diagnose
from analyzer.api.workspace import ingest
from analyzer.bounds import parse_bounds, using
from analyzer.errors import UnreadableInputError
from analyzer.sources.tables import read_table
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


@pytest.fixture
def archive(exports: Path, tmp_path: Path) -> Path:
    """The same exports, as a platform sends them by mail: one zip."""
    path = tmp_path / "exports.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for file in sorted(one for one in exports.rglob("*") if one.is_file()):
            made.write(file, f"exports/{file.relative_to(exports)}")
        made.writestr("exports/e.csv.gz", gzip.compress(LOG.format("e").encode()))
        made.writestr("__MACOSX/exports/b.csv", "no table")
    return path


def test_a_zip_is_the_tables_in_it_by_their_names(archive: Path) -> None:
    found = diagnose(
        bounces=pd.DataFrame(
            {"recipient": ["b1@corpb.example"], "label": "hard", "fault": "address", "reason": "user_unknown"}
        ),
        log=archive,
    )
    assert found.totals.leads_contacted == 9
    logs = [one for one in found.inputs if one.kind == "log"]
    assert [one.path for one in logs] == [
        f"{archive}/exports/{name}"
        for name in ("A.CSV", "b.csv", "e.csv.gz", "older/c.csv", "part-00000.snappy.parquet")
    ]
    assert len({one.sha256 for one in logs}) == 5


def test_a_zip_in_a_folder_is_its_tables_too(archive: Path) -> None:
    folder = archive.parent / "mails"
    folder.mkdir()
    archive.rename(folder / "exports.zip")
    (folder / "z.csv").write_text(LOG.format("z"))
    assert [str(one).removeprefix(f"{folder}/") for one in tables_in(folder)] == [
        *(f"exports.zip/exports/{name}" for name in ("A.CSV", "b.csv", "e.csv.gz", "older/c.csv")),
        "exports.zip/exports/part-00000.snappy.parquet",
        "z.csv",
    ]


def test_a_zip_of_a_table_and_what_explains_it_is_one_table(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as made:
        made.writestr("log.csv", LOG.format("a"))
        made.writestr("README.txt", "Thank you for your export.")
    assert tables_in(tmp_path / "export.zip") == [tmp_path / "export.zip"]
    assert read_table(tmp_path / "export.zip").rows == 2


def test_several_tables_where_one_is_asked_for(archive: Path) -> None:
    with pytest.raises(UnreadableInputError, match="an archive that holds 5 tables; unpack it"):
        read_table(archive)


def test_a_workbook_in_a_zip_is_held_against_the_bounds(tmp_path: Path) -> None:
    pd.DataFrame({"recipient": ["a@b.example"], "notes": ["x" * 3000]}).to_excel(tmp_path / "log.xlsx", index=False)
    with zipfile.ZipFile(tmp_path / "log.zip", "w") as made:
        made.write(tmp_path / "log.xlsx", "log.xlsx")
    assert read_table(tmp_path / "log.zip").rows == 1
    with using(parse_bounds(["table_bytes=6K"])), pytest.raises(UnreadableInputError, match="bound table_bytes"):
        read_table(tmp_path / "log.zip")
