"""What a file is, from its first bytes."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile

import pytest

from analyzer.sources.content import recognise, why_no_mail

MAIL = b"Received: from mx.example.com\nSubject: hi\n\nbody\n"


def zipped(*names: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name in names:
            archive.writestr(name, MAIL)
    return held.getvalue()


def tarred(tar_format: int) -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w", format=tar_format) as archive:
        info = tarfile.TarInfo("a.eml")
        info.size = len(MAIL)
        archive.addfile(info, io.BytesIO(MAIL))
    return held.getvalue()


def v7_tar() -> bytes:
    """A tar from before POSIX: no magic, only the checksum."""
    header = bytearray(tarred(tarfile.USTAR_FORMAT)[:512])
    header[257:265] = bytes(8)
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header)


@pytest.mark.parametrize(
    ("head", "content"),
    [
        (MAIL, "message"),
        (MAIL.replace(b"\n", b"\r\n"), "message"),
        (b"from: a@example.com\nto: b@example.com\n\nhello", "message"),
        (b"+OK 1204 octets\r\nReturn-Path: <>\r\n\r\n", "message"),
        (b"ARC-Seal: i=1; a=rsa-sha256;\n b=abc\nDate: x\n\n", "message"),
        (b"List-Id: x\n continued\nFrom: a@example.com\nSubject: b\n\n", "message"),
        (b"From a@example.com Mon Mar  2 10:00:00 2026\nSubject: x\n\nbody\n", "mbox"),
        (b"From MAILER-DAEMON Mon Mar  2 10:00:00 2026\r\nSubject: x\r\n\r\nbody\r\n", "mbox"),
        (b"From () 2019-10-02 05:04:34 +0000\nDelivered-To: a@example.com\n\n", "mbox"),
        (b"From x\n>From a@example.com Mon Mar  2 10:00:00 2026\nSubject: x\n\n", "mbox"),
        (b"From the desk of Jane\nwith all my love\n", "other"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "outlook"),
        (b"", "empty"),
        (b" \r\n\n", "empty"),
        (b"# Notes\n\nSubject: how to send mail\n", "other"),
        (b"Note: one field does not make a mail\n\n", "other"),
        (b"Subject: only one everyday field\n\n", "other"),
        (b"email,name\njane.roe@example.com,Jane\n", "other"),
        (b'{"event": "bounce"}\n', "other"),
        (b"Mar  2 10:00:00 mx postfix/smtp[1]: A1: to=<a@example.com>, status=bounced\n", "log"),
        (b"Mar  2 10:00:00 mx sshd[1]: Connection closed by 192.0.2.9 port 51122\n", "other"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "other"),
        (bytes(range(256)) * 8, "other"),
        (b"\0" * 600, "other"),
        (gzip.compress(MAIL, mtime=0), "gzip"),
        (bz2.compress(MAIL), "bzip2"),
        (lzma.compress(MAIL), "xz"),
        (zipped("a.eml"), "zip"),
        (zipped("[Content_Types].xml", "word/document.xml"), "other"),
        (tarred(tarfile.USTAR_FORMAT), "tar"),
        (tarred(tarfile.PAX_FORMAT), "tar"),
        (tarred(tarfile.GNU_FORMAT), "tar"),
        (v7_tar(), "tar"),
        (MAIL.decode().encode("utf-16"), "utf-16"),
        (MAIL.decode().encode("utf-16-le"), "utf-16"),
        (MAIL.decode().encode("utf-16-be"), "utf-16"),
    ],
)
def test_recognise(head: bytes, content: str) -> None:
    assert recognise(head) == content


def test_one_everyday_field_is_enough_where_mail_is_expected() -> None:
    assert recognise(b"Subject: hi\n\nbody", expected=True) == "message"
    assert recognise(b"Note: hi\n\nbody", expected=True) == "other"


@pytest.mark.parametrize(
    ("head", "says"),
    [
        (b"", "is empty"),
        (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
        (b"\x89PNG\0", "binary"),
        (b'[{"event": 1}]', "JSON"),
        (b'[{"event": "bounce", "sg_event_id": "x", "reason": "550"}]', "without an address"),
        (
            b"a,b\n1,2\n",
            "is a table, no mail; a campaign export goes with --log, a list of bounces needs a column bounce_reason",
        ),
        (b"Email;Name\n\na@b.example;Jane\n", "is a table"),
        (b"Meeting notes\nwhat we said\n", "no mail header"),
        (b'source,recipient,label,reason\nx,"a,b",hard,user_unknown\n', "that parse wrote already"),
        (b'{"recipient": "a@b.example", "label": "hard", "reason": "user_unknown"}\n', "that parse wrote already"),
    ],
)
def test_why_no_mail(head: bytes, says: str) -> None:
    assert says in why_no_mail(head)
