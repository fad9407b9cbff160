"""The properties of a mail in Outlook's file, or of a recipient or an attachment in it ([MS-OXMSG] 2.1, 2.4).

A property is a number and a type. Texts and bytes have a stream of their own, everything else stands in one list.
"""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta

from analyzer.sources.outlook.compound import Compound, Storage

_LIST = "__properties_version1.0"
_ITEM = struct.Struct("<IIQ")
#: Types of properties ([MS-OXCDATA] 2.11.1).
_INTEGER, _TEXT_8_BIT, _TEXT, _TIME, _BYTES = 0x0003, 0x001E, 0x001F, 0x0040, 0x0102
#: Which code page the 8-bit texts are in, and which the HTML is ([MS-OXPROPS] PidTagMessageCodepage and
#: PidTagInternetCodepage).
_CODE_PAGES = (0x3FFD, 0x3FDE)
#: Code pages of Windows whose names in Python do not hold their number.
_NAMED = {
    20127: "ascii", 20866: "koi8-r", 21866: "koi8-u", 50220: "iso2022_jp", 50221: "iso2022_jp", 50225: "iso2022_kr",
    51932: "euc_jp", 51949: "euc_kr", 54936: "gb18030", 65000: "utf-7", 65001: "utf-8", 936: "gb18030",
    **{28590 + number: f"iso8859-{number}" for number in range(1, 16) if number not in {10, 11, 12, 14}},
}  # fmt: skip
_PLAIN = frozenset({*range(1250, 1259), 437, 850, 852, 866, 874, 932, 949, 950})
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


class Properties:
    """What a storage tells of a mail; `before` is how many bytes stand in front of its list ([MS-OXMSG] 2.4.1)."""

    def __init__(self, file: Compound, storage: Storage, before: int, codec: str = "") -> None:
        self._file, self._storage = file, storage
        self._values: dict[int, int] = {}
        number = storage.streams.get(_LIST)
        listed = file.read(number)[before:] if number is not None else b""
        for tag, _, value in _ITEM.iter_unpack(listed[: len(listed) // _ITEM.size * _ITEM.size]):
            self._values.setdefault(tag, value)
        pages = [page for page in map(self.number, _CODE_PAGES) if page]
        #: Python's name of the charset that 8-bit texts are in.
        self.codec = next((name for name in map(codec_of, pages) if name), codec or "cp1252")

    def number(self, name: int) -> int | None:
        """An integer of 32 bits."""
        value = self._values.get(name << 16 | _INTEGER)
        return None if value is None else value & 0xFFFFFFFF

    def time(self, name: int) -> datetime | None:
        """A time, in UTC."""
        value = self._values.get(name << 16 | _TIME)
        try:
            # In steps of 100 ns.
            return _EPOCH + timedelta(microseconds=value // 10) if value else None
        except OverflowError:
            return None

    def text(self, name: int) -> str:
        """A text; "" where there is none."""
        data = self._stream(name, _TEXT)
        if data is not None:
            return data.decode("utf-16-le", "replace").rstrip("\0")
        data = self._stream(name, _TEXT_8_BIT)
        return data.decode(self.codec, "replace").rstrip("\0") if data is not None else ""

    def line(self, name: int) -> str:
        """A text on one line."""
        return " ".join(self.text(name).split())

    def data(self, name: int) -> bytes:
        """What is no text; b"" where there is none."""
        return self._stream(name, _BYTES) or b""

    def parts(self, prefix: str) -> list[Storage]:
        """The storages whose names begin so (recipients, attachments), in their order."""
        found = self._storage.storages
        return [found[name] for name in sorted(found) if name.startswith(prefix)]

    def object(self, name: int) -> Storage | None:
        """A mail inside, as its storage."""
        return self._storage.storages.get(f"__substg1.0_{name:04x}000d")

    def _stream(self, name: int, kind: int) -> bytes | None:
        number = self._storage.streams.get(f"__substg1.0_{name:04x}{kind:04x}")
        return None if number is None else self._file.read(number)


def codec_of(page: int) -> str:
    """Python's name of a code page of Windows; "" for one that mail does not come in."""
    return _NAMED.get(page, "") or (f"cp{page}" if page in _PLAIN else "")
