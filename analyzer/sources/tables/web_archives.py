"""Workbooks and pages that were saved as a "Single File Web Page" (MHTML), often under the name of a workbook (.xls).

Sources: RFC 2557 (a page and what belongs to it as parts of one message), MS-OI29500 3.2 (a workbook's sheets are
pages of their own beside a frame set).
"""

from __future__ import annotations

import email
import email.policy
import re

from analyzer.errors import UnreadableInputError

_START = re.compile(rb"(?:[A-Za-z][A-Za-z0-9-]*:[^\r\n]*\r?\n(?:[ \t][^\r\n]*\r?\n)*){1,30}")
_RELATED = re.compile(rb"^content-type:\s*multipart/related", re.IGNORECASE | re.MULTILINE)
#: What no mail has: the mark of Office, or the words that browsers and Office write before the first part.
_MARKS = re.compile(
    rb"^(?:x-document-type:|snapshot-content-location:)|Single File Web Page|Web Archive|Saved by (?:Blink|WebKit)",
    re.IGNORECASE | re.MULTILINE,
)


def is_web_archive(head: bytes) -> bool:
    """Whether a file that begins so is a saved page, and no mail."""
    found = _START.match(head.removeprefix(b"\xef\xbb\xbf"))
    return found is not None and bool(_RELATED.search(found[0])) and bool(_MARKS.search(head[:4096]))


def sheets_of_archive(data: bytes, where: str) -> str:
    """The pages of the archive, one behind the other; `UnreadableInputError` where it has none."""
    message = email.message_from_bytes(data, policy=email.policy.compat32)
    pages = []
    for part in message.walk():
        if part.get_content_type() != "text/html":
            continue
        body = part.get_payload(decode=True)
        if isinstance(body, bytes):
            pages.append(_decoded(body, part.get_content_charset() or "utf-8"))
    if not any("<table" in page.lower() for page in pages):
        raise UnreadableInputError(
            where, "is a saved web page (MHTML) without a table", "open it in a spreadsheet and save it as .xlsx or CSV"
        )
    return "\n".join(pages)


def _decoded(body: bytes, charset: str) -> str:
    try:
        return body.decode(charset, errors="replace")
    except LookupError:
        return body.decode("cp1252", errors="replace")
