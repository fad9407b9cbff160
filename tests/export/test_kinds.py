"""Every kind's file from one campaign small enough to work out by hand, read back and compared cell by cell."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from pathlib import Path

import pandas as pd
import pytest

from analyzer.export import Export, export, kinds
from analyzer.export.kinds import codes, next_steps
from analyzer.knowledge import data_folder, reasons
from analyzer.records import LABELS

UNKNOWN = "550 5.1.1 No such user here"
RULE = "550 5.7.1 Only members may write to this group"


def row(email: str, reason: str, **more: object) -> dict[str, object]:
    found = reasons()[reason]
    return {
        "kind": "complaint" if reason == "complaint" else "bounce",
        "received_at": "2026-03-02T11:46:49+00:00",
        "recipient": email,
        "original_recipient": "",
        "reply": "550",
        "status": "5.1.1",
        "diagnostic": UNKNOWN,
        "label": found.label,
        "fault": found.fault,
        "reason": reason,
        "transient": found.transient,
        "match_method": "message_id",
        "suspected_forged": False,
        "duplicate_of": "",
        **more,
    }


CAMPAIGN = (
    row("Ann.Gone@Example.com", "user_unknown"),
    row("forwarded@example.org", "mailbox_disabled", original_recipient="ben@example.com", reply="", diagnostic=""),
    row("cy@example.com", "complaint", received_at="", diagnostic="abuse report", reply=""),
    row("dee@bank.example", "recipient_restricted", diagnostic=RULE),
    row("eve@example.com", "mailbox_full"),
    row("flo@example.com", "ip_blocklisted"),
    row("gus@example.com", "sender_account"),
    row("hal@example.com", "spam_content"),
    row("ida@example.com", "user_unknown", suspected_forged=True, match_method=""),
    row("jon@example.com", "user_unknown", match_method=""),
    row("kay@example.com", "domain_not_found", transient=True),
    row("ann.gone@example.com", "user_unknown", duplicate_of="r1"),
    row("lou@example.com", "unspecified"),
    row("moe@example.com", "server_error"),
)
STRUCK = ["ann.gone@example.com", "ben@example.com", "cy@example.com"]
LEFT_OUT = {
    "refused for how we send (authentication, reputation, block list, rate, account)": 2,
    "refused by the receiver's own rule": 1,
    "full mailbox or too large a mail": 1,
    "refused for what the mail says": 1,
    "suspected forgeries": 1,
    "bounces tied to no mail that was sent": 1,
    "only temporary": 1,
    "nothing says why": 1,
    "a server or the network failed": 1,
}


def made(kind: str, **options: object) -> Export:
    return export(kind, pd.DataFrame(CAMPAIGN), **options)  # type: ignore[arg-type]


def read(kind: str, folder: Path, **options: object) -> dict[str, str]:
    made(kind, **options).write(folder)
    return {path.name: path.read_bytes().decode() for path in sorted(folder.iterdir())}


def cells(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("kind", [name for name, kind in kinds().items() if kind.takes == "suppression"])
def test_only_what_is_safe_to_strike_off(kind):
    export = made(kind)
    addresses = [value for part in export.parts for value in part.table.iloc[:, 0]]
    assert addresses == STRUCK
    assert export.left_out == LEFT_OUT
    assert export.notes == ()


@pytest.mark.parametrize(
    ("kind", "options", "files"),
    [
        ("ses", {}, {"ses.csv": "ann.gone@example.com,BOUNCE\nben@example.com,BOUNCE\ncy@example.com,COMPLAINT\n"}),
        (
            "ses",
            {"file_format": "jsonl"},
            {
                "ses.jsonl": '{"emailAddress":"ann.gone@example.com","reason":"BOUNCE"}\n'
                '{"emailAddress":"ben@example.com","reason":"BOUNCE"}\n'
                '{"emailAddress":"cy@example.com","reason":"COMPLAINT"}\n'
            },
        ),
        ("sendgrid", {}, {"sendgrid.csv": "email\nann.gone@example.com\nben@example.com\ncy@example.com\n"}),
        (
            "sendgrid",
            {"file_format": "requests"},
            {"sendgrid.jsonl": '{"recipient_emails":["ann.gone@example.com","ben@example.com","cy@example.com"]}\n'},
        ),
        (
            "mailgun",
            {},
            {
                "mailgun-bounces.csv": "address,code,error,created_at\n"
                'ann.gone@example.com,550,550 5.1.1 No such user here,"Mon, 02 Mar 2026 11:46:49 +0000"\n'
                'ben@example.com,550,,"Mon, 02 Mar 2026 11:46:49 +0000"\n',
                "mailgun-complaints.csv": "address,created_at\ncy@example.com,\n",
            },
        ),
        (
            "postmark",
            {},
            {
                "postmark.jsonl": '{"Suppressions":[{"EmailAddress":"ann.gone@example.com"},'
                '{"EmailAddress":"ben@example.com"},{"EmailAddress":"cy@example.com"}]}\n'
            },
        ),
        (
            "postmark",
            {"file_format": "csv"},
            {"postmark.csv": "EmailAddress\nann.gone@example.com\nben@example.com\ncy@example.com\n"},
        ),
        ("plain", {}, {"suppressed.txt": "ann.gone@example.com\nben@example.com\ncy@example.com\n"}),
        ("google", {}, {"google-audience.csv": f"Email\n{sha('dee@bank.example')}\n"}),
        ("meta", {}, {"meta-audience.csv": f"email\n{sha('dee@bank.example')}\n"}),
    ],
)
def test_each_file_byte_for_byte(tmp_path, kind, options, files):
    assert read(kind, tmp_path, **options) == files


def test_hubspot(tmp_path):
    text = read("hubspot", tmp_path)["hubspot.csv"]
    assert cells(text) == [
        ["Email", "Bounce label", "Bounce reason", "Bounce reason code", "Bounce date", "Bounce evidence", "Email next step"],
        ["ann.gone@example.com", "hard", "The mailbox does not exist.", "user_unknown", "2026-03-02", UNKNOWN, "Do not e-mail"],
        ["ben@example.com", "hard", "The mailbox is closed, disabled or inactive.", "mailbox_disabled", "2026-03-02", "", "Do not e-mail"],
        ["cy@example.com", "spam", "The recipient marked the mail as spam.", "complaint", "", "abuse report", "Do not e-mail"],
        ["dee@bank.example", "spam", reasons()["recipient_restricted"].says, "recipient_restricted", "2026-03-02", RULE, "Use another channel"],
    ]  # fmt: skip


def test_salesforce_marks_an_address_as_bounced_only_for_its_own_fault(tmp_path):
    rows = list(csv.DictReader(io.StringIO(read("salesforce", tmp_path)["salesforce.csv"])))
    assert [list(row.values()) for row in rows] == [
        ["ann.gone@example.com", "The mailbox does not exist.", "2026-03-02T11:46:49Z", "hard", "user_unknown",
         "2026-03-02T11:46:49Z", UNKNOWN, "Do not e-mail"],
        ["ben@example.com", "The mailbox is closed, disabled or inactive.", "2026-03-02T11:46:49Z", "hard",
         "mailbox_disabled", "2026-03-02T11:46:49Z", "", "Do not e-mail"],
        ["cy@example.com", "", "", "spam", "complaint", "", "abuse report", "Do not e-mail"],
        ["dee@bank.example", "", "", "spam", "recipient_restricted", "2026-03-02T11:46:49Z", RULE, "Use another channel"],
    ]  # fmt: skip
    assert list(rows[0]) == [
        *("Email", "EmailBouncedReason", "EmailBouncedDate", "Bounce_Label__c", "Bounce_Reason__c", "Bounce_Date__c"),
        *("Bounce_Evidence__c", "Email_Next_Step__c"),
    ]


@pytest.mark.parametrize(("kind", "file"), [("outreach", "outreach.csv"), ("apollo", "apollo.csv")])
def test_outreach_and_apollo(tmp_path, kind, file):
    assert cells(read(kind, tmp_path)[file]) == [
        ["Email", "Bounce Label", "Bounce Reason", "Bounce Date", "Bounce Evidence", "Email Next Step"],
        ["ann.gone@example.com", "hard", "user_unknown", "2026-03-02", UNKNOWN, "Do not e-mail"],
        ["ben@example.com", "hard", "mailbox_disabled", "2026-03-02", "", "Do not e-mail"],
        ["cy@example.com", "spam", "complaint", "", "abuse report", "Do not e-mail"],
        ["dee@bank.example", "spam", "recipient_restricted", "2026-03-02", RULE, "Use another channel"],
    ]


def test_record_ids_come_from_the_lead_list(tmp_path):
    leads = tmp_path / "leads.csv"
    leads.write_text("Email,Lead ID\nANN.gone@example.com,00Q1\ndee@bank.example,00Q4\n")
    table = made("salesforce", leads=leads).tables["salesforce.csv"]
    assert table["Id"].tolist() == ["00Q1", "", "", "00Q4"]


@pytest.mark.parametrize(
    ("address", "google", "meta"),
    [
        # Either the digest itself, as sha256sum gives it, or the address that is hashed.
        (
            " Jane.Roe@Example.COM ",
            "22fff12b355cb9cb6303835fe8227cbb155ee22d300caccba72b326d1a6fb98a",
            "22fff12b355cb9cb6303835fe8227cbb155ee22d300caccba72b326d1a6fb98a",
        ),
        (
            "J.A.N.E@Gmail.com",
            "988b074286b20c503e3015c2076533f3bf4ce5ca6f8a507ab52c2e0f98d620b7",
            "9be5bd8805a22142c21bbcc8b4e5fe3920d920c7360cfbb7cab91b24dee8ab84",
        ),
        ("j.ane@googlemail.com", "jane@googlemail.com", "j.ane@googlemail.com"),
        ("jane+news@gmail.com", "jane+news@gmail.com", "jane+news@gmail.com"),
        ("Jürgen@Example.com", *["3d2a5310682ac922a4ba3ffac29753c038ecc44ac4c45c7a3b05ac5e155dd036"] * 2),
    ],
)
def test_hashes_follow_each_platforms_own_normalisation(address, google, meta):
    given = pd.DataFrame([row(address, "policy")])
    for kind, file, expected in (("google", "google-audience.csv", google), ("meta", "meta-audience.csv", meta)):
        digest = expected if len(expected) == 64 else sha(expected)
        assert export(kind, given).tables[file].iloc[:, 0].tolist() == [digest]


def test_no_audience_of_the_dead_or_of_those_who_complained():
    given = pd.DataFrame(
        [row("a@example.com", "policy"), row("A@example.com", "user_unknown"), row("b@example.com", "policy"),
         row("b@example.com", "complaint"), row("c@example.com", "policy")]
    )  # fmt: skip
    found = export("meta", given)
    assert found.tables["meta-audience.csv"]["email"].tolist() == [sha("c@example.com")]
    assert found.left_out == {"the address itself failed": 1, "complaints": 1}


@pytest.mark.parametrize(
    ("include", "more"),
    [
        (["mailbox"], ["eve@example.com"]),
        (["ip_blocklisted"], ["flo@example.com"]),
        (["sender"], ["flo@example.com", "gus@example.com"]),
        (["transient"], ["kay@example.com"]),
        (["unmatched"], ["jon@example.com"]),
        (["transient,unknown", "content"], ["hal@example.com", "kay@example.com", "lou@example.com"]),
    ],
)
def test_include_widens_and_says_so(include, more):
    found = made("plain", include=include)
    assert sorted(found.tables["suppressed.txt"][""]) == sorted([*STRUCK, *more])
    assert bool(found.notes) == (include != ["unmatched"])


def test_forgeries_are_never_taken():
    everything = [*(reason.fault for reason in reasons().values()), "transient", "unmatched"]
    assert "ida@example.com" not in made("plain", include=everything).tables["suppressed.txt"][""].tolist()


def test_rows_of_parse_alone_say_what_they_cannot():
    given = pd.DataFrame(CAMPAIGN).drop(columns=["match_method", "suspected_forged", "duplicate_of"])
    found = export("plain", given)
    assert found.tables["suppressed.txt"][""].tolist() == [*STRUCK, "ida@example.com", "jon@example.com"]
    assert "forged ones cannot be told" in found.notes[0]


@pytest.mark.parametrize(
    ("count", "rows", "names", "sizes"),
    [
        (5, 0, ["ses"], [5]),
        (5, 5, ["ses"], [5]),
        (5, 2, ["ses-1", "ses-2", "ses-3"], [2, 2, 1]),
        (100_001, 0, ["ses-1", "ses-2"], [100_000, 1]),
    ],
)
def test_files_are_split_at_the_limit(count, rows, names, sizes):
    given = pd.DataFrame(
        {"email": [f"p{i}@example.com" for i in range(count)], "reason": "user_unknown", "fault": "address"}
    )
    found = export("ses", given, rows=rows)
    assert [part.name for part in found.parts] == names
    assert [len(part.table) for part in found.parts] == sizes
    assert sum(len(set(part.table["EmailAddress"])) for part in found.parts) == count


def test_requests_hold_fifty_addresses_each():
    given = pd.DataFrame(
        {"email": [f"p{i}@example.com" for i in range(120)], "reason": "complaint", "fault": "complaint"}
    )
    bodies = [json.loads(line) for line in export("postmark", given).parts[0].text().splitlines()]
    assert [len(body["Suppressions"]) for body in bodies] == [50, 50, 20]
    assert bodies[2]["Suppressions"][19] == {"EmailAddress": "p119@example.com"}


CHECKED = pd.DataFrame(
    {
        "email": ["ok@example.com", "bad@example.com", "ok@example.com", "low@example.com", "maybe@example.com",
                  "bank@bank.example", "sue@example.com"],
        "grade": ["send", "do_not_send", "do_not_send", "do_not_send", "verify_again", "send", "do_not_send"],
        "score": [96, 2, 0, 12, 55, 90, 1],
        "reasons": ["verified", "domain_not_found", "duplicate; user_unknown", "low_score", "guessed",
                    "verified; strict_industry", "reported"],
        "Company": ["A", "B", "A", "C", "D", "E", "F"],
    }
)  # fmt: skip


def test_a_checked_list_strikes_off_only_what_is_final():
    """Not the lead that is in the list twice, nor one whose score is low."""
    found = export("ses", CHECKED)
    assert found.tables["ses.csv"].to_numpy().tolist() == [
        ["bad@example.com", "BOUNCE"],
        ["sue@example.com", "COMPLAINT"],
    ]
    assert sum(found.left_out.values()) == 4
    assert export("plain", CHECKED, include=["low_score"]).tables["suppressed.txt"][""].tolist() == [
        "bad@example.com",
        "low@example.com",
        "sue@example.com",
    ]


def test_a_checked_list_as_contacts_and_audience():
    table = export("hubspot", CHECKED).tables["hubspot.csv"]
    # No column of a bounce: an import would write blanks, or a grade, over what bounced before.
    assert list(table.columns) == ["Email", "Email next step", "Email grade", "Email score", "Email grade reasons"]
    assert table.to_numpy().tolist() == [
        ["ok@example.com", "Send", "send", "96", "verified"],
        ["bad@example.com", "Do not e-mail", "do_not_send", "2", "domain_not_found"],
        ["low@example.com", "Do not e-mail", "do_not_send", "12", "low_score"],
        ["maybe@example.com", "Verify again", "verify_again", "55", "guessed"],
        ["bank@bank.example", "Send", "send", "90", "verified; strict_industry"],
        ["sue@example.com", "Do not e-mail", "do_not_send", "1", "reported"],
    ]
    assert export("meta", CHECKED).tables["meta-audience.csv"]["email"].tolist() == [sha("bank@bank.example")]


@pytest.mark.parametrize("grade", ["grade", "decision"])
def test_a_file_for_each_grade_keeps_every_column(tmp_path, grade):
    export("grades", CHECKED.rename(columns={"grade": grade})).write(tmp_path)
    found = {path.name: cells(path.read_text()) for path in tmp_path.iterdir()}
    head = ["email", grade, "score", "reasons", "Company"]
    assert found == {
        "send.csv": [
            head,
            ["ok@example.com", "send", "96", "verified", "A"],
            ["bank@bank.example", "send", "90", "verified; strict_industry", "E"],
        ],
        "verify_again.csv": [head, ["maybe@example.com", "verify_again", "55", "guessed", "D"]],
        "do_not_send.csv": [
            head,
            ["bad@example.com", "do_not_send", "2", "domain_not_found", "B"],
            ["ok@example.com", "do_not_send", "0", "duplicate; user_unknown", "A"],
            ["low@example.com", "do_not_send", "12", "low_score", "C"],
            ["sue@example.com", "do_not_send", "1", "reported", "F"],
        ],
    }


def test_a_diagnosis_folder_takes_the_suppression_list_as_it_stands(tmp_path):
    """Flags of the log are in it, and what was taken out by hand stays out; refusals come from the bounces."""
    pd.DataFrame(CAMPAIGN).to_csv(tmp_path / "bounces.csv", index=False)
    pd.DataFrame(
        [{"email": "ben@example.com", "reason": "mailbox_disabled", "fault": "address", "evidence": "gone", "date": ""},
         {"email": "flag@example.com", "reason": "user_unknown", "fault": "address", "evidence": "", "date": ""}]
    ).to_csv(tmp_path / "suppression.csv", index=False)  # fmt: skip
    assert export("plain", tmp_path).tables["suppressed.txt"][""].tolist() == ["ben@example.com", "flag@example.com"]
    assert export("apollo", tmp_path).tables["apollo.csv"][["Email", "Bounce Label"]].to_numpy().tolist() == [
        ["ben@example.com", "hard"],
        ["flag@example.com", "hard"],
        ["dee@bank.example", "spam"],
    ]


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet", "xlsx"])
def test_the_same_from_every_format(tmp_path, ending):
    path, frame = tmp_path / f"rows.{ending}", pd.DataFrame(CAMPAIGN)
    if ending == "jsonl":
        frame.to_json(path, orient="records", lines=True)
    else:
        {"csv": frame.to_csv, "parquet": frame.to_parquet, "xlsx": frame.to_excel}[ending](path, index=False)
    assert export("plain", path).tables["suppressed.txt"][""].tolist() == STRUCK
    assert export("plain", path).left_out == LEFT_OUT


def test_the_data_is_whole():
    from analyzer.check.facts import findings

    assert {path.stem for path in (data_folder("rules") / "exports").glob("*.toml")} == set(kinds())
    faults = {reason.fault for reason in reasons().values()}
    assert set(next_steps()["fault"]) == faults
    assert set(next_steps()["grade"]) == {"send", "verify_again", "do_not_send"}
    for meaning in ("final", "complaint", "other_channel"):
        assert codes(meaning) <= set(findings()), meaning
    assert set(LABELS) == {"hard", "spam", "unknown"}
    for kind in kinds().values():
        assert kind.goes
        for file_format in kind.formats:
            names = [layout.name for layout in kind.in_format(file_format)]
            assert len(names) == len(set(names))
