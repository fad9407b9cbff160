"""From bytes to text: transfer encodings (RFC 2045), charsets, encoded words (RFC 2047). Best effort, never an error.

Bounce mail lies about its charset more often than other mail does, so a declared charset is tried first and then the
ones that such text really comes in.
"""

from __future__ import annotations

import binascii
import codecs
import html
import re
from functools import lru_cache

from analyzer.bounds import CHARSETS, Gauge
from analyzer.parsing.charsets import CYRILLIC, guess_charset, likelier_cyrillic, looks_foreign

#: Names that mail uses and Python does not know, or knows as too small a set: the superset reads both.
_SUPERSETS = {
    "ascii": "utf-8",
    "us-ascii": "utf-8",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "iso-2022-jp": "iso2022_jp_ext",
    "iso-2022-jp-ms": "iso2022_jp_ext",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "iso-8859-8-i": "iso-8859-8",
    "big5": "big5hkscs",
    "unknown-8bit": "utf-8",
    "x-unknown": "utf-8",
    "utf8": "utf-8",
}


@lru_cache(maxsize=256)
def _codec(charset: str) -> str:
    """Python's name of a charset; empty where it knows none."""
    name = charset.strip().strip("\"'").lower()
    name = _SUPERSETS.get(name, name)
    try:
        return codecs.lookup(name).name
    except (LookupError, ValueError):
        return ""


def decode_text(data: bytes, charset: str = "", gauge: Gauge | None = None) -> str:
    """`data` as text: the declared charset where it can be that, else the one that such bytes really are in."""
    name = _codec(charset) if charset else ""
    if name and name not in (gauge.bounds.charsets if gauge else CHARSETS):
        if gauge and not data.isascii():
            gauge.note("charsets")
        name = ""
    if b"\x1b" in data and (b"\x1b$" in data or b"\x1b(" in data) and not name.startswith(_WITH_ESCAPES):
        name = "iso2022_jp_ext"
    if not name.startswith(_NOT_ASCII_BASED) and data.isascii():
        return data.decode("ascii")
    # UTF-8 is never right by accident, so it goes before a single-byte charset, which always is.
    candidates = ("utf-8", name) if not name or name.startswith(_SINGLE_BYTE) else (name, "utf-8")
    for candidate in candidates:
        if candidate and not (candidate in _LATIN and looks_foreign(data)):
            try:
                text = data.decode(candidate if candidate not in CYRILLIC else likelier_cyrillic(data, candidate))
            except (UnicodeError, ValueError):
                if candidate.startswith("iso2022") and data.isascii():
                    # Cut off inside, or with a vendor's characters in it: any other charset would show the escapes.
                    return data.decode(candidate, "replace")
                continue
            return text if candidate != "utf-7" else _without_halves(text)
    text = data.decode("utf-8", "replace")
    if _MOST_BROKEN * text.count("\ufffd") <= len(data) - len(text):
        # Cut off inside a letter, or a byte of it is lost.
        return text
    guessed = guess_charset(data)
    if guessed:
        return data.decode(guessed, "replace")
    text = data.decode(name if name and name not in {"utf-8", "ascii"} else "cp1252", "replace")
    return text if name != "utf-7" else _without_halves(text)


def _without_halves(text: str) -> str:
    """UTF-7 alone lets half of a surrogate pair through, which nobody behind can write down."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


#: UTF-8 takes a byte or two more for each letter beyond ASCII that is whole.
_MOST_BROKEN = 8
_WITH_ESCAPES = ("iso2022", "utf-16", "utf-32", "utf-7", "hz")
_NOT_ASCII_BASED = ("iso2022", "utf-16", "utf-32", "utf-7", "hz", "cp037", "cp500")
_SINGLE_BYTE = ("iso8859", "cp125", "koi8", "cp85", "cp86", "cp437", "latin", "mac")
_LATIN = frozenset({"cp1252", "iso8859-1", "iso8859-15", "cp1250", "iso8859-2", "cp1254", "iso8859-9"})


#: The encodings that change anything (RFC 2045 6.1), as `decode_transfer` takes them.
TRANSFER_ENCODINGS = ("base64", "quoted-printable")


def decode_transfer(body: bytes, encoding: str) -> bytes:
    """A part's body with one of `TRANSFER_ENCODINGS` undone; what cannot be decoded stays as it was."""
    return _base64(body) if encoding == "base64" else binascii.a2b_qp(body)


#: Two lines of base64, of the length that encoders make.
_BASE64_LINES = re.compile(rb"\n{0,2}[A-Za-z0-9+/]{56,76}\n[A-Za-z0-9+/]{2,76}={0,2}(?:\n|$)")


