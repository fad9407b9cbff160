"""Postfix logs in each shape that a syslog, the journal or Postfix itself gives them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from log_rows import ids, rows

SENT = "2026-03-02T09:11:21Z"
#: One mail that is refused, as Postfix writes it, without what stands in front of it; {} is the queue id.
STORY = (
    ("cleanup[585]", "{}: message-id=<q1.42@sender.example>"),
    ("qmgr[501]", "{}: from=<founder@sender.example>, size=1811, nrcpt=1 (queue active)"),
    (
        "smtp[592]",
        "{}: to=<jane.roe@example.com>, relay=example-com.mail.protection.outlook.com[192.0.2.80]:25, delay=5.5, "
        "delays=0.09/0/0.43/5, dsn=5.4.1, status=bounced (host example-com.mail.protection.outlook.com[192.0.2.80] said: "
        "550 5.4.1 Recipient address rejected: Access denied. [AM1PEPF0001.eurprd05.prod.outlook.com] (in reply to RCPT TO "
        "command))",
    ),
    ("qmgr[501]", "{}: removed"),
)
REFUSED: dict[str, Any] = {
    "line": 3,
    "kind": "bounce",
    "received_at": SENT,
    "recipient": "jane.roe@example.com",
    "sender": "founder@sender.example",
    "original_message_id": "<q1.42@sender.example>",
    "reporting_mta": "mx1",
    "remote_mta": "example-com.mail.protection.outlook.com",
    "action": "failed",
    "status": "5.4.1",
    "reply": "550",
    "diagnostic": "550 5.4.1 Recipient address rejected: Access denied. [AM1PEPF0001.eurprd05.prod.outlook.com] "
    "(in reply to RCPT TO command)",
    "reason": "user_unknown",
    "format": "postfix",
    "delivered_to": "founder@sender.example",
}


def story(front: str, queue_id: str = "F180CB7A") -> str:
    """`front` with the daemon's name and process id in place of its {}."""
    return "".join(f"{front.format(daemon)}: {says.format(queue_id)}\n" for daemon, says in STORY)


def journal(queue_id: str = "F180CB7A") -> str:
    return "".join(
        json.dumps(
            {
                "__REALTIME_TIMESTAMP": "1772442681003123",
                "_HOSTNAME": "mx1",
                "SYSLOG_IDENTIFIER": f"postfix/{daemon.partition('[')[0]}",
                "MESSAGE": says.format(queue_id),
            }
        )
        + "\n"
        for daemon, says in STORY
    )


def docker() -> str:
    lines = story("postfix/{}").splitlines(keepends=True)
    return "".join(
        json.dumps({"log": f"Mar  2 09:11:21 mx1 {line}", "stream": "stdout", "time": f"{SENT[:-1]}.5Z"}) + "\n"
        for line in lines
    )


SHAPES = {
    "syslog of RFC 3164": story("Mar  2 2026 09:11:21 mx1 postfix/{}"),
    "RFC 3339 in UTC": story("2026-03-02T09:11:21.003412Z mx1 postfix/{}"),
    "RFC 3339 with an offset": story("2026-03-02T10:11:21.003412+01:00 mx1 postfix/{}"),
    "journalctl -o short-iso": story("2026-03-02T04:41:21-0430 mx1 postfix/{}"),
    "journalctl -o short-full": story("Mon 2026-03-02 09:11:21 UTC mx1 postfix/{}"),
    "journalctl -o short-unix": story("1772442681.003123 mx1 postfix/{}"),
    "with a priority": story("<22>2026-03-02T09:11:21Z mx1 postfix/{}"),
    "a template with a blank": story("2026-03-02 09:11:21 mx1 postfix/{}"),
    "a container's name in front": story("mail-1  | 2026-03-02T09:11:21+00:00 mx1 postfix/{}"),
    "long queue ids": story("2026-03-02T09:11:21Z mx1 postfix/{}", "4XyZqk5ZbBz3hJv"),
    "another instance": story("2026-03-02T09:11:21Z mx1 postfix-out/{}"),
    "an instance of any name": story("2026-03-02T09:11:21Z mx1 outreach-ip2/{}"),
    "a service's name": story("2026-03-02T09:11:21Z mx1 postfix/relay/{}"),
    "DOS line ends": story("2026-03-02T09:11:21Z mx1 postfix/{}").replace("\n", "\r\n"),
    "no end of the last line": story("2026-03-02T09:11:21Z mx1 postfix/{}").rstrip("\n"),
    "RFC 5424": story("<22>1 2026-03-02T09:11:21.003Z mx1 postfix/{}").replace("[", " ", 1).replace("]: ", " - - ", 1),
    "the journal as JSON": journal(),
    "a container's log as JSON": docker(),
}
# In RFC 5424 the process id is a field of its own on every line.
SHAPES["RFC 5424"] = "".join(
    f'<22>1 2026-03-02T09:11:21.003Z mx1 postfix/{daemon[:-5]} 592 - [meta seq="1" note="a \\"] b"] {says.format("F180CB7A")}\n'
    for daemon, says in STORY
)


