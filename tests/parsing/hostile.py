"""Mail as nobody should send it: mutations of real layouts, and texts that make careless patterns slow."""

from __future__ import annotations

import random
from collections.abc import Iterator

#: Fragments that readers look for, to be put where they do not belong.
FRAGMENTS = (
    b"\n\n", b"\r", b"\x00", b"\xff\xfe", b"--", b"\n--=_b1--\n", b"=?utf-8?B?", b"?=", b"\x1b$B", b"<", b">", b"@", b": ", b";",
    b"\nFinal-Recipient: rfc822;", b"\nAction: failed\n", b"Content-Type: multipart/report; boundary=\"\"\n", b"\\x{110000}",
    b"Content-Transfer-Encoding: base64\n", b"550 5.1.1 ", b"550-", b"host ", b"\n   ----- Transcript of session follows -----\n",
    b"\n<<< ", b"\nReturn-Path: <>\nReceived: x\n", b"{\"Message\":", b"charset=\"no-such\"", b"charset=utf-16",
)  # fmt: skip

#: What a text is made of many times over, and what stands before it.
REPEATED = (
    "<", ">", "a@", "@", "=?", "=?utf-8?Q?", " ", "\t", "\n", "\n ", "a ", "a.", "-", "(", "[", "\"", "'", ":", "#", "550 ", "550-", "5.1.1 ",
    "host ", "host a.", "<<< 550-a\n", ">>> ", "to: a@b.example\n", "Reason:\n", "was ", "said: ", "<a@b.example>\n", "<!--", "<td>", "<script>",
    "&amp;", "x" * 70 + "\n", "A: b\n", "Received: x\n", "connect to a.", "by a.", "Final-Recipient: rfc822; a@b.example\n", "--a\n", "* ",
    "reason for rejecting your request:", "Your request to the a@b.example mailing list ", "1.", "::", "あ", "é",
)  # fmt: skip


def mutations(data: bytes, seed: int, count: int) -> Iterator[bytes]:
    """`count` broken versions of one message, the same for the same seed."""
    chance = random.Random(seed)
    for _ in range(count):
        broken = data
        for _ in range(chance.randint(1, 3)):
            broken = _mutated(broken, chance)
        yield broken


def _mutated(data: bytes, chance: random.Random) -> bytes:
    at, to = sorted((chance.randint(0, len(data)), chance.randint(0, len(data))))
    lines = data.split(b"\n")
    match chance.randint(0, 7):
        case 0:
            return data[:at]
        case 1:
            return data[at:]
        case 2:
            return data[:at] + data[to:]
        case 3:
            return data[:at] + chance.choice(FRAGMENTS) + data[at:]
        case 4:
            return data[:at] + bytes(chance.randrange(256) for _ in range(chance.randint(1, 9))) + data[at:]
        case 5:
            chance.shuffle(lines)
            return b"\n".join(lines)
        case 6:
            line = chance.randrange(len(lines))
            return b"\n".join([*lines[:line], *lines[line + 1 :]])
        case _:
            return data[:to] + data[at:to] * 3 + data[to:]


def hostile(unit: str, size: int) -> Iterator[bytes]:
    """Messages of about `size` bytes that consist of one thing: as header, text, HTML, report, complaint."""
    flood = (unit * (size // len(unit.encode()) + 1)).encode()
    sender = b"Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nTo: ava@outreach.example\nSubject: failure notice\n"
    yield flood
    yield b"Subject: " + flood + b"\nFrom: " + flood + b"\n\nx"
    yield sender + b"\n<kim@lumen.example>:\n" + flood
    yield sender + b"Content-Type: text/html\n\n<p>kim@lumen.example " + flood
    yield sender + b"\nhost " + flood + b" said: 550 5.1.1 kim@lumen.example\n" + flood
    yield (
        sender
        + b"Auto-Submitted: auto-replied\n\nThis message was created automatically by mail delivery software.\n\n  "
        + flood
    )
    yield b"From: team-owner@lists.example\n\n" + flood
    for kind in (
        b"message/delivery-status",
        b"message/feedback-report",
        b"message/disposition-notification",
        b"text/plain",
    ):
        head = b'Content-Type: multipart/report; boundary="b"\n\n--b\nContent-Type: text/plain\n\nkim@lumen.example failed\n--b\nContent-Type: '
        fields = b"\n\nReporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; kim@lumen.example\nAction: failed\nStatus: 5.0.0\n"
        yield sender + head + kind + fields + b"Diagnostic-Code: smtp; " + flood + b"\n--b--\n"
        yield sender + head + kind + b"\n\n" + flood + b"\n--b--\n"
