"""The commands as a person types them: output, exit codes, and one clear line for what went wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from campaign import USER_UNKNOWN, Campaign, bounce

PROGRAM = Path(sys.executable).parent / "bounce-analyzer"


def run(*arguments: str | Path, stdin: bytes = b"", cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([PROGRAM, *map(str, arguments)], input=stdin, capture_output=True, cwd=cwd, timeout=120)
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture
def files(tmp_path):
    campaign = Campaign()
    campaign.add(60, status="Verified", industry="Retail", bounces=3)
    return campaign.write(tmp_path)


def test_parse_writes_json_lines_to_stdout(files):
    done = run("parse", files["bounces"])
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["reason"] for row in rows] == ["user_unknown"] * 3
    assert rows[0]["source"].endswith("bounces.mbox#0")
    assert "3 bounce" in done.stderr


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".parquet"])
def test_parse_writes_tables_that_diagnose_reads(files, tmp_path, ending):
    table = tmp_path / f"parsed{ending}"
    assert run("parse", files["bounces"], "--out", table).returncode == 0
    done = run("diagnose", "--bounces", table, "--log", files["log"], "--leads", files["leads"], "--json")
    assert json.loads(done.stdout)["totals"]["hard"]["count"] == 3


def test_parse_reads_a_message_from_stdin():
    done = run("parse", "-", stdin=bounce("kim@lumen.example", USER_UNKNOWN).encode())
    assert json.loads(done.stdout)["recipient"] == "kim@lumen.example"


def test_all_keeps_the_messages_that_are_no_bounce(tmp_path):
    (tmp_path / "away.eml").write_text(
        "From: kim@lumen.example\nSubject: Automatic reply: hello\n\nAway until Monday.\n"
    )
    (tmp_path / "bounce.eml").write_text(bounce("kim@lumen.example", USER_UNKNOWN))
    kinds = [json.loads(line)["kind"] for line in run("parse", tmp_path, "--all").stdout.splitlines()]
    assert sorted(kinds) == ["autoreply", "bounce"]
    assert len(run("parse", tmp_path).stdout.splitlines()) == 1


def test_classify_one_text_and_a_stream():
    assert "user_unknown" in run("classify", "550 5.1.1 No such user").stdout
    done = run(
        "classify", "--json", stdin=b'{"text": "550 5.1.1 No such user", "status": null}\n452 4.2.2 Mailbox full\n\n'
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["reason"] for answer in answers] == ["user_unknown", "mailbox_full", "unspecified"]


def test_diagnose_prints_the_verdict_and_writes_the_report(files, tmp_path):
    out = tmp_path / "out"
    done = run(
        "diagnose", "--bounces", files["bounces"], "--log", files["log"], "--leads", files["leads"], "--out", out
    )
    assert done.returncode == 0, done.stderr
    assert "report.html" in done.stdout
    assert "\x1b[" not in done.stdout


def test_as_a_module(files):
    done = subprocess.run(
        [sys.executable, "-m", "analyzer", "parse", files["bounces"]], capture_output=True, timeout=60
    )
    assert len(done.stdout.splitlines()) == 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["parse", "nowhere.mbox"], "nowhere.mbox"),
        (["parse", "empty"], "no message"),
        (["parse", "empty.mbox"], "empty.mbox"),
        (["parse", "bounces.mbox", "--out", "rows.doc"], "rows.doc"),
        (["parse", "bounces.mbox", "--frobnicate"], "--frobnicate"),
        (["parse"], "SOURCE"),
        (["diagnose", "--bounces", "bounces.mbox", "--log", "noaddress.csv"], "noaddress.csv"),
        (["diagnose", "--bounces", "bounces.mbox", "--log", "nothing.csv"], "nothing.csv"),
        (["diagnose", "--bounces", "bounces.mbox", "--log", "log.csv", "--leads", "missing.csv"], "missing.csv"),
        (["diagnose", "--bounces", "bounces.mbox", "--log", "log.csv", "--map", "recipient"], "--map"),
        (["diagnose", "--bounces", "bounces.mbox", "--log", "log.csv", "--out", "log.csv"], "log.csv"),
        (["diagnose", "--bounces", "bounces.mbox", "--log", "log.csv", "--since", "2026-03-01"], "--workspace"),
        (["classify", "x", "--rules", "nowhere"], "nowhere"),
        (["diagnose", "--log", "log.csv", "--next", "leads.csv", "--next=log.csv"], "--next is given twice"),
        # A variable of the shell that is not set: no folder is meant, least of all the one that the run is started in.
        (["diagnose", "--log", "log.csv", "--out="], "'--out': is empty"),
        (["diagnose", "--log", "log.csv", "--leads", ""], "'--leads': is empty"),
        (["check", "leads.csv", "--suppress="], "'--suppress': is empty"),
        (["ingest", "--workspace=", "--log", "log.csv"], "has no name"),
        (["nonsense"], "nonsense"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(files, tmp_path, arguments, words):
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty.mbox").touch()
    (tmp_path / "nothing.csv").touch()
    (tmp_path / "noaddress.csv").write_text("name,city\nKim,Oslo\n")
    before = sorted(path.name for path in tmp_path.iterdir())
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stdout
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_broken_message_never_stops_a_run(tmp_path):
    (tmp_path / "a.eml").write_bytes(
        b"Subject: Undelivered\nFrom: MAILER-DAEMON\nContent-Type: multipart/report; boundary=x\n\n--x\n\xff\xfe"
    )
    (tmp_path / "b.eml").write_text(bounce("kim@lumen.example", USER_UNKNOWN))
    done = run("parse", tmp_path)
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 1


def test_what_cannot_be_read_in_a_folder_never_stops_a_run(files, tmp_path):
    """A file that gives an error when it is read, as one without the right to it or on a worn disk does."""
    folder = tmp_path / "mail"
    folder.mkdir()
    (folder / "bad.eml").symlink_to("/proc/self/mem")
    files["bounces"].rename(folder / "bounces.mbox")
    done = run("diagnose", "--bounces", folder, "--log", files["log"], "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["matching"]["bounces"] == 3
    assert any("bad.eml cannot be read" in warning for warning in told["warnings"])


def test_what_is_read_is_not_written_over(files, tmp_path):
    feed = tmp_path / "events.jsonl"
    feed.write_text('{"event":"bounced","recipient":"kim@lumen.example","domain":"s.example","code":"550"}\n')
    (tmp_path / "other.jsonl").symlink_to(feed)
    before = feed.read_bytes()
    for out in (feed, tmp_path / "other.jsonl"):
        done = run("parse", feed, "--out", out)
        assert (done.returncode, "read by this very run" in done.stderr) == (2, True)
    # Where this run has no list of its own to write, an earlier one would go.
    leads = tmp_path / "out" / "next_send.csv"
    leads.parent.mkdir()
    leads.write_text("email\nkim@lumen.example\n")
    given = ["--bounces", files["bounces"], "--log", files["log"], "--leads", leads]
    done = run("diagnose", *given, "--out", tmp_path / "out")
    assert (done.returncode, "next_send.csv: is read by this very run" in done.stderr) == (2, True)
    assert feed.read_bytes() == before
    assert [path.name for path in leads.parent.iterdir()] == ["next_send.csv"]
    done = run("diagnose", *given, "--out", tmp_path / "elsewhere")
    assert done.returncode == 0
    source = tmp_path / "elsewhere" / "suppression.csv"
    done = run("export", "hubspot", source, "--out", source)
    assert (done.returncode, "read by this very run" in done.stderr) == (2, True)
    from analyzer.report import FILES

    assert {path.name for path in (tmp_path / "elsewhere").iterdir()} == {*FILES} - {"next_send.csv"}


def test_a_file_whose_name_is_no_utf8(files, tmp_path):
    """As archives of older systems leave them."""
    name = os.fsdecode(b"r\xfcckl\xe4ufer.mbox")
    (tmp_path / "mail").mkdir()
    files["bounces"].rename(tmp_path / "mail" / name)
    for bounces in (tmp_path / "mail", tmp_path / "mail" / name):
        done = run("diagnose", "--bounces", bounces, "--log", files["log"], "--out", tmp_path / "out")
        assert done.returncode == 0, done.stderr
    table = tmp_path / os.fsdecode(b"\xfc.parquet")
    run("parse", tmp_path / "mail", "--out", tmp_path / "rows.parquet")
    (tmp_path / "rows.parquet").rename(table)
    assert run("diagnose", "--bounces", table, "--log", files["log"]).returncode == 0
    assert "r\ufffdckl\ufffdufer.mbox#0" in (tmp_path / "out" / "bounces.csv").read_text()


def test_a_workspace_is_filled_without_a_word_of_a_library(files, tmp_path):
    kept = ["--workspace", tmp_path / "kept"]
    done = run("ingest", *kept, "--bounces", files["bounces"], "--log", files["log"])
    assert done.returncode == 0
    assert "leaked" not in done.stderr


def test_nothing_half_written_is_left_behind(files, tmp_path):
    target = tmp_path / "report"
    target.write_text("a file where a folder should go")
    done = run("diagnose", "--bounces", files["bounces"], "--log", files["log"], "--out", target)
    assert done.returncode == 2
    assert target.read_text() == "a file where a folder should go"


def test_the_readme_shows_what_the_demo_prints(tmp_path):
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
    shown = readme.split("`make demo` begins like this", 1)[1].split("```")[1]
    printed = " ".join(run("demo", "--out", tmp_path / "report").stdout.split())
    for block in shown.strip().split("\n\n"):
        assert " ".join(block.split()) in printed


def test_an_option_takes_several_files_at_once(files, tmp_path):
    """`--bounces *.mbox`, as a shell spells it out, is the option repeated; other options are left alone."""
    more = tmp_path / "more.mbox"
    more.write_bytes(Path(files["bounces"]).read_bytes())
    at_once = run(
        "diagnose", "--bounces", files["bounces"], more, "--log", files["log"], "--tolerance", "0.1", "--json"
    )
    in_turn = run(
        "diagnose",
        "--bounces",
        files["bounces"],
        "--bounces",
        more,
        "--log",
        files["log"],
        "--tolerance",
        "0.1",
        "--json",
    )
    assert at_once.returncode == 0, at_once.stderr
    assert at_once.stdout == in_turn.stdout
    assert (
        run("diagnose", "--bounces", files["bounces"], "--log", files["log"], "--tolerance", "0.1", "x").returncode == 2
    )


def test_a_column_of_names_taken_for_addresses_is_named(files, tmp_path):
    table = tmp_path / "names.csv"
    table.write_text("Recipient,Email,Sent at\nJane Roe,jane@corp.example,2026-03-02\n")
    # Where another column holds the addresses, that one is taken.
    beside = run("diagnose", "--bounces", files["bounces"], "--log", table)
    assert beside.returncode == 0, beside.stderr
    assert "names.csv: Email = recipient" in beside.stderr
    table.write_text("Recipient,Sent at\nJane Roe,2026-03-02\n")
    done = run("diagnose", "--bounces", files["bounces"], "--log", table)
    assert done.returncode == 2
    assert "names.csv: no row holds an e-mail address in 'Recipient'" in done.stderr
    assert "--map YOURCOLUMN=recipient" in done.stderr