def is_base64(body: bytes) -> bool:
    """Whether a body whose header does not say so is in base64: something on the way has lost or changed the field."""
    return b" " not in body[:60] and _BASE64_LINES.match(body) is not None


_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")


def _base64(body: bytes) -> bytes:
    try:
        return binascii.a2b_base64(body)
    except binascii.Error:
        clean = _NOT_BASE64.sub(b"", body)
        clean = clean[: len(clean) - (len(clean) % 4 == 1)]
        try:
            return binascii.a2b_base64(clean + b"=" * (-len(clean) % 4))
        except binascii.Error:
            return body


# charset [*language] ? encoding ? text, RFC 2047 section 2 and RFC 2231 section 5.
_ENCODED_WORD = re.compile(r"=\?([^?*\s]{1,40})(?:\*[^?\s]*)?\?([bBqQ])\?([^?\s]*)\?=(?:[ \t\r\n]+(?==\?))?")


def decode_words(value: str, gauge: Gauge | None = None) -> str:
    """A header value with its encoded words (RFC 2047) decoded; white space between two of them goes away."""
    if "=?" not in value:
        return value
    return _ENCODED_WORD.sub(lambda match: _decode_word(match, gauge), value)


def _decode_word(match: re.Match[str], gauge: Gauge | None) -> str:
    charset, encoding, text = match.groups()
    raw = text.encode("utf-8", "replace")
    data = _base64(raw) if encoding in "bB" else binascii.a2b_qp(raw, header=True)
    return decode_text(data, charset, gauge)


_HTML_HIDDEN = re.compile(r"<(script|style|head|!--)", re.IGNORECASE)
_HTML_BREAK = re.compile(r"(?i)<(?:br|/p|/div|/tr|/h[1-6]|/li|p|div|tr|hr)\b[^<>]*>")
_HTML_PRE = re.compile(r"(</?pre\b[^<>]*>)", re.IGNORECASE)
_INDENTED = re.compile(r"(?<=\n)[ \t]+")
#: Stands for a blank that the next steps would take away; Unicode gives it no meaning.
_INDENT = "\ue000"
_HTML_CELL = re.compile(r"(?i)</t[dh]\s*>")
_HTML_TAG = re.compile(r"<[^<>]*>")
#: The last code point is 1114111.
_HTML_NO_CHARACTER = re.compile(r"&#[0-9]{8,};?")
_BLANKS = re.compile(r"[ \t\xa0]+")


def html_to_text(markup: str) -> str:
    """The words of an HTML body, a line for each block."""
    text = _without_hidden(markup).replace("\r", "")
    if "<pre" in text or "<PRE" in text:
        text = _with_breaks(text)
    text = text.replace("\n", " ")
    text = _HTML_TAG.sub("", _HTML_CELL.sub(" ", _HTML_BREAK.sub("\n", text)))
    lines = "\n".join(_BLANKS.sub(" ", line).strip() for line in _unescaped(text).split("\n"))
    return lines.replace(_INDENT, " ") if _INDENT in lines else lines


def _with_breaks(text: str) -> str:
    """Markup with a break for every line end inside `<pre>`, where it is one, and the indent of the lines there."""
    pieces = _HTML_PRE.split(text)
    inside = False
    for index, piece in enumerate(pieces):
        if index % 2:
            inside = piece[1] != "/"
        elif inside:
            pieces[index] = _INDENTED.sub(_marked, piece).replace("\n", "<br>")
    return "<br>".join(pieces)


def _marked(indent: re.Match[str]) -> str:
    return _INDENT * min(len(indent.group()), 8)


def _unescaped(text: str) -> str:
    """Character references resolved (HTML 5, 13.5); a number that Python does not read stands for no character."""
    try:
        return html.unescape(text)
    except ValueError:
        return html.unescape(_HTML_NO_CHARACTER.sub("\ufffd", text))


def _without_hidden(markup: str) -> str:
    """Markup without scripts, styles, its head and comments; one that is never closed stays, so the walk is linear."""
    # The capital dotted I alone becomes two characters, and all behind it would stand elsewhere.
    lower = markup.replace("\u0130", "i").lower()
    kept: list[str] = []
    position = 0
    unclosed: set[str] = set()
    for opening in _HTML_HIDDEN.finditer(markup):
        tag = opening.group(1).lower()
        if opening.start() < position or tag in unclosed:
            continue
        closing = "-->" if tag == "!--" else f"</{tag}"
        end = lower.find(closing, opening.end())
        if end < 0:
            unclosed.add(tag)
            continue
        kept.append(markup[position : opening.start()])
        position = end + len(closing) if tag == "!--" else lower.find(">", end) + 1 or len(markup)
    kept.append(markup[position:])
    return " ".join(kept)
