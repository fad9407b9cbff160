"""Names and words that tell what an address is, out of `rules/check_words.toml`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from analyzer.errors import RuleError
from analyzer.knowledge import data_folder, load_toml

if TYPE_CHECKING:
    from collections.abc import Container

_SEPARATORS = re.compile(r"[._\-]+")


@dataclass(frozen=True, slots=True)
class Words:
    """The names of `rules/check_words.toml`, ready to look up."""

    role: frozenset[str]
    no_reply: frozenset[str]
    abuse_desk: frozenset[str]
    placeholder: frozenset[str]
    sample_name: frozenset[str]
    regions: frozenset[str]
    forbidding_statuses: frozenset[str]
    #: misspelt domain -> what was meant
    typos: dict[str, str]
    not_typos: frozenset[str]
    suffix_typos: dict[str, str]
    reserved: frozenset[str]
    free_mail: frozenset[str]
    gateways: frozenset[str]
    gateways_that_block: frozenset[str]
    parked_mx: frozenset[str]
    parked_ns: frozenset[str]
    strict_suffixes: frozenset[str]
    confusable: dict[int, str]


@cache
def words() -> Words:
    """The names and words."""
    path = data_folder("rules") / "check_words.toml"
    table = load_toml(path)
    local = {kind: frozenset(local_key(name) for name in names) for kind, names in table["local_parts"].items()}
    typos: dict[str, str] = {}
    for meant, misspelt in table["typos"].items():
        for name in misspelt:
            if typos.setdefault(name, meant) != meant:
                raise RuleError(str(path), f"[typos] {name} stands for {typos[name]} and {meant}", "keep one")
    return Words(
        **local,
        regions=frozenset(table["regions"]["names"]),
        forbidding_statuses=frozenset(table["forbidding_statuses"]["names"]),
        typos=typos,
        not_typos=frozenset(table["not_typos"]["domains"]),
        suffix_typos=table["suffix_typos"],
        reserved=frozenset(table["reserved"]["domains"]),
        free_mail=frozenset(table["free_mail"]["domains"]),
        gateways=frozenset(table["gateways"]["names"]),
        gateways_that_block=frozenset(table["gateways"]["block_unknown"]),
        parked_mx=frozenset(table["parked"]["mx"]),
        parked_ns=frozenset(table["parked"]["ns"]),
        strict_suffixes=frozenset(table["strict_suffixes"]["names"]),
        confusable=str.maketrans(table["confusable"]["letters"]),
    )


def local_key(local: str) -> str:
    """What local parts are compared with words by: no case, separators, nor what follows a plus sign."""
    return _SEPARATORS.sub("", local.partition("+")[0].lower())


def under(name: str, names: frozenset[str]) -> bool:
    """Whether a domain is one of `names` or lies under one."""
    return above(name, names) != ""


def above(name: str, names: Container[str]) -> str:
    """The one of `names` that a domain is or lies under, the nearest; ""."""
    while name and name not in names:
        name = name.partition(".")[2]
    return name
