"""The keys that return paths are signed with: from a file or the environment, never from the command line.

A file holds a key a line, the newest first: that one signs, and every one of them is believed, so that bounces of mail
from before a change of keys are still known. Blank lines and lines that begin with "#" are passed over.
"""

from __future__ import annotations

import os
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path

from analyzer.errors import UnreadableInputError

#: The key itself (several: separated by blanks), and the file that holds it.
KEY_ENV = "BOUNCE_ANALYZER_VERP_KEY"
KEY_FILE_ENV = "BOUNCE_ANALYZER_VERP_KEY_FILE"
#: RFC 2104 section 3 wants keys no shorter than the digest; a random one of 32 hexadecimal signs has half of its bits.
SHORTEST = 32
_LARGEST_FILE = 65_536


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys, the one that signs first. They show neither in a `repr` nor in an error."""

    secrets: tuple[bytes, ...] = field(repr=False)

    def __post_init__(self) -> None:
        if not self.secrets:
            raise ValueError("there is no key")


def new_key() -> str:
    """A fresh key as a line for the file: 256 random bits in hexadecimal."""
    return secrets.token_hex(32)


def keys_from(file: str | Path | None = None) -> Keys | None:
    """The keys in `file`, else those that the environment names; None where there are none to be had.

    `UnreadableInputError` for a file that cannot be read, that others may read, or that holds no key long enough.
    """
    if file is None:
        text = os.environ.get(KEY_ENV, "")
        if text.strip():
            return _keys(text.split(), f"environment variable {KEY_ENV}")
        named = os.environ.get(KEY_FILE_ENV, "")
        if not named:
            return None
        file = named
    return _keys(_lines(Path(file)), str(file))


def _lines(path: Path) -> list[str]:
    try:
        with path.open("rb") as handle:
            mode = os.fstat(handle.fileno()).st_mode
            if not stat.S_ISREG(mode):
                raise UnreadableInputError(str(path), "is no file", "give a file with a key a line")
            if mode & 0o077:
                raise UnreadableInputError(str(path), "can be read by others", f"chmod 600 {path}")
            data = handle.read(_LARGEST_FILE + 1)
    except OSError as error:
        raise UnreadableInputError(str(path), f"cannot be read: {error.strerror}", "give a file with a key") from None
    if len(data) > _LARGEST_FILE:
        raise UnreadableInputError(str(path), "is too large to be a file of keys", "give a file with a key a line")
    lines = data.decode("utf-8", "surrogateescape").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.strip().startswith("#")]


def _keys(words: list[str], where: str) -> Keys:
    for number, word in enumerate(words, 1):
        if len(word.encode("utf-8", "surrogateescape")) < SHORTEST:
            remedy = "make one with bounce-analyzer verp key"
            raise UnreadableInputError(where, f"key {number} has fewer than {SHORTEST} characters", remedy)
    if not words:
        raise UnreadableInputError(where, "holds no key", "make one with bounce-analyzer verp key")
    return Keys(tuple(word.encode("utf-8", "surrogateescape") for word in words))
