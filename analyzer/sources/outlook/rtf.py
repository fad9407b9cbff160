"""The words of a mail whose only body is compressed rich text: PidTagRtfCompressed.

Sources: [MS-OXRTFCP] 2.1.3 and 2.2.3 (the compression), Rich Text Format Specification 1.9.1, [MS-OXRTFEX] 2.1.3 (HTML
within rich text: `\\htmlrtf` hides what stands for it, `{\\*\\htmltag …}` holds its tags).
"""

from __future__ import annotations

import re
import struct
from typing import NamedTuple

from analyzer.sources.outlook.properties import codec_of

_HEADER = struct.Struct("<IIII")
_COMPRESSED, _PLAIN = int.from_bytes(b"LZFu", "little"), int.from_bytes(b"MELA", "little")
#: What the window holds before the first byte ([MS-OXRTFCP] 2.1.3.1.1).
_WINDOW = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor "
    rb"MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)
_SIZE = 4096
#: No report is longer; of more, the rest would take long for nothing.
_LONGEST = 1 << 20

_TOKEN = re.compile(
    rb"\\'(?P<byte>[0-9A-Fa-f]{2})|\\(?P<word>[A-Za-z]{1,32})(?P<number>-?\d{1,6})? ?|\\(?P<sign>[^A-Za-z])"
    rb"|(?P<brace>[{}])|[\r\n]+|(?P<text>[^\\{}\r\n]+)"
)
_BREAKS = {b"par": "\n", b"line": "\n", b"row": "\n", b"tab": "\t", b"cell": "\t"}
_SIGNS = {b"\r": "\n", b"\n": "\n", b"~": "\u00a0", b"\\": "\\", b"{": "{", b"}": "}"}
#: Groups that hold no words of the text, beside those that begin with `\*`.
_ASIDE = frozenset({b"fonttbl", b"colortbl", b"stylesheet", b"info", b"pict", b"header", b"footer"})
#: Tags of HTML that begin a line.
_BLOCK = re.compile(rb"\s*</?(?:br|p|div|tr|li|h\d|table)\b", re.IGNORECASE)


class _Group(NamedTuple):
    """What holds within a pair of braces: whether its words count, and how many signs stand for one of Unicode."""

    counts: bool = True
    signs: int = 1


def text_of(data: bytes) -> str:
    """The words of compressed rich text, with its line breaks; "" for what is none."""
    rich = _unpacked(data[:_LONGEST])
    return _words(rich) if rich.lstrip().startswith(b"{\\rtf") else ""


def _unpacked(data: bytes) -> bytes:
    if len(data) < _HEADER.size:
        return b""
    _, size, kind, _ = _HEADER.unpack_from(data)
    if kind == _PLAIN:
        return data[_HEADER.size : _HEADER.size + size]
    if kind != _COMPRESSED:
        return b""
    window = bytearray(_WINDOW.ljust(_SIZE, b" "))
    at, place, out = len(_WINDOW), _HEADER.size, bytearray()
    while place < len(data):
        control = data[place]
        place += 1
        for bit in range(8):
            if not control >> bit & 1:
                piece, place = data[place : place + 1], place + 1
            elif place + 1 < len(data):
                reference = data[place] << 8 | data[place + 1]
                start, place = reference >> 4, place + 2
                if start == at:
                    return bytes(out[:size])
                # It may reach into what it writes: byte after byte.
                piece = b""
                for step in range((reference & 15) + 2):
                    byte = window[(start + step) % _SIZE]
                    window[(at + step) % _SIZE] = byte
                    piece += bytes((byte,))
            else:
                break
            for step, byte in enumerate(piece):
                window[(at + step) % _SIZE] = byte
            at = (at + len(piece)) % _SIZE
            out += piece
    return bytes(out[:size])


def _words(rich: bytes) -> str:
    found: list[str] = []
    waiting = bytearray()
    codec, hidden, left_out = "cp1252", False, 0
    group, around = _Group(), list[_Group]()

    def say(text: str) -> None:
        # Bytes of one sign may stand in several tokens.
        found.append(waiting.decode(codec, "replace") + text)
        waiting.clear()

    tag = False
    for token in _TOKEN.finditer(rich):
        word, brace, sign = token["word"], token["brace"], token["sign"]
        if brace == b"{":
            around.append(group)
        elif brace == b"}":
            group, tag = around.pop() if around else _Group(), False
        elif sign == b"*" or word in _ASIDE:
            group = group._replace(counts=False)
        elif word == b"htmltag":
            tag = True
        elif tag and token["text"] and not hidden:
            if _BLOCK.match(token["text"]):
                say("\n")
            tag = False
        elif word == b"htmlrtf":
            hidden = token["number"] != b"0"
        elif word == b"ansicpg":
            codec = codec_of(int(token["number"] or 0)) or codec
        elif word == b"uc":
            group = group._replace(signs=int(token["number"] or 1))
        elif not group.counts or hidden:
            continue
        elif word == b"u":
            say(chr(int(token["number"] or 63) % 65536))
            left_out = group.signs
        elif word in _BREAKS:
            say(_BREAKS[word])
        elif token["byte"]:
            if left_out:
                left_out -= 1
            else:
                waiting += bytes.fromhex(token["byte"].decode())
        elif sign in _SIGNS:
            say(_SIGNS[sign])
        elif token["text"]:
            waiting += token["text"][left_out:]
            left_out = 0
    say("")
    # Half a pair has no place in a text.
    return "".join(found).encode("utf-16", "surrogatepass").decode("utf-16", "replace").strip()
