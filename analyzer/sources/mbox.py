"""An mbox, cut into its messages as it streams by: mboxo, mboxrd and files that escape nothing, LF or CRLF.

Sources: RFC 4155 appendix A; the From_ lines of Gmail Takeout, Thunderbird (`From - `), Pipermail (`jane at
example.com`) and Eudora. The file is never held whole: memory is one message and one chunk.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_CHUNK = 1 << 20
_GREATEST_CHUNK = 8 << 20
#: A From_ line, and enough of the line behind it to tell a header field.
_LOOK_AHEAD = 2048
#: How far behind a doubtful From_ line the end of the multipart around it is looked for.
_MULTIPART_LOOK_AHEAD = 1 << 20
_GREATEST_HEADER = 32 * 1024

# A separator is a From_ line with a day, a time and a year, and a header field behind it: prose that begins with "From"
# has the one or the other, never both. Some stores leave an older, escaped From_ line on top of the header.
# A message that was saved as a text of its own may begin with a byte order mark.
# Some write the word alone; only a field that begins a stored message makes a separator of that.
_SEPARATOR = re.compile(
    rb"From -?[ \t]*\r?\n(?=(?i:X-Mozilla-Status|X-Account-Key|X-UIDL|Return-Path|Delivered-To|Received)[ \t]*:)"
    rb"|From (?![ \t]*:)"
    rb"(?=[^\n]{0,400}\b(?:19|20)\d\d\b)"
    rb"(?=[^\n]{0,400}\b\d?\d:\d\d\b)"
    rb"(?=[^\n]{0,400}(?:\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
    rb"|\d{4}-\d\d-\d\d))"
    rb"[^\n]{0,1000}\n"
    rb"(?=>*From |(?:\xef\xbb\xbf)?[!-9;-~]{1,100}[ \t]*:)"
)
_ENVELOPE_LINES = re.compile(rb"(?:>*From [^\n]*\n)+")
_ESCAPED = re.compile(rb"^>(>*From )", re.MULTILINE)
_BOUNDARY = re.compile(rb'=[ \t]*(?:"([^"\r\n]{1,200})"|([^\s";]{1,200}))')


def messages(
    head: bytes, read: Callable[[int], bytes], *, limit: int, left_out: Callable[[bytes], None] | None = None
) -> Iterator[bytes | None]:
    """Each message of the mbox that begins with `head` and goes on with `read(n)`, without its From_ line, unescaped.

    None stands for a message of more than `limit` bytes: it is passed over without being held, its pieces given to
    `left_out` before. Errors of `read` pass through; what was complete by then has been yielded.
    """
    for _, _, message in located(head, read, limit=limit, left_out=left_out):
        yield message


def located(
    head: bytes, read: Callable[[int], bytes], *, limit: int, left_out: Callable[[bytes], None] | None = None
) -> Iterator[tuple[int, int, bytes | None]]:
    """As `messages`, each with the places where its From_ line begins and where the next one may; `head` is at 0."""
    buffer, start, ended = head, 0, False
    scan = 0
    oversize = False
    #: Where the buffer begins, and where the current message does.
    base = begin = 0
    while True:
        at = buffer.find(b"\nFrom ", scan)
        if at >= 0 and (ended or len(buffer) - at >= _LOOK_AHEAD):
            scan = at + 1
            end = _end_before(buffer, at)
            if end < start or not _SEPARATOR.match(buffer, scan):
                continue
            if not oversize and (boundary := _open_boundary(buffer, start, end)):
                if not ended and len(buffer) - at < _MULTIPART_LOOK_AHEAD:
                    more = _read_up_to(read, _MULTIPART_LOOK_AHEAD)
                    ended = len(more) < _MULTIPART_LOOK_AHEAD
                    base += start
                    buffer, scan, end, start = buffer[start:] + more, scan - start, end - start, 0
                if closed := _closes_later(buffer, scan, boundary):
                    scan = closed
                    continue
            oversize = oversize or end - start > limit
            if oversize and left_out:
                left_out(buffer[start:end])
            yield begin, base + scan, None if oversize else _message(buffer[start:end])
            start, oversize, begin = scan, False, base + scan
            continue
        if ended:
            break
        # Nothing more to find here: what lies before the current message goes, and the search resumes where it stood.
        scan = at if at >= 0 else max(start, len(buffer) - len(b"\nFrom "))
        if scan - start > limit:
            # Three bytes before the resumption point tell whether a blank line comes before it.
            if left_out:
                left_out(buffer[start : max(start, scan - 3)])
            oversize, start = True, max(start, scan - 3)
        chunk = read(min(max(_CHUNK, len(buffer) - start), _GREATEST_CHUNK))
        ended = not chunk
        base += start
        buffer, scan, start = buffer[start:] + chunk, scan - start, 0
    if oversize or len(buffer) - start > limit:
        if left_out:
            left_out(buffer[start:])
        yield begin, base + len(buffer), None
    elif start < len(buffer):
        yield begin, base + len(buffer), _message(_without_last_blank(buffer[start:]))


def without_envelope(data: bytes) -> bytes:
    """A single message without the From_ line (and older, escaped ones) that a mail store left on top of it."""
    lines = _ENVELOPE_LINES.match(data)
    return data[lines.end() :] if lines else data


def _message(data: bytes) -> bytes:
    data = without_envelope(data)
    return _ESCAPED.sub(rb"\1", data) if b">From " in data else data


def _end_before(buffer: bytes, at: int) -> int:
    """Where the message before the line break at `at` ends, if that line break is the end of a blank line; else -1."""
    if buffer[at - 1 : at] == b"\n":
        return at
    return at - 1 if buffer[at - 2 : at] == b"\n\r" else -1


def _without_last_blank(data: bytes) -> bytes:
    if data.endswith(b"\n\n"):
        return data[:-1]
    return data[:-2] if data.endswith(b"\n\r\n") else data


def _open_boundary(buffer: bytes, start: int, end: int) -> bytes:
    """The boundary of the message's outermost multipart if its closing line has not come yet, else b""."""
    end_of_header = min(end, start + _GREATEST_HEADER)
    at = buffer.find(b"oundary=", start, end_of_header)
    if at < 0:
        at = buffer.find(b"OUNDARY=", start, end_of_header)
    if at < 0:
        return b""
    # Only the header says what the message as a whole is; a boundary behind the first blank line is a part's own.
    if max(buffer.find(b"\n\n", start, at), buffer.find(b"\n\r\n", start, at)) >= 0:
        return b""
    match = _BOUNDARY.match(buffer, at + 7, end)
    if not match:
        return b""
    boundary = match[1] or match[2]
    return b"" if buffer.rfind(b"\n--" + boundary + b"--", start, end) >= 0 else boundary


def _closes_later(buffer: bytes, at: int, boundary: bytes) -> int:
    """Where the multipart around the From_ line at `at` closes, if that stands in a returned original nobody escaped.

    0 if it does not: the message was cut off, and the next one begins here. The same boundary announced anew belongs
    to a second copy of the same mail.
    """
    close = buffer.find(b"\n--" + boundary + b"--", at, _next_separator(buffer, at))
    if close < 0 or re.search(rb'(?i)boundary=[ \t]*"?' + re.escape(boundary), buffer[at:close]):
        return 0
    return close


def _next_separator(buffer: bytes, at: int) -> int:
    """Where the next separator after the one at `at` stands, or the end of the buffer."""
    while (at := buffer.find(b"\nFrom ", at) + 1) > 0:
        if _end_before(buffer, at - 1) >= 0 and _SEPARATOR.match(buffer, at):
            return at
    return len(buffer)


def _read_up_to(read: Callable[[int], bytes], size: int) -> bytes:
    pieces, have = [], 0
    while have < size:
        piece = read(size - have)
        if not piece:
            break
        pieces.append(piece)
        have += len(piece)
    return b"".join(pieces)
