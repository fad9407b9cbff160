"""Replies that something has read as Windows-1252 or ISO 8859-1 are judged by what they were, and encoded words too."""

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
    [
        "",
        "550 user unknown",
        "Ã",
        "naïve « Â» 550",
        "———————— 550 ————————",
        "Größe «überschritten»",
        "ééééééé",
        "550 þ¯þ¯þ¯þ¯þ¯",
        "Empfänger Ã¼ber",
        "550 Müller",
        "é\ud800",
    ],
)
def test_what_is_not_certain_stays(text):
    assert mended(text) == text


@pytest.mark.parametrize(
    ("text", "charset", "reason"),
    [
        ("550 用户不存在", "gbk", "user_unknown"),
        ("552 邮箱已满，无法投递", "gb18030", "mailbox_full"),
        ("550 5.1.1 找不到使用者信箱，此信箱不存在", "big5", "user_unknown"),
        ("550 宛先のメールアドレスは存在しません", "cp932", "user_unknown"),
        ("550 宛先のメールアドレスは存在しません", "euc_jp", "user_unknown"),
        ("550 존재하지 않는 사용자입니다", "cp949", "user_unknown"),
        ("550 Пользователь не найден", "cp1251", "user_unknown"),
        ("552 Почтовый ящик переполнен", "koi8_r", "mailbox_full"),
    ],
)
@pytest.mark.parametrize("misread", ["cp1252", "latin-1"])
def test_a_reply_in_an_older_charset(text, charset, reason, misread):
    wrong = "".join(
        bytes([byte]).decode(misread, "replace").replace("\ufffd", chr(byte)) for byte in text.encode(charset)
    )
    assert mended(wrong) == text
    assert classify(wrong).reason == reason


@pytest.mark.parametrize(
    "text",
    [
        "=?utf-8?B?NTUwIEJlbnV0emVyIHVuYmVrYW5udA==?=",
        "550 =?gb2312?B?08O7p7K7tObU2g==?=",
        "550 5.1.1 =?iso-8859-1?Q?Empf=E4nger_unbekannt?=",
    ],
)
def test_a_reply_in_encoded_words(text):
    assert classify(text).reason == "user_unknown"
