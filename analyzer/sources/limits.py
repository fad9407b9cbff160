"""How much of one source is read at most, so that a hostile or broken file costs bounded memory and time."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one run. Sizes in bytes.

    `message`: the greatest single message; files of up to 64 KiB are read whatever it says. `members`: of one archive.
    `nesting`: archives inside an archive. `ratio`: how many times its packed size an archive may expand to, once it
    has given `free` bytes. `packed`: the greatest zip that has to be held aside to be read, because it came through a
    pipe or from inside another archive.
    """

    message: int = 64 * MIB
    members: int = 500_000
    nesting: int = 1
    ratio: int = 250
    free: int = 256 * MIB
    packed: int = 1024 * MIB
