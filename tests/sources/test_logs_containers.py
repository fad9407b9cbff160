"""A server's lines through whatever kept them: containers, the journal, shippers; requeued mail, files in a row."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from log_rows import rows

POSTFIX = (
    "4XyZ1: to=<jane@example.com>, relay=mx.example.com[2001:db8::80]:25, conn_use=2, delay=5.5, "
    "delays=0.09/0/0.43/5, dsn=5.1.1, status=bounced (host mx.example.com[2001:db8::80] said: 550 5.1.1 no such user "
    "(in reply to RCPT TO command))"
)
SYSLOG = f"Mar  2 09:11:21 mx1 postfix/smtp[592]: {POSTFIX}"
EXIM = (
    "2026-03-02 09:11:21 1Zo722-001wKm-7T ** jane@example.com R=dnslookup T=remote_smtp H=mx.example.com "
    "[2001:db8::80]: SMTP error from remote mail server after RCPT TO:<jane@example.com>: 550 5.1.1 no such user"
)
ISO = "2026-03-02T09:11:21.123Z"
LINES = {
    "docker compose": f"mail-1  | {SYSLOG}",
    "docker compose, exim": f"exim-1  | {EXIM}",
    "cri": f"2026-03-02T09:11:21.123456789Z stdout F {SYSLOG}",
    "cri, exim": f"2026-03-02T09:11:21.123456789Z stderr F {EXIM}",
    "syslog, rfc 5424": f"<22>1 {ISO} mx1 postfix/smtp 592 - - {POSTFIX}",
    "syslog, rfc 5424, exim": f'<22>1 {ISO} mx1 exim 77 - [x a="b"] {EXIM.split(" ", 2)[2]}',
    "whole line in JSON": {"@timestamp": ISO, "host": {"name": "mx1"}, "message": SYSLOG},
    "whole line in JSON, exim": {"date": 1772442681.123, "log": EXIM, "kubernetes": {"pod_name": "exim-0"}},
    "rsyslog's JSON": {"timestamp": ISO, "host": "mx1", "programname": "postfix/smtp", "message": POSTFIX},
    "tag with its pid": {"timestamp": ISO, "hostname": "mx1", "syslogtag": "postfix/smtp[592]:", "message": POSTFIX},
    "elastic common schema": {"@timestamp": ISO, "process": {"name": "postfix/smtp", "pid": 592}, "message": POSTFIX},
    "gelf": {
        "version": "1.1",
        "host": "mx1",
        "timestamp": 1772442681.12,
        "ident": "postfix/smtp",
        "short_message": POSTFIX,
    },
    "milliseconds": {"timestamp": 1772442681123, "message": SYSLOG},
}


@pytest.mark.parametrize("line", LINES.values(), ids=LINES.keys())
def test_a_line_is_read_whatever_keeps_it(tmp_path: Path, line: str | dict[str, object]) -> None:
    told = line if isinstance(line, str) else json.dumps(line)
    for log in (f"{told}\n", f"{told}\n" * 3):
        found = rows(tmp_path, log)
        assert len(found) == log.count("\n")
        for row in found:
            assert (row["kind"], row["recipient"], row["received_at"]) == ("bounce", "jane@example.com", f"{ISO[:19]}Z")
            assert (row["status"], row["reply"], row["reason"]) == ("5.1.1", "550", "user_unknown")
            assert row["remote_mta"] == "mx.example.com"


@pytest.mark.parametrize("front", ["", "qmail-1  | ", "2026-03-02T09:02:56.1Z stdout F "])
def test_qmail_in_a_container(tmp_path: Path, front: str) -> None:
    log = [
        "info msg 1234: bytes 500 from <ava@outreach.example> qp 77 uid 0",
        "starting delivery 6: msg 1234 to remote jane@example.com",
        "delivery 6: failure: 192.0.2.80_does_not_like_recipient./Remote_host_said:_550_5.1.1_no_such_user/",
    ]
    (row,) = rows(tmp_path, "".join(f"{front}@4000000069a5524a075bcd15 {line}\n" for line in log), "current")
    assert (row["recipient"], row["sender"]) == ("jane@example.com", "ava@outreach.example")
    assert (row["reason"], row["received_at"]) == ("user_unknown", "2026-03-02T09:02:56Z")


def test_a_rotated_log_is_read_packed(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, gzip.compress(f"exim-1  | {EXIM}\n".encode()), "mainlog.3.gz")
    assert row["format"] == "exim"


@pytest.mark.parametrize(
    "line",
    [
        {"message": json.dumps({"message": SYSLOG})},
        {"message": 7, "log": None},
        {"log": SYSLOG, "process": 7},
        {"message": "{"},
    ],
)
def test_odd_json_raises_nothing(tmp_path: Path, line: dict[str, object]) -> None:
    assert len(rows(tmp_path, f"{SYSLOG}\n{json.dumps(line)}\n{SYSLOG}\n")) in {2, 3}


def test_a_requeued_mail_has_one_outcome(tmp_path: Path) -> None:
    """`postsuper -r` gives it another id; under the old one nobody waits any longer."""
    front = "Mar  2 09:00:00 mx1 postfix"
    to = "to=<jane@example.com>, relay=mx[192.0.2.1]:25, delay=2, delays=0/0/1/1"
    log = "\n".join(
        [
            f"{front}/cleanup[1]: 4XyZ1: message-id=<m1@outreach.example>",
            f"{front}/qmgr[1]: 4XyZ1: from=<ava@outreach.example>, size=10, nrcpt=1 (queue active)",
            f"{front}/smtp[3]: 4XyZ1: {to}, dsn=4.7.1, status=deferred (host mx[192.0.2.1] said: 451 4.7.1 later)",
            f"{front}/postsuper[9]: 4XyZ1: requeued",
            f"{front}/pickup[1]: 5AbC2: uid=103 from=<ava@outreach.example> orig_id=4XyZ1",
            f"{front}/cleanup[1]: 5AbC2: message-id=<m1@outreach.example>",
            f"{front}/qmgr[1]: 4XyZ1: removed",
            f"{front}/smtp[3]: 5AbC2: {to}, dsn=5.1.1, status=bounced (host mx[192.0.2.1] said: 550 5.1.1 unknown)",
            f"{front}/qmgr[1]: 5AbC2: removed",
        ]
    )
    (row,) = rows(tmp_path, f"{log}\n")
    assert (row["kind"], row["original_message_id"], row["line"]) == ("bounce", "<m1@outreach.example>", 8)


def test_accounting_files_of_two_layouts_in_a_row(tmp_path: Path) -> None:
    """What a mail waited for stands under the first file's names, its end under the second's."""
    log = """type,timeLogged,timeQueued,orig,rcpt,dsnStatus,dsnDiag,bounceCat,jobId,envId,header_Subject
t,2026-03-02 09:11:21+0000,2026-03-02 09:00:00+0000,a@o.example,j@example.com,4.7.1,smtp;451 4.7.1 greylisted,other,q,e1,hi
t,2026-03-02 09:11:22+0000,2026-03-02 09:00:00+0000,a@o.example,k@example.com,4.2.2,smtp;452 4.2.2 full,quota-issues,q,e2,ho
type,rcpt,orig,timeLogged,timeQueued,dsnStatus,dsnDiag,bounceCat,jobId,envId
b,j@example.com,a@o.example,2026-03-05 09:11:21+0000,2026-03-02 09:00:00+0000,4.4.7 (message expired),,message-expired,q,e1
"""
    ended, waits = rows(tmp_path, log, "acct.csv")
    assert (ended["recipient"], ended["diagnostic"]) == ("j@example.com", "451 4.7.1 greylisted")
    assert (waits["kind"], waits["recipient"], waits["diagnostic"]) == ("delayed", "k@example.com", "452 4.2.2 full")
    assert waits["subject"] == "ho"
