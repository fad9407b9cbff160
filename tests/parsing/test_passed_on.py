"""Bounces that a colleague or a mailbox's rule sends on: as a file whose type is not known, or copied into the text."""

from __future__ import annotations

import base64

import pytest
from messages import dsn

from analyzer.parsing import read_message

BOUNCE = dsn(
    """\
    Final-Recipient: rfc822; kim@lumen.example
    Action: failed
    Status: 5.1.1
    Diagnostic-Code: smtp; 550 5.1.1 nobody of that name
    """
).replace(b"To: ava@outreach.example", b"To: bo@outreach.example")

NOTICE = """\
This is the mail system at host mx.sender.example.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients.

<kim@lumen.example>: host mx1.lumen.example[192.0.2.9] said: 550 5.1.1
    nobody of that name (in reply to RCPT TO command)
"""

GMAIL = """\
---------- Forwarded message ---------
From: Mail Delivery System <MAILER-DAEMON@mx.sender.example>
Date: Tue, 3 Mar 2026 at 09:30
Subject: Undelivered Mail Returned to Sender
To: <bo@outreach.example>

"""
OUTLOOK = """\
Ava, one of yours.

________________________________
From: Mail Delivery System [mailto:MAILER-DAEMON@mx.sender.example]
Sent: Tuesday, March 3, 2026 9:30 AM
To: Bo South
Subject: Undelivered Mail Returned to Sender

"""
THUNDERBIRD = """\
-------- Weitergeleitete Nachricht --------
Betreff: Undelivered Mail Returned to Sender
Datum: Tue, 3 Mar 2026 09:30:00 +0100
Von: Mail Delivery System <MAILER-DAEMON@mx.sender.example>
An: bo@outreach.example

"""


def passed_on(
    body: str, *, content_type: str = "text/plain", sender: str = "bo@outreach.example", mark: str = "Fwd:"
) -> bytes:
    return (
        f"Return-Path: <{sender}>\nFrom: Bo South <{sender}>\nTo: ava@outreach.example\n"
        f"Subject: {mark} Undelivered Mail Returned to Sender\nDate: Tue, 3 Mar 2026 10:30:00 +0100\n"
        f"MIME-Version: 1.0\nContent-Type: {content_type}\n\n{body}"
    ).encode()


def attached(name: str, content_type: str, sender: str = "bo@outreach.example") -> bytes:
    file = base64.encodebytes(BOUNCE).decode()
    return passed_on(
        f"--b\nContent-Type: text/plain\n\nfor you\n\n--b\nContent-Type: {content_type}\n"
        f'Content-Disposition: attachment; filename="{name}"\nContent-Transfer-Encoding: base64\n\n{file}\n--b--\n',
        content_type='multipart/mixed; boundary="b"',
        sender=sender,
    )


@pytest.mark.parametrize("content_type", ["application/octet-stream", "application/eml", "message/rfc822"])
def test_a_bounce_is_read_from_a_file_whatever_its_type(content_type: str) -> None:
    report = read_message(attached("Undelivered Mail.eml", content_type))
    (failure,) = report.failures
    assert (report.kind, failure.recipient, failure.status) == ("bounce", "kim@lumen.example", "5.1.1")
    assert report.original.message_id == "<seq-17.step-1@outreach.example>"


@pytest.mark.parametrize(
    "data",
    [
        attached("report.dat", "application/octet-stream"),
        attached("Undelivered Mail.eml", "application/octet-stream", sender="bo@stranger.example"),
    ],
)
def test_neither_a_file_of_no_mail_nor_a_strangers_is(data: bytes) -> None:
    assert read_message(data).kind == "other"


@pytest.mark.parametrize("block", [GMAIL, OUTLOOK, THUNDERBIRD])
def test_a_bounce_is_read_from_the_text_that_copies_it(block: str) -> None:
    report = read_message(passed_on(block + NOTICE))
    (failure,) = report.failures
    assert (report.kind, failure.recipient, failure.reply) == ("bounce", "kim@lumen.example", "550")
    assert (failure.remote_mta, report.reporting_mta) == ("mx1.lumen.example", "mx.sender.example")


def test_a_quoted_copy_is_read_as_well() -> None:
    quoted = "".join(f"> {line}\n" for line in (GMAIL + NOTICE).splitlines())
    assert [failure.recipient for failure in read_message(passed_on(quoted)).failures] == ["kim@lumen.example"]


@pytest.mark.parametrize(
    "data",
    [
        passed_on(GMAIL + NOTICE, sender="bo@stranger.example"),
        passed_on(GMAIL.replace("bo@outreach", "bo@stranger") + NOTICE),
        passed_on(GMAIL.replace("Mail Delivery System <MAILER-DAEMON@mx.sender", "Jo Roe <jo@arbor") + NOTICE),
        passed_on(GMAIL + NOTICE, mark="Re:"),
        passed_on(GMAIL + "Your mail has reached everybody.\n"),
    ],
    ids=["a stranger sends it on", "it had come to a stranger", "a person wrote it", "an answer", "no failure"],
)
def test_what_is_copied_into_a_text_is_no_bounce(data: bytes) -> None:
    assert read_message(data).failures == ()


def digest(sender: str, subject: str, headers: str = "") -> bytes:
    return (
        f"Return-Path: <>\nFrom: {sender}\nTo: ava@outreach.example\nSubject: {subject}\n{headers}"
        'Date: Tue, 3 Mar 2026 09:30:00 +0100\nMIME-Version: 1.0\nContent-Type: multipart/digest; boundary="d"\n\n'
        f"--d\n\n{BOUNCE.decode()}\n--d\n\n{BOUNCE.decode().replace('kim@lumen', 'jo@arbor')}\n--d--\n"
    ).encode()


def test_every_report_of_a_mail_systems_digest_is_read_and_none_of_a_lists() -> None:
    own = digest("postmaster@mx.sender.example", "2 delivery reports")
    assert [failure.recipient for failure in read_message(own).failures] == ["kim@lumen.example", "jo@arbor.example"]
    posts = digest("team-request@lists.lumen.example", "team Digest, Vol 3", "List-Id: <team.lists.lumen.example>\n")
    assert read_message(posts).kind == "other"
