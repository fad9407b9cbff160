"""The weekly report over a workspace in an object store is that over a folder, byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import WEEKS
from servers.object_store import object_store
from weekly_story import history, workspace

from analyzer.api.weekly import run_weekly
from analyzer.errors import UnreadableInputError
from analyzer.history import Workspace


def test_a_week_of_an_object_store_reads_as_that_of_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sends, bounces = history(WEEKS[:6])
    bounces.loc[::5, "original_message_id"] = ""
    here = workspace(tmp_path / "space", sends, bounces)
    with object_store("weekly") as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        there = Workspace("s3://weekly/team")
        there.add_sends(sends)
        there.add_bounces(bounces)
        for place, out in (("s3://weekly/team", "there"), (here, "here")):
            run = run_weekly(place, timezone="Europe/Berlin")
            assert run.week.week == WEEKS[5]
            assert run.week.figures[0].now.count > 0
            run.write(tmp_path / out)
        with pytest.raises(UnreadableInputError, match="holds no sends"):
            run_weekly("s3://weekly/none")
    for name in ("weekly.json", "weekly.html", "weekly.md"):
        assert (tmp_path / "there" / WEEKS[5] / name).read_bytes() == (tmp_path / "here" / WEEKS[5] / name).read_bytes()
