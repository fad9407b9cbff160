"""Mails of Outlook whose only body is compressed rich text. The two first streams are the specification's own."""

from __future__ import annotations

import random
import struct
import time

import pytest

from analyzer.parsing import read_message
from analyzer.sources.outlook import message_of
from analyzer.sources.outlook.rtf import text_of
from fuzz.seeds.outlook import outlook_file

CLASS, SUBJECT, SENDER_ADDRESS, RICH = 0x001A, 0x0037, 0x0C1F, 0x1009
HELLO = bytes.fromhex(
    "2d0000002b0000004c5a4675f1c5c7a703000a00726370673132354232" + "0af32068656c090020627705b06c647d0a800fa0"
)
LETTERS = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")


def stored(rich: bytes) -> bytes:
    """Rich text as it stands, which the format allows too."""
    return struct.pack("<II4sI", len(rich) + 12, len(rich), b"MELA", 0) + rich


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (HELLO, "hello world"),
        (LETTERS, "WXYZ" * 5),
        (
            stored(rb"{\rtf1\ansi\ansicpg1252 M\'fcller \u8364?x\par 550 5.1.1 \{unknown\}}"),
            "Müller €x\n550 5.1.1 {unknown}",
        ),
        (stored(rb"{\rtf1\ansi\ansicpg932{\colortbl;\red0;}" + rb"\'83\'81\'81\'5b\'83\'8b\tab d}"), "メール\td"),
        (
            stored(
                rb"{\rtf1\ansi\fromhtml1{\fonttbl{\f0 Arial;}}{\*\htmltag64 <p>}\htmlrtf \par\htmlrtf0 No such user"
                rb"{\*\htmltag84 <br>}{\*\generator Riched}550 5.1.1{\*\htmltag72 </p>}}"
            ),
            "No such user\n550 5.1.1",
        ),
        (stored(b"no rich text"), ""),
        (b"LZFu", ""),
        (b"", ""),
    ],
)
def test_the_words_of_rich_text(data: bytes, text: str) -> None:
    assert text_of(data) == text


def test_a_notice_in_rich_text_is_read() -> None:
    said = (
        rb"{\rtf1\ansi Your message to kim@lumen.example could not be delivered.\par "
        rb"mx.lumen.example said: 550 5.1.1 <kim@lumen.example>: User unknown\par}"
    )
    properties = {
        CLASS: "IPM.Note",
        SUBJECT: "Undeliverable: Quick question",
        SENDER_ADDRESS: "mailer-daemon@lumen.example",
        RICH: stored(said),
    }
    report = read_message(message_of(outlook_file(properties)))
    assert report.kind == "bounce"
    assert [(one.recipient, one.status) for one in report.failures] == [("kim@lumen.example", "5.1.1")]


def test_broken_rich_text_neither_fails_nor_takes_long() -> None:
    chance = random.Random(3)
    began = time.process_time()
    for _ in range(2000):
        data = bytearray(HELLO + stored(rb"{\rtf1\uc9999 \u-5 \'8{{{}}}\htmlrtf{\*\htmltag <p}\u55357?\bin99"))
        for _ in range(8):
            data[chance.randrange(len(data))] = chance.randrange(256)
        text_of(bytes(data)).encode()
    text_of(stored(rb"{\rtf1" + b"{" * 1_000_000))
    text_of(stored(rb"{\rtf1" + rb"\u8364?" * 150_000))
    text_of(struct.pack("<II4sI", 0, 1 << 31, b"LZFu", 0) + b"\xff" + b"\x00\x0f" * 500_000)
    assert time.process_time() - began < 30