@pytest.mark.parametrize("log", SHAPES.values(), ids=SHAPES)
def test_every_shape_of_a_line_tells_the_same(tmp_path: Path, log: str) -> None:
    assert rows(tmp_path, log) == [REFUSED]


def line(daemon: str, says: str, clock: str = "09:11:21", day: str = "2026-03-02") -> str:
    return f"{day}T{clock}Z mx1 postfix/{daemon}[592]: {says}\n"


def delivery(fate: str, to: str = "to=<jane.roe@example.com>", relay: str = "mx.example.com[192.0.2.80]:25") -> str:
    return f"4XyZ12345A: {to}, relay={relay}, delay=5.5, delays=0.09/0/0.43/5, {fate}"


ONE: dict[str, Any] = {
    "line": 1,
    "kind": "bounce",
    "received_at": SENT,
    "recipient": "jane.roe@example.com",
    "reporting_mta": "mx1",
    "action": "failed",
    "format": "postfix",
}
MX = "mx.example.com"
SAID = "host mx.example.com[192.0.2.80] said: "


@pytest.mark.parametrize(
    ("daemon", "says", "told"),
    [
        (
            "smtp",
            delivery(
                f"dsn=5.1.1, status=bounced ({SAID}550-5.1.1 The email account that you tried 550-5.1.1 to reach does not "
                "exist. 550 5.1.1 See https://support.example/answer (in reply to RCPT TO command))",
                "to=<j.roe@example.com>, orig_to=<jane.roe@example.net>",
            ).replace("delay=5.5", "conn_use=3, delay=5.5"),
            {
                "recipient": "j.roe@example.com",
                "original_recipient": "jane.roe@example.net",
                "remote_mta": MX,
                "status": "5.1.1",
                "reply": "550",
                "diagnostic": "550 5.1.1 The email account that you tried to reach does not exist. See "
                "https://support.example/answer (in reply to RCPT TO command)",
                "reason": "user_unknown",
            },
        ),
        (
            "smtp",
            delivery(f"dsn=5.0.0, status=bounced ({SAID}550 5.7.1 rejected by our spam filter (in reply to end of DATA command))"),
            {
                "remote_mta": MX,
                "status": "5.7.1",
                "reply": "550",
                "diagnostic": "550 5.7.1 rejected by our spam filter (in reply to end of DATA command)",
                "reason": "spam_content",
            },
        ),
        (
            "smtp",
            delivery(
                "dsn=5.4.4, status=bounced (Host or domain name not found. Name service error for name=example.com type=A: "
                "Host not found)",
                relay="none",
            ),
            {
                "status": "5.4.4",
                "diagnostic": "Host or domain name not found. Name service error for name=example.com type=A: Host not found",
                "reason": "domain_not_found",
            },
        ),
        (
            "smtp",
            delivery("dsn=5.7.1, status=bounced (host mx.example.com[192.0.2.80] refused to talk to me: 554 5.7.1 192.0.2.25 is "
                     "listed at zen.spamhaus.org)"),
            {
                "remote_mta": MX,
                "status": "5.7.1",
                "reply": "554",
                "diagnostic": "host mx.example.com[192.0.2.80] refused to talk to me: 554 5.7.1 192.0.2.25 is listed at zen.spamhaus.org",
                "reason": "ip_blocklisted",
            },
        ),
        (
            "lmtp",
            delivery("dsn=5.2.2, status=bounced (host mx1.example.com[private/dovecot-lmtp] said: 552 5.2.2 <jane.roe@example.com> "
                     "Quota exceeded (mailbox for user is full) (in reply to end of DATA command))",
                     relay="mx1.example.com[private/dovecot-lmtp]"),
            {
                "remote_mta": "mx1.example.com",
                "status": "5.2.2",
                "reply": "552",
                "diagnostic": "552 5.2.2 <jane.roe@example.com> Quota exceeded (mailbox for user is full) (in reply to end of DATA command)",
                "reason": "mailbox_full",
            },
        ),
        (
            "local",
            delivery('dsn=5.1.1, status=bounced (unknown user: "jane.roe")', relay="local"),
            {"status": "5.1.1", "diagnostic": 'unknown user: "jane.roe"', "reason": "user_unknown"},
        ),
        (
            "virtual",
            delivery("dsn=5.1.1, status=bounced (unknown user: jane.roe@example.com)", relay="virtual"),
            {"status": "5.1.1", "diagnostic": "unknown user: jane.roe@example.com", "reason": "user_unknown"},
        ),
        (
            "error",
            delivery("dsn=5.1.1, status=bounced (User unknown in virtual alias table)", relay="none"),
            {"status": "5.1.1", "diagnostic": "User unknown in virtual alias table", "reason": "user_unknown"},
        ),
        (
            "pipe",
            delivery("dsn=5.3.0, status=bounced (Command died with status 67: \"/usr/bin/deliver\". Command output: no such user here )",
                     relay="deliver"),
            {
                "status": "5.3.0",
                "diagnostic": 'Command died with status 67: "/usr/bin/deliver". Command output: no such user here',
                "reason": "user_unknown",
            },
        ),
        (
            "smtp",
            delivery(f"dsn=5.1.1, status=undeliverable ({SAID}550 5.1.1 user unknown (in reply to RCPT TO command))"),
            {
                "remote_mta": MX,
                "status": "5.1.1",
                "reply": "550",
                "diagnostic": "550 5.1.1 user unknown (in reply to RCPT TO command)",
                "reason": "user_unknown",
            },
        ),
        (
            "smtp",
            delivery("dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 4Xz1)"),
            {
                "kind": "delivered",
                "action": "delivered",
                "remote_mta": MX,
                "status": "2.0.0",
                "reply": "250",
                "diagnostic": "250 2.0.0 Ok: queued as 4Xz1",
            },
        ),
        (
            "smtp",
            delivery(
                "dsn=2.0.0, status=sent (250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 4Xz2)",
                relay="127.0.0.1[127.0.0.1]:10024",
            ),
            {
                "kind": "delivered",
                "action": "relayed",
                "remote_mta": "127.0.0.1",
                "status": "2.0.0",
                "reply": "250",
                "diagnostic": "250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 4Xz2",
            },
        ),
        (
            "local",
            delivery("dsn=2.0.0, status=sent (forwarded as 4XyZ99999A)", relay="local"),
            {"kind": "delivered", "action": "expanded", "status": "2.0.0", "diagnostic": "forwarded as 4XyZ99999A"},
        ),
        (
            "smtp",
            delivery("dsn=4.4.1, status=deferred (connect to mx.example.com[192.0.2.80]:25: Connection timed out)", relay="none"),
            {
                "kind": "delayed",
                "action": "delayed",
                "remote_mta": MX,
                "status": "4.4.1",
                "diagnostic": "connect to mx.example.com[192.0.2.80]:25: Connection timed out",
            },
        ),
        (
            "smtp",
            delivery("dsn=4.7.1, status=SOFTBOUNCE (host mx.example.com[192.0.2.80] said: 550 5.7.1 no (in reply to MAIL FROM command))"),
            {
                "kind": "delayed",
                "action": "delayed",
                "remote_mta": MX,
                "status": "4.7.1",
                "reply": "550",
                "diagnostic": "550 5.7.1 no (in reply to MAIL FROM command)",
            },
        ),
        (
            "smtp",
            delivery(f"dsn=5.1.1, status=bounced ({SAID}550 5.1.1 user unknown)", 'to=<"jane, <roe>"@example.com>'),
            {
                "recipient": '"jane, <roe>"@example.com',
                "remote_mta": MX,
                "status": "5.1.1",
                "reply": "550",
                "diagnostic": "550 5.1.1 user unknown",
                "reason": "user_unknown",
            },
        ),
        (
            "smtp",
            delivery(f"dsn=5.1.1, status=bounced ({SAID}550-5.1.1 unbekannter Empf#303#244nger#015#012550 5.1.1 user unknown").replace("#303#244", "ä"),
            {
                "remote_mta": MX,
                "status": "5.1.1",
                "reply": "550",
                "diagnostic": "550 5.1.1 unbekannter Empfänger user unknown",
                "reason": "user_unknown",
            },
        ),
        (
            "submission/smtpd",
            "NOQUEUE: reject: RCPT from app.sender.example[198.51.100.7]: 554 5.7.1 <jane.roe@example.com>: Relay access denied; "
            "from=<founder@sender.example> to=<jane.roe@example.com> proto=ESMTP helo=<app>",
            {
                "sender": "founder@sender.example",
                "status": "5.7.1",
                "reply": "554",
                "diagnostic": "554 5.7.1 <jane.roe@example.com>: Relay access denied",
                "reason": "relay_denied",
                "delivered_to": "founder@sender.example",
            },
        ),
        (
            "smtpd",
            "NOQUEUE: milter-reject: RCPT from unknown[198.51.100.7]: 451 4.7.1 Service unavailable - try again later; "
            "from=<founder@sender.example> to=<jane.roe@example.com> proto=ESMTP helo=<app> sasl_username=<founder>",
            {
                "kind": "delayed",
                "action": "delayed",
                "sender": "founder@sender.example",
                "status": "4.7.1",
                "reply": "451",
                "diagnostic": "451 4.7.1 Service unavailable - try again later",
                "delivered_to": "founder@sender.example",
            },
        ),
        (
            "cleanup",
            "4XyZ12345A: reject: header Subject: win a prize from localhost[127.0.0.1]; from=<founder@sender.example> "
            "to=<jane.roe@example.com> proto=ESMTP helo=<app>: 5.7.1 message content rejected",
            {
                "sender": "founder@sender.example",
                "status": "5.7.1",
                "diagnostic": "5.7.1 message content rejected",
                "reason": "spam_content",
                "delivered_to": "founder@sender.example",
            },
        ),
    ],
    ids=lambda value: value[:60] if isinstance(value, str) else "",
)  # fmt: skip
def test_every_outcome_and_daemon(tmp_path: Path, daemon: str, says: str, told: dict[str, Any]) -> None:
    assert rows(tmp_path, line(daemon, says)) == [{**ONE, **told}]


