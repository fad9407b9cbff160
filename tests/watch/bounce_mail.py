"""Bounce messages for mailboxes that are watched, each its own failure, and what a workspace must hold of them."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from pathlib import Path

from analyzer.history import Workspace

_BOUNCE = """\
Return-Path: <>
Delivered-To: jane@team.example
Date: Tue, 03 Mar 2026 10:{minute:02}:{second:02} +0000
From: MAILER-DAEMON@out.team.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: jane@team.example
Message-Id: <b{number}@out.team.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b{number}/out"

--b{number}/out
Content-Type: text/plain; charset=us-ascii

This is the mail system at host out.team.example.

<lead{number}@corp.example>: host mx.corp.example[192.0.2.1] said: 550 5.1.1
    <lead{number}@corp.example>: Recipient address rejected: User unknown

--b{number}/out
Content-Type: message/delivery-status

Reporting-MTA: dns; out.team.example

Final-Recipient: rfc822; lead{number}@corp.example
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.corp.example
Diagnostic-Code: smtp; 550 5.1.1 <lead{number}@corp.example>: Recipient address rejected: User unknown

--b{number}/out
Content-Type: text/rfc822-headers

From: jane@team.example
To: lead{number}@corp.example
Subject: A question
Message-ID: <m{number}@team.example>

--b{number}/out--
"""
ANSWER = b"""\
From: Lead <lead@corp.example>
To: jane@team.example
Date: Tue, 03 Mar 2026 11:00:00 +0000
Subject: Re: A question
Message-ID: <answer@corp.example>

Thank you, please call me on Thursday.
"""


def bounce(number: int) -> bytes:
    """The n-th."""
    return _BOUNCE.format(number=number, minute=number // 60 % 60, second=number % 60).encode()


def bounces(numbers: Iterable[int]) -> list[bytes]:
    return [bounce(number) for number in numbers]


def as_mbox(messages: Iterable[bytes]) -> bytes:
    """As a delivery agent appends them."""
    return b"".join(b"From MAILER-DAEMON Tue Mar  3 10:00:00 2026\n" + message + b"\n" for message in messages)


def kept(workspace: Path) -> list[int]:
    """The numbers of the bounces that a workspace holds, in order, as often as it holds them."""
    recipients = Workspace(workspace).bounces()["recipient"]
    return sorted(int(recipient.partition("@")[0].removeprefix("lead")) for recipient in recipients)


def wait_for(workspace: Path, count: int, seconds: float = 30.0) -> float:
    """Until a workspace holds that many, and how long that took; an error after `seconds`."""
    began = time.monotonic()
    while (have := len(Workspace(workspace).bounces())) < count:
        if time.monotonic() - began > seconds:
            raise AssertionError(f"{have} of {count} bounces in the workspace after {seconds:.0f} s")
        time.sleep(0.1)
    return time.monotonic() - began


#: `bounce-analyzer` with the arguments behind it.
COMMAND = [sys.executable, "-m", "analyzer"]
