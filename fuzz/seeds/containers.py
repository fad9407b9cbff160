"""Archives and mailboxes of a few small messages, packed here, the same at every run."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from functools import cache

import zstandard

from fuzz.seeds.mail import messages
from fuzz.seeds.outlook import report

_MEMBERS = ("a.eml", "box/b.eml", "../up.eml", "c\n\x1b[31m.eml", ".hidden", "d.txt")


@cache
def files() -> list[bytes]:
    """One of each sort that is read, some inside another."""
    mails = sorted(messages(), key=len)[:6]
    mbox = b"".join(b"From a@b.example Tue Mar  3 09:30:00 2026\n" + mail + b"\n\n" for mail in mails)
    packed = zipped(mails, zipfile.ZIP_DEFLATED)
    return [
        *mails[:2],
        mbox,
        mbox.replace(b"\n", b"\r\n"),
        packed,
        zipped(mails[:2], zipfile.ZIP_STORED),
        zipped([packed, mbox], zipfile.ZIP_STORED),
        report(),
        tarred(mails),
        gzip.compress(mbox, mtime=0),
        gzip.compress(tarred(mails[:2]), mtime=0),
        gzip.compress(gzip.compress(mails[0], mtime=0), mtime=0),
        bz2.compress(mbox),
        lzma.compress(mbox),
        zstandard.ZstdCompressor().compress(mbox),
        b"\xff\xfe" + mails[0].decode("latin-1").encode("utf-16-le"),
        mails[0].decode("latin-1").encode("utf-16-be"),
        str(len(mails[1])).encode() + b"\n" + mails[1] + b"<?xml version='1.0'?><plist/>",
        b"{}\n",
        b"",
    ]


def zipped(members: list[bytes], method: int) -> bytes:
    """A zip, of the time that zips begin with."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in zip(_MEMBERS, members, strict=False):
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return file.getvalue()


def tarred(members: list[bytes]) -> bytes:
    """A tar, with a link and a device among its files."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, data in zip(_MEMBERS, members, strict=False):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        for kind in (tarfile.SYMTYPE, tarfile.CHRTYPE):
            info = tarfile.TarInfo("etc")
            info.type, info.linkname = kind, "../../etc/passwd"
            archive.addfile(info)
    return file.getvalue()