@pytest.mark.parametrize(
    "says",
    [
        "NOQUEUE: reject: RCPT from unknown[198.51.100.9]: 550 5.1.1 <no.one@sender.example>: Recipient address rejected: "
        "User unknown in local recipient table; from=<spammer@example.net> to=<no.one@sender.example> proto=ESMTP helo=<x>",
        "connect from unknown[198.51.100.9]",
        "4XyZ12345A: client=app.sender.example[10.0.0.7], sasl_method=PLAIN, sasl_username=founder",
    ],
)
def test_what_others_may_not_send_to_us_is_no_outcome_of_ours(tmp_path: Path, says: str) -> None:
    log = line("smtpd", says) + line("smtp", delivery("dsn=2.0.0, status=sent (250 ok)"))
    assert [row["line"] for row in rows(tmp_path, log)] == [2]


def mail(queue_id: str, message_id: str, sender: str = "founder@sender.example") -> str:
    return line("cleanup", f"{queue_id}: message-id={message_id}") + line(
        "qmgr", f"{queue_id}: from=<{sender}>, size=1811, nrcpt=2 (queue active)"
    )


def brief(found: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    names = ("line", "kind", "recipient", "original_message_id", "diagnostic")
    return [tuple(row.get(name, "") for name in names) for row in found]


GREY = "dsn=4.7.1, status=deferred (host mx.example.com[192.0.2.80] said: 451 4.7.1 Greylisted, try again in 60 seconds (in reply to RCPT TO command))"
GREYLISTED = "451 4.7.1 Greylisted, try again in 60 seconds (in reply to RCPT TO command)"
SUSPENDED = "dsn=4.4.2, status=deferred (delivery temporarily suspended: lost connection with mx.example.com[192.0.2.80] while sending RCPT TO)"


def test_a_delay_that_ends_in_delivery_is_none(tmp_path: Path) -> None:
    log = mail("4XyZ12345A", "<m1@sender.example>") + line("smtp", delivery(GREY)) * 3
    log += line("smtp", delivery("dsn=2.0.0, status=sent (250 ok)")) + line("qmgr", "4XyZ12345A: removed")
    assert brief(rows(tmp_path, log)) == [(6, "delivered", "jane.roe@example.com", "<m1@sender.example>", "250 ok")]


def test_a_delay_without_an_end_is_told_once_for_each_recipient(tmp_path: Path) -> None:
    log = mail("4XyZ12345A", "<m1@sender.example>")
    log += line("smtp", delivery(SUSPENDED)) + line("smtp", delivery(GREY, "to=<bob@example.com>"))
    log += line("smtp", delivery(GREY, "to=<Jane.Roe@example.com>"), clock="10:00:00")
    found = rows(tmp_path, log)
    assert brief(found) == [
        (4, "delayed", "bob@example.com", "<m1@sender.example>", GREYLISTED),
        (5, "delayed", "Jane.Roe@example.com", "<m1@sender.example>", GREYLISTED),
    ]
    assert found[1]["received_at"] == "2026-03-02T10:00:00Z"


@pytest.mark.parametrize("word", ["expired", "force-expired"])
def test_an_expired_mail_failed_for_what_was_said_last(tmp_path: Path, word: str) -> None:
    log = mail("4XyZ12345A", "<m1@sender.example>")
    log += line("smtp", delivery(GREY)) + line(
        "smtp", delivery("dsn=2.0.0, status=sent (250 ok)", "to=<bob@example.com>")
    )
    log += line("error", delivery(SUSPENDED, relay="none"), clock="09:30:00")
    log += line(
        "qmgr", f"4XyZ12345A: from=<founder@sender.example>, status={word}, returned to sender", day="2026-03-07"
    )
    log += line("bounce", "4XyZ12345A: sender non-delivery notification: 4XyZ99999A", day="2026-03-07")
    log += line("qmgr", "4XyZ12345A: removed", day="2026-03-07")
    found = rows(tmp_path, log)
    assert brief(found)[1:] == [
        (
            5,
            "bounce",
            "jane.roe@example.com",
            "<m1@sender.example>",
            "delivery temporarily suspended: lost connection with mx.example.com[192.0.2.80] while sending RCPT TO",
        )
    ]
    assert (found[1]["status"], found[1]["action"], found[1]["received_at"]) == (
        "4.4.2",
        "failed",
        "2026-03-07T09:11:21Z",
    )


def test_a_notification_that_fails_is_no_bounce_and_names_the_mail_that_it_is_about(tmp_path: Path) -> None:
    log = mail("4XyZ12345A", "<m1@sender.example>")
    log += line("smtp", delivery("dsn=5.1.1, status=bounced (unknown user)"))
    log += line("cleanup", "4XyZ99999A: message-id=<20260302091121.4XyZ99999A@mx1.sender.example>")
    log += line("bounce", "4XyZ12345A: sender non-delivery notification: 4XyZ99999A")
    log += line("qmgr", "4XyZ99999A: from=<>, size=3811, nrcpt=1 (queue active)") + line("qmgr", "4XyZ12345A: removed")
    log += line(
        "smtp",
        delivery("dsn=5.2.2, status=bounced (over quota)", "to=<founder@sender.example>").replace("12345", "99999"),
    )
    log += mail("4XyZ77777A", "<probe@mx1>", "double-bounce@mx1.sender.example")
    log += line(
        "smtp",
        delivery("dsn=5.1.1, status=undeliverable (unknown user)", "to=<bob@example.com>").replace("12345", "77777"),
    )
    assert brief(rows(tmp_path, log)) == [
        (3, "bounce", "jane.roe@example.com", "<m1@sender.example>", "unknown user"),
        (8, "other", "founder@sender.example", "<m1@sender.example>", "over quota"),
        (11, "other", "bob@example.com", "<probe@mx1>", "unknown user"),
    ]


def test_short_ids_are_used_again_and_two_servers_may_use_the_same(tmp_path: Path) -> None:
    bounced = line("smtp", delivery("dsn=5.1.1, status=bounced (unknown user)"))
    log = mail("4XyZ12345A", "<m1@sender.example>") + line("smtp", delivery(GREY))
    log += mail("4XyZ12345A", "<m2@sender.example>") + mail("4XyZ12345A", "<m3@sender.example>").replace(
        " mx1 ", " mx2 "
    )
    log += bounced + bounced.replace(" mx1 ", " mx2 ")
    assert brief(rows(tmp_path, log)) == [
        (3, "delayed", "jane.roe@example.com", "<m1@sender.example>", GREYLISTED),
        (8, "bounce", "jane.roe@example.com", "<m2@sender.example>", "unknown user"),
        (9, "bounce", "jane.roe@example.com", "<m3@sender.example>", "unknown user"),
    ]


def test_the_subject_is_told_where_the_server_was_told_to_log_it(tmp_path: Path) -> None:
    log = line(
        "cleanup",
        "4XyZ12345A: info: header Subject: A question, from Ann from app[10.0.0.7]; from=<founder@sender.example> to=<jane.roe@example.com> proto=ESMTP helo=<app>",
    )
    log += mail("4XyZ12345A", "<m1@sender.example>") + line(
        "smtp", delivery("dsn=5.1.1, status=bounced (unknown user)")
    )
    assert [(row["subject"], row["original_message_id"]) for row in rows(tmp_path, log)] == [
        ("A question, from Ann", "<m1@sender.example>")
    ]


DSN = """Return-Path: <>
Message-Id: <20260302091121.4XyZ99999A@mx1.sender.example>
From: MAILER-DAEMON@mx1.sender.example (Mail Delivery System)
To: founder@sender.example
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I'm sorry to have to inform you that your message could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx1.sender.example

Final-Recipient: rfc822; Jane.Roe@example.com
Action: failed
Status: 5.4.1
Remote-MTA: dns; example-com.mail.protection.outlook.com
Diagnostic-Code: smtp; 550 5.4.1 Recipient address rejected: Access denied.

--b
Content-Type: message/rfc822-headers

From: Founder <founder@sender.example>
To: jane.roe@example.com
Message-ID: <q1.42@sender.example>
Subject: quick question

--b--
"""


def test_the_log_and_the_mailbox_tell_of_the_same_failure(tmp_path: Path) -> None:
    log = ids(tmp_path, SHAPES["RFC 3339 in UTC"], "mail.log")
    box = ids(tmp_path, DSN, "bounce.eml")
    assert list(log.values()) == list(box.values())
