"""What speaks for or against a lead beyond format, DNS and mailbox: who reads the mailbox, what lists and history say.

Each finding is a code of `rules/check.toml` with the evidence for it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

from analyzer.addresses.disposable import disposable_domain
from analyzer.addresses.key import address_key, domain_key, in_ascii
from analyzer.addresses.typos import Typos, known_domains
from analyzer.addresses.words import local_key, under, words
from analyzer.check.entries import read_entries
from analyzer.check.facts import score
from analyzer.check.history import History, shape_of

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

    from analyzer.addresses.address import Address
    from analyzer.check.leads import Source
    from analyzer.check.records import DomainFacts

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
_TITLES = {"complaint", "complained", "abuse", "spam", "reported", "fbl", "spam complaint", "spamreport", "spam_report"}


@dataclass(frozen=True, slots=True)
class Lists:
    """A user's own lists: keys of addresses and domains in A-labels, each with the reason that the list gives."""

    suppressed: dict[str, str] = field(default_factory=dict)
    reported: dict[str, str] = field(default_factory=dict)
    disposable: frozenset[str] = frozenset()
    banned: frozenset[str] = frozenset()


def read_lists(
    *, suppress: Sequence[Source] = (), disposable: Sequence[Source] = (), banned: Sequence[Source] = ()
) -> Lists:
    """The lists out of their files; `UnreadableInputError` for one that cannot be read."""
    suppressed: dict[str, str] = {}
    reported: dict[str, str] = {}
    for source in suppress:
        for entry, why in read_entries(source):
            is_complaint = why.lower().replace("-", " ") in _TITLES
            (reported if is_complaint else suppressed)[_entry(entry)] = why
    return Lists(
        suppressed,
        reported,
        frozenset(_entry(entry) for source in disposable for entry, _ in read_entries(source)),
        frozenset(_entry(entry) for source in banned for entry, _ in read_entries(source)),
    )


def _entry(text: str) -> str:
    return address_key(text) if "@" in text else in_ascii(domain_key(text))


