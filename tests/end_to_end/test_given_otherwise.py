"""What callers and shells hand over that is not quite what was asked for."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import analyzer
from analyzer.errors import AnalyzerError

SAMPLE = Path(__file__).parents[2] / "sample_data"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-8-sig"])
def test_lines_as_windows_shells_write_them(encoding: str) -> None:
    text = "550 5.1.1 No such user\r\n452 4.2.2 Mailbox full, größer\r\n"
    mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
    told = subprocess.run(
        [sys.executable, "-m", "analyzer", "classify"],
        input=mark + text.encode(encoding),
        capture_output=True,
        check=True,
    ).stdout.decode()
    assert [line.split()[1] for line in told.splitlines()] == ["user_unknown", "mailbox_full"]


@pytest.mark.parametrize("log", [5, {"email": ["jane@example.com"]}, None, b"log.csv", [{"email": "jane@example.com"}]])
def test_a_log_that_is_no_table_is_named_as_what_it_is(log: object) -> None:
    with pytest.raises(TypeError, match="a table is the path of a file"):
        analyzer.diagnose(bounces=SAMPLE / "bounces.mbox", log=log)


def test_rules_are_a_path_or_its_text_and_no_leads_are_none(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text("")
    bounces = analyzer.parse(SAMPLE / "bounces.mbox", rules=str(tmp_path))
    assert len(bounces) == len(analyzer.parse(SAMPLE / "bounces.mbox"))
    found = analyzer.diagnose(bounces=bounces, log=SAMPLE / "log.csv", leads=None, rules=str(tmp_path))
    assert found.totals.leads_contacted > 0


@pytest.mark.parametrize("tolerance", ["5%", 5, 0, None])
def test_a_tolerance_that_is_none_is_told_before_anything_is_read(tolerance: object) -> None:
    with pytest.raises(
        AnalyzerError, match=rf"^--tolerance {tolerance}: is no share between 0 and 1; give one such as"
    ):
        analyzer.diagnose(bounces="nowhere.mbox", log="nowhere.csv", tolerance=tolerance)  # type: ignore[arg-type]


def test_columns_are_named_as_a_mapping_or_as_the_command_names_them(tmp_path: Path) -> None:
    rows = [f"p{n}@corp{n}.example,b{n}@second{n}.example,2026-03-0{1 + n % 9},{'AB'[n % 2]}" for n in range(40)]
    (tmp_path / "log.csv").write_text("\n".join(["First,Second,sent_at,Source", *rows]))
    bounces = pd.DataFrame(columns=list(analyzer.BOUNCE_COLUMNS))
    for mapping in ({"Second": "recipient"}, ["Second=recipient"], "Second=recipient"):
        found = analyzer.diagnose(bounces=bounces, log=tmp_path / "log.csv", mapping=mapping, drivers="Source")
        assert found.breakdown["recipient_domain"][0].value.startswith("second")


@pytest.mark.parametrize("rows", ["", "Jane Doe,2026-03-02\nJim Doe,2026-03-03\n"])
def test_a_log_without_an_address_is_told_of_its_rows_and_its_column(tmp_path: Path, rows: str) -> None:
    (tmp_path / "log.csv").write_text("recipient,sent_at\n" + rows)
    with pytest.raises(AnalyzerError) as told:
        analyzer.diagnose(bounces=SAMPLE / "bounces.mbox", log=tmp_path / "log.csv")
    assert str(told.value).endswith(
        "log.csv: no row holds an e-mail address in 'recipient', the column that was taken for the recipient; "
        "name the right one with --map YOURCOLUMN=recipient, or give a log that has rows"
    )


def test_an_export_of_mail_says_what_to_make_of_it_first() -> None:
    with pytest.raises(AnalyzerError, match=r"bounces.mbox: is mail, no table; make bounce rows of it with `parse`$"):
        analyzer.export("ses", SAMPLE / "bounces.mbox")


def _told(*arguments: object, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "analyzer", *map(str, arguments)], input=given, capture_output=True, check=False
    )


def test_a_table_comes_through_the_standard_input_as_from_a_file(tmp_path: Path) -> None:
    files = {"--log": SAMPLE / "log.csv", "--leads": SAMPLE / "leads.csv", "--next": SAMPLE / "next_leads.csv"}
    whole = _told("diagnose", "--json", *(word for pair in files.items() for word in pair), given=b"")
    for option, file in files.items():
        rest = [word for pair in files.items() if pair[0] != option for word in pair]
        told = _told("diagnose", "--json", *rest, option, "-", given=file.read_bytes())
        assert told.returncode == 0, told.stderr
        assert told.stdout.replace(b"the standard input", bytes(file)) == whole.stdout
        assert b"the standard input: " in told.stderr
    told = _told("ingest", "--workspace", tmp_path / "kept", "--log", "-", given=files["--log"].read_bytes())
    assert told.returncode == 0, told.stderr
    assert b"sends: " in told.stdout


def test_dates_that_another_table_proves_are_read_twice_from_the_standard_input(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("email,sent at\njane@example.com,31/03/2026\n")
    told = _told(
        *("diagnose", "--json", "--log", "-", "--log", tmp_path / "a.csv"),
        given=b"email,sent at\nkim@example.com,03/02/2026\n",
    )
    assert told.returncode == 0, told.stderr
    assert [row["value"] for row in json.loads(told.stdout)["breakdown"]["week"]] == ["2026-W06", "2026-W14"]


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_what_parse_makes_of_mail_in_which_nothing_bounced_is_no_bounce(tmp_path: Path, ending: str) -> None:
    (tmp_path / "away.eml").write_text("From: kim@example.com\nAuto-Submitted: auto-replied\n\nI am away.\n")
    (tmp_path / "log.csv").write_text("email,sent at\njane@example.com,2026-03-02\n")
    assert _told("parse", tmp_path / "away.eml", "--out", tmp_path / f"none.{ending}").returncode == 0
    told = _told("diagnose", "--json", "--bounces", tmp_path / f"none.{ending}", "--log", tmp_path / "log.csv")
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout)["matching"]["bounces"] == 0


@pytest.mark.parametrize(
    ("arguments", "given", "problem"),
    [
        (("--log", "-", "--leads", "-"), b"", "the standard input (-) is given more than once; give all but one"),
        (("--bounces", "-", "--log", "-"), b"", "the standard input (-) is given more than once; give all but one"),
        (("--log", "-"), b"", "the standard input: is empty; give a table with a header row"),
        (("--log", "-"), b"a,b\n1,2\n", "the standard input: has no column of email addresses (found: a, b)"),
        (("--log", "-", "--bound", "table_bytes=1K"), b"email\n" * 999, "the standard input: is over 1K, the bound"),
    ],
)
def test_what_the_standard_input_is_refused_for(arguments: tuple[str, ...], given: bytes, problem: str) -> None:
    told = _told("diagnose", *arguments, given=given)
    assert told.returncode == 2
    assert told.stderr.decode().startswith(f"bounce-analyzer: {problem}")
