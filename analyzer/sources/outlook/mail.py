"""Outlook's mail made an Internet message, so that whatever reads messages reads it ([MS-OXCMAIL]).

A report has lost its `message/delivery-status` on the way into Outlook: it is made anew out of the recipients, whose
properties hold what its fields said ([MS-OXCMAIL] 2.1.3.6 and 2.2.3.7). Attached files that are no mail stay behind.
"""

from __future__ import annotations

import hashlib
import re
from email.utils import format_datetime, formataddr
from typing import NamedTuple

from analyzer.sources.outlook import rtf
from analyzer.sources.outlook.compound import Compound, Storage
from analyzer.sources.outlook.properties import Properties

# Names of [MS-OXPROPS].
_CLASS, _SUBJECT, _HEADER = 0x001A, 0x0037, 0x007D
_SUBMITTED, _DELIVERED, _CREATED = 0x0039, 0x0E06, 0x3007
_TO, _CC = 0x0E04, 0x0E03
_BODY, _HTML, _RICH = 0x1000, 0x1013, 0x1009
_MESSAGE_ID, _REFERENCES, _IN_REPLY_TO = 0x1035, 0x1039, 0x1042
_SENDER_NAME, _SENDER_ADDRESS, _SENDER_SMTP = 0x0C1A, 0x0C1F, 0x5D01
_NAME, _ADDRESS, _SMTP = 0x3001, 0x3003, 0x39FE
_REPORTING_MTA, _REMOTE_MTA = 0x6820, 0x0C21
_REPORT_TEXT, _SUPPLEMENTARY, _STATUS, _DIAGNOSIS = 0x1001, 0x0C1B, 0x0C20, 0x0C05
_MIME_TYPE, _FILE_NAME, _SHORT_NAME, _FILE = 0x370E, 0x3707, 0x3704, 0x3701

#: How many bytes stand before the list of properties: of the file's mail, of a mail inside, of anything else.
_TOP, _INSIDE, _PART = 32, 24, 8
#: Mails inside one another that are read, and attached files that may be mail.
_MOST_INSIDE, _MOST_FILES = 4, 100
_LONGEST_FILE = 8 << 20

#: What the X.400 diagnosis of a failed recipient says as an enhanced status code (X.411, RFC 3463).
_STATUS_OF_DIAGNOSIS = {
    0: "5.1.1", 1: "5.1.4", 2: "5.4.5", 3: "5.4.6", 4: "5.2.1", 5: "5.4.7", 6: "5.6.1", 7: "5.3.4", 13: "5.3.4",
    16: "5.5.3", 29: "5.7.1",
}  # fmt: skip
_ACTIONS = {".NDR": "failed", ".DR": "delivered"}
_READ = {".IPNRN": "displayed", ".IPNNRN": "deleted"}
#: What Outlook's rules answer with while somebody is away.
_AUTOMATIC = ("IPM.NOTE.RULES.OOFTEMPLATE", "IPM.NOTE.RULES.REPLYTEMPLATE")
_MAIL_TYPES = frozenset(
    {
        "message/rfc822",
        "message/delivery-status",
        "message/global-delivery-status",
        "message/disposition-notification",
        "message/feedback-report",
        "message/global",
        "text/rfc822-headers",
    }
)
#: Of these, what a report says itself.
_REPORTS = frozenset({"message/delivery-status", "message/global-delivery-status", "message/disposition-notification"})
_FIELD = re.compile(r"[!-9;-~]+[ \t]*:")
#: How Exchange puts a Diagnostic-Code field with what is around it into one text: "<host #5.1.1 smtp;550 5.1.1 …>".
_SUPPLEMENT = re.compile(
    r"<(?P<host>[\w.-]{1,255}) #(?P<status>[245]\.\d{1,3}\.\d{1,3})?(?: ?[\w-]{1,20};\s?(?P<said>.*)|[^>]*)>"
)
_ADDRESS_IN = re.compile(r"[^\s<>\"'()\[\];:,@]{1,64}@[^\s<>\"'()\[\];:,@]{1,255}")


class NotMailError(Exception):
    """A compound file that holds something else: an old Office document, a contact."""


class _Part(NamedTuple):
    """A part of the message: its content type and its bytes, which need no encoding."""

    content_type: str
    data: bytes


def message_of(data: bytes) -> bytes:
    """The Internet message (RFC 5322) that an Outlook file holds.

    `NotMailError` where it holds none, `DamagedError` where it cannot be read.
    """
    file = Compound(data)
    if "__properties_version1.0" not in file.root.streams:
        raise NotMailError
    return _message(file, file.root, _TOP, 0)


