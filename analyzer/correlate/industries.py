"""Industry names of any source as one canonical name and a group: strict, open or unclassified.

The names, keywords and codes lie in `rules/industries.toml`; from LinkedIn's lists, NAICS 2022, SIC and GICS.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import pandas as pd
from rapidfuzz import fuzz, process

from analyzer import knowledge
from analyzer.errors import RuleError

_CODE = re.compile(r"\s*(naics|sic|gics|linkedin)\b[^0-9]{0,12}(\d{1,8})\b", re.IGNORECASE)
_SEPARATOR = re.compile(r"(?:(?<!\s)\s+)?[;|\n]\s*|(?<!\s)\s+/\s+|/")
_FUZZY_SCORE = 92
# Short names are one letter from another industry: "baking" and "banking".
_FUZZY_LENGTH = 9


@dataclass(frozen=True, slots=True)
class Industry:
    """One canonical industry: `group` is "strict" or "open", `tier` "A", "B" or ""."""

    name: str
    group: str
    tier: str


#: What matches nothing.
UNCLASSIFIED = Industry("", "unclassified", "")


@dataclass(frozen=True, slots=True)
class _Keyword:
    pattern: re.Pattern[str]
    guard: re.Pattern[str] | None
    industry: Industry


@dataclass(frozen=True, slots=True)
class _Knowledge:
    names: dict[str, Industry]
    keywords: tuple[_Keyword, ...]
    codes: dict[str, dict[str, Industry]]
    close: tuple[str, ...]


def normalise_industries(column: pd.Series) -> pd.DataFrame:
    """Columns `industry` (canonical name; as given where unclassified) and `industry_group`, indexed as `column`."""
    text = column.astype("str").fillna("")
    found = {value: normalise_industry(value) for value in text.drop_duplicates()}
    return pd.DataFrame(
        {
            "industry": text.map({value: found[value].name or value.strip() for value in found}).astype("str"),
            "industry_group": text.map({value: industry.group for value, industry in found.items()}).astype("str"),
        }
    )


@lru_cache(maxsize=65536)
def normalise_industry(text: str) -> Industry:
    """One industry: by code ("NAICS 5221"), name, keyword, last by nearness of spelling; never open by default.

    Of several ("Banking; Software") a strict one decides.
    """
    code = _CODE.match(text)
    if code:
        return _by_code(code.group(1).lower(), code.group(2))
    whole = _exactly(text)
    if whole:
        return whole
    parts = [part for part in _SEPARATOR.split(text) if part.strip()]
    found = [_exactly(part) or _by_keyword(part) or _nearly(part) for part in parts] if len(parts) > 1 else []
    known = [industry for industry in found if industry]
    if known:
        return next((industry for industry in known if industry.group == "strict"), known[0])
    return _by_keyword(text) or _nearly(text) or UNCLASSIFIED


def normalise_name(text: str) -> str:
    """What names are compared by: neither case nor accents, "&" as "and", punctuation as one blank."""
    folded = unicodedata.normalize("NFKD", text.casefold()).replace("&", " and ").replace("+", " and ")
    bare = "".join(character for character in folded if not unicodedata.combining(character))
    return " ".join(re.sub(r"[^\w]|_", " ", bare).split())


def _exactly(text: str) -> Industry | None:
    return _known().names.get(normalise_name(text))


def _by_keyword(text: str) -> Industry | None:
    name = normalise_name(text)
    for keyword in _known().keywords:
        if keyword.pattern.search(name) and not (keyword.guard and keyword.guard.search(name)):
            return keyword.industry
    return None


def _nearly(text: str) -> Industry | None:
    name = normalise_name(text)
    if len(name) < _FUZZY_LENGTH:
        return None
    best = process.extractOne(name, _known().close, scorer=fuzz.token_sort_ratio, score_cutoff=_FUZZY_SCORE)
    return _known().names[best[0]] if best else None


def _by_code(scheme: str, code: str) -> Industry:
    codes = _known().codes[scheme]
    if scheme == "linkedin":
        return codes.get(code.lstrip("0"), UNCLASSIFIED)
    prefixes = (code[:length] for length in range(len(code), 1, -1))
    return next((codes[prefix] for prefix in prefixes if prefix in codes), UNCLASSIFIED)


@cache
def _known() -> _Knowledge:
    path = knowledge.data_folder("rules") / "industries.toml"
    table = knowledge.load_toml(path)
    by_name: dict[str, Industry] = {}
    names: dict[str, Industry] = {}
    codes: dict[str, dict[str, Industry]] = {"linkedin": {}}
    for row in table["industry"]:
        group = row.get("group", "open")
        if group not in {"strict", "open"}:
            raise RuleError(str(path), f"{row['name']}: group {group!r}", "use strict or open")
        industry = Industry(row["name"], group, row.get("tier", ""))
        by_name[industry.name] = industry
        for name in (industry.name, *row.get("aliases", ())):
            if names.setdefault(normalise_name(name), industry) is not industry:
                other = names[normalise_name(name)].name
                raise RuleError(str(path), f"{name!r} stands for {other} and {industry.name}", "keep one")
        for code in row.get("linkedin", ()):
            if codes["linkedin"].setdefault(str(code), industry) is not industry:
                raise RuleError(str(path), f"LinkedIn code {code} stands for two industries", "keep one")

    def industry_of(name: str) -> Industry:
        if name not in by_name:
            raise RuleError(str(path), f"{name!r} is no [[industry]] of the file", "use a name from it")
        return by_name[name]

    for scheme in ("naics", "sic", "gics"):
        codes[scheme] = {code: industry_of(name) for code, name in table[scheme].items()}
    keywords = tuple(_keyword(row, industry_of(row["name"])) for row in table["keyword"])
    close = tuple(name for name in names if len(name) >= _FUZZY_LENGTH)
    return _Knowledge(names, keywords, codes, close)


def _keyword(row: dict[str, Any], industry: Industry) -> _Keyword:
    guard = _words(row["not"]) if row.get("not") else None
    return _Keyword(_words(row["any"]), guard, industry)


def _words(words: list[str]) -> re.Pattern[str]:
    """Whole words and phrases, "*" standing for any ending."""
    endings = {True: r"\w*", False: ""}
    alternatives = (re.escape(normalise_name(word.rstrip("*"))) + endings[word.endswith("*")] for word in words)
    return re.compile(rf"\b(?:{'|'.join(alternatives)})\b")
