"""Replies in UTF-8 that something has read as Windows-1252 or ISO 8859-1 are judged by what they were."""

from __future__ import annotations

import pytest

from analyzer.classify import classify
from analyzer.classify.mojibake import mended

REPLIES = {
    "550 Пользователь не найден": "user_unknown",
    "550 Das Postfach des Empfängers ist voll": "mailbox_full",
    "550 Destinatário não encontrado": "user_unknown",
    "550 Boîte aux lettres pleine à 100 %": "mailbox_full",
    "550 宛先メールアドレスが見つかりません": "user_unknown",
    "550 用户不存在": "user_unknown",
}


def _misread(text: str, times: int) -> str:
    for _ in range(times):
        # As browsers and most programs do: the five bytes that Windows-1252 lacks stay what they are.
        text = "".join(bytes([byte]).decode("cp1252", "replace").replace("\ufffd", chr(byte)) for byte in text.encode())
    return text


@pytest.mark.parametrize(("text", "reason"), REPLIES.items())
@pytest.mark.parametrize("times", [0, 1, 2])
def test_a_reply_that_was_misread(text, reason, times):
    assert mended(_misread(text, times)) == text
    assert classify(_misread(text, times)).reason == reason


@pytest.mark.parametrize("text", list(REPLIES))
def test_a_reply_read_as_iso_8859_1(text):
    assert mended(text.encode().decode("latin-1")) == text


@pytest.mark.parametrize(
    "text",
    ["", "550 user unknown", "Ã", "naïve « Â» 550", "550 ÓÃ»§²»´æÔÚ", "Empfänger Ã¼ber", "550 Müller", "é\ud800"],
)
def test_what_is_not_certain_stays(text):
    assert mended(text) == text
