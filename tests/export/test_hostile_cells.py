"""What a stranger may put into an address or a reply, and that no platform, spreadsheet or reader is taken in by it."""

from __future__ import annotations

import csv
import hashlib
import io
import json

import pandas as pd
import pytest

from analyzer.export import export
from analyzer.export.cells import guarded, runs_as_formula
from analyzer.export.selection import is_address
from analyzer.redaction import without_addresses


def struck(*emails: str, evidence: str = "550 no") -> pd.DataFrame:
    return pd.DataFrame(
        {"email": emails, "reason": "user_unknown", "fault": "address", "evidence": evidence, "date": ""},
        dtype=object,
    )


def addresses(kind: str, *emails: str, **options: str) -> list[str]:
    table = export(kind, struck(*emails), **options).parts[0].table
    return table.iloc[:, 0].tolist()


@pytest.mark.parametrize("email", ["=1+1@example.com", "+cmd|a@example.com", "-x@example.com", "＝x@example.com"])
def test_an_address_that_a_spreadsheet_would_run_is_in_no_csv_and_whole_in_the_rest(email):
    for kind in ("ses", "sendgrid", "mailgun", "hubspot"):
        found = export(kind, struck(email, "a@example.com"))
        assert [value for part in found.parts for value in part.table.iloc[:, 0]] == ["a@example.com"]
        assert [number for why, number in found.left_out.items() if "formula" in why] == [1]
    assert addresses("plain", email, "a@example.com") == [email, "a@example.com"]
    assert addresses("ses", email, file_format="jsonl") == [email]
    assert addresses("postmark", email) == [email]


@pytest.mark.parametrize(
    "email",
    [
        "a@example.com\nb@example.org",
        "a@example.com\r\nBcc: b@example.org",
        "a\tb@example.com",
        "a\u202eb@example.com",
        "a\u200bb@example.com",
        "a\x00@example.com",
        "info@@example.com",
        "two words@example.com",
        "@example.com",
        "a@",
        "a@exa mple.com",
        f"{'x' * 250}@example.com",
        "nobody",
        "",
    ],
)
def test_what_is_no_address_is_left_out_and_counted(email):
    for kind in ("plain", "ses", "postmark"):
        found = export(kind, struck(email, "a@example.org"))
        assert found.parts[0].table.iloc[:, 0].tolist() == ["a@example.org"], kind
        assert found.left_out == {"nothing that a platform takes as an address": 1}


@pytest.mark.parametrize(
    "email", ["jürgen@example.com", "用户@example.com", "o'brien@example.com", "a+b@example.com", '"a b"@example.com', "x@bücher.example"]
)  # fmt: skip
def test_odd_addresses_that_are_in_order_stay_as_they_are(tmp_path, email):
    assert is_address(email)
    paths, _ = export("sendgrid", struck(email)).write(tmp_path)
    assert list(csv.reader(io.StringIO(paths[0].read_bytes().decode()))) == [["email"], [email]]


@pytest.mark.parametrize(
    ("evidence", "cell"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("  @SUM(A1)", "'@SUM(A1)"),
        ("-2+cmd|' /C calc'!A0", "'-2+cmd|' /C calc'!A0"),
        ("550 no\r\nSubject: x\n=1", "550 no Subject: x =1"),
        ("\n=1+a", "'=1+a"),
        ('he said "no", twice', 'he said "no", twice'),
        ("\u202e550 no\u2069", "550 no"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("'=a", "''=a"),
        ("-5.7.1", "-5.7.1"),
        ("x" * 300, "x" * 254 + "…"),
        ("\ud800 half", "\ufffd half"),
    ],
)
def test_texts_are_one_line_that_nothing_runs(tmp_path, evidence, cell):
    paths, _ = export("apollo", struck("a@example.com", evidence=evidence)).write(tmp_path)
    rows = list(csv.DictReader(io.StringIO(paths[0].read_bytes().decode(), newline="")))
    assert [row["Bounce Evidence"] for row in rows] == [cell]
    assert len(paths[0].read_bytes().splitlines()) == 2


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("+49 30 (123) 45-67", False),
        ("-3", False),
        ("=1", True),
        ("+a", True),
        ("＋a", True),
        ("a=1", False),
        ("@x", True),
    ],
)
def test_figures_are_no_formulas(text, runs):
    """A telephone number with an apostrophe before it would be a broken one."""
    assert runs_as_formula(text) is runs
    assert guarded(text) == ("'" + text if runs else text)


def test_grade_files_guard_everything_but_the_address():
    found = export(
        "grades",
        pd.DataFrame(
            {
                "email": ["+a@example.com", "b@example.com", "\u200b=x()", "info@@example.com"],
                "grade": ["send", "send", "do_not_send", "send"],
                "=Phone": ["1", "+49 30 12", "2", "3"],
                "Company": ["A", "=cmd|A", "C\nD", "E"],
            }
        ),
    )
    texts = {part.file: part.text() for part in found.parts}
    assert texts["send.csv"] == "email,grade,'=Phone,Company\nb@example.com,send,+49 30 12,'=cmd|A\n"
    assert texts["do_not_send.csv"] == "email,grade,'=Phone,Company\n"
    assert sorted(found.left_out.values()) == [1, 2]


PERSON = struck("jane.roe@example.com", evidence="550 <jane.roe@example.com>: JANE.ROE unknown, ask pat@example.net")


@pytest.mark.parametrize(
    ("redact", "head", "first"),
    [
        ("mask", "Email", "j***@example.com"),
        ("hash", "Email", hashlib.sha256(b"jane.roe@example.com").hexdigest()),
        ("drop", "Bounce Label", "hard"),
    ],
)
def test_redaction_leaves_no_name_behind(redact, head, first):
    found = export("apollo", PERSON, redact=redact)
    text = found.parts[0].text()
    assert text.startswith(head)
    assert text.splitlines()[1].startswith(first)
    assert "jane.roe" not in text.lower()
    assert "pat@" not in text
    assert "550 <***@example.com>: *** unknown, ask ***@example.net" in text
    assert any("redacted" in note for note in found.notes)


def test_redaction_of_a_graded_list():
    graded = pd.DataFrame({"email": ["jane@example.com"], "grade": ["send"], "note": ["was jane@example.org"]})
    assert export("grades", graded, redact="drop").parts[0].text() == "grade,note\nsend,was ***@example.org\n"
    assert export("grades", graded, redact="mask").parts[0].text().splitlines()[1].startswith("j***@example.com,")


def test_redacted_texts_keep_their_words():
    assert without_addresses("roe not found at froe", "roe@example.com") == "*** not found at froe"
    assert without_addresses("a is unknown", "a@example.com") == "a is unknown"


def test_json_is_json_whatever_is_in_it():
    found = export("ses", struck('"a b"@example.com', "jürgen@example.com"), file_format="jsonl")
    lines = [json.loads(line) for line in found.parts[0].text().splitlines()]
    assert [line["emailAddress"] for line in lines] == ['"a b"@example.com', "jürgen@example.com"]


@pytest.mark.parametrize(
    "email", ["=a@example.com", "'=a@example.com", "o'a@example.com", "'a@example.com", "+a@example.com"]
)
def test_our_own_guard_is_taken_off_again(tmp_path, email):
    """suppression.csv is written for eyes, with an apostrophe before a formula; the list must name the very address."""
    from analyzer.report.rows import write_rows

    columns = ("email", "reason", "fault")
    write_rows([(email, "user_unknown", "address")], tmp_path / "suppression.csv", columns)
    assert export("plain", tmp_path).tables["suppressed.txt"][""].tolist() == [email]
