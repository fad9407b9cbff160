"""Addresses of whole columns in one spelling, so that bounce, send and lead can be compared (RFC 5321, 2.3.11)."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.addresses.key import address_key
from analyzer.sources.tables.encoded import arrow

#: So many bytes stay in the processor's cache.
_PIECE = 1 << 20
# An address with blanks around its @, and nothing else.
_TORN = re.compile(r"[^\s@]+\s*@\s*[^\s@]+")
# What most rows are already: one bare address.
_BARE = r"^[^ \t\r\n<>()\[\],;:\"'@]+@[A-Za-z0-9][A-Za-z0-9.-]*[A-Za-z0-9]$"
# The same in its normal form, without any sign that Unicode may take for a blank.
_NORMAL = r"^[!#$%&*+./0-9=?A-Z\\^_`a-z{|}~-]+@[a-z0-9][a-z0-9.-]*[a-z0-9]$"


def normalise_addresses(column: pd.Series) -> pd.Series:
    """Text as bare addresses: no display name, angle brackets, "mailto:" or trailing dot; the domain in lower case.

    The local part keeps its case, an internationalised domain its letters. Of several addresses in a cell the first
    is taken. "" where there is no "@".
    """
    text = column.astype("str").fillna("")
    normal = text.str.contains(_NORMAL, regex=True)
    return text if bool(normal.all()) else text.mask(~normal, _normalised(text[~normal]))


def _normalised(text: pd.Series) -> pd.Series:
    text = text.str.strip()
    bare = text.str.contains(_BARE, regex=True)
    if not bool(bare.all()):
        odd = text[~bare].drop_duplicates()
        text = text.mask(~bare, text[~bare].map(dict(zip(odd, map(_dig_out, odd), strict=True))))
    return _with_lower_domain(text)


def address_keys(addresses: pd.Series) -> pd.Series:
    """What normalised addresses are compared by: `address_key` of each."""
    low = addresses.str.lower()
    texts = arrow(low)
    rows = _odd_rows(texts)
    if not len(rows):
        return low
    odd = np.zeros(len(texts), dtype=bool)
    odd[rows] = True
    keys = pa.array([address_key(text) for text in addresses.iloc[rows]], texts.type)
    replaced = pc.replace_with_mask(texts, pa.array(odd), keys)
    return pd.Series(pd.array(replaced, dtype="str"), index=addresses.index)


def _odd_rows(texts: pa.Array) -> np.ndarray:
    """The places of those whose key is more than lower case: a letter beyond ASCII, or a "--", which A-labels have.

    Ten million addresses are gone through by their bytes, a piece at a time, in a tenth of a second, however few of
    them are odd. A "--" that two neighbours make is found too, which costs no more than a look.
    """
    _, starts, data = texts.buffers()
    letters = np.frombuffer(data, dtype=np.uint8) if data else np.zeros(0, dtype=np.uint8)
    width = np.int64 if pa.types.is_large_string(texts.type) else np.int32
    begins = np.frombuffer(starts, dtype=width)[texts.offset : texts.offset + len(texts) + 1] if starts else letters
    rows = []
    for at in range(0, len(letters), _PIECE):
        piece = letters[at : at + _PIECE + 1]
        dashes = piece == ord("-")
        odd = piece > 127
        odd[:-1] |= dashes[:-1] & dashes[1:]
        if odd.any():
            found = np.searchsorted(begins, np.flatnonzero(odd) + at, side="right") - 1
            rows.append(np.unique(found[(found >= 0) & (found < len(texts))]))
    return np.unique(np.concatenate(rows)) if rows else np.zeros(0, dtype=np.int64)


def domains(addresses: pd.Series) -> pd.Series:
    """The part behind the last "@", lower case; "" where there is none."""
    behind = addresses.str.replace(r"(?s)^.*@", "", regex=True).str.lower()
    return behind.where(addresses.str.contains("@", regex=False), "")


def _with_lower_domain(text: pd.Series) -> pd.Series:
    mixed = text.str.contains(r"@[^@]*[A-Z][^@]*$", regex=True)
    if not bool(mixed.any()):
        return text
    odd = text[mixed]
    parts = odd.str.rsplit("@", n=1, expand=True)
    return text.mask(mixed, parts[0] + "@" + parts[1].str.lower())


def _dig_out(text: str) -> str:
    """One address out of "Jane Roe <jane@example.com>", "mailto:jane@example.com?subject=x", a list of several, …"""
    if "@" not in text:
        return ""
    if "<" in text:
        inside = text.partition("<")[2].partition(">")[0]
        text = inside if "@" in inside else text.replace("<", " ").replace(">", " ")
    text = text.strip().strip("'`“”‘’[](){}")
    if text[:7].lower() == "mailto:":
        text = text[7:].partition("?")[0]
    if not text.startswith('"'):
        if _TORN.fullmatch(text):
            text = "".join(text.split())
        for separator in (",", ";", "|", " "):
            if separator in text:
                text = next((part for part in text.split(separator) if "@" in part), text).strip()
    local, _, domain = text.strip().strip("'").rpartition("@")
    return f"{local}@{domain.strip('. >')}" if local and domain.strip(". >") else text.strip()
