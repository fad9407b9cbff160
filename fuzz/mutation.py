"""Mutations that know what mail is made of: lines, fields, parts, boundaries, encodings, charsets, numbers, addresses.

Every function takes its chance (a seeded `random.Random`), the bytes and a second seed, and gives other bytes: the same
for the same chance. On tables, JSON and logs they do as well: these are lines, fields and numbers too.
"""

# ruff: noqa: E501
from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from random import Random

#: Pieces that readers look for, to stand where they do not belong.
FRAGMENTS = (
    b"\n\n", b"\r", b"\r\n", b"\x00", b"\x1b$B", b"\x1b[31m", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xe2\x80\xa8", b"\xc2\x85",
    b"\xe2\x80\xae", b"\x0b", b"\x0c", b"\x1c", b"\xf4\x90\x80\x80", b"--", b"\n--=_b1--\n", b"=?utf-8?B?", b"=?utf-7?q?+2AA-?=", b"?=",
    b"<", b">", b"<>", b"@", b"\"", b"\\", b"(", b")", b": ", b";", b",", b"%", b"{", b"}", b"[", b"]", b"null", b"NaN", b"1e999", b"&#x0;",
    b"\nFinal-Recipient: rfc822; kim@lumen.example", b"\nFinal-Recipient: utf-8; k\\x{110000}@lumen.example", b"\nAction: failed\n",
    b"\nAction: delayed\n", b"\nStatus: 5.1.1\n", b"\nStatus: 5.999.999 (no \xff)\n", b"\nDiagnostic-Code: smtp; 550-5.1.1 one\n 550 5.1.1 two\n",
    b"\nRemote-MTA: dns; [::1]\n", b"\nX-Failed-Recipients: kim@lumen.example, a@b.example\n", b"Content-Type: multipart/report; boundary=\"\"\n",
    b"\nContent-Type: message/rfc822\n", b"\nContent-Type: message/delivery-status\n", b"\nContent-Type: text/html\n",
    b"\nContent-Type: message/feedback-report\n", b"Content-Transfer-Encoding: base64\n", b"\nAuto-Submitted: auto-replied\n",
    b"\nFeedback-Type: abuse\nVersion: 1\n", b"\nReturn-Path: <>\n", b"\nFrom: MAILER-DAEMON@mx.example\n", b"\nSubject: failure notice\n",
    b"550 5.1.1 ", b"550-", b"421 4.7.0 try again in 99999 hours ", b"host mx.example[192.0.2.1] said: ", b" (in reply to RCPT TO command)",
    b"\n   ----- Transcript of session follows -----\n", b"\n<<< ", b"\n>>> ", b"\nReturn-Path: <>\nReceived: x\n", b"{\"Message\":",
    b"charset=utf-16", b"charset=\"no-such\"", b"\nFrom kim@lumen.example Tue Mar  3 09:30:00 2026\n", b"Message-ID: <a@b.example>\n",
    b"blocked using zen.spamhaus.org", b"user unknown", b"mailbox full", b"<!--", b"<script>", b"<br>", b"&lt;", b"]]>",
)  # fmt: skip
#: Charsets that mail declares, and names that look like one and are none.
CHARSETS = (
    b"utf-8", b"us-ascii", b"iso-8859-1", b"iso-8859-15", b"windows-1252", b"windows-1251", b"koi8-r", b"utf-7", b"utf-16", b"utf-16le",
    b"utf-32", b"iso-2022-jp", b"iso-2022-kr", b"hz-gb-2312", b"gb2312", b"gb18030", b"big5", b"euc-kr", b"shift_jis", b"euc-jp", b"johab",
    b"cp037", b"tis-620", b"mac-roman", b"punycode", b"idna", b"unicode_escape", b"raw_unicode_escape", b"undefined", b"rot13", b"base64",
    b"zlib", b"bz2", b"hex", b"uu", b"mbcs", b"oem", b"charmap", b"utf-8-sig", b"none", b"x" * 300, b"\xff", b"a\x00b", b"../etc",
)  # fmt: skip
ENCODINGS = (b"7bit", b"8bit", b"binary", b"base64", b"quoted-printable", b"BASE64 ", b"x-uuencode", b"\xff", b"")
#: Numbers at which something ends: of bytes, of codes, of times, of what a float holds.
NUMBERS = (
    b"0", b"-1", b"1", b"00", b"255", b"256", b"999", b"65536", b"2147483648", b"4294967296", b"9223372036854775808", b"1e308", b"1e400",
    b"0.1", b"9" * 40, b"9" * 5000, b"-9999999999999", b"253402300800", b"1772442681000", b"\xd9\xa3", b"\xe2\x82\x82", b"NaN",
)  # fmt: skip
ADDRESSES = (
    b"a@b.example", b"\"a b\"@c.example", b"@", b"a@", b"@b", b"a@b@c.example", b"<a@b.example", b"a" * 330 + b"@b.example", b"a@[192.0.2.1]",
    b"k\xc3\xbcm@l\xc3\xbcmen.example", b"a@xn--lmen-0ra.example", b"mailer-daemon@b.example", b"a..b@c..example", b"a@b.example,c@d.example",
    b"=?utf-8?q?a=40b?=", b"a@b.example\x00", b"a%b@c.example", b"bounces+kim=lumen.example@outreach.example",
)  # fmt: skip

