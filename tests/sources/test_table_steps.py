"""Logs with a row for each lead and columns for each step, read as a row for each mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analyzer.correlate import correlate
from analyzer.sources.tables import read_table

if TYPE_CHECKING:
    from pathlib import Path

#: Of three leads, jane gets both steps, bob bounces at the first, ann at the second; to kim nothing was sent.
WIDE: dict[str, str] = {
    "times and yes or no": """Recipient,Name,Stage 1 Sent,Stage 1 Opened,Stage 1 Bounced,Stage 2 Sent,Stage 2 Opened,Stage 2 Bounced
jane@example.com,J,2026-03-02 09:11,,No,2026-03-05 09:11,,No
bob@example.net,B,2026-03-02 09:12,,Yes,,,No
ann@example.org,A,2026-03-02 09:13,,No,2026-03-05 09:13,,Yes
kim@example.org,K,,,,,,
""",
    "a status and a date": """Lead,Email Address,Email 1 - Date,Email 1 - Status,Email 2 - Date,Email 2 - Status
J,jane@example.com,2026-03-02 09:11,Opened,2026-03-05 09:11,Sent
B,bob@example.net,2026-03-02 09:12,Bounced,,
A,ann@example.org,2026-03-02 09:13,Sent,2026-03-05 09:13,Bounced
K,kim@example.org,2026-03-09 09:13,Scheduled,,
""",
    "German": """E-Mail-Adresse;Firma;Schritt 1 gesendet am;Schritt 1 unzustellbar;Schritt 2 gesendet am;Schritt 2 unzustellbar
jane@example.com;X;02.03.2026 09:11;Nein;05.03.2026 09:11;Nein
bob@example.net;X;02.03.2026 09:12;Ja;;
ann@example.org;X;02.03.2026 09:13;Nein;05.03.2026 09:13;Ja
kim@example.org;X;;;;
""",
    "numbers behind, in one word": """email,sentAt1,sentAt2,bouncedAt1,bouncedAt2
jane@example.com,2026-03-02T09:11:00Z,2026-03-05T09:11:00Z,,
bob@example.net,2026-03-02T09:12:00Z,,2026-03-02T09:13:00Z,
ann@example.org,2026-03-02T09:13:00Z,2026-03-05T09:13:00Z,,2026-03-05T09:14:00Z
kim@example.org,,,,
""",
    "marks alone": """Email,Step 1 Sent,Step 1 Bounced,Step 2 Sent,Step 2 Bounced
jane@example.com,✓,,✓,
bob@example.net,✓,✓,,
ann@example.org,✓,,✓,✓
kim@example.org,✗,,✗,
""",
    "ordinals": """Email,1st email sent,1st email bounced,2nd email sent,2nd email bounced
jane@example.com,2026-03-02,FALSE,2026-03-05,FALSE
bob@example.net,2026-03-02,TRUE,N/A,N/A
ann@example.org,2026-03-02,FALSE,2026-03-05,TRUE
kim@example.org,N/A,N/A,N/A,N/A
""",
}  # fmt: skip


@pytest.mark.parametrize("case", WIDE)
def test_each_step_is_a_mail(tmp_path: Path, case: str) -> None:
    path = tmp_path / "log.csv"
    path.write_text(WIDE[case], encoding="utf-8")
    table = read_table(path)
    sends = correlate([], table).sends
    assert sends[["recipient", "step", "label"]].to_numpy().tolist() == [
        ["jane@example.com", "1", ""],
        ["jane@example.com", "2", ""],
        ["bob@example.net", "1", "unknown"],
        ["ann@example.org", "1", ""],
        ["ann@example.org", "2", "unknown"],
    ]
    if case != "marks alone":
        assert sends["sent_at"].dt.strftime("%d.%m.").tolist() == ["02.03.", "05.03.", "02.03.", "02.03.", "05.03."]
    told = " ".join(table.warnings)
    assert "read as a row for each mail: 5 mails to 3 leads; 1 row without a mail left out" in told


def test_what_the_reply_of_a_step_says(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text(
        "Email,Industry,Step 1 sent at,Step 1 bounce reason,Step 2 sent at,Step 2 bounce reason\n"
        "jane@example.com,Banking,2026-03-02,,2026-03-05,550 5.1.1 User unknown\n"
        "bob@example.net,Food,2026-03-02,,2026-03-05,\n"
    )
    table = read_table(path)
    sends = correlate([], table).sends
    assert sends[["recipient", "step", "reason", "industry_original"]].to_numpy().tolist() == [
        ["jane@example.com", "1", "", "Banking"],
        ["jane@example.com", "2", "user_unknown", "Banking"],
        ["bob@example.net", "1", "", "Food"],
        ["bob@example.net", "2", "", "Food"],
    ]
    assert table.mapping["Step # sent at"] == "sent_at"


def test_bounces_of_each_step_where_nothing_says_what_was_sent(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text(
        "Email,Sent at,Step 1 bounced,Step 2 bounced\njane@example.com,2026-03-02,no,no\n"
        "bob@example.net,2026-03-02,no,yes\nann@example.org,2026-03-02,,\n"
    )
    sends = correlate([], read_table(path)).sends
    assert sends[["recipient", "step", "label"]].to_numpy().tolist() == [
        ["jane@example.com", "", ""],
        ["bob@example.net", "2", "unknown"],
        ["ann@example.org", "", ""],
    ]


#: Numbers in headers that are no steps.
NO_STEPS = [
    "Email,Email 2,Sent At,Phone 1,Phone 2\njane@example.com,j@example.net,2026-03-02,1,2\n",
    "Email,Snippet 1,Snippet 2,Sent At\njane@example.com,Hello,Bye,2026-03-02\n",
    "Email,Step 1 Subject,Step 2 Subject,Sent At\njane@example.com,Hello,Bye,2026-03-02\n",
    "Email,Date 1,Date 2,Sent At\njane@example.com,2026-01-01,2026-01-02,2026-03-02\n",
    "Email,Q1 Sent,Sent At\njane@example.com,2026-01-01,2026-03-02\n",
]


@pytest.mark.parametrize("text", NO_STEPS)
def test_other_numbers_in_headers_are_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "log.csv"
    path.write_text(text)
    table = read_table(path)
    assert table.mapping["Sent At"] == "sent_at"
    assert table.rows == 1
    assert not any("each step" in warning for warning in table.warnings)


def test_what_a_person_maps_goes_before(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text(WIDE["times and yes or no"])
    table = read_table(path, mapping={"Stage 2 Sent": "sent_at"})
    assert table.rows == 4
    assert table.frame["sent_at"].dt.strftime("%d").fillna("").tolist() == ["05", "", "05", ""]
