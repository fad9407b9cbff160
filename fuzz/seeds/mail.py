"""Bounce messages: every layout of tests/parsing/formats, the sample's, and a few reports of several recipients."""

# ruff: noqa: E501
from __future__ import annotations

from pathlib import Path

_TOP = Path(__file__).resolve().parent.parent.parent
#: Where messages of our own writing lie; those of a few kB, since time goes by bytes.
_FOLDERS = ("tests/parsing/formats", "sample_data/bounces")
_GREATEST = 8 * 1024
_FIELDS = (
    "Final-Recipient: rfc822; {to}\nAction: failed\nStatus: 5.1.1\nRemote-MTA: dns; mx.lumen.example\n"
    "Diagnostic-Code: smtp; 550-5.1.1 <{to}>: Recipient address rejected\n 550 5.1.1 User unknown",
    "Original-Recipient: rfc822;{to}\nFinal-Recipient: utf-8; k\\x{{FC}}m@lumen.example\nAction: delayed\nStatus: 4.4.1\n"
    "Diagnostic-Code: smtp; 451 4.4.1 try again in 15 minutes\nWill-Retry-Until: Fri, 6 Mar 2026 09:30:00 +0100",
    "Final-Recipient: rfc822; {to}\nAction: failed\nStatus: 5.0.0 (a comment)\nX-Actual-Recipient: rfc822; {to}",
)  # fmt: skip
_HEAD = (
    "Return-Path: <>\nFrom: Mail Delivery System <MAILER-DAEMON@mx.sender.example>\nTo: ava@outreach.example\n"
    "Subject: =?utf-8?Q?Undelivered_Mail?= =?iso-8859-1?Q?_R=FCckl=E4ufer?=\nDate: Tue, 3 Mar 2026 09:30:00 +0100\n"
    'MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary="=_b1"\n\n'
)
_ORIGINAL = (
    "Return-Path: <ava@outreach.example>\nMessage-ID: <seq-17.step-1@outreach.example>\nFrom: Ava <ava@outreach.example>\n"
    "To: {to}\nSubject: a question\nX-Lead-Id: L-0042\nList-Unsubscribe: <mailto:unsub+L-0042@outreach.example>\n"
    "DKIM-Signature: v=1; a=rsa-sha256; d=outreach.example; s=s1; h=from:to;\n b=AAAA\n"
)


def messages() -> list[bytes]:
    """All of them, in a fixed order."""
    paths = [path for folder in _FOLDERS for path in sorted((_TOP / folder).glob("*.eml"))]
    found = [path.read_bytes() for path in paths]
    return [data for data in found if len(data) <= _GREATEST] + [_report(count) for count in (1, 2, 3, 12)]


def statuses() -> list[bytes]:
    """The bodies of delivery-status parts."""
    return [_groups(count).encode() for count in (1, 2, 3, 12)]


def _groups(count: int) -> str:
    groups = [_FIELDS[number % 3].format(to=f"kim{number}@lumen.example") for number in range(count)]
    return "\n\n".join(["Reporting-MTA: dns; mx.sender.example\nArrival-Date: Tue, 3 Mar 2026 09:29:58 +0100", *groups])


def _report(count: int) -> bytes:
    return (
        f"{_HEAD}--=_b1\nContent-Type: text/plain; charset=utf-8\n\nYour message could not be delivered.\n\n"
        f"--=_b1\nContent-Type: message/delivery-status\n\n{_groups(count)}\n\n"
        f"--=_b1\nContent-Type: text/rfc822-headers\n\n{_ORIGINAL.format(to='kim0@lumen.example')}\n--=_b1--\n"
    ).encode()