Mutation = Callable[[Random, bytes, bytes], bytes]

_NUMBER = re.compile(rb"\d+")
_ADDRESS = re.compile(rb"[\w.+=-]{1,64}@[\w.-]{1,200}")
_CHARSET = re.compile(rb"(?i)charset=\"?[\w-]+\"?|=\?[\w-]+\?")
_TRANSFER = re.compile(rb"(?i)(content-transfer-encoding:)[^\n]*")
_BOUNDARY = re.compile(rb"(?i)boundary=\"?([^\"\s;]{1,70})\"?")
_FIELD = re.compile(rb"(?m)^[A-Za-z][A-Za-z0-9-]{0,40}:")
#: No mutant grows beyond this: a flood is a test of its own (tests/hostile).
GREATEST = 16 * 1024


def mutated(chance: Random, data: bytes, other: bytes) -> bytes:
    """One to four mutations on end."""
    for _ in range(1 + int(chance.random() ** 2 * 4)):
        data = MUTATIONS[int(chance.random() * len(MUTATIONS))](chance, data, other)
    return data[:GREATEST]


def _at(chance: Random, data: bytes) -> int:
    return int(chance.random() * (len(data) + 1))


def _span(chance: Random, data: bytes, most: int = 400) -> tuple[int, int]:
    start = _at(chance, data)
    return start, min(len(data), start + int(chance.random() ** 2 * most))


def _one(chance: Random, of: tuple[bytes, ...]) -> bytes:
    return of[int(chance.random() * len(of))]


def _match(chance: Random, pattern: re.Pattern[bytes], data: bytes) -> re.Match[bytes] | None:
    """One of the pattern's matches: the first behind a random place, else the first of all."""
    return pattern.search(data, _at(chance, data)) or pattern.search(data)


def flip_bits(chance: Random, data: bytes, other: bytes) -> bytes:
    """Up to eight bits, anywhere."""
    changed = bytearray(data)
    for _ in range(1 + int(chance.random() * 8) if data else 0):
        changed[int(chance.random() * len(changed))] ^= 1 << int(chance.random() * 8)
    return bytes(changed)


def cut_end(chance: Random, data: bytes, other: bytes) -> bytes:
    """As a transfer that broke off."""
    return data[: _at(chance, data)]


def cut_start(chance: Random, data: bytes, other: bytes) -> bytes:
    """As a file that begins in the middle."""
    return data[_at(chance, data) :]


def drop_span(chance: Random, data: bytes, other: bytes) -> bytes:
    """A piece is missing."""
    start, end = _span(chance, data)
    return data[:start] + data[end:]


