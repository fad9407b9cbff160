"""The promise of docs/compatibility.md on workspaces: an older one is read, and brought up to date when written."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import deltalake
import pandas as pd
import pyarrow as pa
import pytest

from analyzer.api.weekly import run_weekly
from analyzer.history import Workspace
from analyzer.records import BOUNCE_COLUMNS

#: Columns that an earlier version did not have yet: the last ones, since new ones come behind the others.
NEWER = list(BOUNCE_COLUMNS[-2:])


def sends(count: int) -> pd.DataFrame:
    begin = datetime(2026, 3, 3, 9, tzinfo=UTC)
    rows = [
        {
            "recipient": f"lead{n}@corp{n}.example",
            "sent_at": begin + timedelta(minutes=n),
            "message_id": f"<{n}@us.example>",
        }
        for n in range(count)
    ]
    return pd.DataFrame(rows).assign(campaign="Q1", step="1", sender="ann@us.example")


def bounces(*numbers: int) -> pd.DataFrame:
    rows = [
        dict.fromkeys(BOUNCE_COLUMNS, "")
        | {"record_id": f"r{n}", "kind": "bounce", "recipient": f"lead{n}@corp{n}.example"}
        | {"original_recipient": f"lead{n}@corp{n}.example", "original_message_id": f"<{n}@us.example>"}
        | {"received_at": datetime(2026, 3, 3, 12, tzinfo=UTC), "transient": False, "confidence": 0.9}
        | {"label": "hard", "fault": "address", "reason": "user_unknown", "retry_after_s": None}
        | {"delivered_to": "ann@us.example", NEWER[-1]: "told"}
        for n in numbers
    ]
    return pd.DataFrame(rows)


@pytest.fixture
def older(tmp_path: Path) -> Workspace:
    """A workspace as it was written before the newest columns came."""
    space = Workspace(tmp_path / "space")
    space.add_sends(sends(40))
    space.add_bounces(bounces(1, 2, 3))
    folder = tmp_path / "space" / "bounces"
    table = deltalake.DeltaTable(folder)
    read = pa.table(deltalake.QueryBuilder().register("t", table).execute("SELECT * FROM t").read_all())
    shutil.rmtree(folder)
    deltalake.write_deltalake(folder, read.drop_columns(NEWER), partition_by=["week"])
    return Workspace(tmp_path / "space")


def hard(space: Workspace) -> int:
    figures = run_weekly(space.place, week="2026-W10").week.figures
    return next(one.now.count for one in figures if one.name == "hard")


def test_it_is_read_with_nothing_where_it_had_no_column(older: Workspace) -> None:
    found = older.bounces()
    assert list(found.columns) == list(BOUNCE_COLUMNS)
    assert found[NEWER].to_numpy().tolist() == [["", ""]] * 3
    assert hard(older) == 3


def test_it_is_brought_up_to_date_when_written(older: Workspace) -> None:
    assert older.add_bounces(bounces(3, 4)).added == 1
    found = older.bounces().set_index("record_id")
    assert found[NEWER[-1]].to_dict() == {"r1": "", "r2": "", "r3": "", "r4": "told"}
    assert hard(older) == 4
    older.compact()
    assert hard(older) == 4
