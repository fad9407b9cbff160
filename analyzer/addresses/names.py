"""A domain by its spelling alone: A-labels (RFC 5890), public suffix, reserved names (RFC 2606, 6761); no look-ups.

Public suffixes come from the list bundled with `publicsuffixlist`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.addresses.words import under, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from publicsuffixlist import PublicSuffixList

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_PLAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
# RFC 1035, 2.3.4: 255 octets on the wire.
_LONGEST = 253


@dataclass(frozen=True, slots=True)
class DomainName:
    """`name` in A-labels and lower case, `shown` as people write it; `fault` is a code, "" where the name can be.

    `registrable` is the name under the public suffix ("example.co.uk"); `detail` says what is wrong.
    """

    name: str
    shown: str
    fault: str = ""
    detail: str = ""
    suffix: str = ""
    registrable: str = ""
    suggestion: str = ""


@cache
def _suffixes() -> PublicSuffixList:
    from publicsuffixlist import PSLFILE, PublicSuffixList

    with Path(PSLFILE).open(encoding="utf-8") as lines:
        return PublicSuffixList(_with_a_labels(lines), accept_unknown=False, accept_encoded_idn=False, only_icann=True)


def _with_a_labels(lines: Iterable[str]) -> Iterator[str]:
    """The list with A-labels beside its other letters. The library would convert every rule, which takes it longer
    than all else that it does."""
    for line in lines:
        yield line
        if not line.isascii() and not line.startswith("//"):
            yield line.rstrip().encode("idna").decode("ascii")


@lru_cache(maxsize=1 << 18)
def domain_name(text: str) -> DomainName:
    """What a domain's spelling tells; never raises."""
    shown = text.lower()
    if text.startswith("[") and text.endswith("]"):
        return DomainName(shown, shown, "address_literal")
    # Most names need no more than this pattern; what has letters beyond ASCII, or an A-label, goes the long way.
    if _PLAIN.fullmatch(shown) and len(shown) <= _LONGEST and "--" not in shown:
        return _judged(shown, shown)
    from email_validator import EmailNotValidError, validate_email

    try:
        # The rule about dots is ours to judge, so that such a name can be named as what it is.
        valid = validate_email(f"a@{text}", check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError as error:
        return DomainName(shown, shown, "address_syntax", str(error), suggestion=_mended(shown))
    return _judged(valid.ascii_domain.lower(), valid.domain.lower())


def _judged(name: str, shown: str) -> DomainName:
    if "." not in name and name not in words().reserved:
        return DomainName(name, shown, "domain_without_dot", suggestion=glued(name))
    suffixes = _suffixes()
    suffix = suffixes.publicsuffix(name) or ""
    registrable = suffixes.privatesuffix(name) or ""
    if under(name, words().reserved):
        return DomainName(
            name, shown, "reserved_domain", f"{shown} is reserved", suffix, registrable or _last_two(name)
        )
    last = name.rpartition(".")[2]
    if not suffix:
        meant = words().suffix_typos.get(last)
        guess = f"{name[: -len(last)]}{meant}" if meant else ""
        return DomainName(name, shown, "unknown_suffix", f".{last} is no suffix", suggestion=guess)
    if not registrable:
        return DomainName(name, shown, "public_suffix", f"{shown} is a public suffix", suffix)
    latin = "" if shown.isascii() else _without_look_alikes(shown)
    if latin:
        return DomainName(
            name, shown, "mixed_scripts", f"{shown} is {name}, not {latin}", suffix, registrable, suggestion=latin
        )
    return DomainName(name, shown, suffix=suffix, registrable=registrable)


def _without_look_alikes(shown: str) -> str:
    """A name in Latin letters where one of its labels mixes these with others that look like them, else ""."""
    labels = [
        label.translate(words().confusable) if any(sign.isascii() and sign.isalpha() for sign in label) else label
        for label in shown.split(".")
    ]
    latin = ".".join(labels)
    return latin if latin != shown and latin.isascii() else ""


def glued(name: str) -> str:
    """The well-known domain that a name without its dot stands for: `gmailcom`, `gmail`; "" where none does."""
    from analyzer.addresses.typos import known_domains

    for known in known_domains():
        if name == known.replace(".", ""):
            return known
    for ending in ("com", "net", "org"):
        if name.endswith(ending) and len(name) > len(ending) + 3:
            return f"{name[: -len(ending)]}.{ending}"
    return f"{name}.com" if f"{name}.com" in known_domains() else ""


def _mended(name: str) -> str:
    """A name with the dots put right: `example,com`, `example..com`, `.example.com`."""
    mended = ".".join(part.strip("-_ ") for part in name.replace(",", ".").split(".") if part.strip("-_ "))
    return mended if mended != name and "." in mended and domain_name(mended).fault in {"", "reserved_domain"} else ""


def _last_two(name: str) -> str:
    return ".".join(name.split(".")[-2:])