class Risk:
    """The risks of one list's leads. `counts`: leads by domain; `working`: shapes of addresses, by domain, that are
    verified in the list itself."""

    def __init__(
        self,
        *,
        counts: dict[str, int] | None = None,
        lists: Lists | None = None,
        history: History | None = None,
        working: dict[str, set[str]] | None = None,
    ) -> None:
        self._lists = lists or Lists()
        self._history = history or History()
        self._working = working or {}
        self._typos = Typos(counts)
        self._domains: dict[str, tuple[tuple[Found, ...], str]] = {}
        self._limits = score()

    def of_domain(self, address: Address) -> tuple[tuple[Found, ...], str]:
        """What holds for every address of a domain, and the domain it was perhaps meant to be ("")."""
        domain = address.domain
        held = self._domains.get(domain)
        if held is None:
            held = self._domains[domain] = (tuple(self._of_domain(domain)), self._typos.suggestion(domain))
        return held

    def is_listed_typo(self, domain: str) -> bool:
        """Whether the domain is a known misspelling, so that mail servers at it prove nothing."""
        return self._typos.listed(domain)

    def _of_domain(self, domain: str) -> Iterable[Found]:
        if under(domain, self._lists.banned):
            yield "domain_banned", f"{domain} is on your list"
        if under(domain, self._lists.disposable):
            yield "disposable", f"{domain} is on your list"
        elif disposable_domain(domain) and not self._typos.listed(domain):
            # Who wrote gmial.com meant another, whoever caught that domain.
            yield "disposable", domain
        elif domain in known_domains():
            yield "free_mail", domain
        past = self._history.at(domain)
        if past.dead:
            yield "domain_dead_before", past.dead
        elif past.bad_addresses >= self._limits.bad_domain:
            yield "domain_bounced", f"{past.bad_addresses} addresses of {domain} bounced as bad"
        if past.refused:
            yield "blocks_unknown_here", past.refused

    def of_gateway(self, facts: DomainFacts) -> Iterable[Found]:
        """What the filter in front of a domain means for a sender whom it does not know."""
        gateway = facts.gateway
        if not gateway:
            return
        refusals = self._history.blocking.get(gateway)
        if refusals:
            yield "blocks_unknown_here", f"{gateway} refused {refusals} mails of ours"
        elif gateway in words().gateways_that_block:
            yield "gateway_blocks_unknown", f"{gateway}, MX {facts.mx[0]}"

    def of_address(self, address: Address) -> list[Found]:
        """What holds for one address: its name, the lists it stands on, what happened to it before."""
        found: list[Found] = []
        key = address_key(address.email)
        lists = self._lists
        if lists.reported or lists.suppressed:
            for code, table in (("reported", lists.reported), ("suppressed", lists.suppressed)):
                at = key if key in table else _above(address.domain, table)
                if at:
                    why = table[at]
                    found.append((code, f"{at} is on your list" + (f" ({why})" if why else "")))
                    break
        if self._history.addresses or self._history.opted_out:
            found += self._of_past(key)
        kind = _kind_of_local(address.local)
        if kind:
            found.append((kind, f"{address.local}@"))
        elif not address.ascii_local:
            found.append(("needs_smtputf8", f"{address.local}@"))
        elif address.local[0] == '"':
            found.append(("quoted_local_part", f"{address.local}@"))
        elif is_gibberish(address.local):
            found.append(("gibberish", f"{address.local}@"))
        return found

    def _of_past(self, key: str) -> Iterable[Found]:
        if key in self._history.opted_out:
            yield "list_forbids", "asked not to be written to again, says the log"
        bounce = self._history.addresses.get(key)
        if bounce is None:
            return
        if bounce.fault == "complaint":
            yield "reported", bounce.told().replace("bounced", "complained", 1)
        elif bounce.fault == "address" and not bounce.transient:
            yield "bounced_before", bounce.told()
        elif bounce.reason == "mailbox_full":
            yield "mailbox_full_before", bounce.told()
        elif bounce.label == "spam":
            yield "refused_before", bounce.told()
        else:
            yield "failed_before", bounce.told()

    def of_pattern(self, address: Address) -> Iterable[Found]:
        """Whether addresses built like this one, which nobody has verified, failed at its domain."""
        failed = self._history.at(address.domain).failed_shapes
        if not failed:
            return
        shape = shape_of(address.local)
        count = failed.get(shape, 0) if shape else 0
        if count >= self._limits.failed_pattern and shape not in self._working.get(address.domain, ()):
            example = shape.replace("w", "name").replace("i", "initial")
            yield "failed_pattern", f"{count} addresses like {example}@{address.domain} do not exist"


def of_industry(industry: str, group: str, domain: str) -> Iterable[Found]:
    """Whether the lead is in a strict industry: by the list's word, else by an ending that only such bodies have."""
    if group == "strict":
        yield "strict_industry", industry
    elif group != "open" and under(domain.partition(".")[2], words().strict_suffixes):
        yield "strict_industry", f"by its domain {domain}"


def of_status(text: str) -> Iterable[Found]:
    """Whether the list's word for an address forbids mail to it, whatever its server says: a spam trap takes mail."""
    if text and _NO_LETTERS.sub("", text.lower()) in words().forbidding_statuses:
        yield "list_forbids", text


def gmail_key(address: Address) -> str:
    """The mailbox behind a Gmail address, which has neither dots nor a plus tag; "" at other providers."""
    if address.domain not in {"gmail.com", "googlemail.com"}:
        return ""
    return f"{address.local.partition('+')[0].replace('.', '').lower()}@gmail.com"


def _above(domain: str, names: Container[str]) -> str:
    """The one of `names` that a domain is or lies under, the nearest; ""."""
    while domain and domain not in names:
        domain = domain.partition(".")[2]
    return domain


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
