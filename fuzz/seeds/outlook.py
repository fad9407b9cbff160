"""Files as Outlook saves mails in: properties ([MS-OXMSG] 2.4) in a compound file ([MS-CFB])."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

Tree = dict[str, Any]

_END, _FREE, _FAT_SECTOR, _NONE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD, 0xFFFFFFFF
_SECTOR, _SMALL, _CUTOFF = 512, 64, 4096
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


def report() -> bytes:
    """A report of two recipients with our mail inside."""
    ours = mail({0x001A: "IPM.Note", 0x0037: "Hello", 0x007D: "Message-ID: <1@a.example>\r\n\r\n"}, inside=True)
    failed = [
        {0x3003: "kim@b.example", 0x0C20: 511},
        {0x3001: "lee@b.example", 0x0C1B: "<mx.b.example #5.2.2 smtp;552 full>"},
    ]
    return outlook_file({0x001A: "REPORT.IPM.Note.NDR", 0x1000: "It did not reach them."}, failed, [{0x3701: ours}])


def outlook_file(
    properties: dict[int, Any],
    recipients: Sequence[dict[int, Any]] = (),
    attached: Sequence[dict[int, Any]] = (),
    page: int = 0,
) -> bytes:
    """A mail by its properties; a `Tree` among an attachment's stands for a mail inside. `page`: texts of 8 bit."""
    return compound(mail(properties, recipients, attached, page=page))


def mail(
    properties: dict[int, Any],
    recipients: Sequence[dict[int, Any]] = (),
    attached: Sequence[dict[int, Any]] = (),
    *,
    inside: bool = False,
    page: int = 0,
) -> Tree:
    """The storages and streams of a mail; `inside` another one."""
    counts = struct.pack("<8xIIII", len(recipients), len(attached), len(recipients), len(attached))
    before = counts if inside else counts + bytes(8)
    properties = properties | ({0x3FFD: page, 0x3FDE: page} if page else {})
    tree = _properties(properties, before, page)
    for number, one in enumerate(recipients):
        tree[f"__recip_version1.0_#{number:08X}"] = _properties(one, bytes(8), page)
    for number, one in enumerate(attached):
        tree[f"__attach_version1.0_#{number:08X}"] = _properties(one, bytes(8), page)
    return tree


def _properties(properties: dict[int, Any], before: bytes, page: int) -> Tree:
    tree: Tree = {}
    listed = [before]
    for name, value in properties.items():
        if isinstance(value, dict):
            tree[f"__substg1.0_{name:04X}000D"] = value
            kind, held = 0x000D, struct.pack("<Ixxxx", 0xFFFFFFFF)
        elif isinstance(value, int):
            kind, held = 0x0003, struct.pack("<Ixxxx", value)
        elif isinstance(value, datetime):
            kind, held = 0x0040, struct.pack("<Q", int((value - _EPOCH).total_seconds() * 10**7))
        else:
            kind = 0x0102 if isinstance(value, bytes) else 0x001E if page else 0x001F
            data = value if isinstance(value, bytes) else value.encode(f"cp{page}" if page else "utf-16-le")
            tree[f"__substg1.0_{name:04X}{kind:04X}"] = data
            held = struct.pack("<Ixxxx", len(data) + (2 if kind == 0x001F else 0))
        listed.append(struct.pack("<II", name << 16 | kind, 6) + held)
    tree["__properties_version1.0"] = b"".join(listed)
    return tree


def compound(tree: Tree) -> bytes:
    """A compound file with these storages (dictionaries) and streams (bytes)."""
    entries: list[dict[str, Any]] = [{"name": "Root Entry", "kind": 5, "child": _NONE, "left": _NONE, "right": _NONE}]
    small, small_table = bytearray(), []
    sectors: list[bytes] = []
    table: list[int] = []

    def chained(data: bytes) -> int:
        start = len(sectors)
        pieces = [data[at : at + _SECTOR].ljust(_SECTOR, b"\0") for at in range(0, len(data), _SECTOR)]
        sectors.extend(pieces)
        table.extend([*range(start + 1, start + len(pieces)), _END] if pieces else [])
        return start if pieces else _END

    def stored(name: str, value: Any) -> int:
        entry = {"name": name, "left": _NONE, "right": _NONE, "child": _NONE, "kind": 1, "start": 0, "size": 0}
        entries.append(entry)
        number = len(entries) - 1
        if isinstance(value, dict):
            entry["child"] = ordered(value)
            return number
        entry |= {"kind": 2, "size": len(value)}
        if len(value) >= _CUTOFF:
            entry["start"] = chained(value)
        elif value:
            entry["start"] = len(small_table)
            count = -(-len(value) // _SMALL)
            small_table.extend([*range(len(small_table) + 1, len(small_table) + count), _END])
            small.extend(value.ljust(count * _SMALL, b"\0"))
        else:
            entry["start"] = _END
        return number

    def ordered(storage: Tree) -> int:
        # A search tree by length, then by upper case ([MS-CFB] 2.6.4).
        names = sorted(storage, key=lambda name: (len(name), name.upper()))
        numbers = [stored(name, storage[name]) for name in names]

        def middle(low: int, high: int) -> int:
            if low >= high:
                return _NONE
            at = (low + high) // 2
            entries[numbers[at]] |= {"left": middle(low, at), "right": middle(at + 1, high)}
            return numbers[at]

        return middle(0, len(numbers))

    entries[0]["child"] = ordered(tree)
    entries[0] |= {"start": chained(bytes(small)), "size": len(small)}
    small_start = chained(struct.pack(f"<{len(small_table)}I", *small_table)) if small_table else _END
    directory = chained(b"".join(map(_entry, entries)))
    tables = 1
    while tables * 128 < len(table) + tables:
        tables += 1
    first = len(table)
    table += [_FAT_SECTOR] * tables
    table += [_FREE] * (tables * 128 - len(table))
    header = struct.pack(
        "<8s16xHHHHH6xIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6, 0, tables, directory, 0,
        _CUTOFF, small_start, -(-len(small_table) // 128), _END, 0,
    )  # fmt: skip
    listed = [*range(first, first + tables), *[_FREE] * (109 - tables)]
    return header + struct.pack("<109I", *listed) + b"".join(sectors) + struct.pack(f"<{len(table)}I", *table)


def _entry(entry: dict[str, Any]) -> bytes:
    name = entry["name"].encode("utf-16-le") + b"\0\0"
    return struct.pack(
        "<64sHBBIII16xI8x8xIQ", name, len(name), entry["kind"], 1, entry["left"], entry["right"], entry["child"], 0,
        entry["start"], entry["size"],
    )  # fmt: skip
