"""The words of the pages that are not a report's: states, stages, what columns and files are, errors put for a page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from analyzer.report.words import clean, short

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analyzer.serve.jobs import Upload

STATUSES: Final = {
    "waiting": "Waiting for its turn",
    "working": "Working",
    "ready": "Ready to start",
    "done": "Done",
    "failed": "Not done",
    "cancelled": "Cancelled",
    "interrupted": "Interrupted",
}
KINDS: Final = {"diagnose": "Campaign", "check": "Lead list"}
#: What a process is at. "{n}" is how many it has done, where it counts.
STAGES: Final = {
    "start": "Starting",
    "look": "Looking at the files",
    "bounces": "Reading bounces",
    "match": "Tying bounces to sends, and working it out",
    "write": "Writing the report",
    "history": "Reading what bounced before",
    "format": "Reading addresses",
    "grade": "Grading leads",
    "dns": "Looking domains up",
    "smtp": "Asking mail servers",
}
UNITS: Final = {"look": "file", "bounces": "message", "format": "address", "grade": "lead"}
PLURALS: Final = {"address": "addresses"}
ROLES: Final = {
    "bounces": "Bounces: what came back",
    "log": "Campaign log: what was sent",
    "leads": "Lead list of this campaign",
    "next": "Leads of the next sequence",
    "unused": "Leave it out",
}
#: The fields that a column can be, most wanted first.
FIELDS: Final = {
    "recipient": "Email address",
    "sent_at": "Sent at",
    "email_status": "Verification status",
    "industry": "Industry",
    "campaign": "Campaign",
    "step": "Sequence step",
    "sender": "Sender mailbox",
    "message_id": "Message-ID",
    "lead_id": "Lead id",
    "bounced": "Bounced: yes or no",
    "bounce_reason": "Text of the bounce",
    "company": "Company",
    "country": "Country",
    "verified_at": "Verified at",
    "title": "Job title",
    "state": "What became of the mail",
    "event": "Event",
    "was_sent": "Was it sent: yes or no",
    "was_delivered": "Was it delivered: yes or no",
    "direction": "Sent or received",
    "spam_blocked": "Blocked as spam: yes or no",
    "complained": "Complained: yes or no",
    "opted_out": "Opted out: yes or no",
    "catch_all": "Catch-all: yes or no",
    "is_valid": "Valid: yes or no",
    "is_verified": "Verified: yes or no",
    "naics": "NAICS code",
    "sic": "SIC code",
    "gics": "GICS code",
    "linkedin_industry_id": "LinkedIn industry code",
}
GRADES: Final = {"send": "Send", "verify_again": "Verify again", "do_not_send": "Do not send"}
#: What each file of a result is for, in the order in which they are offered.
OUTPUTS: Final = {
    "report.html": "The whole report as one page",
    "report.xlsx": "The figures as a workbook",
    "report.md": "The report as text, for a ticket or a chat",
    "suppression.csv": "Addresses never to write to again",
    "next_send.csv": "The next list, safest leads first",
    "bounces.csv": "Every bounce, and the mail it belongs to",
    "diagnosis.json": "All figures, for other programs",
    "checked.xlsx": "The graded list as a workbook",
    "checked.csv": "The graded list as CSV",
}
MEDIA: Final = {
    ".html": "text/html; charset=utf-8",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".md": "text/markdown; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".json": "application/json",
}
#: What a command line calls it, and what a page does; errors name the former.
_ON_A_PAGE: Final = (
    (r"name it with --map YOURCOLUMN=\w+", "say below which column it is"),
    (r"\(to change it: --map [^)]*\)", "(change it below)"),
    (r", which --map [^;]*? names", ""),
    (r" in --map \S+=\S+", ""),
    (r" \(--map\)", ""),
    (r", or give the list of these leads(, with their ids,)? (as|with) --leads", ", or add the list of these leads"),
    (r"--map '?[^';,]*'?=\w+", "the columns below"),
    (r", or probe them with --smtp", ""),
    (r": --dns\.$", " with the command line: bounce-analyzer check --dns."),
    (r"--bounces", "the bounces"),
    (r"--log", "the campaign log"),
    (r"--leads", "the lead list"),
    (r"--next", "the next list"),
    (r"--dates", "“Dates” below"),
    (r"--timezone", "“Time zone” below"),
    (r"^diagnose: ", ""),
    (r"give the campaign log, or a --workspace that holds one", "add the campaign log"),
)
_PLACE: Final = re.compile(r"(?:/[^\s:;,'\"]{0,400}/)?((?:mail-\d+/)?upload-\d{4}(?:\.[a-z0-9.]+)?|mail-\d+)")


def with_names(text: str, files: Sequence[Upload], folder: str = "") -> str:
    """The text with the names that people gave their files where it has ours; `folder` for the folder of mails."""
    names = {file.stored: file.name for file in files}

    def name(found: re.Match[str]) -> str:
        stored = found[1].rpartition("/")[2]
        if stored.startswith("mail-"):
            return folder or "the bounces"
        # What is inside an archive, or the number in a mailbox, may stand right behind the name.
        while stored not in names and "." in stored:
            stored = stored.rpartition(".")[0]
        return names[stored] + found[1].rpartition("/")[2][len(stored) :] if stored in names else found[0]

    return _PLACE.sub(name, text)


def for_page(text: str, files: Sequence[Upload]) -> str:
    """An error or a warning as a page says it: the sender's names of the files, and no options of a command line."""
    told = clean(with_names(text, files))
    for pattern, instead in _ON_A_PAGE:
        told = re.sub(pattern, instead, told)
    told = told[:1].upper() + told[1:] if told[:1].isalpha() and not _starts_with_name(told, files) else told
    return short(told, 600)


def _starts_with_name(text: str, files: Sequence[Upload]) -> bool:
    return any(text.startswith(clean(file.name)) for file in files if file.name)


def size_words(size: int) -> str:
    """Bytes for a person, in steps of 1024: "1.1 MB"."""
    number, unit = float(size), "bytes"
    for larger in ("kB", "MB", "GB"):
        if number < 1000:
            break
        number, unit = number / 1024, larger
    return f"{number:.0f} {unit}" if number >= 10 or number.is_integer() else f"{number:.1f} {unit}"


def counted(number: int, one: str) -> str:
    """ "1 file", "12 files"."""
    many = PLURALS.get(one, f"{one}s")
    return f"{number:,} {one if number == 1 else many}"


def ending_of(name: str) -> str:
    """The ending of a sender's file name if it is one that readers go by, else ""."""
    from_name = Path(name.lower().replace("\\", "/")).suffixes[-2:]
    for ending in ("".join(from_name), from_name[-1] if from_name else ""):
        if ending in _ENDINGS:
            return ending
    return ""


_PLAIN: Final = (
    *("eml", "emlx", "mail", "mbox", "mbx", "txt", "log", "csv", "tsv", "json", "jsonl", "ndjson"),
    *("parquet", "xlsx", "xls", "ods"),
)
_PACKED: Final = ("gz", "bz2", "xz", "zst")
_ENDINGS: Final = frozenset(
    {
        *(f".{plain}" for plain in _PLAIN),
        *(f".{plain}.{packed}" for plain in (*_PLAIN, "tar") for packed in _PACKED),
        *(f".{packed}" for packed in _PACKED),
        *(".zip", ".tar", ".tgz", ".tbz2", ".txz", ".list", ".lst"),
    }
)
