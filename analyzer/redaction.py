"""An address, or a text that names one, so that it no longer tells whose it is: masked, hashed or left away."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

#: How addresses can be taken out: shortened, hashed, or left away.
REDACTIONS: tuple[str, ...] = ("mask", "hash", "drop")

_MAIL = re.compile(r"[^\s@<>()\[\],;:\"']+@(?=[^\s@<>()\[\],;:\"']+)")
_GMAIL = ("gmail.com", "googlemail.com")
_SHORTEST_NAME = 3


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
    return hashlib.sha256(address.encode()).hexdigest()


def redacted(address: str, how: str) -> str:
    """An address that no longer tells whose it is: `j***@example.com`, its SHA-256, or nothing."""
    if how == "hash":
        return hashed(address)
    local, at, domain = address.rpartition("@")
    return f"{local[:1]}***{at}{domain}" if how == "mask" and at else ""


def without_addresses(text: str, own: str = "") -> str:
    """A text with "***" for the local part of each address in it, and for that of the lead's `own` address."""
    text = _MAIL.sub("***@", text)
    local = own.rpartition("@")[0]
    if len(local) >= _SHORTEST_NAME:
        text = re.sub(rf"(?<!\w){re.escape(local)}(?!\w)", "***", text, flags=re.IGNORECASE)
    return text
