"""Text that was decoded as Windows-1252 or ISO 8859-1 and is in another charset, as logs and CRM exports hold it.

Mended only where it is certain: all runs of letters beyond ASCII are UTF-8 when they are taken as bytes again, once or
twice over, which text in any other encoding is only by a rare accident; or they are too long for any language that is
written in Latin letters, and one of the older charsets makes nothing but letters of them. Encoded words (RFC 2047) that
a header was copied with are decoded too.
"""

from __future__ import annotations

import re
import unicodedata

_RUN = re.compile(r"[^\x00-\x7f]+")
#: What begins a letter of two or three bytes in UTF-8, and what may follow it, as those charsets show them.
_MARK = re.compile("[\u00c2-\u00ef][\u0080-\u00bf\u0152-\u0178\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]")
#: How often a text may have gone through the wrong decoding.
_MOST_TIMES = 2
#: The bytes that Windows-1252 shows as something else than ISO 8859-1 does; it leaves five of 32 as they are.
_AS_BYTES = {
    bytes([byte]).decode("cp1252"): chr(byte)
    for byte in range(0x80, 0xA0)
    if byte not in {0x81, 0x8D, 0x8F, 0x90, 0x9D}
}
_TO_BYTES = str.maketrans(_AS_BYTES)
#: Two letters of a double-byte charset, or four of a Cyrillic one: no Latin text has as many accents in a row.
_LONG_RUN = re.compile("[\u0080-\u00ff\u0152-\u0178\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]{4}")
#: Different letters that such a text has.
_LEAST_LETTERS = 3


def mended(text: str) -> str:
    """The text as it was before the wrong decoding, or as it is where that is not certain."""
    if "=?" in text:
        # Not at the top: the one who classifies a plain text needs none of the parser.
        from analyzer.parsing.decoding import decode_words

        text = decode_words(text)
    for _ in range(_MOST_TIMES):
        if text.isascii() or not _MARK.search(text):
            break
        try:
            once = _RUN.sub(_decoded, text)
        except UnicodeError:
            break
        if not any(letter.isalpha() and not letter.isascii() for letter in once):
            break
        text = once
    return _in_its_charset(text) if _LONG_RUN.search(text) else text


def _in_its_charset(text: str) -> str:
    """Text whose letters are bytes of a charset of China, Japan, Korea or Russia, as what it is; else as it stands."""
    from analyzer.parsing.charsets import guess_charset

    try:
        data = text.translate(_TO_BYTES).encode("latin-1")
        charset = guess_charset(data)
        read = data.decode(charset) if charset else ""
    except UnicodeError:
        return text
    written = {letter for letter in read if not letter.isascii()}
    # A rule of dashes is one letter over and over; any other wrong guess has symbols, and characters that nobody uses.
    certain = len(written) >= _LEAST_LETTERS and all(unicodedata.category(letter)[0] in "LP" for letter in written)
    return read if certain else text


def _decoded(run: re.Match[str]) -> str:
    return run[0].translate(_TO_BYTES).encode("latin-1").decode("utf-8")
