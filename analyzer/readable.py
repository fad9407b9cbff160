"""Text that can do nothing but be read, whoever wrote it: what every screen, page and log line puts a stranger's words
through.

A bounce is written by a stranger: ECMA-48 control sequences, OSC 8 links, bidirectional marks (Unicode TR 9) and line
breaks in it must not act on a terminal, and must not look like a line of ours.
"""

from __future__ import annotations

import math
import re
import unicodedata
from typing import Final

_ESCAPES: Final = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|\x9b[0-?]*[ -/]*[@-~]"  # the same in its one-character form
    r"|\x1b[\]PX^_][^\x07\x1b\x9c]{0,4096}(?:\x07|\x1b\\|\x9c)"  # OSC, DCS, SOS, PM, APC: titles, links, clipboard
    r"|\x1b[ -/]*[0-~]"
)
_PLAIN: Final = re.compile(r"[ -~]*")
_PLAIN_LINES: Final = re.compile(r"[ -~\n\t]*")
#: Joiners that Persian and Indic scripts spell with; every other format character is dropped.
_KEPT_FORMAT: Final = frozenset("\u200c\u200d")
#: Characters that a JSON text may hold as they are, and that act on a terminal or an editor, or hide, in UTF-8: DEL,
#: U+0080-9F, 061C, 200B, 200E-F, 2028-E, 2060-4, 2066-9, FEFF, E0000-E007F.
_ACTING_BYTES: Final = re.compile(
    rb"\x7f|\xc2[\x80-\x9f]|\xd8\x9c|\xe2\x80[\x8b\x8e\x8f\xa8-\xae]|\xe2\x81[\xa0-\xa4\xa6-\xa9]|\xef\xbb\xbf"
    rb"|\xf3\xa0[\x80\x81][\x80-\xbf]"
)
_SPACES: Final = re.compile(r"\s+")


def clean(value: object) -> str:
    """Text on one line that can do nothing but be read: no control, escape, bidirectional or broken characters."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    text = str(value)
    if not _PLAIN.fullmatch(text):
        text = "".join(map(_printable, _ESCAPES.sub("", text)))
    return _SPACES.sub(" ", text).strip()


def clean_lines(text: str) -> str:
    """The same for text of ours that has lines and columns: line ends, tabs and the blanks between words stay."""
    if _PLAIN_LINES.fullmatch(text):
        return text
    return "".join(sign if sign in "\n\t" else _printable(sign) for sign in _ESCAPES.sub("", text))


def printable_json(text: bytes) -> bytes:
    """A JSON text (UTF-8) that says the same and can be printed: what acts on a terminal stands in it as `\\u202e`."""
    # Most lines are ASCII, where JSON itself escapes all but one.
    if text.isascii() and b"\x7f" not in text:
        return text
    return _ACTING_BYTES.sub(_escaped, text)


def _escaped(found: re.Match[bytes]) -> bytes:
    units = found[0].decode().encode("utf-16-be")
    return b"".join(b"\\u%04x" % int.from_bytes(units[at : at + 2]) for at in range(0, len(units), 2))


def short(value: object, limit: int = 120) -> str:
    """`clean`, cut to `limit` characters with an ellipsis."""
    text = clean(str(value)[: limit * 40]) if isinstance(value, str) else clean(value)
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def chance(probability: float) -> str:
    """A probability in whole per cent, "<1 %" and ">99 %" where rounding would say 0 or 100."""
    if 0 < probability < 0.005:
        return "<1 %"
    if 0.995 < probability < 1:
        return ">99 %"
    return f"{probability * 100:.0f} %"


def counted(number: int, one: str, many: str = "") -> str:
    """How many of what: "0 rows", "1 row", "12,400 rows"; `many` where it is not `one` with an s."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _printable(character: str) -> str:
    category = unicodedata.category(character)
    if character.isspace() or category in {"Zl", "Zp"}:
        return " "
    if category == "Cc" or (category == "Cf" and character not in _KEPT_FORMAT):
        return ""
    if category == "Cs" or (ord(character) & 0xFFFE) == 0xFFFE:  # half a character, or none: no file can hold it
        return "\N{REPLACEMENT CHARACTER}"
    return character
