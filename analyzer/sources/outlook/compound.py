"""A compound file: storages and streams in one file, as old Office documents and Outlook's mails are ([MS-CFB]).

Only reading, and only out of memory. Whoever sends a mail is a stranger, so no chain may loop, no entry may stand in
two places, and no more is read in all than the file is long.
"""

from __future__ import annotations

import struct
import sys
from array import array
from dataclasses import dataclass, field

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_HEADER = struct.Struct("<30xHH6x4xII4xIIIII")
_HEADER_SIZE = 512
_ENTRY = struct.Struct("<64sHBxIII16x20xIQ")
_NONE = 0xFFFFFFFF
#: Numbers from here on mark the end of a chain, or what is in none ([MS-CFB] 2.1).
_NO_SECTOR = 0xFFFFFFFA
#: Sizes of a sector and of a small one, as powers of two ([MS-CFB] 2.2).
_SECTORS, _SMALL_SECTORS = (9, 12), 6
_STORAGE, _STREAM, _ROOT = 1, 2, 5
#: What is read may be twice the file, since small sectors are read out of a stream, and the last of each is rounded up.
_SLACK = 1 << 20


class DamagedError(Exception):
    """The file is cut off, or contradicts itself."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """One entry of the directory ([MS-CFB] 2.6.1): its neighbours and its first child, where it begins, its bytes."""

    name: str
    kind: int
    left: int
    right: int
    child: int
    start: int
    size: int


@dataclass(frozen=True, slots=True)
class Storage:
    """What a storage holds, by name in lower case: further storages, and streams as numbers for `Compound.read`."""

    storages: dict[str, Storage] = field(default_factory=dict)
    streams: dict[str, int] = field(default_factory=dict)


class Compound:
    """A compound file; `root` is the tree of what it holds. `DamagedError` where it cannot be read."""

    def __init__(self, data: bytes) -> None:
        if len(data) < _HEADER_SIZE or not data.startswith(MAGIC):
            raise DamagedError
        self._data = data
        self._left = 2 * len(data) + _SLACK
        (shift, small, tables, directory, cutoff, small_table, _, further, _) = _HEADER.unpack_from(data)
        if shift not in _SECTORS or small != _SMALL_SECTORS:
            raise DamagedError
        self._shift = shift
        #: Streams below this size lie in small sectors.
        self._cutoff = cutoff
        self._table = self._read_table(tables, further)
        self._entries = self._read_entries(self._chained(directory))
        if not self._entries or self._entries[0].kind != _ROOT:
            raise DamagedError
        root = self._entries[0]
        self._small_table = _numbers(self._chained(small_table))
        self._small = memoryview(self._chained(root.start, root.size))
        self.root = self._tree()

    def read(self, number: int) -> bytes:
        """The bytes of a stream."""
        entry = self._entries[number]
        if entry.size >= self._cutoff:
            return self._chained(entry.start, entry.size)
        size, sector = 1 << _SMALL_SECTORS, entry.start
        self._left -= entry.size
        if self._left < 0 or entry.size > len(self._small):
            raise DamagedError
        pieces: list[memoryview] = []
        for _ in range(-(-entry.size // size)):
            if sector >= len(self._small_table):
                raise DamagedError
            pieces.append(self._small[sector * size : (sector + 1) * size])
            sector = self._small_table[sector]
        return b"".join(pieces)[: entry.size]

    def _sector(self, number: int) -> bytes:
        start = (number + 1) << self._shift
        return self._data[start : start + (1 << self._shift)]

    def _chained(self, start: int, size: int = -1) -> bytes:
        """The sectors of a chain in one, cut to `size` bytes where that is known."""
        if size > len(self._data):
            raise DamagedError
        most = -(-size >> self._shift) if size >= 0 else len(self._table)
        pieces: list[bytes] = []
        number = start
        while number < _NO_SECTOR and len(pieces) < most:
            if number >= len(self._table):
                raise DamagedError
            pieces.append(self._sector(number))
            self._left -= 1 << self._shift
            if self._left < 0:
                raise DamagedError
            number = self._table[number]
        if size < 0 and number < _NO_SECTOR:
            # A chain as long as the table and not at its end goes round.
            raise DamagedError
        whole = b"".join(pieces)
        if len(whole) < size:
            raise DamagedError
        return whole if size < 0 else whole[:size]

    def _read_table(self, tables: int, further: int) -> array[int]:
        """Which sector follows which ([MS-CFB] 2.3), out of the sectors that the header and its continuation list."""
        most = (len(self._data) >> self._shift) + 1
        listed = _numbers(self._data[76:_HEADER_SIZE])
        seen = 0
        while further < _NO_SECTOR and len(listed) <= most:
            more = _numbers(self._sector(further))
            seen += 1
            if not more or seen > most:
                raise DamagedError
            further = more.pop()
            listed.extend(more)
        table = array("I")
        for number in listed[: min(tables, most)]:
            if number < _NO_SECTOR:
                table.extend(_numbers(self._sector(number)))
        return table

    @staticmethod
    def _read_entries(directory: bytes) -> list[_Entry]:
        entries: list[_Entry] = []
        for name, length, kind, left, right, child, start, size in _ENTRY.iter_unpack(
            directory[: len(directory) // _ENTRY.size * _ENTRY.size]
        ):
            word = name[: max(min(length, 64) - 2, 0)].decode("utf-16-le", "replace").lower()
            # In files of 512-byte sectors the upper half of the size may hold anything ([MS-CFB] 2.6.3).
            entries.append(_Entry(word, kind, left, right, child, start, size & 0xFFFFFFFF))
        return entries

    def _tree(self) -> Storage:
        root = Storage()
        seen: set[int] = set()
        waiting = [(root, self._entries[0].child)]
        while waiting:
            storage, number = waiting.pop()
            if number == _NONE or number in seen or number >= len(self._entries):
                # What stands in two places stands where it was met first.
                continue
            seen.add(number)
            entry = self._entries[number]
            waiting += [(storage, entry.left), (storage, entry.right)]
            if entry.kind == _STREAM:
                storage.streams[entry.name] = number
            elif entry.kind == _STORAGE:
                inner = storage.storages[entry.name] = Storage()
                waiting.append((inner, entry.child))
        return root


def _numbers(data: bytes) -> array[int]:
    """Unsigned numbers of 32 bits each, the least byte first."""
    numbers = array("I")
    numbers.frombytes(data[: len(data) // 4 * 4])
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
