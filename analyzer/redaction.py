"""What `--redact` means, everywhere: an address, or a text that names one, so that it no longer tells whose it is.

Addresses become `j***@example.com`, those inside a text `***@example.com`, also where they stand in a return address,
in a Message-ID or encoded in a link, and so does the lead's name alone in the text of its own bounce. Domains,
companies and people's names stay. Secrets (`without_secrets`) are masked always, asked for or not.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: How addresses can be taken out: shortened, hashed, or left away.
REDACTIONS: tuple[str, ...] = ("mask", "hash", "drop")
#: Columns that hold one address and nothing else.
ADDRESS_COLUMNS: Final = ("email", "recipient", "original_recipient", "delivered_to", "sender", "email_original")
#: Columns whose own words cannot hold an address.
WORD_COLUMNS: Final = frozenset(
    (
        *("kind", "received_at", "provider", "provider_class", "action", "status", "reply", "label", "fault", "reason"),
        *("transient", "confidence", "decided_by", "blocklist", "retry_after_s", "format", "record_id", "send_id"),
        *("match_method", "suspected_forged", "forged_reason", "duplicate_of", "date", "decision", "probability"),
        *("email_status", "industry_group", "verified_at", "grade", "score", "reasons"),
    )
)

#: A domain may be an address in brackets (RFC 5321, 4.1.3).
_MAIL: Final = re.compile(r"(?<![^\s@<>()\[\],;:\"'])[^\s@<>()\[\],;:\"']+@(?=\[?[^\s@<>()\[\],;:\"']+)")
_GMAIL: Final = ("gmail.com", "googlemail.com")
_SHORTEST_NAME: Final = 3
_ADDRESS_BYTES: Final = re.compile(rb"[\w.+-]@[\w-]+\.\w")
_QUOTED: Final = re.compile(r'"[^"@]{1,64}"@(?=\w)')
_ENCODED: Final = re.compile(r"(?<![\w.+'=-])[\w.+'=-]+(%40|=40|\+40|&#0*64;|&#[xX]0*40;|\(at\)|\[at\])(?=\w)")
#: A dotted name, "at" and a domain: an address as some servers and people spell it. A single word before "at" is not.
_SPELT: Final = re.compile(r"(?<![\w.+-])[^\W_]+(?:[._+-]+[^\W_]+)+( at )(?=[\w-]+(?:\.[\w-]+)+)", re.IGNORECASE)
#: What base64, plain or made for links (RFC 4648), is written in; shorter than the shortest address is none.
_BASE64: Final = re.compile(r"(?<![\w+/-])[\w+/-]{12,}(?:={1,2}|(?:%3[Dd]){1,2})?")
_SIGNS: Final = ("@", "40", "#64;", "(at)", "[at]")
#: The user and password of a URL (RFC 3986, 3.2.1), and what a query names as secret. A password that somebody typed as
#: it is may hold an @, too.
_USERINFO: Final = re.compile(r"(?<=://)[^\s/?#@:]*:(?!\d+/)\S{0,1000}@")
_KEYED: Final = re.compile(
    r"((?:password|passwd|secret|token|signature|access_?key(?:_?id)?|api_?key)[\"']?\s*[=:]\s*[\"']?)[^\s&\"',;)]{4,}",
    re.IGNORECASE,
)
_SECRET_NAMES: Final = re.compile(r"PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|ACCESS_?KEY", re.IGNORECASE)
_SHORTEST_SECRET: Final = 8


def hashed(address: str, normalise: Sequence[str] = ("trim", "lower")) -> str:
    """SHA-256 of the UTF-8 address in lower-case hexadecimal, after the steps that the platform's document names."""
    for step in normalise:
        if step == "trim":
            address = address.strip()
        elif step == "lower":
            address = address.lower()
        elif step == "gmail_dots":
            local, _, domain = address.rpartition("@")
            address = f"{local.replace('.', '')}@{domain}" if domain in _GMAIL else address
    return hashlib.sha256(address.encode("utf-8", "replace")).hexdigest()


