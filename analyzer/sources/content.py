"""What a file is, told from its first bytes: a message, an mbox, an archive, or no mail at all.

Sources: RFC 5322 section 2.2 (header fields), RFC 4155 appendix A (mbox), the magic numbers of each archive format
(RFC 1952 for gzip, APPNOTE.TXT for zip, POSIX.1-2001 pax for tar, [MS-CFB] for Outlook).
"""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

from analyzer.sources import feeds, lists, logs

_Packed: TypeAlias = Literal["zip", "tar", "gzip", "bzip2", "xz", "zstd", "utf-16"]
Content: TypeAlias = Literal[_Packed, "message", "mbox", "outlook", "feed", "log", "list", "table", "empty", "other"]

#: How much of a file `recognise` wants to see.
HEAD_SIZE = 64 * 1024

# Fields that hardly occur outside of mail; one is enough.
_STRONG = (
    rb"(?:return-path|received|received-spf|delivered-to|envelope-to|x-[a-z0-9-]+|message-id|mime-version|"
    rb"dkim-signature|domainkey-signature|arc-[a-z-]+|authentication-results|auto-submitted|reporting-mta|"
    rb"final-recipient|original-recipient|feedback-type|list-unsubscribe)[ \t]*:"
)
# Fields that notes, front matter and settings have as well; two of them, or one where mail is expected.
_WEAK = rb"(from|to|cc|subject|date|sent|sender|reply-to|content-type)[ \t]*:"

_STRONG_FIRST = re.compile(_STRONG, re.IGNORECASE)
_STRONG_FIELD = re.compile(rb"^" + _STRONG, re.IGNORECASE | re.MULTILINE)
_WEAK_FIELD = re.compile(rb"^" + _WEAK, re.IGNORECASE | re.MULTILINE)
# A POP3 or IMAP answer, or the length line of an .emlx file, may stand before the first field.
_FIELD_SOON = re.compile(rb"(?:[^\n]*\n){0,2}?[!-9;-~]{1,100}[ \t]*:")
_BLANK_LINE = re.compile(rb"\n[ \t]*\r?\n")
# At the start of a file a From_ line needs no date: some writers put `From ()` or a local time there.
#: With an address and a time it is a From_ line of RFC 4155, whatever the message behind it looks like.
_FROM_LINE = re.compile(rb"From [^\s]+ [^\n]{0,100}\d{1,2}:\d{2}[^\n]{0,100}\n")
_FROM_LINE_FIRST = re.compile(rb"From (?![ \t]*:)[^\n]{0,1000}\n(?:>*From [^\n]{0,1000}\n)*[!-9;-~]{1,100}[ \t]*:")

_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_MAGIC: tuple[tuple[bytes, Content], ...] = (
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    # A frame to be skipped, which some archivers put in front (RFC 8878 3.1.2).
    *[(bytes([0x50 + number]) + b"\x2a\x4d\x18", "zstd") for number in range(16)],
    # A compound file: Outlook's mail, or an old Office document, which only the inside tells ([MS-CFB] 2.2).
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "outlook"),
)
_PARQUET = b"PAR1"
_ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
# Workbooks, other documents, e-books and Java archives are zips too; their first member gives them away.
_ZIPPED_DOCUMENT = (b"[Content_Types].xml", b"mimetype", b"META-INF/", b"_rels/.rels", b"docProps/", b"xl/", b"word/")

# What the names of a workbook's members begin with (.xlsx), and the type that another names first (.ods).
_ZIPPED_WORKBOOK = (b"xl/", b"opendocument.spreadsheet")

_UNSUPPORTED: tuple[tuple[bytes, str], ...] = (
    (b"7z\xbc\xaf\x27\x1c", "is a 7-Zip archive, which is not read; unpack it first"),
    (b"Rar!", "is a RAR archive, which is not read; unpack it first"),
    (b"!BDN", "is an Outlook data file; export its mails as .eml or mbox"),
    (b"%PDF", "is a PDF document, no mail"),
)

NO_LIST = "is a table, no mail; a campaign export goes with --log, a list of bounces needs a column bounce_reason"
_OWN = "is a table of bounces that parse wrote already; diagnose, ingest and export take it with --bounces"
#: A column's name is no longer: what is longer is a sentence.
_LONGEST_NAME = 60
_SENDGRID = (b'"sg_event_id"', b'"sg_message_id"')


