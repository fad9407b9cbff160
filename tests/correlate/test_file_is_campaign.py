"""Smartlead's statistics are had of one campaign at a time and do not name it: the file does."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.correlate import correlate
from analyzer.sources.tables import read_tables

HEADER = "lead_email,sequence_number,stats_id,email_subject,sent_time,is_bounced"


def _written(path: Path, rows: list[str], header: str = HEADER) -> Path:
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def _mails(first: int, count: int) -> list[str]:
    return [f"kim{n}@corp{n}.example,1,s{n},Hello,2026-03-02T09:00:00.000Z,false" for n in range(first, first + count)]


def _campaigns(*files: Path) -> dict[str, int]:
    sends = correlate([], read_tables([(path, "log") for path in files])).sends
    return {str(name): int(count) for name, count in sends["campaign"].astype("str").value_counts().items()}


def test_each_file_is_a_campaign(tmp_path: Path) -> None:
    files = _written(tmp_path / "Nordics.csv", _mails(0, 6)), _written(tmp_path / "UK SaaS.csv", _mails(6, 4))
    assert _campaigns(*files) == {"Nordics": 6, "UK SaaS": 4}


def test_a_mail_that_stands_in_two_exports_of_a_campaign_is_one(tmp_path: Path) -> None:
    files = _written(tmp_path / "Nordics.csv", _mails(0, 6)), _written(tmp_path / "Nordics (1).csv", _mails(3, 6))
    assert _campaigns(*files) == {"Nordics": 6, "Nordics (1)": 3}


@pytest.mark.parametrize(
    ("header", "cell", "campaigns"),
    [(f"{HEADER},campaign_name", ",Spring", {"Spring": 6}), (HEADER.replace("sent_time", "sent_at"), "", {"": 6})],
)
def test_what_names_its_campaign_or_is_another_platforms_keeps_what_it_says(
    tmp_path: Path, header: str, cell: str, campaigns: dict[str, int]
) -> None:
    header = header if cell else header.replace("sequence_number,stats_id,email_subject", "step,mail,subject")
    assert _campaigns(_written(tmp_path / "log.csv", [row + cell for row in _mails(0, 6)], header)) == campaigns
