"""What an address says by its name alone, and the word that a list has for it: asked of nobody, and of no history.

Each finding is a code of `rules/check.toml` with the evidence for it.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

from analyzer.addresses.words import local_key, words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analyzer.addresses.address import Address

#: (code, evidence)
Found: TypeAlias = tuple[str, str]

_NO_LETTERS = re.compile(r"[^a-z]+")
_TOKENS = re.compile(r"[._\-+]")
_INITIAL = re.compile(r"(?:^|[._])[a-z](?:[._]|$)")
_VOWELLESS = re.compile(r"[bcdfghjklmnpqrstvwxz]{7,}")
_MIXED = re.compile(r"(?<![a-z])[a-z]+\d+|(?<!\d)\d+[a-z]+")
_HEX = re.compile(r"(?=.*\d)(?=.*[a-f])[0-9a-f]{12,}")
_REPEATED = re.compile(r"([a-z])\1{3,}|^([a-z]{2})\2{2,}$|^([a-z]{3})\3{2,}$")
_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "azertyuiop", "poiuytrewq", "lkjhgfdsa", "mnbvcxz")
# Wertz is a surname.
_WALK = re.compile("|".join({row[start : start + 5] for row in _KEYS for start in range(len(row) - 4)} - {"wertz"}))


def of_name(address: Address) -> Iterable[Found]:
    """Whose mailbox it is by its local part, or that it is no name at all."""
    kind = _kind_of_local(address.local)
    if kind:
        yield kind, f"{address.local}@"
    elif not address.ascii_local:
        yield "needs_smtputf8", f"{address.local}@"
    elif address.local[0] == '"':
        yield "quoted_local_part", f"{address.local}@"
    elif is_gibberish(address.local):
        yield "gibberish", f"{address.local}@"


def of_status(text: str) -> Iterable[Found]:
    """Whether the list's word for an address forbids mail to it, whatever its server says: a spam trap takes mail."""
    if text and _NO_LETTERS.sub("", text.lower()) in words().forbidding_statuses:
        yield "list_forbids", text


@cache
def _kinds() -> dict[str, str]:
    known = words()
    kinds: dict[str, str] = {}
    # A name that is in several lists is what speaks most against it.
    for kind in ("role", "sample_name", "placeholder", "abuse_desk", "no_reply"):
        kinds |= dict.fromkeys(getattr(known, kind), kind)
    return kinds


def _kind_of_local(local: str) -> str:
    """role, no_reply, abuse_desk, placeholder, sample_name or ""."""
    kinds = _kinds()
    lower = local.lower()
    kind = kinds.get(lower)
    if kind:
        return kind
    if lower.isalpha():
        return ""
    first, *rest = _TOKENS.split(lower)
    # An initial before a name is a person's: C. Ert is no certificate.
    kind = "" if _INITIAL.search(lower) else kinds.get(local_key(lower), "")
    if kind:
        return kind
    # info2, sales-de, support.apac: a function with a number or a place behind it.
    bare = first.rstrip("0123456789")
    if kinds.get(bare) == "role" and len(bare) > 2 and all(map(_is_place, rest)) and (rest or bare != first):
        return "role"
    return ""


def _is_place(part: str) -> bool:
    return len(part) <= 2 or part.isdecimal() or part in words().regions


def is_gibberish(local: str) -> bool:
    """Whether no person or office would be called so: keyboard walks, random signs, one letter over and over."""
    lower = local.lower().partition("+")[0]
    if len(lower) < 5:
        return False
    if _VOWELLESS.search(lower):
        # Initials and Slavic names go without vowels, but not for this long, nor German compounds.
        run = max(_VOWELLESS.findall(lower), key=len)
        if len(run) == len(lower) or len(run) >= 9:
            return True
    if _REPEATED.search(lower) or (len(lower) >= 12 and _HEX.fullmatch(lower)):
        return True
    if not lower.isalpha() and len(lower) >= 8 and len(_MIXED.findall(lower)) >= 3:
        return True
    return _WALK.search(lower) is not None