def recognise(head: bytes, *, expected: bool = False) -> Content:
    """What the file that begins with `head` (its first HEAD_SIZE bytes, or all of it) is.

    `expected`: its name or its place says that it should be a mail, so one everyday header field is enough.
    """
    if _STRONG_FIRST.match(head):
        return "message"
    if head.startswith(b"From "):
        return "mbox" if _FROM_LINE_FIRST.match(head) or _FROM_LINE.match(head) else "other"
    for magic, content in _MAGIC:
        if head.startswith(magic):
            return content
    if head.startswith(_ZIP_MAGIC):
        if not head[30:].startswith(_ZIPPED_DOCUMENT):
            return "zip"
        return "table" if any(mark in head for mark in _ZIPPED_WORKBOOK) else "other"
    if head.startswith(_PARQUET):
        return "table"
    if _is_tar(head):
        return "tar"
    if utf16_codec(head):
        return "utf-16"
    if not head.strip():
        return "empty"
    if feeds.recognises(head):
        return "feed"
    if logs.recognises(head):
        return "log"
    if lists.recognises(head, expected=expected):
        return "list"
    if feeds.recognises_by_words(head, expected=expected):
        return "feed"
    return "message" if _has_header(head, expected) else "other"


def why_no_mail(head: bytes) -> str:
    """One phrase, ready to stand behind a file's name, for what `recognise` called "other" or "empty"."""
    if not head.strip():
        return "is empty"
    for magic, says in _UNSUPPORTED:
        if head.startswith(magic):
            return says
    if head.startswith(_ZIP_MAGIC):
        return "is an Office document, no mail"
    if b"\0" in head:
        return "is binary data, no mail"
    if head.lstrip()[:1] in (b"{", b"["):
        if any(key in head for key in _SENDGRID) and b'"email"' not in head:
            return "holds events of SendGrid without an address; export them with their email"
        return _OWN if _is_own(head) else "is JSON of no feed that is known"
    if _is_own(head):
        return _OWN
    if _is_table(head):
        return NO_LIST
    return "has no mail header"


def _is_own(head: bytes) -> bool:
    # Only what is no mail at all is asked.
    from analyzer.sources.own_rows import is_own_head

    return is_own_head(head)


def _is_table(head: bytes) -> bool:
    """Whether the first line names several columns, and one of the next has as many cells."""
    import csv

    lines = [line.decode("latin-1") for line in head.splitlines()[:6]]
    for sign in ",;\t":
        first, *rest = csv.reader(lines, delimiter=sign)
        if len(first) > 1 and max(map(len, first)) <= _LONGEST_NAME and len(first) in map(len, rest):
            return True
    return False


def utf16_codec(head: bytes) -> str:
    """The codec of UTF-16 text with a mark, or of Latin letters without one; "" for anything else."""
    if head.startswith(_UTF16_MARKS):
        return "utf-16"
    if len(head) >= 16 and not any(head[1:16:2]) and all(head[0:16:2]):
        return "utf-16-le"
    if len(head) >= 16 and not any(head[0:16:2]) and all(head[1:16:2]):
        return "utf-16-be"
    return ""


def _has_header(head: bytes, expected: bool) -> bool:
    if not _FIELD_SOON.match(head):
        return False
    blank = _BLANK_LINE.search(head)
    end = blank.start() if blank else len(head)
    if b"\0" in head[:512]:
        return False
    if _STRONG_FIELD.search(head, 0, end):
        return True
    fields = {name.lower() for name in _WEAK_FIELD.findall(head, 0, end)}
    return len(fields) >= (1 if expected else 2)


def _is_tar(head: bytes) -> bool:
    if head[257:262] == b"ustar":
        return True
    # Archives from before POSIX carry no magic, only the sum of the header's bytes with its own field as blanks.
    if len(head) < 512 or b"\0" not in head[:100] or not head[:1].strip(b"\0"):
        return False
    try:
        stated = int(head[148:156].strip(b" \0"), 8)
    except ValueError:
        return False
    return stated == sum(head[:148]) + sum(head[156:512]) + 8 * 0x20
