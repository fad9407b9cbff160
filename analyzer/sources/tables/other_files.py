"""What people take for a table and is none: a workbook under a password, mail.

Sources: MS-OFFCRYPTO 2.3.4 (an encrypted workbook is a compound file with a stream "EncryptedPackage"), MS-OXMSG 2.2
(a message of Outlook has streams "__substg1.0_…"), MS-CFB 2.6.1 (names of streams are UTF-16).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.errors import UnreadableInputError
from analyzer.sources.content import recognise, why_no_mail

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED, _MESSAGE = ("EncryptedPackage".encode("utf-16-le"), "__substg1.0_".encode("utf-16-le"))
#: Files of other kinds, by how they begin; what they are stands with the same marks in `content`.
_OTHERS = (b"7z\xbc\xaf\x27\x1c", b"Rar!", b"!BDN", b"%PDF")
_CHUNK = 1024 * 1024
_LINES = 20


def refuse_others(path: Path, head: bytes, where: str) -> None:
    """`UnreadableInputError` for a file that begins with `head` and can be no table, saying what to do."""
    if head.startswith(_OTHERS):
        what, _, remedy = why_no_mail(head).partition("; ")
        raise UnreadableInputError(
            where, what.removesuffix(", no mail"), remedy or "give CSV, XLSX, Parquet or JSON lines"
        )
    if head.startswith(_COMPOUND):
        if _holds(path, _ENCRYPTED):
            raise UnreadableInputError(where, "is protected by a password", "save it without one")
        if _holds(path, _MESSAGE):
            raise UnreadableInputError(where, "is a message of Outlook, no table", "bounces go with --bounces")


def refuse_mail(
    headers: Sequence[str], below: Sequence[str], where: str, remedy: str = "bounces go with --bounces"
) -> None:
    """`UnreadableInputError` for what has the first line of mail for a header; asked where no column has addresses.

    below: the first cells of the first column.
    """
    lines = "\n".join((", ".join(headers), *below[:_LINES], ""))
    if recognise(lines.encode()) in ("message", "mbox"):
        raise UnreadableInputError(where, "is mail, no table", remedy)


def _holds(path: Path, name: bytes) -> bool:
    """Whether the name of a stream stands anywhere in the file."""
    before = b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            if name in before + chunk:
                return True
            before = chunk[-len(name) :]
    return False
