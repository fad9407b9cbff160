"""Every format that the readers know, on a message written for it in the layout that the server uses.

`formats/expected.csv` holds a line for each failed recipient (one in all where a mail is no bounce); an empty status,
reply or remote MTA means that the mail says none. `words` stand in the diagnostic; behind `=` they are all of it.
"""

from __future__ import annotations

import csv
from itertools import groupby
from pathlib import Path

import pytest

from analyzer.parsing import read_message

FORMATS = Path(__file__).parent / "formats"


def expected():
    with (FORMATS / "expected.csv").open(encoding="utf-8", newline="") as table:
        return [
            pytest.param(name, list(rows), id=name)
            for name, rows in groupby(csv.DictReader(table), key=lambda row: row["file"])
        ]


def says(diagnostic, words):
    return diagnostic == words[1:] if words.startswith("=") else words in diagnostic


@pytest.mark.parametrize(("name", "rows"), expected())
def test_a_message_of_its_format(name, rows):
    report = read_message((FORMATS / f"{name}.eml").read_bytes())
    assert report.kind == rows[0]["kind"]
    if not rows[0]["recipient"] and report.kind not in {"bounce", "complaint"}:
        return
    assert [f.recipient for f in report.failures] == [row["recipient"] for row in rows]
    for failure, row in zip(report.failures, rows, strict=True):
        assert says(failure.diagnostic, row["words"]), failure.diagnostic
        if report.kind != "complaint":
            assert (failure.status, failure.reply, failure.remote_mta, report.reporting_mta) == (
                row["status"],
                row["reply"],
                row["remote_mta"],
                row["reporting_mta"],
            )


def test_every_message_is_in_the_table():
    assert {path.stem for path in FORMATS.glob("*.eml")} == {name.values[0] for name in expected()}
