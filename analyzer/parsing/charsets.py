"""Which legacy charset undeclared or wrongly declared bytes are in, told from the byte ranges that each uses.

Sources: JIS X 0208 in its EUC and Shift_JIS forms, GB 2312, Big5, KS X 1001, KOI8-R (RFC 1489) and Windows-1251.
"""

from __future__ import annotations

import re

_RUN = re.compile(rb"[\x80-\xff]{3,}")
_HIGH = re.compile(rb"[\x80-\xff]")
_KANA = re.compile("[\u3041-\u30ff]")
_HALF_WIDTH = re.compile("[\uff61-\uff9f]")
_HANGUL = re.compile("[\uac00-\ud7a3]")
_NOT_ASCII = re.compile("[^\x00-\x7f]")
_BIG5_COMMON = re.compile(rb"[\xa4-\xc6][\x40-\x7e\xa1-\xfe]")
#: How much of a text is looked at.
_SAMPLE = 4000


def looks_foreign(data: bytes) -> bool:
    """Whether the bytes are in no Latin charset: their high bytes stand in runs, not alone among ASCII letters."""
    sample = data[:_SAMPLE]
    high = len(_HIGH.findall(sample))
    return high >= 6 and sum(map(len, _RUN.findall(sample))) >= 0.6 * high


def guess_charset(data: bytes) -> str:
    """The likeliest legacy charset of text that is neither ASCII nor UTF-8; empty where nothing speaks for one."""
    sample = data[:_SAMPLE].rsplit(b"\n", 1)[0] if len(data) > _SAMPLE else data
    if len(_HIGH.findall(sample)) < 6:
        return ""
    for charset, letters, share in (("euc_jp", _KANA, 0.3), ("cp932", _KANA, 0.3), ("cp949", _HANGUL, 0.85)):
        text = _strict(sample, charset)
        # Single high bytes of Latin text are half-width kana in Shift_JIS.
        if text and _share(letters, text) >= share and _share(_HALF_WIDTH, text) < 0.2:
            return charset
    if not looks_foreign(sample):
        # Big5 puts an ASCII byte behind most of its leads, so that it has no runs.
        return "big5hkscs" if _is_big5(sample) else ""
    if _is_cyrillic(sample):
        lower_in_koi8 = sum(0xC0 <= byte <= 0xDF for byte in sample)
        lower_in_1251 = sum(byte >= 0xE0 for byte in sample)
        return "koi8_r" if lower_in_koi8 > lower_in_1251 else "cp1251"
    if _strict(sample, "gb2312"):
        return "gb18030"
    return "big5hkscs" if _is_big5(sample) else "gb18030" if _strict(sample, "gb18030") else ""


#: Those that are taken for each other.
CYRILLIC = ("cp1251", "koi8-r")
#: A letter of four in Russian; the bytes of these three are rare letters in the other charset.
_COMMON_LETTERS = re.compile("[аио]")
_LETTERS = re.compile("[\u0400-\u04ff]")
#: Fewer letters tell nothing.
_FEW_LETTERS = 12


def likelier_cyrillic(data: bytes, declared: str) -> str:
    """The one of `CYRILLIC` in which text that says it is in one of them has more of the common letters."""
    found = {name: data[:_SAMPLE].decode(name, "replace").lower() for name in CYRILLIC}
    if len(_LETTERS.findall(found[declared])) < _FEW_LETTERS:
        return declared
    common = {name: len(_COMMON_LETTERS.findall(text)) for name, text in found.items()}
    best = max(common, key=common.__getitem__)
    return best if common[best] > 2 * common[declared] else declared


def _strict(sample: bytes, charset: str) -> str:
    try:
        return sample.decode(charset)
    except (UnicodeError, ValueError):
        return ""


def _share(letters: re.Pattern[str], text: str) -> float:
    everything = len(_NOT_ASCII.findall(text))
    return len(letters.findall(text)) / everything if everything else 0.0


def _is_big5(sample: bytes) -> bool:
    text = _strict(sample, "big5")
    return bool(text) and 2 * len(_BIG5_COMMON.findall(sample)) >= len(_NOT_ASCII.findall(text))


def _is_cyrillic(sample: bytes) -> bool:
    """Letters of both Cyrillic charsets fill C0 to FF; a third of the bytes of double-byte text lies below."""
    return sum(byte >= 0xC0 for byte in sample) >= 0.9 * len(_HIGH.findall(sample))
