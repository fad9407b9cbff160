"""Where an address stands in a text or in bytes, however it is written there: what `forget` looks for.

Plain, in a signed return address (VERP, `jane=corp.example`), in a link (`jane%40corp.example`), in quoted-printable
and base64 (RFC 2045, 6.7 and 6.8) and escaped in JSON; an internationalised domain in its letters and in A-labels (RFC
5890), in either form of Unicode. Never a part of another address: forgetting ann@ leaves joann@.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass

from analyzer.addresses.key import domain_spellings, local_spellings, spellings

_SIGNS = ("@", "=", "%40", "=40", r"\u0040", "&#64;")
#: Letters that an address goes on with, on its left and on its right.
_BEFORE = r"(^|[^a-z0-9._+%&'-])"
#: What ends it may be the ending of a file that is named after somebody.
_AFTER = r"($|[^a-z0-9.-]|\.$|\.[^a-z0-9]|\.(eml|emlx|msg|mbox|txt|csv|xlsx|jsonl?|parquet|zip|gz)($|[^a-z0-9]))"
#: A return address has a word of its own in front: bounces+jane=corp.example@us.example.
_BEFORE_ENCODED = r"(^|[^a-z0-9])"
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{12,}(?:\r?\n[A-Za-z0-9+/_-]+)*={0,2}")


@dataclass(frozen=True, slots=True)
class Traces:
    """One address, in lower case, with `pattern`: a regular expression without look-around (DataFusion's and Python's),
    for text in lower case."""

    address: str
    pattern: str
    #: What of its base64 is the same whatever stands around it, for each of the three places of a quantum.
    base64: tuple[str, ...]

    def in_text(self, text: str) -> bool:
        """Whether a text names the address."""
        return re.search(self.pattern, text.lower()) is not None

    def in_bytes(self, data: bytes) -> bool:
        """Whether bytes name it: a mail, a request, a line of JSON."""
        low = data.lower()
        if self._in(low) or self._in(binascii.a2b_qp(low)):
            return True
        return any(self._in(plain.lower()) for found in _BASE64.finditer(data) for plain in _decoded(found[0]))

    def _in(self, low: bytes) -> bool:
        # Bytes in lower case are so in ASCII alone.
        return re.search(self.pattern, low.decode("utf-8", "replace").lower()) is not None


def traces_of(address: str) -> Traces:
    """The traces of an address as a person writes it."""
    key = address.strip().strip("<>").lower()
    local, _, domain = key.rpartition("@")
    encoded = "|".join(map(re.escape, _SIGNS[1:]))
    people, places = local_spellings(local), domain_spellings(domain)
    who, where = _any_of(people), _any_of(places)
    plain = f"{_BEFORE}{who}@{where}{_AFTER}"
    cores = [core for one in spellings(key) for core in _cores(one.encode())]
    return Traces(key, f"{plain}|{_BEFORE_ENCODED}{who}({encoded}){where}{_AFTER}", tuple(cores))


def _any_of(texts: tuple[str, ...]) -> str:
    """A pattern for any of them, as they are and as JSON may escape their letters."""
    ways = ["".join(map(_sign, text)) for text in texts]
    return ways[0] if len(ways) == 1 else f"({'|'.join(ways)})"


def _sign(sign: str) -> str:
    if sign.isascii():
        return re.escape(sign)
    escaped = dict.fromkeys(re.escape(json.dumps(one)[1:-1].lower()) for one in (sign, sign.upper()))
    return f"({'|'.join((sign, *escaped))})"


def _cores(data: bytes) -> tuple[str, ...]:
    found = []
    for before in range(3):
        text = base64.b64encode(bytes(before) + data).decode()
        found.append(text[-(-8 * before // 6) : 8 * (before + len(data)) // 6])
    return tuple(dict.fromkeys([*found, *(one.replace("+", "-").replace("/", "_") for one in found)]))


def _decoded(token: bytes) -> list[bytes]:
    joined = re.sub(rb"[\r\n]", b"", token).rstrip(b"=").replace(b"-", b"+").replace(b"_", b"/")
    found = []
    # A path or a boundary may lead up to it: any of the four places of a quantum can be where it begins.
    for start in range(4):
        part = joined[start:]
        with_end = part[: len(part) // 4 * 4] if len(part) % 4 == 1 else part + b"=" * (-len(part) % 4)
        try:
            found.append(base64.b64decode(with_end))
        except (binascii.Error, ValueError):
            continue
    return found
