"""Bounce rows out and back: the writers, the files they leave, and the reader of our own tables."""

from __future__ import annotations

import csv
import errno
import io
import os
import stat
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from servers.programs import started

from analyzer.correlate import counted_bounces
from analyzer.errors import AnalyzerError, MissingColumnError, OutputError, UnreadableInputError
from analyzer.files import atomic
from analyzer.records import BOUNCE_COLUMNS, BOUNCE_TYPES
from analyzer.report.rows import check_ending, write_rows
from analyzer.sources.own_rows import is_own_rows, read_own_frame, read_own_rows

ENDINGS = [".csv", ".jsonl", ".ndjson", ".parquet"]


def row(**said: Any) -> dict[str, Any]:
    """A row as `parse` makes one, with what a test has to say."""
    base = {name: None if name in BOUNCE_TYPES else "" for name in BOUNCE_COLUMNS}
    return base | {"recipient": "jane.roe@example.com", "label": "hard", "reason": "user_unknown"} | said


ROWS = [
    row(transient=False, confidence=0.97, retry_after_s=None, diagnostic='550 5.1.1 "no", such\r\nuser\n'),
    row(transient=True, confidence=1.0, retry_after_s=3600, subject="Zustellung fehlgeschlagen: Grüße 日本語 😀"),
    row(),
    row(diagnostic="=HYPERLINK(1)", evidence="+1", subject="-1", source="@a", sender="\t=x", remote_mta="\rx"),
    row(diagnostic="'=1", evidence="''+1", subject="'quoted'", source="'", sender="''"),
    row(diagnostic="nul \0 inside", original_headers='{"X-A":"b"}'),
]


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_is_written_is_read_back(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"rows{ending}"
    assert write_rows(iter(ROWS), path) == len(ROWS)
    assert is_own_rows(path)
    assert list(read_own_rows(path)) == ROWS


@pytest.mark.parametrize("ending", ENDINGS)
def test_tuples_and_dicts_in_another_order_are_the_same_rows(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"rows{ending}"
    shuffled = dict(sorted(ROWS[0].items())) | {"of no column": 1}
    write_rows([tuple(ROWS[0].values()), shuffled], path)
    assert list(read_own_rows(path)) == [ROWS[0], ROWS[0]]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("count", [0, 1, 10_000, 20_001])
def test_any_number_of_rows(tmp_path: Path, ending: str, count: int) -> None:
    path = tmp_path / f"rows{ending}"
    assert write_rows((row(record_id=str(n)) for n in range(count)), path) == count
    if count or ending in (".csv", ".parquet"):
        assert [got["record_id"] for got in read_own_rows(path)] == [str(n) for n in range(count)]


@pytest.mark.parametrize("ending", ENDINGS)
def test_halves_of_surrogate_pairs_do_not_stop_a_writer(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"rows{ending}"
    write_rows([row(subject="caf\udce9", sender="\ud83d\ude00"), row(subject="fine")], path)
    assert [(got["subject"], got["sender"]) for got in read_own_rows(path)] == [("caf\ufffd", "😀"), ("fine", "")]


@pytest.mark.parametrize("ending", ENDINGS)
def test_numbers_that_come_as_something_else(tmp_path: Path, ending: str) -> None:
    import numpy as np

    path = tmp_path / f"rows{ending}"
    write_rows(
        [
            row(confidence=float("nan"), retry_after_s=float("nan")),
            row(confidence=np.float64(0.5), retry_after_s=np.int64(60)),
        ],
        path,
    )
    assert [(got["confidence"], got["retry_after_s"]) for got in read_own_rows(path)] == [(None, None), (0.5, 60)]


def test_cells_that_a_spreadsheet_would_run_are_defused(tmp_path: Path) -> None:
    write_rows([row(subject=text) for text in ("=1", "+1", "-1", "@a", "\tx", "\rx", "a=1", "'=1")], tmp_path / "r.csv")
    with (tmp_path / "r.csv").open(newline="", encoding="utf-8") as file:
        assert [cells["subject"] for cells in csv.DictReader(file)] == [
            "'=1", "'+1", "'-1", "'@a", "'\tx", "'\rx", "a=1", "''=1",
        ]  # fmt: skip


def test_csv_values_that_are_no_text(tmp_path: Path) -> None:
    write_rows([row(transient=True, confidence=0.5), row(transient=False, retry_after_s=60)], tmp_path / "r.csv")
    with (tmp_path / "r.csv").open(newline="", encoding="utf-8") as file:
        got = [(cells["transient"], cells["confidence"], cells["retry_after_s"]) for cells in csv.DictReader(file)]
    assert got == [("true", "0.5", ""), ("false", "", "60")]


def test_parquet_has_the_types_of_the_records(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    write_rows([row()], tmp_path / "r.parquet")
    types = {field.name: str(field.type) for field in pq.read_schema(tmp_path / "r.parquet")}
    assert tuple(types) == BOUNCE_COLUMNS
    assert {name: kind for name, kind in types.items() if kind != "string"} == {
        "transient": "bool", "confidence": "double", "retry_after_s": "int64",
    }  # fmt: skip


def test_other_columns(tmp_path: Path) -> None:
    write_rows([("a@example.com", "=x")], tmp_path / "r.csv", ["email", "why"])
    assert (tmp_path / "r.csv").read_bytes() == b"email,why\r\na@example.com,'=x\r\n"


@pytest.mark.parametrize("name", ["rows.xlsx", "rows", "rows.json", ".csv"])
def test_an_unknown_ending_is_refused_before_anything_is_read(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError, match=r"use \.csv, \.jsonl, \.ndjson, \.parquet, or -"):
        write_rows(iter(lambda: pytest.fail("read"), None), tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_the_ending_may_be_in_capitals() -> None:
    assert check_ending("ROWS.CSV") == ".csv"


# -- the standard output


def test_json_lines_on_the_standard_output(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert write_rows(ROWS, "-") == len(ROWS)
    assert [orjson.loads(line) for line in capsysbinary.readouterr().out.splitlines()] == ROWS


def test_a_standard_output_without_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    held = io.StringIO()
    monkeypatch.setattr(sys, "stdout", held)
    write_rows(ROWS[:1], "-")
    assert orjson.loads(held.getvalue()) == ROWS[0]


SCRIPT = """
from analyzer.report.rows import write_rows
write_rows(({"recipient": "a" * 100} for _ in range(100_000)), "-")
"""


def test_a_reader_that_leaves_early_is_no_error() -> None:
    with started([sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        assert run.stdout
        assert run.stderr
        run.stdout.read(10)
        run.stdout.close()
        assert run.stderr.read() == b""
    assert run.returncode == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_standard_output_is_said() -> None:
    with Path("/dev/full").open("wb") as full:
        run = subprocess.run([sys.executable, "-c", SCRIPT], stdout=full, stderr=subprocess.PIPE, check=False)
    assert b"OutputError: -: the standard output takes no more" in run.stderr


# -- files


def test_a_new_file_has_the_permissions_of_any_other(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"")
    with atomic(tmp_path / "x.csv") as temporary:
        assert temporary.parent == tmp_path
        assert temporary.suffix == ".csv"
        assert temporary.name.startswith(".")
        assert stat.S_IMODE(temporary.stat().st_mode) == 0o600
        temporary.write_bytes(b"new")
    assert (tmp_path / "x.csv").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_replaced_file_keeps_its_permissions_and_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.csv").write_bytes(b"old")
    (tmp_path / "real.csv").chmod(0o640)
    (tmp_path / "link.csv").symlink_to("real.csv")
    with atomic(tmp_path / "link.csv") as temporary:
        temporary.write_bytes(b"new")
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_bytes() == b"new"
    assert stat.S_IMODE((tmp_path / "real.csv").stat().st_mode) == 0o640


@pytest.mark.parametrize(
    "raised", [ValueError(), KeyboardInterrupt(), OSError(errno.EIO, "not of us"), AnalyzerError()]
)
def test_the_old_file_survives_what_goes_wrong(tmp_path: Path, raised: BaseException) -> None:
    (tmp_path / "x.csv").write_bytes(b"old")
    with pytest.raises(type(raised)), atomic(tmp_path / "x.csv") as temporary:
        temporary.write_bytes(b"half")
        raise raised
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("x.csv", b"old")]


@pytest.mark.parametrize("ending", ENDINGS)
def test_rows_that_break_off_leave_nothing(tmp_path: Path, ending: str) -> None:
    def broken() -> Iterator[dict[str, Any]]:
        yield from ROWS
        raise UnreadableInputError("in.eml", "holds no message")

    with pytest.raises(UnreadableInputError):
        write_rows(broken(), tmp_path / f"rows{ending}")
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_said(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="no space left on device; free some space"), atomic(tmp_path / "x.csv"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert not list(tmp_path.iterdir())


def test_a_folder_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "sub.csv").mkdir()
    with pytest.raises(OutputError, match="is a folder; name a file in it"):
        write_rows([], tmp_path / "sub.csv")


def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="no such file or directory; make its folder first"):
        write_rows([], tmp_path / "nowhere" / "x.csv")


def test_a_file_as_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="not a directory"):
        write_rows([], tmp_path / "file" / "x.csv")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_no_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="permission denied; choose a folder"):
        write_rows([], tmp_path / "x.csv")


def test_a_device_is_written_to_and_not_replaced() -> None:
    with atomic(os.devnull) as path:
        path.write_bytes(b"gone")
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


# -- our own tables, read back


@pytest.mark.parametrize(
    ("name", "data", "ours"),
    [
        ("a.txt", b"label,recipient,reason,more\n", True),
        ("a.csv", b"\xef\xbb\xbfrecipient,label,reason\r\n", True),
        ("a", b'{"recipient":"a@example.com","label":"hard","reason":"user_unknown"}\n', True),
        ("a.csv", b"recipient,label\n", False),
        ("a.csv", b"recipient;label;reason\n", False),
        ("a.jsonl", b'{"event":"bounce"}\n', False),
        ("a.jsonl", b'{"recipient":', False),
        ("a.jsonl", b'[{"recipient":1,"label":2,"reason":3}]', False),
        ("a.parquet", b"PAR1 is not all of it", False),
        ("a.eml", b"Subject: recipient,label,reason\n\n", False),
        ("a", b"", False),
        ("a", bytes(range(256)), False),
    ],
)
def test_our_own_tables_are_told_from_their_content(tmp_path: Path, name: str, data: bytes, ours: bool) -> None:
    (tmp_path / name).write_bytes(data)
    assert is_own_rows(tmp_path / name) is ours


def test_what_is_no_file_is_no_table(tmp_path: Path) -> None:
    assert not is_own_rows(tmp_path)
    assert not is_own_rows("-")


def test_columns_of_a_later_version_are_left_out_and_missing_ones_filled(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_bytes(b"recipient,label,reason,new\na@example.com,spam,policy,1\n\nb@example.com,hard\n")
    first, second = read_own_rows(tmp_path / "r.csv")
    assert first == row(recipient="a@example.com", label="spam", reason="policy")
    assert second == row(recipient="b@example.com", label="hard", reason="")


def test_parquet_in_columns_is_what_it_is_row_by_row(tmp_path: Path) -> None:
    path = tmp_path / "bounces.parquet"
    write_rows([*ROWS, *({**row, "kind": "bounce", "transient": None} for row in ROWS)], str(path))
    frame = read_own_frame(path)
    assert frame is not None
    assert list(frame.columns) == list(BOUNCE_COLUMNS)
    pd.testing.assert_frame_equal(counted_bounces(frame), counted_bounces(list(read_own_rows(path))), check_dtype=False)


def test_parquet_without_a_later_column_has_blanks_for_it(tmp_path: Path) -> None:
    path = tmp_path / "old.parquet"
    write_rows(ROWS, str(path), ["recipient", "label", "reason"])
    frame = read_own_frame(path)
    assert frame is not None
    assert set(frame["diagnostic"]) == {""}
    pd.testing.assert_frame_equal(counted_bounces(frame), counted_bounces(list(read_own_rows(path))), check_dtype=False)


@pytest.mark.parametrize(
    "columns",
    [
        pytest.param({"confidence": ["0.9", ""]}, id="numbers as text"),
        pytest.param({"transient": ["yes", "no"]}, id="truth as text"),
        pytest.param({"diagnostic": [1, 2]}, id="text as numbers"),
    ],
)
def test_parquet_that_somebody_rewrote_is_read_row_by_row(tmp_path: Path, columns: dict[str, Any]) -> None:
    path = tmp_path / "bounces.parquet"
    told = {"recipient": ["a@b.example", "c@b.example"], "label": ["hard", "spam"], "reason": ["", ""], **columns}
    pq.write_table(pa.table(told), path)
    assert read_own_frame(path) is None
    assert len(list(read_own_rows(path))) == 2


def test_no_parquet_has_no_columns(tmp_path: Path) -> None:
    path = tmp_path / "bounces.csv"
    write_rows(ROWS, str(path))
    assert read_own_frame(path) is None


def test_a_spreadsheet_may_have_rewritten_the_values(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_bytes(
        b"recipient,label,reason,transient,confidence,retry_after_s\n"
        b"a@example.com,spam,policy,TRUE,1,3600.0\nb@example.com,spam,policy,FALSE,,\n"
    )
    got = [(got["transient"], got["confidence"], got["retry_after_s"]) for got in read_own_rows(tmp_path / "r.csv")]
    assert got == [(True, 1.0, 3600), (False, None, None)]


@pytest.mark.parametrize(
    ("data", "error", "says"),
    [
        (
            b"email,name\n",
            MissingColumnError,
            "has no column label, reason, recipient; give a table that `parse` wrote",
        ),
        (b'{"recipient":"a"}\n', MissingColumnError, "has no column label, reason"),
        (b'{"recipient":"a","label":"","reason":""}\n{"x\n', UnreadableInputError, "line 2 is not valid JSON"),
        (b'{"recipient":"a","label":"","reason":""}\n[1]\n', UnreadableInputError, "line 2 is no JSON object"),
        (b"recipient,label,reason,confidence\na,b,c,high\n", UnreadableInputError, "line 2: confidence is 'high'"),
        (b"PAR1 and no more", UnreadableInputError, "is a damaged Parquet file"),
    ],
)
def test_broken_tables(tmp_path: Path, data: bytes, error: type[AnalyzerError], says: str) -> None:
    (tmp_path / "r").write_bytes(data)
    with pytest.raises(error) as caught:
        list(read_own_rows(tmp_path / "r"))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


# -- cost


@pytest.mark.parametrize("ending", [".csv", ".jsonl"])
def test_rows_stream_through_in_flat_memory(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"rows{ending}"
    tracemalloc.start()
    write_rows((row(record_id=str(n)) for n in range(20_000)), path)
    assert sum(1 for _ in read_own_rows(path)) == 20_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16 << 20


def test_nothing_heavy_is_imported() -> None:
    script = (
        "import sys\n"
        "import analyzer.sources.content, analyzer.sources.own_rows, analyzer.report.rows\n"
        "print(sorted({'pandas', 'pyarrow', 'numpy', 'scipy', 'rich', 'jinja2', 'mailbox', 'email'} & sys.modules.keys()))"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