def repeat_span(chance: Random, data: bytes, other: bytes) -> bytes:
    """A piece stands there several times over."""
    start, end = _span(chance, data, 120)
    return data[:end] + data[start:end] * (1 + int(chance.random() ** 3 * 60)) + data[end:]


def insert_fragment(chance: Random, data: bytes, other: bytes) -> bytes:
    """A piece that a reader looks for."""
    at = _at(chance, data)
    return data[:at] + _one(chance, FRAGMENTS) + data[at:]


def insert_noise(chance: Random, data: bytes, other: bytes) -> bytes:
    """Up to twelve bytes of any kind."""
    at = _at(chance, data)
    return data[:at] + chance.randbytes(1 + int(chance.random() * 12)) + data[at:]


def splice(chance: Random, data: bytes, other: bytes) -> bytes:
    """The beginning of one, the end of another."""
    return data[: _at(chance, data)] + other[_at(chance, other) :]


def graft(chance: Random, data: bytes, other: bytes) -> bytes:
    """A piece of another in the middle."""
    start, end = _span(chance, other, 800)
    at = _at(chance, data)
    return data[:at] + other[start:end] + data[at:]


def swap_lines(chance: Random, data: bytes, other: bytes) -> bytes:
    """Two lines change places, or a few stretches of them do."""
    lines = data.split(b"\n")
    if chance.random() < 0.1:
        chance.shuffle(lines)
    else:
        one, two = int(chance.random() * len(lines)), int(chance.random() * len(lines))
        lines[one], lines[two] = lines[two], lines[one]
    return b"\n".join(lines)


def change_line(chance: Random, data: bytes, other: bytes) -> bytes:
    """A line goes, comes twice, many times, or is another's."""
    lines = data.split(b"\n")
    at, how = int(chance.random() * len(lines)), chance.random()
    if how < 0.4:
        del lines[at]
    elif how < 0.6:
        lines[at:at] = [lines[at]]
    elif how < 0.7:
        lines[at:at] = [lines[at]] * int(chance.random() * 200)
    else:
        theirs = other.split(b"\n")
        lines[at] = theirs[int(chance.random() * len(theirs))]
    return b"\n".join(lines)


def change_field(chance: Random, data: bytes, other: bytes) -> bytes:
    """A field is folded, unfolded, renamed, emptied, made long, or wrapped in an encoded word."""
    field = _match(chance, _FIELD, data)
    if field is None:
        return insert_fragment(chance, data, other)
    end = data.find(b"\n", field.end())
    end = end if end >= 0 else len(data)
    name, value = field[0], data[field.end() : end]
    how = int(chance.random() * 7)
    if how == 0:
        value = value.replace(b" ", b"\n ", 1 + int(chance.random() * 4))
    elif how == 1:
        value = value.replace(b" ", b"\r\n\t")
    elif how == 2:
        theirs = _match(chance, _FIELD, other)
        name = theirs[0] if theirs else b"X:"
    elif how == 3:
        value = b""
    elif how == 4:
        value = value * 40
    elif how == 5:
        charset, text = _one(chance, CHARSETS), base64.b64encode(value + _one(chance, FRAGMENTS))
        value = b" =?" + charset + b"?B?" + text + b"?="
    else:
        name = name[:-1] + b" " * int(chance.random() * 4) + b":" + _one(chance, FRAGMENTS)
    return data[: field.start()] + name + value + data[end:]


def change_charset(chance: Random, data: bytes, other: bytes) -> bytes:
    """Another charset is declared; sometimes the text is in it, too."""
    found = _match(chance, _CHARSET, data)
    charset = _one(chance, CHARSETS)
    if found is None:
        return data.replace(b"\n\n", b'\nContent-Type: text/plain; charset="' + charset + b'"\n\n', 1)
    new = b"=?" + charset + b"?" if found[0].startswith(b"=?") else b'charset="' + charset + b'"'
    head, tail = data[: found.start()], data[found.end() :]
    if chance.random() < 0.4:
        try:
            tail = tail.decode("utf-8", "replace").encode(charset.decode("latin-1"), "replace")
        except (LookupError, ValueError, TypeError):
            tail += b"\xff"
    return head + new + tail


