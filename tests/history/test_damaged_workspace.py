"""A workspace whose files were damaged or removed: one line that names it, and nothing counted that is not whole."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import deltalake
import pandas as pd
import pytest
from deltalake.exceptions import TableNotFoundError

from analyzer.errors import AnalyzerError
from analyzer.history import Workspace
from analyzer.history.counts import count_weeks
from analyzer.history.files import TableFiles
from analyzer.history.iso_weeks import weeks_until, zone_of

WHO = "kim@lumen.example"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("whole") / "workspace"
    kept = Workspace(place)
    kept.add_sends(pd.DataFrame({"recipient": [WHO], "sent_at": pd.to_datetime(["2026-03-03T08:00:00Z"])}))
    kept.add_bounces(pd.DataFrame({"recipient": [WHO], "kind": "bounce", "record_id": "r1", "label": "hard",
                                   "received_at": "2026-03-03T09:00:00Z"}))  # fmt: skip
    return place


def cut_off(place: Path) -> None:
    for path in place.rglob("*.parquet"):
        path.write_bytes(path.read_bytes()[:-40])


def emptied(place: Path) -> None:
    for path in place.rglob("*.parquet"):
        path.write_bytes(b"")


def overwritten(place: Path) -> None:
    for path in place.rglob("*.parquet"):
        path.write_bytes(path.read_bytes()[:60] + b"\x55" * (path.stat().st_size - 200) + path.read_bytes()[-140:])


def removed(place: Path) -> None:
    for path in place.rglob("*.parquet"):
        path.unlink()


def without_log(place: Path) -> None:
    for path in place.glob("*/_delta_log"):
        shutil.rmtree(path)


def garbled_log(place: Path) -> None:
    for path in place.glob("*/_delta_log/*.json"):
        path.write_bytes(b"{garbage\xff\n")


def read(place: Path) -> object:
    return Workspace(place).kept()


def counted(place: Path) -> object:
    with TableFiles(place) as files:
        return count_weeks(files, weeks_until("2026-W10", 4, zone_of("")))


def forgotten(place: Path) -> object:
    return Workspace(place).forget(WHO)


def written(place: Path) -> object:
    return Workspace(place).add_bounces(Workspace(place).bounces())


def exported(place: Path) -> object:
    return Workspace(place).export(place.parent / "out")


@pytest.mark.parametrize("use", [read, counted])
def test_a_table_that_another_one_makes_in_this_moment_is_not_told_as_damaged(
    use: Callable[[Path], object], whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looked for before it was made, and its files seen after: both are true, and nothing is wrong."""
    place, real = tmp_path / "workspace", deltalake.DeltaTable

    def looked_for(where: str, **options: object) -> object:
        try:
            return real(where, **options)
        except TableNotFoundError:
            if not place.exists():
                shutil.copytree(whole, place)
            raise

    monkeypatch.setattr(deltalake, "DeltaTable", looked_for)
    use(place)


@pytest.mark.parametrize("use", [read, counted, forgotten, written, exported])
@pytest.mark.parametrize("damage", [cut_off, emptied, overwritten, removed, without_log, garbled_log])
def test_what_cannot_be_read_is_one_line(
    damage: Callable[[Path], None], use: Callable[[Path], object], whole: Path, tmp_path: Path
) -> None:
    place = tmp_path / "workspace"
    shutil.copytree(whole, place)
    use(place)
    shutil.rmtree(place)
    shutil.copytree(whole, place)
    damage(place)
    with pytest.raises(AnalyzerError) as told:
        use(place)
    said = str(told.value)
    assert str(place) in said and "\n" not in said
    assert WHO not in said