def _message(file: Compound, storage: Storage, before: int, depth: int) -> bytes:
    mail = Properties(file, storage, before)
    kind = mail.line(_CLASS).upper()
    if not kind.startswith(("IPM.NOTE", "REPORT.", "IPM.RECALL")) and (kind or not mail.text(_HEADER)):
        raise NotMailError
    attached = _attached(file, mail, depth)
    told = any(part.content_type in _REPORTS for part in attached)
    parts = [*_texts(mail), *([] if told else _report(file, mail, kind)), *attached]
    header = _header(mail, kind)
    boundary = "outlook-" + hashlib.blake2b(b"".join(part.data for part in parts), digest_size=12).hexdigest()
    report = kind.startswith("REPORT.")
    what = "report" if report else "alternative" if _is_alternative(parts) else "mixed"
    report_type = "; report-type=delivery-status" if report and kind.endswith(tuple(_ACTIONS)) else ""
    content_type = f'Content-Type: multipart/{what}{report_type}; boundary="{boundary}"'
    lines = [*header, "MIME-Version: 1.0", content_type, "", ""]
    body = b"".join(
        b"--%s\nContent-Type: %s\nContent-Transfer-Encoding: 8bit\n\n%s\n"
        % (boundary.encode(), part.content_type.encode("utf-8", "replace"), part.data)
        for part in parts
    )
    return "\n".join(lines).encode("utf-8", "replace") + body + b"--%s--\n" % boundary.encode()


def _is_alternative(parts: list[_Part]) -> bool:
    return [part.content_type.partition(";")[0] for part in parts] == ["text/plain", "text/html"]


def _header(mail: Properties, kind: str) -> list[str]:
    """The header that came with the mail, without what it says of MIME; what it lacks out of the properties."""
    lines = _own_lines(mail.text(_HEADER))
    there = {line.partition(":")[0].strip().lower() for line in lines if line[:1] not in {" ", "\t"}}
    sent = mail.time(_DELIVERED) or mail.time(_SUBMITTED) or mail.time(_CREATED)
    made = {
        "Date": format_datetime(sent) if sent else "",
        "From": _sender(mail, kind),
        "To": mail.line(_TO),
        "Cc": mail.line(_CC),
        "Subject": mail.line(_SUBJECT),
        "Message-ID": mail.line(_MESSAGE_ID),
        "In-Reply-To": mail.line(_IN_REPLY_TO),
        "References": mail.line(_REFERENCES),
        "Auto-Submitted": "auto-replied" if kind.startswith(_AUTOMATIC) else "",
    }
    lines += [f"{name}: {value}" for name, value in made.items() if value and name.lower() not in there]
    return lines


def _own_lines(header: str) -> list[str]:
    """The lines of a header, without the fields that describe the form which the mail no longer has."""
    kept: list[str] = []
    keeps = False
    for line in header.replace("\r\n", "\n").replace("\r", "\n").lstrip("\n").split("\n"):
        if not line.strip():
            break
        if line[:1] not in {" ", "\t"}:
            # A first line such as "Microsoft Mail Internet Headers Version 2.0" is no field.
            keeps = _FIELD.match(line) is not None and not line.lower().startswith(("content-", "mime-version"))
        if keeps:
            kept.append(line)
    return kept


def _sender(mail: Properties, kind: str) -> str:
    address, name = _sender_address(mail), mail.line(_SENDER_NAME)
    if not address and not kind.startswith("REPORT."):
        # Within Exchange senders have X.500 names, of which the last part says who: "/o=…/cn=recipients/cn=ann".
        last = re.sub(r"[^\w.-]", "", mail.line(_SENDER_ADDRESS).rpartition("=")[2])
        address = f"{last or 'unknown'}@exchange.invalid"
    if not address:
        return name
    return formataddr((name if "@" not in name else "", address)) if address.isascii() else f"<{address}>"


def _sender_address(mail: Properties) -> str:
    """The sender's Internet address; "" for a name of X.500."""
    addresses = (mail.line(_SENDER_SMTP), mail.line(_SENDER_ADDRESS))
    return next((one for one in addresses if "@" in one and not one.startswith("/")), "")


