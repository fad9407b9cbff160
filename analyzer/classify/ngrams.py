"""A masked reply as numbers: hashed pieces of its words (2 to 5 characters), its words, pairs of words, and its codes.

The one place that says what the model sees of a text; building and answering both call it, so they cannot differ.
The hashes are our own (a multiplicative rolling hash for pieces, CRC-32 for words and codes): the same on every
machine and in every process, which Python's `hash` is not.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from analyzer.classify import text as texts

#: Shortest and longest piece; longer ones cost time and gained nothing on the folds of docs/model.md.
SHORTEST, LONGEST = 2, 5
#: A reply says why in its first lines; what follows are links and legal notes.
_READ, _KEPT = 1200, 360

# Capitals stand for what is masked: everything else is in lower case by then, so they cannot be mistaken for words.
_ADDRESS, _IP, _URL, _HOST, _ID = "A", "I", "U", "H", "D"
SHOWN = str.maketrans({_ADDRESS: texts.MASKED_ADDRESS, _IP: texts.MASKED_IP, _URL: "…", _HOST: "…", _ID: "…"})

_LEADING_REPLY = re.compile(r"\s*[2-5]\d\d(?!\d)[- ]?")
_LINK = re.compile(r"https?://\S+|\bwww\.\S+")
_ENHANCED_STATUS = re.compile(r"(?<![\d.])[245]\.\d{1,2}\.\d{1,3}(?![\d.])")
_HOST_NAME = re.compile(
    r"(?<![a-z0-9_.-])(?:[a-z0-9_-]{1,63}\.){1,12}"
    r"(?:com|net|org|info|biz|edu|gov|email|cloud|mail|example|invalid|test|local|[a-z]{2})(?![a-z0-9-])"
)
#: Letters and digits mixed, seven or more: a queue or session id.
_MIXED = re.compile(r"(?<![a-z0-9])(?=[a-z]*\d)(?=\d*[a-z])[a-z0-9]{7,}(?![a-z0-9])")
_DIGITS = re.compile(r"\d+")
_NO_WORD = re.compile(r"[\W_]+")


class Pieces(NamedTuple):
    """Hashes of a text's pieces (`uint32`), with the place of each in the normalised text: from `starts` to `ends`."""

    hashes: NDArray[np.uint32]
    starts: NDArray[np.intp]
    ends: NDArray[np.intp]


def normalise(masked: str) -> str:
    """The words of a masked reply in lower case, single spaces between and around them; ids, hosts and digits masked."""
    line = masked[:_READ]
    if not line.isascii():
        line = unicodedata.normalize("NFKC", line)
    line = _LEADING_REPLY.sub("", line.lower(), count=1) if line[:1].isdigit() else line.lower()
    line = line.replace(texts.MASKED_ADDRESS, _ADDRESS).replace(texts.MASKED_IP, _IP)
    if "://" in line or "www." in line:
        line = _LINK.sub(_URL, line)
    if "." in line:
        line = _HOST_NAME.sub(_HOST, _ENHANCED_STATUS.sub(" ", line))
    line = _DIGITS.sub("0", _MIXED.sub(_ID, line))
    return f" {_NO_WORD.sub(' ', line)[:_KEPT].strip()} "


def pieces(normal: str) -> Pieces:
    """Every piece of the normalised text that lies within one word, then its words and pairs of words."""
    letters = np.frombuffer(normal.encode("utf-32-le", "replace"), dtype=np.uint32)
    spaces = np.concatenate((np.zeros(1, np.intp), np.cumsum(letters == 32)))
    mixed = letters * np.uint32(0x9E3779B1)
    mixed ^= mixed >> np.uint32(15)
    rolling = mixed
    hashes: list[NDArray[np.uint32]] = []
    starts: list[NDArray[np.intp]] = []
    ends: list[NDArray[np.intp]] = []
    for length in range(2, min(LONGEST, len(letters)) + 1):
        count = len(letters) - length + 1
        rolling = rolling[:count] * np.uint32(0x01000193) + mixed[length - 1 :] * np.uint32(2 * length + 1)
        if length < SHORTEST:
            continue
        within = spaces[length - 1 : length - 1 + count] - spaces[1 : 1 + count]
        chosen = np.flatnonzero(within == 0)
        kept = rolling[chosen]
        hashes.append(kept ^ (kept >> np.uint32(13)))
        starts.append(chosen)
        ends.append(chosen + length)
    words = normal.split()
    if words:
        crc = zlib.crc32
        single = [word.encode("utf-8", "replace") for word in words]
        named = [crc(b"w " + word) for word in single]
        named += [crc(b"2 " + one + b" " + two) for one, two in zip(single, single[1:], strict=False)]
        lengths = np.fromiter(map(len, words), np.intp, len(words))
        first = np.cumsum(lengths + 1) - lengths
        hashes.append(np.array(named, dtype=np.uint32))
        starts += [first, first[:-1]]
        ends += [first + lengths, (first + lengths)[1:]]
    if not hashes:
        nothing = np.zeros(0, np.intp)
        return Pieces(np.zeros(0, np.uint32), nothing, nothing)
    return Pieces(np.concatenate(hashes), np.concatenate(starts), np.concatenate(ends))


def code_features(status: str, reply: str) -> list[int]:
    """Hashes of the codes beside the words: whole, and by what they have in common with others."""
    named = []
    if reply:
        named += [b"reply " + reply.encode(), b"class " + reply[:1].encode()]
    if status and not status.endswith(".0.0"):
        detail = status[2:].encode()
        named += [b"status " + status.encode(), b"detail " + detail, b"subject " + detail.partition(b".")[0]]
    return [zlib.crc32(name) for name in named]
