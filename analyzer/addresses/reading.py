"""One cell of a list as an address: cleaned, and either in order or named as what is wrong with it.

RFC 5321 and 5322 as `email-validator` reads them, with internationalised domains and local parts (RFC 6531).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from analyzer.addresses.address import Address
from analyzer.addresses.cleaning import clean
from analyzer.addresses.names import domain_name
from analyzer.addresses.words import words

if TYPE_CHECKING:
    from analyzer.addresses.names import DomainName

_ATOM = r"[A-Za-z0-9!#$%&*+/=?^_`{|}~-][A-Za-z0-9!#$%&'*+/=?^_`{|}~-]*"
# An equals sign in front comes from a spreadsheet, and the rest from web pages: `cleaning` takes them off.
_PLAIN = re.compile(rf"(?!=|u003|%2|%3)({_ATOM}(?:\.{_ATOM})*)@([A-Za-z0-9.-]+)", re.IGNORECASE)
# RFC 5321, 4.5.3.1.1, and RFC 3696's erratum 1690.
_LONGEST_LOCAL, _LONGEST = 64, 254
# One address of several in a cell: between blanks, brackets and what parts a list.
_PART = r"[^@\s<>()\[\]{},;|/:]"
_ONE = re.compile(rf"(?<!{_PART}){_PART}+@{_PART}+\.{_PART}+")
_WITH_WORDS_BEHIND = re.compile(r"(\S[^\s@]*@\S+)\s+\S")
#: What a domain is followed by in a link, a note or a host with its port.
_CUT = re.compile(r"([A-Za-z0-9.-]+)[?*#:&=/~!$%]")
_PARTING = ":,;-–—|"
_AT_IN_WORDS = re.compile(r"(?:(?<!\s)\s+)?[\[({<]\s*(?:at|@|arroba|chez)\s*[\])}>]\s*|(?<!\s)\s+(?:at|AT)\s+")
_DOT_IN_WORDS = re.compile(
    r"(?:(?<!\s)\s+)?[\[({<]\s*(?:dot|\.|punkt|point|punto)\s*[\])}>]\s*|(?<!\s)\s+(?:dot|DOT)\s+"
)
_BLANKS = frozenset(
    {"", "-", "--", "n/a", "na", "none", "null", "nan", "#n/a", "nil", "—", "undefined", "unknown", "tbd", "."}
)


def read_address(text: str) -> Address:
    """What a cell says; `fault` is "" where it is one address in order. Never raises."""
    plain = _PLAIN.fullmatch(text)
    if plain is not None:
        local, domain = plain.groups()
        name = domain_name(domain)
        if not name.fault and len(local) <= _LONGEST_LOCAL and len(text) <= _LONGEST:
            # The short way of nearly every row; what is odd takes the long one.
            return Address(f"{local}@{name.shown}", local, name.name, name.registrable, "", (), "", "", local.isascii())
    return _read_odd(text)


@lru_cache(maxsize=1 << 14)
def _read_odd(text: str) -> Address:
    cleaned, notes = clean(text)
    if cleaned.lower() in _BLANKS:
        return _faulty(cleaned, notes, "blank_line")
    if "@" not in cleaned:
        return _faulty(cleaned, notes, "no_at_sign", suggestion=_from_words(cleaned))
    if cleaned.count("@") > 1 and not cleaned.startswith('"'):
        several = dict.fromkeys(part.lower() for part in _ONE.findall(cleaned))
        if len(several) > 1:
            first = next(filter(None, (_suggested(clean(part)[0]) for part in _ONE.findall(cleaned))), "")
            return _faulty(text.strip(), (), "several_addresses", f"{len(several)} addresses", first)
        if several and cleaned.count("@") == len(_ONE.findall(cleaned)):
            # One address twice, as a mail program copies a link.
            cleaned, notes = clean(_ONE.findall(cleaned)[0])[0], (*notes, "repetition removed")
    local, _, domain = cleaned.rpartition("@")
    if "@" in local and not (local.startswith('"') and local.endswith('"')):
        collapsed = re.sub(r"@+", "@", cleaned)
        return _faulty(cleaned, notes, "several_at_signs", suggestion=_suggested(collapsed))
    name = domain_name(domain)
    behind = _WITH_WORDS_BEHIND.match(cleaned)
    if behind and name.fault:
        if re.search(r"\.\s|\s\.", domain) and (closed := _suggested("".join(cleaned.split()))):
            return _faulty(cleaned, notes, "address_syntax", "a blank within the address", closed)
        meant = _suggested(clean(behind.group(1))[0])
        return _faulty(cleaned, notes, "address_syntax", "words behind the address", meant)
    before = _behind_words(cleaned)
    if before:
        return _faulty(cleaned, notes, "address_syntax", "words before the address", before)
    if name.fault and name.fault not in {"reserved_domain", "public_suffix"}:
        cut = _CUT.match(domain)
        guess = f"{local}@{name.suggestion or (cut[1] if cut else '')}" if name.suggestion or cut else ""
        shown = f"{local}@{name.shown}"
        return _faulty(shown, notes, name.fault, name.detail, _suggested(guess) if guess else "", name)
    return _with_local(local, name, notes)


def _with_local(local: str, name: DomainName, notes: tuple[str, ...]) -> Address:
    """An address whose domain can be: what its local part says."""
    from email_validator import EmailNotValidError, validate_email

    shown = f"{local}@{name.shown}"
    if len(local) > _LONGEST_LOCAL or len(shown) > _LONGEST:
        return _faulty(shown, notes, "address_too_long", f"{len(local)} characters before the @, {len(shown)} in all")
    try:
        valid = validate_email(f"{local}@example.com", check_deliverability=False, allow_quoted_local=True, strict=True)
    except EmailNotValidError as error:
        return _faulty(shown, notes, "address_syntax", str(error), _mended_local(local, name), name)
    # Postmaster is the one name that the library writes in lower case; a lead's spelling is kept.
    local = valid.local_part if valid.local_part.lower() != local.lower() else local
    fault, detail, suggestion = name.fault, name.detail, ""
    if not local.isascii():
        latin = local.translate(words().confusable)
        if latin.isascii() and any(sign.isascii() and sign.isalpha() for sign in local):
            return _faulty(f"{local}@{name.shown}", notes, "mixed_scripts", "", f"{latin}@{name.shown}", name)
    return Address(
        f"{local}@{name.shown}", local, name.name, name.registrable, fault, notes, detail, suggestion, local.isascii()
    )


def _faulty(
    text: str,
    notes: tuple[str, ...],
    fault: str,
    detail: str = "",
    suggestion: str = "",
    name: DomainName | None = None,
) -> Address:
    local, _, domain = text.rpartition("@")
    return Address(
        text,
        local,
        name.name if name else domain.lower(),
        name.registrable if name else "",
        fault,
        notes,
        detail,
        suggestion if suggestion != text else "",
        local.isascii(),
    )


def _behind_words(text: str) -> str:
    """The address behind a note (`work: jane@example.com`) or its own name (`Jane Roe jane.roe@example.com`), or "".

    Any other word may belong to it: `jane doe@example.com`.
    """
    *words_before, last = text.split()
    local = last.partition("@")[0].lower()
    if text.startswith('"') or not words_before or not local or "@" in "".join(words_before):
        return ""
    named = any(len(word) > 2 and word.lower() in local for word in words_before)
    return _suggested(last) if named or words_before[-1][-1] in _PARTING else ""


def _from_words(text: str) -> str:
    """`jane (at) example (dot) com` as an address, or ""."""
    with_sign = _AT_IN_WORDS.sub("@", text)
    return _suggested(_DOT_IN_WORDS.sub(".", with_sign)) if with_sign.count("@") == 1 else ""


def _suggested(text: str) -> str:
    """A guess, when it is an address in order, or becomes one by its own suggestion; else ""."""
    plain = _PLAIN.fullmatch(text)
    if plain is None:
        return ""
    name = domain_name(plain.group(2))
    if name.fault in {"", "reserved_domain"}:
        return f"{plain.group(1)}@{name.shown}"
    return f"{plain.group(1)}@{name.suggestion}" if name.suggestion else ""


def _mended_local(local: str, name: DomainName) -> str:
    """The local part with its dots put right, where that is all that is wrong."""
    mended = re.sub(r"\.{2,}", ".", local).strip(".")
    return _suggested(f"{mended}@{name.shown}") if mended != local else ""
