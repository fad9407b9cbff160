"""Who runs the receiving side: told by the MX host, by words only one provider writes, or by a consumer domain.

Facts lie in `rules/providers.toml`.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import NamedTuple

from analyzer import knowledge
from analyzer.classify import text as texts
from analyzer.classify.patterns import PatternIndex, refuse_unsound
from analyzer.errors import RuleError

#: A provider that a list tells of and that is none of the known ones: most often the company's own servers.
OTHER = "other"
_SAYS_NOTHING = frozenset(
    {"unknown", "none", "na", "n a", "null", "no", "yes", "true", "false", "found", "not found", "error"}
)
_ADDRESS = re.compile(r"[\d.]+$")


class Provider(NamedTuple):
    """One row: `hosts` are suffixes of MX names, `domains` recipient domains, `hints` RE2 patterns in a reply, `also`
    what lists of leads call it.
    """

    name: str
    title: str
    hosts: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    also: tuple[str, ...] = ()


@cache
def known() -> dict[str, Provider]:
    """Every provider by name, in file order."""
    path = knowledge.data_folder("rules") / "providers.toml"
    found: dict[str, Provider] = {}
    for row in knowledge.load_toml(path).get("provider", []):
        name = row.get("name", "")
        if not name or name in found:
            raise RuleError(str(path), f"a provider without a name, or named twice: {name!r}", "name each once")
        found[name] = Provider(
            name, row.get("title", name), *(tuple(row.get(key, ())) for key in ("hosts", "domains", "hints", "also"))
        )
        for hint in found[name].hints:
            refuse_unsound(hint, f"{path}: provider {name}")
    return found


@cache
def _by_host() -> dict[str, str]:
    return {host: provider.name for provider in known().values() for host in provider.hosts}


@cache
def _by_domain() -> dict[str, str]:
    return {domain: provider.name for provider in known().values() for domain in provider.domains}


@cache
def hints() -> tuple[tuple[str, str], ...]:
    """(pattern, provider name), in the order in which they are tried."""
    return tuple((hint, provider.name) for provider in known().values() for hint in provider.hints)


@cache
def _hint_index() -> PatternIndex:
    return PatternIndex([pattern for pattern, _ in hints()])


def of_text(masked: str) -> str:
    """The provider whose own words a masked text holds, or ""."""
    found = _hint_index().first(masked)
    return "" if found is None else hints()[found][1]


@lru_cache(maxsize=16384)
def of_host(host: str) -> str:
    """The provider that runs a mail host ("mx1.example.com", "dns; mx1.example.com. [192.0.2.1]"), or ""."""
    return _longest_suffix(clean_host(host), _by_host())


@lru_cache(maxsize=16384)
def of_domain(domain: str) -> str:
    """The provider of a consumer domain such as gmail.com, or ""."""
    return _by_domain().get(domain.strip().lower().rstrip("."), "")


@cache
def _by_word() -> dict[str, str]:
    found = {_words(title): one.name for one in known().values() for title in (one.title, *one.also)}
    return found | {_words(name): name for name in known()}


def _words(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9]+", text.lower()))


@lru_cache(maxsize=16384)
def named(text: str) -> str:
    """The provider that a list of leads names, in words ("Google Workspace") or by MX hosts ("10 aspmx.l.google.com").

    OTHER for a host or a word that is no known provider's, "" for what says nothing.
    """
    words = _words(text)
    if not any(character.isalpha() for character in words) or words in _SAYS_NOTHING:
        return ""
    if words in _by_word():
        return _by_word()[words]
    parts = re.split(r"[\s;,|]+", text)
    host = next((part for part in parts if "." in part.strip(".") and not _ADDRESS.match(part)), "")
    return of_host(host) or OTHER


@lru_cache(maxsize=16384)
def clean_host(host: str) -> str:
    """A host name as RFC 3464's Remote-MTA or a log writes it, bare and in lower case."""
    name = host.strip().lower()
    if ";" in name:
        name = name.partition(";")[2].strip()
    for end in " [(:,":
        name = name.partition(end)[0]
    return name.rstrip(".")


def _longest_suffix(name: str, table: dict[str, str]) -> str:
    while name:
        found = table.get(name)
        if found:
            return found
        name = name.partition(".")[2]
    return ""


def provider_of(host: str = "", recipient_domain: str = "", text: str = "") -> str:
    """Who runs the receiving side, by name, or "": the host decides, else the text's own words, else the domain."""
    found = of_host(host) if host else ""
    if not found and text:
        found = of_text(texts.mask(" ".join(text.encode("utf-8", "replace").decode().split())))
    if not found and recipient_domain:
        found = of_domain(recipient_domain)
    return found
