"""A workspace in an object store: the same code, the same answers, and writers at once that lose nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from servers.object_store import object_store
from servers.programs import started

from analyzer.api import ingest, run_diagnosis
from analyzer.cli import main
from analyzer.history import Workspace

SAMPLE = Path(__file__).parents[2] / "sample_data"

WRITER = """
import sys

import pandas as pd

from analyzer.history import Workspace

place, number = sys.argv[1:]
for turn in range(4):
    at = pd.to_datetime(["2026-03-04T00:00Z"])
    names = {"recipient": [f"lead{number}.{turn}@corp.example"], "message_id": [f"<{number}.{turn}@out.example>"]}
    Workspace(place).add_sends(pd.DataFrame({**names, "sent_at": at}))
"""


@pytest.fixture(scope="module")
def store() -> Iterator[str]:
    """The address of a bucket, with the environment that leads there."""
    with object_store("bounces") as environment, pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        yield "s3://bounces"


def take_in(place: str) -> list[int]:
    run = ingest(place, bounces=[SAMPLE / "bounces.mbox"], log=SAMPLE / "log.csv", leads=SAMPLE / "leads.csv")
    return [change.added for change in run.changes]


def test_it_holds_what_a_folder_holds_and_diagnoses_the_same(store, tmp_path):
    there, here = f"{store}/team", str(tmp_path / "space")
    assert take_in(there) == take_in(here) == [3002, 7727, 326]
    assert take_in(there) == [0, 0, 0]
    told = [run_diagnosis(workspace=place).diagnosis for place in (there, here)]
    assert told[0].totals == told[1].totals
    assert told[0].data_quality == told[1].data_quality
    assert told[0].deliverability == told[1].deliverability
    weeks = Workspace(there).sends(since="2026-W10", until="2026-W10")
    assert len(weeks) == len(Workspace(here).sends(since="2026-W10", until="2026-W10")) > 0


def test_forgetting_and_the_commands(store, capsys, monkeypatch):
    place = f"{store}/forget"
    take_in(place)
    address = Workspace(place).sends()["recipient"].iloc[0]
    monkeypatch.setattr(sys, "argv", ["bounce-analyzer", "workspace", "forget", address, "--workspace", place])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    assert address not in set(Workspace(place).sends()["recipient"]) | set(Workspace(place).leads()["email"])
    monkeypatch.setattr(sys, "argv", ["bounce-analyzer", "workspace", "info", "--json", "--workspace", place])
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    assert {table["table"] for table in json.loads(capsys.readouterr().out)["tables"]} == {
        "sends",
        "leads",
        "bounces",
        "runs",
    }


def test_writers_at_once_lose_nothing(store):
    place = f"{store}/many"
    with ExitStack() as stack:
        commands = [[sys.executable, "-c", WRITER, place, str(number)] for number in range(3)]
        writers = [stack.enter_context(started(command)) for command in commands]
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    assert len(Workspace(place).sends()) == 12


def test_a_bucket_that_is_not_there_is_said_in_one_line(store, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["bounce-analyzer", "diagnose", "--workspace", "s3://no-such-bucket/team"])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert said.count("\n") == 1
    assert "no-such-bucket" in said
