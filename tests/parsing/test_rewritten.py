"""What stands between a server that refused and the mailbox we read changes bytes, not what they say.

Relays, gateways, mailboxes and exports give a message other line ends, another transfer encoding, more header fields,
a tag in its subject, a warning above its text and a notice of a scan below. Every message of `formats/` is rewritten in
each of these ways, and has to be read as before.
"""

from __future__ import annotations

import base64
import quopri
import re
from pathlib import Path

import pytest

from analyzer.parsing import read_message

FORMATS = Path(__file__).parent / "formats"
#: Messages whose very bytes are the point: rewriting them makes another message.
BYTES_MATTER = {
    "broken-crcrlf",
    "broken-mixed-ends",
    "broken-cr-only",
    "broken-header-space",
    "broken-leading-blanks",
    "charset-jis-as-utf8",
    "html-called-plain",
}
MESSAGES = {path.stem: path.read_bytes() for path in sorted(FORMATS.glob("*.eml")) if path.stem not in BYTES_MATTER}

BANNERS = {
    "english": "CAUTION: This email originated from outside of the organization. Do not click links or open attachments "
    "unless you recognize the sender and know the content is safe.",
    "first contact": "You don't often get email from postmaster@relay.example. Learn why this is important "
    "<https://aka.example/LearnAboutSenderIdentification>",
    "german": "ACHTUNG: Diese E-Mail stammt von einem externen Absender.\nKlicken Sie nur auf Links, wenn Sie den Absender "
    "kennen.",
    "french": "ATTENTION : ce courriel provient de l'extérieur. N'ouvrez pas les pièces jointes d'un inconnu.",
}
FOOTER = (
    b"\n______________________________________________________________________\n"
    b"This email has been scanned by the email security service of Ours Ltd.\n"
    b"For more information please visit https://scan.example/\n"
)


def with_lf(message):
    return message.replace(b"\r\n", b"\n")


def cut(message):
    head, _, body = with_lf(message).partition(b"\n\n")
    return head, body


def field_as_written(message, name):
    found = re.search(rb"(?im)^" + name + rb":[ \t]*((?:.|\n[ \t])*)", cut(message)[0])
    return found.group(1) if found else b""


def field(message, name):
    return field_as_written(message, name).lower()


def is_one_text(message):
    """A single text part that says what it is in: everything else keeps its bytes."""
    plain = field(message, b"content-type").startswith(b"text/plain") or not field(message, b"content-type")
    return plain and field(message, b"content-transfer-encoding").strip() in (b"", b"7bit", b"8bit", b"binary")


def encoded(message, name, encode):
    if not is_one_text(message):
        return message
    head, body = cut(message)
    head = re.sub(rb"(?im)^content-transfer-encoding:.*\n?", b"", head + b"\n").rstrip(b"\n")
    return head + b"\nContent-Transfer-Encoding: " + name + b"\n\n" + encode(body)


def tagged(message):
    head, body = cut(message)
    return re.sub(rb"(?im)^(subject:)[ \t]*", rb"\1 [EXTERNAL] ", head, count=1) + b"\n\n" + body


def with_encoded_subject(message):
    def encode(found):
        words = re.sub(rb"\n[ \t]+", b" ", found.group(2))
        if b"=?" in words or not words.isascii() or not words:
            return found.group()
        return found.group(1) + b"=?UTF-8?B?" + base64.b64encode(words) + b"?="

    head, body = cut(message)
    return re.sub(rb"(?im)^(subject:[ \t]*)((?:.|\n[ \t])*)", encode, head, count=1) + b"\n\n" + body


def with_fields_of_a_mailbox(message):
    head, body = cut(message)
    return (
        head + b"\nX-Spam-Status: No, score=-1.9 required=5\nX-MS-Exchange-Organization-SCL: -1\n"
        b'Authentication-Results: mx.ours.example; spf=none smtp.mailfrom=""; dkim=none; dmarc=fail\n'
        b"X-Virus-Scanned: clean\n\n" + body
    )


def with_boundary(message):
    declared = re.search(rb'boundary="?([^";\s]+)', field_as_written(message, b"content-type"), re.IGNORECASE)
    if not declared:
        return message
    old, new = re.escape(declared.group(1)), b"----=_NextPart_000_0001_01DB.ABC"
    return re.sub(
        rb'(?m)(^--|(?i:boundary)="?)' + old + rb'(?=(?:--)?[ \t";]*$|[ \t";])', rb"\1" + new, with_lf(message)
    )


def in_capitals(message):
    head, body = cut(message)
    return re.sub(rb"(?m)^[!-9;-~]+(?=:)", lambda name: name.group().upper(), head) + b"\n\n" + body


def above(message, banner):
    if not is_one_text(message) or (not banner.isascii() and b"utf-8" not in field(message, b"content-type")):
        return message
    head, body = cut(message)
    return head + b"\n\n" + banner.encode() + b"\n\n" + body


def below(message):
    return with_lf(message).rstrip(b"\n") + b"\n" + FOOTER if is_one_text(message) else message


REWRITTEN = {
    "CRLF": lambda message: with_lf(message).replace(b"\n", b"\r\n"),
    "a line of an mbox": lambda message: b"From MAILER-DAEMON@relay.example Mon Mar  2 10:00:00 2026\n" + message,
    "a byte order mark": lambda message: b"\xef\xbb\xbf" + message,
    "blank lines below": lambda message: message + b"\n\n\n",
    "nothing below": lambda message: message.rstrip(b"\r\n"),
    "field names in capitals": in_capitals,
    "a tag in the subject": tagged,
    "an encoded subject": with_encoded_subject,
    "a mailbox's own fields": with_fields_of_a_mailbox,
    "base64": lambda message: encoded(message, b"base64", base64.encodebytes),
    "quoted-printable": lambda message: encoded(message, b"quoted-printable", quopri.encodestring),
    "another boundary": with_boundary,
    "a scanner's footer": below,
} | {f"a banner, {name}": lambda message, words=words: above(message, words) for name, words in BANNERS.items()}


def read(message):
    report = read_message(message)
    return report.kind, [(f.recipient, f.status, f.reply, f.diagnostic) for f in report.failures]


@pytest.mark.parametrize("rewrite", REWRITTEN.values(), ids=REWRITTEN.keys())
def test_it_says_what_it_said(rewrite):
    rewritten = {name: rewrite(message) for name, message in MESSAGES.items()}
    assert sum(rewritten[name] != message for name, message in MESSAGES.items()) > 30
    changed = {
        name: (read(MESSAGES[name]), read(message))
        for name, message in rewritten.items()
        if message != MESSAGES[name] and read(message) != read(MESSAGES[name])
    }
    assert not changed
