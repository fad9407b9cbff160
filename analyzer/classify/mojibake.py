"""UTF-8 that was decoded as Windows-1252 or ISO 8859-1, once or twice over, as logs and CRM exports hold it.

Mended only where it is certain: all runs of letters beyond ASCII are UTF-8 when they are taken as bytes again, which
text in any other encoding is only by a rare accident, and letters come out.
"""

from __future__ import annotations

import re

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


def mended(text: str) -> str:
    """The text as it was before the wrong decoding, or as it is where that is not certain."""
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
    return text


def _decoded(run: re.Match[str]) -> str:
    return run[0].translate(_TO_BYTES).encode("latin-1").decode("utf-8")
