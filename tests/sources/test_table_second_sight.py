"""What exports hold that no list names: replies among notes, verdicts of several words, further headers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analyzer.correlate import correlate, normalise_status
from analyzer.sources.tables import read_table
from analyzer.sources.tables.header_words import readings
from analyzer.sources.tables.plausible import is_plain_refusal, tell_verification

if TYPE_CHECKING:
    from pathlib import Path


def _written(folder: Path, text: str) -> Path:
    path = folder / "table.csv"
    path.write_text(text)
    return path


EVENTS = """when,event,contact email,sequence,more
2026-03-02T09:11:21Z,email_sent,ann@corp.example,Q,
2026-03-02T09:12:21Z,email_sent,bob@corp.example,Q,
2026-03-02T09:12:40Z,email_bounced,bob@corp.example,Q,"smtp; 550 5.1.1 <bob@corp.example>: User unknown"
2026-03-02T10:11:21Z,email_opened,ann@corp.example,Q,Firefox 3.4.2 on Linux
2026-03-03T10:11:21Z,something_else,ann@corp.example,Q,not interested
"""


def test_a_reply_among_notes_is_why_it_bounced_and_the_notes_are_nothing(tmp_path: Path) -> None:
    table = read_table(_written(tmp_path, EVENTS))
    assert table.mapping["more"] == "bounce_reason"
    assert list(table.frame["bounce_reason"]) == ["", "", "smtp; 550 5.1.1 <bob@corp.example>: User unknown", "", ""]
    found = correlate([], table).sends
    assert dict(zip(found["recipient"], found["reason"], strict=True)) == {
        "ann@corp.example": "",
        "bob@corp.example": "user_unknown",
    }


def test_of_two_columns_with_replies_among_notes_neither_is_taken(tmp_path: Path) -> None:
    text = "email,status,one,two\na@x.example,bounced,5.1.1 No such user,5.2.2 Over quota\nb@x.example,sent,hello,you\n"
    assert "bounce_reason" not in read_table(_written(tmp_path, text)).mapping.values()


@pytest.mark.parametrize(
    ("text", "plainly"),
    [
        ("550 5.1.1 No such user", True),
        ("smtp;550-5.7.26 Unauthenticated", True),
        ("550 Main Street", False),
        ("10.5.1.1 is our host", False),
        ("version 4.2.1.3 of it", False),
        ("5.1.1", False),
        ("250 2.0.0 Taken", False),
    ],
)
def test_what_plainly_is_a_refusal(text: str, plainly: bool) -> None:
    assert is_plain_refusal(text) is plainly


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("Accept-all domain", "catch_all"),
        ("Pattern guess", "guessed"),
        ("Guess (pattern)", "guessed"),
        ("email_ok", "verified"),
        ("failed_no_mailbox", "invalid"),
        ("nominative@pro", "verified"),
        ("👍 Deliverable", "verified"),
        # Words that do not agree: what is worse counts.
        ("valid (role)", "risky"),
        ("Verified, pending", "unknown"),
        # A word that is not known may say anything of the others.
        ("not ok", "unknown"),
        ("hardly valid", "unknown"),
        ("ok in 2019", "unknown"),
        ("mailbox", "unknown"),
        ("", "unknown"),
    ],
)
def test_a_verdict_of_several_words(said: str, status: str) -> None:
    assert normalise_status(said) == status


def test_words_of_verdicts_show_what_a_column_is() -> None:
    assert tell_verification(["email_ok", "accept all", "email invalid"])
    assert not tell_verification(["hardly valid", "in fact not", "perhaps"])


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("sent_ts", "sent_at"),
        ("seq_step", "step"),
        ("Sending address", "sender"),
        ("Last Step From Account", "sender"),
        ("Company Main Industry", "industry"),
        ("email qualification", "email_status"),
    ],
)
def test_words_of_headers(header: str, field: str) -> None:
    assert readings(header)[0].field == field


def test_a_catch_all_mark_that_is_not_known_of_each(tmp_path: Path) -> None:
    text = "email,status,domain.acceptAll\na@x.example,risky,yes\nb@x.example,deliverable,no\nc@x.example,unknown,unknown\n"
    table = read_table(_written(tmp_path, text), "leads")
    assert list(table.frame["email_status"]) == ["risky (catch-all)", "deliverable", "unknown"]


GROUPED = """Contact,,Step 1,,Step 2,
Email,Company,Sent,Bounced,Sent,Bounced
ann@corp.example,Corp,2026-03-02 09:11,,2026-03-05 09:11,
bob@corp.example,Corp,2026-03-02 09:12,yes,,
"""


def test_headers_that_stand_there_twice_are_told_apart_by_their_groups(tmp_path: Path) -> None:
    found = read_table(_written(tmp_path, GROUPED)).frame
    assert list(zip(found["recipient"], found["step"], found["bounced"], strict=True)) == [
        ("ann@corp.example", "1", ""),
        ("ann@corp.example", "2", ""),
        ("bob@corp.example", "1", "yes"),
    ]


@pytest.mark.parametrize("above", ["Exported:,2026-03-02,,", "Report,,,", ",,,"])
def test_what_stands_above_a_table_is_no_group(tmp_path: Path, above: str) -> None:
    text = f"{above}\nEmail,Status,Email,Status\nann@corp.example,sent,private@x.example,\n"
    table = read_table(_written(tmp_path, text))
    assert set(table.mapping) == {"Email", "Status"}


def test_a_class_says_why_where_the_reason_is_blank(tmp_path: Path) -> None:
    text = (
        "Email,Sent Date,Bounced,Bounce Category,Bounce Reason\n"
        "a@x.example,2026-03-02,TRUE,POLICY,550 5.7.26 Unauthenticated mail is not accepted\n"
        "b@x.example,2026-03-02,TRUE,UNKNOWN_USER,\nc@x.example,2026-03-02,FALSE,,\n"
    )
    found = correlate([], read_table(_written(tmp_path, text))).sends
    assert list(found["reason"]) == ["auth_failure", "user_unknown", ""]


def test_a_draft_beside_mail_that_came_in_was_not_sent(tmp_path: Path) -> None:
    text = (
        "to,date_sent,sender,direction,status\na@x.example,2026-03-02,us@ours.example,outgoing,sent\n"
        "us@ours.example,2026-03-03,a@x.example,incoming,inbox\nb@x.example,,us@ours.example,outgoing,draft\n"
    )
    assert list(correlate([], read_table(_written(tmp_path, text))).sends["recipient"]) == ["a@x.example"]


def test_a_row_for_each_thing_that_happened_under_plain_questions(tmp_path: Path) -> None:
    text = (
        "When,What,Who\n2026-03-02 09:11:21,Sent,a@x.example\n2026-03-02 09:12:21,Sent,b@x.example\n"
        "2026-03-02 09:12:30,Bounced,b@x.example\n2026-03-02 10:12:30,Opened,a@x.example\n"
    )
    found = correlate([], read_table(_written(tmp_path, text))).sends
    assert list(zip(found["recipient"], found["label"], strict=True)) == [
        ("a@x.example", ""),
        ("b@x.example", "unknown"),
    ]
    assert found["sent_at"].notna().all()
