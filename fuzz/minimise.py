"""Makes a found input small: `python -m fuzz.minimise TARGET FILE` writes what its fault needs of it to FILE.min.

Lines first, then ever shorter pieces, then letters; what raises the same in the same place is kept.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from fuzz.targets import target_named
from fuzz.worker import told


def fault_of(run: Callable[[bytes], None], data: bytes) -> str:
    """What an input breaks and where, "" where it breaks nothing."""
    try:
        run(data)
    except Exception as error:  # noqa: BLE001
        return told(error).partition(" | ")[0]
    return ""


def minimised(run: Callable[[bytes], None], data: bytes) -> bytes:
    """The input without all that its fault does not need; `ValueError` for one that breaks nothing."""
    fault = fault_of(run, data)
    if not fault:
        raise ValueError("it breaks no promise")

    def breaks(pieces: list[bytes]) -> bool:
        return fault_of(run, b"".join(pieces)) == fault

    data = b"".join(_least(data.splitlines(keepends=True), breaks))
    size = max(1, len(data) // 4)
    while True:
        data = b"".join(_least([data[at : at + size] for at in range(0, len(data), size)], breaks))
        if size == 1:
            return data
        size = max(1, size // 3)


def _least(pieces: list[bytes], breaks: Callable[[list[bytes]], bool]) -> list[bytes]:
    """The pieces without runs of them, long ones first, that are not needed."""
    length = max(1, len(pieces) // 2)
    while length:
        at = 0
        while at < len(pieces):
            without = pieces[:at] + pieces[at + length :]
            if breaks(without):
                pieces = without
            else:
                at += length
        length //= 2
    return pieces


def main() -> int:
    """Write the small one beside the file."""
    target, path = target_named(sys.argv[1]), Path(sys.argv[2])
    try:
        small = minimised(target.run, path.read_bytes())
    except ValueError as error:
        print(f"{path}: {error}", file=sys.stderr)
        return 1
    place = path.with_name(path.name + ".min")
    place.write_bytes(small)
    print(f"{place}: {len(small):,} of {path.stat().st_size:,} bytes, {fault_of(target.run, small)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
