"""A campaign without a bounce: good news only where something was given that could have told of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from analyzer.api import run_diagnosis
from analyzer.records import BOUNCE_COLUMNS
from analyzer.report.sentences import actions, verdicts

if TYPE_CHECKING:
    from pathlib import Path

LEADS = 300


def log(tmp_path: Path, column: str = "", cell: str = "") -> Path:
    path = tmp_path / "log.csv"
    head = "email,sent at,email status" + (f",{column}" if column else "")
    rows = [
        f"lead{n}@company{n % 90}.example,2026-03-{1 + n % 20:02} 09:00,{('verified', 'guessed')[n % 2]}"
        + (f",{cell}" if column else "")
        for n in range(LEADS)
    ]
    path.write_text("\n".join([head, *rows]) + "\n")
    return path


def bounces(tmp_path: Path, number: int, whom: str) -> Path:
    path = tmp_path / "bounces.csv"
    rows = [
        {
            **dict.fromkeys(BOUNCE_COLUMNS, ""),
            "source": f"b#{n}",
            "kind": "bounce",
            "received_at": "2026-03-15T09:00:05Z",
            "recipient": whom.format(n),
            "diagnostic": "550 5.1.1 No such user",
            "status": "5.1.1",
            "reply": "550",
            "label": "hard",
            "fault": "address",
            "reason": "user_unknown",
            "transient": "False",
            "confidence": "0.98",
            "record_id": f"r{n}",
        }
        for n in range(number)
    ]
    path.write_text("\n".join([",".join(BOUNCE_COLUMNS), *(",".join(row.values()) for row in rows)]) + "\n")
    return path


def diagnosed(**inputs: Any) -> Any:
    return run_diagnosis(**inputs).diagnosis


def test_bounces_of_another_campaign_are_no_good_news(tmp_path: Path) -> None:
    found = diagnosed(bounces=bounces(tmp_path, 12, "stranger{0}@elsewhere.example"), log=log(tmp_path))
    assert (found.matching.matched, found.matching.unmatched) == (0, 12)
    assert (found.data_quality.recommendation, found.deliverability.side) == ("insufficient_evidence", "undetermined")
    assert found.data_quality.why.startswith("None of the 12 bounces is about a mail in this log")
    assert [one.sentence for one in verdicts(found)] == ["Cannot be told: the log does not fit the bounces."] * 2
    assert [one.what for one in actions(found)] == ["Give the log of the campaign that these bounces are of."]


def test_a_few_strays_do_not_spoil_a_clean_campaign(tmp_path: Path) -> None:
    found = diagnosed(bounces=bounces(tmp_path, 3, "stranger{0}@elsewhere.example"), log=log(tmp_path))
    assert (found.data_quality.recommendation, found.deliverability.side) == ("max_quantity", "none")


def test_one_that_fits_is_enough_to_believe_the_log(tmp_path: Path) -> None:
    path = bounces(tmp_path, 12, "stranger{0}@elsewhere.example")
    path.write_text(path.read_text().replace("stranger7@elsewhere.example", "lead14@company14.example"))
    found = diagnosed(bounces=path, log=log(tmp_path))
    assert (found.matching.matched, found.data_quality.recommendation) == (1, "max_quantity")


def test_a_log_alone_that_tells_of_no_bounces_tells_nothing(tmp_path: Path) -> None:
    found = diagnosed(log=log(tmp_path))
    assert (found.data_quality.recommendation, found.deliverability.side) == ("insufficient_evidence", "undetermined")
    assert [one.sentence for one in verdicts(found)] == ["Cannot be told: no bounces were given."] * 2
    assert [one.what for one in actions(found)] == [
        "Give what came back with --bounces, or a log that says which mails bounced."
    ]


@pytest.mark.parametrize(("column", "cell"), [("bounced", "no"), ("bounced at", ""), ("status", "delivered")])
def test_a_log_that_says_that_nothing_bounced_is_believed(tmp_path: Path, column: str, cell: str) -> None:
    found = diagnosed(log=log(tmp_path, column, cell))
    assert (found.data_quality.recommendation, found.deliverability.side) == ("max_quantity", "none")


def test_a_mailbox_without_a_bounce_is_believed(tmp_path: Path) -> None:
    mail = tmp_path / "away.eml"
    mail.write_text(
        "From: jane@example.com\nTo: me@ours.example\nSubject: Out of office\nAuto-Submitted: auto-replied\n\nAway\n"
    )
    found = diagnosed(bounces=mail, log=log(tmp_path))
    assert (found.data_quality.recommendation, found.deliverability.side) == ("max_quantity", "none")
