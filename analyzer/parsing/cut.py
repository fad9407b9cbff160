"""A message that ends in the middle of an address: stores and gateways keep the first so many bytes of a mail.

What is left may be the address of somebody whom nobody wrote to: it is made whole where the mail names it elsewhere,
and taken out where it can be nobody's.
"""

from __future__ import annotations

import re

#: More than the longest address (RFC 5321 4.5.3.1), and more places than tell anything.
_LONGEST, _MOST_PLACES = 320, 1000
_LAST = re.compile(rb"[^\s<>\"'(),:;=\[\]@]{1,64}@[A-Za-z0-9._-]{0,255}\Z")
_IN_NAME = re.compile(rb"[^\s<>\"'(),:;=\[\]@]")
_DOMAIN = re.compile(rb"[A-Za-z0-9._-]{0,255}")


def whole_addresses(data: bytes) -> bytes:
    """The message with an address at its very end made whole or taken out; as it is where that stands there in full."""
    last = _LAST.search(data, max(0, len(data) - _LONGEST))
    if last is None or not _is_plain(data[data.rfind(b"\n") + 1 :]):
        return data
    left, before = last[0], data[: last.start()]
    named = _beginning_with(left.lower(), before)
    if left.lower() in named or (not named and b"." in left.rpartition(b"@")[2].strip(b".")):
        return data
    return before + (next(iter(named.values())) if len(named) == 1 else b"")


def _is_plain(line: bytes) -> bool:
    """Whether a line holds ASCII alone: of Japanese in its own charsets, bytes may look like an address."""
    return line.isascii() and b"\x1b" not in line


def _beginning_with(left: bytes, text: bytes) -> dict[bytes, bytes]:
    """The addresses of a text that begin so, by their lower case; the first of each as it is written."""
    found: dict[bytes, bytes] = {}
    lower, at = text.lower(), -1
    for _ in range(_MOST_PLACES):
        at = lower.find(left, at + 1)
        if at < 0:
            break
        domain = _DOMAIN.match(text, at + len(left))
        if domain and not _IN_NAME.match(text, max(at - 1, 0), at):
            address = text[at : domain.end()].rstrip(b".-")
            found.setdefault(address.lower(), address)
    return found
