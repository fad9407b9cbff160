"""Logs of records: PowerMTA's accounting CSV in any subset and order of columns, and KumoMTA's JSON lines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import orjson
import pytest
import zstandard
from log_rows import rows

from analyzer.sources import Reading

ROW = {
    "type": "b",
    "timeLogged": "2026-03-02 09:11:21+0000",
    "timeQueued": "2026-03-02 09:11:19+0000",
    "orig": "founder@sender.example",
    "rcpt": "jane.roe@example.com",
    "orcpt": "rfc822;jane@example.net",
    "dsnAction": "failed",
    "dsnStatus": "5.7.1 (delivery not authorized, message refused)",
    "dsnDiag": "smtp;554 5.7.1 Service unavailable; Client host [192.0.2.25] blocked using zen.spamhaus.org",
    "dsnMta": "MX1.example.com (192.0.2.80)",
    "bounceCat": "spam-related",
    "dlvSourceIp": "192.0.2.25",
    "vmta": "vmta1",
    "jobId": "q1",
    "envId": "e42",
    "header_Message-Id": "<m1@sender.example>",
    "header_Subject": "quick, question",
    "header_X-Lead": "42",
}
POWERMTA: dict[str, Any] = {
    "line": 2,
    "kind": "bounce",
    "received_at": "2026-03-02T09:11:21Z",
    "recipient": "jane.roe@example.com",
    "original_recipient": "jane@example.net",
    "sender": "founder@sender.example",
    "original_message_id": "<m1@sender.example>",
    "subject": "quick, question",
    "remote_mta": "mx1.example.com",
    "action": "failed",
    "status": "5.7.1",
    "reply": "554",
    "diagnostic": "554 5.7.1 Service unavailable; Client host [192.0.2.25] blocked using zen.spamhaus.org",
    "reason": "ip_blocklisted",
    "format": "powermta",
    "delivered_to": "founder@sender.example",
    "original_headers": '{"x-lead":"42","x-job-id":"q1","x-envelope-id":"e42"}',
    "provider_class": "pmta:spam-related",
}


def csv(*records: dict[str, str], names: list[str] | None = None, separator: str = ",", quote: bool = False) -> str:
    names = names or list(ROW)
    lines = [separator.join(names)]
    for record in records:
        cells = [record.get(name, "") for name in names]
        lines.append(separator.join(f'"{c}"' if quote or separator in c or '"' in c or "\n" in c else c for c in cells))
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    "log",
    [
        csv(ROW),
        csv(ROW, names=list(reversed(ROW))),
        csv(ROW, quote=True),
        csv(ROW, separator="\t"),
        csv(ROW, separator=";"),
        csv(ROW).replace("\n", "\r\n"),
        "\ufeff" + csv(ROW),
        csv({**ROW, "timeLogged": "1772442681"}),
        csv({**ROW, "timeLogged": "2026-03-02T10:11:21+01:00"}),
        csv(ROW).replace("timeLogged", "TIMELOGGED"),
    ],
    ids=["as usual", "reversed", "quoted", "tabs", "semicolons", "DOS", "marked", "epoch", "ISO", "another case"],
)
def test_powermta_in_any_arrangement(tmp_path: Path, log: str) -> None:
    found = rows(tmp_path, log, "acct.csv")
    assert [json.loads(row.pop("original_headers")) for row in found] == [json.loads(POWERMTA["original_headers"])]
    assert found == [{name: value for name, value in POWERMTA.items() if name != "original_headers"}]


def test_powermta_with_few_columns_tells_what_they_hold(tmp_path: Path) -> None:
    log = csv(ROW, names=["type", "timeLogged", "rcpt", "dsnStatus"])
    assert rows(tmp_path, log) == [
        {
            "line": 2,
            "kind": "bounce",
            "received_at": "2026-03-02T09:11:21Z",
            "recipient": "jane.roe@example.com",
            "action": "failed",
            "status": "5.7.1",
            "diagnostic": "delivery not authorized, message refused",
            "reason": rows(tmp_path, log)[0]["reason"],
            "format": "powermta",
        }
    ]


@pytest.mark.parametrize(
    ("record", "told"),
    [
        ({"type": "rb", "dsnReportingMta": "dns;mx9.example.com"}, {"kind": "bounce"}),
        ({"type": "rs", "dsnAction": "delayed"}, {"kind": "delayed", "action": "delayed"}),
        ({"type": "rs", "dsnAction": "failed"}, {"kind": "bounce"}),
        ({"type": "d", "dsnAction": "relayed", "dsnStatus": "2.0.0 (success)", "dsnDiag": "smtp;250 2.0.0 Ok"},
         {"kind": "delivered", "action": "relayed", "status": "2.0.0", "reply": "250", "diagnostic": "250 2.0.0 Ok"}),
        ({"type": "t", "dsnAction": "delayed"}, {"kind": "delayed", "action": "delayed"}),
        ({"type": "tq", "dsnAction": "delayed"}, {"kind": "delayed", "action": "delayed"}),
        ({"type": "b", "orig": ""}, {"kind": "other"}),
        ({"type": "f", "dsnDiag": "", "dsnStatus": "", "dsnAction": ""},
         {"kind": "complaint", "recipient": "jane@example.net", "provider_class": "pmta:abuse", "reason": "complaint",
          "diagnostic": "feedback report: abuse"}),
        ({"type": "rb", "orig": ""}, {"kind": "bounce", "sender": "", "reason": "ip_blocklisted"}),
        ({"type": "rb", "orig": "<>"}, {"kind": "bounce", "sender": "", "reason": "ip_blocklisted"}),
    ],
)  # fmt: skip
def test_powermta_types(tmp_path: Path, record: dict[str, str], told: dict[str, str]) -> None:
    found = rows(tmp_path, csv({**ROW, **record}, names=[*ROW, "dsnReportingMta"]))
    assert [{name: row.get(name, "") for name in told} for row in found] == [told]
    assert found[0].get("reporting_mta", "") == ("mx9.example.com" if "dsnReportingMta" in record else "")


def test_powermta_joins_the_tries_of_a_mail(tmp_path: Path) -> None:
    later = {
        **ROW,
        "type": "t",
        "dsnAction": "delayed",
        "dsnStatus": "4.7.1 (x)",
        "dsnDiag": "smtp;451 4.7.1 Greylisted",
    }
    gone = {**ROW, "dsnStatus": "4.4.7 (delivery time expired)", "dsnDiag": "", "bounceCat": "message-expired"}
    taken = {**ROW, "type": "d", "dsnStatus": "2.0.0 (success)", "dsnDiag": "smtp;250 ok"}
    other = {"rcpt": "bob@example.com"}
    found = rows(
        tmp_path, csv(later, {**later, **other}, later, gone, {**taken, **other}, {**later, "rcpt": "eve@example.com"})
    )
    assert [(row["line"], row["kind"], row["recipient"], row["diagnostic"]) for row in found] == [
        (5, "bounce", "jane.roe@example.com", "451 4.7.1 Greylisted"),
        (6, "delivered", "bob@example.com", "250 ok"),
        (7, "delayed", "eve@example.com", "451 4.7.1 Greylisted"),
    ]
    assert (found[0]["status"], found[0]["provider_class"]) == ("4.7.1", "pmta:message-expired")


def test_powermta_reads_files_after_one_another_cells_of_several_lines_and_passes_over_damage(tmp_path: Path) -> None:
    broken = "b,2026-03-02 09:11:21+0000," + '"no end\n'
    log = csv({**ROW, "dsnDiag": "smtp;550-5.1.1 no\nsuch user"}) + csv(ROW, names=["rcpt", "type", "timeLogged"])
    log += "\nnonsense\n" + broken + "jane.roe@example.com,b,2026-03-02\n" * 60
    path = tmp_path / "acct.csv"
    path.write_text(log)
    reading = Reading([path])
    found = [(item.source.rpartition("#")[2], item.report.failures[0].diagnostic) for item in reading]  # type: ignore[union-attr]
    assert found[:2] == [("2", "550 5.1.1 no such user"), ("5", "")]
    assert len(found) == 62
    assert [(skip.source.rpartition("#")[2], skip.why) for skip in reading.skipped] == [
        ("7", "is no accounting record; the line may be cut off"),
        ("8", "is a row whose quotes do not end"),
    ]


RECORD: dict[str, Any] = {
    "type": "Bounce",
    "id": "1d98076abbbc11ed940250ebf67f93bd",
    "sender": "founder@sender.example",
    "recipient": "jane.roe@example.com",
    "queue": "q1:tenant@example.com",
    "site": "src->mx1.example.com",
    "size": 1811,
    "response": {
        "code": 550,
        "enhanced_code": {"class": 5, "subject": 1, "detail": 1},
        "content": "User unknown\nsee the site",
        "command": "RCPT TO:<jane.roe@example.com>",
    },
    "peer_address": {"name": "MX1.example.com.", "addr": "192.0.2.80"},
    "timestamp": 1772442681,
    "created": 1772442679,
    "num_attempts": 1,
    "bounce_classification": "InvalidRecipient",
    "egress_pool": "pool1",
    "meta": {"lead": "42"},
    "headers": {"Message-ID": "<m1@sender.example>", "Subject": "quick question", "X-Step": ["1"]},
    "nodeid": "n1",
}
KUMOMTA: dict[str, Any] = {
    "line": 1,
    "kind": "bounce",
    "received_at": "2026-03-02T09:11:21Z",
    "recipient": "jane.roe@example.com",
    "sender": "founder@sender.example",
    "original_message_id": "<m1@sender.example>",
    "subject": "quick question",
    "remote_mta": "mx1.example.com",
    "action": "failed",
    "status": "5.1.1",
    "reply": "550",
    "diagnostic": "550 5.1.1 User unknown see the site (in reply to RCPT TO command)",
    "reason": "user_unknown",
    "format": "kumomta",
    "delivered_to": "founder@sender.example",
    "original_headers": '{"x-step":"1","x-lead":"42","x-campaign":"q1"}',
    "provider_class": "kumomta:InvalidRecipient",
}


def jsonl(*records: dict[str, Any]) -> str:
    return "".join(orjson.dumps(record).decode() + "\n" for record in records)


@pytest.mark.parametrize(
    ("record", "told"),
    [
        ({}, {}),
        ({"recipient": ["jane.roe@example.com"]}, {}),
        ({"event_time": "2026-03-02T10:11:22.120+01:00"}, {"received_at": "2026-03-02T09:11:22Z"}),
        (
            {"response": {"code": 554, "enhanced_code": None, "content": "no such user", "command": None}},
            {"status": "", "reply": "554", "diagnostic": "554 no such user"},
        ),
        ({"type": "OOB"}, {}),
        ({"type": "AdminBounce", "peer_address": None}, {"remote_mta": ""}),
        ({"type": "Rejection"}, {"kind": "other", "reason": "", "delivered_to": ""}),
        (
            {
                "type": "AdminBounce",
                "bounce_classification": "Uncategorized",
                "response": {
                    "code": 551,
                    "enhanced_code": {"class": 5, "subject": 7, "detail": 1},
                    "content": "Administrator bounced with reason: tidying up",
                    "command": None,
                },
            },
            {
                "status": "5.7.1",
                "reply": "551",
                "diagnostic": "551 5.7.1 Administrator bounced with reason: tidying up",
                "reason": "sender_account",
                "provider_class": "kumomta:Uncategorized",
            },
        ),
        ({"sender": ""}, {"kind": "other", "sender": "", "delivered_to": "", "reason": ""}),
        (
            {"type": "TransientFailure", "bounce_classification": "GreyListing"},
            {"kind": "delayed", "action": "delayed", "reason": "", "provider_class": "kumomta:GreyListing"},
        ),
        (
            {
                "type": "Delivery",
                "bounce_classification": "Uncategorized",
                "response": {"code": 250, "enhanced_code": {"class": 2, "subject": 0, "detail": 0}, "content": "OK"},
            },
            {
                "kind": "delivered",
                "action": "delivered",
                "status": "2.0.0",
                "reply": "250",
                "diagnostic": "250 2.0.0 OK",
                "reason": "",
                "provider_class": "",
                "delivered_to": "",
            },
        ),
        (
            {"meta": {}, "headers": {}, "queue": "example.com"},
            {"original_message_id": "", "subject": "", "original_headers": ""},
        ),
    ],
)
def test_kumomta_records(tmp_path: Path, record: dict[str, Any], told: dict[str, Any]) -> None:
    expected = {name: value for name, value in {**KUMOMTA, **told}.items() if value}
    assert rows(tmp_path, jsonl({**RECORD, **record})) == [expected]


def test_kumomta_tells_of_complaints(tmp_path: Path) -> None:
    report = {
        "feedback_type": "abuse",
        "user_agent": "Feedback/1.0",
        "original_mail_from": "<founder@sender.example>",
        "original_rcpt_to": ["<jane.roe@example.com>"],
        "reporting_mta": {"mta_type": "dns", "name": "mx1.example.com"},
    }
    record = {
        **RECORD,
        "type": "Feedback",
        "recipient": "fbl@sender.example",
        "feedback_report": report,
        "response": {},
    }
    (row,) = rows(tmp_path, jsonl(record))
    assert {
        name: row[name] for name in ("kind", "recipient", "sender", "reporting_mta", "provider_class", "reason")
    } == {
        "kind": "complaint",
        "recipient": "jane.roe@example.com",
        "sender": "founder@sender.example",
        "reporting_mta": "mx1.example.com",
        "provider_class": "kumomta:abuse",
        "reason": "complaint",
    }


def test_kumomta_takes_a_complaint_back(tmp_path: Path) -> None:
    report = {"feedback_type": "not-spam", "original_rcpt_to": ["jane.roe@example.com"]}
    (row,) = rows(tmp_path, jsonl({**RECORD, "type": "Feedback", "feedback_report": report, "response": {}}))
    assert (row["kind"], row["recipient"]) == ("other", "jane.roe@example.com")


def test_kumomta_joins_the_tries_of_a_mail_in_a_zstd_file(tmp_path: Path) -> None:
    later = {
        **RECORD,
        "type": "TransientFailure",
        "recipient": ["jane.roe@example.com", "bob@example.com"],
        "response": {"code": 451, "enhanced_code": {"class": 4, "subject": 7, "detail": 1}, "content": "Greylisted"},
        "bounce_classification": "Uncategorized",
    }
    expired = {
        **RECORD,
        "type": "Expiration",
        "response": {"code": 551, "enhanced_code": None, "content": "Next delivery time > max age"},
    }
    taken = {**RECORD, "type": "Delivery", "recipient": ["bob@example.com"], "response": {"code": 250, "content": "ok"}}
    records = jsonl({**RECORD, "type": "Reception"}, later, later, taken, expired, {**later, "id": "2"})
    found = rows(tmp_path, zstandard.compress(records.encode()), "20260302-091121.zst")
    assert [(row["line"], row["kind"], row["recipient"], row["diagnostic"]) for row in found] == [
        (4, "delivered", "bob@example.com", "250 ok"),
        (5, "bounce", "jane.roe@example.com", "451 4.7.1 Greylisted"),
        (6, "delayed", "jane.roe@example.com", "451 4.7.1 Greylisted"),
        (6, "delayed", "bob@example.com", "451 4.7.1 Greylisted"),
    ]


def test_kumomta_passes_over_damaged_lines(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(
        jsonl(RECORD).encode()
        + b'{"type":"Bounce","id":\n\x00\xff\n\n'
        + jsonl({**RECORD, "recipient": 7}, RECORD).encode()
    )
    reading = Reading([path])
    assert [item.source.rpartition("#")[2] for item in reading] == ["1", "6"]
    assert [skip.source.rpartition("#")[2] for skip in reading.skipped] == ["2", "3"]
