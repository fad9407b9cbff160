"""One row of the result: all that was found out about a lead, its grade, and the evidence, in a fixed order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from analyzer.addresses.key import address_key
from analyzer.check.facts import findings
from analyzer.check.grading import Grader, basis, of_domain_facts, sentences
from analyzer.check.history import shape_of
from analyzer.check.named import of_status
from analyzer.check.risk import Risk, gmail_key, of_industry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analyzer.addresses.address import Address
    from analyzer.check.facts import Policy
    from analyzer.check.history import History
    from analyzer.check.leads import LeadList
    from analyzer.check.named import Found
    from analyzer.check.records import DomainFacts, MailboxFacts
    from analyzer.check.risk import Lists

Row: TypeAlias = dict[str, Any]

#: The columns of a checked list, before its own. `reasons`, `tags`, `evidence` and `mx` are lists.
CHECK_COLUMNS: tuple[str, ...] = (
    "email",
    "grade",
    "score",
    "reasons",
    "email_original",
    "suggestion",
    "reasons_text",
    "tags",
    "evidence",
    "bounce_chance",
    "domain",
    "domain_state",
    "mx",
    "provider",
    "gateway",
    "mailbox",
    "reply",
    "duplicate_of",
    "row",
)
#: Columns that are not text.
CHECK_TYPES: dict[str, type] = {"score": int, "bounce_chance": float, "duplicate_of": int, "row": int}
LIST_COLUMNS: frozenset[str] = frozenset({"reasons", "tags", "evidence", "mx"})

#: Faults of a domain's spelling that an MX record in DNS refutes.
LIFTABLE: frozenset[str] = frozenset({"reserved_domain", "public_suffix", "unknown_suffix"})
#: What bounces said of a domain that has mail servers by now.
_REVIVED = frozenset({"domain_dead_before", "domain_dead"})


class RowMaker:
    """Makes the rows of one list. `facts` and `listings` (by domain) and `mailboxes` (by address as asked) may fill up
    while it is used. Rows are asked for once each, in the order of the list.
    """

    def __init__(
        self,
        leads: LeadList,
        addresses: Sequence[Address],
        *,
        policy: Policy,
        lists: Lists,
        history: History,
        today: int,
        allow_reserved: bool = False,
    ) -> None:
        self._leads, self._addresses = leads, addresses
        self._history, self._today, self._allow_reserved = history, today, allow_reserved
        self._policy, self._grader = policy, Grader(policy)
        self._tags = frozenset(code for code, finding in findings().items() if finding.tag)
        self._sentences: dict[tuple[str, ...], str] = {}
        self.facts: dict[str, DomainFacts] = {}
        self.listings: dict[str, str] = {}
        self.mailboxes: dict[str, MailboxFacts] = {}
        self._first: dict[str, int] = {}
        self._aliases: dict[str, int] = {}
        self._twins: dict[int, tuple[Found, ...]] = {}
        self._contradicted: dict[int, Found] = {}
        #: What a later row of the same address says against any mail to it.
        self._forbidden: dict[int, Found] = {}
        counts: dict[str, int] = {}
        working: dict[str, set[str]] = {}
        for number, address in enumerate(addresses):
            if address.fault and address.fault not in LIFTABLE:
                continue
            counts[address.domain] = counts.get(address.domain, 0) + 1
            self._note_twins(number, address)
            if history.domains and leads.statuses[number] == "verified" and (shape := shape_of(address.local)):
                working.setdefault(address.domain, set()).add(shape)
        self.domains = tuple(counts)
        self._risk = Risk(counts=counts, lists=lists, history=history, working=working)

    def _note_twins(self, number: int, address: Address) -> None:
        key = address_key(address.email)
        first = self._first.setdefault(key, number)
        if first != number:
            self._twins[number] = (("duplicate", f"row {first + 1}"),)
            if self._leads.statuses[number] == "invalid" and self._leads.statuses[first] != "invalid":
                self._contradicted.setdefault(first, ("contradicted", f"row {number + 1} says invalid"))
            for code, text in of_status(self._leads.status_texts[number]):
                self._forbidden.setdefault(first, (code, f"row {number + 1} says {text}"))
            return
        alias = gmail_key(address)
        if alias:
            other = self._aliases.setdefault(alias, number)
            if other != number:
                self._twins[number] = (("alias_duplicate", f"row {other + 1}: {self._addresses[other].email}"),)

    def is_worth_asking(self, number: int) -> bool:
        """Whether the mailbox's host should be asked: nothing known rules the lead out, and it can be reached."""
        address = self._addresses[number]
        facts = self.facts.get(address.domain)
        if facts is None or facts.state not in {"mx", "implicit_mx"} or facts.parked:
            return False
        found, chance = self._findings(number, address, None)[:2]
        return self._grader.grade([code for code, _ in found], chance).grade != "do_not_send"

    def row(self, number: int) -> Row:
        """The row of one lead, CHECK_COLUMNS in their order."""
        address = self._addresses[number]
        mailbox = self.mailboxes.get(address.deliverable_form) if self.mailboxes else None
        found, chance, suggestion, facts = self._findings(number, address, mailbox)
        graded = self._grader.grade([code for code, _ in found], chance)
        evidence = [f"{code}: {text}" for code, text in found if text]
        if facts is not None and facts.mx:
            evidence.append(f"MX {facts.mx[0]}" + (f" ({facts.provider})" if facts.provider else ""))
        if address.cleaned:
            evidence.append(f"cleaned: {', '.join(address.cleaned)}")
        twin = self._twins.get(number)
        return {
            "email": address.email,
            "grade": graded.grade,
            "score": graded.score,
            "reasons": graded.reasons,
            "email_original": self._leads.texts[number],
            "suggestion": suggestion,
            "reasons_text": self._text(graded.reasons),
            "tags": [code for code, _ in found if code in self._tags],
            "evidence": evidence,
            "bounce_chance": graded.chance,
            "domain": address.domain,
            "domain_state": facts.state if facts else "",
            "mx": facts.mx if facts else (),
            "provider": facts.provider if facts else "",
            "gateway": facts.gateway if facts else "",
            "mailbox": mailbox.state if mailbox else "",
            "reply": mailbox.said if mailbox else "",
            "duplicate_of": self._first[address_key(address.email)] + 1 if twin and twin[0][0] == "duplicate" else None,
            "row": number + 1,
        }

    def _text(self, codes: tuple[str, ...]) -> str:
        text = self._sentences.get(codes)
        if text is None:
            text = self._sentences[codes] = sentences(codes)
        return text

    def _findings(
        self, number: int, address: Address, mailbox: MailboxFacts | None
    ) -> tuple[list[Found], float, str, DomainFacts | None]:
        """What is found, the chance to bounce, what was probably meant, and what DNS says."""
        facts = self.facts.get(address.domain)
        suggestion = address.suggestion
        found: list[Found] = []
        if address.fault and not self._is_lifted(address, facts):
            found.append((address.fault, address.detail))
            if address.fault not in LIFTABLE:
                return found, self._chance_of_faulty(number, address), suggestion, None
        found += self._twins.get(number, ())
        # The receiving host's own word ends the dispute.
        if number in self._contradicted and not (mailbox and mailbox.state == "accepted"):
            found.append(self._contradicted[number])
        at_domain, meant = self._risk.of_domain(address)
        alive = facts is not None and facts.state == "mx" and not facts.parked
        found += at_domain if not alive else [one for one in at_domain if one[0] not in _REVIVED]
        if meant and (not alive or self._risk.is_listed_typo(address.domain)):
            suggestion = f"{address.local}@{meant}"
            found.append(("possible_typo", f"{address.domain} for {meant}"))
        if facts is not None:
            found += of_domain_facts(facts)
            found += self._risk.of_gateway(facts)
            listing = self.listings.get(address.domain)
            if listing:
                found.append(("domain_banned", listing))
        found += self._risk.of_address(address)
        leads = self._leads
        found += of_status(leads.status_texts[number])
        if number in self._forbidden:
            found.append(self._forbidden[number])
        status = leads.statuses[number]
        if status != "verified" and not (mailbox and mailbox.state == "accepted"):
            found += self._risk.of_pattern(address)
        found += of_industry(leads.industries[number], leads.groups[number], address.registrable)
        key = address_key(address.email)
        day = leads.verified_days[number]
        if day is not None:
            # A mail that was taken is as good as a verification, and may be newer.
            day = max(day, self._history.taken.get(key, day))
        learnt = self._history.chances.get(key) if self._history.chances else None
        based, chance = basis(status, mailbox, learnt, None if day is None else self._today - day, self._policy)
        found += based
        return found, chance, suggestion, facts

    def _chance_of_faulty(self, number: int, address: Address) -> float:
        """The chance of a cell that holds more than an address; what can be no address foretells its own."""
        if findings()[address.fault].gate == "do_not_send":
            return 0.0
        return basis(self._leads.statuses[number], None, None, None, self._policy)[1]

    def _is_lifted(self, address: Address, facts: DomainFacts | None) -> bool:
        """Whether what the spelling says against a domain does not hold: DNS knows better, or a person said so."""
        if address.fault not in LIFTABLE:
            return False
        if facts is not None and facts.state not in {"servfail", "timeout"}:
            # DNS was asked, and its own finding says all there is to say.
            return True
        return self._allow_reserved and address.fault == "reserved_domain"