def change_transfer(chance: Random, data: bytes, other: bytes) -> bytes:
    """Another transfer encoding is declared; mostly what follows is in it, too."""
    encoding = _one(chance, ENCODINGS)
    found = _match(chance, _TRANSFER, data)
    if found is None:
        at = data.find(b"\n\n", _at(chance, data))
        at = at if at >= 0 else len(data)
        head, tail = data[:at] + b"\nContent-Transfer-Encoding: " + encoding, data[at:]
    else:
        head, tail = data[: found.start()] + found[1] + b" " + encoding, data[found.end() :]
    body = tail.find(b"\n\n")
    if body >= 0 and chance.random() < 0.7:
        end = tail.find(b"\n--", body)
        end = end if end >= 0 else len(tail)
        text = tail[body + 2 : end]
        if encoding.lower().startswith(b"base64"):
            text = base64.encodebytes(text)
        elif encoding.startswith(b"quoted"):
            text = binascii.b2a_qp(text)
        tail = tail[: body + 2] + text + tail[end:]
    return head + tail


def change_boundary(chance: Random, data: bytes, other: bytes) -> bytes:
    """A boundary is lost, wrong, empty, a prefix of another; or the whole becomes a part of a new multipart."""
    found = _match(chance, _BOUNDARY, data)
    if found is None or chance.random() < 0.25:
        inner = b"\n\n--n\n" + (b"" if chance.random() < 0.5 else b"Content-Type: message/rfc822\n\n") + data
        return b"From: mailer-daemon@mx.example\nContent-Type: multipart/mixed; boundary=n" + inner + b"\n--n--\n"
    boundary, how = found[1], int(chance.random() * 5)
    if how == 0:
        return data.replace(b"--" + boundary, b"--" + boundary[:-1], 1 + int(chance.random() * 3))
    if how == 1:
        return data.replace(b"--" + boundary + b"--", b"")
    if how == 2:
        return data[: found.start()] + b'boundary=""' + data[found.end() :]
    if how == 3:
        return data.replace(b"\n--" + boundary, b"\n--" + boundary + b"\n--" + boundary)
    parts = data.split(b"\n--" + boundary)
    chance.shuffle(parts)
    return (b"\n--" + boundary).join(parts)


def change_number(chance: Random, data: bytes, other: bytes) -> bytes:
    """A number becomes one at which something ends."""
    found = _match(chance, _NUMBER, data)
    if found is None:
        return data
    return data[: found.start()] + _one(chance, NUMBERS) + data[found.end() :]


def change_address(chance: Random, data: bytes, other: bytes) -> bytes:
    """An address becomes an odd one, here or everywhere."""
    found = _match(chance, _ADDRESS, data)
    if found is None:
        return data
    odd = _one(chance, ADDRESSES)
    if chance.random() < 0.2:
        return data.replace(found[0], odd)
    return data[: found.start()] + odd + data[found.end() :]


def change_ends(chance: Random, data: bytes, other: bytes) -> bytes:
    """Other line ends; upper case; every byte above ASCII."""
    how = chance.random()
    if how < 0.35:
        return data.replace(b"\n", b"\r\n")
    if how < 0.5:
        return data.replace(b"\n", b"\r")
    if how < 0.6:
        return data.replace(b"\n", b"\r\r\n", 5)
    if how < 0.8:
        return data.upper()
    start, end = _span(chance, data)
    return data[:start] + bytes(byte | 0x80 for byte in data[start:end]) + data[end:]


MUTATIONS: tuple[Mutation, ...] = (
    flip_bits, cut_end, cut_start, drop_span, repeat_span, insert_fragment, insert_fragment, insert_noise, splice, graft, swap_lines, change_line,
    change_field, change_field, change_charset, change_transfer, change_boundary, change_number, change_address, change_ends,
)  # fmt: skip