def _texts(mail: Properties) -> list[_Part]:
    """What the mail says, as plain text and as HTML."""
    found: list[_Part] = []
    page = mail.data(_HTML)
    text = mail.text(_BODY)
    if not (text or page or mail.text(_HTML)):
        text = rtf.text_of(mail.data(_RICH))
    if text or not (page or mail.text(_HTML)):
        found.append(_Part("text/plain; charset=utf-8", _with_plain_ends(text.encode("utf-8", "replace"))))
    if not page and (text := mail.text(_HTML)):
        page = text.encode("utf-8", "replace")
        found.append(_Part("text/html; charset=utf-8", _with_plain_ends(page)))
    elif page:
        found.append(_Part(f"text/html; charset={mail.codec}", _with_plain_ends(page)))
    return found


def _with_plain_ends(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _report(file: Compound, mail: Properties, kind: str) -> list[_Part]:
    """The machine-readable part of a report (RFC 3464, RFC 8098)."""
    read = next((said for end, said in _READ.items() if kind.endswith(end)), "")
    if kind.startswith("REPORT.") and read:
        fields = f"Final-Recipient: rfc822; {_sender_address(mail)}\n"
        disposition = f"{fields}Disposition: manual-action/MDN-sent-manually; {read}\n"
        return [_Part("message/disposition-notification", disposition.encode("utf-8", "replace"))]
    action = next((said for end, said in _ACTIONS.items() if kind.endswith(end)), "")
    if not kind.startswith("REPORT.") or not action:
        return []
    groups = [_group(Properties(file, one, _PART, mail.codec), action) for one in mail.parts("__recip_version1.0_#")]
    told = [group for group in groups if group]
    if not told:
        return []
    reporter = mail.line(_REPORTING_MTA)
    whole = "\n".join([f"Reporting-MTA: dns; {reporter}\n" if reporter else "Reporting-MTA: dns;\n", *told])
    return [_Part("message/delivery-status", whole.encode("utf-8", "replace"))]


def _group(recipient: Properties, action: str) -> str:
    """The fields of one recipient; "" where no property holds an address."""
    named = list(filter(None, (_ADDRESS_IN.search(recipient.line(name)) for name in (_SMTP, _ADDRESS, _NAME))))
    if not named:
        return ""
    said, remote, status = recipient.line(_SUPPLEMENTARY), recipient.line(_REMOTE_MTA), _status(recipient)
    if wrapped := _SUPPLEMENT.fullmatch(said):
        remote, status, said = remote or wrapped["host"], wrapped["status"] or status, wrapped["said"] or ""
    said = said or recipient.line(_REPORT_TEXT)
    fields = [
        f"Final-Recipient: rfc822; {named[0].group()}",
        f"Action: {action}",
        f"Status: {status or ('5.0.0' if action == 'failed' else '2.0.0')}",
    ]
    if remote:
        fields.append(f"Remote-MTA: dns; {remote}")
    if said:
        fields.append(f"Diagnostic-Code: smtp; {said}")
    return "\n".join(fields) + "\n"


def _status(recipient: Properties) -> str:
    """The enhanced status code: kept as a number of three digits, else as X.400's diagnosis."""
    digits = str(recipient.number(_STATUS) or "")
    if len(digits) == 3 and digits[0] in "245":
        return ".".join(digits)
    return _STATUS_OF_DIAGNOSIS.get(number, "") if (number := recipient.number(_DIAGNOSIS)) is not None else ""


def _attached(file: Compound, mail: Properties, depth: int) -> list[_Part]:
    """The mails that are attached, and the machine-readable parts that Outlook took for files."""
    found: list[_Part] = []
    for storage in mail.parts("__attach_version1.0_#")[:_MOST_FILES]:
        one = Properties(file, storage, _PART, mail.codec)
        inside = one.object(_FILE)
        if inside is not None:
            if depth < _MOST_INSIDE and "__properties_version1.0" in inside.streams:
                try:
                    found.append(_Part("message/rfc822", _message(file, inside, _INSIDE, depth + 1)))
                except NotMailError:
                    continue
            continue
        kind, name = one.line(_MIME_TYPE).lower(), (one.line(_FILE_NAME) or one.line(_SHORT_NAME)).lower()
        if name.endswith(".eml"):
            kind = "message/rfc822"
        if kind in _MAIL_TYPES or name.endswith((".txt", ".dat", ".hdr")):
            data = one.data(_FILE)
            if data and len(data) <= _LONGEST_FILE:
                kind = kind if kind in _MAIL_TYPES else "text/plain"
                found.append(_Part(kind, _with_plain_ends(data)))
    return found