def redacted(address: str, how: str) -> str:
    """An address that no longer tells whose it is: `j***@example.com`, its SHA-256, or nothing."""
    if how == "hash":
        return hashed(address)
    local, at, domain = address.rpartition("@")
    return f"{local[:1]}***{at}{domain}" if how == "mask" and at else ""


def masked_address(value: str) -> str:
    """One address, masked; "***" for what is none."""
    return (redacted(value.strip(), "mask") or "***") if value else ""


def masked_text(value: str, owners: Sequence[str] = ()) -> str:
    """A text without the local part of any address in it, nor the names of `owners`, the addresses it is about."""
    found = value
    if any(sign in found for sign in _SIGNS):
        found = _ENCODED.sub(r"***\1", _QUOTED.sub("***@", found))
        found = _MAIL.sub("***@", found)
    if " at " in found.casefold():
        found = _SPELT.sub(r"***\1", found)
    found = _BASE64.sub(_decoded, found)
    low = found.casefold()
    for own in owners:
        local = own.rpartition("@")[0].casefold()
        if len(local) >= _SHORTEST_NAME and local in low:
            found = without_addresses(found, own)
    return found


def masked_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row by column name with every address masked, whole columns of them and inside texts."""
    owners = [value for name in ADDRESS_COLUMNS if (value := row.get(name)) and isinstance(value, str)]
    made: dict[str, Any] = {}
    for name, value in row.items():
        if not value or name in WORD_COLUMNS:
            made[name] = value
        elif isinstance(value, str):
            made[name] = masked_address(value) if name in ADDRESS_COLUMNS else masked_text(value, owners)
        elif isinstance(value, (list, tuple)):
            made[name] = type(value)(masked_text(one, owners) if isinstance(one, str) else one for one in value)
        else:
            made[name] = value
    return made


def masked_value(value: Any, owners: Sequence[str] = ()) -> Any:
    """Lists, dicts and texts of a JSON text with every address masked, in keys as well."""
    if isinstance(value, str):
        return masked_text(value, owners)
    if isinstance(value, dict):
        return {masked_value(key): masked_value(one, owners) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [masked_value(one, owners) for one in value]
    return value


def without_addresses(text: str, own: str = "") -> str:
    """A text with "***" for the local part of each address in it, and for that of the lead's `own` address."""
    text = _MAIL.sub("***@", text)
    local = own.rpartition("@")[0]
    if len(local) >= _SHORTEST_NAME:
        text = re.sub(rf"(?<!\w){re.escape(local)}(?!\w)", "***", text, flags=re.IGNORECASE)
    return text


def without_secrets(text: str, environment: Mapping[str, str] | None = None) -> str:
    """A text without passwords of URLs, without what it calls a secret, and without what the environment keeps as one.

    For errors and log lines: libraries repeat the address of a proxy or a store, and what a server said.
    """
    if "://" in text:
        text = _USERINFO.sub("…@", text)
    text = _KEYED.sub(r"\1…", text)
    for name, value in (os.environ if environment is None else environment).items():
        if len(value) >= _SHORTEST_SECRET and value in text and _SECRET_NAMES.search(name) and not _is_place(name):
            text = text.replace(value, "…")
    return text


def _is_place(name: str) -> bool:
    """Whether a variable says where a secret is, not what it is."""
    return name.upper().endswith(("_FILE", "_COMMAND", "_PATH", "_DIRECTORY"))


def _decoded(found: re.Match[str]) -> str:
    """The token as it is, or "***" where an address comes out of it."""
    token = found[0].partition("=")[0].partition("%")[0].replace("-", "+").replace("_", "/")
    # A link's path may lead up to it. Of places that are whole quanta apart, the first one shows what the others do.
    starts = {0: 0}
    for place, sign in enumerate(found[0], 1):
        if sign == "/":
            starts.setdefault(place % 4, place)
    for start in starts.values():
        part = token[start:]
        try:
            plain = base64.b64decode(part + "=" * (-len(part) % 4), validate=True)
        except (binascii.Error, ValueError):
            continue
        if _ADDRESS_BYTES.search(plain):
            return found[0][:start] + "***"
    return found[0]
