"""What speaks for or against a lead beyond format, DNS and mailbox: who reads the mailbox, what lists and history say.

Each finding is a code of `rules/check.toml` with the evidence for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.addresses.disposable import is_disposable
from analyzer.addresses.key import address_key, domain_key, in_ascii
from analyzer.addresses.typos import Typos, known_domains
from analyzer.addresses.words import above, under, words
from analyzer.check.entries import read_entries
from analyzer.check.facts import score
from analyzer.check.history import History, shape_of
from analyzer.check.named import of_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from analyzer.addresses.address import Address
    from analyzer.check.leads import Source
    from analyzer.check.named import Found
    from analyzer.check.records import DomainFacts

_TITLES = {"complaint", "complained", "abuse", "spam", "reported", "fbl", "spam complaint", "spamreport", "spam_report"}


@dataclass(frozen=True, slots=True)
class Lists:
    """A user's own lists: keys of addresses and domains in A-labels, each with the reason that the list gives.

    warnings: a sentence for each file that holds none.
    """

    suppressed: dict[str, str] = field(default_factory=dict)
    reported: dict[str, str] = field(default_factory=dict)
    disposable: frozenset[str] = frozenset()
    banned: frozenset[str] = frozenset()
    warnings: tuple[str, ...] = ()


def read_lists(
    *, suppress: Sequence[Source] = (), disposable: Sequence[Source] = (), banned: Sequence[Source] = ()
) -> Lists:
    """The lists out of their files; `UnreadableInputError` for one that cannot be read."""
    suppressed: dict[str, str] = {}
    reported: dict[str, str] = {}
    empty: list[str] = []
    for key, why in _all_entries(suppress, empty):
        is_complaint = why.lower().replace("-", " ") in _TITLES
        (reported if is_complaint else suppressed)[key] = why
    own = {
        name: frozenset(key for key, _ in _all_entries(sources, empty))
        for name, sources in (("disposable", disposable), ("banned", banned))
    }
    return Lists(suppressed, reported, own["disposable"], own["banned"], tuple(empty))


def _all_entries(sources: Sequence[Source], empty: list[str]) -> Iterator[tuple[str, str]]:
    """The keys of all lists with their reasons. A list may be empty, as one that nobody has asked out of yet, or by
    mistake, and its owner counts on it: `empty` gets a sentence.
    """
    for source in sources:
        holds = False
        for entry, why in read_entries(source):
            holds = True
            yield _entry(entry), why
        if not holds:
            empty.append(f"{Path(source).name}: holds no address and no domain")


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
        elif is_disposable(domain) and not self._typos.listed(domain):
            # Who wrote gmial.com meant another, whoever caught that domain.
            yield "disposable", domain
        elif domain in known_domains():
            yield "free_mail", domain
        past = self._history.at(domain)
        if domain in self._history.dead:
            yield "domain_dead", past.dead or f"nothing got through to {domain}"
        elif past.dead:
            yield "domain_dead_before", past.dead
        elif past.bad_addresses >= self._limits.bad_domain:
            yield "domain_bounced", f"{past.bad_addresses} addresses of {domain} bounced as bad"
        if domain in self._history.refusing:
            yield "company_refuses", f"{domain} refused most of the leads written to there"
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
                at = key if key in table else above(address.domain, table)
                if at:
                    why = table[at]
                    found.append((code, f"{at} is on your list" + (f" ({why})" if why else "")))
                    break
        if self._history.addresses or self._history.opted_out:
            found += self._of_past(key)
        found += of_name(address)
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
        elif bounce.label == "unknown":
            yield "unread_before", bounce.told()
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


def gmail_key(address: Address) -> str:
    """The mailbox behind a Gmail address, which has neither dots nor a plus tag; "" at other providers."""
    if address.domain not in {"gmail.com", "googlemail.com"}:
        return ""
    return f"{address.local.partition('+')[0].replace('.', '').lower()}@gmail.com"
