"""A masked reply as numbers: hashed pieces of its words (2 to 5 characters), its words, pairs of words, and its codes.

The one place that says what the model sees of a text; building and answering both call it, so they cannot differ.
The hashes are our own (a multiplicative rolling hash for pieces, CRC-32 for words and codes): the same on every
machine and in every process, which Python's `hash` is not.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from array import array
from itertools import pairwise
from typing import TYPE_CHECKING

from analyzer.classify import text as texts

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Shortest and longest piece; longer ones cost time and gained nothing on the folds of docs/model.md.
SHORTEST, LONGEST = 2, 5
#: A hash has 32 bits.
_HASH = 0xFFFFFFFF
#: A reply says why at its beginning, a notice at its end; so many characters of each are read.
_READ, _KEPT = 2000, 240

# Capitals stand for what is masked: everything else is in lower case by then, so they cannot be mistaken for words.
_ADDRESS, _IP, _URL, _HOST, _ID = "A", "I", "U", "H", "D"
NO_WORDS = str.maketrans("", "", f"{_ADDRESS}{_IP}{_URL}{_HOST}{_ID}0")
SHOWN = str.maketrans({_ADDRESS: texts.MASKED_ADDRESS, _IP: texts.MASKED_IP, _URL: "…", _HOST: "…", _ID: "…"})

_LEADING_REPLY = re.compile(r"(?:(?<!\s)\s+)?[2-5]\d\d(?!\d)[- ]?")
_LINK = re.compile(r"https?://\S+|\bwww\.\S+")
_ENHANCED_STATUS = re.compile(r"(?<![\d.])[245]\.\d{1,2}\.\d{1,3}(?![\d.])")
_HOST_NAME = re.compile(
    r"(?<![a-z0-9_.-])(?:[a-z0-9_-]{1,63}\.){1,12}"
    r"(?:com|net|org|info|biz|edu|gov|email|cloud|mail|example|invalid|test|local|[a-z]{2})(?![a-z0-9-])"
)
#: Letters and digits mixed, seven or more: a queue or session id.
_MIXED = re.compile(r"(?<![a-z0-9])(?=[a-z]*[0-9])(?=[0-9]*[a-z])[a-z0-9]{7,}(?![a-z0-9])")
_DIGITS = re.compile(r"\d+")
_NO_WORD = re.compile(r"[\W_]+")


def words_of(masked: str) -> list[str]:
    """The words of a masked reply in lower case, without its codes; addresses, hosts, links, ids and digits masked."""
    line = masked[:_READ]
    if not line.isascii():
        line = unicodedata.normalize("NFKC", line)
    line = line.lower()
    if line[:1].isdigit():
        line = _LEADING_REPLY.sub("", line, count=1)
    line = line.replace(texts.MASKED_ADDRESS, _ADDRESS).replace(texts.MASKED_IP, _IP)
    if "://" in line or "www." in line:
        line = _LINK.sub(_URL, line)
    if "." in line:
        line = _HOST_NAME.sub(_HOST, _ENHANCED_STATUS.sub(" ", line))
    line = _NO_WORD.sub(" ", _DIGITS.sub("0", _MIXED.sub(_ID, line)))
    if len(line) > 2 * _KEPT:
        line = f"{line[:_KEPT].rpartition(' ')[0]} {line[-_KEPT:].partition(' ')[2]}"
    return line.split()


def of_word(word: str) -> array[int]:
    """The word itself, and every piece of it; its ends count as letters, so that "full" and "fully" differ."""
    mixed = [ord(letter) * 0x9E3779B1 & _HASH for letter in _encodable(f" {word} ")]
    mixed = [letter ^ letter >> 15 for letter in mixed]
    rolling = mixed
    hashes = [zlib.crc32(b"w " + word.encode("utf-8", "replace"))]
    for length in range(2, min(LONGEST, len(mixed)) + 1):
        weight = 2 * length + 1
        rolling = [
            (so_far * 0x01000193 + letter * weight) & _HASH
            for so_far, letter in zip(rolling, mixed[length - 1 :], strict=False)
        ]
        if length >= SHORTEST:
            hashes += [piece ^ piece >> 13 for piece in rolling]
    return array("I", hashes)


def _encodable(word: str) -> str:
    return word if word.isascii() else word.encode("utf-8", "replace").decode()


def of_pairs(words: Sequence[str]) -> array[int]:
    """Each word with the one behind it."""
    return array("I", [zlib.crc32(f"2 {one} {two}".encode("utf-8", "replace")) for one, two in pairwise(words)])


def of_codes(status: str, reply: str) -> array[int]:
    """The codes beside the words: whole, and what they have in common with others. A bare class says nothing."""
    named = []
    if reply:
        named += [f"reply {reply}", f"class {reply[:1]}"]
    if status and not status.endswith(".0.0"):
        detail = status[2:]
        named += [f"status {status}", f"detail {detail}", f"subject {detail.partition('.')[0]}"]
    return array("I", [zlib.crc32(name.encode("utf-8", "replace")) for name in named])
