"""qmail-send's log in each of its stamps, Exchange's message tracking log, and Microsoft 365's message traces."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from log_rows import rows

STAMP = "@4000000069a555fa1a2b3c4d"
QMAIL = """\
{0} new msg 12345
{0} info msg 12345: bytes 2022 from <founder@sender.example> qp 999 uid 1000
{0} starting delivery 7: msg 12345 to remote jane.roe@example.com
{0} status: local 0/10 remote 1/20
{0} delivery 7: failure: 192.0.2.80_does_not_like_recipient./Remote_host_said:_550_5.1.1_No_such_user/Giving_up_on_192.0.2.80./
{0} starting delivery 8: msg 12345 to remote ok@example.com
{0} starting delivery 9: msg 12345 to remote late@example.net
{0} delivery 8: success: 192.0.2.80_accepted_message./Remote_host_said:_250_ok_queued/
{0} delivery 9: deferral: Connected_to_192.0.2.81_but_greeting_failed./Remote_host_said:_421_4.7.0_Try_again_later/
{0} starting delivery 10: msg 12345 to remote nobody@nowhere.example
{0} delivery 10: failure: Sorry,_I_couldn't_find_any_host_named_nowhere.example._(#5.1.2)/
{0} bounce msg 12345 qp 1001
"""
AT = "2026-03-02T09:18:40Z"
SHARED = {"received_at": AT, "sender": "founder@sender.example", "format": "qmail"}
FAILED = {"kind": "bounce", "action": "failed", "delivered_to": "founder@sender.example", **SHARED}
QMAIL_ROWS: list[dict[str, Any]] = [
    {
        **FAILED,
        "line": 5,
        "recipient": "jane.roe@example.com",
        "remote_mta": "192.0.2.80",
        "status": "5.1.1",
        "reply": "550",
        "diagnostic": "550 5.1.1 No such user",
        "reason": "user_unknown",
    },
    {
        **SHARED,
        "line": 8,
        "kind": "delivered",
        "recipient": "ok@example.com",
        "remote_mta": "192.0.2.80",
        "action": "delivered",
        "reply": "250",
        "diagnostic": "250 ok queued",
    },
    {
        **FAILED,
        "line": 11,
        "recipient": "nobody@nowhere.example",
        "status": "5.1.2",
        "diagnostic": "Sorry, I couldn't find any host named nowhere.example. (#5.1.2)",
        "reason": "domain_not_found",
    },
    {
        **SHARED,
        "line": 9,
        "kind": "delayed",
        "action": "delayed",
        "recipient": "late@example.net",
        "delivered_to": "founder@sender.example",
        "remote_mta": "192.0.2.81",
        "status": "4.7.0",
        "reply": "421",
        "diagnostic": "421 4.7.0 Try again later",
    },
]


@pytest.mark.parametrize(
    "stamp",
    [STAMP, "2026-03-02 09:18:40.439041101", "1772443120.439041"],
    ids=["multilog", "tai64nlocal", "seconds"],
)
def test_qmail(tmp_path: Path, stamp: str) -> None:
    assert rows(tmp_path, QMAIL.format(stamp)) == QMAIL_ROWS


def test_qmail_among_the_lines_of_syslog(tmp_path: Path) -> None:
    found = rows(tmp_path, QMAIL.format("Mar  2 09:18:40 mx1 qmail: 1772443120.439041"))
    assert [row["recipient"] for row in found] == [row["recipient"] for row in QMAIL_ROWS]
    assert {row["received_at"][4:] for row in found} == {AT[4:]}
    assert {row["reporting_mta"] for row in found} == {"mx1"}


def test_qmail_gives_up_after_a_week(tmp_path: Path) -> None:
    given_up = QMAIL.format(STAMP) + (
        f"{STAMP} starting delivery 11: msg 12345 to remote late@example.net\n"
        f"{STAMP} delivery 11: failure: Connected_to_192.0.2.81_but_greeting_failed./Remote_host_said:_421_4.7.0_Try_"
        "again_later/I'm_not_going_to_try_again;_this_message_has_been_in_the_queue_too_long./\n"
        f"{STAMP} end msg 12345\n"
    )
    late = [row for row in rows(tmp_path, given_up) if row["recipient"] == "late@example.net"]
    assert [(row["kind"], row["diagnostic"]) for row in late] == [("bounce", "421 4.7.0 Try again later")]


def test_qmails_own_notices_are_no_mail_of_a_campaign(tmp_path: Path) -> None:
    found = rows(tmp_path, QMAIL.format(STAMP).replace("<founder@sender.example>", "<#@[]>"))
    assert {row["kind"] for row in found} == {"other"}


@pytest.mark.parametrize(
    "line", ["delivery 99: failure: x", "info msg", "starting delivery 1: msg 5 to", "@40 new msg 1"]
)
def test_qmail_lines_that_lead_nowhere(tmp_path: Path, line: str) -> None:
    assert rows(tmp_path, QMAIL.format(STAMP) + f"{STAMP} {line}\n") == QMAIL_ROWS


TRACKING = """\
#Software: Microsoft Exchange Server
#Version: 15.02.1118.007
#Log-type: Message Tracking Log
#Date: 2026-03-02T00:00:00.000Z
#Fields: date-time,client-ip,server-hostname,source,event-id,internal-message-id,message-id,network-message-id,\
recipient-address,recipient-status,message-subject,sender-address,directionality
2026-03-02T09:11:19.000Z,,EX1,STOREDRIVER,RECEIVE,1,<m1@sender.example>,g1,jane.roe@example.com;ok@example.com,To;To,\
"quick, question",founder@sender.example,Originating
2026-03-02T09:11:20.000Z,,EX1,SMTP,DEFER,1,<m1@sender.example>,g1,jane.roe@example.com,451 4.7.1 Greylisted,\
"quick, question",founder@sender.example,Originating
2026-03-02T09:11:21.000Z,,EX1,SMTP,FAIL,1,<m1@sender.example>,g1,jane.roe@example.com,"\
[{LRT=3/2/2026 9:11:21 AM};{LED=550 5.1.1 No such user};{FQDN=mx1.example.com};{IP=192.0.2.80}]",\
"quick, question",founder@sender.example,Originating
2026-03-02T09:11:22.000Z,,EX1,SMTP,SEND,1,<m1@sender.example>,g1,ok@example.com,250 2.1.5 Recipient OK,\
"quick, question",founder@sender.example,Originating
2026-03-02T09:11:23.000Z,,EX1,SMTP,DEFER,2,<m2@sender.example>,g2,late@example.net,451 4.7.1 Greylisted,\
hello,founder@sender.example,Originating
2026-03-02T09:11:24.000Z,,EX1,SMTP,FAIL,3,<x@example.org>,g3,nobody@sender.example,550 5.1.10 RecipientNotFound,\
theirs,stranger@example.org,Incoming
2026-03-02T09:11:25.000Z,,EX1,DSN,DSN,4,<d@sender.example>,g4,founder@sender.example,,Undeliverable,<>,Originating
"""
EXCHANGE: dict[str, Any] = {
    "line": 8,
    "kind": "bounce",
    "received_at": "2026-03-02T09:11:21Z",
    "recipient": "jane.roe@example.com",
    "sender": "founder@sender.example",
    "original_message_id": "<m1@sender.example>",
    "subject": "quick, question",
    "reporting_mta": "ex1",
    "remote_mta": "mx1.example.com",
    "action": "failed",
    "status": "5.1.1",
    "reply": "550",
    "diagnostic": "550 5.1.1 No such user",
    "reason": "user_unknown",
    "format": "exchange",
    "delivered_to": "founder@sender.example",
}


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_tracking_log(tmp_path: Path, codec: str) -> None:
    found = rows(tmp_path, TRACKING.encode(codec))
    assert found[0] == EXCHANGE
    assert [(row["kind"], row["recipient"]) for row in found[1:]] == [
        ("delivered", "ok@example.com"),
        ("other", "nobody@sender.example"),
        ("delayed", "late@example.net"),
    ]


def test_several_recipients_of_one_row_have_a_status_each(tmp_path: Path) -> None:
    head = TRACKING.split("2026-03-02T09", 1)[0]
    row = (
        "2026-03-02T09:11:21.000Z,,EX1,SMTP,FAIL,1,<m1@sender.example>,g1,a@example.com;b@example.com,"
        "550 5.1.1 No such user;552 5.2.2 Mailbox full,q,founder@sender.example,Originating\n"
    )
    assert [(one["recipient"], one["reason"]) for one in rows(tmp_path, head + row)] == [
        ("a@example.com", "user_unknown"),
        ("b@example.com", "mailbox_full"),
    ]


def test_an_extended_report_of_a_message_trace(tmp_path: Path) -> None:
    fields, first, *others = TRACKING.split("#Fields: ")[1].splitlines()
    report = "\n".join([fields.replace("-", "_").replace("date_time", "date_time_utc"), first, *others])
    assert rows(tmp_path, report)[0] == {**EXCHANGE, "line": 4}


SUMMARY = """\
"origin_timestamp_utc","sender_address","recipient_status","message_subject","total_bytes","message_id","directionality"
"2026-03-02T09:11:21.0000000Z","founder@sender.example","jane.roe@example.com##Receive, Send, Fail;ok@example.com##Receive, \
Deliver","quick, question","2022","<m1@sender.example>","Originating"
"""
POWERSHELL = """\
"MessageId","Received","SenderAddress","RecipientAddress","Subject","Status","ToIP","FromIP","Size","MessageTraceId"
"<m1@sender.example>","{0}","founder@sender.example","jane.roe@example.com","quick, question","Failed",,"192.0.2.1","9","g1"
"<m1@sender.example>","{0}","founder@sender.example","ok@example.com","quick, question","Delivered",,"192.0.2.1","9","g1"
"""
TOLD = ("kind", "recipient", "received_at", "sender", "original_message_id", "subject", "reason")


@pytest.mark.parametrize(
    "trace",
    [SUMMARY, POWERSHELL.format("2026-03-02T09:11:21.0000000"), POWERSHELL.format("3/2/2026 9:11:21 AM")],
    ids=["summary", "PowerShell", "PowerShell's American time"],
)
def test_a_message_trace_tells_that_a_mail_failed_and_not_why(tmp_path: Path, trace: str) -> None:
    found = rows(tmp_path, trace, "trace.csv")
    shared = [EXCHANGE[name] for name in TOLD[2:-1]]
    assert [[row.get(name) for name in TOLD] for row in found] == [
        ["bounce", "jane.roe@example.com", *shared, "unspecified"],
        ["delivered", "ok@example.com", *shared, None],
    ]
