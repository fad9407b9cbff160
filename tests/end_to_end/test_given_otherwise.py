"""What callers and shells hand over that is not quite what was asked for."""

from __future__ import annotations

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
