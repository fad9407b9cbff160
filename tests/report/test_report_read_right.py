"""What Markdown and the workbook show is what was found: no format of a stranger's, no 0.0% for something."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from analyzer import report
from analyzer.report import markdown

if TYPE_CHECKING:
    from pathlib import Path

    from analyzer.diagnose.diagnosis import Diagnosis, Fix


def with_fix(diagnosis: Diagnosis, **given: Any) -> Diagnosis:
    """The same diagnosis with one fix of our side."""
    own: Fix = next(fix for fix in diagnosis.deliverability.fixes if fix.side == "sender")
    return replace(diagnosis, deliverability=replace(diagnosis.deliverability, fixes=[replace(own, **given)]))


@pytest.mark.parametrize("sender", ["**bold**.example", "[x](http://evil.example/)y.example", "us_dom_x.example"])
def test_a_senders_domain_acts_nowhere_in_markdown(campaign: Any, sender: str) -> None:
    text = markdown.text(with_fix(campaign.diagnosis, senders=[sender]))
    outside = re.sub(r"(`+).*?\1", "", text)
    assert sender not in outside
    assert re.sub(r"\\(?=[^A-Za-z0-9\s])", "", text).count(sender) >= 1


def test_a_bar_has_a_backslash_in_tables_only(campaign: Any) -> None:
    found = with_fix(campaign.diagnosis, evidence=["550 rejected | see a|b"])
    rows = [replace(row, value=f"a | {row.value}") for row in found.breakdown["campaign"]]
    text = markdown.text(replace(found, breakdown=found.breakdown | {"campaign": rows}))
    assert "   - They say: `550 rejected | see a|b`" in text
    assert rf"| `a \| {campaign.diagnosis.breakdown['campaign'][0].value}` |" in text


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (0.0, "0.0%"),
        (0.0004, '"<0.1%"'),
        (0.001, "0.0%"),
        (0.5, "0.0%"),
        (0.9996, '">99.9%"'),
        (1.0, "0.0%"),
    ],
)
def test_only_none_and_all_read_so_in_the_workbook(campaign: Any, tmp_path: Path, share: float, shown: str) -> None:
    totals = campaign.diagnosis.totals
    made = replace(campaign.diagnosis, totals=replace(totals, spam=replace(totals.spam, rate=share)))
    report.write(made, campaign.correlated, tmp_path, suppression=campaign.suppression)
    sheet = openpyxl.load_workbook(tmp_path / "report.xlsx")["Summary"]
    (cell,) = [line[1] for line in sheet.iter_rows() if line[0].value == "Spam bounces"]
    assert (cell.value, cell.number_format) == (share, shown)
