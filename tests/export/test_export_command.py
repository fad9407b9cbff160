"""`export` as a person types it: where files go, what is said, and one line for what went wrong."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(sys.executable).parent / "bounce-analyzer"
SUPPRESSION = "email,reason,fault,evidence,date\na@example.com,user_unknown,address,550 no,2026-03-02T11:46:49Z\nb@example.com,complaint,complaint,,\n"


def run(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, "export", *map(str, arguments)], capture_output=True, text=True, cwd=cwd, timeout=120
    )


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "suppression.csv").write_text(SUPPRESSION)
    return tmp_path


def test_to_the_standard_output(folder):
    done = run("plain", "suppression.csv", cwd=folder)
    assert (done.returncode, done.stdout) == (0, "a@example.com\nb@example.com\n")
    assert "2 rows" in done.stderr


def test_to_a_folder_a_file_and_in_parts(folder):
    assert run("mailgun", ".", "--out", "out/deep", cwd=folder).returncode == 0
    assert sorted(path.name for path in (folder / "out/deep").iterdir()) == [
        "mailgun-bounces.csv",
        "mailgun-complaints.csv",
    ]
    assert run("ses", ".", "--out", "blocked.csv", cwd=folder).returncode == 0
    assert (folder / "blocked.csv").read_text() == "a@example.com,BOUNCE\nb@example.com,COMPLAINT\n"
    assert stat.S_IMODE((folder / "blocked.csv").stat().st_mode) == stat.S_IMODE(
        (folder / "suppression.csv").stat().st_mode
    )
    done = run("ses", ".", "--out", "blocked.csv", "--rows", "1", cwd=folder)
    assert (folder / "blocked-2.csv").read_text() == "b@example.com,COMPLAINT\n"
    assert "blocked.csv is from an earlier export" in done.stdout


def test_as_json(folder):
    told = json.loads(run("ses", ".", "--out", "out", "--json", cwd=folder).stdout)
    assert told["files"] == [{"path": "out/ses.csv", "rows": 2}]
    assert told["left_out"] == {}


def test_list_names_every_kind(folder):
    from analyzer.export import kinds

    done = run("--list", cwd=folder)
    assert [line.split()[0] for line in done.stdout.splitlines() if line[:1] != " "] == list(kinds())
    helped = run("--help", cwd=folder).stdout
    assert all(name in helped for name in kinds())


def test_an_empty_result_is_a_header_and_no_failure(folder):
    (folder / "bounces.csv").write_text(
        "recipient,label,fault,reason,transient\na@example.com,spam,sender,auth_failure,false\n"
    )
    done = run("sendgrid", "bounces.csv", cwd=folder)
    assert (done.returncode, done.stdout) == (0, "email\n")
    assert "Left out: 1 refused for how we send" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "KIND"),
        (["ses"], "SOURCE"),
        (["sess", "."], "sendgrid"),
        (["ses", "nowhere.csv"], "nowhere.csv"),
        (["ses", "leads.csv"], "leads.csv"),
        (["ses", "empty"], "empty"),
        (["ses", "blank.csv"], "blank.csv"),
        (["ses", ".", "--format", "xml"], "csv or jsonl"),
        (["ses", ".", "--include", "nonsense"], "nonsense"),
        (["ses", ".", "--redact", "blur"], "mask"),
        (["plain", ".", "--redact", "drop"], "nothing is left"),
        (["meta", ".", "--redact", "mask"], "hashes only"),
        (["ses", ".", "--rows", "-1"], "--rows"),
        (["ses", ".", "--out", "x.xlsx"], ".csv"),
        (["ses", ".", "--out", "suppression.csv/x"], "suppression.csv"),
        (["mailgun", ".", "--out", "x.csv"], "folder"),
        (["mailgun", "."], "--out"),
        (["grades", "."], "next_send.csv"),
        (["grades", "suppression.csv"], "grades"),
        (["grades", "odd.csv"], "perhaps"),
        (["ses", "next.csv"], "next.csv"),
        (["salesforce", ".", "--leads", "leads.csv"], "lead_id"),
        (["ses", ".", "--json"], "--out"),
    ],
)
def test_what_went_wrong_is_one_line(folder, arguments, words):
    (folder / "leads.csv").write_text("name,email\nKim,kim@example.com\n")
    (folder / "odd.csv").write_text("email,grade\nkim@example.com,perhaps\n")
    (folder / "next.csv").write_text("email,decision,probability,reason\nkim@example.com,send,0.1,Fine.\n")
    (folder / "blank.csv").touch()
    (folder / "empty").mkdir()
    before = sorted(path.name for path in folder.rglob("*"))
    done = run(*arguments, cwd=folder)
    assert done.returncode == 2, done.stdout
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert sorted(path.name for path in folder.rglob("*")) == before


def test_a_folder_without_write_permission_keeps_what_is_there(folder):
    locked = folder / "locked"
    locked.mkdir()
    (locked / "ses.csv").mkdir()
    done = run("ses", ".", "--out", "locked", cwd=folder)
    assert done.returncode == 2
    assert "is a folder" in done.stderr
    assert [path.name for path in locked.iterdir()] == ["ses.csv"]


def test_library_call(folder):
    import analyzer

    assert list(analyzer.export("ses", folder / "suppression.csv").tables) == ["ses.csv"]


def test_the_page_shows_what_the_commands_print(tmp_path):
    import re

    from analyzer.api import diagnose_sample

    page = (Path(__file__).resolve().parents[2] / "docs" / "export.md").read_text(encoding="utf-8")
    diagnose_sample().write(tmp_path / "report")
    shown = re.findall(r"```console\n\$ bounce-analyzer export (.*?)\n(.*?)```", page, re.DOTALL)
    assert shown
    for command, lines in shown:
        printed = run(*command.split(), cwd=tmp_path).stdout.splitlines()
        assert printed[: len(lines.splitlines())] == lines.splitlines()
    from analyzer.export import kinds

    assert all(f"`{name}`" in page for name in kinds())
