"""Bounce messages written for these tests, one builder for each way in which servers write them."""

from __future__ import annotations

from textwrap import dedent

ORIGINAL = """\
Return-Path: <ava@outreach.example>
Message-ID: <seq-17.step-1@outreach.example>
From: Ava North <ava@outreach.example>
To: {to}
Subject: a question about your warehouse
X-Lead-Id: L-0042
X-Spam-Score: 0.1
List-Unsubscribe: <mailto:unsub+L-0042@outreach.example>
Date: Tue, 3 Mar 2026 08:00:00 +0000
"""


def dsn(
    *fields: str,
    text: str = "Your message could not be delivered.",
    to: str = "kim@lumen.example",
    subject: str = "Undelivered Mail Returned to Sender",
    status_type: str = "message/delivery-status",
    encoding: str = "",
    returned: str = "",
) -> bytes:
    """A multipart/report (RFC 3462) with one delivery-status group for each of `fields`."""
    groups = "\n\n".join(dedent(group).strip("\n") for group in ("Reporting-MTA: dns; mx.sender.example", *fields))
    transfer = f"Content-Transfer-Encoding: {encoding}\n" if encoding else ""
    returned = returned or ORIGINAL.format(to=to)
    return (
        "Return-Path: <>\nFrom: Mail Delivery System <MAILER-DAEMON@mx.sender.example>\nTo: ava@outreach.example\n"
        f"Subject: {subject}\nDate: Tue, 3 Mar 2026 09:30:00 +0100\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="=_b1"\n\n'
        f"--=_b1\nContent-Type: text/plain; charset=utf-8\n\n{dedent(text)}\n\n"
        f"--=_b1\nContent-Type: {status_type}\n{transfer}\n{groups}\n\n"
        f"--=_b1\nContent-Type: text/rfc822-headers\n\n{returned}\n--=_b1--\n"
    ).encode()


def notice(
    text: str,
    *,
    sender: str = "MAILER-DAEMON@mx.sender.example",
    subject: str = "failure notice",
    headers: str = "",
    charset: str = "utf-8",
) -> bytes:
    """A text-only bounce."""
    head = (
        f"Return-Path: <>\nFrom: {sender}\nTo: ava@outreach.example\nSubject: {subject}\n{headers}"
        f"Date: Tue, 3 Mar 2026 09:30:00 +0100\nMIME-Version: 1.0\nContent-Type: text/plain; charset={charset}\n"
        "Content-Transfer-Encoding: 8bit\n\n"
    )
    return head.encode() + dedent(text).encode(charset)


def person(text: str, *, subject: str = "Re: a question about your warehouse", headers: str = "") -> bytes:
    """What somebody wrote, or their mailbox in their name."""
    return (
        "Return-Path: <kim@lumen.example>\nFrom: Kim Roe <kim@lumen.example>\nTo: ava@outreach.example\n"
        f"Subject: {subject}\nIn-Reply-To: <seq-17.step-1@outreach.example>\n{headers}"
        f"Date: Tue, 3 Mar 2026 09:30:00 +0100\nContent-Type: text/plain\n\n{dedent(text)}"
    ).encode()
