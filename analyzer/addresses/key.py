"""What an address is compared by, wherever two of them are: in the lead list, the log, the bounce, the history.

Case says nothing in practice (RFC 5321, 2.4, lets receivers mind it; none is known to). A domain may be written in
letters or in A-labels (RFC 5890), and a letter with a mark as one sign or as two (RFC 5198): both are the same address.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, TypeAlias
from unicodedata import normalize

_Form: TypeAlias = Literal["NFC", "NFD", "NFKC"]

#: What IDNA takes for dots beside the dot itself (RFC 3490, 3.1).
_DOTS = re.compile("[\u3002\uff0e\uff61]")
#: RFC 3696, 3. What is longer is no address, and is not worth keeping.
_LONGEST_ADDRESS = 320
# RFC 1035, 2.3.4. A longer label is none, and decoding one takes quadratic time.
_LONGEST_LABEL, _LONGEST_NAME = 63, 253


def address_key(address: str) -> str:
    """An address without its case, its domain in letters, all of it in one Unicode form; texts without "@" as well."""
    low = address.lower()
    return low if (low.isascii() and "--" not in low) or len(low) > _LONGEST_ADDRESS else _odd_key(address)


def domain_key(domain: str) -> str:
    """The same for a domain alone: `XN--Mller-KVA.example` is `müller.example`. What is no A-label stays as it is."""
    if domain.isascii() and "--" not in domain:
        return domain.lower()
    low = _lower("NFKC", _DOTS.sub(".", domain))
    if "xn--" not in low or len(low) > _LONGEST_NAME:
        return low
    return ".".join(map(_in_letters, low.split(".")))


def local_spellings(local: str) -> tuple[str, ...]:
    """What stands before the "@" in lower case, in each Unicode form that a text may hold it in."""
    return tuple(dict.fromkeys((local.lower(), _lower("NFC", local), _lower("NFD", local))))


def domain_spellings(domain: str) -> tuple[str, ...]:
    """A domain in lower case: as it is given, in letters of either Unicode form, in A-labels."""
    letters = domain_key(domain)
    return tuple(dict.fromkeys((domain.lower(), letters, normalize("NFD", letters), in_ascii(letters))))


def spellings(address: str) -> tuple[str, ...]:
    """Every spelling, in lower case, under which a text or a table may have the address."""
    local, at, domain = address.rpartition("@")
    if not at:
        return local_spellings(address)
    return tuple(f"{one}@{other}" for one in local_spellings(local) for other in domain_spellings(domain))


@lru_cache(maxsize=1 << 16)
def _odd_key(address: str) -> str:
    local, at, domain = address.rpartition("@")
    # Compatible signs are different ones before the "@" (RFC 6530, 10.1).
    return f"{_lower('NFC', local)}@{domain_key(domain)}" if at else _lower("NFC", address)


def _lower(form: _Form, text: str) -> str:
    # Sign by sign: the lower case of a sigma would depend on where it stands. Lower case may fall apart into two signs.
    return normalize(form, "".join(sign.lower() for sign in normalize(form, text)))


def _in_letters(label: str) -> str:
    if not label.startswith("xn--") or len(label) > _LONGEST_LABEL:
        return label
    try:
        letters = label[4:].encode("ascii").decode("punycode")
        genuine = letters.encode("punycode").decode("ascii") == label[4:] and _lower("NFKC", letters) == letters
    except UnicodeError:
        return label
    # Another name could pose as ours in a label that nobody's software writes.
    return letters if genuine and not letters.isascii() else label


def in_ascii(domain: str) -> str:
    """A `domain_key` in A-labels, as DNS has it."""
    if domain.isascii():
        return domain
    return ".".join(
        label if label.isascii() else f"xn--{label.encode('punycode').decode('ascii')}" for label in domain.split(".")
    )
