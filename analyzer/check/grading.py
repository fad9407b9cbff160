"""From findings to a grade: hard gates first, then the score of `rules/check.toml`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.check.facts import Finding, Policy, findings, priors, score
from analyzer.check.records import Grade

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analyzer.check.named import Found
    from analyzer.check.records import DomainFacts, MailboxFacts

#: The finding that stands for each state of a mailbox.
MAILBOX_CODES: dict[str, str] = {
    "accepted": "accepted",
    "unknown_user": "user_unknown",
    "disabled": "mailbox_disabled",
    "full": "mailbox_full",
    "catch_all": "catch_all",
    "temporary": "temporary_answer",
    "policy": "probe_refused",
    "opaque": "provider_opaque",
    "no_answer": "no_answer",
}
#: The finding that stands for each state of a domain; an MX record is none.
DOMAIN_CODES: dict[str, str] = {
    "implicit_mx": "implicit_mx",
    "null_mx": "null_mx",
    "no_mail": "no_mail_server",
    "nxdomain": "domain_not_found",
    "servfail": "dns_failed",
    "timeout": "dns_timeout",
}
#: Reasons of a refusal of RCPT TO that are about the address or about nothing in particular: whoever writes from
#: elsewhere meets the same. A refusal for what we are says nothing about the lead.
_OF_RECIPIENT = frozenset(
    {
        *("user_unknown", "mailbox_disabled", "moved", "address_syntax", "recipient_rejected", "relay_denied"),
        *("recipient_restricted", "policy", "unspecified"),
    }
)
_RANK = {"do_not_send": 0, "verify_again": 1, None: 2}


@dataclass(frozen=True, slots=True)
class Graded:
    """A grade, the score (0 to 100), the chance of a bounce for a bad address, and the codes, the weightiest first."""

    grade: Grade
    score: int
    chance: float
    reasons: tuple[str, ...]


class Grader:
    """Grades by one policy. Nothing is remembered between leads but what a set of findings comes to."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._score = score()
        self._findings = {code: (finding, policy.gates.get(code, finding.gate)) for code, finding in findings().items()}
        self._known: dict[tuple[tuple[str, ...], float], Graded] = {}

    def grade(self, codes: Sequence[str], chance: float) -> Graded:
        """The grade of a lead with these findings, `chance` being what its mailbox, history or status tell of it."""
        key = (tuple(codes), chance)
        held = self._known.get(key)
        if held is None:
            held = self._judge(*key)
            if len(self._known) < 100_000:
                self._known[key] = held
        return held

    def _judge(self, codes: tuple[str, ...], chance: float) -> Graded:
        rows = [self._findings[code] for code in dict.fromkeys(codes)]
        foretold = max((finding.chance for finding, _ in rows), default=0.0)
        chance = max(chance, foretold)
        per_chance = self._score.points_per_percent * 100
        expected = per_chance * chance
        found = sum(finding.points for finding, _ in rows)
        total = max(0, min(100, round(100 - found - expected)))
        gates = {gate for _, gate in rows}
        grade: Grade
        low = False
        if "do_not_send" in gates:
            grade, total = "do_not_send", 0
        elif total < self.policy.do_not_send_below and not (
            # What its age alone makes so likely to bounce is told by verifying it again.
            "stale_verification" in codes and 100 - found - per_chance * foretold >= self.policy.do_not_send_below
        ):
            grade, low = "do_not_send", True
        elif "verify_again" in gates or total < self.policy.send_from:
            grade, total = "verify_again", min(total, self.policy.send_from - 1)
        else:
            grade = "send"
        told = [row for row in rows if row[1] or row[0].points or row[0].code in _BASIS]
        if "do_not_send" in gates:
            # What is given up for a hard fact is not held back for a lack of others.
            told = [row for row in told if row[0].code not in _BASIS or row[1] == "do_not_send"]
        weighty = sorted(
            told,
            # What the chance rests on weighs what the chance takes off the score.
            key=lambda row: (_RANK[row[1]], -max(row[0].points, expected if row[0].code in _BASIS else 0)),
        )
        reasons = (*(["low_score"] if low else []), *(finding.code for finding, _ in weighty))
        return Graded(grade, total, round(min(chance, 1.0), 4), reasons)


#: What a lead's chance rests on, which is told whatever it comes to.
_BASIS = frozenset(
    {
        *("accepted", "catch_all", "provider_opaque", "probe_refused", "recipient_refused", "temporary_answer"),
        "no_answer",
        *("verified", "guessed", "risky", "unknown", "not_verified", "invalid"),
    }
)


def basis(
    status: str,
    mailbox: MailboxFacts | None,
    learnt: float | None,
    age_days: int | None,
    policy: Policy,
) -> tuple[list[Found], float]:
    """What a lead's chance rests on, as findings, and that chance.

    The mailbox's own host decides where it knows; else the list's word, with what history (`learnt`) says of such leads
    and what a verification loses with age.
    """
    limits = score()
    found: list[Found] = []
    if mailbox is not None:
        refused = mailbox.state == "policy" and mailbox.reason in _OF_RECIPIENT
        code = "recipient_refused" if refused else MAILBOX_CODES[mailbox.state]
        found.append((code, _told(mailbox)))
        if mailbox.state == "accepted":
            return found, limits.accepted_chance
        if mailbox.state in {"unknown_user", "disabled"}:
            return found, 0.0
        if mailbox.state == "catch_all" and status != "invalid":
            return found, learnt if learnt is not None and status == "catch_all" else priors()["catch_all"]
    chance = learnt if learnt is not None else priors()[status or "unknown"]
    found.append((status or "not_verified", ""))
    if status == "verified" and age_days is not None and age_days > 0:
        chance += limits.decay_per_30_days * age_days / 30
        if age_days > policy.stale_days:
            found.append(("stale_verification", f"verified {age_days} days ago"))
    return found, min(chance, 1.0)


def of_domain_facts(facts: DomainFacts) -> list[Found]:
    """What DNS says of a domain, as findings."""
    found: list[Found] = []
    code = DOMAIN_CODES.get(facts.state)
    if facts.parked:
        found.append(("parked", facts.detail))
    elif facts.detail.startswith("not public"):
        found.append(("mx_not_public", facts.detail))
    elif facts.detail.startswith("v=spf1"):
        found.append(("sends_no_mail", facts.detail))
    if code:
        found.append((code, facts.detail))
    return found


def _told(mailbox: MailboxFacts) -> str:
    """What the host said: `mx1.example.com: 550 5.1.1 No such user`."""
    said = mailbox.said
    return f"{mailbox.host}: {said}" if mailbox.host and said else said or mailbox.host


def sentences(codes: Sequence[str], known: dict[str, Finding] | None = None) -> str:
    """The reasons as sentences for a person."""
    table = known or findings()
    return " ".join(table[code].says for code in codes)
