"""What gets stuck to addresses on their way through spreadsheets, web pages and mail programs, and how it comes off.

Each step takes the text and gives it back without one kind of dirt; its name is what the person is told.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Callable

#: A step's name, and the step.
Step = tuple[str, "Callable[[str], str]"]

# Full-width forms (U+FF01 to U+FF5E) stand at a fixed distance from ASCII; the rest are other signs for @ and dot.
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {
    0xFE6B: 0x40,
    0x3002: 0x2E,
    0xFF61: 0x2E,
    0xFE52: 0x2E,
}
_SPACES = re.compile(r"\s+")
_ROUND_SIGNS = re.compile(r"(?:(?<!\s)\s+)?@\s*")
_MAILTO = re.compile(r"^(?:mailto|smtp|e-?mail|email address)\s*:\s*", re.IGNORECASE)
_ESCAPES = re.compile(r"^(?:u003[ce]|%20|%22|%3[ce]|&lt;|&quot;|=)+", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,8});", re.IGNORECASE)
_ESCAPE_BEHIND = re.compile(r"%(?:20|22|3[ce]|0[ad])$", re.IGNORECASE)
_ANGLE = re.compile(r"<([^<>@]*@[^<>]*)>")
_COMMENT = re.compile(r"(?:(?<!\s)\s+)?\([^()@]*\)\s*$|^\s*\([^()@]*\)\s*")
_OPEN, _CLOSE = "\"'`´‘’‚‛“”„«»‹›<([{ ", "\"'`´‘’‚‛“”„«»‹›>)]} "
# What word processors, spreadsheets and keyboards make of the apostrophe in O'Brien.
_APOSTROPHE = re.compile(r"(?<=\w)[‘’ʼ´′](?=\w)")
_TRAILING = ".,;:!?/\\|"
_LEADING = ",;:|"


def clean(text: str) -> tuple[str, tuple[str, ...]]:
    """The text without dirt, and what was taken off; the same text cleaned again stays as it is."""
    done: list[str] = []
    for _ in range(6):
        before = text
        for name, step in _steps():
            cleaned = step(text)
            if cleaned != text:
                text = cleaned
                if name not in done:
                    done.append(name)
        if text == before:
            break
    return text, tuple(done)


@cache
def _steps() -> tuple[Step, ...]:
    return (
        ("invisible characters removed", _without_invisible),
        ("full-width signs made plain", _narrow),
        ("curly apostrophes made plain", _straight),
        ("spaces removed", _stripped),
        ("web escapes removed", _without_escapes),
        ("mailto: removed", _without_mailto),
        ("display name removed", _without_display_name),
        ("comment removed", _without_comment),
        ("quotes or brackets removed", _without_quotes),
        ("trailing punctuation removed", _without_trailing),
        ("leading punctuation removed", _without_leading),
        ("spaces removed", _without_spaces),
    )


def _without_invisible(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    # Tabs and line ends are spaces; other control and format characters (zero width, direction) are nothing.
    return "".join(
        sign for sign in text if sign in "\t\n\r" or unicodedata.category(sign) not in {"Cc", "Cf", "Cs", "Co", "Cn"}
    )


def _narrow(text: str) -> str:
    return text if text.isascii() else text.translate(_WIDE)


def _straight(text: str) -> str:
    if text.isascii():
        return text
    local, at, domain = text.rpartition("@")
    return f"{_APOSTROPHE.sub(chr(39), local)}{at}{domain}"


def _stripped(text: str) -> str:
    return text.strip()


def _without_escapes(text: str) -> str:
    text = _ESCAPES.sub("", text)
    if "%" in text:
        text = _ESCAPE_BEHIND.sub("", text)
        # What stands behind mailto: is taken apart as a link.
        text = unquote(text) if "@" not in text and "%40" in text and not _MAILTO.match(text) else text
    return _ENTITY.sub(lambda found: unescape(found[0]), text) if "&" in text else text


def _without_mailto(text: str) -> str:
    bare = _MAILTO.sub("", text)
    if bare == text:
        return text
    address = bare.partition("?")[0]
    return unquote(address) if "%" in address else address


def _without_display_name(text: str) -> str:
    if "<" not in text or (text.count("@") > 1 and len(_ANGLE.findall(text)) != 1):
        return text
    inside = _ANGLE.search(text)
    # Another address outside the brackets is a name only when it says the same, as mail programs write it.
    address = inside.group(1).strip() if inside else ""
    if inside is None or ("@" in (rest := _ANGLE.sub(" ", text)) and address.lower() not in rest.lower()):
        return text
    return address


def _without_comment(text: str) -> str:
    return _COMMENT.sub("", text) if "(" in text and "@" in _COMMENT.sub("", text) else text


def _without_quotes(text: str) -> str:
    if text[:1] == '"' and '"@' in text:
        return text
    if text[:1] in _OPEN and text:
        literal = text.rpartition("@")[2].startswith("[")
        return text.lstrip(_OPEN).rstrip(_CLOSE.replace("]", "") if literal else _CLOSE)
    if text[-1:] in _CLOSE and text and not text.endswith("]"):
        return text.rstrip(_CLOSE.replace("]", ""))
    if text.endswith("]") and "@[" not in text:
        return text.rstrip(_CLOSE)
    return text


def _without_trailing(text: str) -> str:
    return text.rstrip(_TRAILING) if text[-1:] in _TRAILING else text


def _without_leading(text: str) -> str:
    return text.lstrip(_LEADING) if text[:1] in _LEADING else text


def _without_spaces(text: str) -> str:
    if text.startswith('"') or not _SPACES.search(text):
        return text
    return _ROUND_SIGNS.sub("@", text)
